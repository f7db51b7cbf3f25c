//! Counts days of the shop once they are over, and months of them; proves what was counted.
//!
//! A row that comes later than its day sets `counted.until` back (triggers of the migration), and the days from there on are counted
//! again. While days are counted nothing is added to the tables that they are counted from.

use shared::{Day, Instant, ms};
use sqlx::{AssertSqlSafe, Row};

use super::customers;
use crate::{
    Result, Store,
    db::{Connection, Dialect, transaction},
    settings,
};

/// How long after its end a day is counted: what was written by then is there by then.
const PATIENCE: i64 = ms::HOUR;

/// Everything that is counted: what, on which day, of which file or batch (0 of none), how many, how many coins.
/// `$1` and `$2` are the first instant and the one after the last, `$3` the milliseconds by which the shop's clock is ahead of UTC.
/// A temporary account that is erased is activated and closed at one instant (`customers::erase`), and is no new customer.
pub(super) const FACTS: &str =
    "SELECT CASE WHEN target = customer_id THEN 'in.' ELSE 'out.' END || kind AS what, (created_at + $3) / 86400000 AS day,
         CAST(0 AS BIGINT) AS id, CAST(1 AS BIGINT) AS number, amount AS coins FROM transfers WHERE created_at >= $1 AND created_at < $2
     UNION ALL SELECT CASE WHEN subscription_id IS NULL THEN 'file.sold' ELSE 'file.taken' END, (created_at + $3) / 86400000,
         file_id, 1, price FROM purchases WHERE created_at >= $1 AND created_at < $2
     UNION ALL SELECT 'taken', (created_at + $3) / 86400000, 0, 1, 0 FROM purchases
         WHERE subscription_id IS NOT NULL AND created_at >= $1 AND created_at < $2
     UNION ALL SELECT 'file.refunded', (refunded_at + $3) / 86400000, file_id, 1, price FROM purchases
         WHERE refunded_at >= $1 AND refunded_at < $2
     UNION ALL SELECT 'batch', (redeemed_at + $3) / 86400000, batch_id, 1, code_batches.value FROM codes
         JOIN code_batches ON code_batches.id = codes.batch_id WHERE redeemed_at >= $1 AND redeemed_at < $2
     UNION ALL SELECT 'event.' || kind, (created_at + $3) / 86400000, 0, 1, 0 FROM download_events WHERE created_at >= $1 AND created_at < $2
     UNION ALL SELECT 'activated', (activated_at + $3) / 86400000, 0, 1, 0 FROM customers WHERE activated_at >= $1 AND activated_at < $2
         AND (closed_at IS NULL OR activated_at < closed_at)";

/// The tables whose rows set `counted.until` back when they come late.
const TABLES: &str = "purchases, transfers, download_events";

/// Until which day everything is counted (that one not included), on the clock that it was counted by.
pub(super) struct Counted {
    pub(super) until: Instant,
    pub(super) utc_offset: i64,
}

impl Counted {
    pub(super) async fn read(connection: &mut Connection) -> Result<Self> {
        let row = sqlx::query("SELECT until, utc_offset FROM counted").fetch_one(connection).await?;
        Ok(Self { until: Instant(row.try_get("until")?), utc_offset: row.try_get("utc_offset")? })
    }

    /// The first day that is not counted; where the shop's clock was set otherwise since, none is.
    pub(super) fn day(&self, utc_offset: i64) -> Day {
        if self.utc_offset == utc_offset { Day::of(self.until, utc_offset) } else { Day(0) }
    }
}

/// Counts what is over, a month in a transaction at most.
pub(crate) async fn count(store: &Store) -> Result<()> {
    while count_month(store).await? {}
    Ok(())
}

/// True when there is more to count.
async fn count_month(store: &Store) -> Result<bool> {
    let over = |offset: i64| Day::of(store.now().plus(-PATIENCE), offset);
    let mut connection = store.0.db.reader().acquire().await?;
    let offset = store.settings().utc_offset;
    let nothing = Counted::read(&mut connection).await?.day(offset) >= over(offset);
    drop(connection);
    if nothing {
        return Ok(false);
    }
    transaction!(store, |connection| {
        if let Some(lock) = store.0.db.dialect().lock_tables(TABLES) {
            sqlx::query(AssertSqlSafe(lock)).execute(&mut *connection).await?;
        }
        // Not the one in memory: another server may have heard of a change before this one.
        let offset = settings::read(&mut *connection).await?.utc_offset;
        let (counted, over) = (Counted::read(&mut *connection).await?.day(offset), over(offset));
        let begun = if counted.0 > 0 { counted } else { first_day(&mut *connection, offset).await?.unwrap_or(over) };
        let end = begun.next_month().min(over);
        // On another clock the days are others.
        forget_counts(&mut *connection, if counted.0 > 0 { begun } else { counted }).await?;
        if begun < end {
            count_days(&mut *connection, store.0.db.dialect(), begun, end, offset).await?;
        }
        let until = end.max(counted.min(over)).start(offset);
        sqlx::query("UPDATE counted SET until = $1, utc_offset = $2").bind(until.0).bind(offset).execute(&mut *connection).await?;
        Ok(end < over)
    })
}

