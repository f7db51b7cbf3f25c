//! One file: its state, content and versions, what is written of it, its pictures.

use app::{
    Failure,
    components::{Ago, Coins, CopyButton, Failed, Form, Heading, Icon, Number, PostForm, Problems, Said, Skeleton, cover},
    flash, format,
    locale::current_locale,
    texts::file_kind,
};
use leptos::{html, prelude::*};
use leptos_router::hooks::use_params_map;
use shared::{
    FileId,
    api::admin::{FileState, Permission, StockFile, Upload, Version},
};

use super::files::{Back, Fields, Written, state_name};
use crate::{
    calls::files::{DiscardUpload, EditFile, FilePage, PublishFile, RemovePicture, get_file},
    components::{Ask, Fact, Refusal, Status, Uploader},
    deed::{Deed, any},
    desk::guarded,
    locale::tr,
};

/// The file's page.
#[component]
pub fn File() -> impl IntoView {
    guarded(Permission::ManageFiles, || view! { <FileOf /> }.into_any())
}

/// What is done to a file, and what became of its plain forms.
#[derive(Clone, Copy)]
struct Deeds {
    edit: Deed<EditFile>,
    publish: Deed<PublishFile>,
    discard: Deed<DiscardUpload>,
    remove: Deed<RemovePicture>,
    content: News,
    cover: News,
    preview: News,
}

