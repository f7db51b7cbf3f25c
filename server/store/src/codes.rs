//! Recharge codes in batches (design, section 4).
//!
//! A plain code is kept nowhere. Either it leaves in the answer that made it ([`generate`]), or it comes out of two halves: the maker's
//! ticket, which only the browser that asked holds, and a key of the server ([`make`], [`hand_out`]). So a sheet can be printed again
//! while its maker still looks at it, on whichever server answers, and a stolen database, backup or ticket alone reveals no code.

mod change;
mod import;
mod make;
mod read;

use shared::{
    BatchId, Coins, FieldCode, Fields, Instant, MAX_COINS,
    api::admin::{Batch, BatchState},
    ms,
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use crate::{Origin, Result, Staff, Store, audit::Deed, db::Connection, error::damaged, text::line};

pub use change::{cancel, freeze, thaw};
pub use import::{NewImport, import};
pub use make::{HandedOut, Makings, generate, hand_out, make, making};
pub use read::{Filter, batch, batches, find, lines, resellers};

/// Largest number of codes in a batch.
pub const MAX_COUNT: i64 = 50_000;
/// How many codes one statement writes.
const CHUNK: usize = 2_000;
/// Milliseconds for which a maker's ticket is good.
const HAND_OUT_LIFE: i64 = ms::HOUR;

/// A batch to make.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// Coins of each code.
    pub value: Coins,
    /// How many codes.
    pub count: i64,
    /// What the shop calls it; 1 to 100 characters.
    pub label: String,
    /// Who sells it; may be empty.
    pub reseller: String,
    /// When its codes expire.
    pub expires_at: Option<Instant>,
}

/// Who makes codes.
pub enum Maker<'a> {
    /// A member of the staff, and where they ask from.
    Staff(&'a Staff, &'a Origin),
    /// The operator at the command line.
    Operator,
}

/// The rules of a batch, all of them at once.
fn check(store: &Store, batch: &NewBatch, fields: &mut Fields) -> Option<()> {
    let value = fields.within("value", batch.value, 1..=MAX_COINS);
    let count = fields.within("count", batch.count, 1..=MAX_COUNT);
    let label = fields.check("label", line(&batch.label, 1, 100));
    let reseller = fields.check("reseller", line(&batch.reseller, 0, 100));
    let lives = batch.expires_at.is_none_or(|instant| instant > store.now());
    let expiry = fields.check("expires_at", if lives { Ok(()) } else { Err(FieldCode::Range) });
    value.and(count).and(label).and(reseller).and(expiry)
}

/// As the audit log names a batch.
fn named(id: BatchId) -> String {
    format!("batch:{id}")
}

/// How a batch came to be.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Its codes left in the answer.
    Generated,
    /// Its codes leave with the maker's ticket.
    Ticketed,
    /// Its codes were printed elsewhere.
    Imported,
}

/// Writes a batch without its codes.
async fn insert_batch(store: &Store, connection: &mut Connection, batch: &NewBatch, kind: Kind, deed: &Deed<'_>) -> Result<BatchId> {
    let until = matches!(kind, Kind::Ticketed).then(|| store.now().plus(HAND_OUT_LIFE).0);
    let id = sqlx::query_scalar(
        "INSERT INTO code_batches (value, count, label, reseller, folded, expires_at, imported, handed_out_until, created_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
    )
    .bind(batch.value)
    .bind(batch.count)
    .bind(batch.label.clone())
    .bind(batch.reseller.clone())
    .bind(shared::text::fold(&format!("{} {}", batch.label, batch.reseller)))
    .bind(batch.expires_at.map(|instant| instant.0))
    .bind(i64::from(matches!(kind, Kind::Imported)))
    .bind(until)
    .bind(store.now().0)
    .bind(deed.actor().to_owned())
    .fetch_one(&mut *connection)
    .await?;
    Ok(BatchId(id))
}

/// The statement that writes codes: `$1` is the batch, `$2` the number of the first of them, `$3` their hashes as a JSON array.
fn insert_codes(store: &Store, ending: &str) -> AssertSqlSafe<String> {
    let list = store.0.db.dialect().list();
    // Without a condition SQLite would take ON CONFLICT for a join's.
    AssertSqlSafe(format!(
        "INSERT INTO codes (batch_id, number, hash) SELECT $1, $2 + list.key, list.value FROM {list} WHERE list.key >= 0{ending}"
    ))
}

/// Hashes as [`insert_codes`] takes them.
fn json(hashes: &[&str]) -> Result<String> {
    serde_json::to_string(hashes).map_err(damaged)
}

/// What [`batch_of`] reads.
const BATCH: &str = "code_batches.id, label, reseller, value, count, redeemed, imported, expires_at, frozen_at, cancelled_at,
    code_batches.created_at, (SELECT username FROM staff WHERE 'staff:' || staff.id = code_batches.created_by) AS maker";

fn batch_of(row: &AnyRow, now: Instant) -> Result<Batch> {
    let instant = |name: &str| row.try_get::<Option<i64>, _>(name).map(|instant| instant.map(Instant));
    let mut batch = Batch {
        id: BatchId(row.try_get("id")?),
        label: row.try_get("label")?,
        reseller: row.try_get("reseller")?,
        value: row.try_get("value")?,
        count: row.try_get("count")?,
        redeemed: row.try_get("redeemed")?,
        state: BatchState::Live,
        imported: row.try_get::<i64, _>("imported")? == 1,
        expires_at: instant("expires_at")?,
        frozen_at: instant("frozen_at")?,
        cancelled_at: instant("cancelled_at")?,
        created_at: Instant(row.try_get("created_at")?),
        created_by: row.try_get("maker")?,
    };
    batch.state = match &batch {
        Batch { cancelled_at: Some(_), .. } => BatchState::Cancelled,
        Batch { redeemed, count, .. } if redeemed == count => BatchState::Spent,
        Batch { expires_at: Some(expiry), .. } if *expiry <= now => BatchState::Expired,
        Batch { frozen_at: Some(_), .. } => BatchState::Frozen,
        _ => BatchState::Live,
    };
    Ok(batch)
}

/// The condition under which a batch is in a state: [`batch_of`] in SQL.
fn condition(state: BatchState, now: Instant) -> String {
    let open = format!("cancelled_at IS NULL AND redeemed < count AND (expires_at IS NULL OR expires_at > {})", now.0);
    match state {
        BatchState::Live => format!("{open} AND frozen_at IS NULL"),
        BatchState::Frozen => format!("{open} AND frozen_at IS NOT NULL"),
        BatchState::Expired => format!("cancelled_at IS NULL AND redeemed < count AND expires_at <= {}", now.0),
        BatchState::Spent => "cancelled_at IS NULL AND redeemed = count".to_owned(),
        BatchState::Cancelled => "cancelled_at IS NOT NULL".to_owned(),
    }
}
