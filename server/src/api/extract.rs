//! What handlers take out of a request. Whatever can't be taken is a problem, never a fault: NUL bytes and numbers beyond
//! their range are refused here, before any of them gets to the database.

use std::{collections::BTreeMap, str::FromStr};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
};
use http::{HeaderMap, header, request::Parts};
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::{Code, FieldCode, Fields, Locale};
use store::{Caller, Customer, Origin, Staff, sessions};

use crate::{
    problem::{self, Failure, invalid},
    state::AppState,
};

/// A JSON request (RFC 8259). 415 for another type, 413 when it is too large, 400 when it can't be parsed, 422 with the field's name
/// when it does not fit `T`.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Failure> {
        let is_json = is_json(request.headers());
        let body = body(request, state).await?;
        if !is_json {
            return Err(Code::UnsupportedMediaType.into());
        }
        parse(&body).map(Self)
    }
}

/// A JSON request that may be left out.
pub struct OptionalJson<T>(pub Option<T>);

impl<T: DeserializeOwned> FromRequest<AppState> for OptionalJson<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Failure> {
        let is_json = is_json(request.headers());
        let body = body(request, state).await?;
        if body.is_empty() {
            return Ok(Self(None));
        }
        if !is_json {
            return Err(Code::UnsupportedMediaType.into());
        }
        parse(&body).map(|value| Self(Some(value)))
    }
}

/// A form as browsers post it. 400 when it can't be read.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Form<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Failure> {
        match axum::Form::<T>::from_request(request, state).await {
            Ok(axum::Form(fields)) => Ok(Self(fields)),
            Err(_) => Err(Code::BadRequest.into()),
        }
    }
}

async fn body(request: Request, state: &AppState) -> Result<Bytes, Failure> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        http::StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge.into(),
        _ => Code::BadRequest.into(),
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let value: Value = serde_json::from_slice(body).map_err(|_| Code::BadRequest)?;
    let Value::Object(fields) = &value else { return Err(Code::BadRequest.into()) };
    if let Some((name, _)) = fields.iter().find(|(name, value)| name.contains('\0') || has_nul(value)) {
        return Err(invalid(&printable(name), FieldCode::Format));
    }
    serde_path_to_error::deserialize(&value).map_err(|error| {
        let path = error.path().to_string();
        let (field, code) = broken_rule(&error.into_inner().to_string(), &path);
        invalid(&printable(&field), code)
    })
}

/// Which field did not fit, and why: serde says it in words only.
fn broken_rule(message: &str, path: &str) -> (String, FieldCode) {
    let quoted = || message.split('`').nth(1).unwrap_or_default().to_owned();
    if message.starts_with("unknown field") {
        (quoted(), FieldCode::Unknown)
    } else if message.starts_with("missing field") {
        (quoted(), FieldCode::Required)
    } else if message.starts_with("invalid type: null") {
        (path.to_owned(), FieldCode::Required)
    } else if message.starts_with("invalid value: integer") {
        (path.to_owned(), FieldCode::Range)
    } else {
        (path.to_owned(), FieldCode::Format)
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// A field's name as it may be repeated in an answer: what was sent may be anything.
fn printable(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(64).collect()
}

/// The query, one value a name (the last one).
pub struct Query(BTreeMap<String, String>);

impl FromRequestParts<AppState> for Query {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state).await.map_err(|_| Code::BadRequest)?;
        if let Some((name, _)) = pairs.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(invalid(&printable(name), FieldCode::Format));
        }
        Ok(Self(pairs.0.into_iter().collect()))
    }
}

impl Query {
    /// The value's text; empty when it is not there.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The value parsed, `None` when it is not there or empty; an error is kept in `fields`.
    pub fn get<T: FromStr<Err = FieldCode>>(&self, fields: &mut Fields, name: &str) -> Option<T> {
        match self.text(name).trim() {
            "" => None,
            text => fields.parse(name, text),
        }
    }

    /// True or false; false when it is not there or empty. An error is kept in `fields`.
    pub fn flag(&self, fields: &mut Fields, name: &str) -> bool {
        let told = match self.text(name).trim() {
            "" | "false" => Ok(false),
            "true" => Ok(true),
            _ => Err(FieldCode::Format),
        };
        fields.check(name, told).unwrap_or_default()
    }

    /// The whole number, `None` when it is not there or empty; an error is kept in `fields`.
    pub fn number(&self, fields: &mut Fields, name: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let text = shared::text::fold_digits(self.text(name).trim());
        if text.is_empty() {
            return None;
        }
        let number = text.parse().map_err(|_| FieldCode::Format);
        fields.check(name, number.and_then(|number| if range.contains(&number) { Ok(number) } else { Err(FieldCode::Range) }))
    }
}

/// The path's one parameter as an identifier; what is no identifier is not found.
pub struct Id<T>(pub T);

impl<T: FromStr + Send> FromRequestParts<AppState> for Id<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let parameters = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Code::NotFound)?;
        let (_, text) = parameters.iter().next().ok_or(Code::NotFound)?;
        if text.contains('\0') {
            return Err(Code::NotFound.into());
        }
        text.parse().map(Self).map_err(|_| Code::NotFound.into())
    }
}

