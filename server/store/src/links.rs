//! Protected links (design, section 6): minted at the press of Download, then moved by [`shared::link`], one transaction a step.
//! What is particular to links at the Worker stands in [`crate::edge`].

use object_store::{GetOptions, GetRange, GetResult, ObjectStore};
use shared::{
    AccountId, Code, Instant, Notice, PurchaseId, VersionId,
    api::AttemptState,
    link::{Answer, Event, Gateway, Kind, Located, Record, Reply, Request, STREAM_WINDOW, Site, State, Ticket, step},
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use crate::{
    Customer, Origin, Result, Store, accounts,
    audit::{self, Entry},
    customers,
    db::{Connection, transaction},
    edge,
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

/// Presses Download: reserves an attempt and mints a link, or gives the unclaimed link that lives. The Worker serves it when it
/// answers, else the embedded gateway does. [`Code::DownloadsExhausted`] when no attempt is left, [`Code::PurchaseRefunded`] after a
/// refund, [`Code::Unavailable`] when the last attempt is tied up at a Worker that does not answer.
pub async fn press_download(store: &Store, customer: &Customer, purchase: PurchaseId, origin: &Origin) -> Result<Pressed> {
    let (actor, subject) = (customer.actor(), format!("purchase:{purchase}"));
    let gateway = edge::choose(store, customer.id, purchase).await?;
    let pressed = transaction!(store, |connection| {
        let pressed = press(store, &mut *connection, customer.id, purchase, gateway).await?;
        audit::record(store, &mut *connection, &Entry { actor: &actor, action: "links.press", subject: &subject, outcome: "ok", origin })
            .await?;
        Ok(pressed)
    });
    match &pressed {
        Ok(_) => {
            store.live().changed(customer.id);
            edge::wake(store);
        }
        Err(error) if !error.is_fault() => {
            let outcome = error.problem().code.as_str();
            audit::record_alone(store, &Entry { actor: &actor, action: "links.press", subject: &subject, outcome, origin }).await?;
        }
        Err(_) => {}
    }
    pressed
}

async fn press(store: &Store, connection: &mut Connection, customer: AccountId, purchase: PurchaseId, gateway: Gateway) -> Result<Pressed> {
    let now = store.now();
    // The purchase's row is what presses and steps wait for one another at.
    let sql = format!(
        "SELECT purchases.file_id, purchases.attempts_allowed, purchases.refunded_at, purchases.embedded_events, purchases.worker_events,
                versions.id AS version_id, versions.size, versions.sha256, versions.file_name, versions.content_type, versions.storage_key
         FROM purchases JOIN files ON files.id = purchases.file_id JOIN versions ON versions.id = files.version_id
         WHERE purchases.id = $1 AND purchases.customer_id = $2{}",
        if store.0.db.dialect().for_update().is_empty() { "" } else { " FOR UPDATE OF purchases" }
    );
    let row =
        sqlx::query(AssertSqlSafe(sql)).bind(purchase.0).bind(customer.0).fetch_optional(&mut *connection).await?.ok_or(Code::NotFound)?;
    if row.try_get::<Option<i64>, _>("refunded_at")?.is_some() {
        return Err(Code::PurchaseRefunded.into());
    }
    // A block locks the purchases before it is written: whoever comes after it sees it.
    accounts::must_not_be_blocked(&mut *connection, customer).await?;
    let links = sqlx::query(
        "SELECT links.number, links.gateway, phase, ticket, created_at, expires_at, claimed_at, bytes_sent, worker_calls.link AS revoking
         FROM links LEFT JOIN worker_calls ON worker_calls.purchase_id = links.purchase_id AND worker_calls.link = links.number
         WHERE links.purchase_id = $1 ORDER BY links.number",
    )
    .bind(purchase.0)
    .fetch_all(&mut *connection)
    .await?;
    let attempts = links.iter().map(|link| sales::attempt(link, now)).collect::<Result<Vec<_>>>()?;
    let allowed: i64 = row.try_get("attempts_allowed")?;
    let used = sales::used(&attempts);
    // Unclaimed links that live, and of those the ones that can't be relied on: the Worker does not answer for them.
    let mut tied_up = Vec::new();
    for (link, attempt) in links.iter().zip(&attempts).filter(|(_, attempt)| attempt.state == AttemptState::Issued) {
        if is_given(link, gateway)? {
            let ticket: Ticket = serde_json::from_str(&link.try_get::<String, _>("ticket")?).map_err(damaged)?;
            return Ok(Pressed { url: address(store, &ticket), expires_at: ticket.expires_at, used, left: (allowed - used).max(0) });
        }
        tied_up.push(attempt.number);
    }
    if used >= allowed {
        return Err(if tied_up.is_empty() { Code::DownloadsExhausted } else { Code::Unavailable }.into());
    }
    for number in tied_up {
        edge::revoke_later(store, &mut *connection, purchase, number).await?;
    }
    let ticket = Ticket {
        gateway,
        purchase,
        link: attempts.last().map_or(0, |attempt| attempt.number) + 1,
        attempt: used + 1,
        version: VersionId(row.try_get("version_id")?),
        size: u64::try_from(row.try_get::<i64, _>("size")?).map_err(damaged)?,
        etag: row.try_get::<String, _>("sha256")?,
        name: row.try_get("file_name")?,
        content_type: row.try_get("content_type")?,
        storage_key: bucket_key(store, &row.try_get::<String, _>("storage_key")?),
        sequence: row.try_get(counter(gateway))?,
        issued_at: now,
        expires_at: now.plus(store.settings().link_life),
        nonce: store.random(),
    };
    let state = State::issued(&ticket, ticket.sequence);
    sqlx::query(
        "INSERT INTO links (purchase_id, number, gateway, version_id, ticket, state, phase, created_at, expires_at, customer_id, file_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(purchase.0)
    .bind(ticket.link)
    .bind(gateway.as_str())
    .bind(ticket.version.0)
    .bind(serde_json::to_string(&ticket).map_err(damaged)?)
    .bind(serde_json::to_string(&state).map_err(damaged)?)
    .bind(state.phase.as_str())
    .bind(now.0)
    .bind(ticket.expires_at.0)
    .bind(customer.0)
    .bind(row.try_get::<i64, _>("file_id")?)
    .execute(&mut *connection)
    .await?;
    Ok(Pressed { url: address(store, &ticket), expires_at: ticket.expires_at, used: used + 1, left: allowed - used - 1 })
}

/// Whether a link that is unclaimed as far as is known may be given to its customer once more. The Worker was just asked about its own.
fn is_given(link: &AnyRow, gateway: Gateway) -> Result<bool> {
    let at_worker = link.try_get::<String, _>("gateway")? == Gateway::Worker.as_str();
    Ok(!at_worker || (gateway == Gateway::Worker && link.try_get::<Option<i64>, _>("revoking")?.is_none()))
}

/// The key of a content in the bucket that the Worker reads.
fn bucket_key(store: &Store, storage_key: &str) -> String {
    match store.0.files_prefix.as_str() {
        "" => storage_key.to_owned(),
        prefix => format!("{prefix}/{storage_key}"),
    }
}

/// The column of a purchase that counts a gateway's events.
fn counter(gateway: Gateway) -> &'static str {
    match gateway {
        Gateway::Embedded => "embedded_events",
        Gateway::Worker => "worker_events",
    }
}

fn address(store: &Store, ticket: &Ticket) -> String {
    let gateway = match (ticket.gateway, &store.0.edge) {
        (Gateway::Worker, Some(edge)) => edge.url(),
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
        let sequence = state.sequence;
        let answer = site.answer(request, located, Some(state), sequence, fresh, store.now());
        if let Some(state) = &answer.state {
            save(store, &mut *connection, state, &answer.records, customer).await?;
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
    let known = load(store, &mut *connection, purchase, link).await?;
    // The Worker decides about its links alone.
    let (state, customer) = known.filter(|(state, _)| state.gateway == Gateway::Embedded).ok_or(Code::NotFound)?;
    let step = step(&state, event, store.now());
    if step.changed {
        save(store, connection, &step.state, &step.records, customer).await?;
    }
    Ok((step.reply, step.changed.then_some(customer)))
}

/// Locks the purchase and reads the link's state, with the purchase's own last event number in it.
async fn load(store: &Store, connection: &mut Connection, purchase: PurchaseId, link: i64) -> Result<Option<(State, AccountId)>> {
    let lock = store.0.db.dialect().for_update();
    let purchases = sqlx::query(AssertSqlSafe(format!("SELECT customer_id, embedded_events FROM purchases WHERE id = $1{lock}")))
        .bind(purchase.0)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = purchases else { return Ok(None) };
    let Some(state) = state(&mut *connection, purchase, link).await? else { return Ok(None) };
    Ok(Some((state.with_sequence(row.try_get("embedded_events")?), AccountId(row.try_get("customer_id")?))))
}

/// The state of a link as it was last written.
pub(crate) async fn state(connection: &mut Connection, purchase: PurchaseId, link: i64) -> Result<Option<State>> {
    let state: Option<String> = sqlx::query_scalar("SELECT state FROM links WHERE purchase_id = $1 AND number = $2")
        .bind(purchase.0)
        .bind(link)
        .fetch_optional(connection)
        .await?;
    state.map(|state| serde_json::from_str(&state).map_err(damaged)).transpose()
}

async fn save(store: &Store, connection: &mut Connection, state: &State, events: &[Record], customer: AccountId) -> Result<()> {
    write(&mut *connection, state).await?;
    log(store, connection, events, customer).await
}

/// Writes a link's state.
pub(crate) async fn write(connection: &mut Connection, state: &State) -> Result<()> {
    sqlx::query(
        "UPDATE links SET state = $3, phase = $4, expires_at = $5, bytes_sent = $6, claimed_at = $7 WHERE purchase_id = $1 AND number = $2",
    )
    .bind(state.purchase.0)
    .bind(state.link)
    .bind(serde_json::to_string(state).map_err(damaged)?)
    .bind(state.phase.as_str())
    .bind(state.usable_until().0)
    .bind(i64::try_from(state.bytes_sent()).map_err(damaged)?)
    .bind(state.claim.as_ref().map(|claim| claim.at.0))
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds events that follow on the last one of their purchase and gateway to its log, and tells the customer of what they end. The caller
/// holds the purchase's row.
pub(crate) async fn log(store: &Store, connection: &mut Connection, events: &[Record], customer: AccountId) -> Result<()> {
    let Some(last) = events.last() else { return Ok(()) };
    sqlx::query(AssertSqlSafe(format!("UPDATE purchases SET {} = $2 WHERE id = $1", counter(last.gateway))))
        .bind(last.purchase.0)
        .bind(last.sequence)
        .execute(&mut *connection)
        .await?;
    let forgotten = customers::is_forgotten(&mut *connection, customer).await?;
    // PostgreSQL's texts can't hold a NUL.
    let kept = |text: &str| if forgotten { String::new() } else { text.replace('\0', "") };
    for event in events {
        sqlx::query(
            "INSERT INTO download_events (purchase_id, gateway, sequence, link, kind, ip, user_agent, detail, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(event.purchase.0)
        .bind(event.gateway.as_str())
        .bind(event.sequence)
        .bind(event.link)
        .bind(event.kind.as_str())
        .bind(kept(&event.ip))
        .bind(kept(&event.user_agent))
        .bind(serde_json::to_string(&event.detail).map_err(damaged)?)
        .bind(event.at.0)
        .execute(&mut *connection)
        .await?;
        if event.kind.is_trouble() {
            sqlx::query("UPDATE links SET trouble = $3 WHERE purchase_id = $1 AND number = $2")
                .bind(event.purchase.0)
                .bind(event.link)
                .bind(event.kind.as_str())
                .execute(&mut *connection)
                .await?;
        }
        if event.kind == Kind::Completed && !forgotten {
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

/// Revokes all links of a purchase in the transaction of the refund or block, whose caller then calls [`edge::wake`].
pub(crate) async fn revoke(store: &Store, connection: &mut Connection, purchase: PurchaseId) -> Result<()> {
    // Long enough after its time that nothing can be left of it, though the Worker may know of a claim that the store does not.
    let links =
        sqlx::query("SELECT number, gateway FROM links WHERE purchase_id = $1 AND phase <> 'revoked' AND expires_at > $2 ORDER BY number")
            .bind(purchase.0)
            .bind(store.now().plus(-STREAM_WINDOW).0)
            .fetch_all(&mut *connection)
            .await?;
    for link in &links {
        let number = link.try_get("number")?;
        if link.try_get::<String, _>("gateway")? == Gateway::Worker.as_str() {
            edge::revoke_later(store, &mut *connection, purchase, number).await?;
        } else {
            apply_in(store, &mut *connection, purchase, number, &Event::Revoke).await?;
        }
    }
    Ok(())
}

/// Revokes all links of a customer in the transaction that blocks the account.
pub(crate) async fn revoke_all(store: &Store, connection: &mut Connection, customer: AccountId) -> Result<()> {
    let lock = store.0.db.dialect().for_update();
    // All are locked, not only those with links: a press that runs meanwhile must come before or see the block.
    let purchases: Vec<i64> =
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT id FROM purchases WHERE customer_id = $1 ORDER BY id{lock}")))
            .bind(customer.0)
            .fetch_all(&mut *connection)
            .await?;
    for purchase in purchases {
        revoke(store, &mut *connection, PurchaseId(purchase)).await?;
    }
    Ok(())
}

/// The size of a version's content in bytes.
pub async fn content_size(store: &Store, version: VersionId) -> Result<u64> {
    let size: Option<i64> =
        sqlx::query_scalar("SELECT size FROM versions WHERE id = $1").bind(version.0).fetch_optional(store.0.db.reader()).await?;
    u64::try_from(size.ok_or(Code::NotFound)?).map_err(damaged)
}

/// Opens the bytes `from..to` of a version's content as a stream.
pub async fn content(store: &Store, version: VersionId, from: u64, to: u64) -> Result<GetResult> {
    let key: Option<String> =
        sqlx::query_scalar("SELECT storage_key FROM versions WHERE id = $1").bind(version.0).fetch_optional(store.0.db.reader()).await?;
    let options = GetOptions { range: Some(GetRange::Bounded(from..to)), ..GetOptions::default() };
    Ok(store.0.files.get_opts(&storage::path_of(&key.ok_or(Code::NotFound)?), options).await?)
}

/// A download's log: every event of the customer's purchase, each gateway's in their order, both by time.
pub async fn events(store: &Store, purchase: PurchaseId) -> Result<Vec<Logged>> {
    let rows = sqlx::query(
        "SELECT gateway, sequence, link, kind, ip, user_agent, detail, created_at FROM download_events WHERE purchase_id = $1
         ORDER BY MAX(created_at) OVER (PARTITION BY gateway ORDER BY sequence), gateway, sequence",
    )
    .bind(purchase.0)
    .fetch_all(store.0.db.reader())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Logged {
                gateway: row.try_get("gateway")?,
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
    /// The gateway: `embedded` or `worker`.
    pub gateway: String,
    /// Its number within the purchase and gateway, without gaps.
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
