//! What `step` answers, before it is HTTP.

use super::{Kind, Phase, Secret};

/// The answer to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The ticket's page: 200, nothing changed. A link whose time is over is refused instead.
    Page(Page),
    /// 303 to the file, with the cookie, which lives so many seconds.
    Claimed {
        /// What the browser is to keep.
        secret: Secret,
        /// Seconds until no stream can be opened any more.
        max_age: i64,
    },
    /// 200 without a body: to `HEAD`, and for an empty file.
    Described,
    /// 304.
    NotModified,
    /// 200 or 206 with bytes.
    Stream(Stream),
    /// 416.
    Unsatisfiable,
    /// Refused, with a page.
    Refused(Refusal),
    /// To `Advance`: the bytes before this absolute offset may flow.
    Segment {
        /// The offset.
        until: u64,
    },
    /// To `Advance`: no more bytes may flow; the body ends short.
    Stop,
    /// To the gateway's other events.
    Done,
}

/// A stream that was opened and whose first segment is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// Its number within the link, for the gateway's further events.
    pub id: u64,
    /// The first byte's offset.
    pub offset: u64,
    /// How many bytes are to flow in all.
    pub length: u64,
    /// The absolute offset after the first segment: no byte from here on before an `Advance` has allowed it.
    pub until: u64,
    /// True for 206: one range was asked.
    pub partial: bool,
}

/// Why a request is refused (the table of the design, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 404: a bad ticket or address, or a link that nobody claimed.
    NotFound,
    /// 403: without the claim's cookie.
    Cookie,
    /// 403: a prefetch; nothing is charged for what nobody asked to see.
    Prefetch,
    /// 409: claimed by another browser.
    Used,
    /// 410: expired, closed or revoked, as the phase says.
    Over(Phase),
    /// 410: what is asked exceeds what the link may still send.
    Budget,
    /// 429: too many open streams.
    Streams,
    /// 503: storage failed before the first byte.
    Storage,
}

impl Refusal {
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Cookie | Self::Prefetch => 403,
            Self::Used => 409,
            Self::Over(_) | Self::Budget => 410,
            Self::Streams => 429,
            Self::Storage => 503,
        }
    }

    /// Seconds for `Retry-After`, where waiting helps.
    pub fn retry_after(self) -> Option<i64> {
        matches!(self, Self::Streams | Self::Storage).then_some(30)
    }

    /// The page that explains it; a prefetch gets none.
    pub fn page(self) -> Option<Page> {
        Some(match self {
            Self::NotFound => Page::NotFound,
            Self::Cookie | Self::Used => Page::Used,
            Self::Prefetch => return None,
            Self::Over(Phase::Expired) => Page::Expired,
            Self::Over(Phase::Revoked) => Page::Revoked,
            Self::Over(_) => Page::Ended,
            Self::Budget => Page::Spent,
            Self::Streams => Page::Streams,
            Self::Storage => Page::Unavailable,
        })
    }

    /// How it is recorded, when it is.
    pub(super) fn kind(self) -> Option<Kind> {
        match self {
            Self::Cookie => Some(Kind::RefusedCookie),
            Self::Used => Some(Kind::RefusedUsed),
            Self::Over(_) => Some(Kind::RefusedOver),
            Self::Budget => Some(Kind::RefusedBudget),
            Self::Streams => Some(Kind::RefusedStreams),
            Self::NotFound | Self::Prefetch | Self::Storage => None,
        }
    }
}

/// The gateways' pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Page {
    /// Unclaimed: one button.
    Button,
    /// Claimed in this browser, and a whole copy may still be sent: a button.
    Resume,
    /// Every byte was sent to this browser.
    Finished,
    /// No whole copy may be sent any more: a new attempt is needed.
    Spent,
    /// Claimed in another browser.
    Used,
    /// Not claimed in time.
    Expired,
    /// The time after the claim is over.
    Ended,
    /// Revoked.
    Revoked,
    /// Too many open streams.
    Streams,
    /// A bad ticket or address.
    NotFound,
    /// Something failed: try again.
    Unavailable,
}

impl Page {
    /// Every page.
    pub const ALL: [Self; 11] = [
        Self::Button,
        Self::Resume,
        Self::Finished,
        Self::Spent,
        Self::Used,
        Self::Expired,
        Self::Ended,
        Self::Revoked,
        Self::Streams,
        Self::NotFound,
        Self::Unavailable,
    ];
}
