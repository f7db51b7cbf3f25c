//! Words for what customers, downloads and the audit log are made of, in the page's language or one that is named: the server
//! writes the logs' files with them too. Every match is exhaustive but the audit log's, whose actions are the store's to name: a
//! test reads them there.

use app::{
    format::{Count, grouped},
    texts,
};
use leptos_i18n::td_string as text;
use shared::{
    Code, Locale,
    api::{
        Role,
        admin::{
            AuditEntry, AuditValues, CustomerLock, CustomerState, DownloadAttempt, DownloadOutcome, DownloadReason, HandOut, LockReason,
            Received,
        },
    },
    link::Kind,
};

use crate::locale::language;

/// How an account stands.
pub fn customer_state(locale: Locale, state: CustomerState) -> &'static str {
    let l = language(locale);
    match state {
        CustomerState::Temporary => text!(l, people.state_temporary),
        CustomerState::Active => text!(l, people.state_active),
        CustomerState::Blocked => text!(l, people.state_blocked),
        CustomerState::Closed => text!(l, people.state_closed),
    }
}

/// Why something has to wait: what was guessed, and how often.
pub fn lock(locale: Locale, lock: &CustomerLock) -> String {
    let l = language(locale);
    let count = Count(lock.failures);
    match lock.reason {
        LockReason::Pin => text!(l, people.failures_pin, count = count),
        LockReason::Recovery => text!(l, people.failures_recovery, count = count),
        LockReason::Codes => text!(l, people.failures_codes, count = count),
        LockReason::Activation => text!(l, people.failures_activation, count = count),
    }
}

/// What became of an attempt to download.
pub fn outcome(locale: Locale, outcome: DownloadOutcome) -> &'static str {
    let l = language(locale);
    match outcome {
        DownloadOutcome::Waiting => text!(l, people.outcome_waiting),
        DownloadOutcome::Underway => text!(l, people.outcome_underway),
        DownloadOutcome::Complete => text!(l, people.outcome_complete),
        DownloadOutcome::Cut => text!(l, people.outcome_cut),
        DownloadOutcome::Unclaimed => text!(l, people.outcome_unclaimed),
        DownloadOutcome::Revoked => text!(l, people.outcome_revoked),
    }
}

/// How much of a file was received.
pub fn received(locale: Locale, received: Received) -> &'static str {
    let l = language(locale);
    match received {
        Received::Complete => text!(l, people.received_complete),
        Received::Partly => text!(l, people.received_partly),
        Received::Never => text!(l, people.received_never),
    }
}

/// How much of the file arrived, in whole percent.
pub fn percent(attempt: &DownloadAttempt) -> i64 {
    if attempt.size_bytes <= 0 { 100 } else { (attempt.bytes_sent.saturating_mul(100) / attempt.size_bytes).clamp(0, 100) }
}

/// Why an attempt went as it did, in a sentence.
pub fn reason(locale: Locale, reason: DownloadReason, attempt: &DownloadAttempt) -> String {
    let l = language(locale);
    let percent = percent(attempt);
    match reason {
        DownloadReason::Arrived => text!(l, people.why_arrived).to_owned(),
        DownloadReason::LinkWaits => text!(l, people.why_link_waits).to_owned(),
        DownloadReason::Underway => text!(l, people.why_underway, percent = percent),
        DownloadReason::Paused => text!(l, people.why_paused, percent = percent),
        DownloadReason::NeverOpened => text!(l, people.why_never_opened).to_owned(),
        DownloadReason::NeverStarted => text!(l, people.why_never_started).to_owned(),
        DownloadReason::LineCut => text!(l, people.why_line_cut, percent = percent),
        DownloadReason::TimeOver => text!(l, people.why_time_over, percent = percent),
        DownloadReason::Revoked => text!(l, people.why_revoked).to_owned(),
        DownloadReason::Storage => text!(l, people.why_storage).to_owned(),
        DownloadReason::OtherBrowser => text!(l, people.why_other_browser).to_owned(),
        DownloadReason::OtherProgram => text!(l, people.why_other_program).to_owned(),
        DownloadReason::Budget => text!(l, people.why_budget).to_owned(),
        DownloadReason::Streams => text!(l, people.why_streams).to_owned(),
        DownloadReason::TooLate => text!(l, people.why_too_late).to_owned(),
    }
}

