//! What was sold and what is owed.

use axum::{Json as Answer, extract::State, response::Response};
use shared::api::admin::Statistics;
use store::{Store, statistics as figures};

use crate::{
    api::extract::{Language, Query, StaffMember},
    problem::{Failure, Problems},
    spreadsheet,
};

/// Figures over any days of the shop, beside those of as many days before.
#[utoipa::path(get, path = "/api/v1/admin/statistics/", tag = "staff", security(("bearer" = [])),
    params(
        ("range" = Option<String>, Query, description = "`today`, `week`, `thirty`, `month`, `year` or `custom`; seven days where nothing is given."),
        ("from" = Option<String>, Query, description = "The first day, as `2026-11-23`."),
        ("to" = Option<String>, Query, description = "The last day."),
    ),
    responses((status = 200, description = "The figures.", body = Statistics), Problems),
)]
pub async fn statistics(State(store): State<Store>, StaffMember(staff): StaffMember, query: Query) -> Result<Answer<Statistics>, Failure> {
    let (from, to) = figures::days(&store, &staff, query.text("range"), query.text("from"), query.text("to")).await?;
    Ok(Answer(figures::of(&store, &staff, from, to).await?))
}

/// One table of the same figures as CSV, whole: every day, file, category or reseller, for a spreadsheet, in the caller's language.
#[utoipa::path(get, path = "/api/v1/admin/statistics/csv/", tag = "staff", security(("bearer" = [])),
    params(
        ("table" = String, Query, description = "`days`, `files`, `categories` or `resellers`."),
        ("range" = Option<String>, Query, description = "As above."),
        ("from" = Option<String>, Query, description = "As above."),
        ("to" = Option<String>, Query, description = "As above."),
    ),
    responses((status = 200, description = "The table.", content_type = "text/csv", body = String), Problems),
)]
pub async fn csv(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    Language(locale): Language,
    query: Query,
) -> Result<Response, Failure> {
    spreadsheet::statistics(&store, &staff, &query, locale).await
}
