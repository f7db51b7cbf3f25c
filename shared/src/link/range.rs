//! Range requests and conditional requests (RFC 9110 sections 13 and 14).

/// One `Range` header in bytes, not yet held against a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// `bytes=5-`: from this offset to the end.
    From(u64),
    /// `bytes=5-9`: from the first offset to the second, both included.
    Between(u64, u64),
    /// `bytes=-5`: the last so many bytes.
    Suffix(u64),
    /// Several ranges: refused, since their parts would have to be charged apart.
    Multiple,
    /// In bytes and malformed: refused (RFC 9110 section 14.2 allows it).
    Bad,
}

impl Range {
    /// The header's range; none for a unit other than bytes, which is ignored (RFC 9110 section 14.2).
    pub fn parse(header: &str) -> Option<Self> {
        let (unit, set) = header.trim().split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        // Empty elements of a list are skipped (RFC 9110 section 5.6.1.2).
        let mut specs = set.split(',').map(str::trim).filter(|spec| !spec.is_empty());
        Some(match (specs.next(), specs.next()) {
            (Some(spec), None) => Self::parse_one(spec).unwrap_or(Self::Bad),
            (None, _) => Self::Bad,
            (Some(_), Some(_)) => Self::Multiple,
        })
    }

    fn parse_one(spec: &str) -> Option<Self> {
        let (first, last) = spec.split_once('-')?;
        match (first, last) {
            ("", suffix) => Some(Self::Suffix(number(suffix)?)),
            (first, "") => Some(Self::From(number(first)?)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::Between(first, last))
            }
        }
    }

    /// First offset and the one after the last in a file of `size` bytes; none when the range can't be satisfied
    /// (RFC 9110 section 14.1.2). What reaches beyond the end is clipped.
    pub fn resolve(self, size: u64) -> Option<(u64, u64)> {
        match self {
            Self::From(first) if first < size => Some((first, size)),
            Self::Between(first, last) if first < size => Some((first, last.saturating_add(1).min(size))),
            Self::Suffix(length) if length > 0 && size > 0 => Some((size - length.min(size), size)),
            _ => None,
        }
    }
}

/// Digits only: `parse` alone would take a sign. A number beyond 64 bits is the largest one, since both are beyond the end.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

/// True when an `If-None-Match` names this entity tag or is `*` (RFC 9110 section 13.1.2: weak comparison).
pub fn none_match_hits(header: &str, etag: &str) -> bool {
    let mut rest = header.trim();
    if rest == "*" {
        return true;
    }
    // Tags may hold commas, so they are read by their quotes.
    while let Some(quoted) = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"') {
        let Some((tag, more)) = quoted.split_once('"') else { return false };
        if tag == etag {
            return true;
        }
        rest = more.trim_start_matches([' ', '\t', ',']);
    }
    false
}

/// True when an `If-Range` names this entity tag (RFC 9110 section 13.1.5: strong comparison). A weak tag never does, a date neither: files have none.
pub fn if_range_holds(header: &str, etag: &str) -> bool {
    header.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) == Some(etag)
}
