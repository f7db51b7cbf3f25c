//! A gateway's HTTP side: requests become events of [`step`](super::step), its replies responses.

use super::{
    Event, Gateway, Keys, LinkId, Method, Open, Page, Record, Refusal, Reply, Request, Response, Secret, State, Step, Target, Ticket,
    pages::{self, Facts},
    request::cookie,
    response::set_cookie,
    step,
};
use crate::{Instant, PurchaseId};

/// What a gateway is told once.
#[derive(Debug, Clone)]
pub struct Site {
    /// Which one it is.
    pub gateway: Gateway,
    /// Its keys.
    pub keys: Keys,
    /// False only for plain http on the loopback: cookies then have neither the `__Host-` prefix nor `Secure`.
    pub secure: bool,
    /// The store's address, without a slash at the end: pages lead back there, and to its `/purchases`.
    pub store_url: String,
}

/// The link that a request is about, authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The purchase.
    pub purchase: PurchaseId,
    /// The link's number.
    pub link: i64,
    /// The ticket, when the request brought one.
    pub ticket: Option<Ticket>,
    /// The ids under which its cookie may stand, the one for new cookies first.
    ids: Vec<String>,
}

/// What a request leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The new state, with its `sequence`, when there is something to write.
    pub state: Option<State>,
    /// What is to be recorded, in the same transaction.
    pub records: Vec<Record>,
    /// What to send once that is committed.
    pub response: Response,
}

impl Site {
    /// The link of a request. `Err` is the finished answer to a bad method, ticket or address, the same for all of them;
    /// no state needs to be looked at.
    pub fn locate(&self, request: &Request) -> Result<Located, Response> {
        let allowed = match request.target {
            Target::Ticket(_) => "GET, HEAD, POST",
            Target::File(_) => "GET, HEAD",
        };
        if request.method == Method::Other || (request.method == Method::Post && matches!(request.target, Target::File(_))) {
            return Err(Response::method_not_allowed(allowed));
        }
        let located = match &request.target {
            Target::Ticket(text) => Ticket::open(text, &self.keys).filter(|ticket| ticket.gateway == self.gateway).map(|ticket| {
                let link = LinkId { purchase: ticket.purchase, link: ticket.link };
                Located { purchase: link.purchase, link: link.link, ticket: Some(ticket), ids: link.forms(&self.keys) }
            }),
            Target::File(id) => LinkId::open(id, &self.keys).map(|link| Located {
                purchase: link.purchase,
                link: link.link,
                ticket: None,
                ids: vec![id.clone()],
            }),
        };
        located.ok_or_else(|| self.refused(request, Refusal::NotFound, None))
    }

    /// The answer to a request, decided on the link's state (none when nothing was ever written of it), the number of the
    /// purchase's last record and 32 fresh random bytes. Write what it says, then send.
    pub fn answer(
        &self,
        request: &Request,
        located: &Located,
        state: Option<State>,
        sequence: i64,
        fresh: [u8; 32],
        now: Instant,
    ) -> Answer {
        let known = match (&located.ticket, state) {
            (Some(ticket), Some(state)) => (state.nonce == ticket.nonce).then(|| state.with_sequence(sequence)),
            (Some(ticket), None) => Some(State::issued(ticket, sequence)),
            // A file's address does not name its gateway, and each serves its own links alone.
            (None, state) => state.filter(|state| state.gateway == self.gateway).map(|state| state.with_sequence(sequence)),
        };
        let Some(known) = known else {
            return Answer { state: None, records: Vec::new(), response: self.refused(request, Refusal::NotFound, None) };
        };
        let fresh = Secret::new(fresh);
        let (id, presented) = self.presented(&request.cookies, &located.ids);
        let Step { state, changed, reply, records } = step(&known, &event(request, presented.clone(), fresh.clone()), now);
        let response = match reply {
            Reply::Page(page) => {
                let response = Response::page(200, self.render(request, page, Some((&state, now))), request.locale);
                // The secret is set before the press, so that a second press, or one whose answer was lost, is known again.
                if page == Page::Button && presented.is_none() && request.method == Method::Get {
                    response.with("set-cookie", self.cookie(id, &fresh, state.usable_until().seconds_from(now)))
                } else {
                    response
                }
            }
            Reply::Claimed { secret, max_age } => {
                Response::see_file(id, &state.file.name).with("set-cookie", self.cookie(id, &secret, max_age))
            }
            Reply::Described => Response::described(&state.file),
            Reply::NotModified => Response::not_modified(&state.file),
            Reply::Stream(stream) => Response::stream(&state.file, stream),
            Reply::Unsatisfiable => Response::unsatisfiable(&state.file),
            Reply::Refused(refusal) => {
                // Whoever has the ticket, or the cookie, may read what it says.
                let shown = located.ticket.is_some() || matches!(refusal, Refusal::Budget | Refusal::Streams);
                self.refused(request, refusal, shown.then_some((&state, now)))
            }
            // These answer the gateway's own events, never a request.
            Reply::Segment { .. } | Reply::Stop | Reply::Done => self.unavailable(request),
        };
        let response = if request.method == Method::Head { response.without_body() } else { response };
        Answer { state: changed.then_some(state), records, response }
    }

