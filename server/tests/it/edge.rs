//! The server's side of the Worker: what it takes from it and gives it, and what happens when there is none. The Worker here is
//! one that knows nothing; the real one is held to the suite in `links::worker`.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use server::config::Config;
use shared::{
    Instant, PurchaseId, SessionId, StaffId,
    api::{Role, admin::AlertKind},
    link::{Call, Client, Dispatch, Event, Keys, Purpose, Secret, State as Link, Ticket, step, webhook},
    ms,
};
use store::{Origin, Staff, alerts, links};
use tokio::net::TcpListener;

use crate::world::{Account, World, content, eventually, json_of, on_postgres, on_sqlite, sha256};

const SECRET: &str = "the secret of the Worker in these tests";
const PREVIOUS: &str = "the secret that it had before the last rotation";

/// Somebody of the staff who looks past the API.
fn watcher() -> Staff {
    Staff { id: StaffId(0), session: SessionId(0), username: String::new(), role: Role::Support, origin: Origin::console() }
}

struct Worker {
    url: String,
    keys: Keys,
    down: AtomicBool,
    calls: Mutex<Vec<Call>>,
}

impl Worker {
    /// A Worker of this secret.
    async fn start(secret: &str) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let worker = Arc::new(Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            keys: Keys::new(secret, None),
            down: AtomicBool::new(false),
            calls: Mutex::default(),
        });
        let router = Router::new().route("/internal/purchase", post(called)).route("/health", get(health)).with_state(worker.clone());
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        worker
    }

    fn serves(self: &Arc<Self>) -> impl FnOnce(&mut Config) + use<> {
        let url = self.url.clone();
        move |config| {
            config.worker_url = Some(url);
            config.worker_patience = std::time::Duration::from_mins(1);
            SECRET.clone_into(&mut config.link_secret);
            config.previous_link_secret = Some(PREVIOUS.to_owned());
        }
    }

    fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }
}

async fn called(State(worker): State<Arc<Worker>>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    if worker.down.load(Ordering::SeqCst) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let at = header(webhook::TIMESTAMP).and_then(|seconds| seconds.parse::<i64>().ok()).map_or(0, |seconds| seconds * ms::SECOND);
    if !webhook::verify(&worker.keys, Purpose::Revocation, header, &body, Instant(at)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let call: Call = serde_json::from_slice(&body).unwrap();
    let dispatch = Dispatch { purchase: call.purchase, states: Vec::new(), records: Vec::new() };
    worker.calls.lock().unwrap().push(call);
    Json(dispatch).into_response()
}

async fn health(State(worker): State<Arc<Worker>>) -> Json<Value> {
    Json(json!({"ok": true, "version": "test", "key": worker.keys.id(), "problem": null}))
}

/// Two tests of one body, as `on_both!`, with a Worker.
macro_rules! with_worker {
    ($name:ident, |$world:ident, $worker:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "each body takes what it needs")]
            use super::*;

            async fn body($world: &mut World, $worker: &Worker) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let worker = Worker::start(SECRET).await;
                on_sqlite(worker.serves(), async |world| body(world, &worker).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let worker = Worker::start(SECRET).await;
                on_postgres(worker.serves(), async |world| body(world, &worker).await).await;
            }
        }
    };
}

async fn bought(world: &World, content: &[u8]) -> (Account, i64) {
    let account = world.activated().await;
    let file = world.file("كتاب", 1, content).await;
    let purchase = world.bought(&account, file).await;
    (account, purchase)
}

/// Presses Download: the answer.
async fn press(world: &World, account: &Account, purchase: i64) -> Value {
    let (status, link) = json_of(world.post(&format!("/api/v1/sales/purchases/{purchase}/download/")).bearer_auth(&account.access)).await;
    assert_eq!(status, 200, "{link}");
    link
}

fn ticket(link: &Value, worker: &Worker) -> Ticket {
    let sealed = link["download_url"].as_str().unwrap().strip_prefix(&format!("{}/d/", worker.url)).expect("a link at the Worker");
    Ticket::open(sealed, &worker.keys).unwrap()
}

/// What a Worker tells of a link that was claimed.
fn claimed(ticket: &Ticket, now: Instant) -> Vec<u8> {
    let claim = Event::Claim { presented: None, fresh: Secret::new([7; 32]), client: Client::new("198.51.100.1", "Browser") };
    let step = step(&Link::issued(ticket, 0), &claim, now);
    serde_json::to_vec(&Dispatch { purchase: ticket.purchase, states: vec![step.state], records: step.records }).unwrap()
}

/// A message's headers.
fn signed(request: RequestBuilder, keys: &Keys, purpose: Purpose, id: &str, at: Instant, body: &[u8]) -> RequestBuilder {
    webhook::sign(keys, purpose, id, at, body).into_iter().fold(request, |request, (name, value)| request.header(name, value))
}

