//! The customer's coins.

use axum::{Json as Answer, extract::State};
use shared::{
    Fields,
    api::{RechargeRequest, Recharged, Transactions, Wallet},
};
use store::{Store, wallet};

use super::extract::{From, IdempotencyKey, Json, Query, SignedIn};
use crate::problem::{Failure, Problems};

/// Lines of the ledger on one page.
const PAGE: i64 = 50;

/// The balance and the sums.
#[utoipa::path(get, path = "/api/v1/wallet/", tag = "wallet", security(("bearer" = [])), responses(
    (status = 200, description = "Coins.", body = Wallet),
    Problems,
))]
pub async fn balance(State(store): State<Store>, SignedIn(customer): SignedIn) -> Result<Answer<Wallet>, Failure> {
    Ok(Answer(wallet::balance(&store, &customer).await?))
}

/// The ledger, newest first.
#[utoipa::path(get, path = "/api/v1/wallet/transactions/", tag = "wallet", security(("bearer" = [])),
    params(("cursor" = Option<i64>, Query, description = "`next_cursor` of the page before.")),
    responses((status = 200, description = "A page of the ledger.", body = Transactions), Problems),
)]
pub async fn transactions(State(store): State<Store>, SignedIn(customer): SignedIn, query: Query) -> Result<Answer<Transactions>, Failure> {
    let mut fields = Fields::default();
    let cursor = query.number(&mut fields, "cursor", 1..=i64::MAX);
    fields_hold(fields)?;
    Ok(Answer(wallet::transactions(&store, &customer, cursor, PAGE).await?))
}

/// Refuses when a field broke a rule.
pub(super) fn fields_hold(fields: Fields) -> Result<(), Failure> {
    let problem = fields.problem();
    if problem.fields.is_empty() { Ok(()) } else { Err(problem.into()) }
}

/// Redeems a recharge code.
#[utoipa::path(post, path = "/api/v1/wallet/recharge-code/", tag = "wallet", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and request get the first answer again.")),
    request_body = RechargeRequest,
    responses((status = 200, description = "The coins are there.", body = Recharged), Problems),
)]
pub async fn redeem_code(
    State(store): State<Store>,
    SignedIn(customer): SignedIn,
    From(origin): From,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<RechargeRequest>,
) -> Result<Answer<Recharged>, Failure> {
    Ok(Answer(wallet::redeem_code(&store, &customer, &body.charge_code, key.as_deref(), &origin).await?))
}
