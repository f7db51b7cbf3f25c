//! The one decision about a link (design, section 6): a pure function, which both gateways run inside a transaction.

use super::{
    Claim, Client, Detail, Kind, MAX_OPENS, MAX_STREAMS, Page, Phase, Range, Record, Refusal, Reply, Running, Secret, State, Stream,
    range::{if_range_holds, none_match_hits},
};
use crate::Instant;

/// What happens to a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The ticket's page is looked at. Nothing changes, whoever looks.
    View {
        /// The cookie's secret.
        presented: Option<Secret>,
    },
    /// The page's button was pressed.
    Claim {
        /// The cookie's secret: of a claim already made, or one that the page has set, so that a press whose answer got lost can be repeated.
        presented: Option<Secret>,
        /// The secret to use where none was presented, fresh from the gateway's random source.
        fresh: Secret,
        /// Who.
        client: Client,
    },
    /// The file is asked for.
    Open(Box<Open>),
    /// A stream has sent all that was allowed and asks for more. Asking again gives the same answer and charges nothing;
    /// asking early tells that the stream lives.
    Advance {
        /// The stream.
        stream: u64,
        /// The absolute offset before which everything was handed to the network.
        offset: u64,
        /// Who reads it.
        client: Client,
    },
    /// A stream ended, however.
    Close {
        /// The stream.
        stream: u64,
        /// How many bytes it handed to the network in all.
        sent: u64,
        /// True when it is proven that not one byte more has left: what was charged beyond is returned. The embedded
        /// gateway counts; the Worker does not always know.
        exact: bool,
        /// Who read it.
        client: Client,
    },
    /// Storage failed before a stream's first byte.
    StorageFailed {
        /// The stream.
        stream: u64,
        /// Who was to read it.
        client: Client,
    },
    /// The purchase was paid back, or the account blocked.
    Revoke,
    /// Time has passed: a link that is over is marked so.
    Expire,
}

/// A request for the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Open {
    /// True for `HEAD`: nothing is charged, nothing changes.
    pub head: bool,
    /// The cookie's secret.
    pub presented: Option<Secret>,
    /// True when the browser only prefetches.
    pub prefetch: bool,
    /// The `Range` header, where it is in bytes.
    pub range: Option<Range>,
    /// The `If-Range` header.
    pub if_range: Option<String>,
    /// The `If-None-Match` header.
    pub if_none_match: Option<String>,
    /// Who.
    pub client: Client,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The new state.
    pub state: State,
    /// False when the state is as it was and needs no writing; then there are no records either.
    pub changed: bool,
    /// The answer.
    pub reply: Reply,
    /// What is to be recorded, written in the same transaction as the state.
    pub records: Vec<Record>,
}

/// Decides what an event does to a link. Time that has run out is noticed first; a running stream may finish all the same.
pub fn step(state: &State, event: &Event, now: Instant) -> Step {
    let client = match event {
        Event::Claim { client, .. } | Event::Advance { client, .. } | Event::Close { client, .. } | Event::StorageFailed { client, .. } => {
            client
        }
        Event::Open(open) => &open.client,
        Event::View { .. } | Event::Revoke | Event::Expire => &Client::default(),
    };
    let client = Client::new(&client.ip, &client.user_agent);
    let mut turn = Turn { state: state.clone(), client, now, records: Vec::new() };
    let reply = match event {
        Event::View { presented } => turn.view(presented.as_ref()),
        Event::Claim { presented, fresh, .. } => turn.claim(presented.as_ref(), fresh),
        Event::Open(open) => turn.open(open),
        Event::Advance { stream, offset, .. } => turn.advance(*stream, *offset),
        Event::Close { stream, sent, exact, .. } => turn.close(*stream, *sent, *exact),
        Event::StorageFailed { stream, .. } => turn.storage_failed(*stream),
        Event::Revoke => turn.revoke(),
        Event::Expire => turn.expire(),
    };
    debug_assert!(turn.state.charged <= turn.state.budget(), "a link is charged more than its budget");
    Step { changed: turn.state != *state, state: turn.state, reply, records: turn.records }
}

/// A step on its way.
struct Turn {
    state: State,
    client: Client,
    now: Instant,
    records: Vec<Record>,
}

impl Turn {
    fn view(&self, presented: Option<&Secret>) -> Reply {
        if self.state.is_over(self.now) {
            return Reply::Refused(Refusal::Over(self.state.phase_at(self.now)));
        }
        Reply::Page(match self.state.phase {
            Phase::Issued => Page::Button,
            _ if !self.state.is_claimed_by(presented) => Page::Used,
            Phase::Complete => Page::Finished,
            _ if self.state.budget_left() < self.state.file.size => Page::Spent,
            _ => Page::Resume,
        })
    }

