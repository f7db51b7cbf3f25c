//! The logs that the staff search: downloads, and who did what.

use serde::{Deserialize, Serialize, de::IntoDeserializer};

use crate::{Coins, Day, FieldCode, Fields, FileId, Instant, Problem, PurchaseId, text::fold_digits};

/// What downloads of which something was refused or failed are looked for by, beside each [`DownloadOutcome`].
pub const TROUBLE: &str = "trouble";

responses! {
    /// One attempt to download a purchase, and why it went as it did.
    DownloadAttempt {
        /// Its place in the log.
        id: i64,
        /// The purchase.
        purchase_id: PurchaseId,
        /// Number of the link within the purchase, from 1.
        number: i64,
        /// What serves it: `embedded` or `worker`.
        gateway: String,
        /// Whose it is.
        customer_serial: String,
        /// The customer's name.
        customer_name: Option<String>,
        /// The file.
        file_id: FileId,
        /// Its title.
        file_title: String,
        /// When Download was pressed.
        created_at: Instant,
        /// When the download began.
        claimed_at: Option<Instant>,
        /// Until when it can be claimed, or used once it is claimed.
        expires_at: Instant,
        /// Distinct bytes that were sent.
        bytes_sent: i64,
        /// Size of the content in bytes.
        size_bytes: i64,
        /// What became of it.
        outcome: DownloadOutcome,
        /// How much of the file was received, which a revocation does not change.
        received: Received,
        /// When its purchase was paid back.
        refunded_at: Option<Instant>,
        /// Why, the weightiest first; never empty.
        reasons: Vec<DownloadReason>,
        /// The address that began it.
        ip: Option<String>,
        /// From how many addresses its purchase was downloaded.
        addresses: i64,
        /// True when that is many ([`super::MANY_ADDRESSES`]).
        many_addresses: bool,
    }
    /// A page of the log of downloads, newest first.
    Downloads {
        /// The attempts.
        results: Vec<DownloadAttempt>,
        /// What `?cursor=` takes for the next page; null at the end.
        next_cursor: Option<i64>,
    }
    /// One step of a download.
    DownloadEvent {
        /// The gateway: `embedded` or `worker`.
        gateway: String,
        /// Its number within the purchase and gateway, without gaps.
        sequence: i64,
        /// Number of the link.
        link: i64,
        /// What happened, as the link protocol spells it.
        kind: String,
        /// The address it was asked from; empty when the store itself acted.
        ip: String,
        /// The program that asked.
        user_agent: String,
        /// Range, bytes and the like, in JSON.
        detail: String,
        /// When.
        created_at: Instant,
    }
    /// A page of a purchase's events, newest first.
    DownloadEvents {
        /// The events.
        results: Vec<DownloadEvent>,
        /// What `?cursor=` takes for the next page; null at the end.
        next_cursor: Option<i64>,
    }
    /// A line of the audit log.
    AuditEntry {
        /// Its place in the log.
        id: i64,
        /// Who did it: `staff:3`, `customer:1017`, `operator`, `anonymous`.
        actor: String,
        /// The member's user name, or the customer's serial.
        actor_name: Option<String>,
        /// What was done.
        action: String,
        /// On what: `customer:1017`, `purchase:4`, or what was typed.
        subject: String,
        /// The member's user name, or the customer's serial.
        subject_name: Option<String>,
        /// `ok`, what went wrong, the reason that was given, or what was set, as JSON: `{"setting":{"from":"3","to":"5"}}`.
        outcome: String,
        /// The address.
        ip: String,
        /// The program.
        user_agent: String,
        /// When.
        created_at: Instant,
    }
    /// A page of the audit log, newest first.
    AuditEntries {
        /// The lines.
        results: Vec<AuditEntry>,
        /// What `?cursor=` takes for the next page; null at the end.
        next_cursor: Option<i64>,
    }
}

