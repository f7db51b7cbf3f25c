//! Recharge codes in the staff's hands.

use axum::{Json as Answer, extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;
use shared::{
    BatchId, Fields, Instant,
    api::{
        CodeBatch,
        admin::{Batch, BatchState, Batches, CodeLines, FindCodeRequest, FoundCode, ImportReport, ImportRequest, MadeBatch, Resellers},
    },
};
use store::{Store, codes};
use utoipa::ToSchema;

use crate::{
    api::{
        extract::{From, Id, Json, Query, StaffMember},
        wallet::fields_hold,
    },
    plain_codes,
    problem::{Failure, Problems},
    state::AppState,
};

/// Lines of a list on a page.
const LINES: i64 = 50;

/// A batch of recharge codes to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodesRequest {
    /// Coins of each code.
    value: i64,
    /// How many codes.
    count: i64,
    /// What the shop calls the batch; 1 to 100 characters.
    label: String,
    /// Who sells it.
    #[serde(default)]
    reseller: String,
    /// When its codes expire.
    #[serde(default)]
    expires_at: Option<Instant>,
}

impl CodesRequest {
    fn batch(self) -> codes::NewBatch {
        let Self { value, count, label, reseller, expires_at } = self;
        codes::NewBatch { value, count, label, reseller, expires_at }
    }
}

/// Makes a batch of recharge codes. The plain codes are in this answer and never to be had again.
#[utoipa::path(post, path = "/api/v1/admin/codes/", tag = "staff", security(("bearer" = [])), request_body = CodesRequest, responses(
    (status = 201, description = "The codes.", body = CodeBatch),
    Problems,
))]
pub async fn generate_codes(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Json(body): Json<CodesRequest>,
) -> Result<(StatusCode, Answer<CodeBatch>), Failure> {
    Ok((StatusCode::CREATED, Answer(codes::generate(&store, &body.batch(), &codes::Maker::Staff(&staff, &origin)).await?)))
}

/// Makes a batch whose plain codes leave as files instead: by `hand-out`, for an hour, with the ticket that is in this answer and nowhere
/// else.
#[utoipa::path(post, path = "/api/v1/admin/codes/ticketed/", tag = "staff", security(("bearer" = [])), request_body = CodesRequest, responses(
    (status = 201, description = "The batch and its ticket.", body = MadeBatch),
    Problems,
))]
pub async fn make(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Json(body): Json<CodesRequest>,
) -> Result<(StatusCode, Answer<MadeBatch>), Failure> {
    Ok((StatusCode::CREATED, Answer(codes::make(&store, &staff, &body.batch(), &origin).await?)))
}

/// How a batch's plain codes are to leave.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOutRequest {
    /// The batch's ticket.
    ticket: String,
    /// `csv`, `pdf`, or `page`: the sheet as a page that prints.
    way: String,
    /// Cards on a page of the sheet: 8, 21 or 40; 21 when left out.
    #[serde(default)]
    layout: Option<i64>,
    /// Which thousand of the batch's codes the sheet is of, from 0. The CSV has all of them.
    #[serde(default)]
    part: Option<i64>,
}

/// The plain codes of a batch that was made with a ticket, as a file; a sheet's cards carry QR codes. 410 once the ticket's time is over.
#[utoipa::path(post, path = "/api/v1/admin/codes/{id}/hand-out/", tag = "staff", security(("bearer" = [])), request_body = HandOutRequest,
    params(("id" = i64, Path, description = "The batch.")),
    responses(
        (status = 200, description = "The codes.", content((String = "text/csv"), (Vec<u8> = "application/pdf"), (String = "text/html"))),
        Problems,
    ),
)]
pub async fn hand_out(
    State(state): State<AppState>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(batch): Id<BatchId>,
    Json(body): Json<HandOutRequest>,
) -> Result<Response, Failure> {
    let HandOutRequest { ticket, way, layout, part } = body;
    plain_codes::hand_out(&state, &staff, batch, &plain_codes::Wanted { ticket, way, layout, part }, &origin).await
}

/// Batches of recharge codes, newest first.
#[utoipa::path(get, path = "/api/v1/admin/codes/", tag = "staff", security(("bearer" = [])),
    params(
        ("q" = Option<String>, Query, description = "Part of the label or of the reseller's name."),
        ("state" = Option<BatchState>, Query, description = "Their state."),
        ("cursor" = Option<i64>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "The batches.", body = Batches), Problems),
)]
pub async fn batches(State(store): State<Store>, StaffMember(staff): StaffMember, query: Query) -> Result<Answer<Batches>, Failure> {
    let mut fields = Fields::default();
    let state = query.get::<BatchState>(&mut fields, "state");
    let filter = codes::Filter { text: query.text("q").to_owned(), state, cursor: query.number(&mut fields, "cursor", 1..=i64::MAX) };
    fields_hold(fields)?;
    Ok(Answer(codes::batches(&store, &staff, &filter, LINES).await?))
}

