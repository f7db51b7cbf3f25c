//! What the desk hands out as files: the logs and figures as CSV, and all that is kept of a person.

use axum::{
    Router,
    extract::State,
    response::Response,
    routing::{get, post},
};
use http::HeaderMap;
use shared::{
    Code, Serial,
    api::admin::{AuditQuery, DownloadQuery},
};
use store::customers;

use crate::{
    api::{
        admin::logs::filter,
        extract::{Desk, From, Id, Query},
    },
    attachment::attachment,
    problem::Failure,
    spreadsheet,
    state::AppState,
};

/// `/admin/downloads.csv`, `/admin/audit.csv`, `/admin/statistics.csv`, and a person's data.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/admin/downloads.csv", get(downloads))
        .route("/admin/audit.csv", get(audit))
        .route("/admin/statistics.csv", get(statistics))
        .route("/admin/customers/{serial}/export", post(person))
}

/// In the page's own language, as the others: a link does not name one.
async fn downloads(State(state): State<AppState>, Desk(staff): Desk, headers: HeaderMap, query: Query) -> Result<Response, Failure> {
    let filter = filter::<DownloadQuery>(&state.store, &query)?;
    spreadsheet::downloads(state.store, staff, filter, app::session::locale(&headers)).await
}

async fn audit(State(state): State<AppState>, Desk(staff): Desk, headers: HeaderMap, query: Query) -> Result<Response, Failure> {
    let filter = filter::<AuditQuery>(&state.store, &query)?;
    spreadsheet::audit(state.store, staff, filter, app::session::locale(&headers)).await
}

async fn statistics(State(state): State<AppState>, Desk(staff): Desk, headers: HeaderMap, query: Query) -> Result<Response, Failure> {
    spreadsheet::statistics(&state.store, &staff, &query, app::session::locale(&headers)).await
}

/// POST, because the audit log says that it was handed out.
async fn person(State(state): State<AppState>, Desk(staff): Desk, From(origin): From, Id(serial): Id<Serial>) -> Result<Response, Failure> {
    let data = customers::export(&state.store, &staff, &serial, &origin).await?;
    let text = serde_json::to_string_pretty(&data).map_err(|error| {
        tracing::error!(%error, "a person's data could not be written");
        Code::Internal
    })?;
    Ok(attachment("application/json; charset=utf-8", &format!("{serial}.json"), text))
}
