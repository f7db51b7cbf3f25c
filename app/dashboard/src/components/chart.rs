//! Figures as pictures. A chart is drawn without a word in it, so that it can be stretched to any width and mirrored where time runs
//! from right to left; its words stand around it, and a table of the same numbers behind it.

use app::{
    components::{Coins, Number},
    format::{grouped, month},
};
use leptos::prelude::*;
use shared::{Coins as Amount, Day, api::admin::Step};

use crate::locale::tr;

/// Units from a chart's foot to its top.
const HIGH: i64 = 1000;
/// Units of one step's width.
const WIDE: usize = 20;

/// A row of numbers, one a step.
#[derive(Clone)]
pub struct Series {
    /// What they are.
    pub name: &'static str,
    /// The numbers, from 0.
    pub values: Vec<i64>,
}

/// `22 November`, or the month.
pub fn day_label(day: Day, step: Step) -> String {
    let (year, of_year, of_month) = day.date();
    match step {
        Step::Day => tr!(figures.day_month, day = of_month, month = month(of_year)),
        Step::Month => tr!(figures.month_year, month = month(of_year), year = year),
    }
}

/// The least round number that is not below: 1, 2 or 5 with noughts.
fn round_up(number: i64) -> i64 {
    let mut power = 1_i64;
    loop {
        for step in [1, 2, 5] {
            if let Some(round) = power.checked_mul(step).filter(|round| *round >= number.max(2)) {
                return round;
            }
        }
        let Some(next) = power.checked_mul(10) else { return i64::MAX };
        power = next;
    }
}

/// Bars, and marks across them for a second row: they differ in shape, not in colour alone.
#[component]
pub fn Chart(
    /// A name that is no other element's on the page.
    id: &'static str,
    /// What it shows.
    title: &'static str,
    /// What each step is called.
    labels: Vec<String>,
    /// The bars.
    bars: Series,
    /// The marks.
    marks: Series,
) -> impl IntoView {
    let most = round_up(bars.values.iter().chain(&marks.values).copied().max().unwrap_or_default());
    let height = move |value: i64| value.max(0).saturating_mul(HIGH) / most;
    let count = bars.values.len().max(1);
    let rectangles = bars.values.iter().enumerate().map(|(index, value)| {
        let high = height(*value);
        view! { <rect x={index * WIDE + 3} y={HIGH - high} width={WIDE - 6} height={high}></rect> }
    });
    let rectangles = rectangles.collect_view();
    let across = marks.values.iter().enumerate().map(|(index, value)| format!("M{} {}h{WIDE}", index * WIDE, HIGH - height(*value)));
    let across = across.collect::<String>();
    let sum = |series: &Series| format!("{}: {}", series.name, grouped(series.values.iter().sum()));
    let described = format!(
        "{} – {}. {}. {}.",
        labels.first().cloned().unwrap_or_default(),
        labels.last().cloned().unwrap_or_default(),
        sum(&bars),
        sum(&marks)
    );
    let (heading, text) = (format!("{id}-title"), format!("{id}-text"));
    let named = format!("{heading} {text}");
    // As many labels as there is room for on a phone: the first, the last, and some between.
    let every = (count - 1) / 3;
    let shown = labels
        .iter()
        .enumerate()
        .filter(|(index, _)| count <= 4 || (index % every.max(1) == 0 && index / every.max(1) < 3) || index + 1 == count);
    let shown = shown.map(|(_, label)| view! { <span>{label.clone()}</span> }).collect_view();
    view! {
        <figure class="chart" aria-labelledby=format!("{id}-heading")>
            <figcaption>
                <h2 id=format!("{id}-heading")>{title}</h2>
                <p class="legend" aria-hidden="true">
                    <span class="bar">{bars.name}</span>
                    <span class="tick">{marks.name}</span>
                </p>
            </figcaption>
            <div class="plot">
                <div class="scale" aria-hidden="true">
                    <span>{grouped(most)}</span>
                    <span>{grouped(most / 2)}</span>
                    <span>"0"</span>
                </div>
                <svg
                    viewBox=format!("0 0 {} {HIGH}", count * WIDE)
                    preserveAspectRatio="none"
                    role="img"
                    aria-labelledby=named
                >
                    <title id=heading>{title}</title>
                    <desc id=text>{described}</desc>
                    {rectangles}
                    <path d=across></path>
                </svg>
                <div class="axis" aria-hidden="true">
                    {shown}
                </div>
            </div>
            <details>
                <summary>{tr!(figures.as_table)}</summary>
                <table class="list numbers">
                    <thead>
                        <tr>
                            <th scope="col">{tr!(figures.time)}</th>
                            <th scope="col" class="amount">
                                {bars.name}
                            </th>
                            <th scope="col" class="amount">
                                {marks.name}
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        {labels
                            .into_iter()
                            .zip(bars.values.into_iter().zip(marks.values))
                            .map(|(label, (bar, mark))| {
                                view! {
                                    <tr>
                                        <th scope="row">{label}</th>
                                        <td class="amount" data-label=bars.name>
                                            <Number value=bar />
                                        </td>
                                        <td class="amount" data-label=marks.name>
                                            <Number value=mark />
                                        </td>
                                    </tr>
                                }
                            })
                            .collect_view()}
                    </tbody>
                </table>
            </details>
        </figure>
    }
}

/// How much of a whole something is, drawn beside its number.
#[component]
pub fn Share(
    /// The part.
    part: i64,
    /// The whole.
    whole: i64,
) -> impl IntoView {
    let width = part.max(0).saturating_mul(HIGH) / whole.max(1);
    view! {
        <svg class="share" viewBox=format!("0 0 {HIGH} 1") preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <rect width={width.min(HIGH)} height="1"></rect>
        </svg>
    }
}

/// One figure beside what it was in the days before.
#[component]
pub fn Tile(
    /// What it is.
    name: &'static str,
    /// The number.
    value: i64,
    /// What it was before.
    #[prop(optional_no_strip)]
    before: Option<i64>,
    /// It is an amount of coins.
    #[prop(optional)]
    coins: bool,
    /// What to know beside it.
    #[prop(optional, into)]
    note: String,
) -> impl IntoView {
    view! {
        <div class="tile">
            <dt>{name}</dt>
            <dd>
                {if coins { view! { <Coins amount=value /> }.into_any() } else { view! { <Number value /> }.into_any() }}
                {before.map(|before| view! { <span class="quiet compared">{compared(value, before)}</span> })}
                {(!note.is_empty()).then(|| view! { <span class="quiet compared">{note}</span> })}
            </dd>
        </div>
    }
}

/// How a number compares with the one before, in words and a sign.
fn compared(now: Amount, before: Amount) -> String {
    match (now, before) {
        (now, before) if now == before => tr!(figures.same).to_owned(),
        (_, 0) => tr!(figures.nothing_before).to_owned(),
        (now, before) => {
            let percent = (now - before).saturating_mul(100) / before.abs();
            let sign = if now > before { "+" } else { "−" };
            tr!(figures.against_before, percent = format!("\u{2066}{sign}{}%\u{2069}", grouped(percent.abs())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round() {
        assert_eq!([0, 2, 3, 9, 11, 4_999, 5_001].map(round_up), [2, 2, 5, 10, 20, 5_000, 10_000]);
        assert_eq!(round_up(i64::MAX), i64::MAX);
    }
}