/// A step of a download; as it is spelled where a newer store told of it.
pub fn event(locale: Locale, kind: &str) -> String {
    let l = language(locale);
    let Some(known) = Kind::ALL.iter().find(|known| known.as_str() == kind) else { return kind.to_owned() };
    match known {
        Kind::Claimed => text!(l, people.event_claimed),
        Kind::Opened => text!(l, people.event_opened),
        Kind::Resumed => text!(l, people.event_resumed),
        Kind::Advanced => text!(l, people.event_advanced),
        Kind::Delivered => text!(l, people.event_delivered),
        Kind::Interrupted => text!(l, people.event_interrupted),
        Kind::Completed => text!(l, people.event_completed),
        Kind::StorageFailed => text!(l, people.event_storage_failed),
        Kind::RefusedCookie => text!(l, people.event_refused_cookie),
        Kind::RefusedUsed => text!(l, people.event_refused_used),
        Kind::RefusedOver => text!(l, people.event_refused_over),
        Kind::RefusedBudget => text!(l, people.event_refused_budget),
        Kind::RefusedStreams => text!(l, people.event_refused_streams),
        Kind::Revoked => text!(l, people.event_revoked),
        Kind::Expired => text!(l, people.event_expired),
        Kind::Ended => text!(l, people.event_ended),
    }
    .to_owned()
}

macro_rules! actions {
    ($($code:literal => $key:ident,)*) => {
        /// The actions of the audit log that have words.
        pub const ACTIONS: &[&str] = &[$($code),*];

        /// What was done; as the log spells it where there are no words.
        pub fn action(locale: Locale, code: &str) -> String {
            let l = language(locale);
            match code {
                $($code => text!(l, people.$key).to_owned(),)*
                _ => code.to_owned(),
            }
        }
    };
}

actions! {
    "account.open" => act_account_open,
    "account.activate" => act_account_activate,
    "account.sign_in" => act_account_sign_in,
    "account.recover" => act_account_recover,
    "account.pin" => act_account_pin,
    "account.pin_reset" => act_account_pin_reset,
    "account.block" => act_account_block,
    "account.unblock" => act_account_unblock,
    "account.unlock" => act_account_unlock,
    "customers.see" => act_customers_see,
    "customers.export" => act_customers_export,
    "customers.erase" => act_customers_erase,
    "wallet.redeem" => act_wallet_redeem,
    "wallet.direct_recharge" => act_wallet_direct_recharge,
    "wallet.correct" => act_wallet_correct,
    "sales.purchase" => act_sales_purchase,
    "sales.refund" => act_sales_refund,
    "sales.grant_attempt" => act_sales_grant_attempt,
    "links.press" => act_links_press,
    "downloads.see" => act_downloads_see,
    "audit.see" => act_audit_see,
    "statistics.see" => act_statistics_see,
    "subscriptions.subscribe" => act_subscriptions_subscribe,
    "session.end" => act_session_end,
    "session.end_all" => act_session_end_all,
    "session.refresh" => act_session_refresh,
    "staff.see" => act_staff_see,
    "staff.create" => act_staff_create,
    "staff.sign_in" => act_staff_sign_in,
    "staff.role" => act_staff_role,
    "staff.disable" => act_staff_disable,
    "staff.enable" => act_staff_enable,
    "staff.password" => act_staff_password,
    "staff.password_reset" => act_staff_password_reset,
    "staff.totp" => act_staff_totp,
    "staff.totp_reset" => act_staff_totp_reset,
    "staff.unlock" => act_staff_unlock,
    "alerts.see" => act_alerts_see,
    "alerts.dismiss" => act_alerts_dismiss,
    "codes.see" => act_codes_see,
    "codes.generate" => act_codes_generate,
    "codes.cancel" => act_codes_cancel,
    "codes.find" => act_codes_find,
    "codes.freeze" => act_codes_freeze,
    "codes.thaw" => act_codes_thaw,
    "codes.hand_out" => act_codes_hand_out,
    "codes.import" => act_codes_import,
    "packages.see" => act_packages_see,
    "packages.add" => act_packages_add,
    "packages.edit" => act_packages_edit,
    "packages.publish" => act_packages_publish,
    "packages.withdraw" => act_packages_withdraw,
    "settings.see" => act_settings_see,
    "settings.change" => act_settings_change,
    "category.create" => act_category_create,
    "category.delete" => act_category_delete,
    "category.place" => act_category_place,
    "category.rename" => act_category_rename,
    "files.see" => act_files_see,
    "file.import" => act_file_import,
    "file.create" => act_file_create,
    "file.edit" => act_file_edit,
    "file.cover" => act_file_cover,
    "file.preview" => act_file_preview,
    "file.publish" => act_file_publish,
    "file.hide" => act_file_hide,
    "file.version" => act_file_version,
    "upload.begin" => act_upload_begin,
    "upload.discard" => act_upload_discard,
}

