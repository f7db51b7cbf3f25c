//! What administrators must know: one standing alert a kind, until what it tells of is over.

use shared::{
    Code, Instant,
    api::admin::{Alert, AlertKind, Permission},
    ms,
};
use sqlx::Row;

use crate::{
    Origin, Result, Staff, Store,
    db::{Connection, transaction},
    error::damaged,
};

/// How long an alert that is over is kept, in milliseconds.
pub(crate) const MEMORY: i64 = 90 * ms::DAY;

/// Raises an alert, or notes that it was seen again.
pub(crate) async fn raise(store: &Store, kind: AlertKind, detail: &str) -> Result<()> {
    transaction!(store, |connection| { raise_in(store, &mut *connection, kind, detail).await })
}

/// The same in the transaction of what it tells of.
pub(crate) async fn raise_in(store: &Store, connection: &mut Connection, kind: AlertKind, detail: &str) -> Result<()> {
    let times: i64 = sqlx::query_scalar(
        "INSERT INTO alerts (kind, detail, first_at, last_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (kind) WHERE resolved_at IS NULL DO UPDATE SET detail = excluded.detail, last_at = excluded.last_at, times = alerts.times + 1
         RETURNING times",
    )
    .bind(kind.as_str())
    .bind(detail.to_owned())
    .bind(store.now().0)
    .fetch_one(connection)
    .await?;
    if times == 1 {
        tracing::error!(alert = kind.as_str(), "{detail}");
    } else {
        tracing::warn!(alert = kind.as_str(), times, "{detail}");
    }
    Ok(())
}

/// Ends the alert of kind `$1` at `$2`.
const RESOLVE: &str = "UPDATE alerts SET resolved_at = $2 WHERE kind = $1 AND resolved_at IS NULL";

/// Ends an alert, when it stands.
pub(crate) async fn resolve(store: &Store, kind: AlertKind) -> Result<()> {
    if !stands(store, kind).await? {
        return Ok(());
    }
    sqlx::query(RESOLVE).bind(kind.as_str()).bind(store.now().0).execute(store.0.db.writer()).await?;
    tracing::info!(alert = kind.as_str(), "resolved");
    Ok(())
}

/// Whether an alert of the kind stands.
pub async fn stands(store: &Store, kind: AlertKind) -> Result<bool> {
    let standing: Option<i64> = sqlx::query_scalar("SELECT id FROM alerts WHERE kind = $1 AND resolved_at IS NULL")
        .bind(kind.as_str())
        .fetch_optional(store.0.db.reader())
        .await?;
    Ok(standing.is_some())
}

/// The alerts that stand, the newest first.
pub async fn standing(store: &Store, staff: &Staff) -> Result<Vec<Alert>> {
    staff.must(store, Permission::Work, "alerts.see", "", &staff.origin).await?;
    let rows = sqlx::query("SELECT kind, detail, first_at, last_at, times FROM alerts WHERE resolved_at IS NULL ORDER BY id DESC")
        .fetch_all(store.0.db.reader())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Alert {
                kind: row.try_get::<String, _>("kind")?.parse().map_err(damaged)?,
                detail: row.try_get("detail")?,
                first_at: Instant(row.try_get("first_at")?),
                last_at: Instant(row.try_get("last_at")?),
                times: row.try_get("times")?,
            })
        })
        .collect()
}

/// Ends an alert that somebody read. What it tells of raises it again, if it lasts.
pub async fn dismiss(store: &Store, staff: &Staff, kind: AlertKind, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::Work, "alerts.dismiss", format!("alert:{}", kind.as_str()), origin).await?;
    transaction!(store, deed, |connection| {
        let ended = sqlx::query(RESOLVE).bind(kind.as_str()).bind(store.now().0).execute(&mut *connection).await?;
        if ended.rows_affected() == 0 {
            return Err(Code::NotFound.into());
        }
        deed.done(store, &mut *connection, "ok").await
    })?;
    tracing::info!(alert = kind.as_str(), "resolved");
    Ok(())
}
