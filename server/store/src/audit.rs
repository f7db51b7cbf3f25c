//! The audit log: who did what, on what, with which outcome, from where, when; failed attempts too.

use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

use shared::{
    Code, FieldCode, Instant, Problem, Serial,
    api::admin::{AuditEntries, AuditEntry, AuditFilter, Permission},
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use crate::{
    Error, Origin, Result, Staff, Store,
    customers::PAGE,
    db::{Connection, page},
    downloads,
};

/// One entry. `subject` names a thing as `customer:17`, `purchase:4` or what was typed.
pub(crate) struct Entry<'a> {
    pub(crate) actor: &'a str,
    pub(crate) action: &'static str,
    pub(crate) subject: &'a str,
    pub(crate) outcome: &'a str,
    pub(crate) origin: &'a Origin,
}

/// `$8` is the customer whose doing it is, 0 for none: of a person who was forgotten no address and program come back, whoever was still
/// under way. The casts are for PostgreSQL, which does not know the types of a SELECT's bare placeholders.
const INSERT: &str = "INSERT INTO audit_log (actor, action, subject, outcome, ip, user_agent, created_at)
    SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT),
        CASE WHEN gone THEN '' ELSE $5 END, CASE WHEN gone THEN '' ELSE $6 END, CAST($7 AS BIGINT)
    FROM (SELECT EXISTS (SELECT 1 FROM customers WHERE id = $8 AND closed_at IS NOT NULL) AS gone) AS account";

fn insert<'q>(store: &Store, entry: &Entry<'q>) -> sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments> {
    sqlx::query(INSERT)
        .bind(entry.actor.to_owned())
        .bind(entry.action)
        .bind(entry.subject.to_owned())
        .bind(entry.outcome.to_owned())
        .bind(entry.origin.ip.clone())
        .bind(entry.origin.agent())
        .bind(store.now().0)
        .bind(person(entry))
}

/// The number of the customer whose doing an entry is, as far as is known: whoever was not signed in is taken for the account's own person,
/// as an erasure does.
fn person(entry: &Entry<'_>) -> i64 {
    let whose = if entry.actor == "anonymous" { entry.subject } else { entry.actor };
    number(whose, "customer:").unwrap_or_default()
}

/// Writes the entry in the operation's own transaction.
pub(crate) async fn record(store: &Store, connection: &mut Connection, entry: &Entry<'_>) -> Result<()> {
    insert(store, entry).execute(connection).await?;
    Ok(())
}

/// Writes the entry outside of any transaction: of an operation that has none, or whose own was undone because it failed.
pub(crate) async fn record_alone(store: &Store, entry: &Entry<'_>) -> Result<()> {
    insert(store, entry).execute(store.0.db.writer()).await?;
    Ok(())
}

/// The operator at the command line, as the log names whoever does something.
const OPERATOR: &str = "operator";
/// Where they are.
static CONSOLE: LazyLock<Origin> = LazyLock::new(Origin::console);

/// What a member of the staff is about, from [`Staff::must`] on, or the operator: it ends in a line of the log, whether it is done or
/// refused. Whoever is neither has no deed, so that a stranger's requests fill nothing.
#[derive(Debug)]
pub struct Deed<'a> {
    actor: String,
    action: &'static str,
    /// What it is done to, as far as that is known: a serial or user name as it was typed, until [`Deed::about`] says whose it is.
    subject: String,
    origin: &'a Origin,
}

impl<'a> Deed<'a> {
    /// Named as [`Entry`] has it; `subject` may be empty, and may be what was typed.
    pub(crate) fn new(staff: &Staff, action: &'static str, subject: impl Into<String>, origin: &'a Origin) -> Self {
        Self { actor: staff.actor(), action, subject: subject.into(), origin }
    }

    /// The same of the operator at the command line, who may do everything.
    pub(crate) fn operator(action: &'static str, subject: impl Into<String>) -> Self {
        Self { actor: OPERATOR.to_owned(), action, subject: subject.into(), origin: &CONSOLE }
    }

    /// Who does it, as the log names them.
    pub(crate) fn actor(&self) -> &str {
        &self.actor
    }

    /// Says what it is done to, once that is known.
    pub(crate) fn about(&mut self, subject: String) {
        self.subject = subject;
    }

