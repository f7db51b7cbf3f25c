//! The REST API v1 (design, section 7): one file a concern, each handler one operation of the store.

mod account;
pub mod admin;
pub mod extract;
mod notifications;
mod products;
mod sales;
mod tokens;
mod wallet;

use std::sync::LazyLock;

use axum::{
    Router,
    extract::OriginalUri,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use http::{StatusCode, header};
use serde_json::{Value, json};
use shared::{
    Code,
    api::{FileKind, FileSort},
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    problem::{Failure, ProblemDocument},
    state::AppState,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Khazna",
        description = "A store of technical files for prepaid coins. Errors are RFC 9457 problem documents with a stable `code`; texts follow \
                       `Accept-Language` (ar, en, fr). Operations that move coins accept an `Idempotency-Key` header.",
        license(name = "MIT", identifier = "MIT")
    ),
    components(schemas(ProblemDocument, FileSort, FileKind)),
    modifiers(&BearerTokens)
)]
struct Document;

struct BearerTokens;

impl Modify for BearerTokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

fn handlers() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(tokens::create))
        .routes(routes!(tokens::refresh))
        .routes(routes!(tokens::logout))
        .routes(routes!(account::activate))
        .routes(routes!(account::recover))
        .routes(routes!(account::profile))
        .routes(routes!(account::change_pin))
        .routes(routes!(wallet::balance))
        .routes(routes!(wallet::transactions))
        .routes(routes!(wallet::redeem_code))
        .routes(routes!(products::files))
        .routes(routes!(products::file))
        .routes(routes!(products::categories))
        .routes(routes!(sales::purchase))
        .routes(routes!(sales::my_purchases))
        .routes(routes!(sales::download))
        .routes(routes!(sales::packages))
        .routes(routes!(sales::subscribe))
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::mark_read))
        .routes(routes!(notifications::stream))
        .routes(routes!(tokens::create_staff))
        .merge(admin::handlers())
}

/// The OpenAPI document, generated from the handlers, in JSON.
pub static OPENAPI: LazyLock<String> = LazyLock::new(|| {
    let mut document = serde_json::to_value(handlers().merge(admin::uploads::flowing()).to_openapi()).unwrap_or_default();
    inline_numbers(&mut document);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.remove("i64");
    }
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
});

/// utoipa takes the alias `Coins` for a schema of its own, named `i64`: it is said in place what it is.
fn inline_numbers(value: &mut Value) {
    match value {
        Value::Object(fields) if fields.get("$ref").is_some_and(|name| name == "#/components/schemas/i64") => {
            fields.remove("$ref");
            fields.insert("type".to_owned(), json!("integer"));
            fields.insert("format".to_owned(), json!("int64"));
        }
        Value::Object(fields) => fields.values_mut().for_each(inline_numbers),
        Value::Array(items) => items.iter_mut().for_each(inline_numbers),
        _ => {}
    }
}

/// Every call of the API.
pub fn router() -> Router<AppState> {
    let (router, _) = handlers().split_for_parts();
    router
        .route("/api/v1/openapi.json", get(|| async { ([(header::CONTENT_TYPE, "application/json")], OPENAPI.as_str()) }))
        .route("/api/v1/{*rest}", any(no_such_call))
        .route("/api/v1/", any(no_such_call))
}

/// The calls whose bodies flow: they stand outside the layer that takes bodies in whole.
pub fn flowing() -> Router<AppState> {
    admin::uploads::flowing().split_for_parts().0
}

/// Calls end in a slash. Without it the caller is led there, its method and body kept (RFC 9110, section 15.4.9).
async fn no_such_call(OriginalUri(uri): OriginalUri) -> Response {
    let path = uri.path();
    if path.ends_with('/') || path.rsplit_once('.').is_some_and(|(_, extension)| extension == "json") {
        return Failure::from(Code::NotFound).into_response();
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, format!("{path}/{query}"))]).into_response()
}
