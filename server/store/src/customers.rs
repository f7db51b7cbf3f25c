//! Customers as the staff find and see them.

mod personal;
mod search;

use std::collections::HashMap;

use shared::{
    AccountId, Code, Coins, FileId, Instant, PurchaseId, Serial, SubscriptionId, TransferId,
    api::{
        TransferKind, Wallet,
        admin::{
            Address, CustomerLine, CustomerList, CustomerLock, CustomerProfile, CustomerPurchase, CustomerPurchases, CustomerState,
            CustomerSubscription, DownloadAttempt, DownloadOutcome, Ledger, LedgerLine, LockReason, MANY_ADDRESSES, Permission,
            PurchaseDetails, Received,
        },
    },
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

pub(crate) use personal::is_forgotten;
pub use personal::{erase, export};
pub(crate) use search::{Named, named};

use crate::{Result, Staff, Store, db::page, downloads, error::damaged, phones::Forms, sessions, throttle};

/// Lines of a page.
pub(crate) const PAGE: i64 = 25;

/// Whom the staff look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Find {
    /// A serial or its own part, a phone number or part of it in any spelling, words of a name in any spelling; empty for all.
    pub text: String,
    /// How the account stands.
    pub state: Option<CustomerState>,
    /// Where the page begins.
    pub cursor: Option<i64>,
}

const LINE: &str = "id, serial, name, phone, activated_at, expires_at, blocked_at, closed_at, balance, deposited, spent, created_at";

/// A page of the customers that fit, newest first.
pub async fn find(store: &Store, staff: &Staff, find: &Find) -> Result<CustomerList> {
    staff.must(store, Permission::SeeCustomers, "customers.see", "", &staff.origin).await?;
    let named = named(store, &find.text).await?;
    let state = match find.state {
        None => "",
        Some(CustomerState::Temporary) => " AND activated_at IS NULL",
        Some(CustomerState::Active) => " AND activated_at IS NOT NULL AND blocked_at IS NULL",
        Some(CustomerState::Blocked) => " AND blocked_at IS NOT NULL AND closed_at IS NULL",
        Some(CustomerState::Closed) => " AND blocked_at IS NOT NULL AND closed_at IS NOT NULL",
    };
    let below = find.cursor.unwrap_or(i64::MAX);
    let dialect = store.0.db.dialect();
    let (source, newest) = match (&named, find.state) {
        // Who has no name and no phone is in no search.
        (Named::Matching(_), Some(CustomerState::Temporary | CustomerState::Closed)) => {
            return Ok(CustomerList { results: Vec::new(), next_cursor: None });
        }
        // Most are active: the hits are walked from the newest on. Of the few that are blocked there is an index.
        (Named::Matching(_), Some(CustomerState::Active)) => dialect.customers_matching(below),
        // Whoever is on the page is among the newest that match, unless their state decides too.
        (Named::Matching(_), None) => {
            (format!("FROM customers WHERE id IN ({})", dialect.newest_matching("customer", below, PAGE + 1)), "id DESC")
        }
        (named, _) => (format!("FROM customers WHERE {} AND id < {below}", named.condition(store, "id")), "id DESC"),
    };
    let sql = format!("SELECT {LINE} {source}{state} ORDER BY {newest} LIMIT {}", PAGE + 1);
    let mut query = sqlx::query(AssertSqlSafe(sql));
    if let Named::Matching(expression) = named {
        query = query.bind(expression);
    }
    let rows = query.fetch_all(store.0.db.reader()).await?;
    let (rows, next_cursor) = page(&rows, PAGE, "id")?;
    Ok(CustomerList { results: rows.iter().map(line).collect::<Result<_>>()?, next_cursor })
}

fn instant(row: &AnyRow, column: &str) -> Result<Option<Instant>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Instant))
}

fn line(row: &AnyRow) -> Result<CustomerLine> {
    let set = |column| Ok::<_, crate::Error>(instant(row, column)?.is_some());
    let state = match (set("closed_at")?, set("blocked_at")?, set("activated_at")?) {
        (true, ..) => CustomerState::Closed,
        (_, true, _) => CustomerState::Blocked,
        (_, _, true) => CustomerState::Active,
        _ => CustomerState::Temporary,
    };
    Ok(CustomerLine {
        serial: row.try_get("serial")?,
        name: row.try_get("name")?,
        phone: row.try_get("phone")?,
        state,
        balance: row.try_get("balance")?,
        created_at: Instant(row.try_get("created_at")?),
    })
}

/// The account of a serial, closed or not, to look at.
async fn known(store: &Store, serial: &Serial) -> Result<AnyRow> {
    sqlx::query(AssertSqlSafe(format!("SELECT {LINE} FROM customers WHERE serial = $1")))
        .bind(serial.as_str().to_owned())
        .fetch_optional(store.0.db.reader())
        .await?
        .ok_or_else(|| Code::NotFound.into())
}

