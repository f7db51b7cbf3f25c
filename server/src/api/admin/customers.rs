//! Customers in the staff's hands.

use axum::{Json as Answer, extract::State};
use serde::Deserialize;
use shared::{
    PurchaseId, Serial,
    api::{DirectRechargeRequest, DirectRecharged},
};
use store::{Store, accounts, sales, wallet};
use utoipa::ToSchema;

use crate::{
    api::{
        account::Done,
        extract::{From, Id, IdempotencyKey, Json, StaffMember},
    },
    problem::{Failure, Problems},
};

/// Adds coins to a customer's balance.
#[utoipa::path(post, path = "/api/v1/direct-recharge/", tag = "staff", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and request get the first answer again.")),
    request_body = DirectRechargeRequest,
    responses((status = 200, description = "The coins are there.", body = DirectRecharged), Problems),
)]
pub async fn direct_recharge(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<DirectRechargeRequest>,
) -> Result<Answer<DirectRecharged>, Failure> {
    Ok(Answer(wallet::direct_recharge(&store, &staff, &body.customer_serial, body.coin_amount, key.as_deref(), &origin).await?))
}

/// Blocks a customer: sessions and links stop at once.
#[utoipa::path(post, path = "/api/v1/admin/customers/{serial}/block/", tag = "staff", security(("bearer" = [])),
    params(("serial" = String, Path, description = "The customer's serial.")),
    responses((status = 200, description = "Blocked.", body = Done), Problems),
)]
pub async fn block(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(serial): Id<Serial>,
) -> Result<Answer<Done>, Failure> {
    accounts::set_blocked(&store, &staff, serial.as_str(), true, &origin).await?;
    Ok(Done::answer())
}

/// Lets a blocked customer in again.
#[utoipa::path(post, path = "/api/v1/admin/customers/{serial}/unblock/", tag = "staff", security(("bearer" = [])),
    params(("serial" = String, Path, description = "The customer's serial.")),
    responses((status = 200, description = "Not blocked any more.", body = Done), Problems),
)]
pub async fn unblock(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(serial): Id<Serial>,
) -> Result<Answer<Done>, Failure> {
    accounts::set_blocked(&store, &staff, serial.as_str(), false, &origin).await?;
    Ok(Done::answer())
}

/// Takes the wait from a customer whose PIN was given wrong too often.
#[utoipa::path(post, path = "/api/v1/admin/customers/{serial}/unlock/", tag = "staff", security(("bearer" = [])),
    params(("serial" = String, Path, description = "The customer's serial.")),
    responses((status = 200, description = "Unlocked.", body = Done), Problems),
)]
pub async fn unlock(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(serial): Id<Serial>,
) -> Result<Answer<Done>, Failure> {
    accounts::unlock(&store, &staff, serial.as_str(), &origin).await?;
    Ok(Done::answer())
}

/// Why a purchase is paid back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// For the audit log; 1 to 200 characters.
    reason: String,
}

/// Pays a purchase back and revokes its links.
#[utoipa::path(post, path = "/api/v1/admin/purchases/{id}/refund/", tag = "staff", security(("bearer" = [])),
    params(
        ("id" = i64, Path, description = "The purchase."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and request get the first answer again."),
    ),
    request_body = RefundRequest,
    responses((status = 200, description = "Paid back.", body = Done), Problems),
)]
pub async fn refund(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(purchase): Id<PurchaseId>,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<RefundRequest>,
) -> Result<Answer<Done>, Failure> {
    sales::refund(&store, &staff, purchase, &body.reason, key.as_deref(), &origin).await?;
    Ok(Done::answer())
}
