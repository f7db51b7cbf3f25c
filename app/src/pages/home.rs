//! The home page: what the store is, how it works, what is new.

use leptos::prelude::*;
use leptos_meta::Title;
use shared::api::Category;

use crate::{
    api::catalog::get_home,
    art,
    components::{Empty, Failed, FileGrid, Icon, Number, Skeleton},
    locale::tr,
    visit::visit,
};

/// The home page.
#[component]
pub fn Home() -> impl IntoView {
    let visit = visit();
    let home = Resource::new_blocking(move || visit.changes.get(), |_| get_home());
    view! {
        <Title text=tr!(home.title) />
        <Hero />
        <Transition fallback=|| {
            view! {
                <div class="wide">
                    <Skeleton lines=8 of="cards" />
                </div>
            }
        }>
            {move || Suspend::new(async move {
                match home.await {
                    Ok(home) if home.newest.is_empty() => {
                        view! {
                            <div class="wide">
                                <Empty title=tr!(catalog.store_empty_title) text=tr!(catalog.store_empty_text) />
                            </div>
                        }
                            .into_any()
                    }
                    Ok(home) => {
                        view! {
                            <section class="wide section" aria-labelledby="new">
                                <div class="section-head">
                                    <h2 id="new">{tr!(home.new_title)}</h2>
                                    <a href="/catalog">{tr!(home.all)} <Icon name="arrow-left" mirror=true /></a>
                                </div>
                                <FileGrid files=home.newest />
                            </section>
                            <Categories categories=home.categories />
                        }
                            .into_any()
                    }
                    Err(failure) => view! { <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
        <HowItWorks />
    }
}

/// The first words, and the ways on.
#[component]
fn Hero() -> impl IntoView {
    let visit = visit();
    let on = move || {
        if visit.signed_in() {
            view! {
                <a class="button" href="/purchases">
                    {tr!(home.continue_purchases)}
                </a>
            }
        } else {
            view! {
                <a class="button" href="/start">
                    {tr!(home.start)}
                </a>
            }
        }
    };
    view! {
        <section class="hero">
            <div class="hero-art" aria-hidden="true" inner_html=art::hero()></div>
            <div class="wide">
                {move || {
                    visit
                        .viewer
                        .with(|viewer| viewer.as_ref().and_then(|viewer| viewer.name.clone()))
                        .map(|name| view! { <p class="welcome">{tr!(home.welcome, name = name)}</p> })
                }}
                <h1>{tr!(home.heading)}</h1>
                <p class="lead">{tr!(home.lead)}</p>
                <p class="actions">
                    <a class="button primary" href="/catalog">
                        {tr!(home.browse)}
                    </a>
                    {on}
                </p>
            </div>
        </section>
    }
}

/// Three steps from a code to a file.
#[component]
fn HowItWorks() -> impl IntoView {
    let step = |icon: &'static str, title: &'static str, text: &'static str| {
        view! {
            <li>
                <Icon name=icon />
                <div>
                    <h3>{title}</h3>
                    <p>{text}</p>
                </div>
            </li>
        }
    };
    view! {
        <section class="wide section" aria-labelledby="how">
            <h2 id="how">{tr!(home.how_title)}</h2>
            <ol class="steps">
                {step("key-round", tr!(home.step1_title), tr!(home.step1_text))}
                {step("wallet", tr!(home.step2_title), tr!(home.step2_text))}
                {step("download", tr!(home.step3_title), tr!(home.step3_text))}
            </ol>
        </section>
    }
}

/// The shelves.
#[component]
fn Categories(categories: Vec<Category>) -> impl IntoView {
    let links = categories.into_iter().map(|category| {
        view! {
            <li>
                <a class="chip" href=format!("/catalog?category={}", category.id)>
                    <bdi>{category.name}</bdi>
                    <span class="quiet">
                        <Number value=category.files_count />
                    </span>
                </a>
            </li>
        }
    });
    view! {
        <section class="wide section" aria-labelledby="categories">
            <h2 id="categories">{tr!(home.categories_title)}</h2>
            <ul class="chips">{links.collect_view()}</ul>
        </section>
    }
}
