//! What an object keeps of its purchase: the states of its links and the records that the server has not acknowledged, together,
//! so that one row written is one step. Pure: clock, randomness and storage are the object's.

use serde::{Deserialize, Serialize};
use shared::{
    Instant, PurchaseId,
    link::{Body, Call, Dispatch, Event, Gateway, Located, Phase, Record, Reply, Request, Response, Site, State, Ticket, step},
    ms,
};

use crate::message::Opened;

/// How many records stay beside the states. More are put aside, a page of them in a row of its own: a row holds 2 MB at most,
/// and each step writes this one whole.
const PAGE: usize = 100;
/// So long after a record was made the object looks whether it was delivered, in milliseconds: it may have been stopped meanwhile.
const GUARD: i64 = 5 * ms::MINUTE;
/// The pause after a first failed delivery, and the longest, in milliseconds: pauses double in between.
const FIRST_PAUSE: i64 = ms::SECOND;
const LONGEST_PAUSE: i64 = 5 * ms::MINUTE;
/// For how long a link is remembered once it is over, so that whoever opens it is told what became of it.
const REMEMBERED: i64 = ms::DAY;
/// When a server that acknowledges nothing is given up, in milliseconds after the purchase could have been forgotten.
const GIVEN_UP: i64 = 30 * ms::DAY;

/// A purchase, as its object knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Purchase {
    id: PurchaseId,
    /// The number of the last record.
    sequence: i64,
    /// The number of the last record that the server is known to have.
    acknowledged: i64,
    links: Vec<State>,
    /// What is put aside, in order.
    pages: Vec<Page>,
    /// The records after the pages.
    records: Vec<Record>,
    /// Since when the server does not take what it is sent.
    failing_since: Option<Instant>,
    /// When all of this may be forgotten.
    until: Instant,
}

/// Records in a row of their own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Page {
    first: i64,
    last: i64,
    /// When the first was made.
    since: Instant,
}

impl Page {
    /// The row's name.
    pub fn key(self) -> String {
        format!("records-{}", self.first)
    }

    /// The number of its last record.
    pub fn last(self) -> i64 {
        self.last
    }
}

/// What a person's request leads to.
#[derive(Debug)]
pub struct Answered {
    /// What to send.
    pub response: Response,
    /// The stream to carry, when there is one.
    pub download: Option<Opened>,
}

impl Purchase {
    /// A purchase of which nothing is known.
    pub fn new(id: PurchaseId) -> Self {
        Self {
            id,
            sequence: 0,
            acknowledged: 0,
            links: Vec::new(),
            pages: Vec::new(),
            records: Vec::new(),
            failing_since: None,
            until: Instant::default(),
        }
    }

    /// Answers a person's request.
    pub fn answer(&mut self, site: &Site, request: &Request, located: &Located, fresh: [u8; 32], now: Instant) -> Answered {
        let known = self.link(located.link).cloned();
        let unknown = known.is_none();
        let answer = site.answer(request, located, known, self.sequence, fresh, now);
        let download = match (&answer.response.body, &answer.state) {
            (Body::Stream(stream), Some(state)) => Some(Opened::new(state.file.clone(), *stream)),
            _ => None,
        };
        if let Some(state) = answer.state {
            self.keep(state, answer.records, unknown, now);
        }
        Answered { response: answer.response, download }
    }

    /// Applies what the Worker knows of a stream.
    pub fn apply(&mut self, link: i64, event: &Event, now: Instant) -> Reply {
        // Only what was forgotten long ago is unknown here.
        let Some(state) = self.link(link) else { return Reply::Stop };
        let taken = step(&state.clone().with_sequence(self.sequence), event, now);
        if taken.changed {
            self.keep(taken.state, taken.records, false, now);
        }
        taken.reply
    }

