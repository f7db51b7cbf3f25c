//! Sends a file piece by piece, through lost connections, pauses and busy servers. Runs in browsers; called from handlers.

use std::{cell::RefCell, rc::Rc, time::Duration};

use app::Failure;
use leptos::prelude::*;
use serde_json::Value;
use shared::{Code, FieldError, FileId, Problem, api::admin::Upload};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File, ProgressEvent, XmlHttpRequest};

use crate::{calls::files::begin_upload, pace::Pace};

/// Bytes of one request: small enough for proxies that limit them, large enough to be quick.
const PIECE: i64 = 16 << 20;
/// Milliseconds without progress after which a line is taken for broken.
const SILENCE: f64 = 40_000.0;
/// The longest pause between two tries, in milliseconds.
const LONGEST_PAUSE: u32 = 15_000;

thread_local! {
    /// The request under way, so that a pause can end it.
    static UNDER_WAY: RefCell<Option<XmlHttpRequest>> = const { RefCell::new(None) };
}

/// What becomes of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was begun.
    Idle,
    /// The server is asked where to begin.
    Starting,
    /// Bytes flow.
    Sending,
    /// A person stopped it.
    Paused,
    /// The line is down, or the server busy: it goes on by itself.
    Waiting,
    /// All bytes are there; the server checks them.
    Finishing,
    /// It is a version.
    Done,
    /// It can't go on; a person may try again.
    Failed(Failure),
}

/// An upload as the page shows it.
#[derive(Clone, Copy)]
pub struct Progress {
    /// What becomes of it.
    pub stage: RwSignal<Stage>,
    /// Bytes that are there.
    pub sent: RwSignal<i64>,
    /// Bytes of the whole.
    pub total: RwSignal<i64>,
    /// Bytes a second, as they flowed lately; 0 while that is not known.
    pub speed: RwSignal<f64>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { stage: RwSignal::new(Stage::Idle), sent: RwSignal::new(0), total: RwSignal::new(0), speed: RwSignal::new(0.0) }
    }
}

impl Progress {
    /// Whether an upload is on its way, moving or not.
    pub fn busy(self) -> bool {
        self.stage.with(|stage| !matches!(stage, Stage::Idle | Stage::Done | Stage::Failed(_)))
    }

    /// Stops until [`Progress::go_on`].
    pub fn pause(self) {
        self.stage.set(Stage::Paused);
        abort();
    }

    /// Goes on after a pause.
    pub fn go_on(self) {
        self.stage.set(Stage::Sending);
    }

    /// Ends it; what has arrived stays on the server.
    pub fn stop(self) {
        _ = self.stage.try_set(Stage::Idle);
        abort();
    }

    fn is(self, stages: &[Stage]) -> bool {
        self.stage.try_with_untracked(|stage| stages.contains(stage)).unwrap_or(false)
    }

    /// False once the page is gone or a person ended it.
    fn wanted(self) -> bool {
        self.stage.try_with_untracked(|stage| *stage != Stage::Idle).unwrap_or(false)
    }

    /// Shows how it ended. A pause ends with it: nothing is left to go on with.
    fn end(self, stage: Stage) {
        if self.wanted() {
            _ = self.stage.try_set(stage);
        }
    }

    fn enter(self, stage: Stage) {
        if self.wanted() && !self.is(&[Stage::Paused]) {
            _ = self.stage.try_set(stage);
        }
    }
}

fn abort() {
    if let Some(request) = UNDER_WAY.with_borrow_mut(Option::take) {
        _ = request.abort();
    }
}

/// What to do after a request.
enum Next {
    /// Send on from here.
    From(i64),
    /// Ask where it stands, after so many milliseconds.
    Ask(u32),
    /// It is a version.
    Done,
    /// It can't go on.
    Fail(Failure),
}

