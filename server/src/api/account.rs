//! The customer's account.

use axum::{Json as Answer, extract::State};
use serde::Serialize;
use shared::api::{Account, ActivateRequest, Activated, PinRequest, RecoverRequest, Recovered};
use store::{Store, accounts};
use utoipa::ToSchema;

use super::extract::{From, Json, SignedIn};
use crate::problem::{Failure, Problems};

/// An operation that has nothing else to tell.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// Always true.
    pub success: bool,
}

impl Done {
    /// The answer.
    pub fn answer() -> Answer<Self> {
        Answer(Self { success: true })
    }
}

/// Makes a temporary account permanent, with the bonus for a phone number that had none.
#[utoipa::path(post, path = "/api/v1/activate-final/", tag = "account", security(("bearer" = [])), request_body = ActivateRequest, responses(
    (status = 200, description = "The account is permanent.", body = Activated),
    Problems,
))]
pub async fn activate(
    State(store): State<Store>,
    SignedIn(customer): SignedIn,
    From(origin): From,
    Json(body): Json<ActivateRequest>,
) -> Result<Answer<Activated>, Failure> {
    Ok(Answer(accounts::activate(&store, &customer, &body.name, &body.phone, &origin).await?))
}

/// Gives a forgotten serial back and signs in.
#[utoipa::path(post, path = "/api/v1/recover/", tag = "account", request_body = RecoverRequest, responses(
    (status = 200, description = "The serial and tokens of a new session.", body = Recovered),
    Problems,
))]
pub async fn recover(
    State(store): State<Store>,
    From(origin): From,
    Json(body): Json<RecoverRequest>,
) -> Result<Answer<Recovered>, Failure> {
    Ok(Answer(accounts::recover(&store, &body.phone, &body.pin, &origin).await?))
}

/// The profile.
#[utoipa::path(get, path = "/api/v1/account/", tag = "account", security(("bearer" = [])), responses(
    (status = 200, description = "The profile.", body = Account),
    Problems,
))]
pub async fn profile(State(store): State<Store>, SignedIn(customer): SignedIn) -> Result<Answer<Account>, Failure> {
    Ok(Answer(accounts::profile(&store, &customer).await?))
}

/// Changes the PIN.
#[utoipa::path(post, path = "/api/v1/account/pin/", tag = "account", security(("bearer" = [])), request_body = PinRequest, responses(
    (status = 200, description = "The PIN is changed.", body = Done),
    Problems,
))]
pub async fn change_pin(
    State(store): State<Store>,
    SignedIn(customer): SignedIn,
    From(origin): From,
    Json(body): Json<PinRequest>,
) -> Result<Answer<Done>, Failure> {
    accounts::change_pin(&store, &customer, &body.old_pin, &body.new_pin, &origin).await?;
    Ok(Done::answer())
}
