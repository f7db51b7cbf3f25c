//! What keeps browsers from being turned against their users: security headers, and refusal of other sites' requests.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use shared::Code;

use crate::{config::Config, problem::Failure, state::Context};

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// The policy of a page of the web app (Content Security Policy, level 3): only scripts that carry the page's nonce run, and what they load.
///
/// `form-action` names the Worker too: browsers hold it against redirects, and Download's form is sent on to the link.
pub fn page_policy(config: &Config, nonce: &str) -> Option<HeaderValue> {
    let worker = config.worker_url.as_deref().map(|url| format!(" {url}")).unwrap_or_default();
    let upgrade = if config.https() { "; upgrade-insecure-requests" } else { "" };
    HeaderValue::try_from(format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; media-src 'self' blob:; worker-src 'self'; \
         form-action 'self'{worker}; base-uri 'none'; frame-ancestors 'none'{upgrade}"
    ))
    .ok()
}

/// Middleware: the headers that every answer carries, unless its handler chose its own.
pub async fn headers(State(context): State<Arc<Context>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::X_FRAME_OPTIONS, "DENY");
    // Not `no-referrer`: the web app's forms without JavaScript lead back to where they were sent from.
    default(header::REFERRER_POLICY, "same-origin");
    default(OPENER_POLICY, "same-origin");
    default(
        PERMISSIONS_POLICY,
        "camera=(self), clipboard-write=(self), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    );
    if context.config.https() {
        default(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    response
}

/// Middleware: a request that changes something must not come from another site's page. Tickets, bearer tokens and the Worker's
/// signatures prove themselves: no browser adds them by itself.
pub async fn same_site(State(context): State<Arc<Context>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let path = request.uri().path();
    let proves_itself = path.starts_with("/d/")
        || path.starts_with("/internal/")
        || (path.starts_with("/api/v1/") && headers.contains_key(header::AUTHORIZATION));
    if request.method().is_safe() || proves_itself || is_same_site(headers, &context.config.public_url) {
        return next.run(request).await;
    }
    Failure::from(Code::CrossSite).into_response()
}

/// `Sec-Fetch-Site` where the browser sends it, else `Origin`. A request with neither comes from no browser of today.
fn is_same_site(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text(&HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(&header::ORIGIN) else { return true };
    let host = origin.split_once("://").map(|(_, host)| host);
    origin == public_url || (host.is_some() && host == text(&header::HOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_other_sites() {
        let same = |pairs: &[(&'static str, &str)]| {
            let headers = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
            is_same_site(&headers, "https://shop.example")
        };
        assert!(same(&[]));
        assert!(same(&[("sec-fetch-site", "same-origin"), ("origin", "https://shop.example")]));
        assert!(same(&[("origin", "https://shop.example"), ("host", "10.0.0.7:3000")]));
        assert!(same(&[("origin", "http://localhost:3000"), ("host", "localhost:3000")]));
        assert!(!same(&[("sec-fetch-site", "cross-site")]));
        assert!(!same(&[("sec-fetch-site", "same-site"), ("origin", "https://shop.example")]));
        assert!(!same(&[("origin", "https://evil.example"), ("host", "shop.example")]));
        assert!(!same(&[("origin", "null"), ("host", "shop.example")]));
        assert!(!same(&[("origin", "https://shop.example.evil.example")]));
    }
}
