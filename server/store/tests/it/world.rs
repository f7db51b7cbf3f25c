//! A store of its own for each test, on a database of its own, with a clock that the test moves.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use object_store::{ObjectStore, memory::InMemory};
use shared::{
    FileId, Instant, PurchaseId,
    api::{NewAccount, Role, admin::FileRequest},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::{
    Caller, Clock, Config, Customer, Edge, Origin, Rng, Staff, Store, accounts, categories, codes, files, reconcile, sessions, staff,
};

use crate::worker::Worker;

/// Two tests of one body: one on `SQLite`, one on `PostgreSQL`. After the body the ledger must agree with itself.
#[macro_export]
macro_rules! on_both {
    ($name:ident, |$world:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "each body takes what it needs")]
            use super::*;

            async fn body($world: &$crate::world::World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite() {
                $crate::world::on_sqlite(async |world| body(world).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() {
                $crate::world::on_postgres(async |world| body(world).await).await;
            }
        }
    };
}

pub struct World {
    pub store: Store,
    pub clock: Arc<TestClock>,
    pub database_url: String,
    files: Arc<dyn ObjectStore>,
}

pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::SeqCst))
    }
}

/// Random enough for tests, and different in each.
struct TestRng(AtomicU64);

impl Rng for TestRng {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            // SplitMix64 (Steele, Lea, Flood 2014).
            let mut state = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = (state ^ (state >> 31)).to_le_bytes()[0];
        }
    }
}

const LINK_SECRET: &str = "a link secret of the tests";

async fn world(database_url: &str) -> World {
    let clock = Arc::new(TestClock(AtomicI64::new(1_795_372_048_000)));
    let files: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let store = open(database_url, &clock, &files, None, 7).await;
    store.migrate().await.unwrap();
    World { store, clock, database_url: database_url.to_owned(), files }
}

async fn open(database_url: &str, clock: &Arc<TestClock>, files: &Arc<dyn ObjectStore>, edge: Option<Arc<dyn Edge>>, seed: u64) -> Store {
    let config = Config {
        database_url: database_url.to_owned(),
        secret_key: "a secret of the tests".to_owned(),
        link_secret: LINK_SECRET.to_owned(),
        previous_link_secret: None,
        public_url: "http://127.0.0.1:3000".to_owned(),
        edge,
        files: files.clone(),
        files_prefix: String::new(),
        hash_memory: 8,
    };
    Store::open(config, clock.clone(), Arc::new(TestRng(AtomicU64::new(seed)))).await.unwrap()
}

pub async fn on_sqlite(body: impl AsyncFnOnce(&World)) {
    let folder = tempfile::tempdir().unwrap();
    let world = world(&format!("sqlite://{}", folder.path().join("store.db").display())).await;
    body(&world).await;
    world.must_reconcile().await;
}

