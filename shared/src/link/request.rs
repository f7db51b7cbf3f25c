//! The HTTP request, as far as the protocol reads it.

use super::{Client, Range};
use crate::Locale;

/// The longest `Cookie` header that is looked at, in bytes.
const MAX_COOKIES: usize = 16 * 1024;

/// A request's method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
    /// `POST`.
    Post,
    /// Any other: refused.
    Other,
}

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `/d/<ticket>`.
    Ticket(String),
    /// `/f/<id>/<name>`: the id. The name is for people.
    File(String),
}

impl Target {
    /// The target of a path; none for a path that is not the gateway's.
    pub fn parse(path: &str) -> Option<Self> {
        if let Some(ticket) = path.strip_prefix("/d/") {
            return Some(Self::Ticket(ticket.to_owned()));
        }
        let file = path.strip_prefix("/f/")?;
        Some(Self::File(file.split('/').next().unwrap_or_default().to_owned()))
    }
}

/// A request to a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// What it is for.
    pub target: Target,
    /// Who makes it.
    pub client: Client,
    /// The language of pages: from `Accept-Language`, unless the gateway knows better.
    pub locale: Locale,
    pub(super) prefetch: bool,
    pub(super) range: Option<Range>,
    pub(super) if_range: Option<String>,
    pub(super) if_none_match: Option<String>,
    pub(super) cookies: String,
}

impl Request {
    /// The request for a path as it stands on the wire; none when the path is not the gateway's. `header` gives the value
    /// of the header of a name in lower case, several `Cookie` lines joined by `; ` (RFC 9113 section 8.2.3).
    pub fn new<T: Into<String>>(method: &str, path: &str, ip: &str, header: impl Fn(&str) -> Option<T>) -> Option<Self> {
        let header = |name| header(name).map(Into::into);
        let text = |name| header(name).unwrap_or_default();
        Some(Self {
            method: match method {
                "GET" => Method::Get,
                "HEAD" => Method::Head,
                "POST" => Method::Post,
                _ => Method::Other,
            },
            target: Target::parse(path)?,
            client: Client::new(ip, &text("user-agent")),
            locale: Locale::negotiate(&text("accept-language")),
            prefetch: ["sec-purpose", "purpose", "x-moz"].iter().any(|name| is_prefetch(&text(name))),
            range: Range::parse(&text("range")),
            if_range: header("if-range"),
            if_none_match: header("if-none-match"),
            cookies: header("cookie").filter(|cookies| cookies.len() <= MAX_COOKIES).unwrap_or_default(),
        })
    }
}

/// The value of the first cookie of a name in a `Cookie` header (RFC 6265 section 4.2.1).
pub(super) fn cookie<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    cookies.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// `prefetch`, alone or with parameters: `prefetch;prerender`.
fn is_prefetch(purpose: &str) -> bool {
    purpose.split([';', ',']).any(|part| matches!(part.trim().to_ascii_lowercase().as_str(), "prefetch" | "prerender"))
}
