use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use futures::{StreamExt, stream::BoxStream};
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, memory::InMemory, path::Path,
};
use shared::{
    Code, FieldCode, FileId,
    api::admin::{CategoryRequest, FileRequest, FileState, UploadRequest},
    ms,
};
use store::{Staff, categories, cleanup, files, uploads};

use crate::{
    on_both,
    world::{World, at_once, code},
};

/// Three parts and a bit.
const LENGTH: usize = (8 << 20) * 3 + 12_345;

fn content() -> Vec<u8> {
    (0..LENGTH).map(|index| (index * 31 + index / 7_919).to_le_bytes()[0]).collect()
}

fn pieces(content: &[u8]) -> impl futures::Stream<Item = io::Result<Vec<u8>>> + Send + use<> {
    futures::stream::iter(content.chunks(300_000).map(|chunk| Ok(chunk.to_vec())).collect::<Vec<_>>())
}

/// Bytes, and then the line breaks.
fn cut(content: &[u8]) -> impl futures::Stream<Item = io::Result<Vec<u8>>> + Send + use<> {
    pieces(content).chain(futures::stream::iter([Err(io::Error::from(io::ErrorKind::ConnectionReset))]))
}

async fn draft(world: &World, staff: &Staff) -> FileId {
    let name = CategoryRequest { name: "كتب".to_owned() };
    let category = categories::create(&world.store, staff, &name, &world.origin()).await.unwrap();
    let request = FileRequest {
        title: "كتاب".to_owned(),
        description: String::new(),
        category_id: category.0,
        price_coins: 10,
        kind: "other".to_owned(),
    };
    files::create(&world.store, staff, &request, &world.origin()).await.unwrap()
}

fn request(file: FileId, name: &str, length: usize) -> UploadRequest {
    UploadRequest {
        file_id: file.0,
        file_name: name.to_owned(),
        length: i64::try_from(length).unwrap(),
        note: "جديد".to_owned(),
        fingerprint: "1700000000000".to_owned(),
    }
}

fn at(offset: usize) -> i64 {
    i64::try_from(offset).unwrap()
}

on_both!(goes_on_after_a_cut_and_a_restart, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let file = draft(world, owner).await;
    let content = content();
    let begun = uploads::begin(store, owner, &request(file, "كتاب.bin", LENGTH), origin).await.unwrap();
    let first = 10_000_000;
    let broken = uploads::append(store, owner, &begun.id, 0, cut(&content[..first]), origin).await;
    assert!(broken.is_err());
    let stands = uploads::get(store, owner, &begun.id).await.unwrap();
    assert_eq!(stands.received, at(first), "not a byte that arrived is lost");

    // Another server on the same database and folder, asked by the page that was loaded again.
    let other = world.with_files(world.files()).await;
    let again = uploads::begin(&other.store, owner, &request(file, "كتاب.bin", LENGTH), origin).await.unwrap();
    assert_eq!((again.id.as_str(), again.received), (begun.id.as_str(), at(first)));
    let stranger = UploadRequest { fingerprint: "other".to_owned(), ..request(file, "كتاب.bin", LENGTH) };
    let elsewhere = uploads::begin(&other.store, owner, &stranger, origin).await.unwrap();
    assert_ne!(elsewhere.id, begun.id, "another content of that name and size");
    for wrong in [0, first - 1, first + 1, LENGTH] {
        assert_eq!(code(uploads::append(&other.store, owner, &begun.id, at(wrong), pieces(b"x"), origin).await), Code::UploadConflict);
    }
    let done = uploads::append(&other.store, owner, &begun.id, at(first), pieces(&content[first..]), origin).await.unwrap();
    let version = &files::versions(store, owner, file).await.unwrap()[0];
    assert_eq!((done.version_id, version.size_bytes, version.note.as_str()), (Some(version.id), at(LENGTH), "جديد"));
    assert_eq!(version.sha256, sha256(&content));
    let once_more = uploads::append(store, owner, &begun.id, at(LENGTH), pieces(b""), origin).await.unwrap();
    assert_eq!(once_more.version_id, done.version_id, "a lost answer is had again");
    assert_eq!(files::versions(store, owner, file).await.unwrap().len(), 1);
    assert_eq!(files::get(store, owner, file).await.unwrap().state, FileState::Hidden);
    let stored = world.stored().await;
    assert!(stored.len() == 1 && stored[0].starts_with("versions/"), "{stored:?}");
});

pub fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

