//! Who a browser is signed in as: its cookies, renewed without its noticing (design, section 3).

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderValue, header};
use shared::Code;
use store::{
    Caller, Customer, Origin, Result, Store,
    sessions::{self, Reuse},
};

use app::session;

use crate::state::AppState;

/// Middleware: puts `Option<Customer>` among the request's extensions, and new cookies on the answer where they were renewed.
pub async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let secure = state.context.config.https();
    let Some(origin) = request.extensions().get::<Origin>().cloned() else { return next.run(request).await };
    let Known { customer, cookies } = know(&state.store, request.headers(), secure, &origin).await;
    request.extensions_mut().insert(customer);
    let mut response = next.run(request).await;
    // A handler that signs in or out has the last word.
    if !sets_session(response.headers(), secure) {
        for cookie in cookies {
            if let Ok(value) = HeaderValue::try_from(cookie) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
    }
    response
}

#[derive(Default)]
struct Known {
    customer: Option<Customer>,
    cookies: Vec<String>,
}

async fn know(store: &Store, headers: &HeaderMap, secure: bool, origin: &Origin) -> Known {
    if let Some(access) = session::cookie(headers, session::access_cookie(secure)) {
        match sessions::authenticate(store, &access).await {
            Ok(caller) => return Known { customer: customer(caller), cookies: Vec::new() },
            Err(error) if error.problem().code == Code::Unauthenticated => {}
            Err(error) => return failed(&error, secure),
        }
    }
    let Some(refresh) = session::cookie(headers, session::refresh_cookie(secure)) else { return Known::default() };
    match renew(store, &refresh, secure, origin).await {
        Ok(known) => known,
        Err(error) => failed(&error, secure),
    }
}

async fn renew(store: &Store, refresh: &str, secure: bool, origin: &Origin) -> Result<Known> {
    let tokens = sessions::refresh(store, refresh, Reuse::Browser, origin).await?;
    let caller = sessions::authenticate(store, &tokens.access_token).await?;
    Ok(Known { customer: customer(caller), cookies: session::sign_in_cookies(&tokens, secure).into() })
}

/// A session that is over is forgotten by the browser too; one that can't be looked up now is kept.
fn failed(error: &store::Error, secure: bool) -> Known {
    if error.is_fault() {
        tracing::error!(%error, "a session could not be looked up");
        return Known::default();
    }
    Known { customer: None, cookies: session::sign_out_cookies(secure).into() }
}

fn customer(caller: Caller) -> Option<Customer> {
    match caller {
        Caller::Customer(customer) => Some(customer),
        Caller::Staff(_) => None,
    }
}

fn sets_session(headers: &HeaderMap, secure: bool) -> bool {
    let name = format!("{}=", session::refresh_cookie(secure));
    headers.get_all(header::SET_COOKIE).iter().any(|value| value.as_bytes().starts_with(name.as_bytes()))
}