with_worker!(events_are_taken_from_the_worker_alone, |world, worker| {
    let (account, purchase) = bought(world, &content(1000)).await;
    let link = press(world, &account, purchase).await;
    let now = world.store.now();
    let body = claimed(&ticket(&link, worker), now);
    let send = |keys: &Keys, purpose, at: i64, body: &[u8]| {
        let request = world.post("/internal/links/events").body(body.to_vec());
        json_of(signed(request, keys, purpose, "msg_1", now.plus(at), body))
    };
    let stranger = Keys::new("another secret, which is as long as it must be", None);
    for (keys, purpose, at) in [
        (&stranger, Purpose::Events, 0),
        (&worker.keys, Purpose::Origin, 0),
        (&worker.keys, Purpose::Revocation, 0),
        (&worker.keys, Purpose::Events, -301 * ms::SECOND),
        (&worker.keys, Purpose::Events, 301 * ms::SECOND),
    ] {
        assert_eq!(send(keys, purpose, at, &body).await.0, 401, "{purpose:?} {at}");
    }
    assert_eq!(json_of(world.post("/internal/links/events").body(body.clone())).await.0, 401);
    let changed = signed(world.post("/internal/links/events"), &worker.keys, Purpose::Events, "msg_1", now, b"{}").body(body.clone());
    assert_eq!(json_of(changed).await.0, 401);
    let get = world.get("/internal/links/events").send().await.unwrap();
    assert_eq!(get.status(), 405);
    assert!(links::events(&world.store, PurchaseId(purchase)).await.unwrap().is_empty());

    assert_eq!(send(&worker.keys, Purpose::Events, 0, b"{\"purchase\":").await.0, 400);
    assert_eq!(send(&worker.keys, Purpose::Events, 0, &vec![b' '; (1 << 20) + 1]).await.0, 413);
    let unknown = serde_json::to_vec(&Dispatch { purchase: PurchaseId(99), states: Vec::new(), records: Vec::new() }).unwrap();
    assert_eq!(send(&worker.keys, Purpose::Events, 0, &unknown).await.0, 404);

    for keys in
        [&worker.keys, &worker.keys, &Keys::new(PREVIOUS, None), &Keys::new("the next secret, that the Worker has already", Some(SECRET))]
    {
        assert_eq!(send(keys, Purpose::Events, 200 * ms::SECOND, &body).await, (StatusCode::OK, json!({"sequence": 1})));
    }
    let (_, purchases) = json_of(world.get("/api/v1/sales/my-purchases/").bearer_auth(&account.access)).await;
    assert_eq!(purchases[0]["attempts"][0]["state"], "claimed");
    let events = links::events(&world.store, PurchaseId(purchase)).await.unwrap();
    assert_eq!((events.len(), events[0].kind.as_str(), events[0].gateway.as_str()), (1, "claimed", "worker"));
});

with_worker!(content_is_given_to_the_worker_alone, |world, worker| {
    let whole = content(3_000_000);
    let (account, purchase) = bought(world, &whole).await;
    let version = ticket(&press(world, &account, purchase).await, worker).version;
    let now = world.store.now();
    let number = std::cell::Cell::new(0);
    let ask = |path: String, text: String, keys: &Keys, purpose, at: i64| {
        number.set(number.get() + 1);
        signed(world.get(&path), keys, purpose, &format!("origin_{}", number.get()), now.plus(at), text.as_bytes())
    };
    let path = |from: u64, to: u64| format!("/internal/links/content/{version}?from={from}&to={to}");
    let text = |from: u64, to: u64| format!("{version} {from} {to}");
    let stranger = Keys::new("another secret, which is as long as it must be", None);
    for request in [
        world.get(&path(0, 10)),
        ask(path(0, 10), text(0, 10), &stranger, Purpose::Origin, 0),
        ask(path(0, 10), text(0, 10), &worker.keys, Purpose::Events, 0),
        ask(path(0, 10), text(0, 10), &worker.keys, Purpose::Origin, -301 * ms::SECOND),
        ask(path(0, 11), text(0, 10), &worker.keys, Purpose::Origin, 0),
        ask(format!("/internal/links/content/{version}"), text(0, 10), &worker.keys, Purpose::Origin, 0),
        ask("/internal/links/content/x?from=0&to=10".to_owned(), text(0, 10), &worker.keys, Purpose::Origin, 0),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 401);
        assert!(!answer.text().await.unwrap().contains("khazna"));
    }

    let mut received = Vec::new();
    for (from, to) in [(0, 1), (1, 1_500_000), (1_500_000, 3_000_000)] {
        let answer = ask(path(from, to), text(from, to), &worker.keys, Purpose::Origin, 0).send().await.unwrap();
        assert_eq!((answer.status(), answer.content_length()), (StatusCode::OK, Some(to - from)));
        received.extend_from_slice(&answer.bytes().await.unwrap());
    }
    assert_eq!(sha256(&received), sha256(&whole));

    let overheard = ask(path(0, 10), text(0, 10), &worker.keys, Purpose::Origin, 0);
    let again = [overheard.try_clone().unwrap(), overheard.try_clone().unwrap()];
    assert_eq!(overheard.send().await.unwrap().bytes().await.unwrap(), whole[..10]);
    for replayed in again {
        assert_eq!(replayed.send().await.unwrap().status(), 401);
    }

    for (from, to) in [(5, 5), (6, 5), (0, 3_000_001), (3_000_000, 3_000_001)] {
        let answer = ask(path(from, to), text(from, to), &worker.keys, Purpose::Origin, 0).send().await.unwrap();
        assert_eq!(
            (answer.status(), answer.headers()["content-range"].to_str().unwrap()),
            (StatusCode::RANGE_NOT_SATISFIABLE, "bytes */3000000")
        );
    }
    let missing = ask("/internal/links/content/99?from=0&to=1".to_owned(), "99 0 1".to_owned(), &worker.keys, Purpose::Origin, 0);
    assert_eq!(missing.send().await.unwrap().status(), 404);
});

