//! A server of its own for each test, on a database of its own, with a clock that the test moves.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::stream;
use object_store::ObjectStore;
use reqwest::{Method, RequestBuilder, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use server::{
    config::Config,
    server::{Server, open_store},
    system::OsRng,
};
use shared::{
    FileId, Instant, Serial,
    api::{Role, admin::FileRequest},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::{Clock, Store, categories, cleanup, codes, files, reconcile, staff};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// Two tests of one body: one on SQLite, one on PostgreSQL. After the body the ledger must agree with itself.
#[macro_export]
macro_rules! on_both {
    ($name:ident, |$world:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "each body takes what it needs")]
            use super::*;

            async fn body($world: &mut $crate::world::World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::world::on_sqlite(|_| {}, async |world| body(world).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::world::on_postgres(|_| {}, async |world| body(world).await).await;
            }
        }
    };
}

/// When the tests' clock begins: 2026-11-22T18:27:28Z.
pub const BEGINNING: i64 = 1_795_372_048_000;
pub const PASSWORD: &str = "correct horse battery";
/// A picture of one point.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82";

#[derive(Default)]
pub struct TestClock {
    set_to: AtomicI64,
    ticking_since: OnceLock<std::time::Instant>,
}

impl TestClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { set_to: AtomicI64::new(BEGINNING), ..Self::default() })
    }

    pub fn advance(&self, milliseconds: i64) {
        self.set_to.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// From now on it runs by itself, for what has a clock of its own beside it.
    pub fn run(&self) {
        self.ticking_since.get_or_init(std::time::Instant::now);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        let ticked = self.ticking_since.get().map_or(0, |since| i64::try_from(since.elapsed().as_millis()).unwrap());
        Instant(self.set_to.load(Ordering::SeqCst) + ticked)
    }
}

pub struct World {
    pub url: String,
    pub store: Store,
    pub clock: Arc<TestClock>,
    pub http: reqwest::Client,
    pub config: Config,
    pub stopping: CancellationToken,
    pub running: Option<JoinHandle<()>>,
}

/// A client that follows nothing and waits for an answer no longer than five minutes.
pub fn client(from: IpAddr) -> reqwest::Client {
    client_builder(from).build().unwrap()
}

/// What [`client`] is built from.
pub fn client_builder(from: IpAddr) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder().redirect(Policy::none()).timeout(Duration::from_mins(5));
    // Only where it must be another address: a bound socket takes its port from those that servers find free and are told of a moment later.
    if from == IpAddr::from([127, 0, 0, 1]) { builder } else { builder.local_address(from) }
}

impl World {
    pub async fn start(folder: PathBuf, database_url: &str, change: impl FnOnce(&mut Config)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = config(folder, database_url, address, change);
        let clock = TestClock::new();
        let rng = Arc::new(OsRng);
        let store = open_store(&config, clock.clone(), rng.clone()).await.unwrap();
        store.migrate().await.unwrap();
        let server = Server::new(config.clone(), store.clone(), rng, listener).await.unwrap();
        let stopping = server.stopping();
        let running = Some(tokio::spawn(server.run()));
        let http = client(IpAddr::from([127, 0, 0, 1]));
        Self { url: format!("http://{address}"), store, clock, http, config, stopping, running }
    }

    pub async fn stop(&mut self) {
        self.stopping.cancel();
        if let Some(running) = self.running.take() {
            running.await.unwrap();
        }
    }

    /// Stops, and starts another server on the same database, folder and clock.
    pub async fn restart(&mut self) {
        self.stop().await;
        let store = open_store(&self.config, self.clock.clone(), Arc::new(OsRng)).await.unwrap();
        self.serve(store).await;
    }

    /// The same, with its files in another storage.
    pub async fn move_files(&mut self, files: Arc<dyn ObjectStore>) {
        self.stop().await;
        let config = store::Config {
            database_url: self.config.database_url.clone(),
            secret_key: self.config.secret_key.clone(),
            link_secret: self.config.link_secret.clone(),
            previous_link_secret: None,
            public_url: self.config.public_url.clone(),
            edge: None,
            files,
            files_prefix: String::new(),
            hash_memory: store::HASH_MEMORY,
        };
        self.serve(Store::open(config, self.clock.clone(), Arc::new(OsRng)).await.unwrap()).await;
    }

