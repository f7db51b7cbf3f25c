//! Uploads that outlive their connection, their page and the server, in the shape of tus 1.0: begun once, then bytes are appended at
//! the offset where the last ones ended. What has arrived lies in parts of some megabytes in the storage, so that folders and buckets
//! are the same; when all of it is there it is put together, checked and becomes a version.

use std::io;

use futures::{Stream, StreamExt};
use shared::{
    Code, FieldCode, FileId, Instant, VersionId,
    api::admin::{Permission, Upload, UploadRequest},
    ms,
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use crate::{Error, Origin, Result, Staff, Store, audit::Deed, db::transaction, error::field, files, storage, text::line};

/// Bytes of a part, all that an upload takes of memory.
const PART: usize = 8 << 20;
/// How long an upload waits for its next byte before it is given up.
const LIFE: i64 = ms::DAY;
/// How long the one who writes may be silent before another may: longer than the server waits for a byte.
const LEASE: i64 = 45 * ms::SECOND;
/// Uploads that one sweep takes.
const BATCH: i64 = 100;

const COLUMNS: &str = "id, file_id, file_name, length, received, fingerprint, note, created_at, expires_at, version_id";

fn upload(row: &AnyRow) -> Result<Upload> {
    Ok(Upload {
        id: row.try_get("id")?,
        file_id: FileId(row.try_get("file_id")?),
        file_name: row.try_get("file_name")?,
        length: row.try_get("length")?,
        received: row.try_get("received")?,
        fingerprint: row.try_get("fingerprint")?,
        note: row.try_get("note")?,
        created_at: Instant(row.try_get("created_at")?),
        expires_at: Instant(row.try_get("expires_at")?),
        version_id: row.try_get::<Option<i64>, _>("version_id")?.map(VersionId),
    })
}

/// Begins an upload; the one that was begun before with the same name, size and fingerprint, if there is one, goes on.
pub async fn begin(store: &Store, staff: &Staff, request: &UploadRequest, origin: &Origin) -> Result<Upload> {
    let deed = staff.must(store, Permission::ManageFiles, "upload.begin", files::audited(FileId(request.file_id)), origin).await?;
    let label = files::check_content(store, FileId(request.file_id), &request.file_name, &request.note).await?;
    line(&request.fingerprint, 0, 200).map_err(|code| field("fingerprint", code))?;
    if request.length <= 0 {
        return Err(field("length", FieldCode::EmptyFile));
    }
    if request.length > store.settings().largest_file {
        return Err(Code::PayloadTooLarge.into());
    }
    let id = storage::hex(&store.random::<16>());
    let now = store.now();
    transaction!(store, deed, |connection| {
        let before = sqlx::query(AssertSqlSafe(format!(
            "UPDATE uploads SET note = $5, expires_at = $6 WHERE id = (SELECT MAX(id) FROM uploads WHERE file_id = $1 AND file_name = $2
                AND length = $3 AND fingerprint = $4 AND fingerprint <> '' AND version_id IS NULL
                AND (writer IS NULL OR writer <> 'gone')) RETURNING {COLUMNS}"
        )))
        .bind(request.file_id)
        .bind(label.name.clone())
        .bind(request.length)
        .bind(request.fingerprint.clone())
        .bind(label.note.clone())
        .bind(now.plus(LIFE).0)
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(row) = before {
            return upload(&row);
        }
        let row = sqlx::query(AssertSqlSafe(format!(
            "INSERT INTO uploads (id, file_id, file_name, length, fingerprint, note, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING {COLUMNS}"
        )))
        .bind(id.clone())
        .bind(request.file_id)
        .bind(label.name.clone())
        .bind(request.length)
        .bind(request.fingerprint.clone())
        .bind(label.note.clone())
        .bind(now.0)
        .bind(now.plus(LIFE).0)
        .fetch_one(&mut *connection)
        .await?;
        deed.done(store, &mut *connection, "ok").await?;
        upload(&row)
    })
}

/// As the audit log names it.
fn audited(id: &str) -> String {
    format!("upload:{id}")
}

/// How far an upload is.
pub async fn get(store: &Store, staff: &Staff, id: &str) -> Result<Upload> {
    staff.must(store, Permission::ManageFiles, "files.see", audited(id), &staff.origin).await?;
    find(store, id).await
}

