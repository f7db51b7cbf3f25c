//! Ranges, conditions, file names, and whatever text headers may hold.

use proptest::prelude::*;

use super::{
    super::{
        file_name::{clean, content_disposition, percent_encode},
        range::{if_range_holds, none_match_hits},
    },
    *,
};

#[test]
fn ranges_by_rfc_9110_section_14() {
    // The examples of section 14.1.2, for 10000 bytes, and what surrounds them.
    for (header, expected) in [
        ("bytes=0-499", Some((0, 500))),
        ("bytes=500-999", Some((500, 1000))),
        ("bytes=-500", Some((9500, 10_000))),
        ("bytes=9500-", Some((9500, 10_000))),
        ("bytes=0-0", Some((0, 1))),
        ("bytes=0-", Some((0, 10_000))),
        ("bytes=9999-", Some((9999, 10_000))),
        ("bytes=9500-99999999", Some((9500, 10_000))),
        ("bytes=-99999", Some((0, 10_000))),
        ("bytes=0-99999999999999999999999999", Some((0, 10_000))),
        ("Bytes=1-2", Some((1, 3))),
        (" bytes = 1-2 ", Some((1, 3))),
        ("bytes=1-2, ", Some((1, 3))),
        ("bytes=,1-2", Some((1, 3))),
        ("bytes=10000-", None),
        ("bytes=99999999999999999999999999-", None),
        ("bytes=-0", None),
        ("bytes=", None),
        ("bytes=,", None),
        ("bytes=-", None),
        ("bytes=5", None),
        ("bytes=2-1", None),
        ("bytes=+1-2", None),
        ("bytes=--1", None),
        ("bytes=1-2-3", None),
        ("bytes=٠-٩", None),
        ("bytes=0-0,-1", None),
        ("bytes=500-600,601-999", None),
    ] {
        assert_eq!(Range::parse(header).unwrap().resolve(10_000), expected, "{header}");
    }
    for ignored in ["", "bytes", "items=0-5", "seconds=1-2", "0-5", "garbage"] {
        assert_eq!(Range::parse(ignored), None, "{ignored}");
    }
    assert_eq!(Range::parse("bytes=0-1,2-3"), Some(Range::Multiple));
}

#[test]
fn conditions_by_rfc_9110_section_13() {
    for (header, hit) in [
        ("\"a,b\"", true),
        ("W/\"a,b\"", true),
        ("\"x\", \"a,b\"", true),
        ("\"x\",W/\"y\" ,\t\"a,b\" , \"z\"", true),
        ("*", true),
        (" * ", true),
        ("\"a\"", false),
        ("a,b", false),
        ("\"a,b", false),
        ("", false),
        ("\"x\" junk \"a,b\"", false),
    ] {
        assert_eq!(none_match_hits(header, "a,b"), hit, "{header}");
    }
    for (header, holds) in
        [("\"a\"", true), (" \"a\" ", true), ("W/\"a\"", false), ("a", false), ("\"", false), ("Sun, 22 Nov 2026 18:27:28 GMT", false)]
    {
        assert_eq!(if_range_holds(header, "a"), holds, "{header}");
    }
}

#[test]
fn file_names_by_example() {
    for (name, expected) in [
        ("plain.pdf", "attachment; filename=\"plain.pdf\"; filename*=UTF-8''plain.pdf"),
        ("a b (1).pdf", "attachment; filename=\"a b (1).pdf\"; filename*=UTF-8''a%20b%20%281%29.pdf"),
        ("دليل.pdf", "attachment; filename=\"download.pdf\"; filename*=UTF-8''%D8%AF%D9%84%D9%8A%D9%84.pdf"),
        ("دليل v2.tar.gz", "attachment; filename=\"_ v2.tar.gz\"; filename*=UTF-8''%D8%AF%D9%84%D9%8A%D9%84%20v2.tar.gz"),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("a\"; filename=evil.exe", "attachment; filename=\"a_; filename=evil.exe\"; filename*=UTF-8''a_%3B%20filename%3Devil.exe"),
        ("x\r\nSet-Cookie: a=b.pdf", "attachment; filename=\"x__Set-Cookie_ a=b.pdf\"; filename*=UTF-8''x__Set-Cookie_%20a%3Db.pdf"),
        ("", "attachment; filename=\"download\"; filename*=UTF-8''download"),
    ] {
        assert_eq!(content_disposition(name), expected);
    }
    for (name, expected) in [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\x\\y.pdf", "C__x_y.pdf"),
        ("invoice\u{202E}fdp.exe", "invoicefdp.exe"),
        (" . . ", "download"),
        (".htaccess", "htaccess"),
        ("a\u{0}b\u{7f}c", "a_b_c"),
    ] {
        assert_eq!(clean(name), expected);
    }
    let long = clean(&format!("{}.pdf", "م".repeat(300)));
    assert!(long.ends_with("م.pdf") && long.len() <= 240);
}

