//! Tokens: accounts are opened, signed in to, renewed and signed out of here.

use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use shared::{
    Code, FieldCode,
    api::{NewAccount, RefreshRequest, StaffTokenRequest, TokenRequest, Tokens},
};
use store::{Caller, Store, accounts, sessions, staff};

use super::extract::{AnyCaller, From, Json, OptionalJson};
use crate::problem::{Failure, Problems, invalid};

/// Opens a temporary account, or signs in.
///
/// Without a body a new account is opened; its PIN is shown in this answer and never again. With `serial` and `pin` it signs in.
#[utoipa::path(post, path = "/api/v1/token/", tag = "tokens", request_body = Option<TokenRequest>, responses(
    (status = 201, description = "A new temporary account.", body = NewAccount),
    (status = 200, description = "Signed in.", body = Tokens),
    Problems,
))]
pub async fn create(
    State(store): State<Store>,
    From(origin): From,
    OptionalJson(body): OptionalJson<TokenRequest>,
) -> Result<Response, Failure> {
    match body.unwrap_or_default() {
        TokenRequest { serial: None, pin: None } => {
            Ok((StatusCode::CREATED, Answer(accounts::open(&store, &origin).await?)).into_response())
        }
        TokenRequest { serial: Some(serial), pin: Some(pin) } => {
            Ok(Answer(accounts::sign_in(&store, &serial, &pin, &origin).await?).into_response())
        }
        TokenRequest { serial: None, .. } => Err(invalid("serial", FieldCode::Required)),
        TokenRequest { pin: None, .. } => Err(invalid("pin", FieldCode::Required)),
    }
}

/// Signs a member of the staff in.
#[utoipa::path(post, path = "/api/v1/admin/token/", tag = "staff", request_body = StaffTokenRequest, responses(
    (status = 200, description = "Signed in.", body = Tokens),
    Problems,
))]
pub async fn create_staff(
    State(store): State<Store>,
    From(origin): From,
    Json(body): Json<StaffTokenRequest>,
) -> Result<Answer<Tokens>, Failure> {
    Ok(Answer(staff::sign_in(&store, &body.username, &body.password, body.totp.as_deref(), &origin).await?))
}

/// Renews the tokens.
///
/// A refresh token is good for one use; using an old one again ends its session.
#[utoipa::path(post, path = "/api/v1/token/refresh/", tag = "tokens", request_body = RefreshRequest, responses(
    (status = 200, description = "New tokens.", body = Tokens),
    Problems,
))]
pub async fn refresh(State(store): State<Store>, From(origin): From, Json(body): Json<RefreshRequest>) -> Result<Answer<Tokens>, Failure> {
    let renewed = sessions::refresh(&store, &body.refresh_token, sessions::Reuse::Strict, &origin).await;
    // The caller has no session to be told of: whatever was wrong with the token, it does not sign in.
    renewed.map(Answer).map_err(|error| match error.problem().code {
        Code::Unauthenticated => Code::InvalidCredentials.into(),
        _ => error.into(),
    })
}

/// Ends the session of the access token.
#[utoipa::path(post, path = "/api/v1/logout/", tag = "tokens", security(("bearer" = [])), responses(
    (status = 204, description = "The session is over."),
    Problems,
))]
pub async fn logout(State(store): State<Store>, AnyCaller(caller): AnyCaller, From(origin): From) -> Result<StatusCode, Failure> {
    let session = match caller {
        Caller::Customer(customer) => customer.session,
        Caller::Staff(staff) => staff.session,
    };
    sessions::end(&store, session, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