async fn find(store: &Store, id: &str) -> Result<Upload> {
    // What is no id of ours is not asked for: not every database takes every text.
    if !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Code::NotFound.into());
    }
    let row = sqlx::query(AssertSqlSafe(format!("SELECT {COLUMNS} FROM uploads WHERE id = $1")))
        .bind(id.to_owned())
        .fetch_optional(store.0.db.reader())
        .await?;
    upload(&row.ok_or(Code::NotFound)?)
}

/// A file's uploads that are not done, the newest first.
pub async fn of_file(store: &Store, staff: &Staff, file: FileId) -> Result<Vec<Upload>> {
    staff.must(store, Permission::ManageFiles, "files.see", files::audited(file), &staff.origin).await?;
    let rows = sqlx::query(AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM uploads WHERE file_id = $1 AND version_id IS NULL AND expires_at > $2 ORDER BY created_at DESC LIMIT 20"
    )))
    .bind(file.0)
    .bind(store.now().0)
    .fetch_all(store.0.db.reader())
    .await?;
    rows.iter().map(upload).collect()
}

/// The right to write to an upload, one request's at a time.
#[derive(Clone)]
struct Lease {
    id: String,
    token: String,
}

impl Lease {
    /// Takes it, if nobody has it and `offset` is where the upload stands.
    async fn take(store: &Store, id: &str, offset: i64) -> Result<Self> {
        let lease = Self { id: id.to_owned(), token: storage::hex(&store.random::<16>()) };
        let now = store.now();
        let taken = sqlx::query(
            "UPDATE uploads SET writer = $2, writer_until = $3
             WHERE id = $1 AND received = $4 AND version_id IS NULL AND (writer IS NULL OR (writer <> 'gone' AND writer_until <= $5))",
        )
        .bind(lease.id.clone())
        .bind(lease.token.clone())
        .bind(now.plus(LEASE).0)
        .bind(offset)
        .bind(now.0)
        .execute(store.0.db.writer())
        .await?;
        if taken.rows_affected() == 1 { Ok(lease) } else { Err(Code::UploadConflict.into()) }
    }

    /// Keeps it; fails when another has it or the upload was discarded.
    async fn renew(&self, store: &Store) -> Result<()> {
        let renewed = sqlx::query("UPDATE uploads SET writer_until = $3 WHERE id = $1 AND writer = $2")
            .bind(self.id.clone())
            .bind(self.token.clone())
            .bind(store.now().plus(LEASE).0)
            .execute(store.0.db.writer())
            .await?;
        if renewed.rows_affected() == 1 { Ok(()) } else { Err(Code::UploadConflict.into()) }
    }

    async fn give_back(&self, store: &Store) -> Result<()> {
        sqlx::query("UPDATE uploads SET writer = NULL WHERE id = $1 AND writer = $2")
            .bind(self.id.clone())
            .bind(self.token.clone())
            .execute(store.0.db.writer())
            .await?;
        Ok(())
    }
}

/// Appends bytes at `offset`, which must be where the upload stands: [`Code::UploadConflict`] otherwise, and while another request
/// writes. What arrived before a line broke is kept. With the last byte the content is put together and checked, and becomes the
/// file's version; appending nothing to a complete upload does that again where it was interrupted.
pub async fn append(
    store: &Store,
    staff: &Staff,
    id: &str,
    offset: i64,
    content: impl Stream<Item = io::Result<Vec<u8>>> + Send,
    origin: &Origin,
) -> Result<Upload> {
    let mut deed = staff.must(store, Permission::ManageFiles, "file.version", audited(id), origin).await?;
    let before = find(store, id).await?;
    deed.about(files::audited(before.file_id));
    if before.version_id.is_some() && offset == before.length {
        return Ok(before);
    }
    let lease = Lease::take(store, id, offset).await?;
    let appended: Result<()> = async {
        let received = receive(store, &lease, &before, offset, content).await?;
        if received == before.length {
            finish(store, &deed, &lease, &before).await?;
        }
        Ok(())
    }
    .await;
    lease.give_back(store).await?;
    appended?;
    find(store, id).await
}

