//! The shop's own people, and what the store warns them of.

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use serde::Serialize;
use shared::{
    SessionId, StaffId,
    api::admin::{
        Alert, AlertKind, EndTotpRequest, Member, NewMemberRequest, NewPasswordRequest, PasswordRequest, RoleRequest, StaffAccount,
        TotpRequest, TotpSetup,
    },
};
use store::{Store, alerts as warnings, sessions, staff};
use utoipa::ToSchema;

use crate::{
    api::{
        account::Done,
        extract::{From, Id, Json, StaffMember},
    },
    problem::{Failure, Problems},
};

/// What administrators must know, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/alerts/", tag = "staff", security(("bearer" = [])),
    responses((status = 200, description = "What stands.", body = Vec<Alert>), Problems),
)]
pub async fn alerts(State(store): State<Store>, StaffMember(member): StaffMember) -> Result<Answer<Vec<Alert>>, Failure> {
    Ok(Answer(warnings::standing(&store, &member).await?))
}

/// Ends an alert that was read. What it tells of raises it again, if it lasts.
#[utoipa::path(post, path = "/api/v1/admin/alerts/{kind}/dismiss/", tag = "staff", security(("bearer" = [])),
    params(("kind" = AlertKind, Path, description = "What it is about.")),
    responses((status = 200, description = "Ended.", body = Done), Problems),
)]
pub async fn dismiss_alert(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(kind): Id<AlertKind>,
) -> Result<Answer<Done>, Failure> {
    warnings::dismiss(&store, &member, kind, &origin).await?;
    Ok(Done::answer())
}

/// The own account and its sessions.
#[utoipa::path(get, path = "/api/v1/admin/account/", tag = "staff", security(("bearer" = [])),
    responses((status = 200, description = "The account.", body = StaffAccount), Problems),
)]
pub async fn account(State(store): State<Store>, StaffMember(member): StaffMember) -> Result<Answer<StaffAccount>, Failure> {
    Ok(Answer(staff::account(&store, &member).await?))
}

/// Changes the own password. Other sessions end.
#[utoipa::path(post, path = "/api/v1/admin/account/password/", tag = "staff", security(("bearer" = [])),
    request_body = PasswordRequest,
    responses((status = 200, description = "Changed.", body = Done), Problems),
)]
pub async fn change_password(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Json(body): Json<PasswordRequest>,
) -> Result<Answer<Done>, Failure> {
    staff::change_password(&store, &member, &body.old_password, &body.new_password, &origin).await?;
    Ok(Done::answer())
}

/// Begins to set an authenticator up (RFC 6238). Its secret is told until it is proven, and never again.
#[utoipa::path(post, path = "/api/v1/admin/account/totp/", tag = "staff", security(("bearer" = [])),
    responses((status = 200, description = "The secret.", body = TotpSetup), Problems),
)]
pub async fn begin_totp(State(store): State<Store>, StaffMember(member): StaffMember) -> Result<Answer<TotpSetup>, Failure> {
    Ok(Answer(staff::begin_totp(&store, &member).await?))
}

/// Proves the authenticator by its digits: sign-in asks for them from now on.
#[utoipa::path(post, path = "/api/v1/admin/account/totp/confirm/", tag = "staff", security(("bearer" = [])),
    request_body = TotpRequest,
    responses((status = 200, description = "It counts.", body = Done), Problems),
)]
pub async fn confirm_totp(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Json(body): Json<TotpRequest>,
) -> Result<Answer<Done>, Failure> {
    staff::confirm_totp(&store, &member, &body.totp, &origin).await?;
    Ok(Done::answer())
}

/// Gives the own authenticator up, for the password.
#[utoipa::path(post, path = "/api/v1/admin/account/totp/disable/", tag = "staff", security(("bearer" = [])),
    request_body = EndTotpRequest,
    responses((status = 200, description = "Sign-in asks for the password alone.", body = Done), Problems),
)]
pub async fn end_totp(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Json(body): Json<EndTotpRequest>,
) -> Result<Answer<Done>, Failure> {
    staff::end_totp(&store, &member, &body.password, &origin).await?;
    Ok(Done::answer())
}

