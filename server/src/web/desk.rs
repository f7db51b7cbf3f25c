//! What the desk uploads: resumably by its script, and by plain forms that work without one.

use std::io;

use app::flash;
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State, multipart::Field},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::Stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use shared::{Code, FieldCode, FileId, Problem, api::admin::Permission};
use store::{Error, Origin, Staff, Store, files, settings};
use tokio_util::sync::CancellationToken;

use super::flow::{self, Flow, Ration};
use crate::{
    api::{
        admin::uploads,
        extract::{Desk, From, Id},
    },
    problem::Failure,
    state::AppState,
};

/// The longest value of a field beside the file, in bytes.
const LONGEST_FIELD: usize = 16 * 1024;
/// The largest logo that is read, in bytes: larger than any that is taken, so that its rule is told.
const LOGO: usize = 256 * 1024;
/// What of a form is read besides its file, in bytes.
const BESIDES: u64 = 256 * 1024;

/// Every route whose body flows.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/admin/uploads/{id}", get(uploads::status).patch(uploads::append).delete(uploads::discard))
        .route("/admin/files/{id}/content", post(content))
        .route("/admin/files/{id}/cover", post(cover))
        .route("/admin/files/{id}/preview", post(preview))
        .route("/admin/settings/logo", post(set_logo))
        .layer(DefaultBodyLimit::disable())
}

/// The page that a form about a file stands on.
fn page_of(file: FileId) -> String {
    format!("/admin/files/{file}")
}

/// Leads back to the form's page, which says what became of it.
fn back(state: &AppState, page: &str, form: &str, outcome: Result<(), Failure>) -> Response {
    let secure = state.context.config.https();
    let cookie = flash::outcome_cookie(form, outcome.map_err(|Failure(problem)| problem), secure);
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, format!("{page}#{form}"))]).into_response();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Leads to sign in, and back to the form's page afterwards.
fn sign_in(page: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, format!("/admin/login?next={}", app::format::escape(page)))]).into_response()
}

/// A form that is read as it comes, and no further than its ration.
struct Form {
    parts: Multipart,
    ration: Ration,
    stopping: CancellationToken,
}

impl Form {
    async fn of(state: &AppState, request: Request) -> store::Result<Self> {
        let stopping = state.context.stopping.clone();
        let (head, body) = request.into_parts();
        let ration = Ration::new(&stopping, body, BESIDES);
        let parts = Multipart::from_request(Request::from_parts(head, ration.body()), state).await.map_err(|_| Code::BadRequest)?;
        Ok(Self { parts, ration, stopping })
    }

    async fn next(&mut self) -> store::Result<Option<Field<'_>>> {
        Ok(flow::within(&self.stopping, self.parts.next_field()).await?.map_err(io::Error::other)?)
    }

    /// The rest is read and thrown away, so that the browser gets to read its answer.
    async fn drain(self) {
        drop(self.parts);
        self.ration.drain().await;
    }
}