async fn receive(
    store: &Store,
    lease: &Lease,
    upload: &Upload,
    offset: i64,
    content: impl Stream<Item = io::Result<Vec<u8>>> + Send,
) -> Result<i64> {
    let mut content = std::pin::pin!(content);
    let (mut received, mut part) = (offset, Vec::new());
    loop {
        let chunk = content.next().await;
        let ended = match &chunk {
            Some(Ok(chunk)) => {
                let room = upload.length - received;
                if i64::try_from(part.len() + chunk.len()).is_ok_and(|arrived| arrived > room) {
                    return Err(Code::PayloadTooLarge.into());
                }
                part.extend_from_slice(chunk);
                false
            }
            // A line that breaks takes nothing of what had arrived.
            Some(Err(_)) | None => true,
        };
        if part.len() >= PART || (ended && !part.is_empty()) {
            received = keep(store, lease, upload, received, std::mem::take(&mut part)).await?;
        }
        match chunk {
            Some(Err(error)) => return Err(error.into()),
            None => return Ok(received),
            Some(Ok(_)) => {}
        }
    }
}

/// Keeps a part, and answers where the upload stands then.
async fn keep(store: &Store, lease: &Lease, upload: &Upload, start: i64, part: Vec<u8>) -> Result<i64> {
    if start == 0 && (part.len() >= storage::HEAD || i64::try_from(part.len()) == Ok(upload.length)) {
        // Two gigabytes of the wrong kind are refused at their beginning.
        let head = &part[..part.len().min(storage::HEAD)];
        if let Err(code) = storage::content_type(&upload.file_name, head) {
            erase(store, &upload.id).await?;
            return Err(field("file", code));
        }
    }
    let received = start + i64::try_from(part.len()).map_err(|_| Code::PayloadTooLarge)?;
    // A name of its own, so that one who lost the lease writes over nobody's part.
    let storage_key = format!("uploads/{}/{start}-{}", upload.id, storage::hex(&store.random::<4>()));
    storage::put_part(store, &storage_key, part).await?;
    let now = store.now();
    // Whatever comes of it, the part goes with all that lies below the upload.
    transaction!(store, |connection| {
        let moved = sqlx::query(
            "UPDATE uploads SET received = $4, writer_until = $5, expires_at = $6 WHERE id = $1 AND writer = $2 AND received = $3",
        )
        .bind(lease.id.clone())
        .bind(lease.token.clone())
        .bind(start)
        .bind(received)
        .bind(now.plus(LEASE).0)
        .bind(now.plus(LIFE).0)
        .execute(&mut *connection)
        .await?;
        if moved.rows_affected() == 0 {
            return Err(Code::UploadConflict.into());
        }
        sqlx::query("INSERT INTO upload_parts (upload_id, start, storage_key) VALUES ($1, $2, $3)")
            .bind(lease.id.clone())
            .bind(start)
            .bind(storage_key.clone())
            .execute(&mut *connection)
            .await?;
        Ok(received)
    })
}

/// Puts a complete upload together. A content that breaks a rule is given up whole; after a fault of ours it can be tried again.
async fn finish(store: &Store, deed: &Deed<'_>, lease: &Lease, upload: &Upload) -> Result<()> {
    let parts: Vec<String> = sqlx::query_scalar("SELECT storage_key FROM upload_parts WHERE upload_id = $1 ORDER BY start")
        .bind(upload.id.clone())
        .fetch_all(store.0.db.reader())
        .await?;
    let whole = storage::pieces(store, parts.clone(), || lease.renew(store));
    let limit = upload.length.unsigned_abs();
    let stored = match files::put(store, &upload.file_name, whole, limit).await {
        // The parts are ours: that one of them can't be read is no fault of the caller's.
        Err(Error::Upload(error)) => return Err(unread(upload, error)),
        Err(Error::Problem(problem)) => {
            erase(store, &upload.id).await?;
            return Err(problem.into());
        }
        stored => stored?,
    };
    if stored.size != upload.length {
        files::discard(store, &stored).await;
        return Err(Error::Damaged(format!("upload {}: {} of {} bytes", upload.id, stored.size, upload.length)));
    }
    // The note may have been written anew since the upload began.
    let label = files::Label { name: upload.file_name.clone(), note: find(store, &upload.id).await?.note };
    let attached: Result<files::Attached> = transaction!(store, deed, |connection| {
        let attached = files::attach(store, &mut *connection, deed, upload.file_id, &label, &stored).await?;
        let done = sqlx::query("UPDATE uploads SET version_id = $3 WHERE id = $1 AND writer = $2 AND version_id IS NULL")
            .bind(lease.id.clone())
            .bind(lease.token.clone())
            .bind(attached.version.0)
            .execute(&mut *connection)
            .await?;
        if done.rows_affected() == 0 {
            return Err(Code::UploadConflict.into());
        }
        sqlx::query("DELETE FROM upload_parts WHERE upload_id = $1").bind(upload.id.clone()).execute(&mut *connection).await?;
        Ok(attached)
    });
    match attached {
        Ok(attached) => attached.tell(store),
        Err(error) => {
            files::discard(store, &stored).await;
            return Err(error);
        }
    };
    storage::remove_below(store, &format!("uploads/{}", upload.id)).await
}

