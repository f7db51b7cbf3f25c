//! Links at the Worker (design, section 6), as the store sees them: what it tells the Worker, and what it believes of it.
//!
//! The Worker decides about its links alone; the store keeps a copy of their states and events, which is as old as the last
//! [`Dispatch`]. What follows from that:
//!
//! - A link at the Worker that the store takes for unclaimed may be claimed there. It is given to the customer again only when the
//!   Worker has just answered. When it does not answer, a link of the embedded gateway takes another attempt, and the one at the
//!   Worker is revoked as soon as the Worker can be told. Until then both count, so that a purchase never has more links than
//!   attempts; once it is revoked unclaimed, its attempt goes back. A last attempt that is tied up so cannot be pressed anew until
//!   the Worker answers or the link's time is over.
//! - Time is no news: a link that nobody claimed within its time is over, whether or not the Worker says so.
//! - A revocation is written by the transaction that causes it and told until the Worker answers, or until nothing is left of the link.

use async_trait::async_trait;
use shared::{
    AccountId, Code, PurchaseId,
    api::admin::AlertKind,
    link::{Acknowledged, Call, Dispatch, Gateway, STREAM_WINDOW, State, Ticket, webhook::TOLERANCE},
    ms,
};
use sqlx::{AssertSqlSafe, Row};

use crate::{
    Error, Result, Store, alerts, customers,
    db::{Connection, transaction},
    error::damaged,
    links,
};

/// The longest pause between two tries to tell the Worker of a revocation, in milliseconds. The first is a second.
const MAX_PAUSE: i64 = 5 * ms::MINUTE;
/// How many purchases one round of [`deliver`] takes at most.
const BATCH: i64 = 20;
/// How long an answered message is remembered: from its own time to ours its signature holds twice the tolerance at most.
pub(crate) const MESSAGE_MEMORY: i64 = 2 * TOLERANCE;

/// The way to the Worker.
#[async_trait]
pub trait Edge: Send + Sync {
    /// Its address, without a slash at the end.
    fn url(&self) -> &str;

    /// Calls the object of a purchase. An error says in words for operators why there is no answer.
    async fn call(&self, call: &Call) -> std::result::Result<Dispatch, String>;

    /// Whether it is well and has this store's secret. An error says in words for operators what is wrong.
    async fn health(&self) -> std::result::Result<(), String>;
}

/// Where a link that is pressed for now can be served. What the Worker knows of the purchase is stored on the way.
pub(crate) async fn choose(store: &Store, customer: AccountId, purchase: PurchaseId) -> Result<Gateway> {
    if store.0.edge.is_none() {
        return Ok(Gateway::Embedded);
    }
    let theirs: Option<i64> = sqlx::query_scalar("SELECT id FROM purchases WHERE id = $1 AND customer_id = $2 AND refunded_at IS NULL")
        .bind(purchase.0)
        .bind(customer.0)
        .fetch_optional(store.0.db.reader())
        .await?;
    // Nobody makes the Worker work for what is not theirs; the press itself says what is wrong.
    let answers = theirs.is_some() && settle(store, purchase).await?;
    Ok(if answers { Gateway::Worker } else { Gateway::Embedded })
}

/// Tells the Worker which links of a purchase are revoked and stores what it tells. False when it did not answer.
pub async fn settle(store: &Store, purchase: PurchaseId) -> Result<bool> {
    let Some(edge) = &store.0.edge else { return Ok(false) };
    let (call, tries) = call(store, purchase).await?;
    let problem = match edge.call(&call).await {
        Ok(dispatch) if dispatch.purchase != purchase => "the Worker told of another purchase than it was asked for".to_owned(),
        Ok(dispatch) => match take(store, &dispatch, &call.revoke).await {
            Ok(_) => {
                heard(store, Ok(())).await?;
                return Ok(true);
            }
            Err(Error::Problem(problem)) => format!("what the Worker told was refused: {}", problem.code.as_str()),
            Err(fault) => return Err(fault),
        },
        Err(problem) => problem,
    };
    heard(store, Err(&problem)).await?;
    if !call.revoke.is_empty() {
        sqlx::query("UPDATE worker_calls SET tries = tries + 1, due_at = $2 WHERE purchase_id = $1")
            .bind(purchase.0)
            .bind(store.now().plus(pause(store, tries)).0)
            .execute(store.0.db.writer())
            .await?;
    }
    Ok(false)
}

