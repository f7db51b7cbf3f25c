//! Subscription packages: for some days, files of some categories cost nothing, up to a number (design, section 5).

use shared::{
    AccountId, CategoryId, Code, Coins, FieldCode, Instant, MAX_COINS, Notice, PackageId, SubscriptionId,
    api::{Package, Subscribed, Subscription, TransferKind},
    ms,
};
use sqlx::Row;

use crate::{
    Customer, Origin, Result, Store,
    audit::{self, Entry},
    codes::line,
    db::transaction,
    error::field,
    idempotency::Once,
    ledger::{self, Movement},
    notifications,
};

/// A package to offer.
#[derive(Debug, Clone)]
pub struct NewPackage {
    /// 1 to 100 characters.
    pub name: String,
    /// Up to 1000 characters.
    pub description: String,
    /// Coins, positive.
    pub price: Coins,
    /// For how many days.
    pub days: i64,
    /// How many files it covers.
    pub files: i64,
    /// The categories it covers; empty for all.
    pub categories: Vec<CategoryId>,
}

/// Offers a package.
pub async fn add(store: &Store, new: &NewPackage) -> Result<PackageId> {
    line(&new.name, 1, 100).map_err(|code| field("name", code))?;
    line(&new.description, 0, 1000).map_err(|code| field("description", code))?;
    for (name, number, most) in [("price_coins", new.price, MAX_COINS), ("days", new.days, 3660), ("files", new.files, 100_000)] {
        if !(1..=most).contains(&number) {
            return Err(field(name, FieldCode::Range));
        }
    }
    transaction!(store, |connection| {
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO packages (name, description, price, days, files, created_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        )
        .bind(new.name.clone())
        .bind(new.description.clone())
        .bind(new.price)
        .bind(new.days)
        .bind(new.files)
        .bind(store.now().0)
        .fetch_one(&mut *connection)
        .await?;
        for category in &new.categories {
            sqlx::query("INSERT INTO package_categories (package_id, category_id) VALUES ($1, $2)")
                .bind(id)
                .bind(category.0)
                .execute(&mut *connection)
                .await?;
        }
        Ok(PackageId(id))
    })
}

/// The packages on offer, cheapest first, with the viewer's current subscription to each.
pub async fn packages(store: &Store, viewer: Option<AccountId>) -> Result<Vec<Package>> {
    let rows = sqlx::query(
        "SELECT packages.id, packages.name, packages.description, packages.price, packages.days, packages.files,
                subscriptions.id AS subscription_id, subscriptions.expires_at, subscriptions.files_left
         FROM packages LEFT JOIN subscriptions ON subscriptions.id = (SELECT MAX(latest.id) FROM subscriptions AS latest
              WHERE latest.package_id = packages.id AND latest.customer_id = $1 AND latest.expires_at > $2)
         WHERE packages.published = 1 ORDER BY packages.price, packages.id",
    )
    .bind(viewer.map_or(0, |viewer| viewer.0))
    .bind(store.now().0)
    .fetch_all(store.0.db.reader())
    .await?;
    let covered = sqlx::query(
        "SELECT package_categories.package_id, categories.name FROM package_categories
         JOIN categories ON categories.id = package_categories.category_id ORDER BY categories.position",
    )
    .fetch_all(store.0.db.reader())
    .await?;
    rows.iter()
        .map(|row| {
            let id: i64 = row.try_get("id")?;
            let subscription = match row.try_get::<Option<i64>, _>("subscription_id")? {
                Some(subscription) => Some(Subscription {
                    id: SubscriptionId(subscription),
                    expires_at: Instant(row.try_get("expires_at")?),
                    files_left: row.try_get("files_left")?,
                }),
                None => None,
            };
            let mut categories = Vec::new();
            for category in &covered {
                if category.try_get::<i64, _>("package_id")? == id {
                    categories.push(category.try_get("name")?);
                }
            }
            Ok(Package {
                id: PackageId(id),
                name: row.try_get("name")?,
                description: row.try_get("description")?,
                price_coins: row.try_get("price")?,
                days: row.try_get("days")?,
                files: row.try_get("files")?,
                categories,
                subscription,
            })
        })
        .collect()
}

/// Buys a package. [`Code::AlreadySubscribed`] while an earlier subscription to it covers files.
pub async fn subscribe(store: &Store, customer: &Customer, package: PackageId, key: Option<&str>, origin: &Origin) -> Result<Subscribed> {
    customer.must_be_activated()?;
    let (actor, subject) = (customer.actor(), format!("package:{package}"));
    let once = Once::new(&actor, key, format!("subscribe {package}"))?;
    let now = store.now();
    let subscribed = transaction!(store, |connection| {
        if let Some(answer) = once.begin(store, &mut *connection).await? {
            return Ok(answer);
        }
        let row = sqlx::query("SELECT name, price, days, files FROM packages WHERE id = $1 AND published = 1")
            .bind(package.0)
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(Code::NotFound)?;
        let (name, price, days, files): (String, Coins, i64, i64) =
            (row.try_get("name")?, row.try_get("price")?, row.try_get("days")?, row.try_get("files")?);
        let expires_at = now.plus(days * ms::DAY);
        // The debit locks the customer, so that of two presses the second one sees the first one's subscription.
        let movement = Movement {
            customer: customer.id,
            kind: TransferKind::Subscription,
            amount: price,
            reference: Some(package.0),
            description: &name,
        };
        let paid = ledger::post(store, &mut *connection, &movement).await;
        let current: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM subscriptions WHERE customer_id = $1 AND package_id = $2 AND expires_at > $3 AND files_left > 0",
        )
        .bind(customer.id.0)
        .bind(package.0)
        .bind(now.0)
        .fetch_optional(&mut *connection)
        .await?;
        if current.is_some() {
            return Err(Code::AlreadySubscribed.into());
        }
        let balance = paid?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO subscriptions (customer_id, package_id, price, files_left, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        )
        .bind(customer.id.0)
        .bind(package.0)
        .bind(price)
        .bind(files)
        .bind(now.0)
        .bind(expires_at.0)
        .fetch_one(&mut *connection)
        .await?;
        notifications::add(store, &mut *connection, customer.id, &Notice::Subscribed { package: name, until: expires_at }).await?;
        audit::record(
            store,
            &mut *connection,
            &Entry { actor: &actor, action: "subscriptions.subscribe", subject: &subject, outcome: "ok", origin },
        )
        .await?;
        let subscription = Subscription { id: SubscriptionId(id), expires_at, files_left: files };
        let answer = Subscribed { success: true, new_balance: balance, subscription };
        once.finish(&mut *connection, &answer).await?;
        Ok(answer)
    })?;
    store.live().changed(customer.id);
    Ok(subscribed)
}
