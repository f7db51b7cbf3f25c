//! Texts for what the store says in codes: problems, fields, notices, kinds. Every match is exhaustive, so that a new
//! variant does not compile without its words. The REST server uses the public ones too.

use leptos_i18n::td_string as text;
use shared::{
    Code, Coins, FieldCode, Locale, Notice, Problem, SubscriptionStage,
    api::{AttemptState, FileKind, TransferKind},
};

use crate::{
    format::{self, Count},
    locale::language,
};

/// What went wrong and what to try, for people. A missing amount of coins is said where it is known.
pub fn problem(locale: Locale, problem: &Problem) -> String {
    let l = language(locale);
    match problem.code {
        Code::BadRequest => text!(l, problem.bad_request),
        Code::Invalid => match problem.fields.as_slice() {
            [only] => return field(locale, only.code),
            _ => text!(l, problem.invalid),
        },
        Code::Unauthenticated => text!(l, problem.not_authenticated),
        Code::InvalidCredentials => text!(l, problem.invalid_credentials),
        Code::TooManyAttempts => text!(l, problem.too_many_attempts),
        Code::RateLimited => text!(l, problem.rate_limited),
        Code::Forbidden => text!(l, problem.permission_denied),
        Code::CrossSite => text!(l, problem.cross_site_request),
        Code::AccountBlocked => text!(l, problem.account_blocked),
        Code::ActivationRequired => text!(l, problem.activation_required),
        Code::AlreadyActivated => text!(l, problem.already_activated),
        Code::PhoneTaken => text!(l, problem.phone_taken),
        Code::NotFound => text!(l, problem.not_found),
        Code::MethodNotAllowed => text!(l, problem.method_not_allowed),
        Code::InsufficientBalance => {
            let lack = problem.missing.map(|missing| text!(l, count.missing, count = Count(missing)));
            let lack = lack.unwrap_or_else(|| text!(l, problem.insufficient_balance).to_owned());
            return format!("{lack} {}", text!(l, problem.insufficient_balance_remedy));
        }
        Code::AlreadyPurchased => text!(l, problem.already_purchased),
        Code::DownloadsExhausted => text!(l, problem.downloads_exhausted),
        Code::PurchaseRefunded => text!(l, problem.purchase_refunded),
        Code::CodeInvalid => text!(l, problem.invalid_code),
        Code::CodeAlreadyRedeemed => text!(l, problem.code_already_redeemed),
        Code::BatchCancelled => text!(l, problem.batch_cancelled),
        Code::CodesGone => text!(l, problem.codes_gone),
        Code::IdempotencyMismatch => text!(l, problem.idempotency_mismatch),
        Code::QuotaExhausted => text!(l, problem.quota_exhausted),
        Code::AlreadySubscribed => text!(l, problem.already_subscribed),
        Code::AccountClosed => text!(l, problem.account_closed),
        Code::AlreadyRefunded => text!(l, problem.already_refunded),
        Code::AlreadyCorrected => text!(l, problem.already_corrected),
        Code::NotCorrectable => text!(l, problem.not_correctable),
        Code::GrantsExhausted => text!(l, problem.grants_exhausted),
        Code::TotpOn => text!(l, problem.totp_on),
        Code::LastOwner => text!(l, problem.last_owner),
        Code::CategoryInUse => text!(l, problem.category_in_use),
        Code::NoContent => text!(l, problem.no_content),
        Code::UploadConflict => text!(l, problem.upload_conflict),
        Code::StorageFull => text!(l, problem.storage_full),
        Code::PayloadTooLarge => text!(l, problem.payload_too_large),
        Code::UnsupportedMediaType => text!(l, problem.unsupported_media_type),
        Code::Unavailable => text!(l, problem.unavailable),
        Code::Internal => text!(l, problem.internal_error),
    }
    .to_owned()
}

