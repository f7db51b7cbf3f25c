//! What time takes away, and what is counted now and then because counting it at each sale would make sales wait.
//! Nothing depends on it for being right: whatever lapsed is seen as lapsed before it is swept.

use shared::{
    AccountId, Instant, PurchaseId,
    link::{Event, Gateway},
    ms,
};
use sqlx::{AssertSqlSafe, Row};

use crate::{
    Result, Store, alerts, db::transaction, edge, files, idempotency, links, sales_count, statistics, subscriptions, throttle, uploads,
};

/// Rows of one kind that one sweep takes, so that it never holds the database for long.
const BATCH: i64 = 500;
/// The same of refresh tokens, which are small.
const TOKENS: i64 = 5_000;
/// How long a session is kept once it is over. Its tokens, rotated ones too, are kept as long as it is, and go with it: while it lives,
/// the reuse of any of them must be seen, however old (RFC 9700 section 4.14).
const SESSION_MEMORY: i64 = 7 * ms::DAY;

/// Sweeps expired temporary accounts, links, sessions, throttles and idempotency keys, recounts what was sold, tells of subscriptions
/// that end, and counts days that are over.
pub async fn sweep(store: &Store) -> Result<()> {
    expire_links(store).await?;
    edge::forget_calls(store).await?;
    forget_temporary_accounts(store).await?;
    forget_sessions(store).await?;
    // A storage that fails keeps back nothing but its own: what could not be removed waits for the next sweep.
    if let Err(error) = uploads::sweep(store).await {
        tracing::error!(%error, "uploads that are over");
    }
    files::sweep(store).await?;
    let now = store.now();
    let before = |life: i64| now.plus(-life).0;
    for (sql, instant) in [
        ("DELETE FROM throttles WHERE last_failure_at < $1 AND locked_until < $1", before(throttle::MEMORY)),
        ("DELETE FROM idempotency_keys WHERE created_at < $1", before(idempotency::LIFE)),
        ("DELETE FROM answered_messages WHERE answered_at < $1", before(edge::MESSAGE_MEMORY)),
        ("DELETE FROM alerts WHERE resolved_at < $1", before(alerts::MEMORY)),
    ] {
        sqlx::query(sql).bind(instant).execute(store.0.db.writer()).await?;
    }
    sales_count::recount(store).await?;
    subscriptions::remind(store).await?;
    statistics::count(store).await
}

async fn expire_links(store: &Store) -> Result<()> {
    let due = sqlx::query(
        "SELECT purchase_id, number, gateway FROM links WHERE phase IN ('issued', 'claimed') AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
    )
    .bind(store.now().0)
    .bind(BATCH)
    .fetch_all(store.0.db.reader())
    .await?;
    for link in &due {
        let (purchase, number) = (PurchaseId(link.try_get("purchase_id")?), link.try_get("number")?);
        if link.try_get::<String, _>("gateway")? == Gateway::Worker.as_str() {
            edge::lapse(store, purchase, number).await?;
        } else {
            links::apply(store, purchase, number, &Event::Expire).await?;
        }
    }
    Ok(())
}

/// A temporary account has no coins and no purchases, so that it goes without a trace in the ledger. Its number among the ledger's accounts
/// stays: before it went, the database would look for it in every transfer there is.
async fn forget_temporary_accounts(store: &Store) -> Result<()> {
    transaction!(store, |connection| {
        // The condition stands twice: PostgreSQL reads the outer one again where it had to wait for an activation.
        let rows = sqlx::query(
            "DELETE FROM customers WHERE expires_at <= $1
             AND id IN (SELECT id FROM customers WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING id, created_at",
        )
        .bind(store.now().0)
        .bind(BATCH)
        .fetch_all(&mut *connection)
        .await?;
        let mut gone = Vec::with_capacity(rows.len());
        for row in rows {
            gone.push((AccountId(row.try_get("id")?), Instant(row.try_get("created_at")?)));
        }
        statistics::forget(&mut *connection, &gone).await?;
        Ok(())
    })
}

/// Sessions that are long over, with their tokens. An index gives the oldest: neither the sessions that live nor their tokens are looked at,
/// and where nothing is over nothing is written.
async fn forget_sessions(store: &Store) -> Result<()> {
    for sql in [
        "SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2",
        "SELECT id FROM sessions WHERE ended_at < $1 ORDER BY ended_at LIMIT $2",
    ] {
        let before = store.now().plus(-SESSION_MEMORY).0;
        let over: Vec<i64> = sqlx::query_scalar(sql).bind(before).bind(BATCH).fetch_all(store.0.db.reader()).await?;
        if over.is_empty() {
            continue;
        }
        // As numbers in the text: of a subquery PostgreSQL may make a walk over all sessions.
        let over = over.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        // Somebody may have renewed a session all the time: its tokens go piece by piece.
        let tokens = format!(
            "DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens WHERE session_id IN ({over}) LIMIT {TOKENS})"
        );
        while sqlx::query(AssertSqlSafe(tokens.clone())).persistent(false).execute(store.0.db.writer()).await?.rows_affected() > 0 {}
        let delete = format!("DELETE FROM sessions WHERE id IN ({over})");
        sqlx::query(AssertSqlSafe(delete)).persistent(false).execute(store.0.db.writer()).await?;
    }
    Ok(())
}