    /// Obeys the server's call.
    pub fn obey(&mut self, call: &Call, now: Instant) {
        if !call.revoke.is_empty() {
            // Of links that are forgotten the server knows more than this.
            self.sequence = self.sequence.max(call.acknowledged);
            self.acknowledged = self.acknowledged.max(call.acknowledged);
        }
        let id = self.id;
        for ticket in call.revoke.iter().filter(|ticket| ticket.gateway == Gateway::Worker && ticket.purchase == id) {
            self.revoke(ticket, now);
        }
    }

    fn revoke(&mut self, ticket: &Ticket, now: Instant) {
        let unknown = self.link(ticket.link).is_none();
        let state = self.link(ticket.link).cloned().unwrap_or_else(|| State::issued(ticket, self.sequence));
        let sequence = self.sequence.max(state.sequence);
        let taken = step(&state.with_sequence(sequence), &Event::Revoke, now);
        if taken.changed {
            self.keep(taken.state, taken.records, unknown, now);
        }
    }

    /// Marks the links whose time is over, and forgets those of which nobody needs to be told any more.
    pub fn expire(&mut self, now: Instant) {
        for link in self.links.clone() {
            let taken = step(&link.with_sequence(self.sequence), &Event::Expire, now);
            if taken.changed {
                self.keep(taken.state, taken.records, false, now);
            }
        }
        let acknowledged = self.acknowledged;
        self.links.retain(|link| link.sequence > acknowledged || now < link.usable_until().plus(REMEMBERED));
    }

    /// Takes a step in. A link that is over before anything was known of it is left out: the object may have known it once and
    /// forgotten it, and its numbers are used.
    fn keep(&mut self, state: State, records: Vec<Record>, unknown: bool, now: Instant) {
        if unknown && state.phase != Phase::Revoked && state.is_over(now) {
            return;
        }
        self.sequence = self.sequence.max(state.sequence);
        self.until = self.until.max(state.usable_until().max(now).plus(REMEMBERED));
        self.records.extend(records);
        match self.links.iter_mut().find(|link| link.link == state.link) {
            Some(link) => *link = state,
            None => self.links.push(state),
        }
    }

    fn link(&self, number: i64) -> Option<&State> {
        self.links.iter().find(|link| link.link == number)
    }

    /// The records to be put aside, when they have become many, with the page they make.
    pub fn turn_page(&mut self) -> Option<(Page, Vec<Record>)> {
        let (first, last) = (self.records.first()?, self.records.last()?);
        if self.records.len() < PAGE {
            return None;
        }
        let page = Page { first: first.sequence, last: last.sequence, since: first.at };
        self.pages.push(page);
        Some((page, std::mem::take(&mut self.records)))
    }

    /// The page whose records are to be delivered first, when there is one.
    pub fn first_page(&self) -> Option<Page> {
        self.pages.first().copied()
    }

    /// What the server does not have yet, as far as one message holds it. `page` is the first page's content.
    pub fn dispatch(&self, page: Option<Vec<Record>>) -> Dispatch {
        let records = page.unwrap_or_else(|| self.records.clone());
        let records = records.into_iter().filter(|record| record.sequence > self.acknowledged).collect();
        let states = self.links.iter().filter(|link| link.sequence > self.acknowledged).cloned().collect();
        Dispatch { purchase: self.id, states, records }
    }

    /// True while the server lacks records.
    pub fn is_owing(&self) -> bool {
        !self.pages.is_empty() || !self.records.is_empty()
    }

    /// Forgets what the server has. Gives the pages that are done with.
    pub fn acknowledge(&mut self, sequence: i64) -> Vec<Page> {
        self.acknowledged = self.acknowledged.max(sequence);
        // The server may have more than is remembered here: numbers go on after those.
        self.sequence = self.sequence.max(sequence);
        let acknowledged = self.acknowledged;
        self.records.retain(|record| record.sequence > acknowledged);
        let (done, left) = self.pages.iter().partition(|page| page.last <= acknowledged);
        self.pages = left;
        done
    }

    /// The number of the last record that the server is known to have.
    pub fn acknowledged(&self) -> i64 {
        self.acknowledged
    }

