//! Taking over older printed codes.

use std::collections::{BTreeMap, HashMap, HashSet};

use shared::{
    ChargeCode, Coins, FieldCode, Fields, Instant, MAX_COINS,
    api::admin::{AuditValues, ImportLine, ImportReason, ImportReport, Permission},
    text::fold_digits,
};
use sqlx::Row;

use super::{CHUNK, Kind, MAX_COUNT, NewBatch, batch, check, insert_batch, insert_codes, json, named};
use crate::{
    Origin, Result, Staff, Store,
    db::{Connection, transaction},
    error::field,
};

/// How many of the lines that were left out a report names.
const TOLD: usize = 500;
/// Values in one import, each of which becomes a batch: cards are printed for a dozen, and a column that is none of values has thousands.
const MOST_VALUES: usize = 50;

/// Codes to take over.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// A code a line, or `code,value`, as spreadsheets and people write it; a first line of column names is no code.
    pub codes: String,
    /// Coins of the codes whose line says none.
    pub value: Option<Coins>,
    /// What the shop calls them; 1 to 100 characters.
    pub label: String,
    /// Who sells them; may be empty.
    pub reseller: String,
    /// When they expire.
    pub expires_at: Option<Instant>,
}

/// Takes over at most [`MAX_COUNT`] codes, of a few dozen values: one batch for each value. What can't be taken is told line by line, and
/// the rest is taken; the same import again finds every code known.
pub async fn import(store: &Store, staff: &Staff, new: &NewImport, origin: &Origin) -> Result<ImportReport> {
    let deed = staff.must(store, Permission::ManageCodes, "codes.import", "", origin).await?;
    let lines = read(&new.codes, new.value);
    let mut fields = Fields::default();
    let count = match i64::try_from(lines.len()) {
        Ok(0) => Err(FieldCode::Required),
        Ok(count) if count <= MAX_COUNT => Ok(count),
        _ => Err(FieldCode::TooLong),
    };
    let count = fields.check("codes", count);
    let frame =
        |value, count| NewBatch { value, count, label: new.label.clone(), reseller: new.reseller.clone(), expires_at: new.expires_at };
    // A value that is not said once may be said by every line.
    let framed = check(store, &frame(new.value.unwrap_or(1), count.unwrap_or(1)), &mut fields);
    if count.and(framed).is_none() {
        return Err(fields.problem().into());
    }
    let (groups, unfit) = sorted(store, &lines);
    if groups.len() > MOST_VALUES {
        return Err(field("codes", FieldCode::Range));
    }
    let (ids, mut left_out) = transaction!(store, deed, |connection| {
        let (mut ids, mut left_out) = (Vec::new(), unfit.clone());
        let mut taken = 0;
        for (value, codes) in &groups {
            let batch = frame(*value, i64::try_from(codes.len()).unwrap_or(MAX_COUNT));
            let id = insert_batch(store, &mut *connection, &batch, Kind::Imported, &deed).await?;
            let known = write(store, &mut *connection, id.0, codes).await?;
            taken += codes.len() - known.len();
            if known.len() == codes.len() {
                sqlx::query("DELETE FROM code_batches WHERE id = $1").bind(id.0).execute(&mut *connection).await?;
            } else {
                if !known.is_empty() {
                    let count = i64::try_from(codes.len() - known.len()).unwrap_or(MAX_COUNT);
                    sqlx::query("UPDATE code_batches SET count = $2 WHERE id = $1")
                        .bind(id.0)
                        .bind(count)
                        .execute(&mut *connection)
                        .await?;
                }
                ids.push(id);
            }
            left_out.extend(known.into_iter().map(|line| ImportLine { line, reason: ImportReason::Known }));
        }
        let subject = ids.iter().map(|id| named(*id)).collect::<Vec<_>>().join(" ");
        let outcome = AuditValues::Import { taken, left_out: left_out.len() }.to_string();
        deed.did(store, &mut *connection, "codes.import", &subject, &outcome).await?;
        Ok((ids, left_out))
    })?;
    left_out.sort_by_key(|line| line.line);
    let mut batches = Vec::with_capacity(ids.len());
    for id in ids {
        batches.push(batch(store, staff, id).await?);
    }
    Ok(ImportReport {
        taken: batches.iter().map(|batch| batch.count).sum(),
        batches,
        left_out: i64::try_from(left_out.len()).unwrap_or(MAX_COUNT),
        lines: left_out.into_iter().take(TOLD).collect(),
    })
}

