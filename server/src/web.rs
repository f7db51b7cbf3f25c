//! The router: the web app, the REST API, the link gateway and what operators look at, behind one set of layers.

mod codes;
mod desk;
mod exports;
pub mod flow;
pub mod identity;
mod internal;
pub mod limits;
pub mod live;
mod operators;
mod pages;
mod pictures;
pub mod security;

use axum::{
    Router,
    middleware::{from_fn_with_state, map_response},
    response::Response,
};
use http::{HeaderValue, header};
use shared::Code;
use tower_http::{CompressionLevel, catch_panic::CatchPanicLayer, compression::CompressionLayer, services::ServeDir};

use crate::{api, gateway, logging, problem, problem::Failure, state::AppState};

/// Everything that the server answers.
pub fn router(state: AppState) -> Router {
    let compression = || CompressionLayer::new().quality(CompressionLevel::Precise(2));
    let pages = pages::router(&state).merge(exports::router());
    let pages = pages.layer(from_fn_with_state(state.clone(), identity::identify)).layer(compression());
    let not_found = pages::not_found(&state).layer(from_fn_with_state(state.clone(), identity::identify)).layer(compression());
    let not_found = not_found.with_state(state.clone());
    let hashed = Router::new().fallback_service(built_files(&state, "pkg")).layer(map_response(cache_for_ever));
    let site = Router::new().fallback_service(built_files(&state, "").fallback(not_found)).layer(map_response(cache_for_an_hour));
    let router = Router::new()
        .merge(api::router().layer(compression()))
        .merge(pages)
        .merge(pictures::router())
        .merge(operators::router())
        .merge(internal::router())
        .nest("/pkg", hashed)
        .fallback_service(site)
        .layer(from_fn_with_state(state.clone(), limits::body))
        .merge(gateway::router().layer(from_fn_with_state(state.clone(), limits::body)));
    // Uploads flow to the storage, with limits of their own. They take longer than the old cookies are good for beside new ones.
    let desk = desk::router().layer(from_fn_with_state(state.clone(), identity::recognise));
    let router = router.merge(desk).merge(api::flowing());
    // From here on from the inside out.
    router
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(state.clone(), security::same_site))
        .layer(from_fn_with_state(state.clone(), limits::identify))
        .layer(from_fn_with_state(state.clone(), security::headers))
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(from_fn_with_state(state.clone(), problem::render))
        .layer(from_fn_with_state(state.clone(), logging::observe))
        .with_state(state)
}

/// The files that `script/build` made, as it compressed them.
fn built_files(state: &AppState, folder: &str) -> ServeDir {
    ServeDir::new(state.context.config.site_root.join(folder))
        .precompressed_br()
        .precompressed_gzip()
        .append_index_html_on_directories(false)
}

async fn method_not_allowed() -> Failure {
    Code::MethodNotAllowed.into()
}

/// A built file whose name holds its hash never changes.
async fn cache_for_ever(response: Response) -> Response {
    cache(response, "public, max-age=31536000, immutable")
}

/// Fonts, icons and the like change with a release at most.
async fn cache_for_an_hour(response: Response) -> Response {
    cache(response, "public, max-age=3600")
}

fn cache(mut response: Response, policy: &'static str) -> Response {
    // Only files have this header: what is missing, and the page that says so, must not be kept.
    if response.headers().contains_key(header::LAST_MODIFIED) {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(policy));
    }
    response
}