/// All about a customer that is not a list of its own.
pub async fn profile(store: &Store, staff: &Staff, serial: &Serial) -> Result<CustomerProfile> {
    staff.must(store, Permission::SeeCustomers, "customers.see", serial.as_str(), &staff.origin).await?;
    let row = known(store, serial).await?;
    let id = AccountId(row.try_get("id")?);
    let purchases = sqlx::query_scalar("SELECT COUNT(*) FROM purchases WHERE customer_id = $1").bind(id.0);
    Ok(CustomerProfile {
        customer: line(&row)?,
        activated_at: instant(&row, "activated_at")?,
        expires_at: instant(&row, "expires_at")?,
        blocked_at: instant(&row, "blocked_at")?,
        closed_at: instant(&row, "closed_at")?,
        locks: locks(store, id, serial, row.try_get("phone")?).await?,
        wallet: Wallet { balance: row.try_get("balance")?, total_deposited: row.try_get("deposited")?, total_spent: row.try_get("spent")? },
        purchases: purchases.fetch_one(store.0.db.reader()).await?,
        subscriptions: subscriptions(store, id).await?,
        sessions: sessions::of_customer(store, id).await?,
    })
}

async fn locks(store: &Store, id: AccountId, serial: &Serial, phone: Option<String>) -> Result<Vec<CustomerLock>> {
    let (pin, codes, activation) = (throttle::of_serial(serial.as_str()), throttle::of_codes(id), throttle::of_activation(id));
    let recovery = phone.map(|phone| throttle::of_phone(Forms::of_text(&store.settings(), &phone).counted())).unwrap_or_default();
    let rows = sqlx::query("SELECT subject, failures, locked_until FROM throttles WHERE subject IN ($1, $2, $3, $5) AND locked_until > $4")
        .bind(pin.clone())
        .bind(recovery)
        .bind(codes.clone())
        .bind(store.now().0)
        .bind(activation.clone())
        .fetch_all(store.0.db.reader())
        .await?;
    let lock = |row: &AnyRow| {
        let subject: String = row.try_get("subject")?;
        let reason = match subject {
            subject if subject == pin => LockReason::Pin,
            subject if subject == codes => LockReason::Codes,
            subject if subject == activation => LockReason::Activation,
            _ => LockReason::Recovery,
        };
        Ok(CustomerLock { reason, failures: row.try_get("failures")?, until: Instant(row.try_get("locked_until")?) })
    };
    rows.iter().map(lock).collect()
}

async fn subscriptions(store: &Store, id: AccountId) -> Result<Vec<CustomerSubscription>> {
    let rows = sqlx::query(
        "SELECT subscriptions.id, packages.name, subscriptions.price, files_left, subscriptions.created_at, expires_at FROM subscriptions
         JOIN packages ON packages.id = subscriptions.package_id WHERE customer_id = $1 ORDER BY subscriptions.id DESC LIMIT 100",
    )
    .bind(id.0)
    .fetch_all(store.0.db.reader())
    .await?;
    let subscription = |row: &AnyRow| {
        Ok(CustomerSubscription {
            id: SubscriptionId(row.try_get("id")?),
            package: row.try_get("name")?,
            price_coins: row.try_get("price")?,
            files_left: row.try_get("files_left")?,
            created_at: Instant(row.try_get("created_at")?),
            expires_at: Instant(row.try_get("expires_at")?),
        })
    };
    rows.iter().map(subscription).collect()
}

/// A page of a customer's ledger, newest first.
pub async fn ledger(store: &Store, staff: &Staff, serial: &Serial, cursor: Option<i64>) -> Result<Ledger> {
    staff.must(store, Permission::SeeCustomers, "customers.see", serial.as_str(), &staff.origin).await?;
    ledger_of(store, AccountId(known(store, serial).await?.try_get("id")?), cursor).await
}

async fn ledger_of(store: &Store, customer: AccountId, cursor: Option<i64>) -> Result<Ledger> {
    let rows = sqlx::query(
        "SELECT id, kind, amount, target, balance_after, reference, description, created_at,
             (SELECT username FROM staff WHERE staff.id = transfers.reference) AS username,
             (SELECT id FROM transfers AS corrections WHERE corrections.kind = 'correction' AND corrections.reference = transfers.id) AS corrected_by
         FROM transfers WHERE customer_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
    )
    .bind(customer.0)
    .bind(cursor.unwrap_or(i64::MAX))
    .bind(PAGE + 1)
    .fetch_all(store.0.db.reader())
    .await?;
    let (rows, next_cursor) = page(&rows, PAGE, "id")?;
    let line = |row: &AnyRow| {
        let kind: TransferKind = row.try_get::<String, _>("kind")?.parse().map_err(damaged)?;
        let amount: Coins = row.try_get("amount")?;
        let corrected_by: Option<i64> = row.try_get("corrected_by")?;
        let incoming = row.try_get::<i64, _>("target")? == customer.0;
        let corrects = if kind == TransferKind::Correction { row.try_get("reference")? } else { None };
        Ok(LedgerLine {
            id: TransferId(row.try_get("id")?),
            kind,
            amount: if incoming { amount } else { -amount },
            balance_after: row.try_get("balance_after")?,
            description: row.try_get("description")?,
            created_at: Instant(row.try_get("created_at")?),
            staff: if kind == TransferKind::Direct { row.try_get("username")? } else { None },
            corrected_by: corrected_by.map(TransferId),
            corrects: corrects.map(TransferId),
            correctable: kind == TransferKind::Direct && corrected_by.is_none(),
        })
    };
    Ok(Ledger { results: rows.iter().map(line).collect::<Result<_>>()?, next_cursor })
}

