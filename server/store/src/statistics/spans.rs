//! How some days are put together of what was counted and what was not: whole months, days at their edges, and rows.

use shared::Day;

/// Days, the first included and the last not.
pub(super) type Span = (Day, Day);

/// Where the sums of some days stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spans {
    /// Whole months, by their first days.
    pub(super) months: Span,
    /// Days before the first whole month.
    pub(super) head: Span,
    /// Days after the last whole month.
    pub(super) tail: Span,
    /// Days of which the rows themselves must be summed.
    pub(super) rows: Span,
}

impl Spans {
    /// The days from `from` to `end` (not included), of which those before `counted` were counted.
    pub(super) fn new(from: Day, end: Day, counted: Day) -> Self {
        let edge = end.min(counted).max(from);
        let first_month = if from.month() == from { from } else { from.next_month() };
        let last_month = edge.month();
        let rows = (from.max(counted).min(end), end);
        if first_month < last_month {
            Self { months: (first_month, last_month), head: (from, first_month), tail: (last_month, edge), rows }
        } else {
            Self { months: (from, from), head: (from, edge), tail: (edge, edge), rows }
        }
    }

    /// The same without months: each day by itself.
    pub(super) fn daily(from: Day, end: Day, counted: Day) -> Self {
        let edge = end.min(counted).max(from);
        Self { months: (from, from), head: (from, edge), tail: (edge, edge), rows: (from.max(counted).min(end), end) }
    }

    /// Rows of `table`, to select from: those of its periods that make up the days. Numbers and names of ours alone stand in it.
    pub(super) fn of(&self, table: &str, columns: &str, condition: &str) -> String {
        let part = |unit: &str, (from, end): Span| {
            format!("SELECT {columns} FROM {table} WHERE unit = '{unit}' {condition} AND period >= {} AND period < {}", from.0, end.0)
        };
        format!("({} UNION ALL {} UNION ALL {}) AS periods", part("month", self.months), part("day", self.head), part("day", self.tail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Every day is in exactly one part.
        #[test]
        fn no_day_is_left_out_or_taken_twice(from in 20_000_i64..21_000, length in 1_i64..900, counted in 19_900_i64..22_000) {
            let (from, end, counted) = (Day(from), Day(from + length), Day(counted));
            for spans in [Spans::new(from, end, counted), Spans::daily(from, end, counted)] {
                let mut days = Vec::new();
                for (first, last) in [spans.head, spans.months, spans.tail, spans.rows] {
                    days.extend(first.0..last.0);
                }
                prop_assert_eq!(days, (from.0..end.0).collect::<Vec<_>>());
                let (first, last) = spans.months;
                prop_assert!(first == last || (first.month() == first && last.month() == last));
                prop_assert!(spans.tail.1 <= counted || spans.tail.0 == spans.tail.1);
            }
        }
    }
}
