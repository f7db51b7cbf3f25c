//! The logs of downloads and of who did what: searched, and taken whole for a spreadsheet.

use axum::{Json as Answer, extract::State, response::Response};
use shared::{
    Fields,
    api::admin::{AuditEntries, AuditQuery, DownloadOutcome, DownloadQuery, Downloads, LogQuery},
};
use store::{Store, audit, downloads};

use crate::{
    api::extract::{Language, Query, StaffMember},
    problem::{Failure, Problems},
    spreadsheet,
};

/// Which lines of a log a request asks for, or every field that can't be understood. Days are the shop's.
pub fn filter<Q: LogQuery>(store: &Store, query: &Query) -> Result<Q::Filter, Failure> {
    let mut fields = Fields::default();
    let cursor = query.number(&mut fields, "cursor", 1..=i64::MAX);
    let read = Q::typed(|name| query.text(name).to_owned(), cursor).read(store.settings().utc_offset);
    let mut broken = fields.problem();
    match read {
        Ok(filter) if broken.fields.is_empty() => Ok(filter),
        Ok(_) => Err(broken.into()),
        Err(problem) => {
            broken.fields.extend(problem.fields);
            Err(broken.into())
        }
    }
}

/// Attempts to download, newest first, each with why it went as it did.
#[utoipa::path(get, path = "/api/v1/admin/downloads/", tag = "staff", security(("bearer" = [])),
    params(
        ("customer" = Option<String>, Query, description = "A customer's serial, name or phone."),
        ("file" = Option<String>, Query, description = "Words of a file's title; the twenty newest that have them are meant."),
        ("outcome" = Option<DownloadOutcome>, Query, description = "What became of it, or `trouble` for what was refused or failed on its way."),
        ("ip" = Option<String>, Query, description = "An address that any step came from."),
        ("from" = Option<String>, Query, description = "The first day by the shop's clock (2026-11-22), or an instant."),
        ("to" = Option<String>, Query, description = "The last day, or an instant."),
        ("cursor" = Option<i64>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of attempts.", body = Downloads), Problems),
)]
pub async fn downloads(State(store): State<Store>, StaffMember(staff): StaffMember, query: Query) -> Result<Answer<Downloads>, Failure> {
    Ok(Answer(downloads::list(&store, &staff, &filter::<DownloadQuery>(&store, &query)?).await?))
}

/// The same as CSV, whole: for a spreadsheet, in the caller's language.
#[utoipa::path(get, path = "/api/v1/admin/downloads/csv/", tag = "staff", security(("bearer" = [])),
    params(
        ("customer" = Option<String>, Query, description = "As in the list."),
        ("file" = Option<String>, Query, description = "As in the list."),
        ("outcome" = Option<DownloadOutcome>, Query, description = "As in the list."),
        ("ip" = Option<String>, Query, description = "As in the list."),
        ("from" = Option<String>, Query, description = "As in the list."),
        ("to" = Option<String>, Query, description = "As in the list."),
    ),
    responses((status = 200, description = "The attempts.", content_type = "text/csv", body = String), Problems),
)]
pub async fn downloads_csv(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    Language(locale): Language,
    query: Query,
) -> Result<Response, Failure> {
    let filter = filter::<DownloadQuery>(&store, &query)?;
    spreadsheet::downloads(store, staff, filter, locale).await
}

/// Who did what, on what, from where, when, with which outcome, newest first.
#[utoipa::path(get, path = "/api/v1/admin/audit/", tag = "staff", security(("bearer" = [])),
    params(
        ("actor" = Option<String>, Query, description = "A user name, a customer's serial, `operator`, `anonymous`."),
        ("action" = Option<String>, Query, description = "What was done, as the log spells it."),
        ("subject" = Option<String>, Query, description = "A customer's serial, a user name, or a thing as the log spells it: `purchase:4`."),
        ("outcome" = Option<String>, Query, description = "`ok`, `failed`, or an outcome as the log spells it."),
        ("ip" = Option<String>, Query, description = "An address."),
        ("from" = Option<String>, Query, description = "The first day by the shop's clock (2026-11-22), or an instant."),
        ("to" = Option<String>, Query, description = "The last day, or an instant."),
        ("cursor" = Option<i64>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of the log.", body = AuditEntries), Problems),
)]
pub async fn audit(State(store): State<Store>, StaffMember(staff): StaffMember, query: Query) -> Result<Answer<AuditEntries>, Failure> {
    Ok(Answer(audit::list(&store, &staff, &filter::<AuditQuery>(&store, &query)?).await?))
}

/// The same as CSV, whole: for a spreadsheet, in the caller's language.
#[utoipa::path(get, path = "/api/v1/admin/audit/csv/", tag = "staff", security(("bearer" = [])),
    params(
        ("actor" = Option<String>, Query, description = "As in the list."),
        ("action" = Option<String>, Query, description = "As in the list."),
        ("subject" = Option<String>, Query, description = "As in the list."),
        ("outcome" = Option<String>, Query, description = "As in the list."),
        ("ip" = Option<String>, Query, description = "As in the list."),
        ("from" = Option<String>, Query, description = "As in the list."),
        ("to" = Option<String>, Query, description = "As in the list."),
    ),
    responses((status = 200, description = "The log.", content_type = "text/csv", body = String), Problems),
)]
pub async fn audit_csv(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    Language(locale): Language,
    query: Query,
) -> Result<Response, Failure> {
    let filter = filter::<AuditQuery>(&store, &query)?;
    spreadsheet::audit(store, staff, filter, locale).await
}
