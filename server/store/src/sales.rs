//! Purchases and what becomes of them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use shared::{
    AccountId, Code, Coins, FileId, Instant, Notice, PurchaseId,
    api::{
        Attempt, AttemptState, MyPurchase, TransferKind,
        admin::{MAX_GRANTS, Permission},
    },
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use crate::{
    Customer, Error, Origin, Result, Staff, Store, accounts,
    audit::{self, Entry},
    db::{Connection, transaction},
    edge,
    error::{damaged, field},
    idempotency::{Once, digest},
    ledger::{self, Movement},
    links, notifications,
    text::line,
};

/// How many purchases a list holds at most.
const LISTED: i64 = 500;

/// A purchase that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bought {
    /// The purchase.
    pub purchase_id: PurchaseId,
    /// The customer's balance afterwards, in coins.
    pub new_balance: Coins,
}

/// Buys a file: checks and debits the balance, records the sale, tells the customer, in one transaction (design, section 5).
/// A file that a current subscription covers costs nothing. Owned already is [`Code::AlreadyPurchased`], even without coins;
/// an account that was blocked or closed meanwhile gets [`Code::AccountBlocked`].
pub async fn purchase(store: &Store, customer: &Customer, file: FileId, key: Option<&str>, origin: &Origin) -> Result<Bought> {
    customer.must_be_activated()?;
    let (actor, subject) = (customer.actor(), format!("file:{file}"));
    let once = Once::new(&actor, key, format!("purchase {file}"))?;
    let bought: Result<Bought> = transaction!(store, |connection| {
        if let Some(answer) = once.begin(store, &mut *connection).await? {
            return Ok(answer);
        }
        let bought = buy(store, &mut *connection, customer.id, file).await?;
        audit::record(
            store,
            &mut *connection,
            &Entry { actor: &actor, action: "sales.purchase", subject: &subject, outcome: "ok", origin },
        )
        .await?;
        once.finish(&mut *connection, &bought).await?;
        Ok(bought)
    });
    match &bought {
        Ok(_) => store.live().changed(customer.id),
        Err(Error::Problem(problem)) => {
            let outcome = problem.code.as_str();
            audit::record_alone(store, &Entry { actor: &actor, action: "sales.purchase", subject: &subject, outcome, origin }).await?;
        }
        Err(_) => {}
    }
    bought
}

/// `$2` is the customer, `$3` now: the file with the subscription that would pay for it.
const OFFER: &str = "SELECT files.title, files.price, (
        SELECT subscriptions.id FROM subscriptions
        WHERE subscriptions.customer_id = $2 AND subscriptions.expires_at > $3 AND subscriptions.files_left > 0
        AND (NOT EXISTS (SELECT 1 FROM subscription_categories WHERE subscription_categories.subscription_id = subscriptions.id)
             OR EXISTS (SELECT 1 FROM subscription_categories
                 WHERE subscription_categories.subscription_id = subscriptions.id AND subscription_categories.category_id = files.category_id))
        ORDER BY subscriptions.expires_at LIMIT 1) AS subscription_id
    FROM files WHERE files.id = $1 AND files.published = 1 AND files.version_id IS NOT NULL";

