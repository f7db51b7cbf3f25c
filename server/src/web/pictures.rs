//! Covers and free previews.

use axum::{
    Router,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use shared::FileId;
use store::{Picture, catalog};

use crate::{api::extract::Id, problem::Failure, state::AppState};

/// `/covers/{file}` and `/previews/{file}`.
pub fn router() -> Router<AppState> {
    Router::new().route("/covers/{id}", get(cover)).route("/previews/{id}", get(preview))
}

async fn cover(
    State(state): State<AppState>,
    Id(file): Id<FileId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    Ok(answer(catalog::cover(&state.store, file).await?, query.as_deref(), &headers))
}

async fn preview(
    State(state): State<AppState>,
    Id(file): Id<FileId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    Ok(answer(catalog::preview(&state.store, file).await?, query.as_deref(), &headers))
}

/// The address that the catalog gives names the picture's hash (`?v=`): such an answer never changes.
fn answer(picture: Picture, query: Option<&str>, headers: &HeaderMap) -> Response {
    let named = query.and_then(|query| query.strip_prefix("v=")).is_some_and(|hash| hash.len() >= 8 && picture.etag.starts_with(hash));
    let lifetime = if named { "public, max-age=31536000, immutable" } else { "public, no-cache" };
    let etag = format!("\"{}\"", picture.etag);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let hit = known
        .is_some_and(|known| known.split(',').any(|tag| matches!(tag.trim().trim_start_matches("W/"), tag if tag == etag || tag == "*")));
    let mut response = if hit { StatusCode::NOT_MODIFIED.into_response() } else { picture.bytes.into_response() };
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::ETAG, &etag);
    set(header::CACHE_CONTROL, lifetime);
    if !hit {
        set(header::CONTENT_TYPE, &picture.content_type);
    }
    if picture.content_type == "application/pdf" {
        // The browser's own viewer brings styles and scripts of its own; the document gets nothing of ours.
        set(header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'");
    }
    response
}
