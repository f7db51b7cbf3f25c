//! The Worker under the suite, on real workerd: `worker/local.mjs` runs what `script/worker build` made. Once its files come from
//! its bucket, once from this server.

use std::{
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use futures::{FutureExt, StreamExt, future::join_all};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use server::{config::Config, system::SystemClock};
use sha2::{Digest, Sha256};
use shared::PurchaseId;
use store::{Clock, edge};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, copy_bidirectional},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::{Mutex, watch},
};

use super::{Browser, Gateway, Link, claims, embedded::Embedded, streams};
use crate::world::{World, content, eventually, on_sqlite, sha256};

/// Where the Worker's files come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Bucket,
    Origin,
}

fn worker_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../worker")
}

/// workerd with the Worker in it, and the script that runs it.
struct Process {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts it. `origin` is where it reaches the store, when that is not the store's own address.
    async fn start(world: &World, port: u16, source: Source, origin: Option<&str>) -> Self {
        let folder = worker_folder();
        assert!(folder.join("build/index.js").is_file(), "there is no Worker to test: run script/worker build");
        let mut command = Command::new("node");
        command.arg("local.mjs").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        command
            .env("PORT", port.to_string())
            .env("STORE_URL", &world.url)
            .env("CLOUDFLARE_WORKER_SECRET", &world.config.link_secret)
            .env("TIME_OFFSET_MS", offset(world).to_string())
            .env("PERSIST", world.config.data_dir.join("workerd"))
            .env("BUCKET", if source == Source::Bucket { "true" } else { "false" });
        if let Some(origin) = origin {
            command.env("ORIGIN_URL", origin);
        }
        let mut child = command.spawn().expect("node runs");
        let (orders, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
        let mut process = Self { child, orders, answers };
        let ready = process.answers.next_line().await.unwrap().expect("worker/local.mjs says that it is ready");
        assert_eq!(ready, format!("ready http://127.0.0.1:{port}"));
        process
    }

    async fn order(&mut self, order: Value) {
        self.orders.write_all(format!("{order}\n").as_bytes()).await.unwrap();
        let answer = self.answers.next_line().await.unwrap().expect("worker/local.mjs answers");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["ok"], true, "{order}: {answer}");
    }

    async fn stop(mut self) {
        self.order(json!({"do": "stop"})).await;
        assert!(self.child.wait().await.unwrap().success());
    }
}

/// By how much the store's clock differs from the machine's, in milliseconds.
fn offset(world: &World) -> i64 {
    world.clock.now().since(SystemClock.now())
}

struct Worker<'a> {
    shop: Embedded<'a>,
    source: Source,
    process: Mutex<Process>,
}

impl Worker<'_> {
    fn world(&self) -> &World {
        self.shop.world
    }

    async fn order(&self, order: Value) {
        self.process.lock().await.order(order).await;
    }

    /// Has the store hear of all that happened to a link.
    async fn settle(&self, link: &Link) {
        assert!(edge::settle(&self.world().store, PurchaseId(link.purchase)).await.unwrap(), "the Worker answers");
    }

    async fn content_key(&self, purchase: i64) -> String {
        let key = format!(
            "SELECT storage_key FROM purchases JOIN files ON files.id = purchases.file_id JOIN versions ON versions.id = files.version_id
             WHERE purchases.id = {purchase}"
        );
        self.world().text(&key).await
    }

    async fn content_path(&self, purchase: i64) -> PathBuf {
        self.world().config.data_dir.join("files").join(self.content_key(purchase).await)
    }

    async fn fill_bucket(&self, purchase: i64) {
        self.order(json!({"do": "put", "key": self.content_key(purchase).await, "path": self.content_path(purchase).await})).await;
    }
}

