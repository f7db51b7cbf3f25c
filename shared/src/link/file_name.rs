//! File names in headers and addresses (RFC 6266, RFC 8187, RFC 3986).

use std::fmt::Write;

use crate::text::is_invisible;

/// The longest name in bytes: file systems take 255, and browsers add ` (1)`.
const MAX_BYTES: usize = 240;
const MAX_EXTENSION: usize = 16;
/// The name of a file whose own leaves nothing.
const NAMELESS: &str = "download";

/// The name without what a file system, a header or a reader's eye could be misled by: control characters, path
/// separators and quotes become `_`; bidirectional controls and other invisible characters go; dots and spaces at the ends go.
/// Long names are cut and keep their extension. Applied twice it is the same.
pub fn clean(name: &str) -> String {
    let safe: String = name.chars().filter(|character| !is_invisible(*character)).map(safe_character).collect();
    let whole = trim(&safe);
    if whole.is_empty() {
        return NAMELESS.to_owned();
    }
    if whole.len() <= MAX_BYTES {
        return whole.to_owned();
    }
    let (stem, extension) = split_extension(whole);
    let stem = &stem[..stem.floor_char_boundary(MAX_BYTES - extension.len())];
    trim(&format!("{stem}{extension}")).to_owned()
}

fn safe_character(character: char) -> char {
    match character {
        '/' | '\\' | '"' | ':' | '*' | '?' | '<' | '>' | '|' | '\u{2028}' | '\u{2029}' => '_',
        _ if character.is_control() => '_',
        _ if character.is_whitespace() => ' ',
        _ => character,
    }
}

fn trim(name: &str) -> &str {
    name.trim_matches(|character: char| character == '.' || character == ' ')
}

/// Name and extension with its dot; no extension when there is none that looks like one.
fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= MAX_EXTENSION && name[dot + 1..].chars().all(char::is_alphanumeric) => {
            name.split_at(dot)
        }
        _ => (name, ""),
    }
}

/// The value of `Content-Disposition`: an attachment, its name in ASCII for old clients and in UTF-8 for all others
/// (RFC 6266 appendix D: no percent sign and no backslash in the first).
pub fn content_disposition(name: &str) -> String {
    let name = clean(name);
    format!("attachment; filename=\"{}\"; filename*=UTF-8''{}", ascii(&name), percent_encode(&name))
}

/// The name in ASCII: a run of other characters becomes one `_`.
fn ascii(name: &str) -> String {
    let (stem, extension) = split_extension(name);
    let fold = |text: &str| {
        let mut folded = String::new();
        for character in text.chars() {
            match character {
                ' '..='~' if character != '%' => folded.push(character),
                _ if folded.ends_with('_') => {}
                _ => folded.push('_'),
            }
        }
        folded
    };
    let folded = fold(stem);
    let stem = if folded.bytes().any(|byte| byte.is_ascii_alphanumeric()) { &folded } else { NAMELESS };
    format!("{stem}{}", fold(extension))
}

/// The name with everything but RFC 3986's unreserved characters percent-encoded: fit for a path and for RFC 8187.
pub fn percent_encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
