//! The gateways' pages: one template with its style inline, texts in `shared/pages/`, no script and nothing else to fetch.

use std::{collections::HashMap, sync::LazyLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::Page;
use crate::{Locale, ms};

const TEMPLATE: &str = include_str!("../../pages/gateway.html");

/// Texts by their keys, in the order of [`Locale::ALL`]. A test proves that the files parse and that none lacks a key.
static TEXTS: LazyLock<[HashMap<String, String>; 3]> = LazyLock::new(|| {
    Locale::ALL.map(|locale| {
        let texts = match locale {
            Locale::Ar => include_str!("../../pages/texts.ar.json"),
            Locale::En => include_str!("../../pages/texts.en.json"),
            Locale::Fr => include_str!("../../pages/texts.fr.json"),
        };
        serde_json::from_str(texts).unwrap_or_default()
    })
});

/// The style's digest for the page's Content-Security-Policy (CSP level 3, section 2.3.1).
static STYLE_HASH: LazyLock<String> = LazyLock::new(|| {
    let style = TEMPLATE.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).map_or("", |(style, _)| style);
    STANDARD.encode(Sha256::digest(style))
});

/// What a page tells of its link.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    /// The file's name.
    pub name: &'a str,
    /// Its size in bytes.
    pub size: u64,
    /// How long the link can still be claimed, or used once it is claimed, in seconds.
    pub seconds_left: i64,
}

/// SHA-256 of the pages' style in base64.
pub(super) fn style_hash() -> &'static str {
    &STYLE_HASH
}

/// A page as HTML. `store_url` has no slash at its end.
pub(super) fn render(page: Page, locale: Locale, store_url: &str, facts: Option<&Facts>) -> String {
    let text = |key: &str| text(locale, key);
    let own = |part: &str| text(&format!("{}.{part}", slug(page)));
    let time = facts.filter(|facts| facts.seconds_left > 0).map(|facts| duration(locale, facts.seconds_left));
    let retry = matches!(page, Page::Streams | Page::Unavailable);
    let press = own("press");
    let purchases = press.is_empty() && !retry;
    let values = [
        ("lang", locale.tag().to_owned()),
        ("dir", locale.direction().to_owned()),
        ("store", text("store").to_owned()),
        ("store_url", store_url.to_owned()),
        ("home", text("home").to_owned()),
        ("title", own("title").to_owned()),
        ("text", own("text").to_owned()),
        ("note", own("note").to_owned()),
        ("press", press.to_owned()),
        ("purchases", if purchases { text("to_purchases").to_owned() } else { String::new() }),
        ("retry", if retry { text("to_retry").to_owned() } else { String::new() }),
        ("name", facts.map_or_else(String::new, |facts| facts.name.to_owned())),
        ("size", facts.map_or_else(String::new, |facts| size(locale, facts.size))),
        ("life", time.map_or_else(String::new, |time| own("life").replace("{time}", &time))),
    ];
    fill(TEMPLATE, &values)
}

/// The first part of a page's keys.
fn slug(page: Page) -> &'static str {
    match page {
        Page::Button => "button",
        Page::Resume => "resume",
        Page::Finished => "finished",
        Page::Spent => "spent",
        Page::Used => "used",
        Page::Expired => "expired",
        Page::Ended => "ended",
        Page::Revoked => "revoked",
        Page::Streams => "streams",
        Page::NotFound => "not_found",
        Page::Unavailable => "unavailable",
    }
}

/// The text of a key; empty when there is none, which some parts of some pages are.
fn text(locale: Locale, key: &str) -> &'static str {
    TEXTS[locale as usize].get(key).map_or("", String::as_str)
}