with_worker!(without_the_worker_the_server_serves, |world, worker| {
    let (account, purchase) = bought(world, &content(1000)).await;
    worker.set_down(true);
    let link = press(world, &account, purchase).await;
    let url = link["download_url"].as_str().unwrap();
    assert!(url.starts_with(&format!("{}/d/", world.url)), "{url}");
    // The look at the start saw it well, and may be late to say so.
    let mut standing = Vec::new();
    eventually("the alert", async || {
        assert_eq!(press(world, &account, purchase).await["download_url"], url);
        standing = alerts::standing(&world.store, &watcher()).await.unwrap();
        standing.len() == 1
    })
    .await;
    assert_eq!(standing[0].kind, AlertKind::WorkerDown);
    assert!(standing[0].detail.contains("500"), "{}", standing[0].detail);
    assert_eq!(world.http.post(url).send().await.unwrap().status(), 303);
    let metrics = world.get("/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("worker_calls_total{outcome=\"failed\"}"), "{metrics}");

    worker.set_down(false);
    let link = press(world, &account, purchase).await;
    assert_eq!(ticket(&link, worker).attempt, 2);
    assert!(alerts::standing(&world.store, &watcher()).await.unwrap().is_empty());
});

with_worker!(a_refund_reaches_the_worker, |world, worker| {
    let (account, purchase) = bought(world, &content(1000)).await;
    let ticket = ticket(&press(world, &account, purchase).await, worker);
    worker.set_down(true);
    let owner = world.staff("owner", Role::Owner).await;
    let path = format!("/api/v1/admin/purchases/{purchase}/refund/");
    assert_eq!(json_of(world.post(&path).bearer_auth(owner).json(&json!({"reason": "test"}))).await.0, 200);
    eventually("the first try", async || world.count("SELECT COUNT(*) FROM worker_calls WHERE tries = 1").await == 1).await;
    worker.set_down(false);
    world.clock.advance(2 * ms::SECOND);
    eventually("the revocation", async || world.count("SELECT COUNT(*) FROM worker_calls").await == 0).await;
    let calls = worker.calls.lock().unwrap();
    assert_eq!(calls.last().unwrap().revoke, [ticket]);
});

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_another_secret_is_no_worker() {
    let worker = Worker::start("another secret, which is as long as it must be").await;
    on_sqlite(worker.serves(), async |world| {
        let told = async || alerts::standing(&world.store, &watcher()).await.unwrap();
        eventually("the look at the start", async || told().await.len() == 1).await;
        assert!(told().await[0].detail.starts_with("CLOUDFLARE_WORKER_SECRET: "), "{:?}", told().await);
        let (account, purchase) = bought(world, &content(1000)).await;
        let link = press(world, &account, purchase).await;
        assert!(link["download_url"].as_str().unwrap().starts_with(&world.url));
        assert!(told().await[0].detail.contains("CLOUDFLARE_WORKER_SECRET"), "{:?}", told().await);
        assert!(!told().await[0].detail.contains(SECRET));
    })
    .await;
}

/// A Worker that has the previous secret only could not open what is signed with the current one.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_missed_the_rotation_is_no_worker() {
    let worker = Worker::start(PREVIOUS).await;
    on_sqlite(worker.serves(), async |world| {
        let (account, purchase) = bought(world, &content(1000)).await;
        let link = press(world, &account, purchase).await;
        assert!(link["download_url"].as_str().unwrap().starts_with(&world.url));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_counted_out_who_signs() {
    let worker = Worker::start(SECRET).await;
    let serves = worker.serves();
    let change = |config: &mut Config| {
        serves(config);
        config.rate_limit = 3;
    };
    on_sqlite(change, async |world| {
        let body = serde_json::to_vec(&Dispatch { purchase: PurchaseId(99), states: Vec::new(), records: Vec::new() }).unwrap();
        for _ in 0..10 {
            let request = world.post("/internal/links/events").header("sec-fetch-site", "cross-site").body(body.clone());
            let answer = signed(request, &worker.keys, Purpose::Events, "msg_1", world.store.now(), &body).send().await.unwrap();
            assert_eq!(answer.status(), 404);
        }
    })
    .await;
}
