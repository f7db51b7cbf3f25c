//! The catalog: search, filter, order, pages. Its address says all of it, so that it works as a plain form and can be shared.

use leptos::{ev, prelude::*};
use leptos_router::{components::Form, hooks::use_query_map};
use shared::api::{Category, FileKind, FileSort};
use wasm_bindgen::JsCast;

use crate::{
    api::catalog::{Results, Search, search_catalog},
    browser,
    components::{Empty, Failed, FileGrid, Heading, Icon, Skeleton},
    format::{Count, escape},
    locale::{current_locale, tr},
    texts,
    visit::visit,
};

/// The catalog.
#[component]
pub fn Catalog() -> impl IntoView {
    let visit = visit();
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let of = |name: &str| query.get(name).unwrap_or_default();
            Search { q: of("q"), category: of("category"), kind: of("kind"), sort: of("sort"), page: of("page") }
        })
    });
    // What was typed follows the address when that changes by another way (Back, «clear»), and only then.
    Effect::new(move |before: Option<String>| {
        let words = asked.with(|asked| asked.q.clone());
        if before.is_some_and(|before| before != words) {
            browser::fill("q", &words);
        }
        words
    });
    let results = Resource::new_blocking(move || (asked.get(), visit.changes.get()), |(asked, _)| search_catalog(asked));
    view! {
        <div class="wide section">
            <Heading text=tr!(catalog.title) />
            <Transition fallback=|| view! { <Skeleton lines=8 of="cards" /> }>
                {move || Suspend::new(async move {
                    let asked = asked.get_untracked();
                    match results.await {
                        Ok(Results { files, categories }) => {
                            let pages = files.pages();
                            let (page, total) = (files.page, files.total);
                            let found = if files.items.is_empty() {
                                view! { <Nothing asked=asked.clone() /> }.into_any()
                            } else {
                                view! { <FileGrid files=files.items /> }.into_any()
                            };
                            view! {
                                <Filters asked=asked.clone() categories />
                                <section aria-labelledby="results">
                                    <h2 id="results" class="visually-hidden">
                                        {tr!(catalog.results)}
                                    </h2>
                                    <p class="quiet" role="status">
                                        {tr!(count.files, count = Count(total))}
                                    </p>
                                    {found}
                                </section>
                                <Pages asked page pages />
                            }
                                .into_any()
                        }
                        Err(failure) => view! { <Failed failure /> }.into_any(),
                    }
                })}
            </Transition>
        </div>
    }
}

/// Search and filters: a plain form that asks for the same page with another address.
#[component]
fn Filters(asked: Search, categories: Vec<Category>) -> impl IntoView {
    let changed = |event: ev::Event| {
        let select: Option<web_sys::Element> = event.target().and_then(|target| target.dyn_into().ok());
        if let Some(form) = select.and_then(|select| select.closest("form").ok().flatten())
            && let Ok(form) = form.dyn_into::<web_sys::HtmlFormElement>()
        {
            _ = form.request_submit();
        }
    };
    let option = |value: String, chosen: &str, text: String| {
        let selected = value == chosen;
        view! {
            <option value=value selected=selected>
                {text}
            </option>
        }
    };
    let all_categories = option(String::new(), &asked.category, tr!(catalog.all_categories).to_owned());
    let categories = categories.into_iter().map(|category| option(category.id.to_string(), &asked.category, category.name)).collect_view();
    let all_kinds = option(String::new(), &asked.kind, tr!(catalog.all_kinds).to_owned());
    let kinds = FileKind::ALL
        .iter()
        .map(|kind| option(kind.as_str().to_owned(), &asked.kind, texts::file_kind(current_locale(), *kind).to_owned()))
        .collect_view();
    let sorts = FileSort::ALL.iter().map(|sort| {
        let value = if *sort == FileSort::Newest { "" } else { sort.as_str() };
        option(value.to_owned(), &asked.sort, sort_name(*sort).to_owned())
    });
    let sorts = sorts.collect_view();
    view! {
        <Form method="GET" action="/catalog" attr:class="filters" attr:role="search">
            <div class="search-line">
                <label class="visually-hidden" for="q">
                    {tr!(catalog.search)}
                </label>
                <input id="q" name="q" type="search" value=asked.q.clone() placeholder=tr!(catalog.search_hint) autocomplete="off" dir="auto" />
                <button type="submit" class="button primary">
                    <Icon name="search" />
                    <span>{tr!(catalog.submit)}</span>
                </button>
            </div>
            <div class="filter-line">
                <div class="select">
                    <label for="category">{tr!(catalog.category)}</label>
                    <select id="category" name="category" on:change=changed>
                        {all_categories}
                        {categories}
                    </select>
                </div>
                <div class="select">
                    <label for="kind">{tr!(catalog.kind)}</label>
                    <select id="kind" name="kind" on:change=changed>
                        {all_kinds}
                        {kinds}
                    </select>
                </div>
                <div class="select">
                    <label for="sort">{tr!(catalog.sort)}</label>
                    <select id="sort" name="sort" on:change=changed>
                        {sorts}
                    </select>
                </div>
            </div>
        </Form>
    }
}

fn sort_name(sort: FileSort) -> &'static str {
    match sort {
        FileSort::Newest => tr!(catalog.sort_newest),
        FileSort::Price => tr!(catalog.sort_price),
        FileSort::PriceDown => tr!(catalog.sort_price_down),
        FileSort::Popular => tr!(catalog.sort_popular),
    }
}

/// No file fits, or there is none at all.
#[component]
fn Nothing(asked: Search) -> impl IntoView {
    if asked == Search::default() {
        view! { <Empty title=tr!(catalog.store_empty_title) text=tr!(catalog.store_empty_text) /> }.into_any()
    } else {
        view! {
            <Empty title=tr!(catalog.empty_title) text=tr!(catalog.empty_text)>
                <a class="button" href="/catalog">
                    {tr!(catalog.clear)}
                </a>
            </Empty>
        }
        .into_any()
    }
}

/// The way to the neighbouring pages.
#[component]
fn Pages(asked: Search, page: i64, pages: i64) -> impl IntoView {
    let address = move |page: i64| {
        let mut address = format!("/catalog?page={page}");
        for (name, value) in [("q", &asked.q), ("category", &asked.category), ("kind", &asked.kind), ("sort", &asked.sort)] {
            if !value.is_empty() {
                address.push_str(&format!("&{name}={}", escape(value)));
            }
        }
        address
    };
    (pages > 1).then(|| {
        let previous = (page > 1).then(|| {
            view! {
                <a class="button" rel="prev" href=address(page - 1)>
                    {tr!(common.previous)}
                </a>
            }
        });
        let next = (page < pages).then(|| {
            view! {
                <a class="button" rel="next" href=address(page + 1)>
                    {tr!(common.next)}
                </a>
            }
        });
        view! {
            <nav class="pages" aria-label=tr!(common.pages)>
                {previous}
                <span>{tr!(common.page_of, page = page, pages = pages)}</span>
                {next}
            </nav>
        }
    })
}
