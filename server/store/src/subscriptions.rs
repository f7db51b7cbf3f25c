//! Subscription packages: for some days, files of some categories cost nothing, up to a number (design, section 5).

use shared::{
    AccountId, CategoryId, Code, Coins, FieldCode, Fields, Instant, MAX_COINS, Notice, PackageId, SubscriptionId, SubscriptionStage,
    api::{
        Package, Subscribed, Subscription, TransferKind,
        admin::{AuditValues, OfferedPackage, Permission},
    },
    ms,
};
use sqlx::{AssertSqlSafe, Row};

use crate::{
    Customer, Error, Origin, Result, Staff, Store, accounts,
    audit::{self, Deed, Entry},
    db::{Connection, transaction},
    error::field,
    idempotency::Once,
    ledger::{self, Movement},
    notifications,
    text::{line, lines, trimmed},
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

/// Up to how long after its end a customer is told that it is over.
const NEWS: i64 = 3 * ms::DAY;
/// Subscriptions of one kind that one sweep tells of.
const BATCH: i64 = 500;

/// Offers a package, by the operator.
pub async fn add(store: &Store, new: &NewPackage) -> Result<PackageId> {
    insert(store, &Deed::operator("packages.add", ""), new).await
}

/// Offers a package.
pub async fn offer(store: &Store, staff: &Staff, new: &NewPackage, origin: &Origin) -> Result<PackageId> {
    let deed = staff.must(store, Permission::ManagePackages, "packages.add", "", origin).await?;
    insert(store, &deed, new).await
}

/// The package with its texts trimmed, when it breaks no rule.
fn checked(new: &NewPackage) -> Result<NewPackage> {
    let mut fields = Fields::default();
    let (name, description) = (new.name.trim().to_owned(), trimmed(&new.description));
    let mut fine = fields.check("name", line(&name, 1, 100)).is_some();
    fine &= fields.check("description", lines(&description, 0, 1000)).is_some();
    for (name, number, most) in [("price_coins", new.price, MAX_COINS), ("days", new.days, 3660), ("files", new.files, 100_000)] {
        fine &= fields.within(name, number, 1..=most).is_some();
    }
    if fine { Ok(NewPackage { name, description, ..new.clone() }) } else { Err(fields.problem().into()) }
}

async fn insert(store: &Store, deed: &Deed<'_>, new: &NewPackage) -> Result<PackageId> {
    let new = checked(new)?;
    transaction!(store, deed, |connection| {
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
        cover(&mut *connection, PackageId(id), &new.categories).await?;
        let (subject, outcome) = (named(PackageId(id)), terms(&mut *connection, PackageId(id), &new).await?);
        deed.did(store, &mut *connection, "packages.add", &subject, &outcome).await?;
        Ok(PackageId(id))
    })
}

/// As the audit log names it.
fn named(id: PackageId) -> String {
    format!("package:{id}")
}

/// What a package promises, for the audit log: with the names of its categories, as they are now.
async fn terms(connection: &mut Connection, id: PackageId, package: &NewPackage) -> Result<String> {
    let categories = sqlx::query_scalar(
        "SELECT categories.name FROM package_categories JOIN categories ON categories.id = package_categories.category_id
         WHERE package_categories.package_id = $1 ORDER BY categories.position, categories.id",
    )
    .bind(id.0)
    .fetch_all(connection)
    .await?;
    let NewPackage { name, price, days, files, .. } = package.clone();
    Ok(AuditValues::Package { name, price_coins: price, days, files, categories }.to_string())
}

async fn cover(connection: &mut Connection, package: PackageId, categories: &[CategoryId]) -> Result<()> {
    for category in categories {
        sqlx::query("INSERT INTO package_categories (package_id, category_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(package.0)
            .bind(category.0)
            .execute(&mut *connection)
            .await
            .map_err(|error| match &error {
                sqlx::Error::Database(broken) if broken.is_foreign_key_violation() => field("categories", FieldCode::Format),
                _ => Error::from(error),
            })?;
    }
    Ok(())
}

/// Changes what a package is from now on. Subscriptions that run keep what was bought.
pub async fn edit(store: &Store, staff: &Staff, id: PackageId, new: &NewPackage, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::ManagePackages, "packages.edit", named(id), origin).await?;
    let new = checked(new)?;
    transaction!(store, deed, |connection| {
        let updated = sqlx::query("UPDATE packages SET name = $2, description = $3, price = $4, days = $5, files = $6 WHERE id = $1")
            .bind(id.0)
            .bind(new.name.clone())
            .bind(new.description.clone())
            .bind(new.price)
            .bind(new.days)
            .bind(new.files)
            .execute(&mut *connection)
            .await?;
        if updated.rows_affected() == 0 {
            return Err(Code::NotFound.into());
        }
        sqlx::query("DELETE FROM package_categories WHERE package_id = $1").bind(id.0).execute(&mut *connection).await?;
        cover(&mut *connection, id, &new.categories).await?;
        let outcome = terms(&mut *connection, id, &new).await?;
        deed.done(store, &mut *connection, &outcome).await
    })
}

/// Offers a package again, or withdraws it: nobody can buy it any more, and subscriptions run on.
pub async fn set_published(store: &Store, staff: &Staff, id: PackageId, published: bool, origin: &Origin) -> Result<()> {
    let action = if published { "packages.publish" } else { "packages.withdraw" };
    let deed = staff.must(store, Permission::ManagePackages, action, named(id), origin).await?;
    transaction!(store, deed, |connection| {
        let updated = sqlx::query("UPDATE packages SET published = $2 WHERE id = $1")
            .bind(id.0)
            .bind(i64::from(published))
            .execute(&mut *connection)
            .await?;
        if updated.rows_affected() == 0 {
            return Err(Code::NotFound.into());
        }
        deed.done(store, &mut *connection, "ok").await
    })
}

/// Every package, the newest first.
pub async fn offered(store: &Store, staff: &Staff) -> Result<Vec<OfferedPackage>> {
    staff.must(store, Permission::ManagePackages, "packages.see", "", &staff.origin).await?;
    let rows = sqlx::query(
        "SELECT packages.id, packages.name, packages.description, packages.price, packages.days, packages.files, packages.published,
             packages.created_at, COUNT(subscriptions.id) AS sold, CAST(COALESCE(SUM(subscriptions.price), 0) AS BIGINT) AS earned,
             CAST(COALESCE(SUM(CASE WHEN subscriptions.expires_at > $1 THEN 1 ELSE 0 END), 0) AS BIGINT) AS running
         FROM packages LEFT JOIN subscriptions ON subscriptions.package_id = packages.id
         GROUP BY packages.id, packages.name, packages.description, packages.price, packages.days, packages.files, packages.published,
             packages.created_at ORDER BY packages.id DESC",
    )
    .bind(store.now().0)
    .fetch_all(store.0.db.reader())
    .await?;
    let covered =
        sqlx::query("SELECT package_id, category_id FROM package_categories ORDER BY category_id").fetch_all(store.0.db.reader()).await?;
    let covered =
        covered.iter().map(|row| Ok((row.try_get("package_id")?, row.try_get("category_id")?))).collect::<Result<Vec<(i64, i64)>>>()?;
    rows.iter()
        .map(|row| {
            let id: i64 = row.try_get("id")?;
            Ok(OfferedPackage {
                id: PackageId(id),
                name: row.try_get("name")?,
                description: row.try_get("description")?,
                price_coins: row.try_get("price")?,
                days: row.try_get("days")?,
                files: row.try_get("files")?,
                categories: covered.iter().filter(|(package, _)| *package == id).map(|(_, category)| CategoryId(*category)).collect(),
                published: row.try_get::<i64, _>("published")? == 1,
                running: row.try_get("running")?,
                sold: row.try_get("sold")?,
                earned: row.try_get("earned")?,
                created_at: Instant(row.try_get("created_at")?),
            })
        })
        .collect()
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

/// Buys a package. [`Code::AlreadySubscribed`] while an earlier subscription to it covers files, [`Code::AccountBlocked`] for an account
/// that was blocked or closed meanwhile.
pub async fn subscribe(store: &Store, customer: &Customer, package: PackageId, key: Option<&str>, origin: &Origin) -> Result<Subscribed> {
    customer.must_be_activated()?;
    let (actor, subject) = (customer.actor(), format!("package:{package}"));
    let once = Once::new(&actor, key, format!("subscribe {package}"))?;
    let now = store.now();
    let lock = store.0.db.dialect().for_share();
    let subscribed: Result<Subscribed> = transaction!(store, |connection| {
        if let Some(answer) = once.begin(store, &mut *connection).await? {
            return Ok(answer);
        }
        // Held, so that its categories, which are read below, are those of this price.
        let row =
            sqlx::query(AssertSqlSafe(format!("SELECT name, price, days, files FROM packages WHERE id = $1 AND published = 1{lock}")))
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
        // The debit has waited for a block or an erasure that was under way.
        accounts::must_not_be_blocked(&mut *connection, customer.id).await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO subscriptions (customer_id, package_id, price, files, files_left, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $4, $5, $6) RETURNING id",
        )
        .bind(customer.id.0)
        .bind(package.0)
        .bind(price)
        .bind(files)
        .bind(now.0)
        .bind(expires_at.0)
        .fetch_one(&mut *connection)
        .await?;
        sqlx::query("INSERT INTO subscription_categories (subscription_id, category_id) SELECT CAST($1 AS BIGINT), category_id FROM package_categories WHERE package_id = $2")
            .bind(id)
            .bind(package.0)
            .execute(&mut *connection)
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
    });
    match &subscribed {
        Ok(_) => store.live().changed(customer.id),
        Err(Error::Problem(problem)) => {
            let outcome = problem.code.as_str();
            let entry = Entry { actor: &actor, action: "subscriptions.subscribe", subject: &subject, outcome, origin };
            audit::record_alone(store, &entry).await?;
        }
        Err(_) => {}
    }
    subscribed
}

/// What a customer is told of a subscription, once: the column that remembers it, and the subscriptions that are due, where `$1` is now.
struct Reminder {
    told: &'static str,
    due: &'static str,
    stage: SubscriptionStage,
}

const REMINDERS: &[Reminder] = &[
    Reminder { told: "over_told_at", due: "expires_at <= $1", stage: SubscriptionStage::Over },
    Reminder { told: "used_up_told_at", due: "files_left = 0", stage: SubscriptionStage::UsedUp },
    Reminder { told: "ending_told_at", due: "expires_at <= $1 + 3 * 86400000", stage: SubscriptionStage::Ending },
];

/// Tells customers of subscriptions that end within three days, cover no more files, or are over; each of it once.
pub(crate) async fn remind(store: &Store) -> Result<()> {
    for reminder in REMINDERS {
        let told = transaction!(store, |connection| { remind_of(store, &mut *connection, reminder).await })?;
        for customer in told {
            store.live().changed(customer);
        }
    }
    Ok(())
}

async fn remind_of(store: &Store, connection: &mut Connection, Reminder { told, due, stage }: &Reminder) -> Result<Vec<AccountId>> {
    let now = store.now();
    // Of two sweeps at once the second one finds the rows told of. A package that was bought again needs no reminder.
    let sql = format!(
        "UPDATE subscriptions SET {told} = $1 WHERE {told} IS NULL AND id IN
             (SELECT id FROM subscriptions WHERE {told} IS NULL AND {due} ORDER BY id LIMIT {BATCH})
         RETURNING customer_id, expires_at, files_left, (SELECT name FROM packages WHERE packages.id = subscriptions.package_id) AS package,
             (SELECT COUNT(*) FROM subscriptions AS newer WHERE newer.customer_id = subscriptions.customer_id
              AND newer.package_id = subscriptions.package_id AND newer.id > subscriptions.id) AS renewed"
    );
    let mut customers = Vec::new();
    for row in sqlx::query(AssertSqlSafe(sql)).bind(now.0).fetch_all(&mut *connection).await? {
        let (until, left): (Instant, i64) = (Instant(row.try_get("expires_at")?), row.try_get("files_left")?);
        let news = match stage {
            SubscriptionStage::Ending => left > 0 && until > now,
            SubscriptionStage::UsedUp => until > now,
            SubscriptionStage::Over => until.plus(NEWS) > now,
        };
        if news && row.try_get::<i64, _>("renewed")? == 0 {
            let customer = AccountId(row.try_get("customer_id")?);
            let notice = Notice::Subscription { stage: *stage, package: row.try_get("package")?, until, left };
            notifications::add(store, &mut *connection, customer, &notice).await?;
            customers.push(customer);
        }
    }
    Ok(customers)
}
