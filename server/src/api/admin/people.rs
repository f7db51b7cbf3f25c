//! Customers as the staff find and see them, and what is done for them beside blocking and recharging.

use axum::{Json as Answer, extract::State};
use shared::{
    Fields, PurchaseId, Serial, SessionId, TransferId,
    api::admin::{
        Corrected, CorrectionRequest, CustomerList, CustomerProfile, CustomerPurchases, CustomerState, DownloadEvents, EraseRequest,
        GrantRequest, Ledger, NewPin, PersonalData, PurchaseDetails,
    },
};
use store::{Store, accounts, customers, downloads, sales, sessions, wallet};

use crate::{
    api::{
        account::Done,
        extract::{From, Id, IdempotencyKey, Json, Query, StaffMember},
        wallet::fields_hold,
    },
    problem::{Failure, Problems},
};

fn cursor(query: &Query) -> Result<Option<i64>, Failure> {
    let mut fields = Fields::default();
    let cursor = query.number(&mut fields, "cursor", 1..=i64::MAX);
    fields_hold(fields)?;
    Ok(cursor)
}

/// Customers, newest first.
#[utoipa::path(get, path = "/api/v1/admin/customers/", tag = "staff", security(("bearer" = [])),
    params(
        ("q" = Option<String>, Query, description = "A serial or its last six characters, a phone number or part of it, words of a name."),
        ("state" = Option<CustomerState>, Query, description = "How the account stands."),
        ("cursor" = Option<i64>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of customers.", body = CustomerList), Problems),
)]
pub async fn find(State(store): State<Store>, StaffMember(staff): StaffMember, query: Query) -> Result<Answer<CustomerList>, Failure> {
    let mut fields = Fields::default();
    let state = query.get(&mut fields, "state");
    let cursor = query.number(&mut fields, "cursor", 1..=i64::MAX);
    fields_hold(fields)?;
    let text = query.text("q").chars().take(200).collect();
    Ok(Answer(customers::find(&store, &staff, &customers::Find { text, state, cursor }).await?))
}

/// A customer's profile: state, locks, sums, subscriptions, sessions.
#[utoipa::path(get, path = "/api/v1/admin/customers/{serial}/", tag = "staff", security(("bearer" = [])),
    params(("serial" = String, Path, description = "The customer's serial.")),
    responses((status = 200, description = "The profile.", body = CustomerProfile), Problems),
)]
pub async fn profile(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    Id(serial): Id<Serial>,
) -> Result<Answer<CustomerProfile>, Failure> {
    Ok(Answer(customers::profile(&store, &staff, &serial).await?))
}

/// A customer's ledger, newest first.
#[utoipa::path(get, path = "/api/v1/admin/customers/{serial}/transactions/", tag = "staff", security(("bearer" = [])),
    params(
        ("serial" = String, Path, description = "The customer's serial."),
        ("cursor" = Option<i64>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of the ledger.", body = Ledger), Problems),
)]
pub async fn ledger(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    Id(serial): Id<Serial>,
    query: Query,
) -> Result<Answer<Ledger>, Failure> {
    Ok(Answer(customers::ledger(&store, &staff, &serial, cursor(&query)?).await?))
}

/// A customer's purchases with what became of each attempt, newest first.
#[utoipa::path(get, path = "/api/v1/admin/customers/{serial}/purchases/", tag = "staff", security(("bearer" = [])),
    params(
        ("serial" = String, Path, description = "The customer's serial."),
        ("cursor" = Option<i64>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of purchases.", body = CustomerPurchases), Problems),
)]
pub async fn purchases(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    Id(serial): Id<Serial>,
    query: Query,
) -> Result<Answer<CustomerPurchases>, Failure> {
    Ok(Answer(customers::purchases(&store, &staff, &serial, cursor(&query)?).await?))
}

/// Draws a new PIN for a customer, whose sessions end. It is in this answer and never to be had again.
#[utoipa::path(post, path = "/api/v1/admin/customers/{serial}/pin/", tag = "staff", security(("bearer" = [])),
    params(("serial" = String, Path, description = "The customer's serial.")),
    responses((status = 200, description = "The new PIN.", body = NewPin), Problems),
)]
pub async fn reset_pin(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(serial): Id<Serial>,
) -> Result<Answer<NewPin>, Failure> {
    Ok(Answer(accounts::reset_pin(&store, &staff, serial.as_str(), &origin).await?))
}

