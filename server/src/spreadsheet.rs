//! CSV (RFC 4180) that spreadsheets open safely, the logs streamed piece by piece: with a byte order mark so that Arabic is right,
//! and no cell that a spreadsheet would take for a formula (OWASP, "CSV Injection").

use std::io;

use axum::{body::Body, response::Response};
use dashboard::words;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use shared::{
    Coins, Locale,
    api::admin::{AuditFilter, DownloadFilter, FigureTable, Figures, Moment, Sold, Statistics},
};
use store::{Staff, Store, audit as acts, downloads as attempts, statistics as figures};

use crate::{
    api::extract::Query,
    attachment::attachment,
    problem::{Failure, invalid},
};

/// Begins a file: spreadsheets know UTF-8 by it.
pub const BYTE_ORDER_MARK: &str = "\u{FEFF}";
/// The media type.
pub const CSV: &str = "text/csv; charset=utf-8";

/// A piece of a log as lines, and where the next one begins.
type Piece = (String, Option<i64>);

/// The log of downloads that the filter has, from its newest line.
pub async fn downloads(store: Store, staff: Staff, filter: DownloadFilter, locale: Locale) -> Result<Response, Failure> {
    let piece = move |cursor| {
        let (store, staff, filter) = (store.clone(), staff.clone(), DownloadFilter { cursor, ..filter.clone() });
        async move {
            let page = attempts::piece(&store, &staff, &filter).await?;
            Ok((page.results.iter().map(|attempt| line(&words::download_cells(locale, attempt))).collect(), page.next_cursor))
        }
        .boxed()
    };
    csv("downloads.csv", line(&words::download_heads(locale)), piece).await
}

/// The audit log that the filter has, from its newest line.
pub async fn audit(store: Store, staff: Staff, filter: AuditFilter, locale: Locale) -> Result<Response, Failure> {
    let piece = move |cursor| {
        let (store, staff, filter) = (store.clone(), staff.clone(), AuditFilter { cursor, ..filter.clone() });
        async move {
            let page = acts::piece(&store, &staff, &filter).await?;
            Ok((page.results.iter().map(|entry| line(&words::audit_cells(locale, entry))).collect(), page.next_cursor))
        }
        .boxed()
    };
    csv("audit.csv", line(&words::audit_heads(locale)), piece).await
}

/// The answer. Its first piece is read before it begins, so that whoever may not have it is told so.
async fn csv(
    name: &str,
    heads: String,
    piece: impl Fn(Option<i64>) -> BoxFuture<'static, store::Result<Piece>> + Send + 'static,
) -> Result<Response, Failure> {
    let (first, next) = piece(None).await?;
    let rest = stream::unfold((piece, next), |(piece, next)| async move {
        let cursor = next?;
        Some(match piece(Some(cursor)).await {
            Ok((lines, next)) => (Ok(lines), (piece, next)),
            Err(error) => {
                tracing::error!(%error, "a log could not be read to its end");
                // A file that ends too early must not look whole.
                (Err(io::Error::other(error)), (piece, None))
            }
        })
    })
    // Whoever compresses a body asks once more after its end, which an unfolded stream does not bear.
    .fuse();
    let body = stream::once(async move { Ok(format!("{BYTE_ORDER_MARK}{heads}{first}")) }).chain(rest);
    Ok(attachment(CSV, name, Body::from_stream(body)))
}

/// A table of figures over the days that the query names, whole.
pub async fn statistics(store: &Store, staff: &Staff, query: &Query, locale: Locale) -> Result<Response, Failure> {
    let (from, to) = figures::days(store, staff, query.text("range"), query.text("from"), query.text("to")).await?;
    let table: FigureTable = query.text("table").parse().map_err(|code| invalid("table", code))?;
    let told = figures::whole(store, staff, from, to).await?;
    let heads: Vec<String> = dashboard::spreadsheet_heads(locale, table).into_iter().map(str::to_owned).collect();
    let lines: String = std::iter::once(heads).chain(table_of(&told, table)).map(|cells| line(&cells)).collect();
    let name = format!("khazna-{}-{from}-{to}.csv", table.as_str());
    Ok(attachment(CSV, &name, format!("{BYTE_ORDER_MARK}{lines}")))
}

fn table_of(told: &Statistics, table: FigureTable) -> Vec<Vec<String>> {
    let sold = |name: &str, sold: &Sold| {
        let numbers: [Coins; 4] = [sold.coins, sold.sales, sold.taken, sold.refunded];
        [name.to_owned()].into_iter().chain(numbers.iter().map(ToString::to_string)).collect()
    };
    match table {
        FigureTable::Days => {
            let day = |moment: &Moment| {
                [moment.start.to_string()].into_iter().chain(numbers(&moment.figures).iter().map(ToString::to_string)).collect()
            };
            told.series.iter().map(day).collect()
        }
        FigureTable::Files => told.files.iter().map(|file| sold(&file.title, &file.sold)).collect(),
        FigureTable::Categories => told.categories.iter().map(|category| sold(&category.name, &category.sold)).collect(),
        FigureTable::Resellers => {
            told.resellers.iter().map(|line| vec![line.reseller.clone(), line.coins.to_string(), line.codes.to_string()]).collect()
        }
    }
}

/// A day's numbers in the order of [`dashboard::spreadsheet_heads`].
fn numbers(figures: &Figures) -> [i64; 18] {
    [
        figures.issued_codes,
        figures.issued_direct,
        figures.issued_bonus,
        figures.corrected,
        figures.codes_redeemed,
        figures.spent_files,
        figures.spent_packages,
        figures.refunded,
        figures.sales,
        figures.taken,
        figures.packages,
        figures.refunds,
        figures.downloads,
        figures.completed,
        figures.failed,
        figures.refused,
        figures.new_customers,
        figures.active_customers,
    ]
}

/// A line of cells.
pub fn line(cells: &[String]) -> String {
    let mut line = cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

/// Quoted where it must be. A number is one though it begins with a minus: figures are added up.
fn cell(text: &str) -> String {
    let number = text.strip_prefix('-').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    let text = if number { text.to_owned() } else { harmless(text) };
    if text.contains(['"', ',', '\n', '\r', ';']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// The text with an apostrophe before whatever a spreadsheet would take for a formula. Which character parts cells is the country's to
/// say, quotes or not: a cell may begin behind any of them.
fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 1);
    let mut begins = true;
    for character in text.chars() {
        if begins && matches!(character, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') {
            safe.push('\'');
        }
        begins = matches!(character, ',' | ';' | '\t' | '\r' | '\n' | '"');
        safe.push(character);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(line(&["سارة".into(), "=1+1".into(), "a,\"b\"".into()]), "سارة,'=1+1,\"a,\"\"b\"\"\"\r\n");
        for formula in ["+1", "-1+1", "-", "@SUM(A1)", "\tx", "\r=1", "＝1"] {
            assert!(cell(formula).trim_start_matches('"').starts_with('\''), "{formula}");
        }
    }

    #[test]
    fn nor_is_one_where_other_characters_part_cells() {
        for formula in ["a;=1+1", "a,=1+1", "a\t=1+1", "a\n=1+1", "\";=1+1"] {
            assert!(cell(formula).contains("'=1+1"), "{formula}: {}", cell(formula));
        }
        assert_eq!(cell("C++; a-b = c"), "\"C++; a-b = c\"");
    }

    #[test]
    fn negative_numbers_stay_numbers() {
        assert_eq!(line(&["قسم".to_owned(), "-50".to_owned()]), "قسم,-50\r\n");
    }
}
