//! A Worker in memory: what the real one decides, it decides by the same protocol.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use shared::{
    PurchaseId,
    link::{Body, Call, Client, Dispatch, Event, Gateway, Keys, MAX_RECORDS, Record, Request, Response, Site, State, step},
};
use store::{Clock, Edge};

use crate::world::TestClock;

pub const URL: &str = "http://127.0.0.1:8787";

pub struct Worker {
    site: Site,
    clock: Arc<TestClock>,
    objects: Mutex<HashMap<PurchaseId, Object>>,
    down: AtomicBool,
    calls: AtomicU64,
}

/// What the Worker knows of a purchase.
#[derive(Default)]
struct Object {
    states: BTreeMap<i64, State>,
    outbox: Vec<Record>,
    sequence: i64,
}

impl Object {
    fn keep(&mut self, state: State, records: Vec<Record>) {
        self.sequence = state.sequence;
        self.states.insert(state.link, state);
        self.outbox.extend(records);
    }

    fn dispatch(&self, purchase: PurchaseId) -> Dispatch {
        let records = self.outbox.iter().take(MAX_RECORDS).cloned().collect();
        Dispatch { purchase, states: self.states.values().cloned().collect(), records }
    }
}

impl Worker {
    pub fn new(secret: &str, clock: Arc<TestClock>) -> Arc<Self> {
        let keys = Keys::new(secret, None);
        let site = Site { gateway: Gateway::Worker, keys, secure: false, store_url: "http://127.0.0.1:3000".to_owned() };
        Arc::new(Self { site, clock, objects: Mutex::default(), down: AtomicBool::new(false), calls: AtomicU64::new(0) })
    }

    /// Cuts the line between store and Worker, or mends it. Customers reach the Worker all the same.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// A request of a browser, whose cookie is kept.
    pub fn ask(&self, cookie: &mut String, method: &str, path: &str) -> Response {
        let header = |name: &str| match name {
            "cookie" => Some(cookie.clone()),
            "user-agent" => Some("Browser".to_owned()),
            _ => None,
        };
        let request = Request::new(method, path, "198.51.100.1", header).unwrap();
        let located = match self.site.locate(&request) {
            Ok(located) => located,
            Err(response) => return response,
        };
        let mut objects = self.objects.lock().unwrap();
        let object = objects.entry(located.purchase).or_default();
        let state = object.states.get(&located.link).cloned();
        let answer = self.site.answer(&request, &located, state, object.sequence, [7; 32], self.clock.now());
        if let Some(state) = answer.state {
            object.keep(state, answer.records);
        }
        if let Some(set) = answer.response.header("set-cookie") {
            set.split(';').next().unwrap_or_default().clone_into(cookie);
        }
        answer.response
    }

    /// Claims a link and downloads its file whole.
    pub fn download(&self, purchase: PurchaseId, path: &str) {
        let mut cookie = String::new();
        let claimed = self.ask(&mut cookie, "POST", path);
        assert_eq!(claimed.status, 303);
        let file = claimed.header("location").unwrap().to_owned();
        let Body::Stream(stream) = self.ask(&mut cookie, "GET", &file).body else { panic!("no stream") };
        let client = Client::new("198.51.100.1", "Browser");
        let link = *self.objects.lock().unwrap()[&purchase].states.keys().last().unwrap();
        self.step(purchase, link, &Event::Close { stream: stream.id, sent: stream.length, exact: true, client });
    }

    pub fn step(&self, purchase: PurchaseId, link: i64, event: &Event) {
        let mut objects = self.objects.lock().unwrap();
        let object = objects.get_mut(&purchase).unwrap();
        let state = object.states[&link].clone().with_sequence(object.sequence);
        let step = step(&state, event, self.clock.now());
        if step.changed {
            object.keep(step.state, step.records);
        }
    }

    /// What it would tell of a purchase now.
    pub fn dispatch(&self, purchase: PurchaseId) -> Dispatch {
        self.objects.lock().unwrap()[&purchase].dispatch(purchase)
    }

    /// As the real one does once all is acknowledged and long over.
    pub fn forget(&self, purchase: PurchaseId) {
        self.objects.lock().unwrap().remove(&purchase);
    }
}

#[async_trait]
impl Edge for Worker {
    fn url(&self) -> &str {
        URL
    }

    async fn call(&self, call: &Call) -> Result<Dispatch, String> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.health().await?;
        let mut objects = self.objects.lock().unwrap();
        let object = objects.entry(call.purchase).or_default();
        object.outbox.retain(|record| record.sequence > call.acknowledged);
        for ticket in &call.revoke {
            let known = object.states.get(&ticket.link).cloned().unwrap_or_else(|| State::issued(ticket, object.sequence));
            let step = step(&known.with_sequence(object.sequence.max(ticket.sequence)), &Event::Revoke, self.clock.now());
            if step.changed {
                object.keep(step.state, step.records);
            }
        }
        Ok(object.dispatch(call.purchase))
    }

    async fn health(&self) -> Result<(), String> {
        if self.down.load(Ordering::SeqCst) { Err("the line is cut".to_owned()) } else { Ok(()) }
    }
}