/// Ends one of the own sessions.
#[utoipa::path(post, path = "/api/v1/admin/account/sessions/{id}/end/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The session.")),
    responses((status = 200, description = "Ended.", body = Done), Problems),
)]
pub async fn end_session(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(session): Id<SessionId>,
) -> Result<Answer<Done>, Failure> {
    sessions::end_of_staff(&store, &member, session, &origin).await?;
    Ok(Done::answer())
}

/// All members, those without access last.
#[utoipa::path(get, path = "/api/v1/admin/staff/", tag = "staff", security(("bearer" = [])),
    responses((status = 200, description = "The members.", body = Vec<Member>), Problems),
)]
pub async fn members(State(store): State<Store>, StaffMember(member): StaffMember) -> Result<Answer<Vec<Member>>, Failure> {
    Ok(Answer(staff::members(&store, &member).await?))
}

/// A member that was added.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hired {
    /// Its id.
    id: StaffId,
}

/// Adds a member.
#[utoipa::path(post, path = "/api/v1/admin/staff/", tag = "staff", security(("bearer" = [])),
    request_body = NewMemberRequest,
    responses((status = 201, description = "The member may sign in.", body = Hired), Problems),
)]
pub async fn hire(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Json(body): Json<NewMemberRequest>,
) -> Result<(StatusCode, Answer<Hired>), Failure> {
    let id = staff::hire(&store, &member, &body.username, &body.new_password, &body.role, &origin).await?;
    Ok((StatusCode::CREATED, Answer(Hired { id })))
}

/// Gives a member another role.
#[utoipa::path(post, path = "/api/v1/admin/staff/{id}/role/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The member.")),
    request_body = RoleRequest,
    responses((status = 200, description = "Done.", body = Done), Problems),
)]
pub async fn set_role(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<StaffId>,
    Json(body): Json<RoleRequest>,
) -> Result<Answer<Done>, Failure> {
    staff::set_role(&store, &member, id, &body.role, &origin).await?;
    Ok(Done::answer())
}

/// Takes a member's access; their sessions end at once.
#[utoipa::path(post, path = "/api/v1/admin/staff/{id}/disable/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The member.")),
    responses((status = 200, description = "Done.", body = Done), Problems),
)]
pub async fn disable(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<StaffId>,
) -> Result<Answer<Done>, Failure> {
    staff::set_access(&store, &member, id, false, &origin).await?;
    Ok(Done::answer())
}

/// Gives a member's access back.
#[utoipa::path(post, path = "/api/v1/admin/staff/{id}/enable/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The member.")),
    responses((status = 200, description = "Done.", body = Done), Problems),
)]
pub async fn enable(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<StaffId>,
) -> Result<Answer<Done>, Failure> {
    staff::set_access(&store, &member, id, true, &origin).await?;
    Ok(Done::answer())
}

/// Gives a member who forgot it a new password. Their sessions end.
#[utoipa::path(post, path = "/api/v1/admin/staff/{id}/password/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The member.")),
    request_body = NewPasswordRequest,
    responses((status = 200, description = "Done.", body = Done), Problems),
)]
pub async fn reset_password(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<StaffId>,
    Json(body): Json<NewPasswordRequest>,
) -> Result<Answer<Done>, Failure> {
    staff::reset_password(&store, &member, id, &body.new_password, &origin).await?;
    Ok(Done::answer())
}

/// Lets a member sign in again whom wrong passwords keep out, their own or somebody's.
#[utoipa::path(post, path = "/api/v1/admin/staff/{id}/unlock/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The member.")),
    responses((status = 200, description = "Done.", body = Done), Problems),
)]
pub async fn unlock_member(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<StaffId>,
) -> Result<Answer<Done>, Failure> {
    staff::unlock(&store, &member, id, &origin).await?;
    Ok(Done::answer())
}

/// Takes the authenticator from a member who lost it.
#[utoipa::path(post, path = "/api/v1/admin/staff/{id}/totp/disable/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The member.")),
    responses((status = 200, description = "Done.", body = Done), Problems),
)]
pub async fn reset_totp(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<StaffId>,
) -> Result<Answer<Done>, Failure> {
    staff::reset_totp(&store, &member, id, &origin).await?;
    Ok(Done::answer())
}
