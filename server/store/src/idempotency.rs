//! `Idempotency-Key`: the same key with the same request gets the first answer, with another request it is refused
//! (design, section 2). The answer is saved in the operation's own transaction.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use shared::{Code, FieldCode, ms};
use sqlx::Row;

use crate::{
    Result, Store,
    db::Connection,
    error::{damaged, field},
    storage,
};

/// How long an answer is kept.
pub(crate) const LIFE: i64 = 7 * ms::DAY;

/// A text that a person wrote, as part of a request: it tells one text from another, and keeps none of either.
pub(crate) fn digest(text: &str) -> String {
    storage::hex(&Sha256::digest(text.as_bytes()))
}

/// A key of a caller with what it stands for.
pub(crate) struct Once<'a> {
    owner: &'a str,
    key: Option<&'a str>,
    request: String,
}

impl<'a> Once<'a> {
    /// `request` names the operation and everything that makes it another one: all that the caller sent, texts as their [`digest`].
    pub(crate) fn new(owner: &'a str, key: Option<&'a str>, request: String) -> Result<Self> {
        match key {
            Some(key) if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(field("Idempotency-Key", FieldCode::Format))
            }
            key => Ok(Self { owner, key, request }),
        }
    }

    /// The first answer, if the operation was done before. Else the key is taken: a parallel request waits here until this one is settled.
    pub(crate) async fn begin<T: DeserializeOwned>(&self, store: &Store, connection: &mut Connection) -> Result<Option<T>> {
        let Some(key) = self.key else { return Ok(None) };
        let taken = sqlx::query(
            "INSERT INTO idempotency_keys (owner, key, request, answer, created_at) VALUES ($1, $2, $3, '', $4) ON CONFLICT DO NOTHING",
        )
        .bind(self.owner.to_owned())
        .bind(key.to_owned())
        .bind(self.request.clone())
        .bind(store.now().0)
        .execute(&mut *connection)
        .await?;
        if taken.rows_affected() == 1 {
            return Ok(None);
        }
        let row = sqlx::query("SELECT request, answer FROM idempotency_keys WHERE owner = $1 AND key = $2")
            .bind(self.owner.to_owned())
            .bind(key.to_owned())
            .fetch_one(&mut *connection)
            .await?;
        if row.try_get::<String, _>("request")? != self.request {
            return Err(Code::IdempotencyMismatch.into());
        }
        serde_json::from_str(&row.try_get::<String, _>("answer")?).map(Some).map_err(damaged)
    }

    /// Lets the key go again where the operation was refused and its transaction is committed all the same.
    pub(crate) async fn give_up(&self, connection: &mut Connection) -> Result<()> {
        let Some(key) = self.key else { return Ok(()) };
        sqlx::query("DELETE FROM idempotency_keys WHERE owner = $1 AND key = $2")
            .bind(self.owner.to_owned())
            .bind(key.to_owned())
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Saves the answer under the key.
    pub(crate) async fn finish<T: Serialize>(&self, connection: &mut Connection, answer: &T) -> Result<()> {
        let Some(key) = self.key else { return Ok(()) };
        sqlx::query("UPDATE idempotency_keys SET answer = $3 WHERE owner = $1 AND key = $2")
            .bind(self.owner.to_owned())
            .bind(key.to_owned())
            .bind(serde_json::to_string(answer).map_err(damaged)?)
            .execute(&mut *connection)
            .await?;
        Ok(())
    }
}