words! {
    /// What became of an attempt to download, as it is looked for.
    DownloadOutcome {
        /// The link waits to be opened.
        Waiting = "waiting",
        /// The download began, and its time is not over.
        Underway = "underway",
        /// Every byte was sent.
        Complete = "complete",
        /// Its time is over before every byte was sent.
        Cut = "cut",
        /// Nobody began the download: the attempt went back.
        Unclaimed = "unclaimed",
        /// Revoked by a refund or a block.
        Revoked = "revoked",
    }
    /// How much of a file was received, by the distinct bytes that are known to have been sent.
    Received {
        /// All of it.
        Complete = "complete",
        /// Some bytes, not all.
        Partly = "partly",
        /// Not one byte.
        Never = "never",
    }
    /// Why an attempt went as it did.
    DownloadReason {
        /// Every byte arrived.
        Arrived = "arrived",
        /// The link was made and waits to be opened.
        LinkWaits = "link_waits",
        /// Bytes are on their way.
        Underway = "underway",
        /// The line broke; it can be gone on with in the same browser.
        Paused = "paused",
        /// The link's page was left, or never opened.
        NeverOpened = "never_opened",
        /// It was begun, but the browser never asked for the file.
        NeverStarted = "never_started",
        /// The line broke, and nobody went on before the time was over.
        LineCut = "line_cut",
        /// It was too slow for its time.
        TimeOver = "time_over",
        /// A refund or a block revoked it.
        Revoked = "revoked",
        /// The storage failed to give the file.
        Storage = "storage",
        /// The link was pressed again from another browser, after it was used.
        OtherBrowser = "other_browser",
        /// The file was asked for by a program that is not the browser that began it.
        OtherProgram = "other_program",
        /// So much was asked anew that two copies would have left.
        Budget = "budget",
        /// Too many connections at once, as download managers open them.
        Streams = "streams",
        /// It was asked for after its time.
        TooLate = "too_late",
    }
}

/// What was set, which the log keeps in an outcome as codes and values, so that each reader is told in their own language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditValues {
    /// A package, as it is from then on.
    Package {
        /// Its name.
        name: String,
        /// Its price in coins.
        price_coins: Coins,
        /// For how many days.
        days: i64,
        /// How many files it covers.
        files: i64,
        /// The names that its categories had; empty for all categories.
        categories: Vec<String>,
    },
    /// A setting, whose name is the line's subject.
    Setting {
        /// What it was, or the beginning of it.
        from: String,
        /// What it is.
        to: String,
    },
    /// Older printed codes.
    Import {
        /// How many were taken over.
        taken: usize,
        /// How many lines were left out.
        left_out: usize,
    },
}

impl AuditValues {
    /// What an outcome says was set; `None` where it is a word or a reason, or was written by a store that kept sentences.
    pub fn of(outcome: &str) -> Option<Self> {
        serde_json::from_str(outcome).ok()
    }
}

impl std::fmt::Display for AuditValues {
    /// As the log keeps it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}

/// What a log is searched for, as it was typed: a page's address and the API's query alike.
pub trait LogQuery: Sized {
    /// The same, understood.
    type Filter;