    /// The `Set-Cookie` for a browser that is about to be led to a ticket by a redirect that keeps `POST`, so that pressing
    /// Download twice in a row is one claim; none when `cookies`, its `Cookie` header, has one already. Of use only where the
    /// store and the gateway have the same origin. A cookie alone claims nothing.
    pub fn prepare(&self, ticket: &Ticket, cookies: &str, fresh: [u8; 32], now: Instant) -> Option<String> {
        let ids = LinkId { purchase: ticket.purchase, link: ticket.link }.forms(&self.keys);
        match self.presented(cookies, &ids) {
            (id, None) => Some(self.cookie(id, &Secret::new(fresh), ticket.expires_at.seconds_from(now))),
            (_, Some(_)) => None,
        }
    }

    /// 503 with a page: the database, or storage before the first byte, failed.
    pub fn unavailable(&self, request: &Request) -> Response {
        self.refused(request, Refusal::Storage, None)
    }

    fn refused(&self, request: &Request, refusal: Refusal, link: Option<(&State, Instant)>) -> Response {
        let response = match refusal.page() {
            Some(page) => Response::page(refusal.status(), self.render(request, page, link), request.locale),
            None => Response::empty(refusal.status()),
        };
        let response = response.retry_after(refusal.retry_after());
        if request.method == Method::Head { response.without_body() } else { response }
    }

    fn render(&self, request: &Request, page: Page, link: Option<(&State, Instant)>) -> String {
        let facts = link.map(|(state, now)| Facts {
            name: &state.file.name,
            size: state.file.size,
            seconds_left: if state.is_over(now) { 0 } else { state.usable_until().seconds_from(now) },
        });
        pages::render(page, request.locale, &self.store_url, facts.as_ref())
    }

    /// The cookie's secret and which of the ids it stands under; without one the id for a new cookie.
    fn presented<'a>(&self, cookies: &str, ids: &'a [String]) -> (&'a str, Option<Secret>) {
        let found = ids.iter().find_map(|id| Some((id.as_str(), Secret::parse(cookie(cookies, &self.cookie_name(id))?)?)));
        match found {
            Some((id, secret)) => (id, Some(secret)),
            None => (ids.first().map_or("", String::as_str), None),
        }
    }

    fn cookie(&self, id: &str, secret: &Secret, max_age: i64) -> String {
        set_cookie(&self.cookie_name(id), secret, max_age, self.secure)
    }

    fn cookie_name(&self, id: &str) -> String {
        format!("{}dl_{id}", if self.secure { "__Host-" } else { "" })
    }
}

fn event(request: &Request, presented: Option<Secret>, fresh: Secret) -> Event {
    match (&request.target, request.method) {
        (Target::Ticket(_), Method::Post) => Event::Claim { presented, fresh, client: request.client.clone() },
        (Target::Ticket(_), _) => Event::View { presented },
        (Target::File(_), method) => Event::Open(Box::new(Open {
            head: method == Method::Head,
            presented,
            prefetch: request.prefetch,
            range: request.range,
            if_range: request.if_range.clone(),
            if_none_match: request.if_none_match.clone(),
            client: request.client.clone(),
        })),
    }
}
