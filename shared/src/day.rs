//! A day of the calendar, as a shop has it: which one an instant falls on depends on the shop's clock.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{FieldCode, Instant, ms};

/// Days since 1970-01-01. In JSON and addresses `2026-11-23`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = Date))]
pub struct Day(pub i64);

impl Day {
    /// The day of an instant, on a clock that is `offset` milliseconds ahead of UTC.
    pub fn of(instant: Instant, offset: i64) -> Self {
        Self(instant.plus(offset).0.div_euclid(ms::DAY))
    }

    /// When the day begins, by the same clock.
    pub fn start(self, offset: i64) -> Instant {
        Instant(self.0.saturating_mul(ms::DAY)).plus(-offset)
    }

    /// The day so many days later.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// Year, month and day.
    pub fn date(self) -> (i64, i64, i64) {
        Instant(self.0 * ms::DAY).date()
    }

    fn of_date(year: i64, month: i64, day: i64) -> Self {
        Self(Instant::from_parts(year, month, day, 0).0.div_euclid(ms::DAY))
    }

    /// The first day of the same month.
    #[must_use]
    pub fn month(self) -> Self {
        let (_, _, day) = self.date();
        Self(self.0 - day + 1)
    }

    /// The first day of the month after.
    #[must_use]
    pub fn next_month(self) -> Self {
        // No month is longer than 31 days, none shorter than 28.
        Self(self.month().0 + 31).month()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = FieldCode;

    fn from_str(text: &str) -> Result<Self, FieldCode> {
        let number = |range: std::ops::Range<usize>| {
            text.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?.parse::<i64>().ok()
        };
        let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else { return Err(FieldCode::Format) };
        let read = Self::of_date(year, month, day);
        // The 31st of February comes out as a day of March, and is none.
        if year >= 1970 && read.to_string() == text { Ok(read) } else { Err(FieldCode::Format) }
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|_| de::Error::custom("not a day as 2026-11-23"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn knows_the_calendar() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert_eq!(day("2026-11-23").month(), day("2026-11-01"));
        assert_eq!(day("2026-12-31").next_month(), day("2027-01-01"));
        for wrong in ["", "2026-02-29", "2026-13-01", "2026-1-01", "1969-12-31", "2026-11-23x", "+026-11-23", "٢٠٢٦-١١-٢٣"] {
            assert_eq!(wrong.parse::<Day>(), Err(FieldCode::Format), "{wrong}");
        }
        // 21:00 UTC is the next day's midnight three hours ahead.
        let evening = Instant(day("2026-11-22").0 * ms::DAY + 21 * ms::HOUR);
        assert_eq!((Day::of(evening.plus(-1), 3 * ms::HOUR), Day::of(evening, 3 * ms::HOUR)), (day("2026-11-22"), day("2026-11-23")));
        assert_eq!(day("2026-11-23").start(3 * ms::HOUR), evening);
    }

    proptest! {
        #[test]
        fn text_and_back(days in 0_i64..1_000_000) {
            prop_assert_eq!(Day(days).to_string().parse(), Ok(Day(days)));
            let next = Day(days).next_month();
            prop_assert!(next > Day(days) && next.month() == next && next.plus(-1).month() == Day(days).month());
        }
    }
}
