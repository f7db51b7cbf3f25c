//! Uploads, in the shape of tus 1.0 (<https://tus.io/protocols/resumable-upload>): begun with `POST`, asked with `HEAD`, gone on with
//! `PATCH`. Their bodies flow to the storage: none of them passes the layer that takes bodies in whole.

use axum::{
    Json as Answer,
    body::Body,
    extract::State,
    response::{AppendHeaders, IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, StatusCode, header};
use shared::{
    Code, FieldCode, FileId,
    api::admin::{NewVersion, Permission, Upload, UploadRequest},
};
use store::{Store, files, uploads};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    api::extract::{Desk, From, Id, Json, Query, StaffMember},
    problem::{Failure, Problems, invalid},
    state::AppState,
    web::flow::{self, Flow},
};

const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const VERSION: HeaderName = HeaderName::from_static("tus-resumable");
/// The one media type of a `PATCH`.
const BYTES: &str = "application/offset+octet-stream";

/// The calls whose bodies flow.
pub fn flowing() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(status, append, discard))
        .routes(routes!(add_content))
        .routes(routes!(set_cover))
        .routes(routes!(set_preview))
}

fn place(upload: &Upload) -> [(HeaderName, String); 4] {
    [
        (OFFSET, upload.received.to_string()),
        (LENGTH, upload.length.to_string()),
        (VERSION, "1.0.0".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ]
}

/// Begins an upload, or goes on with the one that has the same file, name, length and fingerprint. Its bytes are sent with `PATCH` to the
/// address in `Location`.
#[utoipa::path(post, path = "/api/v1/admin/uploads/", tag = "staff", security(("bearer" = [])), request_body = UploadRequest,
    responses((status = 201, description = "Where it stands.", body = Upload), Problems),
)]
pub async fn begin(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    From(origin): From,
    Json(body): Json<UploadRequest>,
) -> Result<Response, Failure> {
    let upload = uploads::begin(&store, &member, &body, &origin).await?;
    let location = [(header::LOCATION, format!("/api/v1/admin/uploads/{}/", upload.id))];
    Ok((StatusCode::CREATED, location, AppendHeaders(place(&upload)), Answer(upload)).into_response())
}

/// A file's uploads that stopped on their way, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/files/{id}/uploads/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The file.")),
    responses((status = 200, description = "The uploads.", body = Vec<Upload>), Problems),
)]
pub async fn of_file(
    State(store): State<Store>,
    StaffMember(member): StaffMember,
    Id(file): Id<FileId>,
) -> Result<Answer<Vec<Upload>>, Failure> {
    // A file that is not there is not found.
    files::get(&store, &member, file).await?;
    Ok(Answer(uploads::of_file(&store, &member, file).await?))
}

/// How far an upload is; `HEAD` answers the headers `Upload-Offset` and `Upload-Length` alone.
#[utoipa::path(get, path = "/api/v1/admin/uploads/{id}/", tag = "staff", security(("bearer" = [])),
    params(("id" = String, Path, description = "The upload.")),
    responses((status = 200, description = "Where it stands.", body = Upload), Problems),
)]
pub async fn status(State(store): State<Store>, Desk(member): Desk, Id(id): Id<String>) -> Result<Response, Failure> {
    let upload = uploads::get(&store, &member, &id).await?;
    Ok((AppendHeaders(place(&upload)), Answer(upload)).into_response())
}