/// What a field needs.
pub fn field(locale: Locale, code: FieldCode) -> String {
    let l = language(locale);
    match code {
        FieldCode::Required => text!(l, field.required),
        FieldCode::TooShort => text!(l, field.too_short),
        FieldCode::TooLong => text!(l, field.too_long),
        FieldCode::Range => text!(l, field.out_of_range),
        FieldCode::Format => text!(l, field.invalid_format),
        FieldCode::Pin => text!(l, field.invalid_pin),
        FieldCode::SamePin => text!(l, field.same_pin),
        FieldCode::WrongPin => text!(l, field.wrong_pin),
        FieldCode::WrongPassword => text!(l, field.wrong_password),
        FieldCode::WrongTotp => text!(l, field.wrong_totp),
        FieldCode::Username => text!(l, field.invalid_username),
        FieldCode::WeakPassword => text!(l, field.weak_password),
        FieldCode::Phone => text!(l, field.invalid_phone),
        FieldCode::Name => text!(l, field.invalid_name),
        FieldCode::ChargeCode => text!(l, field.invalid_charge_code),
        FieldCode::CheckCharacter => text!(l, field.mistyped_charge_code),
        FieldCode::Unknown => text!(l, field.unknown_field),
        FieldCode::Taken => text!(l, field.taken),
        FieldCode::ContentType => text!(l, field.wrong_content_type),
        FieldCode::EmptyFile => text!(l, field.empty_file),
        FieldCode::PictureSize => text!(l, field.picture_too_large),
        FieldCode::BrokenPicture => text!(l, field.broken_picture),
    }
    .to_owned()
}

/// So many coins.
pub fn coins(locale: Locale, count: Coins) -> String {
    text!(language(locale), count.coins, count = Count(count))
}

/// So many days.
pub fn days(locale: Locale, count: i64) -> String {
    text!(language(locale), count.days, count = Count(count))
}

/// So many files.
pub fn files(locale: Locale, count: i64) -> String {
    text!(language(locale), count.files, count = Count(count))
}

/// A notification's title and body.
pub fn notice(locale: Locale, notice: &Notice) -> (String, String) {
    let l = language(locale);
    let coins = |amount: &Coins| coins(locale, *amount);
    match notice {
        Notice::Activated { bonus: 0 } => (text!(l, notice.activated_title).to_owned(), text!(l, notice.activated_plain).to_owned()),
        Notice::Activated { bonus } => {
            (text!(l, notice.activated_title).to_owned(), text!(l, notice.activated_bonus, amount = coins(bonus)))
        }
        Notice::Recharged { amount, balance } => {
            (text!(l, notice.recharged_title).to_owned(), text!(l, notice.recharged_body, amount = coins(amount), balance = coins(balance)))
        }
        Notice::Corrected { amount, balance, reason } => {
            let body = text!(l, notice.corrected_body, amount = coins(amount), balance = coins(balance), reason = reason);
            (text!(l, notice.corrected_title).to_owned(), body)
        }
        Notice::Purchased { title, price, .. } => {
            let price = if *price == 0 { text!(l, common.free).to_owned() } else { coins(price) };
            (text!(l, notice.purchased_title, title = title), text!(l, notice.purchased_body, price = price))
        }
        Notice::Downloaded { title, left, .. } => {
            let left = text!(l, count.attempts_left, count = Count(*left));
            (text!(l, notice.downloaded_title, title = title), text!(l, notice.downloaded_body, left = left))
        }
        Notice::NewVersion { title, note, .. } => {
            let body = if note.is_empty() {
                text!(l, notice.new_version_plain).to_owned()
            } else {
                text!(l, notice.new_version_body, note = note)
            };
            (text!(l, notice.new_version_title, title = title), body)
        }
        Notice::Refunded { title, amount } => {
            (text!(l, notice.refunded_title, title = title), text!(l, notice.refunded_body, amount = coins(amount)))
        }
        Notice::AttemptGranted { title, .. } => {
            (text!(l, notice.attempt_granted_title).to_owned(), text!(l, notice.attempt_granted_body, title = title))
        }
        Notice::SignInLocked { until } => {
            (text!(l, notice.sign_in_locked_title).to_owned(), text!(l, notice.sign_in_locked_body, until = format::clock(*until, 0)))
        }
        Notice::PinChanged => (text!(l, notice.pin_changed_title).to_owned(), text!(l, notice.pin_changed_body).to_owned()),
        Notice::Subscribed { package, until } => {
            (text!(l, notice.subscribed_title, package = package), text!(l, notice.subscribed_body, until = format::date_in(l, *until, 0)))
        }
        Notice::Subscription { stage: SubscriptionStage::Ending, package, until, left } => {
            let (until, left) = (format::date_in(l, *until, 0), text!(l, count.files, count = Count(*left)));
            (
                text!(l, notice.subscription_ending_title, package = package),
                text!(l, notice.subscription_ending_body, until = until, left = left),
            )
        }
        Notice::Subscription { stage, package, .. } => {
            let title = if *stage == SubscriptionStage::UsedUp {
                text!(l, notice.subscription_used_up_title, package = package)
            } else {
                text!(l, notice.subscription_over_title, package = package)
            };
            (title, text!(l, notice.subscription_over_body).to_owned())
        }
    }
}

