//! Numbers, sizes and times as people read them: pure functions, so that server and browser write the same.

use shared::{Instant, ms};

use crate::locale::{Language, current};

/// `12,345`: digits in groups of three, a minus sign where it belongs.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    if number < 0 {
        text.push('−');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A counted number: chooses the plural form by its value and is written in groups.
#[derive(Clone, Copy)]
pub struct Count(pub i64);

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&grouped(self.0))
    }
}

impl From<Count> for icu_plurals::PluralOperands {
    fn from(count: Count) -> Self {
        count.0.into()
    }
}

/// A size in bytes as `3.4 MB`, in units of 1000 (IEC 80000-13 leaves kilo decimal).
pub fn size(bytes: i64) -> String {
    let language = current();
    let one_decimal = |unit: i64| {
        let tenths = (bytes.max(0) + unit / 20) / (unit / 10);
        if tenths >= 100 || tenths % 10 == 0 {
            grouped((tenths + 5 * i64::from(tenths >= 100)) / 10)
        } else {
            format!("{}.{}", tenths / 10, tenths % 10)
        }
    };
    match bytes {
        ..=999 => leptos_i18n::td_string!(language, size.bytes, value = bytes.max(0)),
        1_000..1_000_000 => leptos_i18n::td_string!(language, size.kb, value = one_decimal(1_000)),
        1_000_000..1_000_000_000 => leptos_i18n::td_string!(language, size.mb, value = one_decimal(1_000_000)),
        _ => leptos_i18n::td_string!(language, size.gb, value = one_decimal(1_000_000_000)),
    }
}

/// `22 November 2026`, where the reader's clock is `offset` milliseconds ahead of UTC.
pub fn date(instant: Instant, offset: i64) -> String {
    date_in(current(), instant, offset)
}

/// The same in a language of choice.
pub fn date_in(language: Language, instant: Instant, offset: i64) -> String {
    let (year, month, day) = instant.plus(offset).date();
    leptos_i18n::td_string!(language, time.date, day = day, month = month_name(language, month), year = year)
}

/// `18:05`, in the same clock.
pub fn clock(instant: Instant, offset: i64) -> String {
    let of_day = instant.plus(offset).0.rem_euclid(ms::DAY);
    format!("{:02}:{:02}", of_day / ms::HOUR, of_day % ms::HOUR / ms::MINUTE)
}

/// The name of a month, 1 to 12.
pub fn month(month: i64) -> &'static str {
    month_name(current(), month)
}

fn month_name(language: Language, month: i64) -> &'static str {
    use leptos_i18n::td_string as text;
    match month {
        1 => text!(language, time.m1),
        2 => text!(language, time.m2),
        3 => text!(language, time.m3),
        4 => text!(language, time.m4),
        5 => text!(language, time.m5),
        6 => text!(language, time.m6),
        7 => text!(language, time.m7),
        8 => text!(language, time.m8),
        9 => text!(language, time.m9),
        10 => text!(language, time.m10),
        11 => text!(language, time.m11),
        _ => text!(language, time.m12),
    }
}

/// How long ago, for the last week; the date before that.
pub fn ago(instant: Instant, now: Instant, offset: i64) -> String {
    let language = current();
    match now.since(instant) {
        ..ms::MINUTE => leptos_i18n::td_string!(language, time.now).to_owned(),
        past if past < ms::HOUR => leptos_i18n::td_string!(language, time.minutes_ago, count = Count(past / ms::MINUTE)),
        past if past < ms::DAY => leptos_i18n::td_string!(language, time.hours_ago, count = Count(past / ms::HOUR)),
        past if past < 7 * ms::DAY => leptos_i18n::td_string!(language, time.days_ago, count = Count(past / ms::DAY)),
        _ => date(instant, offset),
    }
}

/// A span in its two largest units: `1 hour and 59 minutes`. Rounded up to whole seconds, never negative.
pub fn duration(milliseconds: i64) -> String {
    let language = current();
    let seconds = (milliseconds.max(0) + ms::SECOND - 1) / ms::SECOND;
    let days = |count| leptos_i18n::td_string!(language, count.days, count = Count(count));
    let hours = |count| leptos_i18n::td_string!(language, count.hours, count = Count(count));
    let minutes = |count| leptos_i18n::td_string!(language, count.minutes, count = Count(count));
    let rest = |count: i64, text: &dyn Fn(i64) -> String| (count > 0).then(|| text(count));
    let (first, second) = match seconds {
        ..60 => (leptos_i18n::td_string!(language, count.seconds, count = Count(seconds)), None),
        60..3_600 => (minutes(seconds / 60), None),
        3_600..86_400 => (hours(seconds / 3_600), rest(seconds % 3_600 / 60, &minutes)),
        _ => (days(seconds / 86_400), rest(seconds % 86_400 / 3_600, &hours)),
    };
    match second {
        Some(second) => leptos_i18n::td_string!(language, common.and, first = first, second = second),
        None => first,
    }
}

/// Percent-encoding of everything but ASCII letters and digits.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// The text that was percent-encoded, if it is one.
pub fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digit = |digit: Option<u8>| char::from(digit?).to_digit(16);
            u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

/// The text when it is a path of this site, never another site's: where to go on after signing in.
pub fn local_path(text: &str) -> Option<&str> {
    let local = text.starts_with('/') && !text.starts_with("//") && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    local.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_digits() {
        assert_eq!(
            (grouped(0), grouped(999), grouped(1_000), grouped(-1_234_567)),
            ("0".into(), "999".into(), "1,000".into(), "−1,234,567".into())
        );
    }

    #[test]
    fn writes_sizes() {
        assert_eq!(size(999), "999 بايت");
        assert_eq!(size(1_000), "1 ك.ب");
        assert_eq!(size(3_449_000), "3.4 م.ب");
        assert_eq!(size(250_000_000), "250 م.ب");
    }

    #[test]
    fn counts_in_arabic() {
        let ago = |minutes: i64| ago(Instant(0), Instant(minutes * ms::MINUTE), 0);
        assert_eq!(
            (ago(0), ago(1), ago(2), ago(3), ago(11)),
            ("الآن".into(), "قبل دقيقة".into(), "قبل دقيقتين".into(), "قبل 3 دقائق".into(), "قبل 11 دقيقة".into())
        );
        assert_eq!(duration(2 * ms::HOUR), "ساعتان");
        assert_eq!(duration(ms::HOUR + 59 * ms::MINUTE), "ساعة واحدة و59 دقيقة");
        assert_eq!(duration(-5), "أقل من ثانية");
    }

    #[test]
    fn escapes_and_back() {
        let text = "{\"اسم\": \"a b;c%\"}";
        assert_eq!(unescape(&escape(text)).as_deref(), Some(text));
        assert_eq!((unescape("%4"), unescape("%zz")), (None, None));
    }

    #[test]
    fn leads_on_to_this_site_only() {
        assert_eq!(local_path("/wallet?cursor=3"), Some("/wallet?cursor=3"));
        for elsewhere in ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nSet-Cookie: b"] {
            assert_eq!(local_path(elsewhere), None, "{elsewhere:?}");
        }
    }
}
