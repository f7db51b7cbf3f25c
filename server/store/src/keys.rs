//! The server's own keys, derived from `SECRET_KEY`, one a purpose (HKDF, RFC 5869).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

pub(crate) struct Keys {
    /// Signs access tokens.
    pub(crate) access: [u8; 32],
    codes: [u8; 32],
    printing: [u8; 32],
    refresh: [u8; 32],
    totp: [u8; 32],
    phones: [u8; 32],
}

impl Keys {
    pub(crate) fn new(secret: &str) -> Self {
        let derive = |purpose: &[u8]| {
            let mut key = [0; 32];
            // Fails only for lengths beyond 8160 bytes.
            let expanded = Hkdf::<Sha256>::new(Some(b"khazna"), secret.as_bytes()).expand(purpose, &mut key);
            debug_assert!(expanded.is_ok());
            key
        };
        Self {
            access: derive(b"access tokens"),
            codes: derive(b"recharge codes"),
            printing: derive(b"printed codes"),
            refresh: derive(b"refresh tokens"),
            totp: derive(b"authenticators"),
            phones: derive(b"phones"),
        }
    }

    /// The codes of a batch come out of its ticket: number `number` of the ticket `ticket`. Neither the key nor the ticket makes them alone.
    pub(crate) fn printed_code(&self, ticket: &str, number: i64) -> shared::ChargeCode {
        let message = [ticket.as_bytes(), &number.to_be_bytes()].concat();
        let mut random = [0; shared::ChargeCode::RANDOM];
        random.copy_from_slice(&hmac(&self.printing, &message)[..shared::ChargeCode::RANDOM]);
        shared::ChargeCode::new(random)
    }

    /// What the database keeps of a recharge code.
    pub(crate) fn code_hash(&self, code: &shared::ChargeCode) -> String {
        mac(&self.codes, code.as_str().as_bytes())
    }

    /// What is remembered of a phone number that had its bonus, when its person is to be forgotten.
    pub(crate) fn phone_hash(&self, phone: &str) -> String {
        mac(&self.phones, phone.as_bytes())
    }

    /// An authenticator's secret of 160 bits (RFC 4226, section 4), from the seed that the database keeps.
    pub(crate) fn totp_secret(&self, seed: &str) -> Vec<u8> {
        hmac(&self.totp, seed.as_bytes())[..20].to_vec()
    }

    /// The token after `token` in its family. Derived, so that a browser's parallel requests get the same one without its being kept.
    pub(crate) fn successor(&self, token: &str) -> String {
        mac(&self.refresh, token.as_bytes())
    }
}

/// What the database keeps of a refresh token, whose 256 random bits need no slow hash.
pub(crate) fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

pub(crate) fn random_token(random: [u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(random)
}

fn mac(key: &[u8; 32], message: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(hmac(key, message))
}

fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // A key of 32 bytes is the first 32 of HMAC-SHA256's block of 64, the rest zero (RFC 2104 section 2).
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}