    fn claim(&mut self, presented: Option<&Secret>, fresh: &Secret) -> Reply {
        self.lapse();
        if let Some(refusal) = self.over() {
            return self.refuse(refusal);
        }
        if self.state.phase != Phase::Issued {
            return match presented {
                Some(secret) if self.state.is_claimed_by(presented) => self.claimed(secret),
                _ => self.refuse(Refusal::Used),
            };
        }
        let secret = presented.unwrap_or(fresh);
        self.state.phase = Phase::Claimed;
        self.state.claim = Some(Claim { hash: secret.hash(), at: self.now, ip: self.client.ip.clone() });
        self.record(Kind::Claimed, Detail::default());
        self.claimed(secret)
    }

    fn claimed(&self, secret: &Secret) -> Reply {
        Reply::Claimed { secret: secret.clone(), max_age: self.state.usable_until().seconds_from(self.now) }
    }

    fn open(&mut self, open: &Open) -> Reply {
        if open.head {
            return self.admit(open).err().unwrap_or(Reply::Described);
        }
        self.lapse();
        if let Err(reply) = self.admit(open) {
            return match reply {
                Reply::Refused(refusal) => self.refuse(refusal),
                reply => reply,
            };
        }
        let size = self.state.file.size;
        let holds = open.if_range.as_ref().is_none_or(|header| if_range_holds(header, &self.state.file.etag));
        // A suffix of an empty file is all of it (RFC 9110 section 14.1.2), which no Content-Range can say.
        let range = open.range.filter(|range| holds && !(size == 0 && matches!(range, Range::Suffix(1..))));
        match range.map(|range| range.resolve(size)) {
            Some(None) => Reply::Unsatisfiable,
            Some(Some((start, end))) => self.start(start, end, true),
            None if size == 0 => self.send_nothing(),
            None => self.start(0, size, false),
        }
    }

    /// Whether the file may be asked for at all, before a range is looked at.
    fn admit(&self, open: &Open) -> Result<(), Reply> {
        if let Some(refusal) = self.over() {
            return Err(Reply::Refused(refusal));
        }
        if self.state.phase == Phase::Issued {
            return Err(Reply::Refused(Refusal::NotFound));
        }
        if !self.state.is_claimed_by(open.presented.as_ref()) {
            return Err(Reply::Refused(Refusal::Cookie));
        }
        if open.prefetch {
            return Err(Reply::Refused(Refusal::Prefetch));
        }
        // Evaluated before a range (RFC 9110 section 13.2.2).
        if open.if_none_match.as_ref().is_some_and(|header| none_match_hits(header, &self.state.file.etag)) {
            return Err(Reply::NotModified);
        }
        Ok(())
    }

    /// Opens a stream and charges its first segment.
    fn start(&mut self, start: u64, end: u64, partial: bool) -> Reply {
        if self.state.next_stream > MAX_OPENS {
            return self.refuse(Refusal::Budget);
        }
        if self.state.open_streams(self.now) >= MAX_STREAMS {
            return self.refuse(Refusal::Streams);
        }
        let first = self.state.segment().min(end - start);
        // A whole file that is bound to break off is refused at once. A range is judged by its first segment: programs
        // that open several often ask to the end and stop where the next one begins.
        let needed = if partial { first } else { end - start };
        if needed > self.state.budget_left() {
            return self.refuse(Refusal::Budget);
        }
        let id = self.state.next_stream;
        let until = start + first;
        self.state.next_stream += 1;
        self.state.charged += first;
        self.state.remember(Running { id, start, end, until, position: start, active_at: self.now });
        let kind = if start == 0 { Kind::Opened } else { Kind::Resumed };
        self.record(kind, Detail { stream: Some(id), start: Some(start), end: Some(end), bytes: Some(first), ..Detail::default() });
        Reply::Stream(Stream { id, offset: start, length: end - start, until, partial })
    }

    /// An empty file is complete once it is asked for; there is nothing to charge.
    fn send_nothing(&mut self) -> Reply {
        if self.state.phase == Phase::Claimed {
            self.state.phase = Phase::Complete;
            self.record(Kind::Completed, Detail { start: Some(0), end: Some(0), bytes: Some(0), ..Detail::default() });
        }
        Reply::Described
    }

