//! What was sold and what is owed, over any days of the shop.
//!
//! Figures are sums of what the ledger, the purchases and the logs hold. Days that are over are counted once, and months of them
//! ([`counting`]); what is not counted yet is summed from the rows themselves, so that every figure is exact at every moment, and
//! `khazna reconcile` proves what was counted. A year of a million rows is read from some hundred sums.

mod counting;
mod customers;
mod figures;
mod spans;

use shared::{
    Code, Day, FieldCode, Fields, Problem,
    api::admin::{Figures, Glance, Moment, Permission, Preset, Statistics, Step},
};

pub(crate) use counting::{count, differences};
pub(crate) use customers::forget;

use crate::{Result, Staff, Store, error::field};
use figures::Reader;

/// How many days may be looked at, at most: ten years.
const MOST_DAYS: i64 = 3660;
/// Up to so many days a series has an entry a day, beyond it one a month.
const DAILY: i64 = 62;

/// The first and the last day of a preset, or of the days named: `2026-11-23`. Without any it is the last seven days.
pub async fn days(store: &Store, staff: &Staff, preset: &str, from: &str, to: &str) -> Result<(Day, Day)> {
    staff.must(store, Permission::SeeStatistics, "statistics.see", "", &staff.origin).await?;
    let today = today(store);
    let preset = match preset {
        "" if from.is_empty() && to.is_empty() => Preset::Week,
        "" => Preset::Custom,
        named => named.parse().map_err(|code| field("range", code))?,
    };
    let first = match preset {
        Preset::Today => today,
        Preset::Week => today.plus(-6),
        Preset::Thirty => today.plus(-29),
        Preset::ThisMonth => today.month(),
        Preset::Year => today.plus(-364),
        Preset::Custom => {
            let mut fields = Fields::default();
            let (from, to) = (fields.parse::<Day>("from", from), fields.parse::<Day>("to", to));
            let (Some(from), Some(to)) = (from, to) else { return Err(fields.problem().into()) };
            return if from > to || to.0 - from.0 >= MOST_DAYS {
                Err(Problem::field("to", FieldCode::Range).into())
            } else {
                Ok((from, to))
            };
        }
    };
    Ok((first, today))
}

/// Today, by the shop's clock.
pub fn today(store: &Store) -> Day {
    Day::of(store.now(), store.settings().utc_offset)
}

/// Everything that is told of the days from `from` to `to`, both of them included.
pub async fn of(store: &Store, staff: &Staff, from: Day, to: Day) -> Result<Statistics> {
    let step = if to.0 - from.0 < DAILY { Step::Day } else { Step::Month };
    told(store, staff, from, to, step, Statistics::LISTED).await
}

/// The same with a series of days, however many there are, and every file.
pub async fn whole(store: &Store, staff: &Staff, from: Day, to: Day) -> Result<Statistics> {
    told(store, staff, from, to, Step::Day, usize::MAX).await
}

/// The last seven days, and no more than the desk's first page shows of them.
pub async fn glance(store: &Store, staff: &Staff) -> Result<Glance> {
    staff.must(store, Permission::SeeStatistics, "statistics.see", "", &staff.origin).await?;
    let (from, end) = (today(store).plus(-6), today(store).plus(1));
    let mut reader = Reader::begin(store, from, end).await?;
    let (days, _) = reader.series(from, end, Step::Day).await?;
    Ok(Glance { days: moments(days), liability: reader.held(end).await? })
}

fn moments(series: Vec<(Day, Figures)>) -> Vec<Moment> {
    series.into_iter().map(|(start, figures)| Moment { start, figures }).collect()
}

async fn told(store: &Store, staff: &Staff, from: Day, to: Day, step: Step, listed: usize) -> Result<Statistics> {
    staff.must(store, Permission::SeeStatistics, "statistics.see", "", &staff.origin).await?;
    if from > to || to.0 - from.0 >= MOST_DAYS {
        return Err(Code::BadRequest.into());
    }
    let end = to.plus(1);
    let before = from.plus(from.0 - end.0);
    let mut reader = Reader::begin(store, before, end).await?;
    let (series, total) = reader.series(from, end, step).await?;
    let (_, sums_before) = reader.series(before, from, Step::Month).await?;
    let sold = reader.sold(from, end, listed).await?;
    let (open_codes, open_codes_coins, resellers) = reader.codes(from, end).await?;
    let liability = reader.held(end).await?;
    let liability_before = reader.held(from).await?;
    let conversion = reader.conversion(from, end).await?;
    let conversion_before = reader.conversion(before, from).await?;
    Ok(Statistics {
        from,
        to,
        today: today(store),
        step,
        total,
        before: sums_before,
        series: moments(series),
        files: sold.files,
        categories: sold.categories,
        resellers,
        liability,
        liability_before,
        open_codes,
        open_codes_coins,
        conversion,
        conversion_before,
    })
}