/// What to do after a purchase, for the API.
pub fn instructions(locale: Locale) -> String {
    text!(language(locale), api.instructions).to_owned()
}

/// What to know of a download link, for the API.
pub fn download_note(locale: Locale) -> String {
    text!(language(locale), api.download_note).to_owned()
}

/// The name of what moved coins.
pub fn transfer_kind(locale: Locale, kind: TransferKind) -> &'static str {
    let l = language(locale);
    match kind {
        TransferKind::Bonus => text!(l, transfer.activation_bonus),
        TransferKind::Code => text!(l, transfer.recharge_code),
        TransferKind::Direct => text!(l, transfer.direct_recharge),
        TransferKind::Purchase => text!(l, transfer.purchase),
        TransferKind::Subscription => text!(l, transfer.subscription),
        TransferKind::Refund => text!(l, transfer.refund),
        TransferKind::Correction => text!(l, transfer.correction),
    }
}

/// The name of a kind of file.
pub fn file_kind(locale: Locale, kind: FileKind) -> &'static str {
    let l = language(locale);
    match kind {
        FileKind::Pdf => text!(l, kind.pdf),
        FileKind::Code => text!(l, kind.code),
        FileKind::Tutorial => text!(l, kind.tutorial),
        FileKind::Design => text!(l, kind.design),
        FileKind::Other => text!(l, kind.other),
    }
}

/// What became of an attempt.
pub fn attempt_state(locale: Locale, state: AttemptState) -> &'static str {
    let l = language(locale);
    match state {
        AttemptState::Issued => text!(l, attempt.issued),
        AttemptState::Claimed => text!(l, attempt.claimed),
        AttemptState::Complete => text!(l, attempt.complete),
        AttemptState::Closed => text!(l, attempt.closed),
        AttemptState::Expired => text!(l, attempt.expired),
        AttemptState::Revoked => text!(l, attempt.revoked),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const FORMS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

    fn keys(prefix: &str, value: &serde_json::Value, found: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| keys(&format!("{prefix}.{key}"), value, found)),
            _ => {
                found.insert(prefix.to_owned());
            }
        }
    }

    /// `leptos_i18n` falls back to `other` in silence, which in Arabic is wrong for most numbers.
    #[test]
    fn every_counted_key_has_the_six_arabic_forms() {
        let mut arabic = BTreeSet::new();
        let mut any = BTreeSet::new();
        keys("", &serde_json::from_str(include_str!("../locales/ar.json")).unwrap(), &mut arabic);
        for text in [include_str!("../locales/ar.json"), include_str!("../locales/en.json"), include_str!("../locales/fr.json")] {
            keys("", &serde_json::from_str(text).unwrap(), &mut any);
        }
        let counted: BTreeSet<_> = any.iter().filter_map(|key| key.strip_suffix("_other")).collect();
        assert!(counted.len() >= 12, "{counted:?}");
        for key in counted {
            for form in FORMS {
                assert!(arabic.contains(&format!("{key}_{form}")), "{key} lacks {form} in Arabic");
            }
        }
    }

    #[test]
    fn nothing_is_left_unsaid() {
        for locale in Locale::ALL {
            assert!(Code::ALL.iter().all(|code| !problem(locale, &(*code).into()).is_empty()));
            assert!(FieldCode::ALL.iter().all(|code| !field(locale, *code).is_empty()));
        }
        let (title, body) = notice(Locale::Ar, &Notice::Recharged { amount: 2, balance: 1_103 });
        assert_eq!((title.as_str(), body.as_str()), ("وصلت عملات", "الإضافة: عملتان. الرصيد: 1,103 عملات."));
    }
}
