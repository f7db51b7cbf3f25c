//! Whom a text names: a customer's serial, phone or name, in any spelling.

use shared::{
    Serial,
    text::{digit, is_invisible, search_words},
};
use sqlx::AssertSqlSafe;

use crate::{Result, Store, db::FEW_HITS};

/// A phone number without its country's code has at least so many digits.
const NATIONAL_DIGITS: usize = 8;
/// A local number has at least so many behind its 0: fewer are part of a number, which any place may hold.
const LOCAL_DIGITS: usize = 6;

/// Whom a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// It names nobody in particular.
    All,
    /// These few.
    These(Vec<i64>),
    /// All that match the search expression, which are many.
    Matching(String),
}

impl Named {
    /// Whom either text names. Of many nobody more is told.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::These(mut ids), Self::These(more)) => {
                ids.extend(more);
                ids.sort_unstable();
                ids.dedup();
                Self::These(ids)
            }
            (Self::These(_), other) => other,
            (many, _) => many,
        }
    }

    /// The condition on a column that holds a customer's number. [`Named::Matching`] binds its expression at `$1`.
    pub(crate) fn condition(&self, store: &Store, column: &str) -> String {
        match self {
            Self::All => "1 = 1".to_owned(),
            Self::These(ids) if ids.is_empty() => "1 = 0".to_owned(),
            Self::These(ids) => format!("{column} IN ({})", ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")),
            Self::Matching(_) => format!("{column} IN ({})", store.0.db.dialect().matching("customer")),
        }
    }
}

/// Whom a text names.
pub(crate) async fn named(store: &Store, text: &str) -> Result<Named> {
    if text.trim().is_empty() {
        return Ok(Named::All);
    }
    if let Ok(serial) = text.parse::<Serial>() {
        return of_serial(store, "SELECT id FROM customers WHERE serial = $1", serial.as_str()).await.map(Named::These);
    }
    if let Some(digits) = phone_digits(text).filter(|digits| !digits.is_empty()) {
        let mut found = matching(store, std::slice::from_ref(&digits)).await?;
        for local in kept_locally(store, text, &digits) {
            found = found.or(matching(store, &[local]).await?);
        }
        // A number that was written with its country's code may be kept without, and the other way round.
        return match found {
            Named::These(ids) if ids.is_empty() && digits.len() > NATIONAL_DIGITS => {
                matching(store, &[digits[digits.len() - NATIONAL_DIGITS..].to_owned()]).await
            }
            found => Ok(found),
        };
    }
    let mut words = search_words(text);
    // The part that all serials of a year begin with says nothing.
    words.retain(|word| !word.strip_prefix("cust").is_some_and(|year| year.bytes().all(|byte| byte.is_ascii_digit())));
    if words.is_empty() {
        return Ok(Named::These(Vec::new()));
    }
    let found = matching(store, &words).await?;
    let ([word], Named::These(ids)) = (words.as_slice(), &found) else { return Ok(found) };
    // A temporary account has no name to be found by: the serial's own part tells it.
    let mut ids = ids.clone();
    ids.extend(of_serial(store, "SELECT id FROM customers WHERE substr(serial, 10) = $1", &word.to_uppercase()).await?);
    ids.sort_unstable();
    ids.dedup();
    Ok(Named::These(ids))
}

async fn of_serial(store: &Store, sql: &'static str, serial: &str) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar(sql).bind(serial.to_owned()).fetch_all(store.0.db.reader()).await?)
}

async fn matching(store: &Store, words: &[String]) -> Result<Named> {
    let dialect = store.0.db.dialect();
    let mut ids: Vec<i64> = Vec::new();
    // Whole words first: an index gathers all that begins with a word before it gives any, and where whole words have many hits those
    // that only begin with them are not what is looked for.
    for expression in [dialect.words_expression(words), dialect.search_expression(words)] {
        ids = sqlx::query_scalar(AssertSqlSafe(format!("{} LIMIT {FEW_HITS}", dialect.matching("customer"))))
            .bind(expression.clone())
            .fetch_all(store.0.db.reader())
            .await?;
        if i64::try_from(ids.len()).is_ok_and(|hits| hits >= FEW_HITS) {
            return Ok(Named::Matching(expression));
        }
    }
    Ok(Named::These(ids))
}

/// A number that was typed with the code of the shop's country as accounts of before the owner named it keep it: with a 0 instead.
fn kept_locally(store: &Store, text: &str, digits: &str) -> Vec<String> {
    let typed = typed_digits(text).unwrap_or_default();
    if typed.starts_with('0') && !typed.starts_with("00") {
        return Vec::new();
    }
    let rests = store.settings().countries().into_iter().filter_map(|country| digits.strip_prefix(country.as_str()).map(str::to_owned));
    rests.filter(|rest| rest.len() >= LOCAL_DIGITS).map(|rest| format!("0{rest}")).collect()
}

/// The digits of what can only be a phone number, or part of one, without the zeros in front; `None` for anything else.
fn phone_digits(text: &str) -> Option<String> {
    Some(typed_digits(text)?.trim_start_matches('0').chars().take(20).collect())
}

fn typed_digits(text: &str) -> Option<String> {
    let mut digits = String::new();
    for character in text.chars().filter(|character| !is_invisible(*character)) {
        match character {
            '+' | '＋' | ' ' | '\u{00A0}' | '-' | '.' | '(' | ')' | '/' => {}
            _ => digits.push(digit(character)?),
        }
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_read_in_any_spelling() {
        for typed in ["+966 50-123 4567", "00966501234567", "٩٦٦٥٠١٢٣٤٥٦٧"] {
            assert_eq!(phone_digits(typed).as_deref(), Some("966501234567"), "{typed}");
        }
        assert_eq!(phone_digits("050 123").as_deref(), Some("50123"));
        assert_eq!((phone_digits("سارة 50"), phone_digits("AC7X9K")), (None, None));
    }
}