/// A file name such as people and attackers write.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ء-ي a-z./\\\\\"'%;=\\r\\n\\t\u{202E}\u{200F}\u{2066}]{0,300}", "(?s).{200,300}"]
}

proptest! {
    #[test]
    fn file_names_never_leave_their_header(name in name()) {
        let header = content_disposition(&name);
        prop_assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        prop_assert_eq!(header.matches('"').count(), 2);
        prop_assert!(!header.contains(['\\', '/']));
        let encoded = header.rsplit_once("UTF-8''").unwrap().1;
        prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
        prop_assert_eq!(decoded(encoded), clean(&name));
    }

    #[test]
    fn clean_names_are_harmless_and_stay(name in name()) {
        let clean_name = clean(&name);
        prop_assert_eq!(&clean(&clean_name), &clean_name);
        prop_assert!(!clean_name.is_empty() && clean_name.len() <= 240);
        let harmful = ['/', '\\', '"', '\r', '\n', '\0', '\u{202E}', '\u{2066}', '\u{200F}'];
        prop_assert!(!clean_name.contains(harmful));
        prop_assert!(!clean_name.starts_with('.') && !clean_name.ends_with('.'));
    }

    #[test]
    fn arabic_names_are_kept(name in "[ء-ي]{1,40}( [ء-ي٠-٩]{1,10})?\\.(pdf|zip|rs)") {
        prop_assert_eq!(clean(&name), name);
    }

    #[test]
    fn no_header_panics(headers in prop::collection::hash_map(prop::sample::select(&["cookie", "range", "if-range", "if-none-match", "sec-purpose", "purpose", "accept-language", "user-agent"][..]), any::<String>(), 0..8),
                        method in prop_oneof![Just("GET".to_owned()), Just("POST".to_owned()), Just("HEAD".to_owned()), any::<String>()],
                        path in prop_oneof![Just(None), any::<String>().prop_map(|rest| Some(format!("/d/{rest}"))), any::<String>().prop_map(|rest| Some(format!("/f/{rest}")))],
                        file in any::<bool>(), ip in any::<String>()) {
        let mut world = World::claimed(40 * MIB);
        let path = path.unwrap_or_else(|| if file { world.file_path() } else { world.page_path() });
        let pairs: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let response = world.request(&method, &path, &pairs);
        for (name, value) in &response.headers {
            prop_assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
            prop_assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name}: {value}");
        }
        let mut names: Vec<_> = response.headers.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        prop_assert_eq!(names.len(), response.headers.len(), "a header twice");
        let _ = Request::new(&method, &path, &ip, |name| headers.get(name).cloned());
    }

    #[test]
    fn no_range_panics(header in any::<String>(), spec in "bytes=[-0-9, ]{0,30}", size in any::<u64>(), etag in any::<String>()) {
        for text in [&header, &spec] {
            if let Some((start, end)) = Range::parse(text).and_then(|range| range.resolve(size)) {
                prop_assert!(start < end && end <= size);
            }
            none_match_hits(text, &etag);
            if_range_holds(text, &etag);
        }
    }
}

fn decoded(encoded: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(percent_encode(&text), encoded);
    text
}
