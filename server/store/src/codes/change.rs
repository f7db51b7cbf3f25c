//! Freezing, thawing, cancelling.

use shared::{
    BatchId, Code,
    api::admin::{Batch, Permission},
};

use super::{batch, named};
use crate::{Origin, Result, Staff, Store, db::transaction};

/// Stops a batch's codes until it is thawed. A frozen batch stays frozen; a cancelled one is [`Code::BatchCancelled`].
pub async fn freeze(store: &Store, staff: &Staff, id: BatchId, origin: &Origin) -> Result<Batch> {
    let update = "UPDATE code_batches SET frozen_at = $2 WHERE id = $1 AND frozen_at IS NULL AND cancelled_at IS NULL";
    change(store, staff, id, "codes.freeze", update, origin).await
}

/// Lets a frozen batch's codes be redeemed again.
pub async fn thaw(store: &Store, staff: &Staff, id: BatchId, origin: &Origin) -> Result<Batch> {
    // An instant is never negative: the condition binds what the other two statements bind.
    let update = "UPDATE code_batches SET frozen_at = NULL WHERE id = $1 AND frozen_at IS NOT NULL AND cancelled_at IS NULL AND $2 >= 0";
    change(store, staff, id, "codes.thaw", update, origin).await
}

/// Ends a batch for ever: what was redeemed stays, nothing of it can be redeemed any more.
pub async fn cancel(store: &Store, staff: &Staff, id: BatchId, origin: &Origin) -> Result<Batch> {
    let update = "UPDATE code_batches SET cancelled_at = $2, handed_out_until = NULL WHERE id = $1 AND cancelled_at IS NULL";
    change(store, staff, id, "codes.cancel", update, origin).await
}

/// A redemption changes the batch's row too: whichever comes first is settled before the other looks.
async fn change(store: &Store, staff: &Staff, id: BatchId, action: &'static str, update: &'static str, origin: &Origin) -> Result<Batch> {
    let deed = staff.must(store, Permission::ManageCodes, action, named(id), origin).await?;
    transaction!(store, deed, |connection| {
        let changed = sqlx::query(update).bind(id.0).bind(store.now().0).execute(&mut *connection).await?.rows_affected();
        if changed == 1 {
            deed.done(store, &mut *connection, "ok").await?;
        }
        Ok(())
    })?;
    let batch = batch(store, staff, id).await?;
    let over = batch.cancelled_at.is_some() && action != "codes.cancel";
    deed.settled(store, if over { Err(Code::BatchCancelled.into()) } else { Ok(batch) }).await
}
