//! The state of one link.

use serde::{Deserialize, Serialize};

use super::{Coverage, Gateway, MAX_SEGMENTS, MIN_SEGMENT, Phase, STREAM_IDLE, STREAM_WINDOW, Secret, Ticket, encoding, record::Refusals};
use crate::{Instant, PurchaseId, VersionId};

/// How many streams are remembered: those that count as open and as many silent ones, whose late end can still be told.
const MAX_REMEMBERED: usize = 16;

/// What a gateway keeps of one link, a few kilobytes at most. It is made from the ticket when the link is first touched,
/// and [`super::step`] alone changes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The number of the purchase's last record, over all its links: a gateway keeps it with the purchase and
    /// hands it in with [`State::with_sequence`].
    pub sequence: i64,
    /// The gateway.
    pub gateway: Gateway,
    /// The purchase.
    pub purchase: PurchaseId,
    /// The link's number within the purchase.
    pub link: i64,
    /// The attempt that it uses.
    pub attempt: i64,
    /// The file, as the ticket described it.
    pub file: File,
    /// The ticket's nonce: another ticket of the same number does not open this link.
    #[serde(with = "encoding::bytes")]
    pub nonce: [u8; 16],
    /// From when it can no longer be claimed.
    pub expires_at: Instant,
    /// The phase that the last step left; [`State::phase_at`] knows what time made of it.
    pub phase: Phase,
    /// The claim, once there is one.
    pub claim: Option<Claim>,
    /// Bytes charged, those proven unsent already taken off: never fewer than have left.
    pub charged: u64,
    pub(super) streams: Vec<Running>,
    pub(super) next_stream: u64,
    pub(super) sent: Coverage,
    pub(super) refusals: Refusals,
}

/// The file of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The version of the content.
    pub version: VersionId,
    /// Size in bytes.
    pub size: u64,
    /// The entity tag without quotes.
    pub etag: String,
    /// The name.
    pub name: String,
    /// The media type.
    pub content_type: String,
    /// Where the content lies in the bucket.
    pub storage_key: String,
}

/// Who claimed a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// SHA-256 of the secret that the browser keeps.
    #[serde(with = "encoding::bytes")]
    pub hash: [u8; 32],
    /// When.
    pub at: Instant,
    /// The address it came from. The claim is not bound to it.
    pub ip: String,
}

/// A stream that was opened and of whose end nothing was heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its number within the link.
    pub id: u64,
    /// The first byte's offset.
    pub start: u64,
    /// The offset after the last byte that was asked.
    pub end: u64,
    /// The offset after the last byte that is charged.
    pub until: u64,
    /// The offset up to which its gateway has told that the bytes were sent.
    pub position: u64,
    /// When its gateway last spoke of it.
    pub active_at: Instant,
}

impl State {
    /// The state of a link that nobody has touched. `sequence` is the purchase's last record, 0 where the gateway knows of none.
    pub fn issued(ticket: &Ticket, sequence: i64) -> Self {
        Self {
            sequence: sequence.max(ticket.sequence),
            gateway: ticket.gateway,
            purchase: ticket.purchase,
            link: ticket.link,
            attempt: ticket.attempt,
            file: File {
                version: ticket.version,
                size: ticket.size,
                etag: ticket.etag.clone(),
                name: ticket.name.clone(),
                content_type: ticket.content_type.clone(),
                storage_key: ticket.storage_key.clone(),
            },
            nonce: ticket.nonce,
            expires_at: ticket.expires_at,
            phase: Phase::Issued,
            claim: None,
            charged: 0,
            streams: Vec::new(),
            next_stream: 1,
            sent: Coverage::default(),
            refusals: Refusals::default(),
        }
    }

    /// The state with the purchase's last record, as it is now: another link may have added some.
    #[must_use]
    pub fn with_sequence(mut self, sequence: i64) -> Self {
        self.sequence = sequence;
        self
    }

    /// The phase at a moment, with what the lapse of time alone makes of it.
    pub fn phase_at(&self, now: Instant) -> Phase {
        match self.phase {
            Phase::Issued if now >= self.expires_at => Phase::Expired,
            Phase::Claimed if now >= self.usable_until() => Phase::Closed,
            phase => phase,
        }
    }

    /// Until when it can be claimed, or streams can be opened once it is claimed. At that very moment it is over.
    pub fn usable_until(&self) -> Instant {
        self.claim.as_ref().map_or(self.expires_at, |claim| claim.at.plus(STREAM_WINDOW))
    }

    /// True when it neither can be claimed nor opens streams any more: the table's last column.
    pub fn is_over(&self, now: Instant) -> bool {
        match self.phase_at(now) {
            Phase::Closed | Phase::Expired | Phase::Revoked => true,
            Phase::Complete => now >= self.usable_until(),
            Phase::Issued | Phase::Claimed => false,
        }
    }

    /// How many distinct bytes of the file were sent, as far as is known.
    pub fn bytes_sent(&self) -> u64 {
        self.sent.bytes()
    }

    /// The most that may be charged: 2S-1 bytes for a file of S, so that two complete copies can never leave.
    pub fn budget(&self) -> u64 {
        self.file.size.saturating_mul(2).saturating_sub(1)
    }

    /// What may still be charged, in bytes.
    pub fn budget_left(&self) -> u64 {
        self.budget().saturating_sub(self.charged)
    }

    /// How many bytes are charged at once: at most eight times in a pass, at least 4 MiB each.
    pub fn segment(&self) -> u64 {
        self.file.size.div_ceil(MAX_SEGMENTS).max(MIN_SEGMENT)
    }

    /// How many streams count as open.
    pub fn open_streams(&self, now: Instant) -> usize {
        self.streams.iter().filter(|stream| !stream.is_silent(now)).count()
    }

    /// True when this secret made the claim.
    pub fn is_claimed_by(&self, secret: Option<&Secret>) -> bool {
        match (secret, &self.claim) {
            (Some(secret), Some(claim)) => secret.matches(&claim.hash),
            _ => false,
        }
    }

    /// Remembers a stream. Where there is no room the one that was silent for longest is forgotten: its charge stays for ever.
    pub(super) fn remember(&mut self, stream: Running) {
        if self.streams.len() >= MAX_REMEMBERED
            && let Some(longest_silent) = (0..self.streams.len()).min_by_key(|&index| self.streams[index].active_at)
        {
            self.streams.remove(longest_silent);
        }
        self.streams.push(stream);
    }

    pub(super) fn running(&mut self, id: u64) -> Option<&mut Running> {
        self.streams.iter_mut().find(|stream| stream.id == id)
    }

    pub(super) fn forget(&mut self, id: u64) -> Option<Running> {
        let index = self.streams.iter().position(|stream| stream.id == id)?;
        Some(self.streams.remove(index))
    }
}

impl Running {
    fn is_silent(&self, now: Instant) -> bool {
        now.since(self.active_at) >= STREAM_IDLE
    }
}
