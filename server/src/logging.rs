//! Structured logs on standard error, and a line and a measurement for each request.
//!
//! A log never holds a PIN, token, code or ticket: a request's line has its route's template, never the path or the query.

use std::{io::IsTerminal, sync::Arc};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue};
use tokio::time::Instant;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{state::Context, system};

/// Starts logging: for people on a terminal, JSON elsewhere. `RUST_LOG` overrides what is logged.
pub fn start(debug: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        EnvFilter::new(if debug { "info,server=debug,store=debug,app=debug" } else { "warn,server=info,store=info,app=info" })
    });
    let registry = tracing_subscriber::registry().with(filter);
    let output = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // Fails only when something logs already, which is as good.
    let _ = if std::io::stderr().is_terminal() {
        registry.with(output).try_init()
    } else {
        registry.with(output.json().flatten_event(true)).try_init()
    };
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Middleware: names the request, logs it when its answer's head is there, and measures it.
pub async fn observe(State(context): State<Arc<Context>>, request: Request, next: Next) -> Response {
    let id = system::hex(&system::random::<8>(&*context.rng));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let began = Instant::now();
    let mut response = next.run(request).await;
    let (status, seconds) = (response.status(), began.elapsed().as_secs_f64());
    let milliseconds = (seconds * 1000.0).round();
    if status.is_server_error() {
        tracing::error!(%id, %method, route, status = status.as_u16(), milliseconds, "request");
    } else {
        tracing::info!(%id, %method, route, status = status.as_u16(), milliseconds, "request");
    }
    let method = if method.is_safe() || method == http::Method::POST { method.to_string() } else { "other".to_owned() };
    let labels = [("method", method), ("route", route), ("status", status.as_u16().to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels[..2]).record(seconds);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
