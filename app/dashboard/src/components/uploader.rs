//! Where a file's content is handed in: by button or by dropping it, with its progress; a plain form where there is no script.

use app::{
    components::{FieldError, Icon, Star, described_by},
    format,
};
use leptos::{ev, html, prelude::*};
use shared::{Code, FieldCode, FileId};
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, File, HtmlFormElement, SubmitEvent};

use super::Area;
use crate::{
    locale::tr,
    upload::{self, Progress, Stage},
};

/// Hands a content in.
#[expect(clippy::too_many_lines, reason = "one form, of which most is markup")]
#[component]
pub fn Uploader(
    /// The file that it is a content of.
    file: FileId,
    /// The largest content, in bytes.
    largest: i64,
    /// Whether the file has a content already: then it is a new version, which wants a word on what changed.
    has_content: bool,
    /// Called when the content is a version.
    done: Callback<()>,
) -> impl IntoView {
    let progress = Progress::default();
    let input = NodeRef::<html::Input>::new();
    let form = NodeRef::<html::Form>::new();
    let chosen = RwSignal::new(None::<(String, i64)>);
    let over = RwSignal::new(false);
    let error = RwSignal::new(None::<FieldCode>);
    let has_content = RwSignal::new(has_content);

    let file_of = move || input.get_untracked().and_then(|input| input.files()).and_then(|files| files.get(0));
    let choose = move || {
        error.set(None);
        progress.stage.set(Stage::Idle);
        chosen.set(file_of().map(|file| (file.name(), size_of(&file))));
    };
    let drop_in = move |event: DragEvent| {
        event.prevent_default();
        over.set(false);
        let files = event.data_transfer().and_then(|transfer| transfer.files()).filter(|files| files.length() > 0);
        if let (Some(files), Some(input)) = (files, input.get_untracked()) {
            input.set_files(Some(&files));
            choose();
        }
    };
    let begin = move || {
        let Some(content) = file_of() else { return error.set(Some(FieldCode::Required)) };
        if size_of(&content) > largest {
            return progress.stage.set(Stage::Failed(Code::PayloadTooLarge.into()));
        }
        let note = form.get_untracked().map(|form| note_of(&form)).unwrap_or_default();
        leptos::task::spawn_local(async move {
            upload::send(progress, file, content, note).await;
            if progress.stage.try_get_untracked() == Some(Stage::Done) {
                if let Some(form) = form.get_untracked() {
                    form.reset();
                }
                chosen.set(None);
                has_content.set(true);
                done.run(());
            }
        });
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !progress.busy() {
            begin();
        }
    };
    // Another page: the bytes that are there wait for the next time.
    on_cleanup(move || progress.stop());

    let busy = move || progress.busy();
    view! {
        <form
            method="post"
            enctype="multipart/form-data"
            action=format!("/admin/files/{file}/content")
            class="form upload"
            node_ref=form
            on:submit=submit
        >
            <Show when=move || has_content.get()>
                <Area name="note" label=tr!(files.note) hint=tr!(files.note_hint) rows=2 error=Signal::stored(None) />
            </Show>
            <div
                class="field drop"
                class:over=move || over.get()
                class:bad=move || error.get().is_some()
                hidden=busy
                on:dragover=move |event: DragEvent| {
                    event.prevent_default();
                    over.set(true);
                }
                on:dragleave=move |_| over.set(false)
                on:drop=drop_in
            >
                <label for="content-file">
                    <Icon name="upload" />
                    <span>{tr!(files.choose)}</span>
                </label>
                <input
                    id="content-file"
                    name="file"
                    type="file"
                    node_ref=input
                    aria-invalid=move || error.get().map(|_| "true")
                    aria-describedby=described_by("content-file", true, error.into())
                    on:change=move |_: ev::Event| choose()
                />
                <p class="hint" id="content-file-hint">
                    {tr!(files.choose_hint, size = format::size(largest))}
                </p>
                {move || {
                    chosen
                        .get()
                        .map(|(name, size)| {
                            view! {
                                <p class="chosen">
                                    <Icon name="file" />
                                    <bdi>{name}</bdi>
                                    <span class="quiet">{format::size(size)}</span>
                                </p>
                            }
                        })
                }}
                <FieldError id="content-file" error=error.into() />
            </div>
            <Bar progress chosen />
            <div class="row-actions">
                <button type="submit" class="button primary" hidden=busy>
                    <Icon name="upload" />
                    <span>
                        {move || if progress.stage.with(|stage| matches!(stage, Stage::Failed(_))) { tr!(files.try_again) } else { tr!(files.upload) }}
                    </span>
                </button>
                <Show when=move || progress.stage.with(|stage| matches!(stage, Stage::Sending | Stage::Waiting))>
                    <button type="button" class="button" on:click=move |_| progress.pause()>
                        <Icon name="pause" />
                        <span>{tr!(files.pause)}</span>
                    </button>
                </Show>
                <Show when=move || progress.stage.with(|stage| *stage == Stage::Paused)>
                    <button type="button" class="button primary" on:click=move |_| progress.go_on()>
                        <Icon name="play" />
                        <span>{tr!(files.go_on)}</span>
                    </button>
                </Show>
            </div>
        </form>
    }
}