/// What came of it: done, what went wrong, or the reason that somebody gave.
pub fn result(locale: Locale, outcome: &str) -> String {
    let l = language(locale);
    match outcome {
        "ok" => text!(l, people.audit_ok).to_owned(),
        "wrong" => text!(l, people.result_wrong).to_owned(),
        "locked" => text!(l, people.result_locked).to_owned(),
        "blocked" => text!(l, people.result_blocked).to_owned(),
        "reused" => text!(l, people.result_reused).to_owned(),
        "permission_denied" => text!(l, people.result_refused).to_owned(),
        other => match Code::ALL.iter().find(|code| code.as_str() == other) {
            Some(code) => texts::problem(locale, &(*code).into()),
            None => other.to_owned(),
        },
    }
}

/// The same of a line: what was set is told in words where the log has values, and as it stands where an earlier store kept a sentence.
pub fn result_of(locale: Locale, entry: &AuditEntry) -> String {
    let (l, outcome) = (language(locale), entry.outcome.as_str());
    let told = match entry.action.as_str() {
        "packages.add" | "packages.edit" | "settings.change" | "codes.import" => {
            AuditValues::of(outcome).map(|values| set(locale, &entry.subject, values))
        }
        "staff.create" | "staff.role" => outcome.parse::<Role>().ok().map(|one| role(locale, one).to_owned()),
        "staff.totp" => match outcome {
            "on" => Some(text!(l, people.result_on).to_owned()),
            "off" => Some(text!(l, people.result_off).to_owned()),
            _ => None,
        },
        "codes.hand_out" => outcome.parse::<HandOut>().ok().map(|way| {
            match way {
                HandOut::Csv => text!(l, codes.csv),
                HandOut::Pdf => text!(l, codes.pdf),
                HandOut::Page => text!(l, codes.print),
            }
            .to_owned()
        }),
        _ => None,
    };
    told.unwrap_or_else(|| result(locale, outcome))
}

/// What was set.
fn set(locale: Locale, subject: &str, values: AuditValues) -> String {
    let l = language(locale);
    match values {
        AuditValues::Package { name, price_coins, days, files, categories } => {
            let covered = if categories.is_empty() { text!(l, figures.all_categories).to_owned() } else { categories.join(" · ") };
            let terms = [texts::coins(locale, price_coins), texts::days(locale, days), texts::files(locale, files), covered].join(" · ");
            text!(l, people.result_package, name = name, terms = terms)
        }
        // What stands there names a stored picture, which tells a reader nothing.
        AuditValues::Setting { to, .. } if subject == "setting:logo" => {
            if to.is_empty() { text!(l, people.result_logo_removed) } else { text!(l, people.result_logo_set) }.to_owned()
        }
        AuditValues::Setting { from, to } => {
            let value = |value: String| match value.parse() {
                _ if value.is_empty() => text!(l, people.result_nothing).to_owned(),
                Ok(minutes) if subject == "setting:utc_offset_minutes" => clock(minutes),
                _ => value,
            };
            text!(l, people.result_setting, from = value(from), to = value(to))
        }
        AuditValues::Import { taken, left_out } => {
            let count = |count: usize| grouped(i64::try_from(count).unwrap_or(i64::MAX));
            format!("{} {} · {} {}", text!(l, codes.import_done), count(taken), text!(l, codes.import_left), count(left_out))
        }
    }
}

/// A clock by how many minutes it is ahead of UTC, left to right.
pub fn clock(minutes: i64) -> String {
    let sign = if minutes < 0 { '−' } else { '+' };
    format!("\u{2066}UTC{sign}{:02}:{:02}\u{2069}", minutes.abs() / 60, minutes.abs() % 60)
}

/// The name of a role.
pub fn role(locale: Locale, role: Role) -> &'static str {
    let l = language(locale);
    match role {
        Role::Owner => text!(l, role.owner),
        Role::Manager => text!(l, role.manager),
        Role::Support => text!(l, role.support),
    }
}

