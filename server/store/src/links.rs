//! Protected links (design, section 6): minted at the press of Download, then moved by [`shared::link`], one transaction a step.

use object_store::{GetOptions, GetRange, GetResult, ObjectStore};
use shared::{
    AccountId, Code, Instant, Notice, PurchaseId, VersionId,
    link::{Answer, Event, Gateway, Kind, Located, Record, Reply, Request, Site, State, Ticket, step},
};
use sqlx::{AssertSqlSafe, Row};

use crate::{
    Customer, Origin, Result, Store,
    audit::{self, Entry},
    db::{Connection, transaction},
    error::damaged,
    notifications, sales, storage,
};

/// A link as the customer gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pressed {
    /// Its address: POST it.
    pub url: String,
    /// Until when it can be claimed.
    pub expires_at: Instant,
    /// Attempts used, this one included.
    pub used: i64,
    /// Attempts left.
    pub left: i64,
}

/// Presses Download: reserves an attempt and mints a link, or gives the unclaimed link that lives. [`Code::DownloadsExhausted`]
/// when no attempt is left, [`Code::PurchaseRefunded`] after a refund.
pub async fn press_download(store: &Store, customer: &Customer, purchase: PurchaseId, origin: &Origin) -> Result<Pressed> {
    let (actor, subject) = (customer.actor(), format!("purchase:{purchase}"));
    let pressed = transaction!(store, |connection| {
        let pressed = press(store, &mut *connection, customer.id, purchase).await?;
        audit::record(store, &mut *connection, &Entry { actor: &actor, action: "links.press", subject: &subject, outcome: "ok", origin })
            .await?;
        Ok(pressed)
    });
    match &pressed {
        Ok(_) => store.live().changed(customer.id),
        Err(error) if !error.is_fault() => {
            let outcome = error.problem().code.as_str();
            audit::record_failure(store, &Entry { actor: &actor, action: "links.press", subject: &subject, outcome, origin }).await?;
        }
        Err(_) => {}
    }
    pressed
}