#[expect(clippy::cast_possible_truncation, reason = "sizes of files are far below 2^53")]
fn size_of(file: &File) -> i64 {
    file.size() as i64
}

fn note_of(form: &HtmlFormElement) -> String {
    let note = form.query_selector("[name=note]").ok().flatten();
    note.and_then(|note| note.dyn_into::<web_sys::HtmlTextAreaElement>().ok()).map(|note| note.value()).unwrap_or_default()
}

/// How far it is, how quick, how long still, and what is going on.
#[component]
fn Bar(progress: Progress, chosen: RwSignal<Option<(String, i64)>>) -> impl IntoView {
    let Progress { stage, sent, total, speed } = progress;
    let percent = move || sent.get() * 100 / total.get().max(1);
    let name = move || chosen.get().map(|(name, _)| name).unwrap_or_default();
    let pace = move || {
        let speed = speed.get();
        (speed > 0.0 && stage.get() == Stage::Sending).then(|| {
            let (each, left) = rate(speed, total.get() - sent.get());
            view! {
                <span>{tr!(files.speed, size = format::size(each))}</span>
                <span>{tr!(files.left, time = format::duration(left))}</span>
            }
        })
    };
    let news = move || match stage.get() {
        Stage::Idle => ().into_any(),
        Stage::Starting => say("", tr!(files.starting)),
        Stage::Sending => say("", tr!(files.sending)),
        Stage::Paused => say("pause", tr!(files.paused)),
        Stage::Waiting => say("triangle-alert", tr!(files.waiting)),
        Stage::Finishing => say("", tr!(files.finishing)),
        Stage::Done => view! {
            <div class="said">
                <Icon name="circle-check" />
                <p>{tr!(files.uploaded)}</p>
            </div>
        }
        .into_any(),
        Stage::Failed(failure) => view! {
            <div class="problems">
                <Icon name="triangle-alert" />
                <p>{failure.text()}</p>
            </div>
        }
        .into_any(),
    };
    view! {
        <Show when=move || progress.busy()>
            <div class="progress">
                <p class="progress-name">
                    <bdi>{name}</bdi>
                    <bdi dir="ltr" class="number">{percent} "%"</bdi>
                </p>
                <progress max="100" value=percent aria-label=tr!(files.progress)></progress>
                <p class="progress-pace">
                    <span>{move || tr!(files.of, sent = format::size(sent.get()), total = format::size(total.get()))}</span>
                    {pace}
                </p>
            </div>
        </Show>
        <div role="status" class="progress-news">{news}</div>
    }
}

fn say(icon: &'static str, words: &'static str) -> AnyView {
    let mark = if icon.is_empty() { view! { <Star turning=true /> }.into_any() } else { view! { <Icon name=icon /> }.into_any() };
    view! { <p class="going-on">{mark} {words}</p> }.into_any()
}

/// Bytes a second, and milliseconds for what is left.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "sizes and times of people's files")]
fn rate(speed: f64, left: i64) -> (i64, i64) {
    (speed as i64, (left as f64 / speed * 1_000.0) as i64)
}
