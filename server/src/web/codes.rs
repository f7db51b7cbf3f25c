//! `POST /admin/codes/{id}/hand-out`: a batch's plain codes leave. The form carries its maker's ticket; it works without JavaScript.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use shared::{BatchId, Code};

use crate::{
    api::extract::{Desk, Form, From, Id},
    plain_codes,
    problem::Failure,
    state::AppState,
};

/// What is wanted. Browsers send what no button was pressed for as nothing.
#[derive(Deserialize)]
pub struct Wanted {
    ticket: String,
    way: String,
    #[serde(default)]
    layout: String,
    #[serde(default)]
    part: String,
}

/// Hands the codes out. What is too late is told on the batch's page.
pub async fn hand_out(
    State(state): State<AppState>,
    desk: Result<Desk, Failure>,
    From(origin): From,
    Id(id): Id<BatchId>,
    Form(Wanted { ticket, way, layout, part }): Form<Wanted>,
) -> Result<Response, Failure> {
    let Ok(Desk(staff)) = desk else { return Ok(see_other("/admin/login?next=/admin/codes")) };
    let wanted = plain_codes::Wanted { ticket, way, layout: layout.parse().ok(), part: part.parse().ok() };
    match plain_codes::hand_out(&state, &staff, id, &wanted, &origin).await {
        Err(Failure(problem)) if problem.code == Code::CodesGone => {
            let cookie = app::flash::problem_cookie("hand-out", &problem, state.context.config.https());
            let mut response = see_other(&format!("/admin/codes/{id}"));
            if let Ok(cookie) = HeaderValue::try_from(cookie) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            Ok(response)
        }
        answer => answer,
    }
}

fn see_other(location: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, location.to_owned())]).into_response()
}