/// Ends every session of a customer.
#[utoipa::path(post, path = "/api/v1/admin/customers/{serial}/sessions/end/", tag = "staff", security(("bearer" = [])),
    params(("serial" = String, Path, description = "The customer's serial.")),
    responses((status = 200, description = "Ended.", body = Done), Problems),
)]
pub async fn end_sessions(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(serial): Id<Serial>,
) -> Result<Answer<Done>, Failure> {
    sessions::end_all(&store, &staff, serial.as_str(), &origin).await?;
    Ok(Done::answer())
}

/// Ends one session of a customer.
#[utoipa::path(post, path = "/api/v1/admin/customers/sessions/{id}/end/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The session.")),
    responses((status = 200, description = "Ended.", body = Done), Problems),
)]
pub async fn end_session(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(session): Id<SessionId>,
) -> Result<Answer<Done>, Failure> {
    sessions::end_of_customer(&store, &staff, session, &origin).await?;
    Ok(Done::answer())
}

/// Takes a mistaken direct recharge back, whole or in part, once.
#[utoipa::path(post, path = "/api/v1/admin/transactions/{id}/correct/", tag = "staff", security(("bearer" = [])),
    params(
        ("id" = i64, Path, description = "The transfer of the direct recharge."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and request get the first answer again."),
    ),
    request_body = CorrectionRequest,
    responses((status = 200, description = "The coins are taken back.", body = Corrected), Problems),
)]
pub async fn correct(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    IdempotencyKey(key): IdempotencyKey,
    Id(transfer): Id<TransferId>,
    Json(body): Json<CorrectionRequest>,
) -> Result<Answer<Corrected>, Failure> {
    Ok(Answer(wallet::correct(&store, &staff, transfer, body.amount, &body.reason, key.as_deref(), &origin).await?))
}

/// Hands out all that is kept of a person. The audit log says that it was.
#[utoipa::path(post, path = "/api/v1/admin/customers/{serial}/export/", tag = "staff", security(("bearer" = [])),
    params(("serial" = String, Path, description = "The customer's serial.")),
    responses((status = 200, description = "All that is kept.", body = PersonalData), Problems),
)]
pub async fn export(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(serial): Id<Serial>,
) -> Result<Answer<PersonalData>, Failure> {
    Ok(Answer(customers::export(&store, &staff, &serial, &origin).await?))
}

/// Forgets a person and closes the account for ever. The ledger's sums stay.
#[utoipa::path(post, path = "/api/v1/admin/customers/{serial}/erase/", tag = "staff", security(("bearer" = [])),
    params(("serial" = String, Path, description = "The customer's serial.")),
    request_body = EraseRequest,
    responses((status = 200, description = "Forgotten.", body = Done), Problems),
)]
pub async fn erase(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(serial): Id<Serial>,
    Json(body): Json<EraseRequest>,
) -> Result<Answer<Done>, Failure> {
    customers::erase(&store, &staff, &serial, &body.confirmation, &origin).await?;
    Ok(Done::answer())
}

/// A purchase: whose it is, what became of each attempt and why, the addresses it was downloaded from.
#[utoipa::path(get, path = "/api/v1/admin/purchases/{id}/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The purchase.")),
    responses((status = 200, description = "The purchase.", body = PurchaseDetails), Problems),
)]
pub async fn purchase(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    Id(purchase): Id<PurchaseId>,
) -> Result<Answer<PurchaseDetails>, Failure> {
    Ok(Answer(customers::purchase_details(&store, &staff, purchase).await?))
}

/// Every step of a purchase's downloads, newest first.
#[utoipa::path(get, path = "/api/v1/admin/purchases/{id}/events/", tag = "staff", security(("bearer" = [])),
    params(
        ("id" = i64, Path, description = "The purchase."),
        ("cursor" = Option<i64>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of events.", body = DownloadEvents), Problems),
)]
pub async fn events(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    Id(purchase): Id<PurchaseId>,
    query: Query,
) -> Result<Answer<DownloadEvents>, Failure> {
    Ok(Answer(downloads::events(&store, &staff, purchase, cursor(&query)?).await?))
}

/// Gives a purchase one more attempt.
#[utoipa::path(post, path = "/api/v1/admin/purchases/{id}/attempts/", tag = "staff", security(("bearer" = [])),
    params(
        ("id" = i64, Path, description = "The purchase."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and request get the first answer again."),
    ),
    request_body = GrantRequest,
    responses((status = 200, description = "Granted.", body = Done), Problems),
)]
pub async fn grant_attempt(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    IdempotencyKey(key): IdempotencyKey,
    Id(purchase): Id<PurchaseId>,
    Json(body): Json<GrantRequest>,
) -> Result<Answer<Done>, Failure> {
    sales::grant_attempt(&store, &staff, purchase, &body.reason, key.as_deref(), &origin).await?;
    Ok(Done::answer())
}
