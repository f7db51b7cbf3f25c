//! Files in an S3 bucket, below a prefix, as in production: `worker/bucket.mjs` is an S3 server on this machine, and the program is told of
//! it by its environment, as operators tell it.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use reqwest::{Body, Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sqlx::Connection;
use tempfile::TempDir;

use crate::{
    cli::{Server, create_admin, khazna, told},
    links::{Browser, Gateway, Link, claims, streams},
    world::{Account, PASSWORD, PNG, client, content, eventually, json_of, sha256},
};

const PREFIX: &str = "shop/files";
const OWNER: &str = "boss";

/// The S3 server, with one bucket.
struct Bucket {
    folder: TempDir,
    url: String,
    process: Child,
}

impl Bucket {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (process, url) = Self::run(folder.path(), "0");
        Self { folder, url, process }
    }

    fn run(folder: &Path, port: &str) -> (Child, String) {
        let worker = Path::new(env!("CARGO_MANIFEST_DIR")).join("../worker");
        assert!(worker.join("node_modules/@20minutes/s3rver").is_dir(), "there is no S3 server to test with: run script/setup");
        let mut command = Command::new("node");
        command.arg("bucket.mjs").current_dir(worker).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.env("PORT", port).env("FOLDER", folder).env("BUCKET", "khazna");
        let mut process = command.spawn().expect("node runs");
        let mut ready = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let url = ready.trim().strip_prefix("ready ").expect("worker/bucket.mjs says that it is ready").to_owned();
        (process, url)
    }

    fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Lets it think, or go on: it neither answers nor refuses meanwhile.
    fn pause(&self, paused: bool) {
        let signal = if paused { "STOP" } else { "CONT" };
        assert!(Command::new("sh").arg("-c").arg(format!("kill -{signal} {}", self.process.id())).status().unwrap().success());
    }

    /// Runs it again where it was, with all that it held.
    fn start_again(&mut self) {
        let port = self.url.rsplit(':').next().unwrap();
        (self.process, _) = Self::run(self.folder.path(), port);
    }

    /// Tells a program of it.
    fn tell(&self, command: &mut Command) {
        command.env("FILES_BASE_URL", format!("s3:khazna/{PREFIX}")).env("RATE_LIMIT_PER_MINUTE", "0");
        command.env("AWS_ENDPOINT_URL", &self.url).env("AWS_ALLOW_HTTP", "true");
        command.env("AWS_ACCESS_KEY_ID", "S3RVER").env("AWS_SECRET_ACCESS_KEY", "S3RVER");
    }

    /// The keys of all objects, and of uploads that are neither complete nor given up.
    fn objects(&self) -> Vec<String> {
        fn walk(folder: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    walk(&path, found);
                } else {
                    found.push(path.display().to_string());
                }
            }
        }
        let mut found = Vec::new();
        let root = self.folder.path().join("khazna");
        walk(&root, &mut found);
        let keys = found.iter().map(|path| path.strip_prefix(&root.display().to_string()).unwrap().trim_start_matches('/'));
        let kept = keys.filter_map(|path| path.strip_suffix("._S3rver_object").or(path.contains("_uploads/").then_some(path)));
        let mut keys: Vec<_> = kept.map(str::to_owned).collect();
        keys.sort_unstable();
        keys
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // Already gone when a test stopped it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `khazna serve` with its files in the bucket, and who uses it.
struct Shop {
    server: Server,
    bucket: Bucket,
    folder: TempDir,
    http: Client,
    category: Value,
    customer: Account,
}

