//! What administrators must know: one standing alert a kind, until what it tells of is over.

use shared::{Instant, ms};
use sqlx::Row;

use crate::{Result, Store, error::damaged};

/// How long an alert that is over is kept, in milliseconds.
pub(crate) const MEMORY: i64 = 90 * ms::DAY;

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The Worker does not answer, or refuses to: links are served by the server itself meanwhile.
    WorkerDown,
    /// The Worker told of downloads whose earlier events this store does not have, as after a backup was restored.
    EventsMissing,
}

impl Kind {
    const ALL: [Self; 2] = [Self::WorkerDown, Self::EventsMissing];

    /// As the database spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WorkerDown => "worker_down",
            Self::EventsMissing => "events_missing",
        }
    }
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What it is about.
    pub kind: Kind,
    /// What was seen last, in words for operators.
    pub detail: String,
    /// When it was raised.
    pub first_at: Instant,
    /// When it was last seen.
    pub last_at: Instant,
    /// How often it was seen.
    pub times: i64,
}

/// Raises an alert, or notes that it was seen again.
pub(crate) async fn raise(store: &Store, kind: Kind, detail: &str) -> Result<()> {
    let times: i64 = sqlx::query_scalar(
        "INSERT INTO alerts (kind, detail, first_at, last_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (kind) WHERE resolved_at IS NULL DO UPDATE SET detail = excluded.detail, last_at = excluded.last_at, times = alerts.times + 1
         RETURNING times",
    )
    .bind(kind.as_str())
    .bind(detail.to_owned())
    .bind(store.now().0)
    .fetch_one(store.0.db.writer())
    .await?;
    if times == 1 {
        tracing::error!(alert = kind.as_str(), "{detail}");
    } else {
        tracing::warn!(alert = kind.as_str(), times, "{detail}");
    }
    Ok(())
}

/// Ends an alert, when it stands.
pub(crate) async fn resolve(store: &Store, kind: Kind) -> Result<()> {
    if !stands(store, kind).await? {
        return Ok(());
    }
    sqlx::query("UPDATE alerts SET resolved_at = $2 WHERE kind = $1 AND resolved_at IS NULL")
        .bind(kind.as_str())
        .bind(store.now().0)
        .execute(store.0.db.writer())
        .await?;
    tracing::info!(alert = kind.as_str(), "resolved");
    Ok(())
}

/// Whether an alert of the kind stands.
pub async fn stands(store: &Store, kind: Kind) -> Result<bool> {
    let standing: Option<i64> = sqlx::query_scalar("SELECT id FROM alerts WHERE kind = $1 AND resolved_at IS NULL")
        .bind(kind.as_str())
        .fetch_optional(store.0.db.reader())
        .await?;
    Ok(standing.is_some())
}

/// The alerts that stand, the newest first.
pub async fn standing(store: &Store) -> Result<Vec<Alert>> {
    let rows = sqlx::query("SELECT kind, detail, first_at, last_at, times FROM alerts WHERE resolved_at IS NULL ORDER BY id DESC")
        .fetch_all(store.0.db.reader())
        .await?;
    rows.iter()
        .map(|row| {
            let kind: String = row.try_get("kind")?;
            Ok(Alert {
                kind: Kind::ALL.into_iter().find(|known| known.as_str() == kind).ok_or_else(|| damaged(kind))?,
                detail: row.try_get("detail")?,
                first_at: Instant(row.try_get("first_at")?),
                last_at: Instant(row.try_get("last_at")?),
                times: row.try_get("times")?,
            })
        })
        .collect()
}
