//! What operators and crawlers ask for.

use axum::{
    Extension, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, header};
use shared::Code;

use super::limits::ClientAddress;
use crate::{client::Peer, problem::Failure, readiness, state::AppState};

/// `/healthz`, `/readyz`, `/metrics`, `/robots.txt`.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/robots.txt", get(robots))
}

/// 503 while the database or the place of the files does not answer, and once the server stops: a load balancer sends nobody here then.
async fn ready(State(state): State<AppState>) -> Result<&'static str, Failure> {
    if state.context.stopping.is_cancelled() {
        return Err(Code::Unavailable.into());
    }
    if !readiness::database(&state.store).await {
        return Err(Code::Unavailable.into());
    }
    if !state.context.readiness.files(&state.context.config, &state.store).await {
        return Err(Code::Unavailable.into());
    }
    Ok("ready\n")
}

/// Prometheus text, for the machine itself and the trusted network.
async fn metrics(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Extension(Peer(peer)): Extension<Peer>,
    headers: HeaderMap,
) -> Response {
    let trusted =
        |address: std::net::IpAddr| state.context.config.trusted_proxies.iter().any(|network| network.contains(&address.to_canonical()));
    // A proxy on this machine that nobody declared must not make the whole world local.
    let hidden = headers.contains_key("x-forwarded-for") && !trusted(peer.ip());
    if hidden || !(address.to_canonical().is_loopback() || trusted(address)) {
        return Failure::from(Code::NotFound).into_response();
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], state.context.metrics.render()).into_response()
}

/// Crawlers may read the shop, and have no business with links, accounts and the API.
async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /d/\nDisallow: /f/\nDisallow: /api/\nDisallow: /do/\nDisallow: /admin\nDisallow: /wallet\nDisallow: /purchases\n\
     Disallow: /notifications\nDisallow: /profile\nDisallow: /live\n"
}