/// One batch of recharge codes.
#[utoipa::path(get, path = "/api/v1/admin/codes/{id}/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The batch.")),
    responses((status = 200, description = "The batch.", body = Batch), Problems),
)]
pub async fn batch(State(store): State<Store>, StaffMember(staff): StaffMember, Id(batch): Id<BatchId>) -> Result<Answer<Batch>, Failure> {
    Ok(Answer(codes::batch(&store, &staff, batch).await?))
}

/// A batch's codes by number, each with its state and redemption; never the codes themselves.
#[utoipa::path(get, path = "/api/v1/admin/codes/{id}/lines/", tag = "staff", security(("bearer" = [])),
    params(
        ("id" = i64, Path, description = "The batch."),
        ("redeemed" = Option<bool>, Query, description = "Redeemed ones alone, the last redemption first."),
        ("cursor" = Option<i64>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "The codes.", body = CodeLines), Problems),
)]
pub async fn lines(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    Id(batch): Id<BatchId>,
    query: Query,
) -> Result<Answer<CodeLines>, Failure> {
    let mut fields = Fields::default();
    let cursor = query.number(&mut fields, "cursor", 1..=i64::MAX);
    let redeemed = query.flag(&mut fields, "redeemed");
    fields_hold(fields)?;
    Ok(Answer(codes::lines(&store, &staff, batch, redeemed, cursor, LINES).await?))
}

/// Stops a batch's codes until it is thawed.
#[utoipa::path(post, path = "/api/v1/admin/codes/{id}/freeze/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The batch.")),
    responses((status = 200, description = "The batch, frozen.", body = Batch), Problems),
)]
pub async fn freeze(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(batch): Id<BatchId>,
) -> Result<Answer<Batch>, Failure> {
    Ok(Answer(codes::freeze(&store, &staff, batch, &origin).await?))
}

/// Lets a frozen batch's codes be redeemed again.
#[utoipa::path(post, path = "/api/v1/admin/codes/{id}/thaw/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The batch.")),
    responses((status = 200, description = "The batch, not frozen any more.", body = Batch), Problems),
)]
pub async fn thaw(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(batch): Id<BatchId>,
) -> Result<Answer<Batch>, Failure> {
    Ok(Answer(codes::thaw(&store, &staff, batch, &origin).await?))
}

/// Ends a batch for ever: none of its codes can be redeemed any more.
#[utoipa::path(post, path = "/api/v1/admin/codes/{id}/cancel/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The batch.")),
    responses((status = 200, description = "The batch, cancelled.", body = Batch), Problems),
)]
pub async fn cancel(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(batch): Id<BatchId>,
) -> Result<Answer<Batch>, Failure> {
    Ok(Answer(codes::cancel(&store, &staff, batch, &origin).await?))
}

/// Looks one code up as it is typed: its batch, its state, who redeemed it and when.
#[utoipa::path(post, path = "/api/v1/admin/codes/find/", tag = "staff", security(("bearer" = [])), request_body = FindCodeRequest,
    responses((status = 200, description = "The code's batch and state.", body = FoundCode), Problems),
)]
pub async fn find(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Json(body): Json<FindCodeRequest>,
) -> Result<Answer<FoundCode>, Failure> {
    Ok(Answer(codes::find(&store, &staff, &body.charge_code, &origin).await?))
}

/// Takes over older printed codes, one batch for each value. What can't be taken is told line by line.
#[utoipa::path(post, path = "/api/v1/admin/codes/import/", tag = "staff", security(("bearer" = [])), request_body = ImportRequest,
    responses((status = 200, description = "What became of each line.", body = ImportReport), Problems),
)]
pub async fn import(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Json(body): Json<ImportRequest>,
) -> Result<Answer<ImportReport>, Failure> {
    let ImportRequest { codes, value, label, reseller, expires_at } = body;
    Ok(Answer(codes::import(&store, &staff, &codes::NewImport { codes, value, label, reseller, expires_at }, &origin).await?))
}

/// What each reseller was given, what was redeemed of it, and what is outstanding.
#[utoipa::path(get, path = "/api/v1/admin/codes/resellers/", tag = "staff", security(("bearer" = [])),
    responses((status = 200, description = "The resellers.", body = Resellers), Problems),
)]
pub async fn resellers(State(store): State<Store>, StaffMember(staff): StaffMember) -> Result<Answer<Resellers>, Failure> {
    Ok(Answer(codes::resellers(&store, &staff).await?))
}
