//! Three gigabytes through a server whose memory stays as it was.

use std::{fs, path::Path};

use futures::StreamExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection};

use super::embedded::claimed;
use crate::{
    cli::Server,
    world::{client, json_of},
};

const SIZE: u64 = 3 << 30;
/// What the server may take more than before, in KiB.
const MORE: u64 = 24 * 1024;

/// The most memory the process ever had, in KiB.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Makes the store's only file three gigabytes of nothing: a hole takes no room on the disk.
async fn stretch(folder: &Path) -> String {
    let mut database = sqlx::SqliteConnection::connect(&format!("sqlite://{}", folder.join("data/khazna.db").display())).await.unwrap();
    let key: String = sqlx::query_scalar("SELECT storage_key FROM versions").fetch_one(&mut database).await.unwrap();
    let stored = fs::OpenOptions::new().write(true).open(folder.join("data/files").join(key)).unwrap();
    stored.set_len(0).unwrap();
    stored.set_len(SIZE).unwrap();
    let mut hash = Sha256::new();
    let zeros = vec![0; 1 << 20];
    (0..SIZE >> 20).for_each(|_| hash.update(&zeros));
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let sql = format!("UPDATE versions SET size = {SIZE}, sha256 = '{hash}'");
    sqlx::query(AssertSqlSafe(sql)).execute(&mut database).await.unwrap();
    hash
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn three_gigabytes_in_flat_memory() {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop");
    fs::create_dir(&shop).unwrap();
    fs::write(shop.join("a.bin"), "x").unwrap();
    fs::write(shop.join("manifest.csv"), "file,title,category,price,kind\na.bin,a,b,0,other\n").unwrap();
    let import = std::process::Command::new(env!("CARGO_BIN_EXE_khazna"))
        .args(["files", "import", "shop"])
        .current_dir(folder.path())
        .env_clear()
        .status();
    assert!(import.unwrap().success());
    let expected = stretch(folder.path()).await;

    let mut server = Server::start(folder.path());
    let http = client(std::net::IpAddr::from([127, 0, 0, 1]));
    let call = |path: &str, token: &str, body: Value| json_of(http.post(format!("{}{path}", server.url)).bearer_auth(token).json(&body));
    let (_, account) = json_of(http.post(format!("{}/api/v1/token/", server.url))).await;
    let token = account["access_token"].as_str().unwrap();
    call("/api/v1/activate-final/", token, json!({"name": "Sara", "phone": "+966501234567"})).await;
    let (_, bought) = call("/api/v1/sales/purchases/", token, json!({"file_id": 1})).await;
    let (_, link) = call(&format!("/api/v1/sales/purchases/{}/download/", bought["purchase_id"]), token, json!({})).await;
    let (place, cookie) = claimed(&http, link["download_url"].as_str().unwrap()).await;

    let before = peak(server.process.id());
    let mut stream = http.get(format!("{}{place}", server.url)).header("cookie", cookie).send().await.unwrap().bytes_stream();
    let (mut hash, mut size) = (Sha256::new(), 0);
    while let Some(piece) = stream.next().await {
        let piece = piece.unwrap();
        hash.update(&piece);
        size += piece.len() as u64;
    }
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((size, hash), (SIZE, expected));
    let more = peak(server.process.id()) - before;
    assert!(more < MORE, "{more} KiB more were taken");
    assert!(server.terminate());
}