on_both!(one_writes_at_a_time, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let file = draft(world, owner).await;
    let content = Arc::new(content());
    let id = uploads::begin(store, owner, &request(file, "كتاب.bin", LENGTH), origin).await.unwrap().id;
    let results = at_once(6, |_| {
        let (store, owner, origin, id, content) = (store.clone(), owner.clone(), world.origin(), id.clone(), content.clone());
        async move { uploads::append(&store, &owner, &id, 0, pieces(&content), &origin).await }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    assert!(lost.into_iter().all(|lost| code(lost) == Code::UploadConflict));
    assert_eq!(files::versions(store, owner, file).await.unwrap()[0].sha256, sha256(&content));
    assert_eq!(world.stored().await.len(), 1);

    // One that fell silent without a word gives way after a while.
    let id = uploads::begin(store, owner, &request(file, "كتاب.bin", 100), origin).await.unwrap().id;
    world.sql("UPDATE uploads SET writer = 'somebody', writer_until = 1795372048000 + 45000 WHERE version_id IS NULL").await.unwrap();
    assert_eq!(code(uploads::append(store, owner, &id, 0, pieces(&content[..100]), origin).await), Code::UploadConflict);
    world.clock.advance(46 * ms::SECOND);
    assert!(uploads::append(store, owner, &id, 0, pieces(&content[..100]), origin).await.unwrap().version_id.is_some());
});

on_both!(what_breaks_a_rule_leaves_nothing, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let file = draft(world, owner).await;
    let content = content();
    let refused = async |request: &UploadRequest| uploads::begin(store, owner, request, origin).await.unwrap_err().problem();
    assert_eq!(refused(&request(file, "كتاب.bin", 0)).await.of_field("length"), Some(FieldCode::EmptyFile));
    assert_eq!(refused(&request(file, "كتاب.bin", 2_000_000_001)).await.code, Code::PayloadTooLarge);
    assert_eq!(refused(&request(FileId(9_999), "كتاب.bin", 10)).await.code, Code::NotFound);
    for name in ["../كتاب.bin", "/etc/passwd", "..", "c:\\boot.ini", "a\0b"] {
        assert!(refused(&request(file, name, 10)).await.of_field("file_name").is_some(), "{name:?}");
    }

    // The wrong kind is told at the first bytes, and the upload is gone.
    let id = uploads::begin(store, owner, &request(file, "كتاب.pdf", LENGTH), origin).await.unwrap().id;
    let wrong = uploads::append(store, owner, &id, 0, pieces(&content[..9_000_000]), origin).await.unwrap_err().problem();
    assert_eq!(wrong.of_field("file"), Some(FieldCode::ContentType));
    assert_eq!(code(uploads::get(store, owner, &id).await), Code::NotFound);
    // In driblets that tell nothing yet it is told at the end.
    let id = uploads::begin(store, owner, &request(file, "كتاب.pdf", 200), origin).await.unwrap().id;
    uploads::append(store, owner, &id, 0, pieces(&content[..100]), origin).await.unwrap();
    let wrong = uploads::append(store, owner, &id, 100, pieces(&content[..100]), origin).await.unwrap_err().problem();
    assert_eq!(wrong.of_field("file"), Some(FieldCode::ContentType));
    // More than was promised is not taken.
    let id = uploads::begin(store, owner, &request(file, "كتاب.bin", 100), origin).await.unwrap().id;
    assert_eq!(code(uploads::append(store, owner, &id, 0, pieces(&content[..101]), origin).await), Code::PayloadTooLarge);
    uploads::discard(store, owner, &id, origin).await.unwrap();
    assert_eq!(code(uploads::discard(store, owner, &id, origin).await), Code::NotFound);
    assert_eq!(world.stored().await, Vec::<String>::new());
    assert_eq!(world.count("SELECT COUNT(*) FROM uploads").await, 0);
    assert_eq!(world.count("SELECT COUNT(*) FROM upload_parts").await, 0);
});

on_both!(what_nobody_goes_on_with_is_swept, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let file = draft(world, owner).await;
    let content = content();
    let id = uploads::begin(store, owner, &request(file, "كتاب.bin", LENGTH), origin).await.unwrap().id;
    assert!(uploads::append(store, owner, &id, 0, cut(&content[..9_000_000]), origin).await.is_err());
    world.clock.advance(23 * ms::HOUR);
    cleanup::sweep(store).await.unwrap();
    assert_eq!(uploads::of_file(store, owner, file).await.unwrap().len(), 1, "a day is a day");
    assert_eq!(world.stored().await.len(), 2);
    world.clock.advance(2 * ms::HOUR);
    cleanup::sweep(store).await.unwrap();
    assert_eq!(code(uploads::get(store, owner, &id).await), Code::NotFound);
    assert_eq!(world.stored().await, Vec::<String>::new());

    // What is done is forgotten, and its content stays; a part that a crash left behind goes too.
    let id = uploads::begin(store, owner, &request(file, "كتاب.bin", 100), origin).await.unwrap().id;
    uploads::append(store, owner, &id, 0, pieces(&content[..100]), origin).await.unwrap();
    world.files().put(&Path::from(format!("uploads/{id}/0-left")), PutPayload::from(content[..100].to_vec())).await.unwrap();
    assert_eq!(world.stored().await.len(), 2);
    world.clock.advance(25 * ms::HOUR);
    cleanup::sweep(store).await.unwrap();
    assert_eq!((world.count("SELECT COUNT(*) FROM uploads").await, world.stored().await.len()), (0, 1));
});

