//! A disk that is full: whoever uploads is told so (507), nothing is half done, and it goes on where it stopped once there is room.

use std::{
    fmt, fs, io,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use futures::{TryStreamExt, stream::BoxStream};
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, UploadPart, memory::InMemory, path::Path as Key,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::config::FilesLocation;
use shared::api::Role;

use crate::{
    files::{begin, draft, form, patch},
    on_both,
    world::{World, content, json_of, on_sqlite},
};

/// A storage that has no room when it is told so.
#[derive(Debug, Default)]
struct Disk {
    inner: InMemory,
    full: Arc<AtomicBool>,
}

impl Disk {
    fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    async fn objects(&self) -> usize {
        self.inner.list(None).try_collect::<Vec<_>>().await.unwrap().len()
    }
}

/// As the local disk says it.
fn room(full: &AtomicBool) -> object_store::Result<()> {
    if full.load(Ordering::SeqCst) {
        return Err(object_store::Error::Generic { store: "Disk", source: Box::new(io::Error::from(io::ErrorKind::StorageFull)) });
    }
    Ok(())
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a disk")
    }
}

#[derive(Debug)]
struct Upload {
    inner: Box<dyn MultipartUpload>,
    full: Arc<AtomicBool>,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        match room(&self.full) {
            Ok(()) => self.inner.put_part(data),
            Err(error) => Box::pin(async move { Err(error) }),
        }
    }

    async fn complete(&mut self) -> object_store::Result<PutResult> {
        self.inner.complete().await
    }

    async fn abort(&mut self) -> object_store::Result<()> {
        self.inner.abort().await
    }
}

