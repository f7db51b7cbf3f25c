//! Recharge codes: batches, states, imports, resellers.

use app::Failure;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    BatchId,
    api::admin::{Batch, Batches, CodeLines, FoundCode, ImportReport, MadeBatch, Making, Resellers},
};

#[cfg(feature = "ssr")]
use {
    super::{origin, staff, store},
    app::flash,
    shared::{FieldCode, Fields, Instant, api::admin::Permission, ms, text::fold_digits},
    store::codes,
};

/// Lines of a list on a page.
#[cfg(feature = "ssr")]
const LINES: i64 = 25;
/// How many lines of an import's report fit into the cookie that tells of it where there is no JavaScript.
#[cfg(feature = "ssr")]
const TOLD_PLAINLY: usize = 20;

/// A batch's page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPage {
    /// The batch.
    pub batch: Batch,
    /// A page of its codes.
    pub lines: CodeLines,
}

/// Batches by what the filters say.
#[server(prefix = "/admin/do", endpoint = "batches")]
pub async fn get_batches(text: String, state: String, cursor: Option<i64>) -> Result<Batches, Failure> {
    let filter = codes::Filter { text, state: state.parse().ok(), cursor };
    Ok(codes::batches(&store()?, &staff()?, &filter, LINES).await?)
}

/// One batch with a page of its codes.
#[server(prefix = "/admin/do", endpoint = "batch")]
pub async fn get_batch(id: BatchId, redeemed: bool, cursor: Option<i64>) -> Result<BatchPage, Failure> {
    let (store, staff) = (store()?, staff()?);
    let batch = codes::batch(&store, &staff, id).await?;
    Ok(BatchPage { batch, lines: codes::lines(&store, &staff, id, redeemed, cursor, LINES).await? })
}

/// Makes a batch. Its codes leave by the ticket in the answer.
#[server(prefix = "/admin/do", endpoint = "make-codes")]
pub async fn make_codes(
    value: String,
    other_value: String,
    count: String,
    label: String,
    reseller: String,
    expires_at: String,
) -> Result<MadeBatch, Failure> {
    let result = async {
        let (store, staff, origin) = (store()?, staff()?, origin()?);
        staff.must(&store, Permission::ManageCodes, "codes.generate", "", &origin).await?;
        let mut fields = Fields::default();
        let amount = fields.check("value", number(if value == "other" { &other_value } else { &value }));
        let many = fields.check("count", number(&count));
        let expiry = fields.check("expires_at", end_of_day(&expires_at));
        let (Some(value), Some(count), Some(expires_at)) = (amount, many, expiry) else { return Err(Failure(fields.problem())) };
        let (label, reseller) = (label.trim().to_owned(), reseller.trim().to_owned());
        Ok(codes::make(&store, &staff, &codes::NewBatch { value, count, label, reseller, expires_at }, &origin).await?)
    };
    let typed = [
        ("value", value.as_str()),
        ("other_value", other_value.as_str()),
        ("count", count.as_str()),
        ("label", label.as_str()),
        ("reseller", reseller.as_str()),
        ("expires_at", expires_at.as_str()),
    ];
    flash::answer("make-codes", "/admin/codes/new", &typed, result.await)
}

/// How far the batch is that is being made.
#[server(prefix = "/admin/do", endpoint = "codes-progress")]
pub async fn get_progress() -> Result<Option<Making>, Failure> {
    Ok(codes::making(&store()?, &staff()?).await?)
}

/// Looks one code up.
#[server(prefix = "/admin/do", endpoint = "find-code")]
pub async fn find_code(charge_code: String) -> Result<FoundCode, Failure> {
    let result = async { Ok(codes::find(&store()?, &staff()?, &charge_code, &origin()?).await?) };
    flash::answer("find-code", "/admin/codes", &[("charge_code", &charge_code)], result.await)
}

/// Stops a batch's codes.
#[server(prefix = "/admin/do", endpoint = "freeze-codes")]
pub async fn freeze_codes(id: BatchId) -> Result<(), Failure> {
    let result = async { Ok(codes::freeze(&store()?, &staff()?, id, &origin()?).await.map(drop)?) };
    flash::answer("batch", &format!("/admin/codes/{id}"), &[], result.await)
}

/// Lets a batch's codes be redeemed again.
#[server(prefix = "/admin/do", endpoint = "thaw-codes")]
pub async fn thaw_codes(id: BatchId) -> Result<(), Failure> {
    let result = async { Ok(codes::thaw(&store()?, &staff()?, id, &origin()?).await.map(drop)?) };
    flash::answer("batch", &format!("/admin/codes/{id}"), &[], result.await)
}

/// Ends a batch for ever.
#[server(prefix = "/admin/do", endpoint = "cancel-codes")]
pub async fn cancel_codes(id: BatchId) -> Result<(), Failure> {
    let result = async { Ok(codes::cancel(&store()?, &staff()?, id, &origin()?).await.map(drop)?) };
    flash::answer("batch", &format!("/admin/codes/{id}"), &[], result.await)
}

/// Takes over older printed codes.
#[server(prefix = "/admin/do", endpoint = "import-codes")]
pub async fn import_codes(
    codes: String,
    value: String,
    label: String,
    reseller: String,
    expires_at: String,
) -> Result<ImportReport, Failure> {
    let result = async {
        let (store, staff, origin) = (store()?, staff()?, origin()?);
        staff.must(&store, Permission::ManageCodes, "codes.import", "", &origin).await?;
        let mut fields = Fields::default();
        let amount = fields.check("value", if value.trim().is_empty() { Ok(None) } else { number(&value).map(Some) });
        let expiry = fields.check("expires_at", end_of_day(&expires_at));
        let (Some(value), Some(expires_at)) = (amount, expiry) else { return Err(Failure(fields.problem())) };
        let (label, reseller) = (label.trim().to_owned(), reseller.trim().to_owned());
        let mut report = codes::import(&store, &staff, &codes::NewImport { codes, value, label, reseller, expires_at }, &origin).await?;
        if flash::is_plain() {
            report.lines.truncate(TOLD_PLAINLY);
        }
        Ok(report)
    };
    let typed =
        [("value", value.as_str()), ("label", label.as_str()), ("reseller", reseller.as_str()), ("expires_at", expires_at.as_str())];
    flash::answer("import-codes", "/admin/codes/import", &typed, result.await)
}

/// What each reseller was given, and what became of it.
#[server(prefix = "/admin/do", endpoint = "resellers")]
pub async fn get_resellers() -> Result<Resellers, Failure> {
    Ok(codes::resellers(&store()?, &staff()?).await?)
}

/// A whole number as people type it; the store's rules say which are good.
#[cfg(feature = "ssr")]
fn number(typed: &str) -> Result<i64, FieldCode> {
    let digits: String = fold_digits(typed).chars().filter(|character| !character.is_whitespace() && *character != ',').collect();
    if digits.is_empty() { Err(FieldCode::Required) } else { digits.parse().map_err(|_| FieldCode::Format) }
}

/// The end of a day that a date field names; none when it is empty.
#[cfg(feature = "ssr")]
fn end_of_day(typed: &str) -> Result<Option<Instant>, FieldCode> {
    let date = fold_digits(typed.trim());
    if date.is_empty() {
        return Ok(None);
    }
    let start: Instant = serde_json::from_value(format!("{date}T00:00:00Z").into()).map_err(|_| FieldCode::Format)?;
    // The thirtieth of February is read as a day of March.
    if start.to_string().starts_with(&date) { Ok(Some(start.plus(ms::DAY))) } else { Err(FieldCode::Format) }
}
