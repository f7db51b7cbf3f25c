//! A moment in time, as the database and the API hold it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ms;

/// Milliseconds since 1970-01-01 UTC. In JSON an RFC 3339 text: `2026-11-22T18:27:28.123Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = DateTime))]
pub struct Instant(pub i64);

impl Instant {
    /// This moment and `milliseconds` more.
    #[must_use]
    pub fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// Milliseconds from `earlier` to this moment; negative when `earlier` is later.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole seconds from now until this moment, rounded up, never negative.
    pub fn seconds_from(self, now: Self) -> i64 {
        (self.since(now).max(0) + ms::SECOND - 1) / ms::SECOND
    }

    /// Year, month and day in UTC. Proleptic Gregorian calendar, after H. Hinnant, "chrono-compatible low-level date algorithms".
    pub fn date(self) -> (i64, i64, i64) {
        let days = self.0.div_euclid(ms::DAY) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        (year_of_era + era * 400 + i64::from(month <= 2), month, day)
    }

    pub(crate) fn from_parts(year: i64, month: i64, day: i64, milliseconds_of_day: i64) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted_month = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self((era * 146_097 + day_of_era - 719_468) * ms::DAY + milliseconds_of_day)
    }

    fn parse(text: &str) -> Option<Self> {
        let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
        let separators = text.get(4..5) == Some("-") && text.get(7..8) == Some("-") && text.get(13..14) == Some(":");
        if !separators || !text.ends_with('Z') {
            return None;
        }
        let fraction = text.get(19..text.len() - 1)?.strip_prefix('.').unwrap_or("0");
        let milliseconds = format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?;
        let of_day = number(11..13)? * ms::HOUR + number(14..16)? * ms::MINUTE + number(17..19)? * ms::SECOND + milliseconds;
        Some(Self::from_parts(number(0..4)?, number(5..7)?, number(8..10)?, of_day))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        let of_day = self.0.rem_euclid(ms::DAY);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
            of_day / ms::HOUR,
            of_day % ms::HOUR / ms::MINUTE,
            of_day % ms::MINUTE / ms::SECOND,
            of_day % ms::SECOND
        )
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not an RFC 3339 instant in UTC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn knows_the_calendar() {
        assert_eq!(Instant(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Instant(951_782_399_999).to_string(), "2000-02-28T23:59:59.999Z");
        assert_eq!(Instant(951_782_400_000).date(), (2000, 2, 29));
        assert_eq!(Instant(1_795_372_048_123).to_string(), "2026-11-22T18:27:28.123Z");
    }

    proptest! {
        #[test]
        fn text_and_back(milliseconds in 0_i64..253_402_300_799_999) {
            let text = serde_json::to_string(&Instant(milliseconds)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Instant>(&text).unwrap(), Instant(milliseconds));
        }
    }
}