    /// A query whose fields have the texts that `text` gives for their names, and whose page begins at `cursor`.
    fn typed(text: impl Fn(&'static str) -> String, cursor: Option<i64>) -> Self;

    /// The fields' texts by their names.
    fn fields(&self) -> Vec<(&'static str, &str)>;

    /// Where the page begins.
    fn cursor(&self) -> Option<i64>;

    /// What is looked for, or which fields can't be understood. Days are those of a clock that is `offset` milliseconds ahead of UTC.
    fn read(&self, offset: i64) -> Result<Self::Filter, Problem>;
}

macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident for $filter:ident { $($(#[$field_doc:meta])* $field:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: String,)*
            /// Where the page begins.
            pub cursor: Option<i64>,
        }

        impl LogQuery for $name {
            type Filter = $filter;

            fn typed(text: impl Fn(&'static str) -> String, cursor: Option<i64>) -> Self {
                Self { $($field: text(stringify!($field)),)* cursor }
            }

            fn fields(&self) -> Vec<(&'static str, &str)> {
                vec![$((stringify!($field), self.$field.as_str())),*]
            }

            fn cursor(&self) -> Option<i64> {
                self.cursor
            }

            fn read(&self, offset: i64) -> Result<$filter, Problem> {
                self.understood(offset)
            }
        }
    )*};
}

queries! {
    /// What downloads are looked for by.
    DownloadQuery for DownloadFilter {
        /// A customer's serial, name or phone.
        customer,
        /// Words of a file's title.
        file,
        /// A [`DownloadOutcome`], or [`TROUBLE`].
        outcome,
        /// An address.
        ip,
        /// The first day, or an instant (RFC 3339).
        from,
        /// The last day, or an instant.
        to,
    }
    /// What the audit log is searched for.
    AuditQuery for AuditFilter {
        /// A member's user name, a customer's serial, `operator`, `anonymous`, or an actor as the log spells it.
        actor,
        /// An action.
        action,
        /// A customer's serial, a member's user name, or a subject as the log spells it.
        subject,
        /// `ok`, `failed`, or an outcome as the log spells it.
        outcome,
        /// An address.
        ip,
        /// The first day, or an instant (RFC 3339).
        from,
        /// The last day, or an instant.
        to,
    }
}

/// A [`DownloadQuery`], understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownloadFilter {
    /// A customer's serial, name or phone; empty for all.
    pub customer: String,
    /// Words of a file's title; empty for all.
    pub file: String,
    /// What became of it.
    pub outcome: Option<DownloadOutcome>,
    /// Only those of which something was refused or failed.
    pub trouble: bool,
    /// An address; empty for all.
    pub ip: String,
    /// From when on.
    pub from: Option<Instant>,
    /// Until before when.
    pub to: Option<Instant>,
    /// Where the page begins.
    pub cursor: Option<i64>,
}

impl DownloadQuery {
    fn understood(&self, offset: i64) -> Result<DownloadFilter, Problem> {
        let mut fields = Fields::default();
        let trouble = self.outcome == TROUBLE;
        let outcome = if trouble { None } else { given(&mut fields, "outcome", &self.outcome, str::parse) };
        let from = given(&mut fields, "from", &self.from, |typed| first_instant(typed, offset));
        let to = given(&mut fields, "to", &self.to, |typed| instant_after(typed, offset));
        let (customer, file, ip) = (fields.text("customer", &self.customer), fields.text("file", &self.file), fields.text("ip", &self.ip));
        fields.settle()?;
        Ok(DownloadFilter { customer, file, outcome, trouble, ip, from, to, cursor: self.cursor })
    }
}

/// An [`AuditQuery`], understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// As [`AuditQuery::actor`]; empty for all.
    pub actor: String,
    /// An action; empty for all.
    pub action: String,
    /// As [`AuditQuery::subject`]; empty for all.
    pub subject: String,
    /// As [`AuditQuery::outcome`]; empty for all.
    pub outcome: String,
    /// An address; empty for all.
    pub ip: String,
    /// From when on.
    pub from: Option<Instant>,
    /// Until before when.
    pub to: Option<Instant>,
    /// Where the page begins.
    pub cursor: Option<i64>,
}

impl AuditQuery {
    fn understood(&self, offset: i64) -> Result<AuditFilter, Problem> {
        let mut fields = Fields::default();
        let from = given(&mut fields, "from", &self.from, |typed| first_instant(typed, offset));
        let to = given(&mut fields, "to", &self.to, |typed| instant_after(typed, offset));
        let (actor, action) = (fields.text("actor", &self.actor), fields.text("action", &self.action));
        let (subject, outcome) = (fields.text("subject", &self.subject), fields.text("outcome", &self.outcome));
        let ip = fields.text("ip", &self.ip);
        fields.settle()?;
        Ok(AuditFilter { actor, action, subject, outcome, ip, from, to, cursor: self.cursor })
    }
}

/// What of both queries is read alike.
trait Read {
    fn text(&mut self, name: &str, typed: &str) -> String;
    fn settle(self) -> Result<(), Problem>;
}

impl Read for Fields {
    /// The text trimmed. NUL is no text, and nobody is looked for by more than 200 characters.
    fn text(&mut self, name: &str, typed: &str) -> String {
        let text = typed.trim();
        let rule = match text.chars().count() {
            _ if text.contains('\0') => Err(FieldCode::Format),
            ..=200 => Ok(text.to_owned()),
            _ => Err(FieldCode::TooLong),
        };
        self.check(name, rule).unwrap_or_default()
    }