/// Doubles from a second up, with up to a quarter more by chance, so that many do not come at once.
fn pause(store: &Store, tries: i64) -> i64 {
    let pause = (ms::SECOND << tries.clamp(0, 20)).min(MAX_PAUSE);
    pause + pause * i64::from(u8::from_be_bytes(store.random())) / 1024
}

/// Asks the Worker whether it is well. False when it is not, or there is none.
pub async fn probe(store: &Store) -> Result<bool> {
    let Some(edge) = &store.0.edge else { return Ok(false) };
    let health = edge.health().await;
    heard(store, health.as_ref().copied().map_err(String::as_str)).await?;
    Ok(health.is_ok())
}

/// Remembers whether the Worker answers: an alert stands as long as it does not.
async fn heard(store: &Store, outcome: std::result::Result<(), &str>) -> Result<()> {
    match outcome {
        Ok(()) => alerts::resolve(store, AlertKind::WorkerDown).await,
        Err(problem) => alerts::raise(store, AlertKind::WorkerDown, problem).await,
    }
}

/// What there is to tell of a purchase, and how often it was tried.
async fn call(store: &Store, purchase: PurchaseId) -> Result<(Call, i64)> {
    let acknowledged: i64 = sqlx::query_scalar("SELECT worker_events FROM purchases WHERE id = $1")
        .bind(purchase.0)
        .fetch_optional(store.0.db.reader())
        .await?
        .ok_or(Code::NotFound)?;
    let waiting = sqlx::query(
        "SELECT links.ticket, worker_calls.tries FROM worker_calls
         JOIN links ON links.purchase_id = worker_calls.purchase_id AND links.number = worker_calls.link
         WHERE worker_calls.purchase_id = $1 ORDER BY worker_calls.link",
    )
    .bind(purchase.0)
    .fetch_all(store.0.db.reader())
    .await?;
    let (mut revoke, mut tries) = (Vec::with_capacity(waiting.len()), 0);
    for row in &waiting {
        revoke.push(serde_json::from_str::<Ticket>(&row.try_get::<String, _>("ticket")?).map_err(damaged)?);
        tries = tries.max(row.try_get("tries")?);
    }
    Ok((Call { purchase, acknowledged, revoke }, tries))
}

/// Stores what the Worker tells by itself. Told again it changes nothing. [`Code::BadRequest`] for what contradicts itself,
/// [`Code::NotFound`] for a purchase that this store does not have.
pub async fn receive(store: &Store, dispatch: &Dispatch) -> Result<Acknowledged> {
    take(store, dispatch, &[]).await
}

/// Stores a dispatch, and that the Worker has heard of these revocations.
async fn take(store: &Store, dispatch: &Dispatch, heard_of: &[Ticket]) -> Result<Acknowledged> {
    if !dispatch.is_sound() {
        return Err(Code::BadRequest.into());
    }
    let (sequence, changed) = transaction!(store, |connection| {
        let taken = write(store, &mut *connection, dispatch).await?;
        for ticket in heard_of {
            sqlx::query("DELETE FROM worker_calls WHERE purchase_id = $1 AND link = $2")
                .bind(ticket.purchase.0)
                .bind(ticket.link)
                .execute(&mut *connection)
                .await?;
        }
        Ok(taken)
    })?;
    if let Some(customer) = changed {
        store.live().changed(customer);
    }
    if let Some(last) = dispatch.records.last().filter(|last| last.sequence > sequence) {
        let detail =
            format!("purchase {}: the Worker tells of event {}, the store has events up to {sequence}", dispatch.purchase, last.sequence);
        alerts::raise(store, AlertKind::EventsMissing, &detail).await?;
    }
    Ok(Acknowledged { sequence })
}

