//! The ticket: everything a gateway needs to know of a link, signed by the store, so that no registration call can fail.

use serde::{Deserialize, Serialize};

use super::{
    encoding, file_name,
    keys::{Keys, Purpose},
};
use crate::{Instant, PurchaseId, VersionId};

/// The longest text that is looked at, in bytes.
const MAX_TEXT: usize = 4096;
const VERSION: &str = "v1";

/// Which of the two gateways a ticket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gateway {
    /// The one inside the server.
    Embedded,
    /// The Cloudflare Worker.
    Worker,
}

impl Gateway {
    /// As the database spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Worker => "worker",
        }
    }
}

/// What the store promises about a link. The text form is readable by whoever has it, so nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The gateway that serves it; the other one does not know it.
    #[serde(rename = "g")]
    pub gateway: Gateway,
    /// The purchase.
    #[serde(rename = "p")]
    pub purchase: PurchaseId,
    /// The link's number within the purchase, from 1.
    #[serde(rename = "l")]
    pub link: i64,
    /// The attempt that it uses.
    #[serde(rename = "a")]
    pub attempt: i64,
    /// The version of the file.
    #[serde(rename = "v")]
    pub version: VersionId,
    /// The file's size in bytes.
    #[serde(rename = "s")]
    pub size: u64,
    /// The file's entity tag without quotes, ASCII.
    #[serde(rename = "e")]
    pub etag: String,
    /// The file's name, in any script.
    #[serde(rename = "n")]
    pub name: String,
    /// The file's media type.
    #[serde(rename = "t")]
    pub content_type: String,
    /// Where the content lies in the bucket. No secret: the bucket is private.
    #[serde(rename = "k")]
    pub storage_key: String,
    /// The purchase's last record from this gateway that the store has: numbers go on from there, though the gateway may have
    /// forgotten the links before.
    #[serde(rename = "q", default)]
    pub sequence: i64,
    /// When Download was pressed.
    #[serde(rename = "i")]
    pub issued_at: Instant,
    /// From when it can no longer be claimed: [`super::CLAIM_WINDOW`] after the press, or what the shop chose instead.
    #[serde(rename = "x")]
    pub expires_at: Instant,
    /// 128 random bits, so that no two tickets are alike.
    #[serde(rename = "r", with = "encoding::bytes")]
    pub nonce: [u8; 16],
}

impl Ticket {
    /// `v1.<key id>.<payload>.<tag>`: the same text for the same ticket and key. What will travel in headers is made
    /// harmless first: the name is cleaned and cut to 240 bytes, a media type that is none becomes `application/octet-stream`,
    /// an entity tag and a storage key keep their visible ASCII characters, at most 100 and 200 of them.
    pub fn seal(&self, keys: &Keys) -> String {
        // Texts and numbers are all it has, which JSON always holds; an empty payload would open nowhere.
        let payload = serde_json::to_vec(&self.cleaned()).unwrap_or_default();
        let signed = format!("{VERSION}.{}.{}", keys.id(), encoding::encode(&payload));
        let tag = encoding::encode(&keys.sign(Purpose::Ticket, signed.as_bytes()));
        format!("{signed}.{tag}")
    }

    /// The ticket of a text that was sealed with these keys. Nothing is parsed before the tag is verified.
    pub fn open(text: &str, keys: &Keys) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let (signed, tag) = text.rsplit_once('.')?;
        let mut parts = signed.split('.');
        let (version, key_id, payload) = (parts.next()?, parts.next()?, parts.next()?);
        let tag: [u8; 32] = encoding::decode_array(tag)?;
        if version != VERSION || parts.next().is_some() || !keys.verify(Purpose::Ticket, key_id, signed.as_bytes(), &tag) {
            return None;
        }
        let ticket: Self = serde_json::from_slice(&encoding::decode(payload)?).ok()?;
        // The database counts bytes in signed 64 bits.
        (i64::try_from(ticket.size).is_ok() && ticket.link > 0).then_some(ticket)
    }

    fn cleaned(&self) -> Self {
        Self {
            etag: visible(&self.etag, 100),
            storage_key: visible(&self.storage_key, 200),
            name: file_name::clean(&self.name),
            content_type: clean_media_type(&self.content_type),
            ..self.clone()
        }
    }
}

/// The characters an opaque tag may have (RFC 9110 section 8.8.3), at most `limit`, and only ASCII.
fn visible(text: &str, limit: usize) -> String {
    text.chars().filter(|character| character.is_ascii_graphic() && *character != '"').take(limit).collect()
}

/// The media type when it has the shape `type/subtype` with optional parameters (RFC 9110 section 8.3.1), in at most 100 bytes.
fn clean_media_type(media_type: &str) -> String {
    let token = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte));
    let essence = media_type.split(';').next().unwrap_or_default().trim_end();
    let shaped = essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype));
    let harmless = media_type.len() <= 100 && media_type.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if shaped && harmless { media_type.to_owned() } else { "application/octet-stream".to_owned() }
}