/// The signed-in customer: 401 when nobody is, 403 for a member of the staff.
pub struct SignedIn(pub Customer);

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        match caller(parts, state).await? {
            Some(Caller::Customer(customer)) => Ok(Self(customer)),
            Some(Caller::Staff(_)) => Err(Code::Forbidden.into()),
            None => Err(Code::Unauthenticated.into()),
        }
    }
}

/// The customer, where one is signed in. A token that is not valid is 401 all the same.
pub struct MaybeSignedIn(pub Option<Customer>);

impl FromRequestParts<AppState> for MaybeSignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        Ok(Self(match caller(parts, state).await? {
            Some(Caller::Customer(customer)) => Some(customer),
            Some(Caller::Staff(_)) | None => None,
        }))
    }
}

/// The signed-in member of the staff: 401 when nobody is, 403 for a customer.
pub struct StaffMember(pub Staff);

impl FromRequestParts<AppState> for StaffMember {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        match caller(parts, state).await? {
            Some(Caller::Staff(staff)) => Ok(Self(staff)),
            Some(Caller::Customer(_)) => Err(Code::Forbidden.into()),
            None => Err(Code::Unauthenticated.into()),
        }
    }
}

/// A member of the staff, by a bearer token or, in the dashboard, by its cookie.
pub struct Desk(pub Staff);

impl FromRequestParts<AppState> for Desk {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        if let Some(staff) = parts.extensions.get::<Option<Staff>>().cloned().flatten() {
            return Ok(Self(staff));
        }
        StaffMember::from_request_parts(parts, state).await.map(|StaffMember(staff)| Self(staff))
    }
}

/// Whoever is signed in.
pub struct AnyCaller(pub Caller);

impl FromRequestParts<AppState> for AnyCaller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        caller(parts, state).await?.map(Self).ok_or_else(|| Code::Unauthenticated.into())
    }
}

async fn caller(parts: &Parts, state: &AppState) -> Result<Option<Caller>, Failure> {
    let Some(authorization) = parts.headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = authorization.to_str().ok().and_then(bearer).ok_or(Code::Unauthenticated)?;
    Ok(Some(sessions::authenticate(&state.store, token, origin_of(parts)?).await?))
}

/// The token of an `Authorization` header (RFC 6750, section 2.1); the scheme's case does not matter (RFC 9110, section 11.1).
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Where the request comes from.
pub struct From(pub Origin);

impl FromRequestParts<AppState> for From {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Failure> {
        origin_of(parts).cloned().map(Self)
    }
}

fn origin_of(parts: &Parts) -> Result<&Origin, Failure> {
    parts.extensions.get::<Origin>().ok_or_else(|| Code::Internal.into())
}

/// The caller's language.
pub struct Language(pub Locale);

impl FromRequestParts<AppState> for Language {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Failure> {
        Ok(Self(problem::locale(&parts.headers)))
    }
}

/// The header `Idempotency-Key`; its rule is the store's.
pub struct IdempotencyKey(pub Option<String>);

impl FromRequestParts<AppState> for IdempotencyKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Failure> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let key = value.to_str().map_err(|_| invalid("Idempotency-Key", FieldCode::Format))?;
        Ok(Self(Some(key.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::api::{DirectRechargeRequest, TokenRequest};

    fn refused(body: &str) -> (Code, Vec<(String, FieldCode)>) {
        let Failure(problem) = parse::<DirectRechargeRequest>(body.as_bytes()).unwrap_err();
        (problem.code, problem.fields.into_iter().map(|field| (field.field, field.code)).collect())
    }

    #[test]
    fn names_what_does_not_fit() {
        let one = |field: &str, code| (Code::Invalid, vec![(field.to_owned(), code)]);
        assert_eq!(refused("{"), (Code::BadRequest, vec![]));
        assert_eq!(refused("[]"), (Code::BadRequest, vec![]));
        assert_eq!(refused(r#"{"customer_serial": "\ud800"}"#), (Code::BadRequest, vec![]));
        assert_eq!(refused("{}"), one("customer_serial", FieldCode::Required));
        assert_eq!(refused(r#"{"customer_serial": 5, "coin_amount": 1}"#), one("customer_serial", FieldCode::Format));
        assert_eq!(refused(r#"{"customer_serial": null, "coin_amount": 1}"#), one("customer_serial", FieldCode::Required));
        assert_eq!(refused(r#"{"customer_serial": "a\u0000b", "coin_amount": 1}"#), one("customer_serial", FieldCode::Format));
        assert_eq!(refused(r#"{"customer_serial": "a", "coin_amount": 9223372036854775808}"#), one("coin_amount", FieldCode::Range));
        assert_eq!(refused(r#"{"customer_serial": "a", "coin_amount": 1.5}"#), one("coin_amount", FieldCode::Format));
        assert_eq!(refused(r#"{"customer_serial": "a", "coin_amount": 1, "x": 1}"#), one("x", FieldCode::Unknown));
        assert!(parse::<TokenRequest>(b"{}").is_ok());
    }

    #[test]
    fn reads_bearer_tokens() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc"), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("abc"), None);
    }
}