impl Shop {
    async fn start() -> Self {
        let (bucket, folder) = (Bucket::start(), tempfile::tempdir().unwrap());
        assert!(create_admin(folder.path(), OWNER, &format!("{PASSWORD}\n")).0);
        let server = Server::start_with(folder.path(), |command| bucket.tell(command));
        let http = client(std::net::IpAddr::from([127, 0, 0, 1]));
        let (_, account) = json_of(http.post(format!("{}/api/v1/token/", server.url))).await;
        let text = |name: &str| account[name].as_str().unwrap().to_owned();
        let customer = Account { serial: text("serial"), pin: text("pin"), access: text("access_token"), refresh: text("refresh_token") };
        let mut shop = Self { server, bucket, folder, http, category: Value::Null, customer };
        let person = json!({"name": "سارة العلي", "phone": "+966501234567"});
        shop.asked(&shop.customer.access, Method::POST, "/api/v1/activate-final/", person).await;
        let owner = shop.owner().await;
        shop.category = shop.asked(&owner, Method::POST, "/api/v1/admin/categories/", json!({"name": "كتب"})).await["id"].clone();
        shop
    }

    fn request(&self, token: &str, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.server.url));
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    /// What is answered to a call that goes well.
    async fn asked(&self, token: &str, method: Method, path: &str, body: Value) -> Value {
        let request = self.request(token, method.clone(), path);
        let (status, answer) = json_of(if body.is_null() { request } else { request.json(&body) }).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }

    /// A new access token of the owner: its clock is the machine's, and a test may take longer than one lives.
    async fn owner(&self) -> String {
        let body = json!({"username": OWNER, "password": PASSWORD});
        self.asked("", Method::POST, "/api/v1/admin/token/", body).await["access_token"].as_str().unwrap().to_owned()
    }

    async fn customer(&self) -> String {
        let body = json!({"serial": self.customer.serial, "pin": self.customer.pin});
        self.asked("", Method::POST, "/api/v1/token/", body).await["access_token"].as_str().unwrap().to_owned()
    }

    async fn draft(&self, owner: &str) -> i64 {
        let about = json!({"title": "كتاب", "description": "وصف", "category_id": self.category, "price_coins": 1, "kind": "other"});
        self.asked(owner, Method::POST, "/api/v1/admin/files/", about).await["id"].as_i64().unwrap()
    }

    async fn put(&self, owner: &str, file: i64, name: &str, bytes: Vec<u8>) -> (StatusCode, Value) {
        json_of(self.request(owner, Method::PUT, &format!("/api/v1/admin/files/{file}/content/?file_name={name}")).body(bytes)).await
    }

    async fn begin(&self, owner: &str, file: i64, name: &str, length: usize) -> String {
        let body = json!({"file_id": file, "file_name": name, "length": length, "fingerprint": "1"});
        self.asked(owner, Method::POST, "/api/v1/admin/uploads/", body).await["id"].as_str().unwrap().to_owned()
    }

    async fn patch(&self, owner: &str, upload: &str, offset: usize, body: impl Into<Body>) -> (StatusCode, Value) {
        let request = self.request(owner, Method::PATCH, &format!("/api/v1/admin/uploads/{upload}/"));
        json_of(request.header("content-type", "application/offset+octet-stream").header("upload-offset", offset).body(body)).await
    }

    /// Publishes a file, buys it, and gives the purchase.
    async fn sold(&self, owner: &str, file: i64) -> i64 {
        self.asked(owner, Method::POST, &format!("/api/v1/admin/files/{file}/publish/"), Value::Null).await;
        self.bought(file).await
    }

    async fn bought(&self, file: i64) -> i64 {
        let bought = self.asked(&self.customer().await, Method::POST, "/api/v1/sales/purchases/", json!({"file_id": file})).await;
        bought["purchase_id"].as_i64().unwrap()
    }

    async fn pressed(&self, purchase: i64, content: Arc<Vec<u8>>) -> Link {
        let path = format!("/api/v1/sales/purchases/{purchase}/download/");
        let link = self.asked(&self.customer().await, Method::POST, &path, Value::Null).await;
        Link { url: link["download_url"].as_str().unwrap().to_owned(), purchase, content }
    }

    /// The whole file of a purchase's first link, by its sum.
    async fn downloaded(&self, purchase: i64) -> String {
        let (link, browser) = (self.pressed(purchase, Arc::default()).await, Browser::new());
        let place = browser.claim(&link).await;
        sha256(&browser.get(&place, &[]).await.bytes().await.unwrap())
    }
}