    /// Writes that it is done, in its own transaction. The outcome is `ok`, a reason that was given, or what was set.
    pub(crate) async fn done(&self, store: &Store, connection: &mut Connection, outcome: &str) -> Result<()> {
        self.did(store, connection, self.action, &self.subject, outcome).await
    }

    /// The same of a thing that is one of several, or that did not exist before.
    pub(crate) async fn did(
        &self,
        store: &Store,
        connection: &mut Connection,
        action: &'static str,
        subject: &str,
        outcome: &str,
    ) -> Result<()> {
        record(store, connection, &Entry { actor: &self.actor, action, subject, outcome, origin: self.origin }).await
    }

    /// Writes that it was refused, if it was: alone, because what it had written itself is undone. `transaction!` asks for it.
    pub(crate) async fn settled<T>(&self, store: &Store, result: Result<T>) -> Result<T> {
        if let Err(Error::Problem(problem)) = &result
            && let Some(outcome) = refusal(problem)
        {
            let subject = if self.subject.is_empty() { String::new() } else { spelled(store, &legible(&self.subject, 64)).await? };
            let entry = Entry { actor: &self.actor, action: self.action, subject: &subject, outcome, origin: self.origin };
            record_alone(store, &entry).await?;
        }
        result
    }
}

/// How the log tells of what they were refused; nothing of slips and faults: a field's broken rule, what is not there, what can't be
/// read, an upload that is told where it stands.
fn refusal(problem: &Problem) -> Option<&'static str> {
    match problem.code {
        Code::Invalid => {
            let guess = |code| matches!(code, FieldCode::WrongPassword | FieldCode::WrongTotp);
            problem.fields.iter().any(|field| guess(field.code)).then_some("wrong")
        }
        Code::NotFound | Code::BadRequest | Code::PayloadTooLarge | Code::UnsupportedMediaType | Code::UploadConflict => None,
        code if code.status() >= 500 => None,
        code => Some(code.as_str()),
    }
}

/// The beginning of what was typed, without what databases refuse.
pub(crate) fn legible(typed: &str, most: usize) -> String {
    typed.chars().filter(|character| !character.is_control()).take(most).collect()
}

/// Outcomes that tell of a failure, beside the codes of problems.
const FAILURES: [&str; 4] = ["wrong", "locked", "blocked", "reused"];

/// A page of the log, newest first.
pub async fn list(store: &Store, staff: &Staff, filter: &AuditFilter) -> Result<AuditEntries> {
    entries(store, staff, filter, PAGE).await
}

/// The same in larger pieces, for a file that takes all of it.
pub async fn piece(store: &Store, staff: &Staff, filter: &AuditFilter) -> Result<AuditEntries> {
    entries(store, staff, filter, 500).await
}

async fn entries(store: &Store, staff: &Staff, filter: &AuditFilter, length: i64) -> Result<AuditEntries> {
    staff.must(store, Permission::SeeAudit, "audit.see", "", &staff.origin).await?;
    let (first, last) = downloads::bounds(store, "audit_log", filter.from, filter.to).await?;
    let mut conditions = vec![format!("id > {first} AND id < {}", last.min(filter.cursor.unwrap_or(i64::MAX)))];
    conditions.extend(filter.from.map(|from| format!("created_at >= {}", from.0)));
    conditions.extend(filter.to.map(|to| format!("created_at < {}", to.0)));
    let mut texts = Vec::new();
    let mut equals = |column: &str, text: String| {
        texts.push(text);
        format!("{column} = ${}", texts.len())
    };
    if !filter.actor.is_empty() {
        conditions.push(equals("actor", spelled(store, &filter.actor).await?));
    }
    let mut subjects = Vec::new();
    if !filter.subject.is_empty() {
        // Who could not sign in is known by what was typed.
        let known = spelled(store, &filter.subject).await?;
        let typed = filter.subject.parse::<Serial>().map_or_else(|_| filter.subject.clone(), |serial| serial.to_string());
        subjects.extend((typed != known).then(|| equals("subject", typed)));
        subjects.push(equals("subject", known));
    }
    if !filter.action.is_empty() {
        conditions.push(equals("action", filter.action.clone()));
    }
    if !filter.ip.is_empty() {
        conditions.push(equals("ip", filter.ip.clone()));
    }
    match filter.outcome.as_str() {
        "" => {}
        "failed" => conditions.push(format!("outcome <> 'ok' AND outcome IN ({})", failures())),
        outcome => conditions.push(equals("outcome", outcome.to_owned())),
    }
    let newest = format!("ORDER BY id DESC LIMIT {}", length + 1);
    let lines = |subject: &str| {
        let conditions = conditions.join(" AND ");
        format!(
            "SELECT id, actor, action, subject, outcome, ip, user_agent, created_at FROM audit_log WHERE {conditions}{subject} {newest}"
        )
    };
    // Each subject by its index: asked for both at once, PostgreSQL would walk the whole log back for lines that may be old.
    let sql = match subjects.as_slice() {
        [] => lines(""),
        [subject] => lines(&format!(" AND {subject}")),
        subjects => {
            let each = subjects.iter().map(|subject| format!("SELECT * FROM ({}) AS lines", lines(&format!(" AND {subject}"))));
            format!("{} {newest}", each.collect::<Vec<_>>().join(" UNION ALL "))
        }
    };
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for text in texts {
        query = query.bind(text);
    }
    let rows = query.fetch_all(store.0.db.reader()).await?;
    let (rows, next_cursor) = page(&rows, length, "id")?;
    Ok(AuditEntries { results: named(store, rows).await?, next_cursor })
}

