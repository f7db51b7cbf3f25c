//! The real program, started and killed.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::database::Database;

/// Files that can be bought, each of this price and size.
pub const FILES: usize = 120;
pub const PRICE: i64 = 10;
pub const SIZE: u64 = 512 * 1024;
/// Coins of each code.
pub const CODE_VALUE: i64 = 200;
/// Codes for a round; a round that needs more does without.
const CODES: u32 = 250;
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// What customers of a shop share.
pub struct Stock {
    pub files: Vec<i64>,
    codes: Mutex<Vec<String>>,
}

impl Stock {
    pub fn take_code(&self) -> Option<String> {
        self.codes.lock().unwrap().pop()
    }
}

pub struct Shop {
    folder: TempDir,
    database: Option<Database>,
    port: u16,
    server: Option<Child>,
    slowest_start: Duration,
    pub http: reqwest::Client,
    pub stock: Arc<Stock>,
}

impl Shop {
    /// A shop with files and codes, on an empty database, that is open.
    pub async fn open(database: Database, rounds: u32) -> Self {
        // Nobody else takes the port while it is free between a kill and the next start.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        let mut shop = Self {
            folder: tempfile::tempdir().unwrap(),
            database: Some(database),
            port,
            server: None,
            slowest_start: Duration::ZERO,
            http,
            stock: Arc::new(Stock { files: Vec::new(), codes: Mutex::default() }),
        };
        let goods = shop.folder.path().join("goods");
        write_goods(&goods);
        shop.run(&["files", "import", &goods.display().to_string()]);
        let count = (CODES * rounds).min(50_000).to_string();
        let csv = shop.run(&["codes", "generate", "--value", &CODE_VALUE.to_string(), "--count", &count, "--label", "crash"]);
        let codes = csv.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
        shop.start().await;
        let files = shop.list_files().await;
        shop.stock = Arc::new(Stock { files, codes: Mutex::new(codes) });
        shop
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn database(&self) -> &Database {
        self.database.as_ref().unwrap()
    }

    pub fn slowest_start(&self) -> Duration {
        self.slowest_start
    }

    pub async fn start(&mut self) {
        let begun = Instant::now();
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let server = self.command(&["serve"]).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        self.server = Some(server);
        let ready = format!("{}/readyz", self.address());
        while !self.http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
            let ended = self.server.as_mut().unwrap().try_wait().unwrap();
            assert!(
                ended.is_none() && begun.elapsed() < START_TIMEOUT,
                "the server did not start: {}",
                fs::read_to_string(self.log()).unwrap()
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.slowest_start = self.slowest_start.max(begun.elapsed());
    }

    /// `kill -9`. Fails when the server panicked before.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        assert!(!log.contains("panicked"), "the server panicked:\n{log}");
    }

    /// The differences that `khazna reconcile` finds; none when it exits with 0.
    pub fn reconcile(&self) -> Vec<String> {
        let output = self.command(&["reconcile"]).output().unwrap();
        if output.status.success() {
            return Vec::new();
        }
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        told.lines().map(|line| format!("khazna reconcile: {line}")).collect()
    }

    pub async fn close(mut self) {
        self.kill();
        if let Some(database) = self.database.take() {
            database.drop().await;
        }
    }

    fn log(&self) -> std::path::PathBuf {
        self.folder.path().join("server.log")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_khazna"));
        command
            .args(arguments)
            .env_clear()
            .current_dir(self.folder.path())
            .env("DATA_DIR", self.folder.path().join("data"))
            .env("DATABASE_URL", self.database().url())
            .env("LISTEN_ADDR", format!("127.0.0.1:{}", self.port))
            .env("RATE_LIMIT_PER_MINUTE", "0")
            // Each customer has an address of their own: a try that a crash interrupts counts against its address as a failure.
            .env("TRUSTED_PROXIES", "127.0.0.1")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "khazna {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    async fn list_files(&self) -> Vec<i64> {
        let mut files = Vec::new();
        for page in 1.. {
            let url = format!("{}/api/v1/products/files/?per_page=100&page={page}", self.address());
            let found: Vec<Value> = self.http.get(url).send().await.unwrap().json().await.unwrap();
            if found.is_empty() {
                break;
            }
            files.extend(found.iter().map(|file| file["id"].as_i64().unwrap()));
        }
        assert_eq!(files.len(), FILES);
        files
    }
}

impl Drop for Shop {
    /// A test that fails leaves no server behind.
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

fn write_goods(folder: &Path) {
    fs::create_dir(folder).unwrap();
    let content: Vec<u8> = (0..SIZE).map(|index| (index.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect();
    fs::write(folder.join("content.bin"), content).unwrap();
    let mut manifest = "file,title,description,category,price,kind\n".to_owned();
    for number in 1..=FILES {
        manifest.push_str(&format!("content.bin,ملف {number},,تجربة,{PRICE},other\n"));
    }
    fs::write(folder.join("manifest.csv"), manifest).unwrap();
}