impl Gateway for Shop {
    async fn mint(&self, content: Vec<u8>) -> Link {
        let owner = self.owner().await;
        let file = self.draft(&owner).await;
        let (status, answer) = self.put(&owner, file, "ملف الاختبار.bin", content.clone()).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        let purchase = self.sold(&owner, file).await;
        self.pressed(purchase, Arc::new(content)).await
    }

    async fn press(&self, link: &Link) -> Link {
        self.pressed(link.purchase, link.content.clone()).await
    }

    async fn used(&self, link: &Link) -> i64 {
        let purchases = self.asked(&self.customer().await, Method::GET, "/api/v1/sales/my-purchases/", Value::Null).await;
        let mine = purchases.as_array().unwrap().iter().find(|purchase| purchase["purchase_id"] == link.purchase).unwrap();
        mine["downloads_count"].as_i64().unwrap()
    }

    async fn events(&self, link: &Link) -> Vec<String> {
        let database = self.folder.path().join("data/khazna.db");
        let mut database = sqlx::SqliteConnection::connect(&format!("sqlite://{}", database.display())).await.unwrap();
        let kinds = sqlx::query_scalar("SELECT kind FROM download_events WHERE purchase_id = $1 ORDER BY sequence").bind(link.purchase);
        kinds.fetch_all(&mut database).await.unwrap()
    }

    async fn revoke(&self, link: &Link) {
        let path = format!("/api/v1/admin/purchases/{}/refund/", link.purchase);
        self.asked(&self.owner().await, Method::POST, &path, json!({"reason": "test"})).await;
    }

