//! Who was active: sets of customers by day and month, of which any span's is the union, so that nobody counts twice.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use shared::{AccountId, Day, Instant, ms};
use sqlx::{AssertSqlSafe, Row};

use crate::{
    Result,
    db::{Connection, Dialect},
    error::damaged,
};

/// What an opening of an account is rounded to, in milliseconds: every clock of the world is some quarters of an hour from UTC.
const QUARTER: i64 = 15 * ms::MINUTE;

/// Who was active on which day, of the rows. The placeholders are those of the facts that are counted.
pub(super) const ACTIVE: &str = "SELECT DISTINCT day, customer_id FROM (
         SELECT (created_at + $3) / 86400000 AS day, customer_id FROM transfers WHERE created_at >= $1 AND created_at < $2
         UNION ALL SELECT (created_at + $3) / 86400000, customer_id FROM purchases WHERE created_at >= $1 AND created_at < $2) AS moves";

/// Customers, each once. They are numbered in a row, so that a bit each is little.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Customers(Vec<u64>);

impl Customers {
    pub(super) fn insert(&mut self, id: i64) {
        let Ok(id) = usize::try_from(id) else { return };
        if self.0.len() <= id / 64 {
            self.0.resize(id / 64 + 1, 0);
        }
        self.0[id / 64] |= 1 << (id % 64);
    }

    pub(super) fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, others) in self.0.iter_mut().zip(&other.0) {
            *mine |= others;
        }
    }

    fn ids(&self) -> BTreeSet<i64> {
        let bits = self
            .0
            .iter()
            .enumerate()
            .flat_map(|(index, bits)| (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| (index, bit)));
        bits.filter_map(|(index, bit)| i64::try_from(index * 64 + bit).ok()).collect()
    }

    pub(super) fn len(&self) -> i64 {
        self.0.iter().map(|bits| i64::from(bits.count_ones())).sum()
    }
}

/// As the database keeps them: the distance from each to the next, seven bits a byte (LEB128), in base64.
fn write(ids: &BTreeSet<i64>) -> String {
    let (mut bytes, mut before) = (Vec::with_capacity(ids.len() * 2), 0);
    for id in ids {
        let mut distance = id - before;
        before = *id;
        while distance >= 128 {
            bytes.push(u8::try_from(distance & 127).unwrap_or_default() | 128);
            distance >>= 7;
        }
        bytes.push(u8::try_from(distance).unwrap_or_default());
    }
    STANDARD_NO_PAD.encode(bytes)
}

/// Adds the customers of a text to a set.
pub(super) fn read(text: &str, into: &mut Customers) -> Result<()> {
    let (mut id, mut distance, mut shift) = (0_i64, 0_i64, 0);
    for byte in STANDARD_NO_PAD.decode(text).map_err(damaged)? {
        distance |= i64::from(byte & 127) << shift;
        shift += 7;
        if byte < 128 {
            id += distance;
            into.insert(id);
            (distance, shift) = (0, 0);
        } else if shift > 56 {
            return Err(damaged("a set of customers"));
        }
    }
    Ok(())
}

/// Who was active on each day, of the rows.
async fn by_day(
    connection: &mut Connection,
    dialect: Dialect,
    from: Instant,
    end: Instant,
    offset: i64,
) -> Result<BTreeMap<Day, BTreeSet<i64>>> {
    let sql = format!("SELECT day, {} AS ids FROM ({ACTIVE}) AS active GROUP BY day", dialect.joined("customer_id"));
    let mut days = BTreeMap::<Day, BTreeSet<i64>>::new();
    for row in sqlx::query(AssertSqlSafe(sql)).bind(from.0).bind(end.0).bind(offset).fetch_all(connection).await? {
        let ids: String = row.try_get("ids")?;
        let ids = ids.split(',').map(|id| id.parse().map_err(damaged)).collect::<Result<BTreeSet<i64>>>()?;
        days.insert(Day(row.try_get("day")?), ids);
    }
    Ok(days)
}