/// A field of so many bytes at most, whole.
async fn whole(field: &mut Field<'_>, most: usize, stopping: &CancellationToken) -> store::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = flow::within(stopping, field.chunk()).await?.map_err(io::Error::other)? {
        if bytes.len() + chunk.len() > most {
            return Err(Code::PayloadTooLarge.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn missing(field: &str) -> Error {
    Error::Problem(Problem::field(field, FieldCode::Required))
}

/// A content from a plain form: it flows to the storage as it comes, and must come whole.
async fn content(
    State(state): State<AppState>,
    desk: Result<Desk, Failure>,
    From(origin): From,
    Id(file): Id<FileId>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let page = page_of(file);
    let Ok(Desk(member)) = desk else { return sign_in(&page) };
    // Before a byte is read: reading costs.
    if let Err(error) = member.must(&state.store, Permission::ManageFiles, "file.version", format!("file:{file}"), &origin).await {
        return Failure::from(error).into_response();
    }
    let most = state.store.settings().largest_file.unsigned_abs().saturating_add(BESIDES);
    if flow::declared_length(&headers).is_some_and(|length| length > most) {
        Flow::new(&state, request.into_body()).drain().await;
        return back(&state, &page, "content", Err(Code::PayloadTooLarge.into()));
    }
    let mut form = match Form::of(&state, request).await {
        Ok(form) => form,
        Err(error) => return back(&state, &page, "content", Err(error.into())),
    };
    let store = state.store.clone();
    let outcome = flow::to_its_end(&state, async move {
        let added = take_content(&store, &member, file, &origin, &mut form, most).await;
        if added.is_err() {
            form.drain().await;
        }
        added
    })
    .await;
    back(&state, &page, "content", outcome)
}

async fn take_content(store: &Store, member: &Staff, file: FileId, origin: &Origin, form: &mut Form, most: u64) -> store::Result<()> {
    let (ration, stopping) = (form.ration.clone(), form.stopping.clone());
    let mut note = String::new();
    // The form's other fields stand before the file.
    while let Some(mut field) = form.next().await? {
        match field.name() {
            Some("note") => {
                note = String::from_utf8(whole(&mut field, LONGEST_FIELD, &stopping).await?).map_err(|_| Code::BadRequest)?;
            }
            Some("file") => {
                // A little more than a file may have: that it is too large is the store's to say.
                ration.raise(most.saturating_add(BESIDES));
                let name = field.file_name().unwrap_or_default().to_owned();
                files::add_content(store, member, file, &name, &note, chunks(&mut field, &stopping), origin).await?;
                return Ok(());
            }
            _ => {}
        }
    }
    Err(missing("file"))
}

fn chunks<'a>(field: &'a mut Field<'_>, stopping: &'a CancellationToken) -> impl Stream<Item = io::Result<Vec<u8>>> + Send {
    futures::stream::try_unfold(field, move |field| async move {
        let chunk = flow::within(stopping, field.chunk()).await?.map_err(io::Error::other)?;
        Ok(chunk.map(|chunk| (chunk.to_vec(), field)))
    })
}

async fn cover(state: State<AppState>, desk: Result<Desk, Failure>, origin: From, file: Id<FileId>, request: Request) -> Response {
    picture(state, desk, origin, file, files::Slot::Cover, "cover", request).await
}

async fn preview(state: State<AppState>, desk: Result<Desk, Failure>, origin: From, file: Id<FileId>, request: Request) -> Response {
    picture(state, desk, origin, file, files::Slot::Preview, "preview", request).await
}

async fn picture(
    State(state): State<AppState>,
    desk: Result<Desk, Failure>,
    From(origin): From,
    Id(file): Id<FileId>,
    slot: files::Slot,
    name: &'static str,
    request: Request,
) -> Response {
    let page = page_of(file);
    let Ok(Desk(member)) = desk else { return sign_in(&page) };
    if let Err(error) = member.must(&state.store, Permission::ManageFiles, slot.action(), format!("file:{file}"), &origin).await {
        return Failure::from(error).into_response();
    }
    let outcome = async {
        let mut form = Form::of(&state, request).await?;
        let chosen = take_picture(&mut form).await;
        if chosen.is_err() {
            form.drain().await;
        }
        files::set_picture(&state.store, &member, file, slot, chosen?, &origin).await?;
        Ok(())
    };
    let outcome: store::Result<()> = outcome.await;
    back(&state, &page, name, outcome.map_err(Failure::from))
}

async fn take_picture(form: &mut Form) -> store::Result<Vec<u8>> {
    let (ration, stopping) = (form.ration.clone(), form.stopping.clone());
    while let Some(mut field) = form.next().await? {
        if field.name() == Some("file") {
            ration.raise(flow::PICTURE as u64 + BESIDES);
            return whole(&mut field, flow::PICTURE, &stopping).await;
        }
    }
    Err(missing("file"))
}

/// Sets the shop's logo, or takes it away.
async fn set_logo(State(state): State<AppState>, desk: Result<Desk, Failure>, From(origin): From, request: Request) -> Response {
    const PAGE: &str = "/admin/settings";
    let Ok(Desk(member)) = desk else { return sign_in(PAGE) };
    if let Err(error) = member.must(&state.store, Permission::ChangeSettings, "settings.change", "setting:logo", &origin).await {
        return Failure::from(error).into_response();
    }
    let outcome = async {
        let mut form = Form::of(&state, request).await?;
        let chosen = take_logo(&mut form).await;
        if chosen.is_err() {
            form.drain().await;
        }
        settings::set_logo(&state.store, &member, chosen?, &origin).await?;
        Ok(())
    };
    let outcome: store::Result<()> = outcome.await;
    back(&state, PAGE, "logo", outcome.map_err(Failure::from))
}

/// The form's logo; nothing where it is to be taken away.
async fn take_logo(form: &mut Form) -> store::Result<Vec<u8>> {
    let (ration, stopping) = (form.ration.clone(), form.stopping.clone());
    let (mut logo, mut remove) = (Vec::new(), false);
    while let Some(mut field) = form.next().await? {
        match field.name() {
            Some("logo") => {
                ration.raise(LOGO as u64 + BESIDES);
                logo = whole(&mut field, LOGO, &stopping).await?;
            }
            Some("remove") => remove = true,
            _ => {}
        }
    }
    match (remove, logo.is_empty()) {
        (true, _) => Ok(Vec::new()),
        (false, true) => Err(missing("logo")),
        (false, false) => Ok(logo),
    }
}
