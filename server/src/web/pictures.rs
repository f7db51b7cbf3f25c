//! Covers, free previews and the shop's logo.

use axum::{
    Router,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use shared::FileId;
use store::{Picture, catalog, settings};

use crate::{api::extract::Id, problem::Failure, state::AppState};

/// `/covers/{file}`, `/previews/{file}` and `/logo`.
pub fn router() -> Router<AppState> {
    Router::new().route("/covers/{id}", get(cover)).route("/previews/{id}", get(preview)).route("/logo", get(logo))
}

async fn cover(
    State(state): State<AppState>,
    Id(file): Id<FileId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let hash = hash(query.as_deref());
    Ok(answer(catalog::cover(&state.store, file, hash).await?, hash, &headers))
}

async fn preview(
    State(state): State<AppState>,
    Id(file): Id<FileId>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let hash = hash(query.as_deref());
    Ok(answer(catalog::preview(&state.store, file, hash).await?, hash, &headers))
}

async fn logo(State(state): State<AppState>, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response, Failure> {
    Ok(answer(settings::logo(&state.store).await?, hash(query.as_deref()), &headers))
}

/// The picture's hash in the address that the catalog gives (`?v=`); empty where there is none.
fn hash(query: Option<&str>) -> &str {
    query.and_then(|query| query.strip_prefix("v=")).unwrap_or_default()
}

/// What is had under its hash never changes.
fn answer(picture: Picture, hash: &str, headers: &HeaderMap) -> Response {
    let lifetime = if catalog::names(hash, &picture.etag) { "public, max-age=31536000, immutable" } else { "public, no-cache" };
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
