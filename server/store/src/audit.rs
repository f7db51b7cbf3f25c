//! The audit log: who did what, on what, with which outcome, from where, when; failed attempts too.

use crate::{Origin, Result, Store, db::Connection};

/// One entry. `subject` names a thing as `customer:17`, `purchase:4` or what was typed.
pub(crate) struct Entry<'a> {
    pub(crate) actor: &'a str,
    pub(crate) action: &'static str,
    pub(crate) subject: &'a str,
    pub(crate) outcome: &'a str,
    pub(crate) origin: &'a Origin,
}

const INSERT: &str =
    "INSERT INTO audit_log (actor, action, subject, outcome, ip, user_agent, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

fn insert<'q>(store: &Store, entry: &Entry<'q>) -> sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments> {
    sqlx::query(INSERT)
        .bind(entry.actor.to_owned())
        .bind(entry.action)
        .bind(entry.subject.to_owned())
        .bind(entry.outcome.to_owned())
        .bind(entry.origin.ip.clone())
        .bind(entry.origin.agent())
        .bind(store.now().0)
}

/// Writes the entry in the operation's own transaction.
pub(crate) async fn record(store: &Store, connection: &mut Connection, entry: &Entry<'_>) -> Result<()> {
    insert(store, entry).execute(connection).await?;
    Ok(())
}

/// Writes the entry of an operation that failed, whose own transaction is gone.
pub(crate) async fn record_failure(store: &Store, entry: &Entry<'_>) -> Result<()> {
    insert(store, entry).execute(store.0.db.writer()).await?;
    Ok(())
}