/// Sends a file as the content of `target`, until it is a version, or can't be.
pub async fn send(progress: Progress, target: FileId, file: File, note: String) {
    progress.stage.set(Stage::Starting);
    progress.speed.set(0.0);
    progress.total.set(whole(file.size()));
    let upload = loop {
        let fingerprint = whole(file.last_modified()).to_string();
        match begin_upload(target, file.name(), whole(file.size()), note.clone(), fingerprint).await {
            Ok(upload) => break upload,
            Err(Failure(problem)) if passes(problem.code) && progress.wanted() => {
                progress.enter(Stage::Waiting);
                sleep(2_000).await;
            }
            Err(failure) => return progress.end(Stage::Failed(failure)),
        }
    };
    let url = format!("/admin/uploads/{}", upload.id);
    let pace = Rc::new(RefCell::new(Pace::default()));
    let mut next = Next::From(upload.received);
    let mut pause = 1_000;
    while progress.wanted() {
        if progress.is(&[Stage::Paused]) {
            sleep(200).await;
            if !progress.is(&[Stage::Paused]) {
                next = Next::Ask(0);
            }
            continue;
        }
        next = match next {
            Next::From(offset) => {
                _ = progress.sent.try_set(offset);
                progress.enter(if offset == upload.length { Stage::Finishing } else { Stage::Sending });
                let next = piece(progress, &pace, &url, &upload, &file, offset).await;
                if matches!(next, Next::From(_)) {
                    pause = 1_000;
                }
                next
            }
            Next::Ask(wait) => {
                pace.borrow_mut().rest();
                _ = progress.speed.try_set(0.0);
                if wait > 0 {
                    progress.enter(Stage::Waiting);
                    sleep(wait.max(pause)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                where_it_stands(&url).await
            }
            Next::Done => return progress.end(Stage::Done),
            Next::Fail(failure) => return progress.end(Stage::Failed(failure)),
        };
    }
}

/// Whether what went wrong goes by itself.
fn passes(code: Code) -> bool {
    matches!(code, Code::Unavailable | Code::RateLimited)
}

async fn where_it_stands(url: &str) -> Next {
    let Some(answer) = request("GET", url, &[], None, |_| {}).await else { return Next::Ask(1_000) };
    match (answer.status, serde_json::from_str::<Upload>(&answer.body)) {
        (200, Ok(upload)) if upload.version_id.is_some() => Next::Done,
        (200, Ok(upload)) => Next::From(upload.received),
        _ => after(&answer),
    }
}

async fn piece(progress: Progress, pace: &Rc<RefCell<Pace>>, url: &str, upload: &Upload, file: &File, offset: i64) -> Next {
    let length = upload.length;
    let end = (offset + PIECE).min(length);
    let blob = if end > offset { file.slice_with_f64_and_f64(exact(offset), exact(end)).ok() } else { None };
    let begins = offset.to_string();
    let headers = [("Content-Type", "application/offset+octet-stream"), ("Upload-Offset", begins.as_str())];
    let pace = pace.clone();
    let flowed = move |sent: i64| {
        if let Some(lately) = pace.borrow_mut().moved(now(), exact(sent)) {
            _ = progress.speed.try_set(lately);
        }
    };
    flowed(offset);
    let moved = move |loaded: f64| {
        let sent = offset + whole(loaded);
        _ = progress.sent.try_set(sent);
        if sent >= end && end == length {
            progress.enter(Stage::Finishing);
        }
        flowed(sent);
    };
    let Some(answer) = request("PATCH", url, &headers, blob.as_ref(), moved).await else { return Next::Ask(1_000) };
    match answer.status {
        204 if end == length => Next::Done,
        204 => Next::From(end),
        _ => after(&answer),
    }
}

/// What an answer that is no success means.
fn after(answer: &Answer) -> Next {
    match answer.status {
        // It stands elsewhere, or the request before is being closed still.
        409 | 429 | 502 | 503 | 504 => Next::Ask(1_000),
        _ => Next::Fail(Failure(problem(&answer.body))),
    }
}

/// The problem of an answer (RFC 9457).
fn problem(body: &str) -> Problem {
    let document: Value = serde_json::from_str(body).unwrap_or_default();
    let code = serde_json::from_value(document["code"].clone()).unwrap_or(Code::Unavailable);
    let mut fields = Vec::new();
    for (field, codes) in document["error_codes"].as_object().into_iter().flatten() {
        if let Ok(code) = serde_json::from_value(codes[0].clone()) {
            fields.push(FieldError { field: field.clone(), code });
        }
    }
    Problem { fields, ..code.into() }
}

struct Answer {
    status: u16,
    body: String,
}

/// One request; `None` when the line broke or it was ended.
async fn request(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&Blob>, moved: impl Fn(f64) + 'static) -> Option<Answer> {
    let request = XmlHttpRequest::new().ok()?;
    request.open(method, url).ok()?;
    for (name, value) in headers {
        request.set_request_header(name, value).ok()?;
    }
    let ended = js_sys::Promise::new(&mut |resolve, _| request.set_onloadend(Some(&resolve)));
    let last = Rc::new(RefCell::new((now(), body.is_none())));
    let size = body.map_or(0.0, Blob::size);
    let seen = last.clone();
    let on_progress = Closure::<dyn Fn(ProgressEvent)>::new(move |event: ProgressEvent| {
        *seen.borrow_mut() = (now(), event.loaded() >= size);
        moved(event.loaded());
    });
    request.upload().ok()?.set_onprogress(Some(on_progress.as_ref().unchecked_ref()));
    let watched = request.clone();
    let watch = set_interval_with_handle(
        move || {
            let (at, all) = *last.borrow();
            // What was sent whole is the server's: it may take long to put a large file together.
            if !all && now() - at > SILENCE {
                _ = watched.abort();
            }
        },
        Duration::from_secs(2),
    );
    UNDER_WAY.set(Some(request.clone()));
    let sent = match body {
        Some(blob) => request.send_with_opt_blob(Some(blob)),
        None => request.send(),
    };
    if sent.is_ok() {
        _ = JsFuture::from(ended).await;
    }
    UNDER_WAY.set(None);
    if let Ok(watch) = watch {
        watch.clear();
    }
    request.upload().ok()?.set_onprogress(None);
    drop(on_progress);
    let status = request.status().ok().filter(|status| *status > 0)?;
    Some(Answer { status, body: request.response_text().ok().flatten().unwrap_or_default() })
}

async fn sleep(milliseconds: u32) {
    let promise = js_sys::Promise::new(&mut |resolve: js_sys::Function, _| {
        set_timeout(move || _ = resolve.call0(&JsValue::NULL), Duration::from_millis(milliseconds.into()));
    });
    _ = JsFuture::from(promise).await;
}

fn now() -> f64 {
    js_sys::Date::now()
}

#[expect(clippy::cast_possible_truncation, reason = "sizes and times of JavaScript are far below 2^53")]
fn whole(number: f64) -> i64 {
    number as i64
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files are far below 2^53")]
fn exact(number: i64) -> f64 {
    number as f64
}