    async fn pass(&self, _milliseconds: i64) {
        panic!("this shop's clock is the machine's");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_from_a_bucket() {
    let mut shop = Shop::start().await;
    claims::a_claim_belongs_to_its_browser(&shop).await;
    claims::a_refund_ends_it(&shop).await;
    streams::ranges_are_answered_as_http_says(&shop).await;
    streams::a_broken_download_is_taken_up_elsewhere(&shop).await;
    streams::a_line_that_drops_fifty_times_still_finishes(&shop).await;
    streams::two_copies_never_leave(&shop).await;
    streams::six_streams_may_run(&shop).await;
    streams::a_running_stream_outlives_its_refund(&shop).await;
    assert!(shop.bucket.objects().iter().all(|key| key.starts_with(&format!("{PREFIX}/versions/"))), "{:?}", shop.bucket.objects());
    assert!(shop.server.terminate());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_goes_on_after_a_restart() {
    let mut shop = Shop::start().await;
    let owner = shop.owner().await;
    let file = shop.draft(&owner).await;
    let content = content(30_000_000);
    let upload = shop.begin(&owner, file, "كتاب.bin", content.len()).await;
    assert_eq!(shop.patch(&owner, &upload, 0, content[..11_000_000].to_vec()).await.0, StatusCode::NO_CONTENT);
    let parts = shop.bucket.objects();
    assert!(parts.len() == 2 && parts.iter().all(|key| key.starts_with(&format!("{PREFIX}/uploads/{upload}/"))), "{parts:?}");

    assert!(shop.server.terminate());
    shop.server = Server::start_with(shop.folder.path(), |command| shop.bucket.tell(command));
    let owner = shop.owner().await;
    let path = format!("/api/v1/admin/uploads/{upload}/");
    assert_eq!(shop.asked(&owner, Method::GET, &path, Value::Null).await["received"], 11_000_000);
    assert_eq!(shop.patch(&owner, &upload, 11_000_000, content[11_000_000..].to_vec()).await.0, StatusCode::NO_CONTENT);
    let versions = shop.asked(&owner, Method::GET, &format!("/api/v1/admin/files/{file}/versions/"), Value::Null).await;
    assert_eq!(versions[0]["sha256"], sha256(&content));
    let whole = shop.bucket.objects();
    assert!(whole.len() == 1 && whole[0].starts_with(&format!("{PREFIX}/versions/")), "the content, and no part of it: {whole:?}");
    let purchase = shop.sold(&owner, file).await;
    assert_eq!(shop.downloaded(purchase).await, sha256(&content));
    assert!(shop.server.terminate());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_or_given_up_leaves_nothing() {
    let shop = Shop::start().await;
    let owner = shop.owner().await;
    let file = shop.draft(&owner).await;
    let nothing = |what: &str| assert_eq!(shop.bucket.objects(), Vec::<String>::new(), "{what}");

    let wrong = shop.begin(&owner, file, "كتاب.pdf", 20_000_000).await;
    let (status, problem) = shop.patch(&owner, &wrong, 0, vec![7; 20_000_000]).await;
    assert_eq!((status, &problem["error_codes"]["file"][0]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("wrong_content_type")));
    nothing("an upload of the wrong kind");
    // Large enough that parts of it are in the bucket when its kind is judged.
    let (status, problem) = shop.put(&owner, file, "كتاب.zip", vec![7; 20_000_000]).await;
    assert_eq!((status, &problem["error_codes"]["file"][0]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("wrong_content_type")));
    nothing("a content of the wrong kind");
    assert_eq!(shop.put(&owner, file, "كتاب.bin", Vec::new()).await.1["error_codes"]["file"][0], "empty_file");
    nothing("an empty content");

    let given_up = shop.begin(&owner, file, "كتاب.bin", 20_000_000).await;
    assert_eq!(shop.patch(&owner, &given_up, 0, vec![7; 17_000_000]).await.0, StatusCode::NO_CONTENT);
    assert_eq!(shop.bucket.objects().len(), 3);
    let path = format!("/api/v1/admin/uploads/{given_up}/");
    let discarded = shop.request(&owner, Method::DELETE, &path).send().await.unwrap();
    assert_eq!(discarded.status(), StatusCode::NO_CONTENT);
    nothing("an upload that was discarded");

    // A day passes for another one, and the sweep takes it.
    let forgotten = shop.begin(&owner, file, "كتاب.bin", 20_000_000).await;
    assert_eq!(shop.patch(&owner, &forgotten, 0, vec![7; 9_000_000]).await.0, StatusCode::NO_CONTENT);
    assert_eq!(shop.bucket.objects().len(), 2);
    let database = shop.folder.path().join("data/khazna.db");
    let mut database = sqlx::SqliteConnection::connect(&format!("sqlite://{}", database.display())).await.unwrap();
    sqlx::query("UPDATE uploads SET expires_at = 0").execute(&mut database).await.unwrap();
    let Shop { server, bucket, folder, .. } = shop;
    drop(server);
    // A server sweeps when it starts.
    let mut server = Server::start_with(folder.path(), |command| bucket.tell(command));
    eventually("the sweep", async || bucket.objects().is_empty()).await;
    assert!(server.terminate());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_imported_into_a_bucket() {
    let mut shop = Shop::start().await;
    let files = shop.folder.path().join("import");
    fs::create_dir(&files).unwrap();
    let content = content(12_000_000);
    fs::write(files.join("كتاب.bin"), &content).unwrap();
    fs::write(files.join("شرح.txt"), "نص").unwrap();
    fs::write(files.join("cover.png"), PNG).unwrap();
    let manifest = "file,title,category,price,kind,cover\nكتاب.bin,كتاب,كتب,1,other,cover.png\nشرح.txt,شرح,كتب,1,tutorial,\n";
    fs::write(files.join("manifest.csv"), manifest).unwrap();
    let import = |change: &dyn Fn(&mut Command)| {
        let mut command = khazna(shop.folder.path(), &["files", "import", "import"]);
        shop.bucket.tell(&mut command);
        change(&mut command);
        told(command.output().unwrap())
    };

    let (ok, _, error) = import(&|command| {
        command.env("FILES_BASE_URL", "s3:nowhere");
    });
    assert!(!ok && error.contains("line 2: ") && error.contains("line 3: "), "a bucket that is not there is told: {error}");
    assert_eq!(error.lines().count(), 3, "a line each, and one for all: {error}");
    let (ok, _, error) = import(&|command| {
        command.env("AWS_SECRET_ACCESS_KEY", "wrong");
    });
    assert!(!ok && error.contains("line 2: "), "the bucket checks who asks: {error}");
    assert_eq!(shop.bucket.objects(), Vec::<String>::new());
    let (ok, _, error) = import(&|_| {});
    assert!(ok, "{error}");
    let kept = shop.bucket.objects();
    let below = |place: &str| kept.iter().filter(|key| key.starts_with(&format!("{PREFIX}/{place}/"))).count();
    assert_eq!((kept.len(), below("versions"), below("pictures")), (3, 2, 1), "{kept:?}");

    let listed = shop.asked(&shop.customer().await, Method::GET, "/api/v1/products/files/", Value::Null).await;
    assert_eq!(listed.as_array().unwrap().len(), 2, "what could not be stored is not offered: {listed}");
    for (title, sum) in [("كتاب", sha256(&content)), ("شرح", sha256("نص".as_bytes()))] {
        let file = listed.as_array().unwrap().iter().find(|file| file["title"] == title).unwrap();
        let purchase = shop.bought(file["id"].as_i64().unwrap()).await;
        assert_eq!(shop.downloaded(purchase).await, sum, "{title}");
        if title == "كتاب" {
            let cover = format!("{}{}", shop.server.url, file["cover_url"].as_str().unwrap());
            let cover = shop.http.get(cover).send().await.unwrap();
            assert_eq!(cover.status(), StatusCode::OK);
            assert!(cover.bytes().await.unwrap().starts_with(b"\xFF\xD8\xFF"), "drawn anew, as JPEG");
        }
    }
    assert!(shop.server.terminate());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_is_away_costs_nothing() {
    let mut shop = Shop::start().await;
    let link = shop.mint(content(1_000_000)).await;
    let browser = Browser::new();
    let place = browser.claim(&link).await;
    shop.bucket.stop();
    let away = browser.get(&place, &[]).await;
    assert_eq!(away.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(away.headers().contains_key("retry-after"));
    shop.bucket.start_again();
    let whole = browser.get(&place, &[]).await;
    assert_eq!(whole.status(), StatusCode::OK, "what was charged was given back");
    assert_eq!(sha256(&whole.bytes().await.unwrap()), sha256(&link.content));
    assert_eq!(shop.used(&link).await, 1);
    eventually("the end", async || shop.events(&link).await.last().is_some_and(|kind| kind == "completed")).await;
    assert!(shop.events(&link).await.contains(&"storage_failed".to_owned()));
    assert!(shop.server.terminate());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_while_the_bucket_thinks_pays_nothing() {
    let mut shop = Shop::start().await;
    // One segment: charged whole, it could not be charged again.
    let link = shop.mint(content(3_000_000)).await;
    let browser = Browser::new();
    let place = browser.claim(&link).await;
    let told = async |kind: &str| shop.events(&link).await.iter().any(|event| event == kind);
    shop.bucket.pause(true);
    tokio::select! {
        answer = browser.get(&place, &[]) => panic!("the bucket answered: {}", answer.status()),
        () = eventually("the charge", async || told("opened").await) => {}
    }
    shop.bucket.pause(false);
    eventually("the end of the stream", async || told("interrupted").await || told("storage_failed").await).await;
    let whole = browser.get(&place, &[]).await;
    assert_eq!(whole.status(), StatusCode::OK, "what was charged was given back");
    assert_eq!(sha256(&whole.bytes().await.unwrap()), sha256(&link.content));
    assert_eq!(shop.used(&link).await, 1);
    assert!(shop.server.terminate());
}
