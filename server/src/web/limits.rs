//! What a request may ask of the server: its size, its time, and how many of them an address may make.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use shared::{Code, Problem, ms};

use crate::{
    client::{self, Peer},
    problem::Failure,
    state::{AppState, Context},
};

/// The largest body of a JSON request, in bytes.
const JSON_LIMIT: usize = 64 * 1024;
/// The largest form of the web app, in bytes.
const FORM_LIMIT: usize = 256 * 1024;
/// The largest table that is imported, in bytes: fifty thousand recharge codes.
const TABLE_LIMIT: usize = 2 * 1024 * 1024 - 1;
/// The largest message of the Worker, in bytes.
const WORKER_LIMIT: usize = 1024 * 1024;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a body that is too large is read and thrown away, so that the client gets to read its answer.
const DRAINED: usize = 64 * 1024 * 1024;
/// How long that may take.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// The client's address, for handlers behind [`identify`].
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// Middleware: finds out the client's address and counts its requests. What costs nothing, what operators need, and what the Worker
/// signs for all of its customers is not counted.
pub async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let Some(Peer(peer)) = request.extensions().get::<Peer>().copied() else { return Failure::from(Code::Internal).into_response() };
    let address = client::address(peer.ip(), request.headers(), &state.context.config.trusted_proxies);
    let path = request.uri().path();
    let free = ["/pkg/", "/fonts/", "/internal/"].iter().any(|prefix| path.starts_with(prefix))
        || matches!(path, "/healthz" | "/readyz" | "/metrics");
    if !free && let Err(seconds) = state.context.limiter.check(address).await {
        let retry_at = state.store.now().plus(seconds * ms::SECOND);
        return Failure(Problem { retry_at: Some(retry_at), ..Code::RateLimited.into() }).into_response();
    }
    let origin = client::origin(address, request.headers());
    request.extensions_mut().insert(origin);
    request.extensions_mut().insert(ClientAddress(address));
    next.run(request).await
}

/// Middleware: takes the whole body in, within its size and time, before a handler begins.
pub async fn body(State(context): State<Arc<Context>>, request: Request, next: Next) -> Response {
    let limit = match request.uri().path() {
        "/api/v1/admin/codes/import/" | "/api/v1/admin/files/import/" | "/admin/do/import-codes" | "/admin/do/import-files" => TABLE_LIMIT,
        "/api/v1/admin/settings/logo/" => FORM_LIMIT,
        path if path.starts_with("/api/v1/") => JSON_LIMIT,
        path if path.starts_with("/internal/") => WORKER_LIMIT,
        _ => FORM_LIMIT,
    };
    let (parts, mut body) = request.into_parts();
    let taken = if declared_length(&parts.headers).is_some_and(|length| length > limit) {
        Err(Code::PayloadTooLarge)
    } else {
        tokio::time::timeout(BODY_TIMEOUT, take(&mut body, limit)).await.unwrap_or(Err(Code::BadRequest))
    };
    match taken {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes.freeze()))).await,
        Err(code) => {
            if code == Code::PayloadTooLarge && !context.stopping.is_cancelled() {
                drain_in_time(body).await;
            }
            Failure::from(code).into_response()
        }
    }
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn take(body: &mut Body, limit: usize) -> Result<BytesMut, Code> {
    let mut taken = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Code::BadRequest)?.into_data() else { continue };
        if taken.len() + data.len() > limit {
            return Err(Code::PayloadTooLarge);
        }
        taken.extend_from_slice(&data);
    }
    Ok(taken)
}

/// Reads a body that nobody wants, up to a size and a time, so that the client gets to read its answer.
pub async fn drain_in_time(body: Body) {
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, drain(body)).await;
}

async fn drain(mut body: Body) {
    let mut drained = 0;
    while let Some(Ok(frame)) = body.frame().await {
        drained += frame.data_ref().map_or(0, bytes::Bytes::len);
        if drained > DRAINED {
            return;
        }
    }
}
