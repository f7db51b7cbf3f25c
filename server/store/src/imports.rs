//! Files from a table: a line each, as a spreadsheet writes it, with a report of what could not be taken.

use std::collections::HashMap;

use shared::{
    CategoryId, Code, FieldCode, FieldError, Problem,
    api::admin::{FileRequest, Permission, RefusedLine, TableReport},
    text::fold_digits,
};

use crate::{
    Error, Origin, Result, Staff, Store, categories,
    db::transaction,
    error::field,
    files,
    idempotency::{Once, digest},
};

/// Lines of one table.
const MOST: usize = 1_000;
/// The columns, by what a spreadsheet may call them.
const COLUMNS: [(&str, [&str; 2]); 5] = [
    ("title", ["title", "العنوان"]),
    ("description", ["description", "الوصف"]),
    ("category", ["category", "القسم"]),
    ("price", ["price", "السعر"]),
    ("kind", ["kind", "النوع"]),
];

/// A line that keeps the rules: its number, its file, and the name of its category.
struct Draft {
    line: i64,
    details: files::Details,
    category: String,
}

/// Makes a draft of every line that keeps the rules, and its category where there is none of that name; all of them or, after a fault,
/// none. A line whose file stands already is refused, so that a table can be corrected and sent again whole. The first line names the
/// columns: `title`, `category` and `price`, and where there are any `description` and `kind`.
pub async fn import(store: &Store, staff: &Staff, table: &str, key: Option<&str>, origin: &Origin) -> Result<TableReport> {
    let deed = staff.must(store, Permission::ManageFiles, "file.import", "", origin).await?;
    let (drafts, refused) = read(table)?;
    let actor = staff.actor();
    let once = Once::new(&actor, key, format!("import {}", digest(table)))?;
    transaction!(store, deed, |connection| {
        if let Some(answer) = once.begin(store, &mut *connection).await? {
            return Ok(answer);
        }
        let mut report = TableReport { made: 0, refused: refused.clone() };
        let mut shelves: HashMap<&str, CategoryId> = HashMap::new();
        for Draft { line, details, category } in &drafts {
            let shelf = if let Some(shelf) = shelves.get(category.as_str()) {
                *shelf
            } else {
                let shelf = categories::ensure_in(store, &mut *connection, &deed, category).await?;
                // Held from here on: of two tables at once the later one sees what the earlier one made.
                files::category_name(&mut *connection, shelf).await?;
                shelf
            };
            shelves.insert(category, shelf);
            let mut details = details.clone();
            details.category = shelf;
            if files::stands_in(&mut *connection, &details).await? {
                report.refused.push(RefusedLine {
                    line: *line,
                    title: told(&details.title),
                    errors: refusals(field("title", FieldCode::Taken))?,
                });
            } else {
                files::create_in(store, &mut *connection, &deed, &details).await?;
                report.made += 1;
            }
        }
        report.refused.sort_by_key(|refused| refused.line);
        once.finish(&mut *connection, &report).await?;
        Ok(report)
    })
}

/// The lines that keep the rules, and the others with what they broke.
fn read(table: &str) -> Result<(Vec<Draft>, Vec<RefusedLine>)> {
    // Spreadsheets write a byte order mark, and semicolons where the comma is a decimal point. Lines are counted by what ends them.
    let table = table.replace("\r\n", "\n");
    let table = table.trim_start_matches('\u{FEFF}').trim_start();
    let head = table.lines().next().unwrap_or_default();
    let separator = [b',', b';', b'\t'].into_iter().max_by_key(|separator| head.bytes().filter(|byte| byte == separator).count());
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator.unwrap_or(b',')).trim(csv::Trim::All).flexible(true).from_reader(table.as_bytes());
    let headers = reader.headers().map_err(|_| field("table", FieldCode::Format))?.clone();
    let place = |names: [&str; 2]| headers.iter().position(|header| names.iter().any(|name| header.eq_ignore_ascii_case(name)));
    let places = COLUMNS.map(|(_, names)| place(names));
    if [0, 2, 3].into_iter().any(|needed| places[needed].is_none()) {
        return Err(field("table", if table.is_empty() { FieldCode::Required } else { FieldCode::Format }));
    }
    let (mut drafts, mut refused) = (Vec::new(), Vec::new());
    for (number, record) in (2_i64..).zip(reader.records()) {
        if number > i64::try_from(MOST).unwrap_or(i64::MAX) + 1 {
            refused.push(RefusedLine { line: number, title: String::new(), errors: refusals(field("table", FieldCode::TooLong))? });
            break;
        }
        let Ok(record) = record else {
            refused.push(RefusedLine { line: number, title: String::new(), errors: refusals(field("table", FieldCode::Format))? });
            continue;
        };
        let line = record.position().map_or(number, |position| i64::try_from(position.line()).unwrap_or(number));
        let [title, description, category, price, kind] = places.map(|place| place.and_then(|place| record.get(place)).unwrap_or_default());
        match draft(line, [title, description, category, price, kind]) {
            Ok(draft) => drafts.push(draft),
            Err(error) => refused.push(RefusedLine { line, title: told(title), errors: refusals(error)? }),
        }
    }
    Ok((drafts, refused))
}

/// As much of a title as finds its line.
fn told(title: &str) -> String {
    title.chars().take(80).collect()
}

fn draft(line: i64, [title, description, category, price, kind]: [&str; 5]) -> Result<Draft> {
    let details = files::details(&FileRequest {
        title: title.to_owned(),
        description: description.to_owned(),
        // Known when the category is.
        category_id: 0,
        price_coins: fold_digits(price).parse().unwrap_or(-1),
        kind: if kind.is_empty() { "other".to_owned() } else { kind.to_lowercase() },
    })?;
    let category = category.trim();
    categories::check_name(category).map_err(|code| field("category", code))?;
    Ok(Draft { line, details, category: category.to_owned() })
}

/// The rules that a line broke; what is no broken rule ends the import.
fn refusals(error: Error) -> Result<Vec<FieldError>> {
    match error {
        Error::Problem(Problem { code: Code::Invalid, fields, .. }) => Ok(fields),
        other => Err(other),
    }
}