/// Appends bytes at `Upload-Offset`. What arrived before a line broke is kept; 409 where the upload stands elsewhere, or is being written
/// to. With the last byte the content is checked and becomes the file's version; an empty `PATCH` at the end tries that again.
#[utoipa::path(patch, path = "/api/v1/admin/uploads/{id}/", tag = "staff", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The upload."),
        ("Upload-Offset" = i64, Header, description = "Where the bytes begin."),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "Taken; `Upload-Offset` says how far it is."), Problems),
)]
pub async fn append(
    State(state): State<AppState>,
    Desk(member): Desk,
    From(origin): From,
    Id(id): Id<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let mut flow = Flow::new(&state, body);
    if let Err(error) = uploads::get(&state.store, &member, &id).await {
        flow.drain().await;
        return Err(error.into());
    }
    if text(header::CONTENT_TYPE) != Some(BYTES) {
        flow.drain().await;
        return Err(Code::UnsupportedMediaType.into());
    }
    let Some(offset) = text(OFFSET).and_then(|offset| offset.parse().ok()).filter(|offset: &i64| *offset >= 0) else {
        flow.drain().await;
        return Err(invalid("Upload-Offset", FieldCode::Format));
    };
    let store = state.store.clone();
    let upload = flow::to_its_end(&state, async move {
        let appended = uploads::append(&store, &member, &id, offset, flow.bytes(), &origin).await;
        if appended.is_err() {
            flow.drain().await;
        }
        appended
    })
    .await?;
    Ok((StatusCode::NO_CONTENT, AppendHeaders(place(&upload))).into_response())
}

/// Gives an upload up, with what has arrived of it.
#[utoipa::path(delete, path = "/api/v1/admin/uploads/{id}/", tag = "staff", security(("bearer" = [])),
    params(("id" = String, Path, description = "The upload.")),
    responses((status = 204, description = "Nothing of it is left."), Problems),
)]
pub async fn discard(
    State(store): State<Store>,
    Desk(member): Desk,
    From(origin): From,
    Id(id): Id<String>,
) -> Result<StatusCode, Failure> {
    uploads::discard(&store, &member, &id, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds a content in one request: the first one, or a new version, of which past buyers are told and for which they get fresh attempts.
#[utoipa::path(put, path = "/api/v1/admin/files/{id}/content/", tag = "staff", security(("bearer" = [])),
    params(
        ("id" = i64, Path, description = "The file."),
        ("file_name" = String, Query, description = "The content's name as customers save it."),
        ("note" = Option<String>, Query, description = "What changed."),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, description = "Added.", body = NewVersion), Problems),
)]
pub async fn add_content(
    State(state): State<AppState>,
    Desk(member): Desk,
    From(origin): From,
    Id(file): Id<FileId>,
    query: Query,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Answer<NewVersion>), Failure> {
    let mut flow = Flow::new(&state, body);
    let most = state.store.settings().largest_file.unsigned_abs();
    if flow::declared_length(&headers).is_some_and(|length| length > most) {
        flow.drain().await;
        return Err(Code::PayloadTooLarge.into());
    }
    let (name, note) = (query.text("file_name").to_owned(), query.text("note").to_owned());
    let store = state.store.clone();
    let id = flow::to_its_end(&state, async move {
        let added = files::add_content(&store, &member, file, &name, &note, flow.bytes(), &origin).await;
        if added.is_err() {
            flow.drain().await;
        }
        added
    })
    .await?;
    Ok((StatusCode::CREATED, Answer(NewVersion { id })))
}

/// Sets a file's cover: a PNG, JPEG or WebP picture of up to 16 MB, drawn anew at most 960 by 600 points large.
#[utoipa::path(put, path = "/api/v1/admin/files/{id}/cover/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The file.")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204, description = "Set."), Problems),
)]
pub async fn set_cover(given: Given, body: Body) -> Result<StatusCode, Failure> {
    put_picture(given, files::Slot::Cover, body).await
}

/// Sets a file's free preview: a picture, drawn anew, or a PDF of up to 16 MB.
#[utoipa::path(put, path = "/api/v1/admin/files/{id}/preview/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The file.")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204, description = "Set."), Problems),
)]
pub async fn set_preview(given: Given, body: Body) -> Result<StatusCode, Failure> {
    put_picture(given, files::Slot::Preview, body).await
}

/// What the handlers of pictures are given beside the picture.
type Given = (State<AppState>, Desk, From, Id<FileId>);

async fn put_picture(
    (State(state), Desk(member), From(origin), Id(file)): Given,
    slot: files::Slot,
    body: Body,
) -> Result<StatusCode, Failure> {
    // Before the body is read into memory.
    member.must(&state.store, Permission::ManageFiles, slot.action(), format!("file:{file}"), &origin).await?;
    let bytes = Flow::new(&state, body).whole(flow::PICTURE).await?;
    files::set_picture(&state.store, &member, file, slot, bytes, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
