//! The shop's categories in the staff's hands.

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use shared::{
    CategoryId,
    api::admin::{CategoryRequest, NewCategory, PositionRequest, Shelf},
};
use store::{Store, categories};

use crate::{
    api::{
        account::Done,
        extract::{From, Id, Json, StaffMember},
    },
    problem::{Failure, Problems},
};

/// All categories in the shop's order.
#[utoipa::path(get, path = "/api/v1/admin/categories/", tag = "staff", security(("bearer" = [])),
    responses((status = 200, description = "The categories.", body = Vec<Shelf>), Problems),
)]
pub async fn list(State(store): State<Store>, StaffMember(member): StaffMember) -> Result<Answer<Vec<Shelf>>, Failure> {
    Ok(Answer(categories::list(&store, &member).await?))
}

/// Makes a category, the last one.
#[utoipa::path(post, path = "/api/v1/admin/categories/", tag = "staff", security(("bearer" = [])), request_body = CategoryRequest,
    responses((status = 201, description = "Made.", body = NewCategory), Problems),
)]
pub async fn create(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Json(body): Json<CategoryRequest>,
) -> Result<(StatusCode, Answer<NewCategory>), Failure> {
    let id = categories::create(&store, &member, &body, &origin).await?;
    Ok((StatusCode::CREATED, Answer(NewCategory { id })))
}

/// Renames a category.
#[utoipa::path(put, path = "/api/v1/admin/categories/{id}/", tag = "staff", security(("bearer" = [])), request_body = CategoryRequest,
    params(("id" = i64, Path, description = "The category.")),
    responses((status = 200, description = "Done.", body = Done), Problems),
)]
pub async fn rename(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<CategoryId>,
    Json(body): Json<CategoryRequest>,
) -> Result<Answer<Done>, Failure> {
    categories::rename(&store, &member, id, &body, &origin).await?;
    Ok(Done::answer())
}

/// Puts a category at a place of the shop's order; the others follow.
#[utoipa::path(post, path = "/api/v1/admin/categories/{id}/position/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The category.")),
    request_body = PositionRequest,
    responses((status = 200, description = "Done.", body = Done), Problems),
)]
pub async fn place(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<CategoryId>,
    Json(body): Json<PositionRequest>,
) -> Result<Answer<Done>, Failure> {
    categories::place(&store, &member, id, body.position, &origin).await?;
    Ok(Done::answer())
}

/// Deletes a category that no file and no package refers to.
#[utoipa::path(delete, path = "/api/v1/admin/categories/{id}/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The category.")),
    responses((status = 204, description = "Deleted."), Problems),
)]
pub async fn delete(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<CategoryId>,
) -> Result<StatusCode, Failure> {
    categories::delete(&store, &member, id, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