/// What it was done to: whose account, which setting; as the log spells it where there are no words.
pub fn subject(locale: Locale, entry: &AuditEntry) -> String {
    let l = language(locale);
    let setting = match entry.subject.strip_prefix("setting:") {
        Some("shop_name") => Some(text!(l, figures.shop_name)),
        Some("contact") => Some(text!(l, figures.contact)),
        Some("recharge_points") => Some(text!(l, figures.recharge_points)),
        Some("logo") => Some(text!(l, figures.logo)),
        Some("bonus_coins") => Some(text!(l, figures.bonus_coins)),
        Some("attempts") => Some(text!(l, figures.attempts)),
        Some("link_minutes") => Some(text!(l, figures.link_minutes)),
        Some("upload_megabytes") => Some(text!(l, figures.upload_megabytes)),
        Some("temporary_days") => Some(text!(l, figures.temporary_days)),
        Some("session_days") => Some(text!(l, figures.session_days)),
        Some("staff_session_hours") => Some(text!(l, figures.staff_session_hours)),
        Some("utc_offset_minutes") => Some(text!(l, figures.utc_offset)),
        Some("country_code") => Some(text!(l, figures.country_code)),
        _ => None,
    };
    setting.map(str::to_owned).or_else(|| entry.subject_name.clone()).unwrap_or_else(|| entry.subject.clone())
}

/// Who did it.
pub fn actor(locale: Locale, entry: &AuditEntry) -> String {
    let l = language(locale);
    match (&entry.actor_name, entry.actor.as_str()) {
        (Some(name), _) => name.clone(),
        (None, "anonymous") => text!(l, people.who_anonymous).to_owned(),
        (None, "operator") => text!(l, people.who_operator).to_owned(),
        (None, actor) => actor.to_owned(),
    }
}

/// From where.
pub fn place(locale: Locale, ip: &str) -> String {
    if ip == "console" { text!(language(locale), people.who_console).to_owned() } else { ip.to_owned() }
}

/// The heads of the downloads' file.
pub fn download_heads(locale: Locale) -> Vec<String> {
    let l = language(locale);
    let own = [
        text!(l, people.when),
        text!(l, people.serial),
        text!(l, people.find),
        text!(l, people.file),
        text!(l, people.outcome),
        text!(l, people.why),
        text!(l, people.sent),
        text!(l, people.ip),
        text!(l, people.addresses),
        // What a program counts with is named for programs.
        "purchase",
        "attempt",
        "bytes_sent",
        "size_bytes",
        "received",
        "refunded_at",
    ];
    own.map(str::to_owned).to_vec()
}

/// An attempt's cells under [`download_heads`].
pub fn download_cells(locale: Locale, attempt: &DownloadAttempt) -> Vec<String> {
    vec![
        attempt.created_at.to_string(),
        attempt.customer_serial.clone(),
        attempt.customer_name.clone().unwrap_or_default(),
        attempt.file_title.clone(),
        outcome(locale, attempt.outcome).to_owned(),
        attempt.reasons.iter().map(|why| reason(locale, *why, attempt)).collect::<Vec<_>>().join(" "),
        format!("{}%", percent(attempt)),
        attempt.ip.clone().unwrap_or_default(),
        attempt.addresses.to_string(),
        attempt.purchase_id.to_string(),
        attempt.number.to_string(),
        attempt.bytes_sent.to_string(),
        attempt.size_bytes.to_string(),
        attempt.received.as_str().to_owned(),
        attempt.refunded_at.map(|at| at.to_string()).unwrap_or_default(),
    ]
}

