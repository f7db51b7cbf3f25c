//! Contents, and the versions that they become.

use std::io;

use futures::Stream;
use shared::{AccountId, Code, FieldCode, Fields, FileId, Notice, PurchaseId, VersionId, api::admin::Permission, text::is_invisible};
use sqlx::Row;

use super::{audited, must_exist};
use crate::{
    Origin, Result, Staff, Store,
    audit::Deed,
    db::{Connection, transaction},
    notifications,
    storage::{self, Content},
    text::{line, lines, trimmed},
};

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
    let stored = put(store, &label, content).await?;
    let added = transaction!(store, deed, |connection| { attach(store, &mut *connection, &deed, id, &label, &stored).await });
    match added {
        Ok(attached) => Ok(attached.tell(store)),
        Err(error) => {
            if error.is_undone() {
                storage::remove(store, &stored.storage_key).await?;
            }
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

/// Stores a content that is no larger than the shop's settings allow.
pub(super) async fn put(store: &Store, label: &Label, content: impl Stream<Item = io::Result<Vec<u8>>> + Send) -> Result<Content> {
    storage::put(store, &label.name, content, store.settings().largest_file.unsigned_abs()).await
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
