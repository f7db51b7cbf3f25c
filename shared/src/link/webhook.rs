//! Signed messages between the Worker and the server, in the form of Standard Webhooks
//! (<https://github.com/standard-webhooks/standard-webhooks>): HMAC-SHA256 over id, time and body.

use base64::{Engine, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq;

use super::{Keys, Purpose};
use crate::{Instant, ms};

/// How far a message's time may be from the receiver's, in milliseconds, earlier or later.
pub const TOLERANCE: i64 = 300 * ms::SECOND;

/// The header of the message's id, which stays the same when it is sent again.
pub const ID: &str = "webhook-id";
/// The header of the time of sending, in seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header of the signatures.
pub const SIGNATURE: &str = "webhook-signature";

/// The three headers of a message, names and values. It is signed under the current key and the previous one, so that
/// it does not matter which side learns of a new secret first.
pub fn sign(keys: &Keys, purpose: Purpose, id: &str, now: Instant, body: &[u8]) -> [(&'static str, String); 3] {
    let timestamp = now.0.div_euclid(ms::SECOND).to_string();
    let tags = keys.tags(purpose, &signed(id, &timestamp, body));
    let signatures: Vec<String> = tags.iter().map(|tag| format!("v1,{}", STANDARD.encode(tag))).collect();
    [(ID, id.to_owned()), (TIMESTAMP, timestamp), (SIGNATURE, signatures.join(" "))]
}

/// True when the message was signed with a key that is known, for this purpose, and not long ago. `header` gives the value
/// of the header of a name in lower case.
pub fn verify<T: AsRef<str>>(keys: &Keys, purpose: Purpose, header: impl Fn(&str) -> Option<T>, body: &[u8], now: Instant) -> bool {
    let (Some(id), Some(timestamp), Some(signatures)) = (header(ID), header(TIMESTAMP), header(SIGNATURE)) else { return false };
    let Ok(seconds) = timestamp.as_ref().parse::<i64>() else { return false };
    // A dot in an id could move the border between id and time.
    if id.as_ref().contains('.') {
        return false;
    }
    let age = now.since(Instant(seconds.saturating_mul(ms::SECOND)));
    if age.checked_abs().is_none_or(|age| age > TOLERANCE) {
        return false;
    }
    let expected = keys.tags(purpose, &signed(id.as_ref(), timestamp.as_ref(), body));
    let given = signatures.as_ref().split(' ').filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok());
    given.take(8).any(|given| expected.iter().any(|tag| bool::from(tag[..].ct_eq(&given))))
}

fn signed(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}
