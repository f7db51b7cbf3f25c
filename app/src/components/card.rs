//! Files in lists.

use leptos::prelude::*;
use shared::api::FileKind;

use super::{Coins, Icon};
use crate::{
    api::catalog::Listed,
    art,
    locale::{current_locale, tr},
    texts,
};

/// A file's cover, or the one that the store draws.
#[component]
pub fn Art(
    /// The file's kind.
    kind: FileKind,
    /// Its title.
    title: String,
    /// Address of its cover.
    cover: Option<String>,
    /// The cover is the page's subject and has a description; beside a title it is decoration.
    #[prop(optional)]
    described: bool,
) -> impl IntoView {
    if let Some(cover) = cover {
        let alt = if described { tr!(file.cover_alt, title = title) } else { String::new() };
        let loading = if described { "eager" } else { "lazy" };
        return view! { <img class="art" src=cover alt=alt width="320" height="200" loading=loading decoding="async" /> }.into_any();
    }
    view! { <div class=format!("art hue-{}", art::hue(&title)) inner_html=art::svg(kind, &title)></div> }.into_any()
}

/// A file in a list: cover, title, kind and category, price.
#[component]
pub fn FileCard(
    /// The file.
    file: Listed,
) -> impl IntoView {
    let price = match (file.purchase_id, file.price_coins) {
        (Some(_), _) => view! {
            <span class="owned">
                <Icon name="check" />
                {tr!(catalog.owned)}
            </span>
        }
        .into_any(),
        (None, 0) => view! { <span class="free">{tr!(common.free)}</span> }.into_any(),
        (None, price) => view! { <Coins amount=price /> }.into_any(),
    };
    view! {
        <article class="card">
            <Art kind=file.kind title=file.title.clone() cover=file.cover_url />
            <div class="card-text">
                <h3>
                    <a href=format!("/files/{}", file.id)>
                        <bdi>{file.title}</bdi>
                    </a>
                </h3>
                <p class="card-about">{texts::file_kind(current_locale(), file.kind)} " · " <bdi>{file.category_name}</bdi></p>
                <p class="card-price">{price}</p>
            </div>
        </article>
    }
}

/// Files side by side.
#[component]
pub fn FileGrid(
    /// The files.
    files: Vec<Listed>,
) -> impl IntoView {
    let cards = files.into_iter().map(|file| {
        view! {
            <li>
                <FileCard file />
            </li>
        }
    });
    view! { <ul class="grid">{cards.collect_view()}</ul> }
}