    fn advance(&mut self, stream: u64, offset: u64) -> Reply {
        let (now, segment, left) = (self.now, self.state.segment(), self.state.budget_left());
        let Some(running) = self.state.running(stream) else { return Reply::Stop };
        running.active_at = now;
        running.position = running.position.max(offset.min(running.until));
        let Running { start, end, until, position, .. } = *running;
        let granted = segment.min(end - until).min(left);
        if offset < until {
            return Reply::Segment { until };
        }
        // More than was allowed was sent, all was sent, or nothing is left.
        if offset > until || granted == 0 {
            return Reply::Stop;
        }
        running.until += granted;
        self.state.charged += granted;
        self.state.sent.add(start, position);
        let detail =
            Detail { stream: Some(stream), start: Some(until), end: Some(until + granted), bytes: Some(granted), ..Detail::default() };
        self.record(Kind::Advanced, detail);
        Reply::Segment { until: until + granted }
    }

    fn close(&mut self, stream: u64, sent: u64, exact: bool) -> Reply {
        let Some(running) = self.state.forget(stream) else { return Reply::Done };
        let charged = running.until - running.start;
        // What was told before stands, whatever is told now.
        let sent = sent.clamp(running.position - running.start, charged);
        if exact {
            self.state.charged -= charged - sent;
        }
        self.state.sent.add(running.start, running.start + sent);
        let kind = if self.completes() {
            self.state.phase = Phase::Complete;
            Kind::Completed
        } else if running.start + sent == running.end {
            Kind::Delivered
        } else {
            Kind::Interrupted
        };
        self.record_end(kind, &running, sent);
        Reply::Done
    }

    /// True when this is the step that makes it complete. A stream may finish after the link's time; a revoked link stays revoked.
    fn completes(&self) -> bool {
        matches!(self.state.phase, Phase::Claimed | Phase::Closed) && self.state.sent.is_whole(self.state.file.size)
    }

    fn storage_failed(&mut self, stream: u64) -> Reply {
        let Some(running) = self.state.forget(stream) else { return Reply::Refused(Refusal::Storage) };
        let sent = running.position - running.start;
        // Should a gateway call this too late, when bytes have flowed, nothing is proven and nothing returned.
        if sent == 0 {
            self.state.charged -= running.until - running.start;
        }
        self.record_end(Kind::StorageFailed, &running, sent);
        Reply::Refused(Refusal::Storage)
    }

    fn revoke(&mut self) -> Reply {
        self.lapse();
        if !self.state.is_over(self.now) {
            self.state.phase = Phase::Revoked;
            self.record(Kind::Revoked, Detail::default());
        }
        Reply::Done
    }

    fn expire(&mut self) -> Reply {
        self.lapse();
        Reply::Done
    }

    /// Marks what time has made of the link, once.
    fn lapse(&mut self) {
        let phase = self.state.phase_at(self.now);
        if phase != self.state.phase {
            self.state.phase = phase;
            self.record(if phase == Phase::Expired { Kind::Expired } else { Kind::Ended }, Detail::default());
        }
    }

    fn over(&self) -> Option<Refusal> {
        self.state.is_over(self.now).then(|| Refusal::Over(self.state.phase_at(self.now)))
    }

    fn refuse(&mut self, refusal: Refusal) -> Reply {
        if let Some(kind) = refusal.kind()
            && self.state.refusals.admit(kind)
        {
            self.record(kind, Detail::default());
        }
        Reply::Refused(refusal)
    }

    fn record_end(&mut self, kind: Kind, running: &Running, sent: u64) {
        let end = running.start + sent;
        self.record(
            kind,
            Detail { stream: Some(running.id), start: Some(running.start), end: Some(end), bytes: Some(sent), ..Detail::default() },
        );
    }

    /// Adds a record under the purchase's next number.
    fn record(&mut self, kind: Kind, detail: Detail) {
        self.state.sequence += 1;
        let claim_ip = self.state.claim.as_ref().map(|claim| claim.ip.as_str());
        let ip_changed = !self.client.ip.is_empty() && claim_ip.is_some_and(|ip| ip != self.client.ip);
        self.records.push(Record {
            gateway: self.state.gateway,
            purchase: self.state.purchase,
            sequence: self.state.sequence,
            link: self.state.link,
            attempt: self.state.attempt,
            kind,
            at: self.now,
            ip: self.client.ip.clone(),
            user_agent: self.client.user_agent.clone(),
            detail: Detail { ip_changed, ..detail },
        });
    }
}