/// The template with every `{{key}}` replaced by its value, escaped, and every `{{#key}}…{{/key}}` left out where the value is
/// empty. In one pass: braces in a value mean nothing.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let value = |key: &str| values.iter().find(|(known, _)| *known == key).map_or("", |(_, value)| value.as_str());
    let mut filled = String::with_capacity(template.len() + 2048);
    let mut rest = template;
    while let Some((before, (tag, after))) = rest.split_once("{{").and_then(|(before, tail)| Some((before, tail.split_once("}}")?))) {
        filled.push_str(before);
        rest = after;
        let Some(key) = tag.strip_prefix('#') else {
            filled.push_str(&escape(value(tag)));
            continue;
        };
        let (inner, beyond) = after.split_once(&format!("{{{{/{key}}}}}")).unwrap_or((after, ""));
        if !value(key).is_empty() {
            filled.push_str(&fill(inner, values));
        }
        rest = beyond;
    }
    filled.push_str(rest);
    filled
}

/// Harmless in text and in quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A size as people read it: `4.2 MB`, units of 1000, as the store writes it.
fn size(locale: Locale, bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("size.gb", 1_000_000_000), ("size.mb", 1_000_000), ("size.kb", 1_000)];
    let Some((key, unit)) = UNITS.into_iter().find(|(_, unit)| bytes >= *unit) else {
        return text(locale, "size.b").replace("{n}", &bytes.to_string());
    };
    let tenths = u128::from(bytes) * 10 / u128::from(unit);
    let whole = tenths / 10;
    let number =
        if whole < 100 && tenths % 10 > 0 { format!("{whole}{}{}", text(locale, "decimal"), tenths % 10) } else { whole.to_string() };
    text(locale, key).replace("{n}", &number)
}

/// Hours and minutes as people read them, rounded up to a minute.
fn duration(locale: Locale, seconds: i64) -> String {
    const MINUTES: i64 = ms::HOUR / ms::MINUTE;
    let minutes = (seconds.max(1) + 59) / 60;
    let (hours, minutes) = (minutes / MINUTES, minutes % MINUTES);
    match (hours, minutes) {
        (0, minutes) => counted(locale, "minutes", minutes),
        (hours, 0) => counted(locale, "hours", hours),
        (hours, minutes) => text(locale, "time.both")
            .replace("{hours}", &counted(locale, "hours", hours))
            .replace("{minutes}", &counted(locale, "minutes", minutes)),
    }
}

