//! One phone number in all its forms. The owner's setting `country_code` makes a number with a 0 in front the same as with the country's
//! code instead. New rows keep the latter; rows of before the setting, or of another code that stood there, are found by every form.

use shared::{AccountId, Code, Phone};
use sqlx::AssertSqlSafe;

use crate::{
    Result, Store,
    db::Connection,
    settings::{self, Settings},
};

/// What a number may have been kept as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forms {
    kept: String,
    all: Vec<String>,
}

impl Forms {
    /// The forms of a number. Codes that the setting had before count too, so that no change of it opens a second bonus or shuts anyone out.
    pub(crate) fn of(settings: &Settings, phone: &Phone) -> Self {
        let countries = settings.countries();
        let kept = settings.country().and_then(|country| phone.from_abroad(&country)).unwrap_or_else(|| phone.clone());
        let mut forms = vec![phone.clone(), kept.clone()];
        forms.extend(countries.iter().filter_map(|country| phone.within(country)));
        for local in forms.clone() {
            forms.extend(countries.iter().filter_map(|country| local.from_abroad(country)));
        }
        let mut all: Vec<String> = Vec::new();
        for form in forms {
            if !all.iter().any(|known| known == form.as_str()) {
                all.push(form.to_string());
            }
        }
        Self { kept: kept.to_string(), all }
    }

    /// The forms of what stands in a row, or was typed. What can't be read has one.
    pub(crate) fn of_text(settings: &Settings, text: &str) -> Self {
        match text.parse::<Phone>() {
            Ok(phone) => Self::of(settings, &phone),
            Err(_) => Self { kept: text.to_owned(), all: vec![text.to_owned()] },
        }
    }

    /// The form that new rows keep.
    pub(crate) fn kept(&self) -> &str {
        &self.kept
    }

    /// The form under which tries are counted: one for all forms, so that each of them is not five tries more.
    pub(crate) fn counted(&self) -> &str {
        self.all.iter().min().unwrap_or(&self.kept)
    }

    /// All of them, first the one that was given.
    pub(crate) fn all(&self) -> &[String] {
        &self.all
    }
}

/// The forms of a number that is about to be kept. The setting stays as it is until the transaction ends: of two activations with two forms
/// both keep the same one, and its UNIQUE column decides, or the later one sees what the earlier one kept.
pub(crate) async fn to_keep(store: &Store, connection: &mut Connection, phone: &Phone) -> Result<Forms> {
    if let Some(keep) = store.0.db.dialect().keep_table("settings") {
        sqlx::query(AssertSqlSafe(keep)).execute(&mut *connection).await?;
    }
    Ok(Forms::of(&settings::read(connection).await?, phone))
}

/// [`Code::PhoneTaken`] where another account keeps the number in another form, as those of before the setting do. That it keeps the same
/// form is for the UNIQUE column to find.
pub(crate) async fn must_be_free(connection: &mut Connection, customer: AccountId, forms: &Forms) -> Result<()> {
    let sql = format!("SELECT id FROM customers WHERE id <> $1 AND phone IN ({}) LIMIT 1", places(2, &forms.all));
    let mut query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(customer.0);
    for form in &forms.all {
        query = query.bind(form.clone());
    }
    let other: Option<i64> = query.fetch_optional(connection).await?;
    if other.is_some() { Err(Code::PhoneTaken.into()) } else { Ok(()) }
}

/// The forms under which no other account keeps a number of its own, for what is shown or forgotten of this account alone.
pub(crate) async fn only_of(connection: &mut Connection, customer: AccountId, forms: &Forms) -> Result<Vec<String>> {
    let sql = format!("SELECT phone FROM customers WHERE id <> $1 AND phone IN ({})", places(2, &forms.all));
    let mut query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(customer.0);
    for form in &forms.all {
        query = query.bind(form.clone());
    }
    let others: Vec<String> = query.fetch_all(connection).await?;
    Ok(forms.all.iter().filter(|form| !others.contains(form)).cloned().collect())
}

/// Whether the number had no bonus in any form; from now on it had one. Only a keyed hash is kept of it, so that a person who was forgotten
/// is, and the number still has no second bonus. Earlier stores kept the number itself.
pub(crate) async fn has_bonus_to_come(store: &Store, connection: &mut Connection, customer: AccountId, forms: &Forms) -> Result<bool> {
    let known: Vec<String> = forms.all.iter().flat_map(|form| [form.clone(), store.0.keys.phone_hash(form)]).collect();
    let sql = format!(
        "INSERT INTO bonuses (phone, customer_id, granted_at)
         SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM bonuses WHERE phone IN ({})) ON CONFLICT DO NOTHING",
        places(4, &known)
    );
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(store.0.keys.phone_hash(&forms.kept)).bind(customer.0).bind(store.now().0);
    for known in known {
        query = query.bind(known);
    }
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// Placeholders for so many values, the first of which is `$first`.
pub(crate) fn places(first: usize, values: &[String]) -> String {
    (first..first + values.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}
