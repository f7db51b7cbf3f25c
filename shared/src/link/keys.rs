//! The keys of the protocol: derived from one secret that both sides know, one for each purpose and direction.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What a key is for. A tag made for one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Tickets: the store to a gateway.
    Ticket,
    /// Link ids in addresses and cookie names: a gateway to itself.
    FileId,
    /// Events of downloads: the Worker to the server.
    Events,
    /// Content that the Worker does not have itself: the Worker to the server.
    Origin,
    /// The server's calls to the Worker: what became of a purchase, and revocations.
    Revocation,
}

impl Purpose {
    const ALL: [Self; 5] = [Self::Ticket, Self::FileId, Self::Events, Self::Origin, Self::Revocation];

    /// HKDF's `info`. Changing one invalidates everything signed with it.
    fn label(self) -> &'static str {
        match self {
            Self::Ticket => "khazna link v1: ticket",
            Self::FileId => "khazna link v1: file id",
            Self::Events => "khazna link v1: events",
            Self::Origin => "khazna link v1: origin",
            Self::Revocation => "khazna link v1: revocation",
        }
    }
}

/// The keys of one secret.
#[derive(Clone)]
struct KeySet {
    id: String,
    keys: [[u8; 32]; Purpose::ALL.len()],
}

impl KeySet {
    fn new(secret: &str) -> Self {
        let digest = Sha256::new().chain_update("khazna link v1: key id\0").chain_update(secret).finalize();
        let id = format!("{:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]));
        let extracted = Hkdf::<Sha256>::new(Some(b"khazna link v1"), secret.as_bytes());
        let keys = Purpose::ALL.map(|purpose| {
            let mut key = [0; 32];
            extracted.expand(purpose.label().as_bytes(), &mut key).expect("32 bytes are within HKDF's limit of 8160");
            key
        });
        Self { id, keys }
    }

    fn tag(&self, purpose: Purpose, message: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.keys[purpose as usize]).expect("HMAC takes a key of any length");
        mac.update(message);
        mac.finalize().into_bytes().into()
    }
}

/// The current keys and the previous ones: signing uses the current, verifying finds the right ones by their id, so that
/// a change of the secret loses no link. Its `Debug` shows nothing.
#[derive(Clone)]
pub struct Keys {
    current: KeySet,
    previous: Option<KeySet>,
}

impl Keys {
    /// The keys of `CLOUDFLARE_WORKER_SECRET`, and of the one before while its tickets still live.
    pub fn new(secret: &str, previous: Option<&str>) -> Self {
        Self { current: KeySet::new(secret), previous: previous.map(KeySet::new) }
    }

    /// The current key id: 8 hexadecimal digits that tell nothing of the secret but which one it is.
    pub fn id(&self) -> &str {
        &self.current.id
    }

    /// HMAC-SHA256 of the message under the purpose's current key.
    pub fn sign(&self, purpose: Purpose, message: &[u8]) -> [u8; 32] {
        self.current.tag(purpose, message)
    }

    /// True when `tag` is the message's under the key of that id. The tag may be cut to no fewer than 16 bytes
    /// (RFC 2104 section 5); how long it must be is the caller's to check.
    pub fn verify(&self, purpose: Purpose, id: &str, message: &[u8], tag: &[u8]) -> bool {
        self.sets().filter(|set| set.id == id).any(|set| matches(&set.tag(purpose, message), tag))
    }

    /// The message's tags under every key that is known, the current first: for messages that carry no key id.
    pub(super) fn tags(&self, purpose: Purpose, message: &[u8]) -> Vec<[u8; 32]> {
        self.sets().map(|set| set.tag(purpose, message)).collect()
    }

    /// The ids of the keys that are known, each with the tag of the message, the current first.
    pub(super) fn signatures(&self, purpose: Purpose, message: &[u8]) -> Vec<(&str, [u8; 32])> {
        self.sets().map(|set| (set.id.as_str(), set.tag(purpose, message))).collect()
    }

    fn sets(&self) -> impl Iterator<Item = &KeySet> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

/// Compares in constant time.
fn matches(expected: &[u8; 32], tag: &[u8]) -> bool {
    (16..=32).contains(&tag.len()) && bool::from(expected[..tag.len()].ct_eq(tag))
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(****)")
    }
}
