//! The HTTP response, down to the header, so that both gateways answer alike.

use super::{File, Secret, Stream, file_name, pages};
use crate::Locale;

/// A finished response but for the bytes of a stream. Header names are in lower case, values in ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, each name once.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
}

/// A response's body. Its length stands in `content-length`, to a `HEAD` too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// None.
    Empty,
    /// A page.
    Html(String),
    /// Bytes of the file, which the gateway sends as `step` allows.
    Stream(Stream),
}

impl Response {
    fn new(status: u16) -> Self {
        let headers = vec![
            ("cache-control", "private, no-store".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
            ("referrer-policy", "no-referrer".to_owned()),
        ];
        Self { status, headers, body: Body::Empty }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self::new(status).with("content-length", "0")
    }

    /// 405.
    pub(super) fn method_not_allowed(allowed: &'static str) -> Self {
        Self::empty(405).with("allow", allowed)
    }

    /// A page. No script runs in it, nothing is fetched for it, no other site may frame it, and its form goes nowhere else:
    /// Chrome holds `form-action` against redirects too, and the 303 after the claim stays on this origin.
    pub(super) fn page(status: u16, html: String, locale: Locale) -> Self {
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            pages::style_hash()
        );
        let mut response = Self::new(status)
            .with("content-type", "text/html; charset=utf-8")
            .with("content-language", locale.tag())
            .with("content-length", html.len().to_string())
            .with("content-security-policy", policy)
            .with("x-frame-options", "DENY")
            .with("x-robots-tag", "noindex, nofollow");
        response.body = Body::Html(html);
        response
    }

    /// 303 to the file.
    pub(super) fn see_file(id: &str, name: &str) -> Self {
        Self::empty(303).with("location", format!("/f/{id}/{}", file_name::percent_encode(&file_name::clean(name))))
    }

    /// 304: what a cache would update (RFC 9110 section 15.4.5).
    pub(super) fn not_modified(file: &File) -> Self {
        Self::new(304).with("etag", quoted(file))
    }

    /// 416 (RFC 9110 section 15.5.17).
    pub(super) fn unsatisfiable(file: &File) -> Self {
        Self::empty(416).with("content-range", format!("bytes */{}", file.size)).with("accept-ranges", "bytes")
    }

    /// 200 to a `HEAD`, or with an empty file.
    pub(super) fn described(file: &File) -> Self {
        Self::new(200).of_file(file, file.size)
    }

    /// 200 with the whole file, or 206 with a range of it.
    pub(super) fn stream(file: &File, stream: Stream) -> Self {
        let mut response = Self::new(if stream.partial { 206 } else { 200 }).of_file(file, stream.length);
        if stream.partial {
            // A satisfied range has at least one byte.
            let last = stream.offset + stream.length - 1;
            response = response.with("content-range", format!("bytes {}-{last}/{}", stream.offset, file.size));
        }
        response.body = Body::Stream(stream);
        response
    }

    /// The policy and the resource policy keep a file harmless even where a client ignores that it is an attachment.
    fn of_file(self, file: &File, length: u64) -> Self {
        self.with("content-type", file.content_type.clone())
            .with("content-length", length.to_string())
            .with("content-disposition", file_name::content_disposition(&file.name))
            .with("etag", quoted(file))
            .with("accept-ranges", "bytes")
            .with("content-security-policy", "default-src 'none'")
            .with("cross-origin-resource-policy", "same-origin")
    }

    pub(super) fn retry_after(self, seconds: Option<i64>) -> Self {
        match seconds {
            Some(seconds) => self.with("retry-after", seconds.to_string()),
            None => self,
        }
    }

    /// As the answer to `HEAD`: the same headers, no body.
    pub(super) fn without_body(mut self) -> Self {
        self.body = Body::Empty;
        self
    }
}

/// The strong entity tag.
fn quoted(file: &File) -> String {
    format!("\"{}\"", file.etag)
}

/// The claim's cookie, for so many seconds (RFC 6265 section 4.1, `__Host-` by 6265bis).
pub(super) fn set_cookie(name: &str, secret: &Secret, max_age: i64, secure: bool) -> String {
    let secure = if secure { " Secure;" } else { "" };
    format!("{name}={}; Path=/; HttpOnly;{secure} SameSite=Lax; Max-Age={max_age}", secret.to_text())
}