/// The number of the last event that is stored without a gap, and whose page changed.
async fn write(store: &Store, connection: &mut Connection, dispatch: &Dispatch) -> Result<(i64, Option<AccountId>)> {
    let lock = store.0.db.dialect().for_update();
    let row = sqlx::query(AssertSqlSafe(format!("SELECT customer_id, worker_events FROM purchases WHERE id = $1{lock}")))
        .bind(dispatch.purchase.0)
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(Code::NotFound)?;
    let (customer, stored) = (AccountId(row.try_get("customer_id")?), row.try_get("worker_events")?);
    // The Worker goes on knowing the address of the claim until it forgets the purchase.
    let forgotten = customers::is_forgotten(&mut *connection, customer).await?;
    let mut changed = false;
    for state in &dispatch.states {
        let mut state = state.clone();
        if forgotten && let Some(claim) = &mut state.claim {
            claim.ip.clear();
        }
        changed |= write_state(&mut *connection, &state).await?;
    }
    let news = dispatch.after(stored);
    links::log(store, &mut *connection, news, customer).await?;
    let sequence = news.last().map_or(stored, |last| last.sequence);
    Ok((sequence, (changed || !news.is_empty()).then_some(customer)))
}

/// Replaces the copy of a link's state by a newer one; false where there is nothing to replace.
async fn write_state(connection: &mut Connection, state: &State) -> Result<bool> {
    let known = links::state(&mut *connection, state.purchase, state.link).await?;
    let Some(known) = known.filter(|known| known.gateway == Gateway::Worker && known.nonce == state.nonce) else {
        tracing::error!(purchase = state.purchase.0, link = state.link, "the Worker tells of a link that this store did not mint for it");
        return Ok(false);
    };
    // Messages may overtake one another.
    if state.sequence < known.sequence || *state == known {
        return Ok(false);
    }
    links::write(connection, state).await?;
    Ok(true)
}

/// Has the Worker told that a link is revoked. The caller's transaction must be committed before [`wake`].
pub(crate) async fn revoke_later(store: &Store, connection: &mut Connection, purchase: PurchaseId, link: i64) -> Result<()> {
    sqlx::query("INSERT INTO worker_calls (purchase_id, link, due_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(purchase.0)
        .bind(link)
        .bind(store.now().0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets [`waiting`] go on: there may be something to deliver.
pub(crate) fn wake(store: &Store) {
    store.0.calls.notify_one();
}

/// Returns once something new may have to be delivered.
pub async fn waiting(store: &Store) {
    store.0.calls.notified().await;
}

/// Tells the Worker of the revocations that are due, and stops at the first that it does not hear.
pub async fn deliver(store: &Store) -> Result<()> {
    let due: Vec<i64> =
        sqlx::query_scalar("SELECT purchase_id FROM worker_calls WHERE due_at <= $1 GROUP BY purchase_id ORDER BY MIN(due_at) LIMIT $2")
            .bind(store.now().0)
            .bind(BATCH)
            .fetch_all(store.0.db.reader())
            .await?;
    for purchase in due {
        if !settle(store, PurchaseId(purchase)).await? {
            break;
        }
    }
    Ok(())
}

/// Marks what time has made of the copy of a link at the Worker. It is no event: those are the Worker's to tell, and what it
/// tells replaces this.
pub(crate) async fn lapse(store: &Store, purchase: PurchaseId, link: i64) -> Result<()> {
    transaction!(store, |connection| {
        let lock = store.0.db.dialect().for_update();
        sqlx::query(AssertSqlSafe(format!("SELECT id FROM purchases WHERE id = $1{lock}")))
            .bind(purchase.0)
            .execute(&mut *connection)
            .await?;
        if let Some(mut state) = links::state(&mut *connection, purchase, link).await? {
            state.phase = state.phase_at(store.now());
            links::write(connection, &state).await?;
        }
        Ok(())
    })
}

/// Forgets revocations of links of which nothing can be downloaded any more, whatever the Worker knows of them.
pub(crate) async fn forget_calls(store: &Store) -> Result<()> {
    sqlx::query(
        "DELETE FROM worker_calls WHERE EXISTS (SELECT 1 FROM links WHERE links.purchase_id = worker_calls.purchase_id
         AND links.number = worker_calls.link AND links.expires_at <= $1)",
    )
    .bind(store.now().plus(-STREAM_WINDOW).0)
    .execute(store.0.db.writer())
    .await?;
    Ok(())
}

/// True the first time that a signed message of this id is to be answered.
pub async fn is_first(store: &Store, message: &str) -> Result<bool> {
    let noted = sqlx::query("INSERT INTO answered_messages (id, answered_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(message.to_owned())
        .bind(store.now().0)
        .execute(store.0.db.writer())
        .await?;
    Ok(noted.rows_affected() == 1)
}