/// The day of the oldest row, if there is one.
async fn first_day(connection: &mut Connection, offset: i64) -> Result<Option<Day>> {
    let oldest: Option<i64> = sqlx::query_scalar(
        "SELECT MIN(oldest) FROM (SELECT MIN(created_at) AS oldest FROM transfers UNION ALL SELECT MIN(created_at) FROM purchases
         UNION ALL SELECT MIN(created_at) FROM download_events UNION ALL SELECT MIN(activated_at) FROM customers) AS ages",
    )
    .fetch_one(connection)
    .await?;
    Ok(oldest.map(|oldest| Day::of(Instant(oldest), offset)))
}

/// Takes away what was counted from a day on, and the months that it is in.
async fn forget_counts(connection: &mut Connection, from: Day) -> Result<()> {
    for table in ["counts", "active_customers"] {
        for (unit, period) in [("day", from), ("month", from.month())] {
            let sql = format!("DELETE FROM {table} WHERE unit = '{unit}' AND period >= $1");
            sqlx::query(AssertSqlSafe(sql)).bind(period.0).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// Counts days of one month, and the month when `end` ends it.
async fn count_days(connection: &mut Connection, dialect: Dialect, from: Day, end: Day, offset: i64) -> Result<()> {
    let sql = format!(
        "INSERT INTO counts (unit, what, period, id, number, coins)
         SELECT 'day', what, day, id, CAST(SUM(number) AS BIGINT), CAST(SUM(coins) AS BIGINT) FROM ({FACTS}) AS facts GROUP BY what, day, id"
    );
    sqlx::query(AssertSqlSafe(sql)).bind(from.start(offset).0).bind(end.start(offset).0).bind(offset).execute(&mut *connection).await?;
    customers::count_days(&mut *connection, dialect, from, end, offset).await?;
    if end.month() == end {
        let month = from.month();
        sqlx::query(
            "INSERT INTO counts (unit, what, period, id, number, coins)
             SELECT 'month', what, CAST($1 AS BIGINT), id, CAST(SUM(number) AS BIGINT), CAST(SUM(coins) AS BIGINT) FROM counts
             WHERE unit = 'day' AND period >= $1 AND period < $2 GROUP BY what, id",
        )
        .bind(month.0)
        .bind(end.0)
        .execute(&mut *connection)
        .await?;
        customers::count_month(connection, month, end).await?;
    }
    Ok(())
}

/// Where what was counted is not what the rows say, in words for operators.
pub(crate) async fn differences(store: &Store) -> Result<Vec<String>> {
    let mut connection = store.0.db.snapshot().await?;
    let Counted { until, utc_offset } = Counted::read(&mut connection).await?;
    // A row that came late has set this back into a day: the day itself will be counted again.
    let counted = Day::of(until, utc_offset);
    let mut told = Vec::new();
    let days = format!(
        "SELECT what, period, id, CAST(SUM(number) AS BIGINT) AS number, CAST(SUM(coins) AS BIGINT) AS coins FROM (
             SELECT what, period, id, number, coins FROM counts WHERE unit = 'day' AND period < {counted}
             UNION ALL SELECT what, day, id, -number, -coins FROM ({FACTS}) AS facts) AS both_sides
         GROUP BY what, period, id HAVING SUM(number) <> 0 OR SUM(coins) <> 0 ORDER BY period, what, id LIMIT 100",
        counted = counted.0
    );
    let end = counted.start(utc_offset);
    for row in sqlx::query(AssertSqlSafe(days)).bind(i64::MIN / 4).bind(end.0).bind(utc_offset).fetch_all(&mut *connection).await? {
        let (what, day, id): (String, i64, i64) = (row.try_get("what")?, row.try_get("period")?, row.try_get("id")?);
        let (number, coins): (i64, i64) = (row.try_get("number")?, row.try_get("coins")?);
        told.push(format!("statistics of {}, {what} {id}: counted {number} and {coins} coins more than there are", Day(day)));
    }
    for (month, number, coins) in months(&mut connection, counted).await? {
        told.push(format!("statistics of the month {month}: counted {number} and {coins} coins more than its days"));
    }
    told.extend(customers::differences(&mut connection, store.0.db.dialect(), counted, utc_offset).await?);
    Ok(told)
}

/// Months that are not the sum of their days.
async fn months(connection: &mut Connection, counted: Day) -> Result<Vec<(Day, i64, i64)>> {
    let mut wrong = Vec::new();
    let periods: Vec<i64> = sqlx::query_scalar("SELECT DISTINCT period FROM counts WHERE unit = 'month' AND period < $1 ORDER BY period")
        .bind(counted.month().0)
        .fetch_all(&mut *connection)
        .await?;
    for month in periods.into_iter().map(Day) {
        let rows = sqlx::query(
            "SELECT CAST(SUM(number) AS BIGINT) AS number, CAST(SUM(coins) AS BIGINT) AS coins FROM (
                 SELECT what, id, number, coins FROM counts WHERE unit = 'month' AND period = $1
                 UNION ALL SELECT what, id, -number, -coins FROM counts WHERE unit = 'day' AND period >= $1 AND period < $2) AS both_sides
             GROUP BY what, id HAVING SUM(number) <> 0 OR SUM(coins) <> 0 LIMIT 1",
        )
        .bind(month.0)
        .bind(month.next_month().0)
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            wrong.push((month, row.try_get("number")?, row.try_get("coins")?));
        }
    }
    Ok(wrong)
}