    /// All that was broken, if anything was.
    fn settle(self) -> Result<(), Problem> {
        let problem = self.problem();
        if problem.fields.is_empty() { Ok(()) } else { Err(problem) }
    }
}

/// What was given, read; nothing where nothing was.
fn given<T>(fields: &mut Fields, name: &str, typed: &str, read: impl Fn(&str) -> Result<T, FieldCode>) -> Option<T> {
    let typed = fold_digits(typed.trim());
    if typed.is_empty() { None } else { fields.check(name, read(&typed)) }
}

/// The instant, or the first of a day (`2026-11-22`) on a clock that is `offset` milliseconds ahead of UTC.
fn first_instant(text: &str, offset: i64) -> Result<Instant, FieldCode> {
    if let Ok(day) = text.parse::<Day>() {
        return Ok(day.start(offset));
    }
    let deserializer: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
    let instant = Instant::deserialize(deserializer).map_err(|_| FieldCode::Format)?;
    // A day that no calendar has is read as another one.
    if instant.to_string().get(..10) == text.get(..10) { Ok(instant) } else { Err(FieldCode::Format) }
}

/// The instant, or the first after a day on the same clock.
fn instant_after(text: &str, offset: i64) -> Result<Instant, FieldCode> {
    text.parse::<Day>().map_or_else(|_| first_instant(text, offset), |day| Ok(day.plus(1).start(offset)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ms;

    #[test]
    fn what_was_set_is_told_from_what_was_said() {
        let set = AuditValues::Setting { from: "3".into(), to: "\"خمس\"".into() };
        assert_eq!(set.to_string(), r#"{"setting":{"from":"3","to":"\"خمس\""}}"#);
        assert_eq!(AuditValues::of(&set.to_string()), Some(set));
        for said in ["ok", "wrong", "3 → 5", "باقة: 20 coins, 30 days, 3 files, categories [1,2]", "{\"setting\":{}}", "5", ""] {
            assert_eq!(AuditValues::of(said), None, "{said}");
        }
    }

    #[test]
    fn a_query_is_what_its_fields_say() {
        let query = AuditQuery::typed(|name| format!("the {name}"), Some(7));
        assert_eq!((query.actor.as_str(), query.to.as_str(), query.cursor()), ("the actor", "the to", Some(7)));
        assert_eq!(query.fields()[..2], [("actor", "the actor"), ("action", "the action")]);
    }

    #[test]
    fn a_query_is_understood_or_its_fields_are_named() {
        let query = DownloadQuery {
            from: "٢٠٢٦-١١-٢٢".into(),
            to: "2026-11-22".into(),
            outcome: "cut".into(),
            customer: " سارة ".into(),
            ..DownloadQuery::default()
        };
        // The shop's clock is three hours ahead: its day begins in the evening before.
        let filter = query.read(3 * ms::HOUR).unwrap();
        assert_eq!((filter.from.unwrap().to_string().as_str(), filter.customer.as_str()), ("2026-11-21T21:00:00.000Z", "سارة"));
        assert_eq!(filter.to.unwrap().since(filter.from.unwrap()), ms::DAY);
        assert_eq!((filter.outcome, filter.trouble), (Some(DownloadOutcome::Cut), false));
        assert!(DownloadQuery { outcome: TROUBLE.into(), ..DownloadQuery::default() }.read(0).unwrap().trouble);
        assert_eq!(
            AuditQuery { to: "2026-11-22T18:27:28Z".into(), ..AuditQuery::default() }.read(3 * ms::HOUR).unwrap().to,
            Some(Instant(1_795_372_048_000))
        );
        for day in ["2026-02-30", "yesterday!", "2026-11", "2026-13-01", "ab-cd-efgh", "2026-11-22T25"] {
            let problem = AuditQuery { from: day.into(), ip: "1".repeat(201), ..AuditQuery::default() }.read(0).unwrap_err();
            assert_eq!((problem.of_field("from"), problem.of_field("ip")), (Some(FieldCode::Format), Some(FieldCode::TooLong)), "{day}");
        }
        assert_eq!(
            DownloadQuery { outcome: "sideways".into(), ..DownloadQuery::default() }.read(0).unwrap_err().of_field("outcome"),
            Some(FieldCode::Format)
        );
    }
}
