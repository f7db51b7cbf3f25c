//! Making batches, and handing their plain codes out.

use std::{
    collections::HashMap,
    ops::RangeInclusive,
    sync::{Mutex, MutexGuard, PoisonError},
};

use shared::{
    BatchId, ChargeCode, Code, Fields, Instant, StaffId,
    api::{
        CodeBatch,
        admin::{Batch, HandOut, MadeBatch, Making, Permission},
    },
};
use sqlx::{AssertSqlSafe, Row};

use super::{BATCH, CHUNK, HAND_OUT_LIFE, Kind, Maker, NewBatch, batch, batch_of, check, insert_batch, insert_codes, json, named};
use crate::{Origin, Result, Staff, Store, audit::Deed, db::transaction, error::damaged, keys::random_token};

/// How far the batches are that are being made on this server, by who makes them.
#[derive(Default)]
pub struct Makings(Mutex<HashMap<StaffId, Making>>);

impl Makings {
    fn lock(&self) -> MutexGuard<'_, HashMap<StaffId, Making>> {
        // A thread that panicked while it held the lock has left a count behind, which is as good as any.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A batch that is being made; told of until it is dropped, however that comes about.
struct Progress<'a>(&'a Store, Option<StaffId>);

impl Progress<'_> {
    fn is(&self, done: i64, count: i64) {
        if let Self(store, Some(member)) = self {
            store.0.makings.lock().insert(*member, Making { done, count });
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Self(store, Some(member)) = self {
            store.0.makings.lock().remove(member);
        }
    }
}

/// How far the batch is that the member is having made by this server; `None` when there is none.
pub async fn making(store: &Store, staff: &Staff) -> Result<Option<Making>> {
    staff.must(store, Permission::ManageCodes, "codes.see", "", &staff.origin).await?;
    Ok(store.0.makings.lock().get(&staff.id).cloned())
}

/// Makes a batch of codes, which are in the answer and never to be had again.
pub async fn generate(store: &Store, new: &NewBatch, maker: &Maker<'_>) -> Result<CodeBatch> {
    let ticket = random_token(store.random());
    let id = write(store, new, maker, Kind::Generated, &ticket).await?;
    let codes = codes(store, ticket, 1..=new.count).await?.iter().map(ChargeCode::grouped).collect();
    Ok(CodeBatch { batch_id: id, value: new.value, expires_at: new.expires_at, codes })
}

/// Makes a batch whose codes leave by [`hand_out`], with the ticket that is in the answer and nowhere else.
pub async fn make(store: &Store, staff: &Staff, new: &NewBatch, origin: &Origin) -> Result<MadeBatch> {
    let ticket = random_token(store.random());
    let until = store.now().plus(HAND_OUT_LIFE);
    let id = write(store, new, &Maker::Staff(staff, origin), Kind::Ticketed, &ticket).await?;
    Ok(MadeBatch { batch: batch(store, staff, id).await?, ticket, until })
}

async fn write(store: &Store, new: &NewBatch, maker: &Maker<'_>, kind: Kind, ticket: &str) -> Result<BatchId> {
    let (deed, member) = match maker {
        Maker::Staff(staff, origin) => (staff.must(store, Permission::ManageCodes, "codes.generate", "", origin).await?, Some(staff.id)),
        Maker::Operator => (Deed::operator("codes.generate", ""), None),
    };
    let mut fields = Fields::default();
    if check(store, new, &mut fields).is_none() {
        return Err(fields.problem().into());
    }
    let progress = Progress(store, member);
    transaction!(store, deed, |connection| {
        let id = insert_batch(store, &mut *connection, new, kind, &deed).await?;
        let numbers: Vec<i64> = (1..=new.count).collect();
        for chunk in numbers.chunks(CHUNK) {
            progress.is(chunk[0] - 1, new.count);
            let keys = &store.0.keys;
            let hashes: Vec<String> = chunk.iter().map(|number| keys.code_hash(&keys.printed_code(ticket, *number))).collect();
            let hashes: Vec<&str> = hashes.iter().map(String::as_str).collect();
            sqlx::query(insert_codes(store, "")).bind(id.0).bind(chunk[0]).bind(json(&hashes)?).execute(&mut *connection).await?;
        }
        deed.did(store, &mut *connection, "codes.generate", &named(id), "ok").await?;
        Ok(id)
    })
}

/// A batch with plain codes.
pub struct HandedOut {
    /// The batch.
    pub batch: Batch,
    /// Number of the first code.
    pub first: i64,
    /// The codes, in the order of their numbers.
    pub codes: Vec<ChargeCode>,
}

/// The plain codes of a batch, as far as they are within `numbers`. [`Code::CodesGone`] for another batch's ticket, when its time is over,
/// and for batches whose codes left otherwise or were cancelled.
pub async fn hand_out(
    store: &Store,
    staff: &Staff,
    id: BatchId,
    ticket: &str,
    numbers: RangeInclusive<i64>,
    way: HandOut,
    origin: &Origin,
) -> Result<HandedOut> {
    let deed = staff.must(store, Permission::ManageCodes, "codes.hand_out", named(id), origin).await?;
    let row = sqlx::query(AssertSqlSafe(format!("SELECT {BATCH}, handed_out_until FROM code_batches WHERE code_batches.id = $1")))
        .bind(id.0)
        .fetch_optional(store.0.db.reader())
        .await?
        .ok_or(Code::NotFound)?;
    let batch = batch_of(&row, store.now())?;
    let open = row.try_get::<Option<i64>, _>("handed_out_until")?.is_some_and(|until| Instant(until) > store.now());
    let mine = sqlx::query_scalar::<_, i64>("SELECT id FROM codes WHERE batch_id = $1 AND number = 1 AND hash = $2")
        .bind(id.0)
        .bind(store.0.keys.code_hash(&store.0.keys.printed_code(ticket, 1)))
        .fetch_optional(store.0.db.reader())
        .await?;
    if !open || mine.is_none() || batch.cancelled_at.is_some() {
        return deed.settled(store, Err(Code::CodesGone.into())).await;
    }
    let numbers = (*numbers.start()).max(1)..=(*numbers.end()).min(batch.count);
    let first = *numbers.start();
    let codes = codes(store, ticket.to_owned(), numbers).await?;
    transaction!(store, deed, |connection| { deed.done(store, &mut *connection, way.as_str()).await })?;
    Ok(HandedOut { batch, first, codes })
}

/// Some tens of milliseconds of hashing for a large batch: beside the threads that answer requests.
async fn codes(store: &Store, ticket: String, numbers: RangeInclusive<i64>) -> Result<Vec<ChargeCode>> {
    let store = store.clone();
    tokio::task::spawn_blocking(move || numbers.map(|number| store.0.keys.printed_code(&ticket, number)).collect()).await.map_err(damaged)
}
