//! The secret of a claim: whoever has it in a cookie may download.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::encoding;

/// 256 random bits that a claimant's browser keeps; the state keeps only their SHA-256. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// The secret of these random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// The secret of a cookie's value.
    pub fn parse(text: &str) -> Option<Self> {
        encoding::decode_array(text).map(Self)
    }

    /// The cookie's value: 43 characters of base64url.
    pub fn to_text(&self) -> String {
        encoding::encode(&self.0)
    }

    /// What is stored.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// True when this is the secret whose hash is stored. Compares in constant time.
    pub fn matches(&self, hash: &[u8; 32]) -> bool {
        self.hash().ct_eq(hash).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(****)")
    }
}