#[component]
fn FileOf() -> impl IntoView {
    let id = use_params_map().with_untracked(|params| params.get("id")).unwrap_or_default();
    let deeds = Deeds {
        edit: Deed::new("edit-file"),
        publish: Deed::new("publish-file"),
        discard: Deed::new("discard-upload"),
        remove: Deed::new("remove-picture"),
        content: News::of("content"),
        cover: News::of("cover"),
        preview: News::of("preview"),
    };
    let done = any([deeds.edit.times(), deeds.publish.times(), deeds.discard.times(), deeds.remove.times()]);
    let arrived = RwSignal::new(0_u32);
    let (again, once) = (id.clone(), id);
    let page = Resource::new_blocking(move || (done.get(), arrived.get()), move |_| get_file(again.clone()));
    // The form of an upload under way must not be made anew when something else of the page changes.
    let first = Resource::new_blocking(|| (), move |()| get_file(once.clone()));
    let arrive = Callback::new(move |()| arrived.update(|arrived| *arrived += 1));
    view! {
        <Back />
        <Refusal failure=deeds.publish.outcome.failure() />
        <Refusal failure=deeds.discard.outcome.failure() />
        <Refusal failure=deeds.remove.outcome.failure() />
        <Transition fallback=|| view! { <Skeleton lines=6 /> }>
            {move || Suspend::new(async move {
                match first.await {
                    Ok(loaded) => view! { <Sheet loaded page deeds arrive /> }.into_any(),
                    Err(failure) => {
                        view! {
                            <Heading text=tr!(files.title) />
                            <Failed failure />
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
    }
}

/// The file: `loaded` as the page began, for the forms; `page` as it is now.
#[component]
fn Sheet(loaded: FilePage, page: Resource<Result<FilePage, Failure>>, deeds: Deeds, arrive: Callback<()>) -> impl IntoView {
    let FilePage { file, largest, categories, .. } = loaded;
    let edited = deeds.edit.outcome;
    let or = |field: &str, stored: String| Some(edited.value(field)).filter(|typed| !typed.is_empty()).unwrap_or(stored);
    let written = Written {
        title: or("title", file.title),
        description: file.description,
        category: or("category_id", file.category_id.to_string()),
        price: or("price_coins", file.price_coins.to_string()),
        kind: or("kind", file.kind.as_str().to_owned()),
    };
    view! {
        <Transition fallback=|| view! { <Skeleton lines=3 /> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(FilePage { file, .. }) => view! { <Head file deeds /> }.into_any(),
                    Err(failure) => view! { <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
        <section class="panel" aria-labelledby="content">
            <h2 id="content">{tr!(files.content)}</h2>
            <FormNews news=deeds.content said=tr!(files.uploaded) />
            <Transition fallback=|| view! { <Skeleton lines=1 /> }>
                {move || Suspend::new(async move {
                    page.await.ok().map(|page| view! { <Stopped file=page.file.id uploads=page.uploads deeds /> })
                })}
            </Transition>
            <Uploader file=file.id largest has_content=file.version.is_some() done=arrive />
            <Transition fallback=|| view! { <Skeleton lines=1 /> }>
                {move || Suspend::new(async move { page.await.ok().map(|page| view! { <Versions versions=page.versions /> }) })}
            </Transition>
        </section>
        <section class="panel" aria-labelledby="details">
            <h2 id="details">{tr!(files.details)}</h2>
            <Said when=deeds.edit.said()>{tr!(files.saved)}</Said>
            <Form action=deeds.edit.action failure=edited.failure() submit=tr!(files.save) pending=tr!(list.doing) icon="check">
                <input type="hidden" name="id" value=file.id.to_string() />
                <Fields written categories outcome=edited />
            </Form>
        </section>
        <Transition fallback=|| view! { <Skeleton lines=2 /> }>
            {move || Suspend::new(async move { page.await.ok().map(|page| view! { <Pictures file=page.file deeds /> }) })}
        </Transition>
    }
}

/// Title, state, and what customers see of it.
#[component]
fn Head(file: StockFile, deeds: Deeds) -> impl IntoView {
    let (tone, state) = state_name(file.state);
    let id = file.id;
    let publish = move |published: bool| {
        let (words, class) = if published { (tr!(files.publish), "button primary") } else { (tr!(files.hide), "button") };
        view! {
            <PostForm action=deeds.publish.action>
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="published" value=published.to_string() />
                <button type="submit" class=class disabled=move || deeds.publish.action.pending().get()>
                    <Icon name=if published { "eye" } else { "eye-off" } />
                    {words}
                </button>
            </PostForm>
        }
    };
    let actions = match file.state {
        FileState::Published => view! {
            {publish(false)}
            <a class="button quiet" href=format!("/files/{id}") rel="external">
                <Icon name="shopping-bag" />
                {tr!(files.in_shop)}
            </a>
        }
        .into_any(),
        FileState::Hidden => publish(true).into_any(),
        FileState::Draft => view! { <p class="quiet">{tr!(files.draft_text)}</p> }.into_any(),
    };
    view! {
        <Heading text=file.title />
        <dl class="facts inline">
            <Fact name=tr!(files.state)>
                <Status tone text=state />
            </Fact>
            <Fact name=tr!(files.price)>
                <Coins amount=file.price_coins />
            </Fact>
            <Fact name=tr!(files.category)>
                <bdi>{file.category_name}</bdi>
                " · "
                {file_kind(current_locale(), file.kind)}
            </Fact>
            <Fact name=tr!(files.sales)>
                <Number value=file.sales_count />
            </Fact>
        </dl>
        <div class="row-actions">{actions}</div>
    }
}

/// What became of a plain form that was posted with a file. Taken where the page begins: what waits for data may be made twice.
#[derive(Clone, Copy)]
struct News {
    failure: Signal<Option<Failure>>,
    done: Signal<bool>,
}

impl News {
    fn of(form: &str) -> Self {
        let outcome = flash::take(form).and_then(|flash| flash.read::<()>());
        Self { done: Signal::stored(matches!(outcome, Some(Ok(())))), failure: Signal::stored(outcome.and_then(Result::err)) }
    }
}

#[component]
fn FormNews(news: News, said: &'static str) -> impl IntoView {
    view! {
        <Problems failure=news.failure />
        <Said when=news.done>{said}</Said>
    }
}

/// Uploads that stopped on their way.
#[component]
fn Stopped(file: FileId, uploads: Vec<Upload>, deeds: Deeds) -> impl IntoView {
    let line = move |upload: Upload| {
        let percent = upload.received.saturating_mul(100) / upload.length.max(1);
        view! {
            <li>
                <p>
                    <Icon name="pause" />
                    <bdi>{upload.file_name}</bdi>
                    <span class="quiet">
                        {tr!(files.of, sent = format::size(upload.received), total = format::size(upload.length))} " · "
                        <bdi dir="ltr" class="number">
                            {percent}
                            "%"
                        </bdi>
                    </span>
                </p>
                <PostForm action=deeds.discard.action>
                    <input type="hidden" name="id" value=upload.id />
                    <input type="hidden" name="file" value=file.to_string() />
                    <button type="submit" class="button small">
                        <Icon name="x" />
                        {tr!(files.discard)}
                    </button>
                </PostForm>
            </li>
        }
    };
    (!uploads.is_empty()).then(|| {
        view! {
            <div class="stopped">
                <p>{tr!(files.stopped)}</p>
                <ul>{uploads.into_iter().map(line).collect_view()}</ul>
            </div>
        }
    })
}

#[component]
fn Versions(versions: Vec<Version>) -> impl IntoView {
    let line = |version: Version| {
        let shown = NodeRef::<html::Bdi>::new();
        view! {
            <li>
                <p class="version-name">
                    <b>{tr!(files.version_number)} " " <Number value=version.number /></b>
                    <bdi>{version.file_name}</bdi>
                    <span class="quiet">{format::size(version.size_bytes)} " · " <Ago at=version.created_at /></span>
                </p>
                {(!version.note.is_empty()).then(|| view! { <p dir="auto">{version.note}</p> })}
                <p class="checksum">
                    <span class="quiet">"SHA-256"</span>
                    <bdi dir="ltr" class="number" node_ref=shown>
                        {version.sha256.clone()}
                    </bdi>
                    <CopyButton text=version.sha256 label="SHA-256" shown />
                </p>
            </li>
        }
    };
    (!versions.is_empty()).then(|| view! { <ol class="versions">{versions.into_iter().map(line).collect_view()}</ol> })
}

/// Cover and free preview.
#[component]
fn Pictures(file: StockFile, deeds: Deeds) -> impl IntoView {
    let id = file.id;
    let remove = move |preview: bool| {
        view! {
            <Ask label=tr!(files.remove) icon="trash-2" grave=true>
                <p>{if preview { tr!(files.remove_preview_ask) } else { tr!(files.remove_cover_ask) }}</p>
                <Form action=deeds.remove.action failure=Signal::stored(None) submit=tr!(files.remove) pending=tr!(list.doing)>
                    <input type="hidden" name="id" value=id.to_string() />
                    <input type="hidden" name="preview" value=preview.to_string() />
                </Form>
            </Ask>
        }
    };
    let own_cover = file.cover_url.is_some();
    let shown = file.preview_url.clone().map(|address| {
        view! {
            <a class="button" href=address rel="external" target="_blank">
                <Icon name="eye" />
                {tr!(files.see_preview)}
            </a>
        }
    });
    view! {
        <section class="panel" aria-labelledby="cover">
            <h2 id="cover">{tr!(files.cover)}</h2>
            <FormNews news=deeds.cover said=tr!(files.saved) />
            <div class="cover">
                <div inner_html=cover(file.kind, &file.title, file.cover_url.as_deref(), false)></div>
                <div class="stack">
                    <p class="quiet">{if own_cover { tr!(files.cover_own) } else { tr!(files.cover_drawn) }}</p>
                    <PictureForm id picture="cover" accept="image/png,image/jpeg,image/webp" hint=tr!(files.cover_hint) />
                    {own_cover.then(|| remove(false))}
                </div>
            </div>
        </section>
        <section class="panel" aria-labelledby="preview">
            <h2 id="preview">{tr!(files.preview)}</h2>
            <p class="quiet">{tr!(files.preview_text)}</p>
            <FormNews news=deeds.preview said=tr!(files.saved) />
            <PictureForm id picture="preview" accept="image/png,image/jpeg,image/webp,application/pdf" hint=tr!(files.preview_hint) />
            {shown.map(|shown| view! { <div class="picture-form">{shown} {remove(true)}</div> })}
        </section>
    }
}

#[component]
fn PictureForm(id: FileId, picture: &'static str, accept: &'static str, hint: &'static str) -> impl IntoView {
    view! {
        <form method="post" enctype="multipart/form-data" action=format!("/admin/files/{id}/{picture}") class="picture-form">
            <div class="field">
                <label for=format!("{picture}-file")>{tr!(files.picture)}</label>
                <p class="hint" id=format!("{picture}-file-hint")>
                    {hint}
                </p>
                <input id=format!("{picture}-file") name="file" type="file" required accept=accept aria-describedby=format!("{picture}-file-hint") />
            </div>
            <button type="submit" class="button">
                <Icon name="upload" />
                {tr!(files.upload)}
            </button>
        </form>
    }
}
