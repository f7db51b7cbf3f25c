//! The one place where a [`Problem`] becomes an HTTP answer (RFC 9457), in the caller's language.
//!
//! Handlers return [`Failure`], which is an empty answer with the problem beside it; [`render`] writes the body, because
//! only there are the request's language and the time at hand.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use shared::{Code, FieldCode, Instant, Locale, Problem};
use store::Store;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Response as ApiResponse, ResponseBuilder},
};

/// An operation that failed.
#[derive(Debug)]
pub struct Failure(pub Problem);

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        if error.is_fault() {
            tracing::error!(%error, "an operation failed");
        }
        Self(error.problem())
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self(code.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(Unrendered(self.0));
        response
    }
}

/// A field broke a rule.
pub fn invalid(field: &str, code: FieldCode) -> Failure {
    Failure(Problem::field(field, code))
}

#[derive(Clone)]
struct Unrendered(Problem);

/// A problem as the API answers it: `application/problem+json`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemDocument {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, in the caller's language.
    pub detail: String,
    /// What happened, for programs.
    pub code: Code,
    /// The same text as `detail`.
    pub error: String,
    /// What is wrong with each field, in the caller's language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, Vec<String>>,
    /// Which rule each field broke, for programs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub error_codes: BTreeMap<String, Vec<FieldCode>>,
    /// Seconds after which it is worth trying again; also the header `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<i64>,
    /// How many coins are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_coins: Option<i64>,
}

impl ProblemDocument {
    fn new(problem: &Problem, locale: Locale, now: Instant) -> Self {
        let status = problem.code.status();
        let detail = app::texts::problem(locale, problem);
        let mut errors: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut error_codes: BTreeMap<String, Vec<FieldCode>> = BTreeMap::new();
        for field in &problem.fields {
            errors.entry(field.field.clone()).or_default().push(app::texts::field(locale, field.code));
            error_codes.entry(field.field.clone()).or_default().push(field.code);
        }
        let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
        Self {
            kind: "about:blank".to_owned(),
            title: title.to_owned(),
            status,
            error: detail.clone(),
            detail,
            code: problem.code,
            errors,
            error_codes,
            retry_after: problem.retry_at.map(|at| at.seconds_from(now).max(1)),
            missing_coins: problem.missing,
        }
    }
}

/// The language of a request's answers: `Accept-Language` (RFC 9110, section 12.5.4), Arabic where nothing fits.
pub fn locale(headers: &HeaderMap) -> Locale {
    headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map_or_else(Locale::default, Locale::negotiate)
}

/// Middleware: writes the bodies of failures.
pub async fn render(State(store): State<Store>, request: Request, next: Next) -> Response {
    let locale = locale(request.headers());
    let mut response = next.run(request).await;
    let Some(Unrendered(problem)) = response.extensions_mut().remove::<Unrendered>() else { return response };
    let document = ProblemDocument::new(&problem, locale, store.now());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(locale.tag()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(header::CONTENT_LENGTH);
    if let Some(seconds) = document.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if document.status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    *response.body_mut() = Body::from(serde_json::to_vec(&document).unwrap_or_default());
    response
}

/// The answer of a handler that panicked.
pub fn of_panic(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let message = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = message.unwrap_or("unknown"), "a handler panicked");
    Failure::from(Code::Internal).into_response()
}

/// For the OpenAPI document: every operation may answer with a problem.
pub struct Problems;

impl utoipa::IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<ApiResponse>> {
        use utoipa::openapi::{ContentBuilder, Ref};
        let content = ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("ProblemDocument")))).build();
        let response = ResponseBuilder::new()
            .description("A problem (RFC 9457): bad input 400 or 422, and 401, 402, 403, 404, 409, 413, 415, 429 as HTTP means them.")
            .content("application/problem+json", content)
            .build();
        BTreeMap::from([("default".to_owned(), RefOr::T(response))])
    }
}
