//! The `<id>` of `/f/<id>/<name>` and of the cookie's name.

use super::{
    encoding,
    keys::{Keys, Purpose},
};
use crate::PurchaseId;

/// How many bytes of the tag an id carries: 128 bits, to keep addresses short.
const TAG: usize = 16;

/// Which link an address belongs to. It is authenticated, so that a made-up address touches no state; it is no
/// secret: what opens the file is the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkId {
    /// The purchase.
    pub purchase: PurchaseId,
    /// The link's number within the purchase.
    pub link: i64,
}

impl LinkId {
    /// `<key id>-<base64url of purchase, link, tag>`: letters, digits, `-` and `_` only, fit for a path and a cookie's name.
    pub fn seal(&self, keys: &Keys) -> String {
        text(keys.id(), self.body(), &keys.sign(Purpose::FileId, &self.body()))
    }

    /// The id under every key that is known, the current first: a cookie that was set before a change of the secret
    /// has the previous one in its name.
    pub(super) fn forms(&self, keys: &Keys) -> Vec<String> {
        keys.signatures(Purpose::FileId, &self.body()).into_iter().map(|(id, tag)| text(id, self.body(), &tag)).collect()
    }

    /// The link of an id that was sealed with these keys.
    pub fn open(text: &str, keys: &Keys) -> Option<Self> {
        let (key_id, sealed) = text.split_once('-')?;
        let sealed: [u8; 16 + TAG] = encoding::decode_array(sealed)?;
        let (body, tag) = sealed.split_at(16);
        if !keys.verify(Purpose::FileId, key_id, body, tag) {
            return None;
        }
        let number = |bytes: &[u8]| bytes.try_into().ok().map(i64::from_be_bytes);
        Some(Self { purchase: PurchaseId(number(&body[..8])?), link: number(&body[8..])? })
    }

    fn body(&self) -> [u8; 16] {
        let mut body = [0; 16];
        body[..8].copy_from_slice(&self.purchase.0.to_be_bytes());
        body[8..].copy_from_slice(&self.link.to_be_bytes());
        body
    }
}

fn text(key_id: &str, body: [u8; 16], tag: &[u8; 32]) -> String {
    format!("{key_id}-{}", encoding::encode(&[&body[..], &tag[..TAG]].concat()))
}
