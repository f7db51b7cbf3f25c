//! Who a browser is signed in as: its cookies, renewed without its noticing (design, section 3).

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use shared::Code;
use store::{
    Caller, Customer, Origin, Result, Staff, Store,
    sessions::{self, Reuse},
};

use app::session::{self, Side};

use crate::{problem::Failure, state::AppState};

/// Middleware: puts `Option<Customer>` and `Option<Staff>` among the request's extensions, of which the path decides which one may be
/// there, and new cookies on the answer where they were renewed.
pub async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let secure = state.context.config.https();
    let Some(origin) = request.extensions().get::<Origin>().cloned() else { return next.run(request).await };
    let side = Side::of(request.uri().path());
    let Known { caller, cookies } = know(&state.store, side, request.headers(), secure, &origin).await;
    let (customer, staff): (Option<Customer>, Option<Staff>) = match (side, caller) {
        (Side::Shop, Some(Caller::Customer(customer))) => (Some(customer), None),
        (Side::Desk, Some(Caller::Staff(staff))) => (None, Some(staff)),
        _ => (None, None),
    };
    request.extensions_mut().insert(customer);
    request.extensions_mut().insert(staff);
    let mut response = next.run(request).await;
    // A handler that signs in or out has the last word.
    if !sets_session(side, response.headers(), secure) {
        for cookie in cookies {
            if let Ok(value) = HeaderValue::try_from(cookie) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
    }
    response
}

/// Middleware for what the desk uploads: puts `Option<Staff>` among the request's extensions, and renews nothing. New cookies would leave
/// with the answer, minutes after the token that they replace was used up; by then its next use is a thief's.
pub async fn recognise(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let Some(origin) = request.extensions().get::<Origin>().cloned() else { return next.run(request).await };
    let staff = match recognised(&state.store, request.headers(), state.context.config.https(), &origin).await {
        Ok(Some(Caller::Staff(staff))) => Some(staff),
        // The upload goes on when the database answers again: it must not be told to sign in.
        Err(error) if error.is_fault() => return Failure::from(error).into_response(),
        _ => None,
    };
    request.extensions_mut().insert::<Option<Staff>>(staff);
    next.run(request).await
}

async fn recognised(store: &Store, headers: &HeaderMap, secure: bool, origin: &Origin) -> Result<Option<Caller>> {
    if let Some(access) = session::cookie(headers, Side::Desk.access_cookie(secure)) {
        match sessions::authenticate(store, &access, origin).await {
            Err(error) if error.problem().code == Code::Unauthenticated => {}
            known => return known.map(Some),
        }
    }
    match session::cookie(headers, Side::Desk.refresh_cookie(secure)) {
        Some(refresh) => sessions::recognise(store, &refresh, origin).await.map(Some),
        None => Ok(None),
    }
}

#[derive(Default)]
struct Known {
    caller: Option<Caller>,
    cookies: Vec<String>,
}

async fn know(store: &Store, side: Side, headers: &HeaderMap, secure: bool, origin: &Origin) -> Known {
    if let Some(access) = session::cookie(headers, side.access_cookie(secure)) {
        match sessions::authenticate(store, &access, origin).await {
            Ok(caller) => return Known { caller: Some(caller), cookies: Vec::new() },
            Err(error) if error.problem().code == Code::Unauthenticated => {}
            Err(error) => return failed(&error, side, secure),
        }
    }
    let Some(refresh) = session::cookie(headers, side.refresh_cookie(secure)) else { return Known::default() };
    match renew(store, side, &refresh, secure, origin).await {
        Ok(known) => known,
        Err(error) => failed(&error, side, secure),
    }
}

async fn renew(store: &Store, side: Side, refresh: &str, secure: bool, origin: &Origin) -> Result<Known> {
    let tokens = sessions::refresh(store, refresh, Reuse::Browser, origin).await?;
    let caller = sessions::authenticate(store, &tokens.access_token, origin).await?;
    Ok(Known { caller: Some(caller), cookies: side.sign_in_cookies(&tokens, secure).into() })
}

/// A session that is over is forgotten by the browser too; one that can't be looked up now is kept.
fn failed(error: &store::Error, side: Side, secure: bool) -> Known {
    if error.is_fault() {
        tracing::error!(%error, "a session could not be looked up");
        return Known::default();
    }
    Known { caller: None, cookies: side.sign_out_cookies(secure).into() }
}

fn sets_session(side: Side, headers: &HeaderMap, secure: bool) -> bool {
    let name = format!("{}=", side.refresh_cookie(secure));
    headers.get_all(header::SET_COOKIE).iter().any(|value| value.as_bytes().starts_with(name.as_bytes()))
}