    async fn serve(&mut self, store: Store) {
        self.store = store;
        let listener = TcpListener::bind(self.url.trim_start_matches("http://")).await.unwrap();
        let server = Server::new(self.config.clone(), self.store.clone(), Arc::new(OsRng), listener).await.unwrap();
        self.stopping = server.stopping();
        self.running = Some(tokio::spawn(server.run()));
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).header("accept-language", "en")
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Runs SQL past the store's rules: to look, or to put something where a test needs it.
    pub async fn sql(&self, sql: &str) -> u64 {
        let mut connection = sqlx::AnyConnection::connect(&self.config.database_url).await.unwrap();
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap().rows_affected()
    }

    pub async fn text(&self, sql: &str) -> String {
        let mut connection = sqlx::AnyConnection::connect(&self.config.database_url).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap()
    }

    pub async fn count(&self, sql: &str) -> i64 {
        let mut connection = sqlx::AnyConnection::connect(&self.config.database_url).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap()
    }

    /// All rows of all tables: what must be the same where nothing may change. Attempts are counted and logged on purpose (`throttles`,
    /// `audit_log`), so that these two stay out.
    pub async fn rows(&self) -> BTreeMap<String, Vec<String>> {
        const GROWING: [&str; 2] = ["audit_log", "throttles"];
        // What the server sweeps and counts in its own time is done, so that it does nothing more while the clock stands.
        cleanup::sweep(&self.store).await.unwrap();
        let mut connection = sqlx::AnyConnection::connect(&self.config.database_url).await.unwrap();
        let on_sqlite = self.config.database_url.starts_with("sqlite:");
        let tables = if on_sqlite {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        } else {
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'"
        };
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
        let mut rows = BTreeMap::new();
        for table in tables.into_iter().filter(|table| !GROWING.contains(&table.as_str())) {
            let row = if on_sqlite {
                let columns = AssertSqlSafe(format!("SELECT name FROM pragma_table_info('{table}')"));
                let columns: Vec<String> = sqlx::query_scalar(columns).fetch_all(&mut connection).await.unwrap();
                columns.iter().map(|column| format!("quote(\"{column}\")")).collect::<Vec<_>>().join(" || ', ' || ")
            } else {
                "CAST(t AS TEXT)".to_owned()
            };
            let lines = AssertSqlSafe(format!("SELECT {row} FROM \"{table}\" t ORDER BY 1"));
            let lines: Vec<String> = sqlx::query_scalar(lines).fetch_all(&mut connection).await.unwrap();
            rows.insert(table, lines);
        }
        assert!(rows.len() >= 30 && !rows["customers"].is_empty(), "{} tables", rows.len());
        rows
    }

    /// Fails where a row has come, gone or changed since `before`.
    pub async fn assert_unchanged(&self, before: &BTreeMap<String, Vec<String>>) {
        let now = self.rows().await;
        let changed: Vec<_> = before.iter().filter(|(table, lines)| now[*table] != **lines).collect();
        for (table, lines) in &changed {
            println!("{table} before: {lines:#?}\n{table} now: {:#?}", now[*table]);
        }
        assert!(changed.is_empty(), "changed: {:?}", changed.iter().map(|(table, _)| table).collect::<Vec<_>>());
    }

    pub async fn account(&self) -> Account {
        let answer = self.post("/api/v1/token/").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        let body: Value = answer.json().await.unwrap();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Account { serial: text("serial"), pin: text("pin"), access: text("access_token"), refresh: text("refresh_token") }
    }

