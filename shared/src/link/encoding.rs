//! Base64url without padding (RFC 4648 section 5), strict: one text for one value, so that a changed character is never overlooked.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The bytes as text of letters, digits, `-` and `_`.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a text made by [`encode`]; anything else is none.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// As [`decode`], when there must be `N` bytes.
pub fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode(text)?.try_into().ok()
}

/// For `#[serde(with)]`: a byte array as such a text.
pub mod bytes {
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes the text.
    pub fn serialize<const N: usize, S: Serializer>(bytes: &[u8; N], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::encode(bytes))
    }

    /// Reads the text.
    pub fn deserialize<'de, const N: usize, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; N], D::Error> {
        let text = String::deserialize(deserializer)?;
        super::decode_array(&text).ok_or_else(|| de::Error::custom("not base64url of the right length"))
    }
}
