//! Contents, covers and previews in the file storage (`object_store`). What is uploaded is hashed, measured and checked
//! as it flows; nothing is ever whole in memory but pictures.

use std::{future::Future, io};

use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart, path::Path};
use sha2::{Digest, Sha256};
use shared::{Code, FieldCode};

use crate::{Result, Store, error::field};

/// Bytes looked at to tell what a content is.
pub(crate) const HEAD: usize = 8192;
/// Parts of an upload that may be on their way at once.
const PARTS_AT_ONCE: usize = 4;

/// A picture, or a small document, ready to be answered.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Its media type.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its strong entity tag, without quotes.
    pub etag: String,
}

/// A content that was stored.
#[derive(Debug)]
pub(crate) struct Content {
    /// Where it lies.
    pub(crate) storage_key: String,
    /// Bytes.
    pub(crate) size: i64,
    /// SHA-256 in hexadecimal.
    pub(crate) sha256: String,
    /// Its media type, by name and content.
    pub(crate) media_type: String,
}

pub(crate) fn path_of(storage_key: &str) -> Path {
    Path::from(storage_key)
}

/// Whether a file storage answers and knows the bucket and the key that it is asked with: one request, whose answer is short however much
/// is stored, as nothing ever lies where it looks. An empty bucket is a good one.
pub async fn files_answer(files: &dyn ObjectStore) -> std::result::Result<(), object_store::Error> {
    files.list(Some(&path_of("readiness"))).try_next().await.map(|_| ())
}

/// Stores a content of 1 to `limit` bytes. What can't be kept leaves nothing behind.
pub(crate) async fn put(
    store: &Store,
    storage_key: String,
    file_name: &str,
    content: impl Stream<Item = io::Result<Vec<u8>>> + Send,
    limit: u64,
) -> Result<Content> {
    let upload = store.0.files.put_multipart(&path_of(&storage_key)).await?;
    let mut upload = WriteMultipart::new(upload);
    let mut flow = Flow::default();
    let media_type = match pour(content, &mut upload, &mut flow, limit).await.and_then(|()| {
        let found = if flow.size == 0 { Err(FieldCode::EmptyFile) } else { content_type(file_name, &flow.head) };
        found.map_err(|code| field("file", code))
    }) {
        Ok(media_type) => media_type,
        Err(problem) => {
            // The first fault is the one to tell of.
            if let Err(error) = upload.abort().await {
                tracing::warn!(%error, "a content that was given up");
            }
            return Err(problem);
        }
    };
    upload.finish().await?;
    let size = i64::try_from(flow.size).map_err(|_| Code::PayloadTooLarge)?;
    Ok(Content { storage_key, size, sha256: hex(&flow.hash.finalize()), media_type })
}

async fn pour(
    content: impl Stream<Item = io::Result<Vec<u8>>> + Send,
    upload: &mut WriteMultipart,
    flow: &mut Flow,
    limit: u64,
) -> Result<()> {
    let mut content = std::pin::pin!(content);
    while let Some(chunk) = content.next().await {
        let chunk = chunk?;
        flow.take(&chunk);
        if flow.size > limit {
            return Err(Code::PayloadTooLarge.into());
        }
        upload.wait_for_capacity(PARTS_AT_ONCE).await?;
        upload.write(&chunk);
    }
    Ok(())
}

/// Stores a piece of an upload.
pub(crate) async fn put_part(store: &Store, storage_key: &str, bytes: Vec<u8>) -> Result<()> {
    store.0.files.put(&path_of(storage_key), PutPayload::from(bytes)).await?;
    Ok(())
}

/// What the pieces hold, one after the other; `before` is awaited before each.
pub(crate) fn pieces<'a, F: Future<Output = Result<()>> + Send + 'a>(
    store: &'a Store,
    storage_keys: Vec<String>,
    before: impl Fn() -> F + Send + 'a,
) -> BoxStream<'a, io::Result<Vec<u8>>> {
    futures::stream::iter(storage_keys)
        .then(move |storage_key| {
            let ready = before();
            async move {
                ready.await.map_err(io::Error::other)?;
                let piece = store.0.files.get(&path_of(&storage_key)).await.map_err(io::Error::other)?;
                Ok::<_, io::Error>(piece.into_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec()).map_err(io::Error::other)))
            }
        })
        .try_flatten()
        .boxed()
}

/// Removes all that lies below a prefix.
pub(crate) async fn remove_below(store: &Store, prefix: &str) -> Result<()> {
    let found: Vec<_> = store.0.files.list(Some(&path_of(prefix))).try_collect().await?;
    for object in found {
        remove(store, object.location.as_ref()).await?;
    }
    Ok(())
}

/// Removes a content that nothing refers to.
pub(crate) async fn remove(store: &Store, storage_key: &str) -> Result<()> {
    match store.0.files.delete(&path_of(storage_key)).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Stores a picture under its own hash and returns the hash: its entity tag.
pub(crate) async fn put_picture(store: &Store, bytes: Vec<u8>) -> Result<String> {
    let etag = hex(&Sha256::digest(&bytes))[..32].to_owned();
    store.0.files.put(&path_of(&format!("pictures/{etag}")), PutPayload::from(bytes)).await?;
    Ok(etag)
}

pub(crate) async fn picture(store: &Store, etag: String, content_type: String) -> Result<Picture> {
    let found = store.0.files.get(&path_of(&format!("pictures/{etag}"))).await?;
    Ok(Picture { content_type, bytes: found.bytes().await?.to_vec(), etag })
}

#[derive(Default)]
struct Flow {
    size: u64,
    hash: Sha256,
    head: Vec<u8>,
}

impl Flow {
    fn take(&mut self, chunk: &[u8]) {
        self.size += chunk.len() as u64;
        self.hash.update(chunk);
        if self.head.len() < HEAD {
            self.head.extend(chunk.iter().take(HEAD - self.head.len()));
        }
    }
}

/// The media type of a content; [`FieldCode::ContentType`] when its beginning is not what its name promises.
pub(crate) fn content_type(file_name: &str, head: &[u8]) -> std::result::Result<String, FieldCode> {
    let extension = file_name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    let promised = match extension.as_str() {
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        "7z" => "application/x-7z-compressed",
        "rar" => "application/vnd.rar",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "mp4" => "video/mp4",
        // These have no mark at their beginning that could be checked.
        "svg" => return Ok("image/svg+xml".to_owned()),
        "txt" | "md" | "csv" | "sql" | "css" => return Ok("text/plain; charset=utf-8".to_owned()),
        _ => return Ok("application/octet-stream".to_owned()),
    };
    let found = infer::get(head).map(|kind| kind.mime_type());
    if found == Some(promised) { Ok(promised.to_owned()) } else { Err(FieldCode::ContentType) }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_must_be_what_its_name_promises() {
        assert_eq!(content_type("دليل.PDF", b"%PDF-1.7 ...").as_deref(), Ok("application/pdf"));
        assert_eq!(content_type("a.pdf", b"MZ\x90\0"), Err(FieldCode::ContentType));
        assert_eq!(content_type("a.zip", b"%PDF-1.7"), Err(FieldCode::ContentType));
        assert_eq!(content_type("a.zip", b""), Err(FieldCode::ContentType));
        assert_eq!(content_type("notes", b"anything").as_deref(), Ok("application/octet-stream"));
    }
}