    /// Notes that the server took what it was sent.
    pub fn succeed(&mut self) {
        self.failing_since = None;
    }

    /// Notes that it did not. Gives the pause until the next try, in milliseconds, of which `chance` between 0 and 255 is a part,
    /// and true when this is the first failure.
    pub fn fail(&mut self, chance: u8, now: Instant) -> (i64, bool) {
        let since = *self.failing_since.get_or_insert(now);
        // As long as it has failed already: twice as long every time. Less a part, so that not all objects come back at once.
        let pause = now.since(since).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        (pause - pause * i64::from(chance) / 1024, since == now)
    }

    /// True while deliveries fail: the alarm alone tries again.
    pub fn is_failing(&self) -> bool {
        self.failing_since.is_some()
    }

    /// When the object must look after this, if nothing happens before.
    pub fn wake_at(&self, now: Instant) -> Instant {
        let oldest = self.pages.first().map(|page| page.since).or(self.records.first().map(|record| record.at));
        let rest = match oldest {
            // The next try has set the alarm.
            Some(_) if self.is_failing() => now.plus(GUARD),
            Some(oldest) => oldest.plus(GUARD),
            None => self.until,
        };
        let lapses = self.links.iter().filter(|link| link.phase_at(link.usable_until()) != link.phase).map(State::usable_until);
        lapses.chain([rest]).min().unwrap_or(rest)
    }

    /// True when nobody needs to be told of it any more.
    pub fn is_over(&self, now: Instant) -> bool {
        now >= self.until && (!self.is_owing() || now >= self.until.plus(GIVEN_UP))
    }
}

#[cfg(test)]
mod tests {
    use shared::{
        VersionId,
        link::{CLAIM_WINDOW, Client, Keys, Method, STREAM_WINDOW},
    };

    use super::*;

    const PRESSED: Instant = Instant(1_795_372_048_000);

    fn ticket(link: i64, sequence: i64) -> Ticket {
        Ticket {
            gateway: Gateway::Worker,
            purchase: PurchaseId(7),
            link,
            attempt: link,
            version: VersionId(3),
            size: 1000,
            etag: "e".to_owned(),
            name: "n.pdf".to_owned(),
            content_type: "application/pdf".to_owned(),
            storage_key: "k".to_owned(),
            sequence,
            issued_at: PRESSED,
            expires_at: PRESSED.plus(CLAIM_WINDOW),
            nonce: [9; 16],
        }
    }

    fn post(purchase: &mut Purchase, ticket: &Ticket, now: Instant) -> u16 {
        let keys = Keys::new("a secret of the tests", None);
        let path = format!("/d/{}", ticket.seal(&keys));
        let site = Site { gateway: Gateway::Worker, keys, secure: true, store_url: "https://khazna.example".to_owned() };
        let request = Request::new::<String>("POST", &path, "203.0.113.5", |_| None).unwrap();
        assert_eq!(request.method, Method::Post);
        let located = site.locate(&request).unwrap();
        purchase.answer(&site, &request, &located, [1; 32], now).response.status
    }

    fn numbers(records: &[Record]) -> Vec<i64> {
        records.iter().map(|record| record.sequence).collect()
    }

    #[test]
    fn what_is_owed_is_told_until_it_is_acknowledged() {
        let mut purchase = Purchase::new(PurchaseId(7));
        assert!(!purchase.is_owing());
        assert_eq!(post(&mut purchase, &ticket(1, 0), PRESSED), 303);
        assert_eq!(post(&mut purchase, &ticket(1, 0), PRESSED), 409);
        let dispatch = purchase.dispatch(None);
        assert_eq!((numbers(&dispatch.records), dispatch.states.len()), (vec![1, 2], 1));
        assert!(dispatch.is_sound());
        purchase.acknowledge(1);
        assert_eq!(numbers(&purchase.dispatch(None).records), [2]);
        purchase.acknowledge(2);
        assert!(!purchase.is_owing());
        assert_eq!(purchase.dispatch(None).states, []);
    }

