//! Recomputes everything that the ledger must agree with.

use sqlx::Row;

use crate::{Result, Store, sales_count, statistics};

/// Each check finds rows that should not be: what is told of a row, and the SQL that finds its `id` and, where they differ, two numbers.
/// What is summed of transfers is summed before it is joined: over a million of them `SQLite` would else walk all of a kind for each row.
const CHECKS: &[(&str, &str)] = &[
    (
        "customer {id}: cached balance {a}, sum of transfers {b}",
        "SELECT customers.id, customers.balance AS a, CAST(COALESCE(SUM(CASE WHEN transfers.target = customers.id THEN transfers.amount ELSE -transfers.amount END), 0) AS BIGINT) AS b
         FROM customers LEFT JOIN transfers ON transfers.customer_id = customers.id GROUP BY customers.id, customers.balance
         HAVING customers.balance <> COALESCE(SUM(CASE WHEN transfers.target = customers.id THEN transfers.amount ELSE -transfers.amount END), 0)",
    ),
    (
        "customer {id}: cached deposits {a}, sum of transfers {b}",
        "SELECT customers.id, customers.deposited AS a,
             CAST(COALESCE(SUM(CASE WHEN transfers.kind = 'correction' THEN -transfers.amount ELSE transfers.amount END), 0) AS BIGINT) AS b
         FROM customers LEFT JOIN transfers ON transfers.customer_id = customers.id
             AND transfers.kind IN ('activation_bonus', 'recharge_code', 'direct_recharge', 'correction')
         GROUP BY customers.id, customers.deposited
         HAVING customers.deposited <> COALESCE(SUM(CASE WHEN transfers.kind = 'correction' THEN -transfers.amount ELSE transfers.amount END), 0)",
    ),
    (
        "transfer {id}: takes {a} back of transfer {b}, which is no direct recharge of the same customer, or moved less",
        "SELECT corrections.id, corrections.amount AS a, COALESCE(corrections.reference, 0) AS b FROM transfers AS corrections
         LEFT JOIN transfers AS mistakes ON mistakes.id = corrections.reference AND mistakes.kind = 'direct_recharge'
             AND mistakes.customer_id = corrections.customer_id AND mistakes.amount >= corrections.amount
         WHERE corrections.kind = 'correction' AND mistakes.id IS NULL",
    ),
    (
        "customer {id}: closed, but not forgotten: {a} sessions are left, and {b} names or phones",
        "SELECT customers.id, (SELECT COUNT(*) FROM sessions WHERE sessions.customer_id = customers.id) AS a,
             CAST(CASE WHEN name IS NULL AND phone IS NULL THEN 0 ELSE 1 END AS BIGINT) AS b
         FROM customers WHERE closed_at IS NOT NULL AND (name IS NOT NULL OR phone IS NOT NULL OR blocked_at IS NULL
             OR EXISTS (SELECT 1 FROM sessions WHERE sessions.customer_id = customers.id))",
    ),
    (
        "transfer {id}: balance afterwards {a}, sum until then {b}",
        "SELECT id, balance_after AS a, CAST(total AS BIGINT) AS b FROM (SELECT id, balance_after,
             SUM(CASE WHEN target = customer_id THEN amount ELSE -amount END) OVER (PARTITION BY customer_id ORDER BY id) AS total FROM transfers) AS running
         WHERE balance_after <> total",
    ),
    (
        "purchase {id}: price {a}, debited {b}",
        "SELECT purchases.id, purchases.price AS a, CAST(COALESCE(SUM(transfers.amount), 0) AS BIGINT) AS b FROM purchases
         LEFT JOIN transfers ON transfers.kind = 'purchase' AND transfers.reference = purchases.id AND transfers.customer_id = purchases.customer_id
         GROUP BY purchases.id, purchases.price HAVING purchases.price <> COALESCE(SUM(transfers.amount), 0)",
    ),
    (
        "purchase {id}: to pay back {a}, paid back {b}",
        "SELECT purchases.id, CASE WHEN refunded_at IS NULL THEN 0 ELSE purchases.price END AS a, CAST(COALESCE(SUM(transfers.amount), 0) AS BIGINT) AS b
         FROM purchases LEFT JOIN transfers ON transfers.kind = 'refund' AND transfers.reference = purchases.id
         GROUP BY purchases.id, purchases.price, purchases.refunded_at
         HAVING CASE WHEN refunded_at IS NULL THEN 0 ELSE purchases.price END <> COALESCE(SUM(transfers.amount), 0)",
    ),
    (
        "transfer {id}: a debit without its purchase",
        "SELECT transfers.id, transfers.amount AS a, transfers.reference AS b FROM transfers LEFT JOIN purchases ON purchases.id = transfers.reference
         WHERE transfers.kind = 'purchase' AND purchases.id IS NULL",
    ),
    (
        "code {id}: value {a}, credited {b}",
        "SELECT codes.id, CASE WHEN codes.redeemed_by IS NULL THEN 0 ELSE code_batches.value END AS a, COALESCE(credited.amount, 0) AS b
         FROM codes JOIN code_batches ON code_batches.id = codes.batch_id
         LEFT JOIN (SELECT reference, CAST(SUM(amount) AS BIGINT) AS amount FROM transfers WHERE kind = 'recharge_code' GROUP BY reference) AS credited
             ON credited.reference = codes.id
         WHERE CASE WHEN codes.redeemed_by IS NULL THEN 0 ELSE code_batches.value END <> COALESCE(credited.amount, 0)",
    ),
    (
        "batch {id}: {a} codes promised, {b} there",
        "SELECT code_batches.id, code_batches.count AS a, COUNT(codes.id) AS b FROM code_batches LEFT JOIN codes ON codes.batch_id = code_batches.id
         GROUP BY code_batches.id, code_batches.count HAVING code_batches.count <> COUNT(codes.id)",
    ),
    (
        "batch {id}: {a} redemptions counted, {b} there",
        "SELECT code_batches.id, code_batches.redeemed AS a, COUNT(codes.redeemed_at) AS b FROM code_batches LEFT JOIN codes ON codes.batch_id = code_batches.id
         GROUP BY code_batches.id, code_batches.redeemed HAVING code_batches.redeemed <> COUNT(codes.redeemed_at)",
    ),
    (
        "customer {id}: subscriptions cost {a}, debited {b}",
        "SELECT customers.id, CAST(COALESCE((SELECT SUM(price) FROM subscriptions WHERE customer_id = customers.id), 0) AS BIGINT) AS a,
                CAST(COALESCE((SELECT SUM(amount) FROM transfers WHERE customer_id = customers.id AND kind = 'subscription'), 0) AS BIGINT) AS b
         FROM customers WHERE COALESCE((SELECT SUM(price) FROM subscriptions WHERE customer_id = customers.id), 0)
             <> COALESCE((SELECT SUM(amount) FROM transfers WHERE customer_id = customers.id AND kind = 'subscription'), 0)",
    ),
    (
        "purchase {id}: {a} download events of the embedded gateway counted, {b} there",
        "SELECT purchases.id, purchases.embedded_events AS a, COUNT(download_events.sequence) AS b FROM purchases
         LEFT JOIN download_events ON download_events.purchase_id = purchases.id AND download_events.gateway = 'embedded'
         GROUP BY purchases.id, purchases.embedded_events HAVING purchases.embedded_events <> COUNT(download_events.sequence)",
    ),
    (
        "purchase {id}: {a} download events of the Worker counted, {b} there",
        "SELECT purchases.id, purchases.worker_events AS a, COUNT(download_events.sequence) AS b FROM purchases
         LEFT JOIN download_events ON download_events.purchase_id = purchases.id AND download_events.gateway = 'worker'
         GROUP BY purchases.id, purchases.worker_events HAVING purchases.worker_events <> COUNT(download_events.sequence)",
    ),
    (
        "category {id}: {a} files counted, {b} there",
        "SELECT categories.id, categories.files_count AS a, COUNT(files.id) AS b FROM categories
         LEFT JOIN files ON files.category_id = categories.id AND files.published = 1
         GROUP BY categories.id, categories.files_count HAVING categories.files_count <> COUNT(files.id)",
    ),
    (
        "transfer {id}: {a} coins of a code that is not redeemed",
        "SELECT transfers.id, transfers.amount AS a, transfers.reference AS b FROM transfers LEFT JOIN codes ON codes.id = transfers.reference
         AND codes.redeemed_by = transfers.customer_id AND codes.redeemed_at IS NOT NULL WHERE transfers.kind = 'recharge_code' AND codes.id IS NULL",
    ),
    (
        "batch {id}: codes of {a} coins redeemed, {b} credited",
        "SELECT code_batches.id, CAST(code_batches.value * COUNT(codes.id) AS BIGINT) AS a, CAST(COALESCE(SUM(credited.amount), 0) AS BIGINT) AS b
         FROM code_batches JOIN codes ON codes.batch_id = code_batches.id AND codes.redeemed_at IS NOT NULL
         LEFT JOIN (SELECT reference, SUM(amount) AS amount FROM transfers WHERE kind = 'recharge_code' GROUP BY reference) AS credited
             ON credited.reference = codes.id
         GROUP BY code_batches.id, code_batches.value HAVING code_batches.value * COUNT(codes.id) <> COALESCE(SUM(credited.amount), 0)",
    ),
    (
        "subscription {id}: {a} files taken by its count, {b} there",
        "SELECT subscriptions.id, subscriptions.files - subscriptions.files_left AS a, COUNT(purchases.id) AS b FROM subscriptions
         LEFT JOIN purchases ON purchases.subscription_id = subscriptions.id
         GROUP BY subscriptions.id, subscriptions.files, subscriptions.files_left
         HAVING subscriptions.files - subscriptions.files_left <> COUNT(purchases.id)",
    ),
    (
        "purchase {id}: taken by subscription {b}, which did not cover it, for {a} coins",
        "SELECT purchases.id, purchases.price AS a, purchases.subscription_id AS b FROM purchases
         JOIN subscriptions ON subscriptions.id = purchases.subscription_id WHERE purchases.price <> 0
         OR purchases.customer_id <> subscriptions.customer_id OR purchases.created_at < subscriptions.created_at
         OR purchases.created_at >= subscriptions.expires_at",
    ),
    (
        "transfer {id}: {a} coins of a subscription to package {b} that is not there",
        "SELECT transfers.id, transfers.amount AS a, transfers.reference AS b FROM transfers LEFT JOIN subscriptions
         ON subscriptions.package_id = transfers.reference AND subscriptions.customer_id = transfers.customer_id
         AND subscriptions.price = transfers.amount
         WHERE transfers.kind = 'subscription' AND subscriptions.id IS NULL",
    ),
    (
        "customer {id}: first spent at {a}, by the ledger at {b}",
        "SELECT customers.id, COALESCE(customers.first_spent_at, 0) AS a, CAST(COALESCE(MIN(transfers.created_at), 0) AS BIGINT) AS b FROM customers
         LEFT JOIN transfers ON transfers.customer_id = customers.id AND transfers.kind IN ('purchase', 'subscription')
         GROUP BY customers.id, customers.first_spent_at HAVING COALESCE(customers.first_spent_at, 0) <> COALESCE(MIN(transfers.created_at), 0)",
    ),
];

/// Differences in words for operators, a line each; empty when everything agrees.
pub async fn reconcile(store: &Store) -> Result<Vec<String>> {
    let mut differences = Vec::new();
    for (told, sql) in CHECKS {
        for row in sqlx::query(*sql).fetch_all(store.0.db.reader()).await? {
            let number = |name: &str| row.try_get::<i64, _>(name).map(|number| number.to_string());
            differences.push(told.replace("{id}", &number("id")?).replace("{a}", &number("a")?).replace("{b}", &number("b")?));
        }
    }
    differences.extend(sales_count::differences(store).await?);
    differences.extend(statistics::differences(store).await?);
    Ok(differences)
}
