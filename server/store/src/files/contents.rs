//! Contents, and the versions that they become.

use std::io;

use futures::Stream;
use shared::{AccountId, Code, FieldCode, Fields, FileId, Notice, PurchaseId, VersionId, api::admin::Permission, ms, text::is_invisible};
use sqlx::Row;

use super::{audited, must_exist};
use crate::{
    Error, Origin, Result, Staff, Store,
    audit::Deed,
    db::{Connection, transaction},
    notifications,
    storage::{self, Content},
    text::{line, lines, trimmed},
};

/// How long a content may be on its way until it is taken for given up.
const ON_ITS_WAY: i64 = ms::DAY;
/// Loose contents that one sweep takes.
const BATCH: i64 = 100;

/// Adds a content in one go: the first one, or a new version, of which past buyers are told and for which they get fresh attempts.
pub async fn add_content(
    store: &Store,
    staff: &Staff,
    id: FileId,
    name: &str,
    note: &str,
    content: impl Stream<Item = io::Result<Vec<u8>>> + Send,
    origin: &Origin,
) -> Result<VersionId> {
    let deed = staff.must(store, Permission::ManageFiles, "file.version", audited(id), origin).await?;
    let label = check_content(store, id, name, note).await?;
    let stored = put(store, &label.name, content, largest(store)).await?;
    let added = transaction!(store, deed, |connection| { attach(store, &mut *connection, &deed, id, &label, &stored).await });
    match added {
        Ok(attached) => Ok(attached.tell(store)),
        Err(error) => {
            discard(store, &stored).await;
            Err(error)
        }
    }
}

/// What is written on a content, by the rules.
pub(crate) struct Label {
    /// Its name as customers save it: 1 to 150 characters, without slashes and what people don't see, and no dot at its beginning.
    pub(crate) name: String,
    /// What is new in it: up to 1000 characters.
    pub(crate) note: String,
}

impl Label {
    /// The label, if it keeps the rules.
    pub(crate) fn new(name: &str, note: &str) -> Result<Self> {
        let mut fields = Fields::default();
        let (name, note) = (name.trim().to_owned(), trimmed(note));
        let named = fields.check("file_name", check_name(&name));
        let noted = fields.check("note", lines(&note, 0, 1000));
        if named.and(noted).is_some() { Ok(Self { name, note }) } else { Err(fields.problem().into()) }
    }
}

fn check_name(name: &str) -> std::result::Result<(), FieldCode> {
    line(name, 1, 150)?;
    let hidden = name.starts_with('.') || name.contains(|character: char| matches!(character, '/' | '\\') || is_invisible(character));
    if hidden { Err(FieldCode::Format) } else { Ok(()) }
}

/// What can be known of a content before its first byte.
pub(crate) async fn check_content(store: &Store, id: FileId, name: &str, note: &str) -> Result<Label> {
    must_exist(store, id).await?;
    Label::new(name, note)
}

/// The largest content that the shop's settings allow, in bytes.
pub(super) fn largest(store: &Store) -> u64 {
    store.settings().largest_file.unsigned_abs()
}

/// Stores a content of 1 to `limit` bytes. It is written down as loose before its first byte lies anywhere, so that one that is whole and
/// whose server was killed before [`attach`] made it a version is found by [`sweep`].
pub(crate) async fn put(
    store: &Store,
    file_name: &str,
    content: impl Stream<Item = io::Result<Vec<u8>>> + Send,
    limit: u64,
) -> Result<Content> {
    let storage_key = format!("versions/{}", storage::hex(&store.random::<16>()));
    sqlx::query("INSERT INTO loose_contents (storage_key, since) VALUES ($1, $2)")
        .bind(storage_key.clone())
        .bind(store.now().0)
        .execute(store.0.db.writer())
        .await?;
    let stored = storage::put(store, storage_key.clone(), file_name, content, limit).await;
    // What the storage failed at may lie there nevertheless, and the storage is not asked again now.
    if let Err(Error::Problem(_) | Error::Upload(_)) = &stored {
        told(forget(store, &storage_key).await);
    }
    stored
}

/// Removes a content that did not become a version, so far as that can be done now. Whether it became one nevertheless is asked: after a
/// fault the transaction may have been committed and only the word of it lost.
pub(crate) async fn discard(store: &Store, stored: &Content) {
    told(remove(store, &stored.storage_key).await);
}

/// Removes contents that became no version.
pub(crate) async fn sweep(store: &Store) -> Result<()> {
    let over: Vec<String> = sqlx::query_scalar("SELECT storage_key FROM loose_contents WHERE since < $1 ORDER BY since LIMIT $2")
        .bind(store.now().plus(-ON_ITS_WAY).0)
        .bind(BATCH)
        .fetch_all(store.0.db.reader())
        .await?;
    for storage_key in over {
        // One that can't be removed keeps back no other.
        told(remove(store, &storage_key).await);
    }
    Ok(())
}

