//! The protected-link protocol (design, section 6): everything that the embedded gateway and the Worker must do alike.
//!
//! A [`Ticket`] is what the store hands out; [`step`] is the one decision about a link, pure over its [`State`];
//! [`Site`] turns HTTP into events of `step` and its replies into responses. Clock, randomness and I/O are arguments.
//! A gateway keeps states and records, both written in one transaction, and moves bytes: nothing else.

mod coverage;
mod dispatch;
mod encoding;
mod file_name;
mod keys;
mod link_id;
mod pages;
mod range;
mod record;
mod reply;
mod request;
mod response;
mod secret;
mod site;
mod state;
mod step;
mod ticket;
pub mod webhook;

#[cfg(test)]
mod tests;

pub use crate::api::AttemptState as Phase;
pub use coverage::Coverage;
pub use dispatch::{Acknowledged, Call, Dispatch, MAX_RECORDS};
pub use keys::{Keys, Purpose};
pub use link_id::LinkId;
pub use range::Range;
pub use record::{Client, Detail, Kind, Record};
pub use reply::{Page, Refusal, Reply, Stream};
pub use request::{Method, Request, Target};
pub use response::{Body, Response};
pub use secret::Secret;
pub use site::{Answer, Located, Site};
pub use state::{Claim, File, Running, State};
pub use step::{Event, Open, Step, step};
pub use ticket::{Gateway, Ticket};

use crate::ms;

/// How long a link can be claimed after the press, in milliseconds, where the shop has not chosen otherwise. A ticket's `expires_at` is
/// the press and what held then: gateways go by it alone.
pub const CLAIM_WINDOW: i64 = 2 * ms::HOUR;

/// How long after the claim streams may be opened, in milliseconds. A running stream may finish.
pub const STREAM_WINDOW: i64 = 2 * ms::HOUR;

/// How many streams of a link may be open at once.
pub const MAX_STREAMS: usize = 6;

/// After so many milliseconds without a word from its gateway a stream no longer counts as open.
pub const STREAM_IDLE: i64 = 10 * ms::MINUTE;

/// The smallest segment that is charged at once, in bytes; the last one of a range may be smaller.
pub const MIN_SEGMENT: u64 = 4 * 1024 * 1024;

/// How many segments a pass over the whole file has at most.
pub const MAX_SEGMENTS: u64 = 8;

/// How many streams a link may open in its life, so that its log stays bounded.
pub const MAX_OPENS: u64 = 2_000;

/// How many refusals of each kind a link records, so that whoever has a ticket cannot fill the log.
pub const MAX_REFUSALS: u8 = 10;
