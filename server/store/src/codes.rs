//! Recharge codes in batches. The plain codes leave in the answer of [`generate`] and are never to be had again.

use shared::{BatchId, ChargeCode, Coins, FieldCode, Fields, Instant, MAX_COINS, api::CodeBatch};
use sqlx::AssertSqlSafe;

use crate::{
    Origin, Result, Staff, Store,
    audit::{self, Entry},
    db::transaction,
};

/// Largest number of codes in a batch.
pub const MAX_COUNT: i64 = 50_000;
/// How many codes one statement writes.
const CHUNK: usize = 500;

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
    /// A member of the staff.
    Staff(&'a Staff),
    /// The operator at the command line.
    Operator,
}

/// Makes a batch of codes.
pub async fn generate(store: &Store, batch: &NewBatch, maker: &Maker<'_>, origin: &Origin) -> Result<CodeBatch> {
    let actor = match maker {
        Maker::Staff(staff) => {
            staff.must_handle_coins()?;
            staff.actor()
        }
        Maker::Operator => "operator".to_owned(),
    };
    check(store, batch)?;
    let codes: Vec<ChargeCode> = (0..batch.count).map(|_| ChargeCode::new(store.random())).collect();
    let hashes: Vec<String> = codes.iter().map(|code| store.0.keys.code_hash(code)).collect();
    let id = transaction!(store, |connection| {
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO code_batches (value, count, label, reseller, expires_at, created_at, created_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        )
        .bind(batch.value)
        .bind(batch.count)
        .bind(batch.label.clone())
        .bind(batch.reseller.clone())
        .bind(batch.expires_at.map(|instant| instant.0))
        .bind(store.now().0)
        .bind(actor.clone())
        .fetch_one(&mut *connection)
        .await?;
        for chunk in hashes.chunks(CHUNK) {
            let rows: Vec<String> = (0..chunk.len()).map(|index| format!("($1, ${})", index + 2)).collect();
            let mut insert = sqlx::query(AssertSqlSafe(format!("INSERT INTO codes (batch_id, hash) VALUES {}", rows.join(", ")))).bind(id);
            for hash in chunk {
                insert = insert.bind(hash.clone());
            }
            insert.execute(&mut *connection).await?;
        }
        let subject = format!("batch:{id}");
        audit::record(
            store,
            &mut *connection,
            &Entry { actor: &actor, action: "codes.generate", subject: &subject, outcome: "ok", origin },
        )
        .await?;
        Ok(id)
    })?;
    let codes = codes.iter().map(ChargeCode::grouped).collect();
    Ok(CodeBatch { batch_id: BatchId(id), value: batch.value, expires_at: batch.expires_at, codes })
}

fn check(store: &Store, batch: &NewBatch) -> Result<()> {
    let mut fields = Fields::default();
    let within = |ok: bool, code| if ok { Ok(()) } else { Err(code) };
    let value = fields.check("value", within((1..=MAX_COINS).contains(&batch.value), FieldCode::Range));
    let count = fields.check("count", within((1..=MAX_COUNT).contains(&batch.count), FieldCode::Range));
    let label = fields.check("label", line(&batch.label, 1, 100));
    let reseller = fields.check("reseller", line(&batch.reseller, 0, 100));
    let expiry = fields.check("expires_at", within(batch.expires_at.is_none_or(|instant| instant > store.now()), FieldCode::Range));
    if value.and(count).and(label).and(reseller).and(expiry).is_some() { Ok(()) } else { Err(fields.problem().into()) }
}

/// One line of text that people wrote, of so many characters, without control characters.
pub(crate) fn line(text: &str, least: usize, most: usize) -> std::result::Result<(), FieldCode> {
    match text.chars().count() {
        0 if least > 0 => Err(FieldCode::Required),
        count if count > most => Err(FieldCode::TooLong),
        count if count < least => Err(FieldCode::TooShort),
        _ if text.chars().any(|character| character.is_control() && character != '\n') => Err(FieldCode::Format),
        _ => Ok(()),
    }
}