/// Why the parts of an upload could not be put together: the lease was lost, the storage is away, or a part is not what was stored.
fn unread(upload: &Upload, error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(ours) => ours,
        Err(error) => match error.downcast::<object_store::Error>() {
            Ok(away) if !matches!(away, object_store::Error::NotFound { .. }) => away.into(),
            Ok(missing) => Error::Damaged(format!("upload {}: {missing}", upload.id)),
            Err(error) => Error::Damaged(format!("upload {}: {error}", upload.id)),
        },
    }
}

/// Gives an upload up, with what has arrived of it. Who is writing to it finds it gone.
pub async fn discard(store: &Store, staff: &Staff, id: &str, origin: &Origin) -> Result<()> {
    let mut deed = staff.must(store, Permission::ManageFiles, "upload.discard", audited(id), origin).await?;
    let upload = find(store, id).await?;
    deed.about(files::audited(upload.file_id));
    if upload.version_id.is_some() {
        return Err(Code::NotFound.into());
    }
    erase(store, id).await?;
    transaction!(store, deed, |connection| { deed.done(store, &mut *connection, "ok").await })
}

/// Removes an unfinished upload's bytes, then what is known of it: in this order, so that a crash leaves nothing that nobody knows of.
/// Once its writer is `gone`, nobody goes on with it, for its bytes may be gone too.
async fn erase(store: &Store, id: &str) -> Result<()> {
    let found = sqlx::query("UPDATE uploads SET writer = 'gone', writer_until = $2, expires_at = $3 WHERE id = $1 AND version_id IS NULL")
        .bind(id.to_owned())
        .bind(store.now().plus(LEASE).0)
        .bind(store.now().0)
        .execute(store.0.db.writer())
        .await?;
    if found.rows_affected() == 0 {
        return Ok(());
    }
    storage::remove_below(store, &format!("uploads/{id}")).await?;
    // On either database: the parts first, whether it cascades or not.
    transaction!(store, |connection| {
        sqlx::query("DELETE FROM upload_parts WHERE upload_id = $1").bind(id.to_owned()).execute(&mut *connection).await?;
        sqlx::query("DELETE FROM uploads WHERE id = $1 AND version_id IS NULL").bind(id.to_owned()).execute(&mut *connection).await?;
        Ok(())
    })
}

/// Gives up what nobody went on with, and forgets what is done.
pub(crate) async fn sweep(store: &Store) -> Result<()> {
    let now = store.now().0;
    let done: Vec<String> = sqlx::query_scalar("SELECT id FROM uploads WHERE expires_at <= $1 AND version_id IS NOT NULL LIMIT $2")
        .bind(now)
        .bind(BATCH)
        .fetch_all(store.0.db.reader())
        .await?;
    for id in done {
        // A crash after the version was made has left the parts.
        storage::remove_below(store, &format!("uploads/{id}")).await?;
        sqlx::query("DELETE FROM uploads WHERE id = $1").bind(id).execute(store.0.db.writer()).await?;
    }
    let over: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM uploads WHERE expires_at <= $1 AND version_id IS NULL AND (writer IS NULL OR writer_until <= $1) LIMIT $2",
    )
    .bind(now)
    .bind(BATCH)
    .fetch_all(store.0.db.reader())
    .await?;
    for id in over {
        erase(store, &id).await?;
    }
    Ok(())
}