#[async_trait]
impl ObjectStore for Disk {
    async fn put_opts(&self, location: &Key, payload: PutPayload, options: PutOptions) -> object_store::Result<PutResult> {
        room(&self.full)?;
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(&self, location: &Key, options: PutMultipartOptions) -> object_store::Result<Box<dyn MultipartUpload>> {
        let inner = self.inner.put_multipart_opts(location, options).await?;
        Ok(Box::new(Upload { inner, full: self.full.clone() }))
    }

    async fn get_opts(&self, location: &Key, options: GetOptions) -> object_store::Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, object_store::Result<Key>>) -> BoxStream<'static, object_store::Result<Key>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Key>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Key, to: &Key, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

async fn put(world: &World, token: &str, file: i64, bytes: Vec<u8>) -> (StatusCode, Value) {
    let path = format!("/api/v1/admin/files/{file}/content/?file_name=a.bin");
    json_of(world.request(Method::PUT, &path).bearer_auth(token).body(bytes)).await
}

async fn received(world: &World, token: &str, upload: &Value) -> i64 {
    let path = format!("/api/v1/admin/uploads/{}/", upload["id"].as_str().unwrap());
    json_of(world.get(&path).bearer_auth(token)).await.1["received"].as_i64().unwrap()
}

fn assert_told(what: &str, (status, problem): &(StatusCode, Value)) {
    assert_eq!((*status, &problem["code"]), (StatusCode::INSUFFICIENT_STORAGE, &json!("storage_full")), "{what}: {problem}");
    assert!(problem["detail"].as_str().unwrap().contains("disk is full"), "{what}: {problem}");
}

on_both!(a_full_disk_is_told, |world| {
    let disk = Arc::new(Disk::default());
    world.move_files(disk.clone()).await;
    let token = world.staff("owner", Role::Owner).await;
    let file = draft(world, &token).await;
    let content = content(12_000_000);
    let (_, upload) = begin(world, &token, file, "كتاب.bin", content.len()).await;
    assert_eq!(
        patch(world, &token, &upload["id"], 0, content[..1_000_000].to_vec()).send().await.unwrap().status(),
        StatusCode::NO_CONTENT
    );

    disk.set_full(true);
    for size in [1_000, 9_000_000] {
        assert_told("a content in one go", &put(world, &token, file, vec![7; size]).await);
    }
    assert_told("a piece", &json_of(patch(world, &token, &upload["id"], 1_000_000, content[1_000_000..].to_vec())).await);
    assert_eq!(received(world, &token, &upload).await, 1_000_000, "what arrived before stays");
    let preview = world.request(Method::PUT, &format!("/api/v1/admin/files/{file}/preview/")).bearer_auth(&token);
    assert_told("a preview", &json_of(preview.body("%PDF-1.7")).await);
    let arabic = world.http.put(format!("{}/api/v1/admin/files/{file}/content/?file_name=a.bin", world.url)).bearer_auth(&token);
    let (_, problem) = json_of(arabic.header("accept-language", "ar").body("x")).await;
    assert!(problem["detail"].as_str().unwrap().contains("امتلأ قرص المتجر"), "{problem}");
    let plain = world.post(&format!("/admin/files/{file}/content")).header("origin", &world.url);
    let plain = plain.header("cookie", format!("staff-access={token}")).header("content-type", "multipart/form-data; boundary=edge");
    let answer = plain.body(form("a.bin", b"bytes")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(answer.headers()["set-cookie"].to_str().unwrap().contains("storage%5Ffull"), "{answer:?}");
    assert_eq!((disk.objects().await, world.count("SELECT COUNT(*) FROM versions").await), (1, 0), "the piece that was there, and no more");

    disk.set_full(false);
    let rest = patch(world, &token, &upload["id"], 1_000_000, content[1_000_000..].to_vec()).send().await.unwrap();
    assert_eq!(rest.status(), StatusCode::NO_CONTENT);
    let (_, versions) = json_of(world.get(&format!("/api/v1/admin/files/{file}/versions/")).bearer_auth(&token)).await;
    assert_eq!(versions[0]["sha256"], crate::world::sha256(&content));
    assert_eq!(disk.objects().await, 1);
});

/// A file system of four megabytes, mounted for as long as this lives.
struct Small(PathBuf);

impl Small {
    /// Why not, where it can't be had: as a rule only root may.
    fn mount(folder: &Path) -> Result<Self, String> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(folder).output();
        let mount = mount.map_err(|error| error.to_string())?;
        if mount.status.success() { Ok(Self(folder.to_owned())) } else { Err(String::from_utf8_lossy(&mount.stderr).into_owned()) }
    }

    fn files(&self) -> usize {
        let folders = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        folders.map(|folder| fs::read_dir(folder).unwrap().count()).sum()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_really_full() {
    let folder = tempfile::tempdir().unwrap();
    let small = match Small::mount(folder.path()) {
        Ok(small) => small,
        Err(reason) => {
            // Not by `eprintln!`, which is not seen where a test goes well.
            let told = format!("SKIPPED a_disk_that_is_really_full: no small disk can be mounted here: {}\n", reason.trim());
            io::stderr().write_all(told.as_bytes()).unwrap();
            return;
        }
    };
    let on_it = FilesLocation::Folder(folder.path().to_owned());
    let body = async |world: &mut World| {
        let token = world.staff("owner", Role::Owner).await;
        let file = draft(world, &token).await;
        assert_told("more than there is room for", &put(world, &token, file, content(6_000_000)).await);
        assert_eq!(small.files(), 0, "nothing of it is left");

        let content = content(6_000_000);
        let (_, upload) = begin(world, &token, file, "كتاب.bin", content.len()).await;
        let piece = patch(world, &token, &upload["id"], 0, content[..3_000_000].to_vec()).send().await.unwrap();
        assert_eq!(piece.status(), StatusCode::NO_CONTENT);
        assert_told("the next piece", &json_of(patch(world, &token, &upload["id"], 3_000_000, content[3_000_000..].to_vec())).await);
        assert_eq!(received(world, &token, &upload).await, 3_000_000);
        let path = format!("/api/v1/admin/uploads/{}/", upload["id"].as_str().unwrap());
        assert_eq!(world.request(Method::DELETE, &path).bearer_auth(&token).send().await.unwrap().status(), StatusCode::NO_CONTENT);
        let (status, added) = put(world, &token, file, content[..3_500_000].to_vec()).await;
        assert_eq!(status, StatusCode::CREATED, "there is room again: {added}");
    };
    on_sqlite(|config| config.files = on_it, body).await;
}
