//! What the Worker asks of the server: it takes the events of downloads, and gives the bytes that the Worker's bucket does not
//! have. Nobody without the Worker's signature learns anything here.

use axum::{
    Json, Router,
    body::Body,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use shared::{
    Code, VersionId,
    link::{Acknowledged, Dispatch, Purpose, webhook},
};
use store::{edge, links};

use crate::{
    gateway::{PIECE, Reader},
    problem::Failure,
    state::AppState,
};

/// `/internal/links/events` and `/internal/links/content/{version}`.
pub fn router() -> Router<AppState> {
    Router::new().route("/internal/links/events", post(events)).route("/internal/links/content/{version}", get(content))
}

/// Takes a [`Dispatch`], and acknowledges what is stored.
async fn events(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Result<Json<Acknowledged>, Failure> {
    signed(&state, Purpose::Events, &headers, &body)?;
    let dispatch: Dispatch = serde_json::from_slice(&body).map_err(|error| {
        tracing::error!(%error, "what the Worker tells can't be read, is it of this version?");
        Code::BadRequest
    })?;
    let acknowledged = edge::receive(&state.store, &dispatch).await?;
    metrics::counter!("worker_dispatches_total").increment(1);
    Ok(Json(acknowledged))
}

/// The bytes of a content from the first offset up to, not including, the second.
#[derive(Deserialize)]
struct Part {
    from: u64,
    to: u64,
}

/// Streams a part of a version's content. A request is answered once: what was overheard can't be asked again.
async fn content(
    State(state): State<AppState>,
    version: Result<Path<i64>, PathRejection>,
    part: Result<Query<Part>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let (Ok(Path(version)), Ok(Query(Part { from, to }))) = (version, part) else { return Err(refused(Purpose::Origin)) };
    let id = signed(&state, Purpose::Origin, &headers, format!("{version} {from} {to}").as_bytes())?;
    if !edge::is_first(&state.store, &id).await? {
        return Err(refused(Purpose::Origin));
    }
    let size = links::content_size(&state.store, VersionId(version)).await?;
    if from >= to || to > size {
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, format!("bytes */{size}"))]).into_response());
    }
    let mut reader = Reader::new(links::content(&state.store, VersionId(version), from, to).await?);
    let pieces = stream::poll_fn(move |task| reader.poll_next(task, PIECE));
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, (to - from).to_string()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    metrics::counter!("worker_origin_bytes_total").increment(to - from);
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// The id of a message that the Worker signed for this purpose, not long ago.
fn signed(state: &AppState, purpose: Purpose, headers: &HeaderMap, body: &[u8]) -> Result<String, Failure> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    match text(webhook::ID) {
        Some(id) if webhook::verify(&state.context.site.keys, purpose, text, body, state.store.now()) => Ok(id.to_owned()),
        _ => Err(refused(purpose)),
    }
}

fn refused(purpose: Purpose) -> Failure {
    let route = if purpose == Purpose::Events { "events" } else { "content" };
    metrics::counter!("worker_messages_refused_total", "route" => route).increment(1);
    Code::Unauthenticated.into()
}