pub async fn on_postgres(body: impl AsyncFnOnce(&World)) {
    let server = std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432".to_owned());
    let name = format!("khazna_test_{}_{:?}", std::process::id(), std::thread::current().id()).replace(['(', ')'], "_").to_lowercase();
    let mut operator = PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
    let run = async |operator: &mut PgConnection, sql: String| sqlx::query(AssertSqlSafe(sql)).execute(operator).await.unwrap();
    run(&mut operator, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    run(&mut operator, format!("CREATE DATABASE {name}")).await;
    let world = world(&format!("{server}/{name}")).await;
    body(&world).await;
    world.must_reconcile().await;
    drop(world);
    run(&mut operator, format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

impl World {
    #[expect(clippy::unused_self, reason = "reads as the world's own usual visitor")]
    pub fn origin(&self) -> Origin {
        from("203.0.113.7")
    }

    /// The same store with its links served at a Worker.
    pub async fn with_worker(&self) -> (Self, Arc<Worker>) {
        let worker = Worker::new(LINK_SECRET, self.clock.clone());
        let store = open(&self.database_url, &self.clock, &self.files, Some(worker.clone()), 77).await;
        (Self { store, clock: self.clock.clone(), database_url: self.database_url.clone(), files: self.files.clone() }, worker)
    }

    /// The same store with its contents at another place, as after a start of another server.
    pub async fn with_files(&self, files: Arc<dyn ObjectStore>) -> Self {
        let store = open(&self.database_url, &self.clock, &files, None, 99).await;
        Self { store, clock: self.clock.clone(), database_url: self.database_url.clone(), files }
    }

    pub fn files(&self) -> Arc<dyn ObjectStore> {
        self.files.clone()
    }

    /// The keys of all that is stored.
    pub async fn stored(&self) -> Vec<String> {
        use futures::TryStreamExt;
        let found: Vec<_> = self.files.list(None).try_collect().await.unwrap();
        found.into_iter().map(|object| object.location.to_string()).collect()
    }

    pub async fn must_reconcile(&self) {
        assert_eq!(reconcile::reconcile(&self.store).await.unwrap(), Vec::<String>::new());
    }

    /// Runs SQL past the store's rules: to break things on purpose, or to look.
    pub async fn sql(&self, sql: &str) -> Result<u64, sqlx::Error> {
        let mut connection = sqlx::AnyConnection::connect(&self.database_url).await?;
        Ok(sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?.rows_affected())
    }

    pub async fn count(&self, sql: &str) -> i64 {
        let mut connection = sqlx::AnyConnection::connect(&self.database_url).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap()
    }

    /// All that the database holds, as a thief would get it: `SQLite`'s files, the rows of every table of `PostgreSQL`.
    pub async fn dump(&self) -> String {
        if let Some(path) = self.database_url.strip_prefix("sqlite://") {
            let read = |suffix: &str| std::fs::read(format!("{path}{suffix}")).unwrap_or_default();
            return String::from_utf8_lossy(&[read(""), read("-wal")].concat()).into_owned();
        }
        let mut connection = sqlx::AnyConnection::connect(&self.database_url).await.unwrap();
        let tables = "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
        let mut dump = String::new();
        for table in tables {
            let rows = format!("SELECT COALESCE(STRING_AGG(CAST(line AS TEXT), ' '), '') FROM {table} AS line");
            dump.push_str(&sqlx::query_scalar::<_, String>(AssertSqlSafe(rows)).fetch_one(&mut connection).await.unwrap());
        }
        dump
    }

    pub async fn open(&self) -> (NewAccount, Customer) {
        let account = accounts::open(&self.store, &self.origin()).await.unwrap();
        let customer = self.customer(&account.tokens.access_token).await;
        (account, customer)
    }

    pub async fn customer(&self, access_token: &str) -> Customer {
        match sessions::authenticate(&self.store, access_token, &self.origin()).await.unwrap() {
            Caller::Customer(customer) => customer,
            Caller::Staff(staff) => panic!("{staff:?} is no customer"),
        }
    }

    /// An activated customer; the phone is made of the number.
    pub async fn activated(&self, number: i64) -> Customer {
        let (account, customer) = self.open().await;
        accounts::activate(&self.store, &customer, "سارة العلي", &format!("+96650{number:07}"), &self.origin()).await.unwrap();
        self.customer(&account.tokens.access_token).await
    }

    pub async fn owner(&self) -> Staff {
        self.member("owner", Role::Owner).await
    }

    pub async fn member(&self, username: &str, role: Role) -> Staff {
        staff::create(&self.store, username, "correct horse battery", role).await.unwrap();
        let tokens = staff::sign_in(&self.store, username, "correct horse battery", None, &self.origin()).await.unwrap();
        match sessions::authenticate(&self.store, &tokens.access_token, &self.origin()).await.unwrap() {
            Caller::Staff(staff) => staff,
            Caller::Customer(customer) => panic!("{customer:?} is no staff"),
        }
    }

    pub async fn file(&self, title: &str, price: i64) -> FileId {
        let category = categories::ensure(&self.store, "برمجة").await.unwrap();
        self.file_in(category, title, price).await
    }

    pub async fn file_in(&self, category: shared::CategoryId, title: &str, price: i64) -> FileId {
        let about = FileRequest {
            title: title.to_owned(),
            description: "وصف".to_owned(),
            category_id: category.0,
            price_coins: price,
            kind: "other".to_owned(),
        };
        let new = files::NewFile { about, file_name: "ملاحظات.txt".to_owned(), pictures: Vec::new() };
        files::add(&self.store, new, bytes(CONTENT)).await.unwrap()
    }

    pub async fn code(&self, value: i64) -> String {
        let batch = codes::NewBatch { value, count: 1, label: "اختبار".to_owned(), reseller: String::new(), expires_at: None };
        codes::generate(&self.store, &batch, &codes::Maker::Operator).await.unwrap().codes.remove(0)
    }

    pub async fn bought(&self, customer: &Customer, file: FileId) -> PurchaseId {
        store::sales::purchase(&self.store, customer, file, None, &self.origin()).await.unwrap().purchase_id
    }

    pub async fn balance(&self, customer: &Customer) -> i64 {
        store::wallet::balance(&self.store, customer).await.unwrap().balance
    }
}

pub const CONTENT: &[u8] = "محتوى الملف\n".as_bytes();

pub fn from(ip: &str) -> Origin {
    Origin { ip: ip.to_owned(), user_agent: "tests".to_owned() }
}

pub fn bytes(content: &[u8]) -> impl futures::Stream<Item = std::io::Result<Vec<u8>>> + Send + use<> {
    futures::stream::iter(content.chunks(5).map(|chunk| Ok(chunk.to_vec())).collect::<Vec<_>>())
}

/// Runs `count` of them at once and gives their results.
pub async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(count: usize, each: impl Fn(usize) -> F) -> Vec<T> {
    let running: Vec<_> = (0..count).map(|index| tokio::spawn(each(index))).collect();
    let mut results = Vec::with_capacity(count);
    for one in running {
        results.push(one.await.unwrap());
    }
    results
}

/// The code of an error that a caller would see.
pub fn code<T>(result: Result<T, store::Error>) -> shared::Code {
    match result {
        Ok(_) => panic!("should have been refused"),
        Err(error) => {
            assert!(!error.is_fault(), "{error}");
            error.problem().code
        }
    }
}
