//! How often each file was sold, less what was paid back: what the catalog shows and the order `popular` sorts by. It is counted now and
//! then, because a sale that counted itself would make everybody else who buys the same file wait for its row.

use shared::{Instant, ms};
use sqlx::{AssertSqlSafe, Row};

use crate::{
    Result, Store,
    db::{Connection, transaction},
};

/// How much older than the last count a sale or refund may be that it has not seen: its transaction was on its way, or the clock of the
/// server that made it is behind.
const OVERLAP: i64 = 10 * ms::MINUTE;

/// `$1` is since when files that were sold or paid back are recounted. What indexes find by time, and count by file: neither the catalog nor
/// older sales of other files are read.
const RECOUNT: &str = "UPDATE files SET sales_count = counted.sales
    FROM (SELECT changed.file_id, (SELECT COUNT(*) FROM purchases WHERE purchases.file_id = changed.file_id AND refunded_at IS NULL) AS sales
        FROM (SELECT file_id FROM purchases WHERE created_at >= $1 UNION SELECT file_id FROM purchases WHERE refunded_at >= $1) AS changed
    ) AS counted WHERE files.id = counted.file_id AND files.sales_count <> counted.sales";

/// `$1` is the same. What is older was counted; of what is younger nobody knows yet whether it was, so that a count is wrong only
/// beyond both of what it could be.
const WRONG: &str = "SELECT files.id, files.sales_count, COALESCE(there.sales, 0) AS sales FROM files
    LEFT JOIN (SELECT file_id, COUNT(CASE WHEN refunded_at IS NULL THEN 1 END) AS sales,
            COUNT(CASE WHEN refunded_at IS NULL AND created_at < $1 THEN 1 END) AS fewest,
            COUNT(CASE WHEN refunded_at IS NULL OR refunded_at >= $1 THEN 1 END) AS most
        FROM purchases GROUP BY file_id) AS there ON there.file_id = files.id
    WHERE files.sales_count < COALESCE(there.fewest, 0) OR files.sales_count > COALESCE(there.most, 0) ORDER BY files.id";

/// Recounts the files of which something was bought or paid back since the last time, however long ago that was.
pub(crate) async fn recount(store: &Store) -> Result<()> {
    transaction!(store, |connection| {
        // Two servers count one after the other: a count that began earlier would overwrite a later one.
        let lock = store.0.db.dialect().for_update();
        let now = store.now();
        let since = since(&mut *connection, now, lock).await?;
        sqlx::query(RECOUNT).bind(since.0).execute(&mut *connection).await?;
        sqlx::query("UPDATE sales_counted SET until = $1").bind(now.0).execute(&mut *connection).await?;
        Ok(())
    })
}

/// From when on a sale or refund may not be counted yet. A clock that was set back since the last count has made sales before it.
async fn since(connection: &mut Connection, now: Instant, lock: &str) -> Result<Instant> {
    let until: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT until FROM sales_counted{lock}"))).fetch_one(connection).await?;
    Ok(Instant(until).min(now).plus(-OVERLAP))
}

/// Files whose kept count is not what the purchases say that were there at the last count, in words for operators. A shop that sells
/// meanwhile is not told wrong.
pub(crate) async fn differences(store: &Store) -> Result<Vec<String>> {
    let mut connection = store.0.db.snapshot().await?;
    let since = since(&mut connection, store.now(), "").await?;
    let mut told = Vec::new();
    for row in sqlx::query(WRONG).bind(since.0).fetch_all(&mut *connection).await? {
        let (file, kept, there): (i64, i64, i64) = (row.try_get("id")?, row.try_get("sales_count")?, row.try_get("sales")?);
        told.push(format!("file {file}: {kept} sales counted, {there} there"));
    }
    Ok(told)
}
