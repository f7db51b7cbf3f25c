//! All files, and a new one.

use app::{
    components::{Ago, Coins, Empty, Failed, Form, Heading, Icon, Number, Outcome, Skeleton},
    format,
    locale::current_locale,
    texts::file_kind,
};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_query_map};
use shared::api::{
    FileKind,
    admin::{FileState, Permission, Shelf, StockFile},
};

use crate::{
    calls::files::{CreateFile, FilesPage, get_categories, get_files},
    components::{Area, Choice, Filters, Kind, Pager, Status, TextField, Tone},
    desk::guarded,
    locale::tr,
};

/// The list's page.
#[component]
pub fn Files() -> impl IntoView {
    guarded(Permission::ManageFiles, || view! { <List /> }.into_any())
}

/// What the address asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Asked {
    q: String,
    category: String,
    state: String,
    cursor: String,
}

impl Asked {
    fn filtered(&self) -> bool {
        [&self.q, &self.category, &self.state, &self.cursor].iter().any(|part| !part.is_empty())
    }

    fn query(&self) -> String {
        format!("q={}&category={}&state={}", format::escape(&self.q), format::escape(&self.category), format::escape(&self.state))
    }
}

#[component]
fn List() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let of = |name: &str| query.get(name).unwrap_or_default();
            Asked { q: of("q"), category: of("category"), state: of("state"), cursor: of("cursor") }
        })
    });
    let page = Resource::new_blocking(move || asked.get(), |asked| get_files(asked.q, asked.category, asked.state, asked.cursor));
    view! {
        <Heading text=tr!(files.title) />
        <p class="row-actions">
            <a class="button primary" href="/admin/files/new">
                <Icon name="plus" />
                {tr!(files.new)}
            </a>
            <a class="button" href="/admin/files/import">
                <Icon name="table-2" />
                {tr!(files.import)}
            </a>
        </p>
        <Transition fallback=|| view! { <Skeleton lines=6 /> }>
            {move || Suspend::new(async move {
                let asked = asked.get_untracked();
                match page.await {
                    Ok(FilesPage { files, categories }) => {
                        let filtered = asked.filtered();
                        let pager = view! {
                            <Pager path="/admin/files".to_owned() query=asked.query() first=asked.cursor.is_empty() next=files.next_cursor />
                        };
                        let found = match (files.results.is_empty(), filtered) {
                            (false, _) => view! { <Table files=files.results /> }.into_any(),
                            (true, true) => view! { <Empty title=tr!(files.none_found) text=tr!(files.none_found_text) /> }.into_any(),
                            (true, false) => view! { <Empty title=tr!(files.none) text=tr!(files.none_text) /> }.into_any(),
                        };
                        view! {
                            <Search asked categories />
                            {found}
                            {pager}
                        }
                            .into_any()
                    }
                    Err(failure) => view! { <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Search(asked: Asked, categories: Vec<Shelf>) -> impl IntoView {
    let any = |words: &str| vec![(String::new(), words.to_owned())];
    let states = [FileState::Published, FileState::Hidden, FileState::Draft];
    let states = states.map(|state| (state.as_str().to_owned(), state_name(state).1.to_owned()));
    view! {
        <Filters action="/admin/files">
            <TextField name="q" label=tr!(files.search) value=asked.q optional=true error=Signal::stored(None) />
            <Choice
                name="category"
                label=tr!(files.category)
                options=[any(tr!(files.any_category)), shelf_options(categories)].concat()
                value=asked.category
            />
            <Choice name="state" label=tr!(files.state) options=[any(tr!(files.any_state)), states.to_vec()].concat() value=asked.state />
        </Filters>
    }
}

/// The way back to all files.
#[component]
pub fn Back() -> impl IntoView {
    view! {
        <p>
            <a class="back" href="/admin/files">
                <Icon name="chevron-right" mirror=true />
                {tr!(files.all)}
            </a>
        </p>
    }
}

/// Categories to choose one of.
pub fn shelf_options(categories: Vec<Shelf>) -> Vec<(String, String)> {
    categories.into_iter().map(|category| (category.id.to_string(), category.name)).collect()
}

/// Kinds to choose one of.
pub fn kind_options() -> Vec<(String, String)> {
    FileKind::ALL.iter().map(|kind| (kind.as_str().to_owned(), file_kind(current_locale(), *kind).to_owned())).collect()
}

/// How a file's state is to be taken, and its word.
pub fn state_name(state: FileState) -> (Tone, &'static str) {
    match state {
        FileState::Published => (Tone::Good, tr!(files.published)),
        FileState::Hidden => (Tone::Plain, tr!(files.hidden)),
        FileState::Draft => (Tone::Warn, tr!(files.draft)),
    }
}

#[component]
fn Table(files: Vec<StockFile>) -> impl IntoView {
    view! {
        <table class="list stock">
            <thead>
                <tr>
                    <th scope="col">{tr!(files.file)}</th>
                    <th scope="col">{tr!(files.state)}</th>
                    <th scope="col">{tr!(files.price)}</th>
                    <th scope="col">{tr!(files.content)}</th>
                    <th scope="col">{tr!(files.sales)}</th>
                    <th scope="col">{tr!(files.updated)}</th>
                </tr>
            </thead>
            <tbody>{files.into_iter().map(|file| view! { <Row file /> }).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn Row(file: StockFile) -> impl IntoView {
    let (tone, state) = state_name(file.state);
    let content = match file.version {
        Some(version) => view! {
            <span>{tr!(files.version_number)} " " <Number value=version.number /> " · " {format::size(version.size_bytes)}</span>
        }
        .into_any(),
        None => view! { <span class="quiet">{tr!(files.no_content)}</span> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row">
                <a href=format!("/admin/files/{}", file.id)>
                    <bdi>{file.title}</bdi>
                </a>
                <span class="quiet under">{file_kind(current_locale(), file.kind)} " · " <bdi>{file.category_name}</bdi></span>
            </th>
            <td data-label=tr!(files.state)>
                <Status tone text=state />
            </td>
            <td data-label=tr!(files.price)>
                <Coins amount=file.price_coins />
            </td>
            <td data-label=tr!(files.content)>{content}</td>
            <td data-label=tr!(files.sales)>
                <Number value=file.sales_count />
            </td>
            <td data-label=tr!(files.updated)>
                <Ago at=file.updated_at />
            </td>
        </tr>
    }
}

/// The page of a new file.
#[component]
pub fn NewFile() -> impl IntoView {
    guarded(Permission::ManageFiles, || view! { <Draft /> }.into_any())
}

#[component]
fn Draft() -> impl IntoView {
    let action = ServerAction::<CreateFile>::new();
    let outcome = Outcome::of(action, "create-file");
    let categories = Resource::new_blocking(|| (), |()| get_categories());
    let navigate = use_navigate();
    let value = action.value();
    Effect::new(move |_| {
        if let Some(Ok(id)) = value.get() {
            navigate(&format!("/admin/files/{id}"), leptos_router::NavigateOptions::default());
        }
    });
    view! {
        <Back />
        <Heading text=tr!(files.new) />
        <p class="lead">{tr!(files.new_lead)}</p>
        <Transition fallback=|| view! { <Skeleton lines=5 /> }>
            {move || Suspend::new(async move {
                match categories.await {
                    Ok(categories) if categories.is_empty() => {
                        view! {
                            <Empty title=tr!(files.no_categories) text=tr!(files.no_categories_text)>
                                <a class="button primary" href="/admin/categories">
                                    {tr!(files.categories)}
                                </a>
                            </Empty>
                        }
                            .into_any()
                    }
                    Ok(categories) => {
                        let written = Written {
                            title: outcome.value("title"),
                            description: String::new(),
                            category: outcome.value("category_id"),
                            price: outcome.value("price_coins"),
                            kind: outcome.value("kind"),
                        };
                        view! {
                            <Form action failure=outcome.failure() submit=tr!(files.create) pending=tr!(list.doing) icon="plus">
                                <Fields written categories outcome />
                            </Form>
                        }
                            .into_any()
                    }
                    Err(failure) => view! { <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
    }
}

/// What stands in a file's fields.
pub struct Written {
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// The category's id.
    pub category: String,
    /// Price in coins.
    pub price: String,
    /// Kind.
    pub kind: String,
}

/// The fields of a file.
#[component]
pub fn Fields<T: Clone + serde::de::DeserializeOwned + Send + Sync + 'static>(
    /// What stands in them.
    written: Written,
    /// The categories to choose one of.
    categories: Vec<Shelf>,
    /// What became of the form.
    outcome: Outcome<T>,
) -> impl IntoView {
    view! {
        <TextField name="title" label=tr!(files.name) value=written.title error=outcome.of_field("title") />
        <Area
            name="description"
            label=tr!(files.description)
            hint=tr!(files.description_hint)
            rows=5
            value=written.description
            error=outcome.of_field("description")
        />
        <div class="field-pair">
            <Choice
                name="category_id"
                label=tr!(files.category)
                options=shelf_options(categories)
                value=written.category
                error=outcome.of_field("category_id")
            />
            <Choice name="kind" label=tr!(files.kind) options=kind_options() value=written.kind error=outcome.of_field("kind") />
        </div>
        <TextField
            name="price_coins"
            label=tr!(files.price)
            hint=tr!(files.price_hint)
            kind=Kind::Number
            value=written.price
            error=outcome.of_field("price_coins")
        />
    }
}
