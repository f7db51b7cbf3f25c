//! Looking: batches, their codes, one code, resellers.

use shared::{
    BatchId, ChargeCode, Code, FieldCode, Instant,
    api::admin::{Batch, BatchState, Batches, CodeLine, CodeLines, FoundCode, Permission, Redemption, Reseller, Resellers},
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{BATCH, batch_of, condition, named};
use crate::{
    Error, Origin, Result, Staff, Store,
    db::transaction,
    error::field,
    throttle::{self, Try},
};

/// Which batches are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Part of the label or of the reseller's name, however it is spelt.
    pub text: String,
    /// Their state.
    pub state: Option<BatchState>,
    /// Only those older than this one.
    pub cursor: Option<i64>,
}

/// Batches, newest first: at most `limit` (1 to 100).
pub async fn batches(store: &Store, staff: &Staff, filter: &Filter, limit: i64) -> Result<Batches> {
    staff.must(store, Permission::ManageCodes, "codes.see", "", &staff.origin).await?;
    let limit = limit.clamp(1, 100);
    let now = store.now();
    let state = filter.state.map(|state| format!(" AND {}", condition(state, now))).unwrap_or_default();
    // Folded text is letters, digits and spaces: nothing that LIKE reads otherwise.
    let pattern = format!("%{}%", shared::text::fold(&filter.text));
    let sql = format!("SELECT {BATCH} FROM code_batches WHERE id < $1 AND folded LIKE $2{state} ORDER BY id DESC LIMIT $3");
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(filter.cursor.unwrap_or(i64::MAX))
        .bind(pattern)
        .bind(limit + 1)
        .fetch_all(store.0.db.reader())
        .await?;
    let (results, more) = page(&rows, limit, |row| batch_of(row, now))?;
    let next_cursor = results.last().filter(|_| more).map(|batch: &Batch| batch.id.0);
    Ok(Batches { results, next_cursor })
}

/// One batch.
pub async fn batch(store: &Store, staff: &Staff, id: BatchId) -> Result<Batch> {
    staff.must(store, Permission::ManageCodes, "codes.see", named(id), &staff.origin).await?;
    let row = sqlx::query(AssertSqlSafe(format!("SELECT {BATCH} FROM code_batches WHERE id = $1")))
        .bind(id.0)
        .fetch_optional(store.0.db.reader())
        .await?
        .ok_or(Code::NotFound)?;
    batch_of(&row, store.now())
}

/// What [`line_of`] reads.
const LINE: &str =
    "codes.id, number, redeemed_at, customers.serial, customers.name FROM codes LEFT JOIN customers ON customers.id = redeemed_by";

/// The codes of a batch after `cursor`, at most `limit` (1 to 100): by number, or the redeemed ones alone, the last redemption first.
pub async fn lines(store: &Store, staff: &Staff, id: BatchId, redeemed: bool, cursor: Option<i64>, limit: i64) -> Result<CodeLines> {
    staff.must(store, Permission::ManageCodes, "codes.see", named(id), &staff.origin).await?;
    let limit = limit.clamp(1, 100);
    // The cursor is the last line's number in both orders.
    let rest = match (redeemed, cursor) {
        (false, _) => "batch_id = $1 AND number > $2 ORDER BY number",
        (true, None) => "batch_id = $1 AND redeemed_at IS NOT NULL AND $2 = 0 ORDER BY redeemed_at DESC, codes.id DESC",
        (true, Some(_)) => {
            "batch_id = $1 AND redeemed_at IS NOT NULL
             AND (redeemed_at, codes.id) < (SELECT redeemed_at, id FROM codes WHERE batch_id = $1 AND number = $2)
             ORDER BY redeemed_at DESC, codes.id DESC"
        }
    };
    let rows = sqlx::query(AssertSqlSafe(format!("SELECT {LINE} WHERE {rest} LIMIT $3")))
        .bind(id.0)
        .bind(cursor.unwrap_or(0))
        .bind(limit + 1)
        .fetch_all(store.0.db.reader())
        .await?;
    let (results, more) = page(&rows, limit, line_of)?;
    if results.is_empty() {
        let there: Option<i64> =
            sqlx::query_scalar("SELECT id FROM code_batches WHERE id = $1").bind(id.0).fetch_optional(store.0.db.reader()).await?;
        there.ok_or(Code::NotFound)?;
    }
    let next_cursor = results.last().filter(|_| more).map(|line: &CodeLine| line.number);
    Ok(CodeLines { results, next_cursor })
}