async fn buy(store: &Store, connection: &mut Connection, customer: AccountId, file: FileId) -> Result<Bought> {
    let now = store.now();
    let offer =
        sqlx::query(OFFER).bind(file.0).bind(customer.0).bind(now.0).fetch_optional(&mut *connection).await?.ok_or(Code::NotFound)?;
    let (title, price): (String, Coins) = (offer.try_get("title")?, offer.try_get("price")?);
    let subscription = match offer.try_get::<Option<i64>, _>("subscription_id")? {
        // A parallel purchase may have taken the last one: then the file costs its price.
        Some(subscription) if price > 0 => {
            sqlx::query_scalar::<_, i64>(
                "UPDATE subscriptions SET files_left = files_left - 1 WHERE id = $1 AND files_left > 0 RETURNING id",
            )
            .bind(subscription)
            .fetch_optional(&mut *connection)
            .await?
        }
        _ => None,
    };
    let price = if subscription.is_some() { 0 } else { price };
    let purchase: Option<i64> = sqlx::query_scalar(
        "INSERT INTO purchases (customer_id, file_id, price, subscription_id, attempts_allowed, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(customer.0)
    .bind(file.0)
    .bind(price)
    .bind(subscription)
    .bind(store.settings().attempts)
    .bind(now.0)
    .fetch_optional(&mut *connection)
    .await?;
    let purchase_id = PurchaseId(purchase.ok_or(Code::AlreadyPurchased)?);
    // The row refers to the customer, so that its insertion has waited for an erasure that was under way.
    accounts::must_not_be_blocked(&mut *connection, customer).await?;
    let new_balance = if price > 0 {
        let movement =
            Movement { customer, kind: TransferKind::Purchase, amount: price, reference: Some(purchase_id.0), description: &title };
        ledger::post(store, &mut *connection, &movement).await?
    } else {
        sqlx::query_scalar("SELECT balance FROM customers WHERE id = $1").bind(customer.0).fetch_one(&mut *connection).await?
    };
    notifications::add(store, &mut *connection, customer, &Notice::Purchased { purchase_id, file_id: file, title, price }).await?;
    Ok(Bought { purchase_id, new_balance })
}

const MINE: &str =
    "SELECT purchases.id, purchases.file_id, purchases.price, purchases.attempts_allowed, purchases.created_at, purchases.refunded_at,
        files.title, files.kind, files.cover_etag, categories.name AS category_name, versions.size, versions.number
    FROM purchases JOIN files ON files.id = purchases.file_id JOIN categories ON categories.id = files.category_id
    JOIN versions ON versions.id = files.version_id WHERE purchases.customer_id = $1";

/// The customer's purchases, newest first, five hundred at most.
pub async fn mine(store: &Store, customer: &Customer) -> Result<Vec<MyPurchase>> {
    let rows = sqlx::query(AssertSqlSafe(format!("{MINE} ORDER BY purchases.id DESC LIMIT {LISTED}")))
        .bind(customer.id.0)
        .fetch_all(store.0.db.reader())
        .await?;
    let links = sqlx::query(
        "SELECT purchase_id, number, phase, created_at, expires_at, claimed_at, bytes_sent FROM links
         WHERE purchase_id IN (SELECT id FROM purchases WHERE customer_id = $1 ORDER BY id DESC LIMIT $2) ORDER BY number",
    )
    .bind(customer.id.0)
    .bind(LISTED)
    .fetch_all(store.0.db.reader())
    .await?;
    let mut attempts: HashMap<i64, Vec<Attempt>> = HashMap::new();
    for link in &links {
        attempts.entry(link.try_get("purchase_id")?).or_default().push(attempt(link, store.now())?);
    }
    rows.iter().map(|row| my_purchase(row, &mut attempts, store.now())).collect()
}

/// One of the customer's purchases.
pub async fn get(store: &Store, customer: &Customer, purchase: PurchaseId) -> Result<MyPurchase> {
    let row = sqlx::query(AssertSqlSafe(format!("{MINE} AND purchases.id = $2")))
        .bind(customer.id.0)
        .bind(purchase.0)
        .fetch_optional(store.0.db.reader())
        .await?
        .ok_or(Code::NotFound)?;
    let links = sqlx::query(
        "SELECT purchase_id, number, phase, created_at, expires_at, claimed_at, bytes_sent FROM links WHERE purchase_id = $1 ORDER BY number",
    )
    .bind(purchase.0)
    .fetch_all(store.0.db.reader())
    .await?;
    let attempts: Vec<Attempt> = links.iter().map(|link| attempt(link, store.now())).collect::<Result<_>>()?;
    my_purchase(&row, &mut HashMap::from([(purchase.0, attempts)]), store.now())
}

/// One link as an attempt, as it stands now: a lapse of time needs no clean-up to be seen.
pub(crate) fn attempt(row: &AnyRow, now: Instant) -> Result<Attempt> {
    // The protocol's phases and the API's states are the same words.
    let phase: AttemptState = row.try_get::<String, _>("phase")?.parse().map_err(damaged)?;
    let claimed = row.try_get::<Option<i64>, _>("claimed_at")?.is_some();
    let expires_at = Instant(row.try_get("expires_at")?);
    let state = match phase {
        AttemptState::Issued if expires_at <= now => AttemptState::Expired,
        AttemptState::Claimed if expires_at <= now => AttemptState::Closed,
        AttemptState::Revoked if !claimed => AttemptState::Expired,
        phase => phase,
    };
    Ok(Attempt {
        number: row.try_get("number")?,
        state,
        created_at: Instant(row.try_get("created_at")?),
        expires_at,
        bytes_sent: row.try_get("bytes_sent")?,
    })
}

/// Attempts that count: one that expired unclaimed was given back.
pub(crate) fn used(attempts: &[Attempt]) -> i64 {
    attempts.iter().fold(0, |used, attempt| if attempt.state == AttemptState::Expired { used } else { used + 1 })
}

fn my_purchase(row: &AnyRow, attempts: &mut HashMap<i64, Vec<Attempt>>, now: Instant) -> Result<MyPurchase> {
    let id: i64 = row.try_get("id")?;
    let attempts = attempts.remove(&id).unwrap_or_default();
    let file_id = FileId(row.try_get("file_id")?);
    let refunded = row.try_get::<Option<i64>, _>("refunded_at")?.is_some();
    let used = used(&attempts);
    let left = (row.try_get::<i64, _>("attempts_allowed")? - used).max(0);
    let live =
        attempts.iter().find(|attempt| attempt.state == AttemptState::Issued && attempt.expires_at > now).map(|attempt| attempt.expires_at);
    let reason = if refunded {
        Some(Code::PurchaseRefunded)
    } else if left == 0 && live.is_none() {
        Some(Code::DownloadsExhausted)
    } else {
        None
    };
    let etag: Option<String> = row.try_get("cover_etag")?;
    Ok(MyPurchase {
        purchase_id: PurchaseId(id),
        file_id,
        file_title: row.try_get("title")?,
        category_name: row.try_get("category_name")?,
        kind: row.try_get::<String, _>("kind")?.parse().map_err(damaged)?,
        cover_url: etag.map(|etag| format!("/covers/{file_id}?v={}", &etag[..8.min(etag.len())])),
        size_bytes: row.try_get("size")?,
        version: row.try_get("number")?,
        price_coins: row.try_get("price")?,
        purchased_at: Instant(row.try_get("created_at")?),
        downloads_count: used,
        downloads_left: left,
        can_download: reason.is_none(),
        reason,
        link_expires_at: live,
        attempts,
    })
}

/// Pays a purchase back and revokes its links: by an owner or manager, with a reason of 1 to 200 characters.
pub async fn refund(store: &Store, staff: &Staff, purchase: PurchaseId, reason: &str, key: Option<&str>, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::MoveCoins, "sales.refund", format!("purchase:{purchase}"), origin).await?;
    let reason = reason.trim();
    line(reason, 1, 200).map_err(|code| field("reason", code))?;
    let actor = staff.actor();
    let once = Once::new(&actor, key, format!("refund {purchase} {}", digest(reason)))?;
    let customer = transaction!(store, deed, |connection| {
        if let Some(customer) = once.begin(store, &mut *connection).await? {
            return Ok(customer);
        }
        let refunded = sqlx::query(
            "UPDATE purchases SET refunded_at = $2 WHERE id = $1 AND refunded_at IS NULL RETURNING customer_id, price,
             (SELECT title FROM files WHERE files.id = purchases.file_id) AS title",
        )
        .bind(purchase.0)
        .bind(store.now().0)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = refunded else {
            let known: Option<i64> =
                sqlx::query_scalar("SELECT id FROM purchases WHERE id = $1").bind(purchase.0).fetch_optional(&mut *connection).await?;
            return Err(if known.is_some() { Code::AlreadyRefunded } else { Code::NotFound }.into());
        };
        let (customer, amount, title) = (AccountId(row.try_get("customer_id")?), row.try_get("price")?, row.try_get::<String, _>("title")?);
        if amount > 0 {
            let movement = Movement { customer, kind: TransferKind::Refund, amount, reference: Some(purchase.0), description: &title };
            ledger::post(store, &mut *connection, &movement).await?;
        }
        links::revoke(store, &mut *connection, purchase).await?;
        notifications::add(store, &mut *connection, customer, &Notice::Refunded { title, amount }).await?;
        deed.done(store, &mut *connection, reason).await?;
        once.finish(&mut *connection, &customer).await?;
        Ok(customer)
    })?;
    store.live().changed(customer);
    edge::wake(store);
    Ok(())
}

