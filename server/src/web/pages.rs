//! The web app: its pages and server functions, and the plain form posts that work before and without its script.

use axum::{
    Extension, Router,
    extract::{Path, State},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use leptos::{
    context::{provide_context, use_context},
    nonce::use_nonce,
    prelude::{AnyView, IntoAny},
    server_fn::error::SERVER_FN_ERROR_HEADER,
};
use leptos_axum::{LeptosRoutes, ResponseOptions};
use serde::Deserialize;
use shared::{Code, Locale, Problem, PurchaseId};
use store::{Customer, Origin, Staff, links, sessions};

use app::session::{self, Side};

use super::{codes, live, security};
use crate::{api::extract::Form, gateway, problem::Failure, state::AppState};

/// The pages, the server functions and the forms.
pub fn router(state: &AppState) -> Router<AppState> {
    let routes = [app::routes(), dashboard::routes()].concat();
    Router::new()
        .route("/admin/sign-out", post(leave_desk))
        .route("/admin/codes/{id}/hand-out", post(codes::hand_out))
        .route("/purchases/{id}/download", post(download))
        .route("/language", post(language))
        .route("/sign-out", post(sign_out))
        .route("/live", get(live::web))
        .leptos_routes_with_context(state, routes, context(state), shell(state))
        .layer(map_response(status_of_failure))
}

/// Leptos answers every failure of a server function with 500: here it gets the status of its problem.
async fn status_of_failure(response: Response) -> Response {
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR || !response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else { return Failure::from(Code::Internal).into_response() };
    let problem = serde_json::from_slice::<Problem>(&body).ok();
    if let Some(status) = problem.and_then(|problem| StatusCode::from_u16(problem.code.status()).ok()) {
        head.status = status;
    }
    Response::from_parts(head, body.into())
}

/// The web app's page for an address that is none, with status 404.
pub fn not_found(state: &AppState) -> Router<AppState> {
    let render = leptos_axum::render_app_to_stream_in_order_with_context(context(state), shell(state));
    let page = move |request: axum::extract::Request| async move {
        let mut response = render(request).await;
        if response.status() == StatusCode::OK {
            *response.status_mut() = StatusCode::NOT_FOUND;
        }
        response
    };
    Router::new().fallback(get(page).fallback(|| async { Failure::from(Code::NotFound) }))
}

/// The document of a page: the shop's, or the desk's.
fn shell(state: &AppState) -> impl Fn() -> AnyView + Clone + Send + Sync + 'static {
    let context = state.context.clone();
    move || match side() {
        Side::Shop => app::shell(context.leptos.clone()).into_any(),
        Side::Desk => dashboard::shell(context.leptos.clone()).into_any(),
    }
}

/// The side of the request that is in context.
fn side() -> Side {
    use_context::<Parts>().map_or(Side::Shop, |parts| Side::of(parts.uri.path()))
}

/// What the app's components and server functions find in their context, for each request.
fn context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let state = state.clone();
    move || {
        provide_context(state.store.clone());
        provide_context(session::SecureCookies(state.context.config.https()));
        if let Some(parts) = use_context::<Parts>() {
            provide_context(session::locale(&parts.headers));
            provide_context(parts.extensions.get::<Option<Customer>>().cloned().flatten());
            provide_context(parts.extensions.get::<Option<Staff>>().cloned().flatten());
            if let Some(origin) = parts.extensions.get::<Origin>() {
                provide_context(origin.clone());
            }
        }
        let Some(response) = use_context::<ResponseOptions>() else { return };
        // A page is one person's: it must not come out of a cache to another. What the staff sees is kept on no disk either.
        let keeping = match side() {
            Side::Shop => "private, no-cache",
            Side::Desk => "private, no-store",
        };
        response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static(keeping));
        if let Some(policy) = use_nonce().and_then(|nonce| security::page_policy(&state.context.config, &nonce)) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}

fn see_other(location: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, location.to_owned())]).into_response()
}

fn with_cookies(mut response: Response, cookies: impl IntoIterator<Item = String>) -> Response {
    for cookie in cookies {
        if let Ok(value) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

/// Presses Download: 307 keeps the method, so that the link is posted at once; a broken rule is told on the purchases' page.
async fn download(
    State(state): State<AppState>,
    Extension(customer): Extension<Option<Customer>>,
    Extension(origin): Extension<Origin>,
    Path(purchase): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(customer) = customer else { return see_other("/sign-in?next=/purchases") };
    let Ok(purchase) = purchase.parse::<PurchaseId>() else { return Failure::from(Code::NotFound).into_response() };
    match links::press_download(&state.store, &customer, purchase, &origin).await {
        Ok(pressed) => {
            let cookie = gateway::prepare(&state, &pressed.url, &headers);
            let headers = [(header::LOCATION, pressed.url), (header::CACHE_CONTROL, "no-store".to_owned())];
            with_cookies((StatusCode::TEMPORARY_REDIRECT, headers).into_response(), cookie)
        }
        Err(error) => {
            let Failure(problem) = error.into();
            let cookie = app::flash::problem_cookie("download", &problem, state.context.config.https());
            with_cookies(see_other("/purchases"), [cookie])
        }
    }
}

#[derive(Deserialize)]
struct LanguageForm {
    locale: String,
}

/// Chooses the language, and leads back to the page it was chosen on.
async fn language(State(state): State<AppState>, headers: HeaderMap, Form(form): Form<LanguageForm>) -> Response {
    let Some(locale) = Locale::from_tag(&form.locale) else { return Failure::from(Code::BadRequest).into_response() };
    let cookie = session::locale_cookie(locale, state.context.config.https());
    with_cookies(see_other(&app::flash::page_before(&headers)), [cookie])
}

/// Ends the session.
async fn sign_out(
    State(state): State<AppState>,
    Extension(customer): Extension<Option<Customer>>,
    Extension(origin): Extension<Origin>,
) -> Result<Response, Failure> {
    if let Some(customer) = customer {
        sessions::end(&state.store, customer.session, &origin).await?;
    }
    Ok(with_cookies(see_other("/"), Side::Shop.sign_out_cookies(state.context.config.https())))
}

/// Ends the session of a member of the staff.
async fn leave_desk(
    State(state): State<AppState>,
    Extension(staff): Extension<Option<Staff>>,
    Extension(origin): Extension<Origin>,
) -> Result<Response, Failure> {
    if let Some(staff) = staff {
        sessions::end(&state.store, staff.session, &origin).await?;
    }
    Ok(with_cookies(see_other("/admin/login"), Side::Desk.sign_out_cookies(state.context.config.https())))
}
