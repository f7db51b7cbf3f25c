//! The catalog in the staff's hands.

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use shared::{
    CategoryId, Fields, FileId,
    api::admin::{FileRequest, FileState, NewFile, StockFile, StockFiles, TableReport, TableRequest, Version},
};
use store::{Store, files, imports};

use crate::{
    api::{
        account::Done,
        extract::{From, Id, IdempotencyKey, Json, Query, StaffMember},
    },
    problem::{Failure, Problems},
};

/// All files, published or not, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/files/", tag = "staff", security(("bearer" = [])),
    params(
        ("q" = Option<String>, Query, description = "Words of title, category or description."),
        ("category" = Option<i64>, Query, description = "Only this category."),
        ("state" = Option<FileState>, Query, description = "Only in this state."),
        ("cursor" = Option<i64>, Query, description = "The answer's `next_cursor`, for older ones."),
    ),
    responses((status = 200, description = "The files.", body = StockFiles), Problems),
)]
pub async fn list(State(store): State<Store>, StaffMember(member): StaffMember, query: Query) -> Result<Answer<StockFiles>, Failure> {
    let mut fields = Fields::default();
    let category = query.number(&mut fields, "category", 1..=i64::MAX).map(CategoryId);
    let state = query.get::<FileState>(&mut fields, "state");
    let cursor = query.number(&mut fields, "cursor", 1..=i64::MAX);
    let wrong = fields.problem();
    if !wrong.fields.is_empty() {
        return Err(wrong.into());
    }
    let query = files::Query { text: query.text("q").to_owned(), category, state, cursor };
    Ok(Answer(files::list(&store, &member, &query).await?))
}

/// One file.
#[utoipa::path(get, path = "/api/v1/admin/files/{id}/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The file.")),
    responses((status = 200, description = "The file.", body = StockFile), Problems),
)]
pub async fn get(State(store): State<Store>, StaffMember(member): StaffMember, Id(id): Id<FileId>) -> Result<Answer<StockFile>, Failure> {
    Ok(Answer(files::get(&store, &member, id).await?))
}

/// A file's versions, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/files/{id}/versions/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The file.")),
    responses((status = 200, description = "The versions.", body = Vec<Version>), Problems),
)]
pub async fn versions(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    Id(id): Id<FileId>,
) -> Result<Answer<Vec<Version>>, Failure> {
    Ok(Answer(files::versions(&store, &member, id).await?))
}

/// Makes a file that customers don't see yet; its content comes later.
#[utoipa::path(post, path = "/api/v1/admin/files/", tag = "staff", security(("bearer" = [])), request_body = FileRequest,
    responses((status = 201, description = "Made.", body = NewFile), Problems),
)]
pub async fn create(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Json(body): Json<FileRequest>,
) -> Result<(StatusCode, Answer<NewFile>), Failure> {
    let id = files::create(&store, &member, &body, &origin).await?;
    Ok((StatusCode::CREATED, Answer(NewFile { id })))
}

/// Makes drafts from a table, a line each; what could not be taken is reported line by line.
#[utoipa::path(post, path = "/api/v1/admin/files/import/", tag = "staff", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and request get the first answer again.")),
    request_body = TableRequest,
    responses((status = 200, description = "What became of it.", body = TableReport), Problems),
)]
pub async fn import(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<TableRequest>,
) -> Result<Answer<TableReport>, Failure> {
    Ok(Answer(imports::import(&store, &member, &body.table, key.as_deref(), &origin).await?))
}

/// Changes what is written of a file: all of it.
#[utoipa::path(put, path = "/api/v1/admin/files/{id}/", tag = "staff", security(("bearer" = [])), request_body = FileRequest,
    params(("id" = i64, Path, description = "The file.")),
    responses((status = 200, description = "Done.", body = Done), Problems),
)]
pub async fn edit(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<FileId>,
    Json(body): Json<FileRequest>,
) -> Result<Answer<Done>, Failure> {
    files::edit(&store, &member, id, &body, &origin).await?;
    Ok(Done::answer())
}

/// Shows a file to customers.
#[utoipa::path(post, path = "/api/v1/admin/files/{id}/publish/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The file.")),
    responses((status = 200, description = "Customers see it.", body = Done), Problems),
)]
pub async fn publish(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<FileId>,
) -> Result<Answer<Done>, Failure> {
    files::set_published(&store, &member, id, true, &origin).await?;
    Ok(Done::answer())
}

/// Hides a file from customers. Those who bought it have it still.
#[utoipa::path(post, path = "/api/v1/admin/files/{id}/hide/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The file.")),
    responses((status = 200, description = "Customers don't see it.", body = Done), Problems),
)]
pub async fn hide(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<FileId>,
) -> Result<Answer<Done>, Failure> {
    files::set_published(&store, &member, id, false, &origin).await?;
    Ok(Done::answer())
}

/// Takes a file's cover away: the store draws one.
#[utoipa::path(delete, path = "/api/v1/admin/files/{id}/cover/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The file.")),
    responses((status = 204, description = "Taken away."), Problems),
)]
pub async fn remove_cover(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<FileId>,
) -> Result<StatusCode, Failure> {
    files::remove_picture(&store, &member, id, files::Slot::Cover, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a file's free preview away.
#[utoipa::path(delete, path = "/api/v1/admin/files/{id}/preview/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The file.")),
    responses((status = 204, description = "Taken away."), Problems),
)]
pub async fn remove_preview(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Id(id): Id<FileId>,
) -> Result<StatusCode, Failure> {
    files::remove_picture(&store, &member, id, files::Slot::Preview, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