/// Gives a purchase one more attempt, with a reason of 1 to 200 characters. [`Code::GrantsExhausted`] when the staff gave [`MAX_GRANTS`].
pub async fn grant_attempt(
    store: &Store,
    staff: &Staff,
    purchase: PurchaseId,
    reason: &str,
    key: Option<&str>,
    origin: &Origin,
) -> Result<()> {
    let deed = staff.must(store, Permission::HelpCustomers, "sales.grant_attempt", format!("purchase:{purchase}"), origin).await?;
    let reason = reason.trim();
    line(reason, 1, 200).map_err(|code| field("reason", code))?;
    let actor = staff.actor();
    let once = Once::new(&actor, key, format!("grant {purchase} {}", digest(reason)))?;
    let customer = transaction!(store, deed, |connection| {
        if let Some(customer) = once.begin(store, &mut *connection).await? {
            return Ok(customer);
        }
        let granted = sqlx::query(
            "UPDATE purchases SET attempts_allowed = attempts_allowed + 1, attempts_granted = attempts_granted + 1
             WHERE id = $1 AND refunded_at IS NULL AND attempts_granted < $2 RETURNING customer_id,
             (SELECT title FROM files WHERE files.id = purchases.file_id) AS title",
        )
        .bind(purchase.0)
        .bind(MAX_GRANTS)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = granted else { return Err(not_granted(&mut *connection, purchase).await?) };
        let customer = AccountId(row.try_get("customer_id")?);
        let notice = Notice::AttemptGranted { purchase_id: purchase, title: row.try_get("title")? };
        notifications::add(store, &mut *connection, customer, &notice).await?;
        deed.done(store, &mut *connection, reason).await?;
        once.finish(&mut *connection, &customer).await?;
        Ok(customer)
    })?;
    store.live().changed(customer);
    Ok(())
}

/// Why a purchase gets no more attempts.
async fn not_granted(connection: &mut Connection, purchase: PurchaseId) -> Result<Error> {
    let refunded: Option<Option<i64>> =
        sqlx::query_scalar("SELECT refunded_at FROM purchases WHERE id = $1").bind(purchase.0).fetch_optional(connection).await?;
    Ok(match refunded {
        None => Code::NotFound,
        Some(Some(_)) => Code::PurchaseRefunded,
        Some(None) => Code::GrantsExhausted,
    }
    .into())
}