/// A content that can't be removed now costs no more than its room: whoever asked for something else is not told.
fn told(removed: Result<()>) {
    if let Err(error) = removed {
        tracing::warn!(%error, "a content that was given up waits for the sweep");
    }
}

/// The row is claimed first: that waits for a version that is being made of it, and none is made of it any more.
async fn remove(store: &Store, storage_key: &str) -> Result<()> {
    sqlx::query("UPDATE loose_contents SET since = 0 WHERE storage_key = $1")
        .bind(storage_key.to_owned())
        .execute(store.0.db.writer())
        .await?;
    let version: Option<i64> = sqlx::query_scalar("SELECT id FROM versions WHERE storage_key = $1 LIMIT 1")
        .bind(storage_key.to_owned())
        .fetch_optional(store.0.db.writer())
        .await?;
    if version.is_none() {
        storage::remove(store, storage_key).await?;
    }
    forget(store, storage_key).await
}

async fn forget(store: &Store, storage_key: &str) -> Result<()> {
    sqlx::query("DELETE FROM loose_contents WHERE storage_key = $1").bind(storage_key.to_owned()).execute(store.0.db.writer()).await?;
    Ok(())
}

/// A version that a stored content became.
pub(crate) struct Attached {
    pub(crate) version: VersionId,
    told: Vec<AccountId>,
}

impl Attached {
    /// Tells the browsers of those who have it, once the transaction is done.
    pub(crate) fn tell(self, store: &Store) -> VersionId {
        for customer in self.told {
            store.live().changed(customer);
        }
        self.version
    }
}

/// Makes a stored content the newest version of a file: past buyers get it free, are told, and get fresh attempts (design, section 5).
pub(crate) async fn attach(
    store: &Store,
    connection: &mut Connection,
    deed: &Deed<'_>,
    id: FileId,
    Label { name, note }: &Label,
    stored: &Content,
) -> Result<Attached> {
    // The row is held, so that two versions at once get their numbers one after the other.
    let title: Option<String> = sqlx::query_scalar("UPDATE files SET updated_at = updated_at WHERE id = $1 RETURNING title")
        .bind(id.0)
        .fetch_optional(&mut *connection)
        .await?;
    let title = title.ok_or(Code::NotFound)?;
    let tied = sqlx::query("DELETE FROM loose_contents WHERE storage_key = $1 AND since > 0")
        .bind(stored.storage_key.clone())
        .execute(&mut *connection)
        .await?;
    if tied.rows_affected() == 0 {
        // It was on its way for so long that it was swept.
        return Err(Code::UploadConflict.into());
    }
    let version = insert_version(store, &mut *connection, id, name, note, stored).await?;
    let buyers = sqlx::query(
        "UPDATE purchases SET attempts_allowed = attempts_allowed + $2 WHERE file_id = $1 AND refunded_at IS NULL RETURNING id, customer_id",
    )
    .bind(id.0)
    .bind(store.settings().attempts)
    .fetch_all(&mut *connection)
    .await?;
    let mut told = Vec::with_capacity(buyers.len());
    for buyer in &buyers {
        let (purchase_id, customer) = (PurchaseId(buyer.try_get("id")?), AccountId(buyer.try_get("customer_id")?));
        let notice = Notice::NewVersion { purchase_id, title: title.clone(), note: note.clone() };
        notifications::add(store, &mut *connection, customer, &notice).await?;
        told.push(customer);
    }
    deed.did(store, connection, "file.version", &audited(id), "ok").await?;
    Ok(Attached { version, told })
}

async fn insert_version(
    store: &Store,
    connection: &mut Connection,
    id: FileId,
    file_name: &str,
    note: &str,
    stored: &Content,
) -> Result<VersionId> {
    let version: i64 = sqlx::query_scalar(
        "INSERT INTO versions (file_id, number, file_name, content_type, size, sha256, storage_key, note, created_at)
         VALUES ($1, (SELECT COUNT(*) + 1 FROM versions WHERE file_id = $1), $2, $3, $4, $5, $6, $7, $8) RETURNING id",
    )
    .bind(id.0)
    .bind(file_name.to_owned())
    .bind(stored.media_type.clone())
    .bind(stored.size)
    .bind(stored.sha256.clone())
    .bind(stored.storage_key.clone())
    .bind(note.to_owned())
    .bind(store.now().0)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query("UPDATE files SET version_id = $2, updated_at = $3 WHERE id = $1")
        .bind(id.0)
        .bind(version)
        .bind(store.now().0)
        .execute(&mut *connection)
        .await?;
    Ok(VersionId(version))
}