/// Our own words, never a caller's.
fn failures() -> String {
    let codes = Code::ALL.iter().map(|code| code.as_str());
    codes.chain(FAILURES).map(|outcome| format!("'{outcome}'")).collect::<Vec<_>>().join(", ")
}

/// A customer's serial or a member's user name as the log spells them; anything else is what was typed.
async fn spelled(store: &Store, typed: &str) -> Result<String> {
    let find =
        async |sql: &'static str, name: String| sqlx::query_scalar::<_, i64>(sql).bind(name).fetch_optional(store.0.db.reader()).await;
    if let Ok(serial) = typed.parse::<Serial>() {
        let known = find("SELECT id FROM customers WHERE serial = $1", serial.to_string()).await?;
        return Ok(known.map_or_else(|| serial.to_string(), |id| format!("customer:{id}")));
    }
    let member = find("SELECT id FROM staff WHERE username = $1", typed.to_lowercase()).await?;
    Ok(member.map_or_else(|| typed.to_owned(), |id| format!("staff:{id}")))
}

/// The lines, with the names of whom they speak of.
async fn named(store: &Store, rows: &[AnyRow]) -> Result<Vec<AuditEntry>> {
    let mut ids: [BTreeSet<i64>; 2] = Default::default();
    for row in rows {
        for column in ["actor", "subject"] {
            let text: String = row.try_get(column)?;
            for (ids, kind) in ids.iter_mut().zip(KINDS) {
                ids.extend(number(&text, kind));
            }
        }
    }
    let mut names: HashMap<String, String> = HashMap::new();
    for ((ids, kind), select) in
        ids.iter().zip(KINDS).zip(["SELECT id, serial AS name FROM customers", "SELECT id, username AS name FROM staff"])
    {
        if !ids.is_empty() {
            let ids = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
            for row in sqlx::query(AssertSqlSafe(format!("{select} WHERE id IN ({ids})"))).fetch_all(store.0.db.reader()).await? {
                names.insert(format!("{kind}{}", row.try_get::<i64, _>("id")?), row.try_get("name")?);
            }
        }
    }
    let entry = |row: &AnyRow| {
        let (actor, subject): (String, String) = (row.try_get("actor")?, row.try_get("subject")?);
        Ok(AuditEntry {
            id: row.try_get("id")?,
            actor_name: names.get(&actor).cloned(),
            actor,
            action: row.try_get("action")?,
            subject_name: names.get(&subject).cloned(),
            subject,
            outcome: row.try_get("outcome")?,
            ip: row.try_get("ip")?,
            user_agent: row.try_get("user_agent")?,
            created_at: Instant(row.try_get("created_at")?),
        })
    };
    rows.iter().map(entry).collect()
}

/// Whose names the log is read with.
const KINDS: [&str; 2] = ["customer:", "staff:"];

fn number(text: &str, kind: &str) -> Option<i64> {
    text.strip_prefix(kind)?.parse().ok()
}