/// The heads of the audit log's file.
pub fn audit_heads(locale: Locale) -> Vec<String> {
    let l = language(locale);
    [
        text!(l, people.when),
        text!(l, people.actor),
        text!(l, people.action),
        text!(l, people.subject),
        text!(l, people.outcome),
        text!(l, people.ip),
        text!(l, people.program),
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A line's cells under [`audit_heads`].
pub fn audit_cells(locale: Locale, entry: &AuditEntry) -> Vec<String> {
    vec![
        entry.created_at.to_string(),
        actor(locale, entry),
        action(locale, &entry.action),
        subject(locale, entry),
        result_of(locale, entry),
        place(locale, &entry.ip),
        entry.user_agent.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// What looks like an action in the store's source and is none: names of files, and of sums.
    const OTHERS: [&str; 6] = ["a.", "event.", "file.sold", "file.taken", "in.", "out."];

    fn literals(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                literals(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                for literal in fs::read_to_string(&path).unwrap().split('"') {
                    let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                    let action = literal.split_once('.').is_some_and(|(subject, verb)| word(subject) && word(verb));
                    if action && !OTHERS.iter().any(|other| literal.starts_with(other)) {
                        found.insert(literal.to_owned());
                    }
                }
            }
        }
    }

    #[test]
    fn every_action_of_the_store_has_words() {
        let mut used = BTreeSet::new();
        literals(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../server/store/src"), &mut used);
        assert!(used.len() > 25, "{used:?}");
        let speechless: Vec<_> = used.iter().filter(|action| !ACTIONS.contains(&action.as_str())).collect();
        assert!(speechless.is_empty(), "no words for {speechless:?}");
        for locale in Locale::ALL {
            assert!(ACTIONS.iter().all(|code| action(locale, code) != *code));
        }
        assert_eq!(action(Locale::Ar, "door.open"), "door.open");
    }

    #[test]
    fn every_step_has_words() {
        for kind in Kind::ALL {
            assert!(Locale::ALL.iter().all(|locale| event(*locale, kind.as_str()) != kind.as_str()));
        }
        assert_eq!(result(Locale::En, "ok"), "Done");
        assert_eq!(result(Locale::En, "wrong file"), "wrong file");
    }

    fn line(action: &str, subject: &str, outcome: &str) -> AuditEntry {
        AuditEntry {
            id: 1,
            actor: "staff:1".to_owned(),
            actor_name: None,
            action: action.to_owned(),
            subject: subject.to_owned(),
            subject_name: None,
            outcome: outcome.to_owned(),
            ip: String::new(),
            user_agent: String::new(),
            created_at: shared::Instant(0),
        }
    }

    #[test]
    fn what_was_set_is_told_in_the_readers_language() {
        let package = AuditValues::Package {
            name: "باقة".to_owned(),
            price_coins: 2,
            days: 11,
            files: 3,
            categories: vec!["برمجة".to_owned(), "تصميم".to_owned()],
        };
        let edited = line("packages.edit", "package:4", &package.to_string());
        assert_eq!(result_of(Locale::Ar, &edited), "باقة: عملتان · 11 يومًا · 3 ملفات · برمجة · تصميم");
        assert_eq!(result_of(Locale::En, &edited), "باقة: 2 coins · 11 days · 3 files · برمجة · تصميم");
        assert_eq!(result_of(Locale::Fr, &edited), "باقة\u{a0}: 2 pièces · 11 jours · 3 fichiers · برمجة · تصميم");

        let setting = |name: &str, from: &str, to: &str| {
            let values = AuditValues::Setting { from: from.to_owned(), to: to.to_owned() };
            line("settings.change", &format!("setting:{name}"), &values.to_string())
        };
        assert_eq!(result_of(Locale::Ar, &setting("attempts", "3", "5")), "من 3 إلى 5");
        assert_eq!(subject(Locale::Ar, &setting("attempts", "3", "5")), "محاولات التنزيل لكل شراء");
        assert_eq!(result_of(Locale::En, &setting("shop_name", "", "متجر")), "From nothing to متجر");
        assert!(result_of(Locale::En, &setting("utc_offset_minutes", "180", "-210")).contains("UTC−03:30"));
        assert_eq!(result_of(Locale::En, &setting("logo", "", "0a image/png")), "A new logo");
        assert_eq!(result_of(Locale::Fr, &line("staff.role", "staff:2", "owner")), role(Locale::Fr, Role::Owner));
        assert_eq!(result_of(Locale::En, &line("staff.totp", "staff:2", "off")), "Turned off");
    }

    #[test]
    fn earlier_lines_and_reasons_are_told_as_they_are() {
        for outcome in ["باقة: 60 coins, 30 days, 3 files, categories [1]", "100 → 250", "5 taken, 2 left out"] {
            for action in ["packages.edit", "settings.change", "codes.import"] {
                assert_eq!(result_of(Locale::Ar, &line(action, "", outcome)), outcome);
            }
        }
        // A reason is somebody's own words, whatever they look like.
        let reason = AuditValues::Import { taken: 1, left_out: 0 }.to_string();
        assert_eq!(result_of(Locale::Ar, &line("sales.refund", "purchase:1", &reason)), reason);
    }
}
