//! What is recorded of a link: the log that an administrator reads and a dispute is settled by.

use serde::{Deserialize, Serialize};

use super::{Gateway, MAX_REFUSALS};
use crate::{Instant, PurchaseId};

/// The longest user agent that is kept, in characters.
const MAX_USER_AGENT: usize = 200;
/// The longest address that is kept, in characters: IPv6 with a zone.
const MAX_IP: usize = 64;

/// Who made a request, as the gateway sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Client {
    /// The address.
    pub ip: String,
    /// What the browser says it is.
    pub user_agent: String,
}

impl Client {
    /// A client, its address and user agent cut to what is kept.
    pub fn new(ip: &str, user_agent: &str) -> Self {
        Self { ip: ip.chars().take(MAX_IP).collect(), user_agent: user_agent.chars().take(MAX_USER_AGENT).collect() }
    }
}

/// One step of a download. Sequence numbers have no gap within a purchase, so that a lost record shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The gateway that took the step.
    pub gateway: Gateway,
    /// The purchase.
    pub purchase: PurchaseId,
    /// The number of this record within the purchase, from 1.
    pub sequence: i64,
    /// The link's number.
    pub link: i64,
    /// The attempt that the link uses.
    pub attempt: i64,
    /// What happened.
    pub kind: Kind,
    /// When.
    pub at: Instant,
    /// The client's address; empty when the store itself acted.
    pub ip: String,
    /// The client's user agent, at most 200 characters.
    pub user_agent: String,
    /// The rest.
    pub detail: Detail,
}

/// The particulars of a record; what does not apply is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Detail {
    /// The stream's number within the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<u64>,
    /// The first byte's offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// The offset after the last byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<u64>,
    /// Bytes: charged for `opened`, `resumed` and `advanced`, sent for the records of a stream's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// True when the address is not the one that claimed the link: mobile addresses change, so this is told and never refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ip_changed: bool,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// What a record tells of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Kind { $($(#[$doc])* #[serde(rename = $text)] $variant,)* }

        impl Kind {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As the database and the Worker spell it.
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $text),* } }
        }
    };
}

kinds! {
    /// The link was claimed: its attempt is used.
    Claimed = "claimed",
    /// A stream was opened at the file's first byte.
    Opened = "opened",
    /// A stream was opened further on.
    Resumed = "resumed",
    /// A running stream was charged its next segment.
    Advanced = "advanced",
    /// A stream ended having sent all that was asked.
    Delivered = "delivered",
    /// A stream ended before.
    Interrupted = "interrupted",
    /// A stream ended, and with it every byte of the file has been sent.
    Completed = "completed",
    /// Storage failed before a stream's first byte; the charge was returned.
    StorageFailed = "storage_failed",
    /// 403: without the claim's cookie.
    RefusedCookie = "refused_cookie",
    /// 409: claimed already.
    RefusedUsed = "refused_used",
    /// 410: expired, ended or revoked.
    RefusedOver = "refused_over",
    /// 410: more bytes, or more streams, than a link may send.
    RefusedBudget = "refused_budget",
    /// 429: too many open streams.
    RefusedStreams = "refused_streams",
    /// The store revoked the link.
    Revoked = "revoked",
    /// The link's time to be claimed is over: the attempt goes back.
    Expired = "expired",
    /// The two hours after the claim are over, and not every byte was sent.
    Ended = "ended",
}

impl Kind {
    /// True for what was refused.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::RefusedCookie | Self::RefusedUsed | Self::RefusedOver | Self::RefusedBudget | Self::RefusedStreams)
    }

    /// True for what somebody may ask the shop's staff about: a refusal, or a fault of ours. Broken lines are everyday.
    pub fn is_trouble(self) -> bool {
        self.is_refusal() || self == Self::StorageFailed
    }
}

/// How many refusals of each kind were recorded; bounded by [`MAX_REFUSALS`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Refusals([u8; 5]);

impl Refusals {
    /// Counts one more; false when it is too many to be recorded.
    pub fn admit(&mut self, kind: Kind) -> bool {
        let place = match kind {
            Kind::RefusedCookie => 0,
            Kind::RefusedUsed => 1,
            Kind::RefusedOver => 2,
            Kind::RefusedBudget => 3,
            Kind::RefusedStreams => 4,
            _ => return true,
        };
        let count = &mut self.0[place];
        let admitted = *count < MAX_REFUSALS;
        *count += u8::from(admitted);
        admitted
    }
}