fn line_of(row: &AnyRow) -> Result<CodeLine> {
    let redemption = match row.try_get::<Option<i64>, _>("redeemed_at")? {
        Some(at) => Some(Redemption { serial: row.try_get("serial")?, name: row.try_get("name")?, at: Instant(at) }),
        None => None,
    };
    Ok(CodeLine { number: row.try_get("number")?, redemption })
}

/// The first `limit` of the rows, and whether there are more.
fn page<T>(rows: &[AnyRow], limit: i64, read: impl Fn(&AnyRow) -> Result<T>) -> Result<(Vec<T>, bool)> {
    let limit = usize::try_from(limit).unwrap_or_default();
    Ok((rows.iter().take(limit).map(read).collect::<Result<_>>()?, rows.len() > limit))
}

/// The code that somebody reads out: its batch, its state, who redeemed it. Each look is in the audit log, without the code.
/// [`Code::NotFound`] for one that the store does not know.
pub async fn find(store: &Store, staff: &Staff, typed: &str, origin: &Origin) -> Result<FoundCode> {
    let deed = staff.must(store, Permission::FindCode, "codes.find", "", origin).await?;
    let code: ChargeCode = typed.parse().map_err(|code| field("charge_code", code))?;
    // Older printed codes are short enough to be guessed, and who is told that one is good could redeem it.
    let attempt = Try::new(throttle::of_lookups(staff.id), origin);
    deed.settled(store, attempt.begin(store).await).await?;
    let row = sqlx::query(AssertSqlSafe(format!("SELECT batch_id, {LINE} WHERE hash = $1")))
        .bind(store.0.keys.code_hash(&code))
        .fetch_optional(store.0.db.reader())
        .await?;
    let found = match &row {
        Some(row) => {
            let line = line_of(row)?;
            let batch = sqlx::query(AssertSqlSafe(format!("SELECT {BATCH} FROM code_batches WHERE id = $1")))
                .bind(row.try_get::<i64, _>("batch_id")?)
                .fetch_one(store.0.db.reader())
                .await?;
            Ok(FoundCode { batch: batch_of(&batch, store.now())?, code: line })
        }
        None if code.looks_mistyped() => Err(field("charge_code", FieldCode::CheckCharacter)),
        None => Err(Error::from(Code::NotFound)),
    };
    // One good code in between would make an endless number of guesses.
    if found.is_ok() || code.looks_mistyped() {
        attempt.forgiven(store).await?;
    }
    let subject = found.as_ref().map_or_else(|_| "code".to_owned(), |found| named(found.batch.id));
    let outcome = if found.is_ok() { "ok" } else { "not_found" };
    transaction!(store, |connection| { deed.did(store, &mut *connection, "codes.find", &subject, outcome).await })?;
    found
}

/// What each reseller was given, and what became of it: the one with the most outstanding coins first, at most 500.
pub async fn resellers(store: &Store, staff: &Staff) -> Result<Resellers> {
    staff.must(store, Permission::ManageCodes, "codes.see", "", &staff.origin).await?;
    let now = store.now();
    let open = format!("({}) OR ({})", condition(BatchState::Live, now), condition(BatchState::Frozen, now));
    let sum = |what: &str| format!("CAST(SUM({what}) AS BIGINT)");
    let left = format!("CASE WHEN {open} THEN count - redeemed ELSE 0 END");
    let left_coins = format!("CASE WHEN {open} THEN (count - redeemed) * value ELSE 0 END");
    let columns = [
        ("issued", sum("count")),
        ("issued_coins", sum("count * value")),
        ("redeemed_codes", sum("redeemed")),
        ("redeemed_coins", sum("redeemed * value")),
        ("outstanding", sum(&left)),
        ("outstanding_coins", sum(&left_coins)),
    ];
    let columns = columns.map(|(name, sql)| format!("{sql} AS {name}")).join(", ");
    let sql = format!(
        "SELECT reseller, COUNT(*) AS batches, {columns} FROM code_batches GROUP BY reseller ORDER BY outstanding_coins DESC, reseller LIMIT 500"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(store.0.db.reader()).await?;
    let reseller = |row: &AnyRow| {
        Ok(Reseller {
            reseller: row.try_get("reseller")?,
            batches: row.try_get("batches")?,
            issued: row.try_get("issued")?,
            issued_coins: row.try_get("issued_coins")?,
            redeemed: row.try_get("redeemed_codes")?,
            redeemed_coins: row.try_get("redeemed_coins")?,
            outstanding: row.try_get("outstanding")?,
            outstanding_coins: row.try_get("outstanding_coins")?,
        })
    };
    Ok(Resellers { results: rows.iter().map(reseller).collect::<Result<_>>()? })
}