async fn insert(connection: &mut Connection, unit: &'static str, period: Day, ids: String) -> Result<()> {
    sqlx::query("INSERT INTO active_customers (unit, period, ids) VALUES ($1, $2, $3)")
        .bind(unit)
        .bind(period.0)
        .bind(ids)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn count_days(connection: &mut Connection, dialect: Dialect, from: Day, end: Day, offset: i64) -> Result<()> {
    for (day, ids) in by_day(&mut *connection, dialect, from.start(offset), end.start(offset), offset).await? {
        insert(&mut *connection, "day", day, write(&ids)).await?;
    }
    Ok(())
}

pub(super) async fn count_month(connection: &mut Connection, month: Day, end: Day) -> Result<()> {
    let days: Vec<String> = sqlx::query_scalar("SELECT ids FROM active_customers WHERE unit = 'day' AND period >= $1 AND period < $2")
        .bind(month.0)
        .bind(end.0)
        .fetch_all(&mut *connection)
        .await?;
    let mut all = Customers::default();
    for ids in days {
        read(&ids, &mut all)?;
    }
    if all.len() > 0 { insert(connection, "month", month, write(&all.ids())).await } else { Ok(()) }
}

/// Where the sets are not what the rows say, in words for operators.
pub(super) async fn differences(connection: &mut Connection, dialect: Dialect, counted: Day, offset: i64) -> Result<Vec<String>> {
    let rows = by_day(&mut *connection, dialect, Instant(i64::MIN / 4), counted.start(offset), offset).await?;
    let mut told = Vec::new();
    let mut expected = BTreeMap::<(String, i64), String>::new();
    let mut months = BTreeMap::<Day, BTreeSet<i64>>::new();
    for (day, ids) in rows {
        expected.insert(("day".to_owned(), day.0), write(&ids));
        if day.next_month() <= counted {
            months.entry(day.month()).or_default().extend(ids);
        }
    }
    expected.extend(months.iter().map(|(month, ids)| (("month".to_owned(), month.0), write(ids))));
    for row in sqlx::query("SELECT unit, period, ids FROM active_customers ORDER BY unit, period").fetch_all(connection).await? {
        let (unit, period): (String, i64) = (row.try_get("unit")?, row.try_get("period")?);
        let whole = if unit == "day" { Day(period) < counted } else { Day(period).next_month() <= counted };
        if whole && expected.remove(&(unit.clone(), period)) != Some(row.try_get("ids")?) {
            told.push(format!("statistics of {}: the {unit}'s active customers are others", Day(period)));
        }
    }
    told.extend(expected.keys().map(|(unit, period)| format!("statistics of {}: the {unit}'s active customers are missing", Day(*period))));
    Ok(told)
}

/// Counts temporary accounts that are forgotten: they were opened all the same.
pub(crate) async fn forget(connection: &mut Connection, gone: &[(AccountId, Instant)]) -> Result<()> {
    let mut quarters = BTreeMap::<i64, i64>::new();
    for (_, opened) in gone {
        *quarters.entry(opened.0 / QUARTER * QUARTER).or_default() += 1;
    }
    for (opened, accounts) in quarters {
        sqlx::query(
            "INSERT INTO forgotten_accounts (opened_at, accounts) VALUES ($1, $2)
             ON CONFLICT (opened_at) DO UPDATE SET accounts = forgotten_accounts.accounts + excluded.accounts",
        )
        .bind(opened)
        .bind(accounts)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_set_and_back(ids in prop::collection::btree_set(0_i64..2_000_000, 0..200)) {
            let mut set = Customers::default();
            read(&write(&ids), &mut set).unwrap();
            prop_assert_eq!(set.len(), i64::try_from(ids.len()).unwrap());
            prop_assert_eq!(set.ids(), ids);
        }
    }
}