async fn press(store: &Store, connection: &mut Connection, customer: AccountId, purchase: PurchaseId) -> Result<Pressed> {
    let now = store.now();
    // The purchase's row is what presses and steps wait for one another at.
    let sql = format!(
        "SELECT purchases.attempts_allowed, purchases.refunded_at, purchases.events_count, versions.id AS version_id, versions.size,
                versions.sha256, versions.file_name, versions.content_type
         FROM purchases JOIN files ON files.id = purchases.file_id JOIN versions ON versions.id = files.version_id
         WHERE purchases.id = $1 AND purchases.customer_id = $2{}",
        if store.0.db.dialect().for_update().is_empty() { "" } else { " FOR UPDATE OF purchases" }
    );
    let row =
        sqlx::query(AssertSqlSafe(sql)).bind(purchase.0).bind(customer.0).fetch_optional(&mut *connection).await?.ok_or(Code::NotFound)?;
    if row.try_get::<Option<i64>, _>("refunded_at")?.is_some() {
        return Err(Code::PurchaseRefunded.into());
    }
    let links = sqlx::query(
        "SELECT number, phase, ticket, created_at, expires_at, claimed_at, bytes_sent FROM links WHERE purchase_id = $1 ORDER BY number",
    )
    .bind(purchase.0)
    .fetch_all(&mut *connection)
    .await?;
    let attempts = links.iter().map(|link| sales::attempt(link, now)).collect::<Result<Vec<_>>>()?;
    let allowed: i64 = row.try_get("attempts_allowed")?;
    let used = sales::used(&attempts);
    let alive = attempts.iter().position(|attempt| attempt.state == shared::api::AttemptState::Issued);
    if let Some(alive) = alive {
        let ticket: Ticket = serde_json::from_str(&links[alive].try_get::<String, _>("ticket")?).map_err(damaged)?;
        return Ok(Pressed { url: address(store, &ticket), expires_at: ticket.expires_at, used, left: (allowed - used).max(0) });
    }
    if used >= allowed {
        return Err(Code::DownloadsExhausted.into());
    }
    let ticket = Ticket {
        gateway: if store.0.worker_url.is_some() { Gateway::Worker } else { Gateway::Embedded },
        purchase,
        link: attempts.last().map_or(0, |attempt| attempt.number) + 1,
        attempt: used + 1,
        version: VersionId(row.try_get("version_id")?),
        size: u64::try_from(row.try_get::<i64, _>("size")?).map_err(damaged)?,
        etag: row.try_get::<String, _>("sha256")?,
        name: row.try_get("file_name")?,
        content_type: row.try_get("content_type")?,
        issued_at: now,
        expires_at: now.plus(store.settings().link_life),
        nonce: store.random(),
    };
    let state = State::issued(&ticket, row.try_get("events_count")?);
    sqlx::query(
        "INSERT INTO links (purchase_id, number, version_id, ticket, state, phase, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(purchase.0)
    .bind(ticket.link)
    .bind(ticket.version.0)
    .bind(serde_json::to_string(&ticket).map_err(damaged)?)
    .bind(serde_json::to_string(&state).map_err(damaged)?)
    .bind(state.phase.as_str())
    .bind(now.0)
    .bind(ticket.expires_at.0)
    .execute(&mut *connection)
    .await?;
    Ok(Pressed { url: address(store, &ticket), expires_at: ticket.expires_at, used: used + 1, left: allowed - used - 1 })
}

fn address(store: &Store, ticket: &Ticket) -> String {
    let gateway = match (ticket.gateway, &store.0.worker_url) {
        (Gateway::Worker, Some(worker)) => worker,
        _ => &store.0.public_url,
    };
    format!("{gateway}/d/{}", ticket.seal(&store.0.link_keys))
}

/// The gateway that this store embeds.
pub fn site(store: &Store) -> Site {
    Site {
        gateway: Gateway::Embedded,
        keys: store.0.link_keys.clone(),
        secure: store.0.public_url.starts_with("https:"),
        store_url: store.0.public_url.clone(),
    }
}

/// Answers a request for a link: one step, with its events, in one transaction.
pub async fn answer(store: &Store, site: &Site, request: &Request, located: &Located) -> Result<Answer> {
    let fresh = store.random();
    let (answer, changed) = transaction!(store, |connection| {
        let Some((state, customer)) = load(store, &mut *connection, located.purchase, located.link).await? else {
            // This store minted every link that it serves: one it does not know is none, however well it is signed.
            let mut unknown = located.clone();
            unknown.ticket = None;
            return Ok((site.answer(request, &unknown, None, 0, fresh, store.now()), None));
        };
        let before = state.clone();
        let sequence = state.sequence;
        let answer = site.answer(request, located, Some(state), sequence, fresh, store.now());
        if let Some(state) = &answer.state {
            save(store, &mut *connection, &before, state, &answer.records, customer).await?;
        }
        Ok((answer, Some(customer)))
    })?;
    if let Some(customer) = changed.filter(|_| answer.state.is_some()) {
        store.live().changed(customer);
    }
    Ok(answer)
}

/// Applies what the gateway itself knows of a link's stream, the clean-up of its time, or the shop of its end.
pub async fn apply(store: &Store, purchase: PurchaseId, link: i64, event: &Event) -> Result<Reply> {
    let (reply, changed) = transaction!(store, |connection| { apply_in(store, &mut *connection, purchase, link, event).await })?;
    if let Some(customer) = changed {
        store.live().changed(customer);
    }
    Ok(reply)
}

async fn apply_in(
    store: &Store,
    connection: &mut Connection,
    purchase: PurchaseId,
    link: i64,
    event: &Event,
) -> Result<(Reply, Option<AccountId>)> {
    let (before, customer) = load(store, &mut *connection, purchase, link).await?.ok_or(Code::NotFound)?;
    let step = step(&before, event, store.now());
    if step.changed {
        save(store, connection, &before, &step.state, &step.records, customer).await?;
    }
    Ok((step.reply, step.changed.then_some(customer)))
}

/// Locks the purchase and reads the link's state, with the purchase's own last event number in it.
async fn load(store: &Store, connection: &mut Connection, purchase: PurchaseId, link: i64) -> Result<Option<(State, AccountId)>> {
    let lock = store.0.db.dialect().for_update();
    let purchases = sqlx::query(AssertSqlSafe(format!("SELECT customer_id, events_count FROM purchases WHERE id = $1{lock}")))
        .bind(purchase.0)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = purchases else { return Ok(None) };
    let state: Option<String> = sqlx::query_scalar("SELECT state FROM links WHERE purchase_id = $1 AND number = $2")
        .bind(purchase.0)
        .bind(link)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(state) = state else { return Ok(None) };
    let state: State = serde_json::from_str(&state).map_err(damaged)?;
    Ok(Some((state.with_sequence(row.try_get("events_count")?), AccountId(row.try_get("customer_id")?))))
}

async fn save(
    store: &Store,
    connection: &mut Connection,
    before: &State,
    state: &State,
    events: &[Record],
    customer: AccountId,
) -> Result<()> {
    let claimed_at = match before.phase.as_str() {
        "issued" if events.iter().any(|event| event.kind == Kind::Claimed) => Some(store.now().0),
        _ => None,
    };
    sqlx::query(
        "UPDATE links SET state = $3, phase = $4, expires_at = $5, bytes_sent = $6, claimed_at = COALESCE(claimed_at, $7)
         WHERE purchase_id = $1 AND number = $2",
    )
    .bind(state.purchase.0)
    .bind(state.link)
    .bind(serde_json::to_string(state).map_err(damaged)?)
    .bind(state.phase.as_str())
    .bind(state.usable_until().0)
    .bind(i64::try_from(state.bytes_sent()).map_err(damaged)?)
    .bind(claimed_at)
    .execute(&mut *connection)
    .await?;
    if events.is_empty() {
        return Ok(());
    }
    sqlx::query("UPDATE purchases SET events_count = $2 WHERE id = $1")
        .bind(state.purchase.0)
        .bind(state.sequence)
        .execute(&mut *connection)
        .await?;
    for event in events {
        sqlx::query(
            "INSERT INTO download_events (purchase_id, sequence, link, kind, ip, user_agent, detail, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(event.purchase.0)
        .bind(event.sequence)
        .bind(event.link)
        .bind(event.kind.as_str())
        .bind(event.ip.clone())
        .bind(event.user_agent.chars().filter(|character| *character != '\0').collect::<String>())
        .bind(serde_json::to_string(&event.detail).map_err(damaged)?)
        .bind(event.at.0)
        .execute(&mut *connection)
        .await?;
        if event.kind == Kind::Completed {
            tell_downloaded(store, connection, event.purchase, customer).await?;
        }
    }
    Ok(())
}

async fn tell_downloaded(store: &Store, connection: &mut Connection, purchase_id: PurchaseId, customer: AccountId) -> Result<()> {
    let row = sqlx::query(
        "SELECT files.title, purchases.attempts_allowed FROM purchases JOIN files ON files.id = purchases.file_id WHERE purchases.id = $1",
    )
    .bind(purchase_id.0)
    .fetch_one(&mut *connection)
    .await?;
    let links = sqlx::query("SELECT number, phase, created_at, expires_at, claimed_at, bytes_sent FROM links WHERE purchase_id = $1")
        .bind(purchase_id.0)
        .fetch_all(&mut *connection)
        .await?;
    let attempts = links.iter().map(|link| sales::attempt(link, store.now())).collect::<Result<Vec<_>>>()?;
    let left = (row.try_get::<i64, _>("attempts_allowed")? - sales::used(&attempts)).max(0);
    let notice = Notice::Downloaded { purchase_id, title: row.try_get("title")?, left };
    notifications::add(store, connection, customer, &notice).await
}

/// Revokes all links of a purchase in the transaction of the refund or block.
pub(crate) async fn revoke(store: &Store, connection: &mut Connection, purchase: PurchaseId) -> Result<()> {
    let numbers: Vec<i64> = sqlx::query_scalar(
        "SELECT number FROM links WHERE purchase_id = $1 AND phase IN ('issued', 'claimed', 'complete') ORDER BY number",
    )
    .bind(purchase.0)
    .fetch_all(&mut *connection)
    .await?;
    for number in numbers {
        apply_in(store, &mut *connection, purchase, number, &Event::Revoke).await?;
    }
    Ok(())
}

/// Opens the bytes `from..to` of a version's content as a stream.
pub async fn content(store: &Store, version: VersionId, from: u64, to: u64) -> Result<GetResult> {
    let key: Option<String> =
        sqlx::query_scalar("SELECT storage_key FROM versions WHERE id = $1").bind(version.0).fetch_optional(store.0.db.reader()).await?;
    let options = GetOptions { range: Some(GetRange::Bounded(from..to)), ..GetOptions::default() };
    Ok(store.0.files.get_opts(&storage::path_of(&key.ok_or(Code::NotFound)?), options).await?)
}

/// A download's log: every event of the customer's purchase, in order.
pub async fn events(store: &Store, purchase: PurchaseId) -> Result<Vec<Logged>> {
    let rows = sqlx::query(
        "SELECT sequence, link, kind, ip, user_agent, detail, created_at FROM download_events WHERE purchase_id = $1 ORDER BY sequence",
    )
    .bind(purchase.0)
    .fetch_all(store.0.db.reader())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Logged {
                sequence: row.try_get("sequence")?,
                link: row.try_get("link")?,
                kind: row.try_get("kind")?,
                ip: row.try_get("ip")?,
                user_agent: row.try_get("user_agent")?,
                detail: row.try_get("detail")?,
                at: Instant(row.try_get("created_at")?),
            })
        })
        .collect()
}

/// One event of a download's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its number within the purchase, without gaps.
    pub sequence: i64,
    /// The link's number.
    pub link: i64,
    /// What happened, as [`Kind`] spells it.
    pub kind: String,
    /// The address it was asked from.
    pub ip: String,
    /// The program that asked.
    pub user_agent: String,
    /// Range, bytes and the like, in JSON.
    pub detail: String,
    /// When.
    pub at: Instant,
}