    /// An activated account with a hundred coins; each has a phone of its own.
    pub async fn activated(&self) -> Account {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let account = self.account().await;
        let phone = format!("+96650{:07}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let body = json!({"name": "سارة العلي", "phone": phone});
        let answer = self.post("/api/v1/activate-final/").bearer_auth(&account.access).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        account
    }

    /// The access token of a member of the staff.
    pub async fn staff(&self, username: &str, role: Role) -> String {
        staff::create(&self.store, username, PASSWORD, role).await.unwrap();
        let body = json!({"username": username, "password": PASSWORD});
        let answer = self.post("/api/v1/admin/token/").json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn code(&self, value: i64) -> String {
        let batch = codes::NewBatch { value, count: 1, label: "اختبار".to_owned(), reseller: String::new(), expires_at: None };
        codes::generate(&self.store, &batch, &codes::Maker::Operator).await.unwrap().codes.remove(0)
    }

    pub async fn file(&self, title: &str, price: i64, content: &[u8]) -> FileId {
        let category = categories::ensure(&self.store, "برمجة").await.unwrap();
        let about = FileRequest {
            title: title.to_owned(),
            description: "وصف الملف".to_owned(),
            category_id: category.0,
            price_coins: price,
            kind: "other".to_owned(),
        };
        let new = files::NewFile { about, file_name: "ملف الاختبار.bin".to_owned(), pictures: Vec::new() };
        let pieces: Vec<_> = content.chunks(1 << 20).map(|piece| Ok(piece.to_vec())).collect();
        files::add(&self.store, new, stream::iter(pieces)).await.unwrap()
    }

    /// A file without a byte: no rule lets one in any more, but a store may have taken one in before.
    pub async fn empty_file(&self, title: &str, price: i64) -> FileId {
        let file = self.file(title, price, b"x").await;
        let key = self.text(&format!("SELECT storage_key FROM versions WHERE file_id = {file}")).await;
        std::fs::write(self.config.data_dir.join("files").join(key), b"").unwrap();
        self.sql(&format!("UPDATE versions SET size = 0, sha256 = '{}' WHERE file_id = {file}", sha256(b""))).await;
        file
    }

    pub async fn bought(&self, account: &Account, file: FileId) -> i64 {
        let answer =
            self.post("/api/v1/sales/purchases/").bearer_auth(&account.access).json(&json!({"file_id": file.0})).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.json::<Value>().await.unwrap()["purchase_id"].as_i64().unwrap()
    }
}

#[derive(Debug, Clone)]
pub struct Account {
    pub serial: String,
    pub pin: String,
    pub access: String,
    pub refresh: String,
}

impl Account {
    /// The serial as the store writes it; panics when it is none.
    pub fn serial(&self) -> Serial {
        self.serial.parse().unwrap()
    }
}

fn config(folder: PathBuf, database_url: &str, address: SocketAddr, change: impl FnOnce(&mut Config)) -> Config {
    let environment = |name: &str| match name {
        "DATA_DIR" => Some(folder.display().to_string()),
        "DATABASE_URL" => Some(database_url.to_owned()),
        "PUBLIC_URL" => Some(format!("http://{address}")),
        "RATE_LIMIT_PER_MINUTE" => Some("0".to_owned()),
        _ => None,
    };
    let mut config = Config::load(&environment, &OsRng).unwrap();
    change(&mut config);
    config
}

pub async fn on_sqlite(change: impl FnOnce(&mut Config), body: impl AsyncFnOnce(&mut World)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("store.db").display());
    let mut world = World::start(folder.path().to_owned(), &url, change).await;
    body(&mut world).await;
    finish(world).await;
}

pub async fn on_postgres(change: impl FnOnce(&mut Config), body: impl AsyncFnOnce(&mut World)) {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let server = std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432".to_owned());
    let name = format!("khazna_it_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut operator = PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
    let run = async |operator: &mut PgConnection, sql: String| sqlx::query(AssertSqlSafe(sql)).execute(operator).await.unwrap();
    run(&mut operator, format!("CREATE DATABASE {name}")).await;
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::start(folder.path().to_owned(), &format!("{server}/{name}"), change).await;
    body(&mut world).await;
    finish(world).await;
    run(&mut operator, format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

async fn finish(mut world: World) {
    world.stop().await;
    assert_eq!(reconcile::reconcile(&world.store).await.unwrap(), Vec::<String>::new());
}

/// The answer's status and JSON; `null` when it has none.
pub async fn json_of(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap_or(Value::Null))
}

/// Waits until it holds, looking again and again; panics after a minute.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let patience = tokio::time::timeout(Duration::from_mins(1), async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(patience.await.is_ok(), "{what} did not come about");
}

pub fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that do not repeat in any way a range could hide behind.
pub fn content(size: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    (0..size).map(|_| next()).collect()
}