    #[test]
    fn many_records_make_pages() {
        let mut purchase = Purchase::new(PurchaseId(7));
        let client = Client::new("203.0.113.5", "tests");
        assert_eq!(post(&mut purchase, &ticket(1, 0), PRESSED), 303);
        let record = purchase.records[0].clone();
        assert_eq!(record.ip, client.ip);
        purchase.records = (1..=100).map(|sequence| Record { sequence, ..record.clone() }).collect();
        purchase.sequence = 100;
        let (page, records) = purchase.turn_page().unwrap();
        assert_eq!((page.key().as_str(), page.last(), records.len()), ("records-1", 100, 100));
        assert!(purchase.turn_page().is_none());
        assert!(purchase.is_owing());
        assert_eq!(purchase.first_page(), Some(page));
        assert_eq!(numbers(&purchase.dispatch(Some(records.clone())).records).len(), 100);
        assert_eq!(purchase.acknowledge(60), []);
        assert_eq!(numbers(&purchase.dispatch(Some(records)).records).first(), Some(&61));
        assert_eq!(purchase.acknowledge(100), [page]);
        assert!(!purchase.is_owing());
    }

    #[test]
    fn it_wakes_for_what_is_owed_then_for_the_end_and_then_to_forget() {
        let mut purchase = Purchase::new(PurchaseId(7));
        post(&mut purchase, &ticket(1, 0), PRESSED);
        assert_eq!(purchase.wake_at(PRESSED), PRESSED.plus(GUARD));
        purchase.acknowledge(1);
        let end = PRESSED.plus(STREAM_WINDOW);
        assert_eq!(purchase.wake_at(PRESSED), end);
        purchase.expire(end);
        assert_eq!(numbers(&purchase.dispatch(None).records), [2]);
        assert_eq!(purchase.wake_at(end), end.plus(GUARD));
        assert!(!purchase.is_over(end.plus(REMEMBERED)), "not while something is owed");
        assert!(purchase.is_over(end.plus(REMEMBERED).plus(GIVEN_UP)));
        purchase.acknowledge(2);
        assert_eq!(purchase.wake_at(end), end.plus(REMEMBERED));
        assert!(purchase.is_over(end.plus(REMEMBERED)));
    }

    #[test]
    fn pauses_double() {
        let mut purchase = Purchase::new(PurchaseId(7));
        let mut now = PRESSED;
        let pauses: Vec<i64> = (0..12)
            .map(|_| {
                let (pause, _) = purchase.fail(0, now);
                now = now.plus(pause);
                pause / ms::SECOND
            })
            .collect();
        assert_eq!(pauses, [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert!(purchase.fail(255, now).0 > LONGEST_PAUSE * 3 / 4 - 1);
        purchase.succeed();
        assert_eq!(purchase.fail(0, now), (FIRST_PAUSE, true));
    }

    #[test]
    fn a_link_that_was_over_before_it_was_known_leaves_no_trace() {
        let mut purchase = Purchase::new(PurchaseId(7));
        assert_eq!(post(&mut purchase, &ticket(1, 0), PRESSED.plus(CLAIM_WINDOW)), 410);
        assert_eq!(purchase, Purchase::new(PurchaseId(7)));
        let call = Call { purchase: PurchaseId(7), acknowledged: 12, revoke: vec![ticket(1, 0)] };
        purchase.obey(&call, PRESSED.plus(CLAIM_WINDOW));
        assert!(!purchase.is_owing());
        purchase.obey(&call, PRESSED);
        assert_eq!(numbers(&purchase.dispatch(None).records), [13], "numbers go on after what the server has");
        assert_eq!(post(&mut purchase, &ticket(1, 0), PRESSED), 410);
    }

    #[test]
    fn numbers_go_on_where_the_ticket_says() {
        let mut purchase = Purchase::new(PurchaseId(7));
        assert_eq!(post(&mut purchase, &ticket(2, 5), PRESSED), 303);
        assert_eq!(numbers(&purchase.dispatch(None).records), [6]);
    }
}