const PURCHASE: &str =
    "SELECT purchases.id, purchases.customer_id, purchases.file_id, files.title, purchases.price, purchases.subscription_id,
    purchases.created_at, purchases.refunded_at, purchases.attempts_allowed, purchases.attempts_granted
    FROM purchases JOIN files ON files.id = purchases.file_id";

/// A page of a customer's purchases, newest first, each with what became of its attempts.
pub async fn purchases(store: &Store, staff: &Staff, serial: &Serial, cursor: Option<i64>) -> Result<CustomerPurchases> {
    staff.must(store, Permission::SeeCustomers, "customers.see", serial.as_str(), &staff.origin).await?;
    purchases_of(store, AccountId(known(store, serial).await?.try_get("id")?), cursor).await
}

async fn purchases_of(store: &Store, customer: AccountId, cursor: Option<i64>) -> Result<CustomerPurchases> {
    let sql = format!("{PURCHASE} WHERE purchases.customer_id = $1 AND purchases.id < $2 ORDER BY purchases.id DESC LIMIT $3");
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(customer.0)
        .bind(cursor.unwrap_or(i64::MAX))
        .bind(PAGE + 1)
        .fetch_all(store.0.db.reader())
        .await?;
    let (rows, next_cursor) = page(&rows, PAGE, "id")?;
    let ids = rows.iter().map(|row| row.try_get("id")).collect::<std::result::Result<Vec<i64>, _>>()?;
    let mut attempts = downloads::of_purchases(store, &ids).await?;
    Ok(CustomerPurchases { results: rows.iter().map(|row| purchase(row, &mut attempts)).collect::<Result<_>>()?, next_cursor })
}

fn purchase(row: &AnyRow, attempts: &mut HashMap<i64, Vec<DownloadAttempt>>) -> Result<CustomerPurchase> {
    let id: i64 = row.try_get("id")?;
    let attempts = attempts.remove(&id).unwrap_or_default();
    let used = attempts.iter().filter(|attempt| attempt.outcome != DownloadOutcome::Unclaimed).count();
    let furthest = [Received::Complete, Received::Partly].into_iter().find(|much| attempts.iter().any(|attempt| attempt.received == *much));
    let addresses = attempts.first().map_or(0, |attempt| attempt.addresses);
    Ok(CustomerPurchase {
        purchase_id: PurchaseId(id),
        file_id: FileId(row.try_get("file_id")?),
        file_title: row.try_get("title")?,
        price_coins: row.try_get("price")?,
        subscription: row.try_get::<Option<i64>, _>("subscription_id")?.is_some(),
        purchased_at: Instant(row.try_get("created_at")?),
        refunded_at: instant(row, "refunded_at")?,
        received: furthest.unwrap_or(Received::Never),
        attempts_allowed: row.try_get("attempts_allowed")?,
        attempts_used: i64::try_from(used).map_err(damaged)?,
        attempts_granted: row.try_get("attempts_granted")?,
        addresses,
        many_addresses: addresses >= MANY_ADDRESSES,
        attempts,
    })
}

/// One purchase, whose it is, and the addresses it was downloaded from.
pub async fn purchase_details(store: &Store, staff: &Staff, id: PurchaseId) -> Result<PurchaseDetails> {
    staff.must(store, Permission::SeeDownloads, "downloads.see", format!("purchase:{id}"), &staff.origin).await?;
    let row = sqlx::query(AssertSqlSafe(format!("{PURCHASE} WHERE purchases.id = $1")))
        .bind(id.0)
        .fetch_optional(store.0.db.reader())
        .await?
        .ok_or(Code::NotFound)?;
    let customer = sqlx::query(AssertSqlSafe(format!("SELECT {LINE} FROM customers WHERE id = $1")))
        .bind(row.try_get::<i64, _>("customer_id")?)
        .fetch_one(store.0.db.reader())
        .await?;
    let rows = sqlx::query(
        "SELECT ip, COUNT(*) AS events, MIN(created_at) AS first_at, MAX(created_at) AS last_at FROM download_events
         WHERE purchase_id = $1 AND ip <> '' AND kind NOT LIKE 'refused%' GROUP BY ip ORDER BY MAX(created_at) DESC LIMIT 100",
    )
    .bind(id.0)
    .fetch_all(store.0.db.reader())
    .await?;
    let address = |row: &AnyRow| {
        Ok(Address {
            ip: row.try_get("ip")?,
            events: row.try_get("events")?,
            first_at: Instant(row.try_get("first_at")?),
            last_at: Instant(row.try_get("last_at")?),
        })
    };
    let mut attempts = downloads::of_purchases(store, &[id.0]).await?;
    Ok(PurchaseDetails {
        customer: line(&customer)?,
        purchase: purchase(&row, &mut attempts)?,
        addresses: rows.iter().map(address).collect::<Result<_>>()?,
    })
}
