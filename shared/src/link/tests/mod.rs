//! The protocol's tests: the design's table cell by cell, properties under random interleavings, HTTP by example.

mod browser;
mod budget;
mod headers;
mod simulation;
mod table;
mod tickets;
mod webhooks;

use super::*;
use crate::{Instant, PurchaseId, VersionId, ms};

/// When Download is pressed in these tests.
const PRESSED: Instant = Instant(1_795_372_048_000);
const MIB: u64 = 1024 * 1024;

fn keys() -> Keys {
    Keys::new("a secret of the tests", None)
}

fn ticket(size: u64) -> Ticket {
    Ticket {
        gateway: Gateway::Embedded,
        purchase: PurchaseId(7),
        link: 1,
        attempt: 1,
        version: VersionId(3),
        size,
        etag: "3-abc".to_owned(),
        name: "دليل المهندس.pdf".to_owned(),
        content_type: "application/pdf".to_owned(),
        storage_key: "versions/00ff".to_owned(),
        sequence: 0,
        issued_at: PRESSED,
        expires_at: PRESSED.plus(CLAIM_WINDOW),
        nonce: [9; 16],
    }
}

fn client() -> Client {
    Client::new("203.0.113.5", "Mozilla/5.0")
}

/// A gateway with one link, which keeps what it is told to keep, and one browser, which keeps its cookie.
struct World {
    site: Site,
    ticket: Ticket,
    state: Option<State>,
    sequence: i64,
    records: Vec<Record>,
    now: Instant,
    /// `name=value`, when the browser has one.
    cookie: Option<String>,
    fresh: u8,
}

impl World {
    fn new(bytes: u64) -> Self {
        let site = Site { gateway: Gateway::Embedded, keys: keys(), secure: true, store_url: "https://khazna.example".to_owned() };
        Self { site, ticket: ticket(bytes), state: None, sequence: 0, records: Vec::new(), now: PRESSED, cookie: None, fresh: 0 }
    }

    /// With the link claimed by the browser.
    fn claimed(size: u64) -> Self {
        let mut world = Self::new(size);
        assert_eq!(world.post().status, 303);
        world
    }

    fn page_path(&self) -> String {
        format!("/d/{}", self.ticket.seal(&self.site.keys))
    }

    fn file_path(&self) -> String {
        let id = LinkId { purchase: self.ticket.purchase, link: self.ticket.link }.seal(&self.site.keys);
        format!("/f/{id}/name.pdf")
    }

    /// A request as it arrives, answered and written.
    fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let cookie = self.cookie.clone();
        let header = |name: &str| match headers.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => Some((*value).to_owned()),
            None if name == "cookie" => cookie.clone(),
            None => None,
        };
        let request = Request::new(method, path, "203.0.113.5", header).unwrap();
        let located = match self.site.locate(&request) {
            Ok(located) => located,
            Err(response) => return response,
        };
        self.fresh = self.fresh.wrapping_add(1);
        let answer = self.site.answer(&request, &located, self.state.clone(), self.sequence, [self.fresh; 32], self.now);
        assert!(answer.state.is_some() || answer.records.is_empty(), "records without a state to write");
        self.keep(answer.state, answer.records);
        if let Some(cookie) = answer.response.header("set-cookie") {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        answer.response
    }

    fn keep(&mut self, state: Option<State>, records: Vec<Record>) {
        for record in &records {
            self.sequence += 1;
            assert_eq!(record.sequence, self.sequence, "a gap in the numbers of records");
        }
        if let Some(state) = state {
            assert_eq!(state.sequence, self.sequence);
            // What is kept must survive being written and read.
            self.state = Some(serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap());
            assert_eq!(self.state.as_ref(), Some(&state));
        }
        self.records.extend(records);
    }

    fn event(&mut self, event: &Event) -> Reply {
        let state = self.state.clone().unwrap_or_else(|| State::issued(&self.ticket, self.sequence));
        let Step { state, changed, reply, records } = step(&state.with_sequence(self.sequence), event, self.now);
        self.keep(changed.then_some(state), records);
        reply
    }

    fn post(&mut self) -> Response {
        let path = self.page_path();
        self.request("POST", &path, &[])
    }

    fn view(&mut self) -> Response {
        let path = self.page_path();
        self.request("GET", &path, &[])
    }

    fn get(&mut self, headers: &[(&str, &str)]) -> Response {
        let path = self.file_path();
        self.request("GET", &path, headers)
    }

    fn close(&mut self, stream: u64, sent: u64) {
        self.event(&Event::Close { stream, sent, exact: true, client: client() });
    }

    /// Opens a stream and lets it run to its end, or until `most` bytes have flowed; how many did.
    fn download(&mut self, headers: &[(&str, &str)], most: u64) -> u64 {
        let response = self.get(headers);
        let Body::Stream(stream) = response.body else { panic!("no stream: {}", response.status) };
        let id = stream.id;
        let (last, mut until) = (stream.offset + stream.length.min(most), stream.until);
        while until < last {
            match self.event(&Event::Advance { stream: id, offset: until, client: client() }) {
                Reply::Segment { until: more } => until = more,
                _ => break,
            }
        }
        let sent = until.min(last) - stream.offset;
        self.close(id, sent);
        sent
    }

    fn state(&self) -> &State {
        self.state.as_ref().unwrap()
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.records.iter().map(|record| record.kind.as_str()).collect()
    }
}