on_both!(what_was_given_up_is_not_gone_on_with, |world| {
    let (store, origin) = (&world.store, &world.origin());
    let owner = &world.owner().await;
    let file = draft(world, owner).await;
    let content = content();
    let given_up = uploads::begin(store, owner, &request(file, "كتاب.bin", 200), origin).await.unwrap().id;
    uploads::append(store, owner, &given_up, 0, pieces(&content[..100]), origin).await.unwrap();
    // The server stopped while it was discarded: its parts may be gone, its row is there still.
    let gone = format!(
        "UPDATE uploads SET writer = 'gone', writer_until = 1795372048000 + 45000, expires_at = 1795372048000 WHERE id = '{given_up}'"
    );
    world.sql(&gone).await.unwrap();
    world.clock.advance(46 * ms::SECOND);
    assert_eq!(code(uploads::append(store, owner, &given_up, 100, pieces(&content[100..200]), origin).await), Code::UploadConflict);
    let again = uploads::begin(store, owner, &request(file, "كتاب.bin", 200), origin).await.unwrap();
    assert_eq!((again.id == given_up, again.received), (false, 0));
    uploads::append(store, owner, &again.id, 0, pieces(&content[..200]), origin).await.unwrap();
    cleanup::sweep(store).await.unwrap();
    assert_eq!(code(uploads::get(store, owner, &given_up).await), Code::NotFound);
    let stored = world.stored().await;
    assert!(stored.len() == 1 && stored[0].starts_with("versions/"), "{stored:?}");
});

on_both!(a_full_disk_is_told_and_survived, |world| {
    let origin = &world.origin();
    let owner = &world.owner().await;
    let file = draft(world, owner).await;
    let content = content();
    let small = Arc::new(SmallDisk { inner: InMemory::new(), room: AtomicUsize::new(12 << 20) });
    let world = world.with_files(small.clone()).await;
    let store = &world.store;
    let id = uploads::begin(store, owner, &request(file, "كتاب.bin", LENGTH), origin).await.unwrap().id;
    let full = uploads::append(store, owner, &id, 0, pieces(&content), origin).await.unwrap_err();
    assert_eq!((full.problem().code, full.is_fault()), (Code::StorageFull, true));
    let received = usize::try_from(uploads::get(store, owner, &id).await.unwrap().received).unwrap();
    assert_eq!((received, world.stored().await.len()), (28 * 300_000, 1), "what fitted is kept");

    // Room for the parts and not for the whole: the last step fails, and is done again when there is room.
    small.room.store(LENGTH - received, Ordering::SeqCst);
    let full = uploads::append(store, owner, &id, at(received), pieces(&content[received..]), origin).await.unwrap_err();
    assert_eq!(full.problem().code, Code::StorageFull);
    assert!(world.stored().await.iter().all(|key| key.starts_with("uploads/")), "no half content");
    small.room.store(LENGTH, Ordering::SeqCst);
    let done = uploads::append(store, owner, &id, at(LENGTH), pieces(b""), origin).await.unwrap();
    assert!(done.version_id.is_some());
    assert_eq!(files::versions(store, owner, file).await.unwrap()[0].sha256, sha256(&content));

    // In one go: nothing of it is left.
    small.room.store(1 << 20, Ordering::SeqCst);
    let full = files::add_content(store, owner, file, "كتاب.bin", "", pieces(&content), origin).await.unwrap_err();
    assert_eq!((full.problem().code, world.stored().await.len()), (Code::StorageFull, 1));
});

/// A disk with so many bytes of room.
#[derive(Debug)]
struct SmallDisk {
    inner: InMemory,
    room: AtomicUsize,
}

impl fmt::Display for SmallDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a small disk")
    }
}

fn take(room: &AtomicUsize, bytes: usize) -> object_store::Result<()> {
    let taken = room.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |room| room.checked_sub(bytes));
    taken
        .map(|_| ())
        .map_err(|_| object_store::Error::Generic { store: "SmallDisk", source: Box::new(io::Error::from(io::ErrorKind::StorageFull)) })
}

#[derive(Debug)]
struct SmallUpload {
    inner: Box<dyn MultipartUpload>,
    left: usize,
}

#[async_trait]
impl MultipartUpload for SmallUpload {
    fn put_part(&mut self, data: PutPayload) -> object_store::UploadPart {
        let room = AtomicUsize::new(self.left);
        if let Err(error) = take(&room, data.content_length()) {
            return Box::pin(async move { Err(error) });
        }
        self.left = room.into_inner();
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> object_store::Result<PutResult> {
        self.inner.complete().await
    }

    async fn abort(&mut self) -> object_store::Result<()> {
        self.inner.abort().await
    }
}

#[async_trait]
impl ObjectStore for SmallDisk {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> object_store::Result<PutResult> {
        take(&self.room, payload.content_length())?;
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(&self, location: &Path, options: PutMultipartOptions) -> object_store::Result<Box<dyn MultipartUpload>> {
        let inner = self.inner.put_multipart_opts(location, options).await?;
        Ok(Box::new(SmallUpload { inner, left: self.room.load(Ordering::SeqCst) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, object_store::Result<Path>>) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