/// A line with something on it: its number, and its code with its value, or why there is none.
type Line = (i64, std::result::Result<(ChargeCode, Coins), ImportReason>);

fn read(text: &str, value: Option<Coins>) -> Vec<Line> {
    let lines = (1..).zip(text.trim_start_matches('\u{FEFF}').lines()).filter(|(_, line)| !line.trim().is_empty());
    lines.filter(|(number, line)| !(*number == 1 && is_head(line))).map(|(number, line)| (number, read_line(line, value))).collect()
}

fn is_head(line: &str) -> bool {
    cells(line).next().is_some_and(|cell| ["code", "الرمز", "رمز"].contains(&cell.to_lowercase().as_str()))
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split([',', ';', '\t', '،', '؛']).map(|cell| cell.trim().trim_matches('"').trim())
}

fn read_line(line: &str, value: Option<Coins>) -> std::result::Result<(ChargeCode, Coins), ImportReason> {
    let mut cells = cells(line);
    let code: ChargeCode = cells.next().unwrap_or_default().parse().map_err(|_| ImportReason::Code)?;
    let value = match cells.next().filter(|cell| !cell.is_empty()) {
        Some(cell) => fold_digits(cell).parse().ok(),
        None => value,
    };
    value.filter(|value| (1..=MAX_COINS).contains(value)).map(|value| (code, value)).ok_or(ImportReason::Value)
}

/// Codes by their value, each with its line and hash.
type Groups = BTreeMap<Coins, Vec<(i64, String)>>;

/// Codes by their value; and the lines that hold none.
fn sorted(store: &Store, lines: &[Line]) -> (Groups, Vec<ImportLine>) {
    let (mut groups, mut unfit, mut seen) = (Groups::new(), Vec::new(), HashSet::new());
    for (line, read) in lines {
        match read {
            Ok((code, value)) if seen.insert(code) => groups.entry(*value).or_default().push((*line, store.0.keys.code_hash(code))),
            Ok(_) => unfit.push(ImportLine { line: *line, reason: ImportReason::Repeated }),
            Err(reason) => unfit.push(ImportLine { line: *line, reason: *reason }),
        }
    }
    (groups, unfit)
}

/// Writes the codes that the store does not have, and gives the lines of those that it has.
async fn write(store: &Store, connection: &mut Connection, batch: i64, codes: &[(i64, String)]) -> Result<Vec<i64>> {
    let mut known = Vec::new();
    for (chunk, first) in codes.chunks(CHUNK).zip((1_i64..).step_by(CHUNK)) {
        let hashes: Vec<&str> = chunk.iter().map(|(_, hash)| hash.as_str()).collect();
        let rows = sqlx::query(insert_codes(store, " ON CONFLICT (hash) DO NOTHING RETURNING hash"))
            .bind(batch)
            .bind(first)
            .bind(json(&hashes)?)
            .fetch_all(&mut *connection)
            .await?;
        let mut missing: HashMap<&str, i64> = chunk.iter().map(|(line, hash)| (hash.as_str(), *line)).collect();
        for row in &rows {
            missing.remove(row.try_get::<String, _>("hash")?.as_str());
        }
        known.extend(missing.into_values());
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_spreadsheets_and_people_write() {
        let text = "\u{FEFF}code,value,batch\n\"ABCD-1234\",٥٠٠,old\n\nabcd 5678;100\nABCD9999\nصفر\nABCD0000،0\nABCD7777\tmany\r\n";
        let lines: Vec<_> =
            read(text, Some(50)).into_iter().map(|(line, read)| (line, read.map(|(code, value)| (code.grouped(), value)))).collect();
        assert_eq!(
            lines,
            [
                (2, Ok(("ABCD-1234".to_owned(), 500))),
                (4, Ok(("ABCD-5678".to_owned(), 100))),
                (5, Ok(("ABCD-9999".to_owned(), 50))),
                (6, Err(ImportReason::Code)),
                (7, Err(ImportReason::Value)),
                (8, Err(ImportReason::Value)),
            ]
        );
        assert_eq!(read("ABCD9999", None)[0].1.as_ref().err(), Some(&ImportReason::Value));
    }
}
