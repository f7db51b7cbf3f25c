//! The logs of downloads and of who did what: searched, and taken whole for a spreadsheet.

use axum::{Json as Answer, extract::State, response::Response};
use shared::{
    Fields,
    api::admin::{AuditEntries, AuditFilter, AuditQuery, DownloadFilter, DownloadOutcome, DownloadQuery, Downloads},
};
use store::{Store, audit, downloads};

use crate::{
    api::extract::{Language, Query, StaffMember},
    problem::{Failure, Problems},
    spreadsheet,
};

fn cursor(query: &Query, fields: &mut Fields) -> Option<i64> {
    query.number(fields, "cursor", 1..=i64::MAX)
}

/// What of a query is the same in both.
fn read<T>(fields: Fields, filter: Result<T, shared::Problem>) -> Result<T, Failure> {
    let mut broken = fields.problem();
    match filter {
        Ok(filter) if broken.fields.is_empty() => Ok(filter),
        Ok(_) => Err(broken.into()),
        Err(problem) => {
            broken.fields.extend(problem.fields);
            Err(broken.into())
        }
    }
}

/// Which downloads a request asks for. Days are the shop's.
pub fn download_filter(store: &Store, query: &Query) -> Result<DownloadFilter, Failure> {
    let mut fields = Fields::default();
    let cursor = cursor(query, &mut fields);
    let text = |name| query.text(name).to_owned();
    let typed = DownloadQuery {
        customer: text("customer"),
        file: text("file"),
        outcome: text("outcome"),
        ip: text("ip"),
        from: text("from"),
        to: text("to"),
        cursor,
    };
    read(fields, typed.read(store.settings().utc_offset))
}

/// Which lines of the audit log a request asks for. Days are the shop's.
pub fn audit_filter(store: &Store, query: &Query) -> Result<AuditFilter, Failure> {
    let mut fields = Fields::default();
    let cursor = cursor(query, &mut fields);
    let text = |name| query.text(name).to_owned();
    let typed = AuditQuery {
        actor: text("actor"),
        action: text("action"),
        subject: text("subject"),
        outcome: text("outcome"),
        ip: text("ip"),
        from: text("from"),
        to: text("to"),
        cursor,
    };
    read(fields, typed.read(store.settings().utc_offset))
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
    Ok(Answer(downloads::list(&store, &staff, &download_filter(&store, &query)?).await?))
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
    let filter = download_filter(&store, &query)?;
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
    Ok(Answer(audit::list(&store, &staff, &audit_filter(&store, &query)?).await?))
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
    let filter = audit_filter(&store, &query)?;
    spreadsheet::audit(store, staff, filter, locale).await
}