impl Gateway for Worker<'_> {
    async fn mint(&self, content: Vec<u8>) -> Link {
        let link = self.shop.mint(content).await;
        let url = self.world().config.worker_url.clone().unwrap();
        assert!(link.url.starts_with(&format!("{url}/d/")), "a link at the Worker: {}", link.url);
        if self.source == Source::Bucket {
            self.fill_bucket(link.purchase).await;
        }
        link
    }

    async fn press(&self, link: &Link) -> Link {
        self.shop.press(link).await
    }

    async fn used(&self, link: &Link) -> i64 {
        self.settle(link).await;
        self.shop.used(link).await
    }

    async fn events(&self, link: &Link) -> Vec<String> {
        self.settle(link).await;
        self.shop.events(link).await
    }

    async fn revoke(&self, link: &Link) {
        self.shop.revoke(link).await;
        let waiting = format!("SELECT COUNT(*) FROM worker_calls WHERE purchase_id = {}", link.purchase);
        let heard = tokio::time::timeout(Duration::from_mins(1), async {
            while self.world().count(&waiting).await > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        assert!(heard.await.is_ok(), "the Worker did not hear of the revocation");
    }

    async fn pass(&self, milliseconds: i64) {
        self.world().clock.advance(milliseconds);
        self.order(json!({"do": "offset", "ms": offset(self.world())})).await;
    }
}

/// A port that is free: the store is told of its Worker before the Worker can be told of its store.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Runs a body against a Worker of its own, beside a store of its own.
async fn on_worker(source: Source, body: impl AsyncFnOnce(&Worker<'_>)) {
    let port = free_port();
    let serves = |config: &mut Config| {
        config.worker_url = Some(format!("http://127.0.0.1:{port}"));
        // On a busy machine a Worker that is well may take longer than a customer would wait.
        config.worker_patience = Duration::from_mins(1);
    };
    on_sqlite(serves, async |world| {
        world.clock.run();
        let process = Process::start(world, port, source, None).await;
        let worker = Worker { shop: Embedded::new(world).await, source, process: Mutex::new(process) };
        body(&worker).await;
        let Worker { process, .. } = worker;
        process.into_inner().stop().await;
    })
    .await;
}

/// The whole suite as it stands, one part after the other in one workerd: to start one takes longer than most parts.
async fn suite(worker: &Worker<'_>) {
    let mut failed = Vec::new();
    macro_rules! run {
        ($($part:path),* $(,)?) => {$(
            let began = Instant::now();
            let outcome = AssertUnwindSafe($part(worker)).catch_unwind().await;
            println!("{:?}: {} took {} ms", worker.source, stringify!($part), began.elapsed().as_millis());
            if outcome.is_err() {
                failed.push(stringify!($part));
            }
        )*};
    }
    run!(
        claims::looking_changes_nothing,
        claims::a_claim_belongs_to_its_browser,
        claims::two_browsers_race_and_one_wins,
        claims::a_bad_ticket_is_nothing,
        claims::a_refund_ends_it,
        streams::ranges_are_answered_as_http_says,
        streams::a_broken_download_is_taken_up_elsewhere,
        streams::a_line_that_drops_fifty_times_still_finishes,
        streams::two_copies_never_leave,
        streams::six_streams_may_run,
        streams::a_running_stream_outlives_its_refund,
        streams::an_empty_file_is_a_file,
        // Last: it lets hours pass.
        claims::a_link_lives_two_hours,
    );
    assert_eq!(failed, Vec::<&str>::new(), "parts that failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_with_a_bucket() {
    on_worker(Source::Bucket, suite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_without_a_bucket() {
    on_worker(Source::Origin, suite).await;
}

/// Everybody at once, from many addresses.
async fn a_hundred_claims_have_one_winner(worker: &Worker<'_>) {
    let link = worker.mint(content(1000)).await;
    let browsers: Vec<Browser> = (1..=100).map(Browser::from).collect();
    let answers = join_all(browsers.iter().map(|browser| browser.send("POST", &link.url, &[]))).await;
    let with = |status: StatusCode| answers.iter().filter(|answer| answer.status() == status).count();
    assert_eq!((with(StatusCode::SEE_OTHER), with(StatusCode::CONFLICT)), (1, 99));
    assert_eq!(worker.used(&link).await, 1);
}

/// The runtime is gone and back, and nothing that was decided is forgotten.
async fn a_claim_outlives_the_runtime(worker: &Worker<'_>) {
    let link = worker.mint(content(9_000_000)).await;
    let browser = Browser::new();
    let place = browser.claim(&link).await;
    worker.order(json!({"do": "restart"})).await;
    let (status, mut received) = browser.slow_line(&place, "bytes=0-", 3_000_000).await;
    assert_eq!(status, "HTTP/1.1 206 Partial Content");
    worker.order(json!({"do": "restart"})).await;
    assert_eq!(Browser::from(2).send("POST", &link.url, &[]).await.status(), StatusCode::CONFLICT);
    let rest = browser.get(&place, &[("range", &format!("bytes={}-", received.len()))]).await;
    received.extend_from_slice(&rest.bytes().await.unwrap());
    assert_eq!(sha256(&received), sha256(&link.content));
    assert_eq!(worker.used(&link).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_decided_stays() {
    on_worker(Source::Bucket, async |worker| {
        a_hundred_claims_have_one_winner(worker).await;
        a_claim_outlives_the_runtime(worker).await;
    })
    .await;
}

/// A wire to the store that can be cut.
struct Wire {
    url: String,
    cut: watch::Sender<bool>,
}

impl Wire {
    async fn to(address: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (cut, state) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (address, mut state) = (address.clone(), state.clone());
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(&address).await else { return };
                    // A cut wire drops what is on it, and lets nothing of it through before it looks whether it is cut.
                    tokio::select! {
                        biased;
                        _ = state.wait_for(|cut| *cut) => {}
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                    }
                });
            }
        });
        Self { url, cut }
    }

    fn set_cut(&self, cut: bool) {
        self.cut.send_replace(cut);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_misses_nothing() {
    let port = free_port();
    let serves = |config: &mut Config| {
        config.worker_url = Some(format!("http://127.0.0.1:{port}"));
        // On a busy machine a Worker that is well may take longer than a customer would wait.
        config.worker_patience = Duration::from_mins(1);
    };
    on_sqlite(serves, async |world| {
        world.clock.run();
        let wire = Wire::to(world.url.trim_start_matches("http://").to_owned()).await;
        let process = Process::start(world, port, Source::Bucket, Some(&wire.url)).await;
        let worker = Worker { shop: Embedded::new(world).await, source: Source::Bucket, process: Mutex::new(process) };
        let link = worker.mint(content(200_000)).await;
        wire.set_cut(true);
        let before = world.clock.now();
        let browser = Browser::new();
        let place = browser.claim(&link).await;
        assert_eq!(browser.get(&place, &[("range", "bytes=0-99999")]).await.bytes().await.unwrap(), link.content[..100_000]);
        assert_eq!(browser.get(&place, &[("range", "bytes=100000-")]).await.bytes().await.unwrap(), link.content[100_000..]);
        // Long enough for a delivery to have failed.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert!(worker.shop.events(&link).await.is_empty());
        worker.order(json!({"do": "restart"})).await;
        let after = world.clock.now();
        wire.set_cut(false);
        let told = ["claimed", "opened", "delivered", "resumed", "completed"];
        eventually("what was missed", async || worker.shop.events(&link).await == told).await;
        let events = store::links::events(&world.store, PurchaseId(link.purchase)).await.unwrap();
        for event in events {
            assert_eq!((event.gateway.as_str(), event.ip.as_str()), ("worker", "127.0.0.1"));
            assert!(before <= event.at && event.at <= after, "when it happened, not when it was told: {event:?}");
        }
        assert_eq!(worker.shop.used(&link).await, 1);
        worker.process.into_inner().stop().await;
    })
    .await;
}

/// How large a large file is: three gigabytes, but for the bucket, whose simulation takes half a minute for each of them.
fn size(source: Source) -> u64 {
    match source {
        Source::Bucket => 1 << 30,
        Source::Origin => 3 << 30,
    }
}

/// What workerd may take more than before, in KiB. The bucket here is a simulation inside the same workerd, which leaves the pieces
/// that it read to its garbage collector.
fn more(source: Source) -> u64 {
    match source {
        Source::Bucket => 512 * 1024,
        Source::Origin => 64 * 1024,
    }
}

/// Makes a purchase's file so many bytes of nothing: a hole takes no room on the disk. Gives its SHA-256.
async fn stretch(worker: &Worker<'_>, purchase: i64, size: u64) -> String {
    let world = worker.world();
    let stored = std::fs::OpenOptions::new().write(true).open(worker.content_path(purchase).await).unwrap();
    stored.set_len(0).unwrap();
    stored.set_len(size).unwrap();
    let mut hash = Sha256::new();
    let zeros = vec![0; 1 << 20];
    (0..size >> 20).for_each(|_| hash.update(&zeros));
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    world.sql(&format!("UPDATE versions SET size = {size}, sha256 = '{hash}'")).await;
    hash
}

/// The most memory that workerd ever had, in KiB.
fn peak(process: u32) -> u64 {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap();
    let peaks = children.split_whitespace().map(|child| {
        let status = std::fs::read_to_string(format!("/proc/{child}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    });
    peaks.max().expect("workerd runs")
}

/// Takes bytes in until there are `until` of them or the answer ends.
async fn take_in(answer: Response, hash: &mut Sha256, size: &mut u64, until: u64) {
    let mut stream = answer.bytes_stream();
    while *size < until
        && let Some(piece) = stream.next().await
    {
        let piece = piece.unwrap();
        hash.update(&piece);
        *size += piece.len() as u64;
    }
}

async fn a_large_file_in_flat_memory(source: Source) {
    let whole = size(source);
    on_worker(source, async |worker| {
        // Warm: what the first download takes is taken.
        let small = worker.mint(content(30_000_000)).await;
        let browser = Browser::new();
        let place = browser.claim(&small).await;
        assert_eq!(browser.get(&place, &[]).await.bytes().await.unwrap().len(), 30_000_000);

        let file = worker.world().file("كبير", 1, b"x").await;
        let purchase = worker.shop.bought(file).await;
        let expected = stretch(worker, purchase, whole).await;
        if source == Source::Bucket {
            worker.fill_bucket(purchase).await;
        }
        let link = worker.shop.pressed(purchase).await;
        let place = browser.claim(&link).await;
        let process = worker.process.lock().await.child.id().unwrap();
        let before = peak(process);
        let (mut hash, mut size) = (Sha256::new(), 0);
        take_in(browser.get(&place, &[]).await, &mut hash, &mut size, whole / 10 * 9).await;
        let rest = browser.get(&place, &[("range", &format!("bytes={size}-"))]).await;
        assert_eq!(rest.status(), StatusCode::PARTIAL_CONTENT);
        take_in(rest, &mut hash, &mut size, whole).await;
        let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((size, hash), (whole, expected));
        let more = peak(process) - before;
        println!("{source:?}: {whole} bytes through workerd, {before} KiB before, {more} KiB more");
        assert!(more < self::more(source), "{more} KiB more were taken");
        eventually("the end", async || worker.events(&link).await.last().is_some_and(|kind| kind == "completed")).await;
    })
    .await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_from_a_bucket() {
    a_large_file_in_flat_memory(Source::Bucket).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_gigabytes_from_the_store() {
    a_large_file_in_flat_memory(Source::Origin).await;
}