/// A number with its noun in the right plural (Unicode CLDR, of which numbers from 1 to 99 matter here).
fn counted(locale: Locale, noun: &str, number: i64) -> String {
    let form = match (locale, number) {
        (_, 1) => "one",
        (Locale::Ar, 2) => "two",
        (Locale::Ar, 3..=10) => "few",
        (Locale::Ar, 11..=99) => "many",
        _ => "other",
    };
    text(locale, &format!("{noun}.{form}")).replace("{n}", &number.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const FACTS: Facts = Facts { name: "دليل {{title}} <script>&\"'.pdf", size: 12_345_678, seconds_left: 6_300 };

    fn rendered(page: Page, locale: Locale) -> String {
        render(page, locale, "https://khazna.example", Some(&FACTS))
    }

    #[test]
    fn every_language_has_every_text() {
        let keys = |locale: Locale| TEXTS[locale as usize].keys().cloned().collect::<BTreeSet<_>>();
        assert!(keys(Locale::Ar).len() > 40);
        for locale in Locale::ALL {
            assert_eq!(keys(locale), keys(Locale::Ar));
            assert!(TEXTS[locale as usize].values().all(|text| !text.trim().is_empty()));
            for page in Page::ALL {
                assert!(
                    ["title", "text"].iter().all(|part| TEXTS[locale as usize].contains_key(&format!("{}.{part}", slug(page)))),
                    "{page:?}"
                );
            }
        }
    }

    #[test]
    fn every_page_is_small_whole_and_needs_nothing_else() {
        for (page, locale) in Page::ALL.into_iter().flat_map(|page| Locale::ALL.map(|locale| (page, locale))) {
            let html = rendered(page, locale);
            assert!(html.len() < 20 * 1024, "{page:?} {} bytes", html.len());
            assert!(html.contains(&format!("<html lang=\"{}\" dir=\"{}\">", locale.tag(), locale.direction())));
            for forbidden in [
                "<script",
                "<img",
                "<link",
                "src=",
                "url(",
                "style=",
                "@import",
                "{{/",
                "{{#",
                "margin-left",
                "padding-right",
                " left:",
                "right:",
            ] {
                assert!(!html.contains(forbidden), "{page:?} has {forbidden}");
            }
            assert_eq!(html.matches("class=\"button\"").count(), 1, "{page:?} says one thing to do");
            assert_eq!(html.contains("<form method=\"post\" action=\"\">"), matches!(page, Page::Button | Page::Resume));
            let addresses: BTreeSet<&str> = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            assert!(
                addresses.is_subset(&BTreeSet::from(["", "https://khazna.example/", "https://khazna.example/purchases"])),
                "{addresses:?}"
            );
        }
    }

    #[test]
    fn values_are_escaped_and_isolated() {
        let html = rendered(Page::Button, Locale::Ar);
        assert!(html.contains("<bdi>دليل {{title}} &lt;script&gt;&amp;&quot;&#39;.pdf</bdi>"));
        assert!(html.contains("الرابط صالح لمدة ساعة و45 دقيقة."));
        assert!(html.contains("12.3 م.ب"));
        let html = render(Page::NotFound, Locale::En, "https://x/\"><b>", None);
        assert!(html.contains("https://x/&quot;&gt;&lt;b&gt;/purchases") && !html.contains("<bdi>"));
    }

    #[test]
    fn the_style_is_the_one_that_the_policy_names() {
        let html = rendered(Page::Button, Locale::En);
        let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        assert_eq!(style_hash(), STANDARD.encode(Sha256::digest(style)));
    }

    #[test]
    fn sizes_and_times_read_well() {
        let sizes = [
            (0, "0 octets"),
            (999, "999 octets"),
            (1_500, "1,5 Ko"),
            (5_000_000, "5 Mo"),
            (150_000_000, "150 Mo"),
            (3_000_000_000, "3 Go"),
        ];
        for (bytes, expected) in sizes {
            assert_eq!(size(Locale::Fr, bytes), expected);
        }
        assert!(size(Locale::En, u64::MAX).ends_with(" GB"));
        let minutes = |minutes: i64| minutes * 60;
        for (seconds, arabic, english) in [
            (1, "دقيقة", "1 minute"),
            (minutes(2), "دقيقتين", "2 minutes"),
            (minutes(3), "3 دقائق", "3 minutes"),
            (minutes(10), "10 دقائق", "10 minutes"),
            (minutes(11), "11 دقيقة", "11 minutes"),
            (minutes(59), "59 دقيقة", "59 minutes"),
            (minutes(59) + 1, "ساعة", "1 hour"),
            (minutes(61), "ساعة ودقيقة", "1 hour and 1 minute"),
            (minutes(120), "ساعتين", "2 hours"),
        ] {
            assert_eq!((duration(Locale::Ar, seconds).as_str(), duration(Locale::En, seconds).as_str()), (arabic, english));
        }
    }

    proptest! {
        #[test]
        fn no_file_name_leaves_its_place(name in any::<String>(), page in prop::sample::select(&Page::ALL[..])) {
            let html = render(page, Locale::Ar, "https://khazna.example", Some(&Facts { name: &name, ..FACTS }));
            let plain = render(page, Locale::Ar, "https://khazna.example", Some(&Facts { name: "x", ..FACTS }));
            let shown = format!("<bdi>{}</bdi>", escape(&name));
            prop_assert!(name.is_empty() || html.replacen(&shown, "<bdi>x</bdi>", 1) == plain);
            prop_assert!(!escape(&name).contains(['<', '>', '"', '\'']));
        }

        #[test]
        fn any_template_fills(template in any::<String>(), value in any::<String>()) {
            fill(&template, &[("a", value)]);
        }
    }
}
