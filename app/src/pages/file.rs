//! A file's page: what it is, what it costs, and in the same place its download once it is bought.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use shared::{Code, FileId, api::File};

use crate::{
    api::{
        Viewer,
        catalog::{Offer, get_file},
        sales::{Bought, Purchase},
    },
    components::{Coins, Day, Downloads, Empty, Failed, Form, Icon, Number, Outcome, Skeleton, Star, cover, status},
    format::{Count, size},
    locale::{current_locale, tr},
    problem::Failure,
    texts,
    visit::visit,
};

/// A file's page.
#[component]
pub fn FilePage() -> impl IntoView {
    let visit = visit();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").and_then(|id| id.parse::<FileId>().ok())));
    let offer = Resource::new_blocking(
        move || (id.get(), visit.changes.get()),
        |(id, _)| async move {
            match id {
                Some(id) => get_file(id).await,
                None => Err(Failure::from(Code::NotFound)),
            }
        },
    );
    let purchase = ServerAction::<Purchase>::new();
    let outcome = Outcome::of(purchase, "purchase");
    let value = purchase.value();
    Effect::new(move |_| {
        if let Some(Ok(bought)) = value.get() {
            // The balance moves at once; the rest follows.
            visit.viewer.update(|viewer| {
                if let Some(viewer) = viewer {
                    viewer.balance = bought.new_balance;
                }
            });
            visit.refresh();
        }
    });
    view! {
        <div class="wide section">
            <Transition fallback=|| view! { <Skeleton lines=4 /> }>
                {move || Suspend::new(async move {
                    match offer.await {
                        Ok(offer) => view! { <Product offer purchase outcome /> }.into_any(),
                        Err(failure) if failure.0.code == Code::NotFound => {
                            status(404);
                            view! {
                                <Title text=tr!(file.not_found_title) />
                                <h1 class="visually-hidden">{tr!(file.not_found_title)}</h1>
                                <Empty title=tr!(file.not_found_title) text=tr!(file.not_found_text)>
                                    <a class="button" href="/catalog">
                                        {tr!(home.all)}
                                    </a>
                                </Empty>
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

#[component]
fn Product(offer: Offer, purchase: ServerAction<Purchase>, outcome: Outcome<Bought>) -> impl IntoView {
    let file = offer.file.clone();
    let preview = file.preview_url.clone().map(|address| {
        view! {
            <p>
                <a class="button" href=address target="_blank" rel="external noopener">
                    <Icon name="eye" />
                    {tr!(file.preview)}
                </a>
            </p>
        }
    });
    let news = (file.version > 1 && !file.version_note.is_empty()).then(|| {
        view! {
            <section aria-labelledby="news">
                <h2 id="news">{tr!(file.whats_new)}</h2>
                <p class="prose" dir="auto">
                    {file.version_note.clone()}
                </p>
            </section>
        }
    });
    view! {
        <Title text=file.title.clone() />
        <div class="product">
            <div class="product-cover" inner_html=cover(file.kind, &file.title, file.cover_url.as_deref(), true)></div>
            <header class="product-head">
                <p class="quiet">
                    {texts::file_kind(current_locale(), file.kind)} " · "
                    <a href=format!("/catalog?category={}", file.category_id)>
                        <bdi>{file.category_name.clone()}</bdi>
                    </a>
                </p>
                <h1 dir="auto">{file.title.clone()}</h1>
                {(file.sales_count > 0).then(|| view! { <p class="quiet">{tr!(count.sales, count = Count(file.sales_count))}</p> })}
                {preview}
            </header>
            <Till offer purchase outcome />
            <div class="product-about">
                <section aria-labelledby="about">
                    <h2 id="about">{tr!(file.about)}</h2>
                    <p class="prose" dir="auto">
                        {file.description.clone()}
                    </p>
                </section>
                {news}
                <Facts file />
            </div>
        </div>
    }
}

/// Where a file is bought, and afterwards downloaded.
#[component]
fn Till(offer: Offer, purchase: ServerAction<Purchase>, outcome: Outcome<Bought>) -> impl IntoView {
    let visit = visit();
    if let Some(owned) = offer.purchase {
        let head = match outcome.done().filter(|bought| bought.file_id == owned.file_id) {
            Some(bought) => view! {
                <div class="bought" role="status">
                    <h2>
                        <Icon name="circle-check" />
                        {tr!(file.bought_title)}
                    </h2>
                    <p>{tr!(file.bought_text)} " " <Coins amount=bought.new_balance /></p>
                </div>
            }
            .into_any(),
            None => view! { <h2>{tr!(file.owned_title)}</h2> }.into_any(),
        };
        return view! {
            <section class="till">
                {head} <Downloads purchase=owned /> <p class="hint">{tr!(download.note)}</p>
            </section>
        }
        .into_any();
    }
    let price = if offer.covered_by.is_some() { 0 } else { offer.file.price_coins };
    let id = offer.file.id;
    let covered = offer.covered_by;
    let taken = covered.is_some();
    let ways = move || {
        // The balance has moved already; the file is being fetched anew.
        if outcome.done().is_some_and(|bought| bought.file_id == id) {
            return view! {
                <p class="bought-now" role="status">
                    <Star turning=true />
                    {tr!(file.bought_title)}
                </p>
            }
            .into_any();
        }
        match visit.viewer.get() {
            None => view! {
                <a class="button primary" href=format!("/sign-in?next=/files/{id}")>
                    <Icon name="log-in" mirror=true />
                    {tr!(file.sign_in_to_buy)}
                </a>
                <a class="button" href="/start">
                    {tr!(file.start_to_buy)}
                </a>
            }
            .into_any(),
            Some(Viewer { activated: false, .. }) => view! {
                <a class="button primary" href="/activate">
                    <Icon name="user-plus" />
                    {tr!(file.activate_to_buy)}
                </a>
                <p class="hint">{tr!(file.activate_note)}</p>
            }
            .into_any(),
            Some(Viewer { balance, .. }) if balance < price => view! {
                <p class="short">
                    <b>{tr!(count.missing, count = Count(price - balance))}</b>
                </p>
                <a class="button primary" href="/wallet">
                    <Icon name="wallet" />
                    {tr!(file.recharge)}
                </a>
            }
            .into_any(),
            Some(Viewer { balance, .. }) => view! {
                <dl class="sum">
                    <dt>{tr!(file.balance_after)}</dt>
                    <dd>
                        <Coins amount=balance - price />
                    </dd>
                </dl>
                <Form
                    action=purchase
                    failure=outcome.failure()
                    submit=if taken { tr!(file.take) } else { tr!(file.buy) }
                    pending=tr!(file.buying)
                    icon="shopping-bag"
                    once=true
                >
                    <input type="hidden" name="file_id" value=id.to_string() />
                </Form>
                <p class="hint">{tr!(file.buy_note)}</p>
            }
            .into_any(),
        }
    };
    view! {
        <section class="till" aria-label=tr!(file.price)>
            <p class="price">
                {if offer.file.price_coins == 0 {
                    view! { <span class="free">{tr!(common.free)}</span> }.into_any()
                } else if taken {
                    view! {
                        <s>
                            <Coins amount=offer.file.price_coins />
                        </s>
                    }
                        .into_any()
                } else {
                    view! { <Coins amount=price /> }.into_any()
                }}
            </p>
            {covered.map(|package| view! { <p class="covered">{tr!(file.covered, package = package)}</p> })}
            {ways}
        </section>
    }
    .into_any()
}

/// What is known of the file.
#[component]
fn Facts(file: File) -> impl IntoView {
    let updated = (file.version > 1).then(|| {
        view! {
            <div>
                <dt>{tr!(file.updated)}</dt>
                <dd>
                    <Day at=file.updated_at />
                </dd>
            </div>
        }
    });
    view! {
        <section aria-labelledby="facts">
            <h2 id="facts">{tr!(file.facts)}</h2>
            <dl class="facts">
                <div>
                    <dt>{tr!(file.name)}</dt>
                    <dd>
                        <bdi>{file.file_name}</bdi>
                    </dd>
                </div>
                <div>
                    <dt>{tr!(file.size)}</dt>
                    <dd>{size(file.size_bytes)}</dd>
                </div>
                <div>
                    <dt>{tr!(file.version)}</dt>
                    <dd>
                        <Number value=file.version />
                    </dd>
                </div>
                <div>
                    <dt>{tr!(file.published)}</dt>
                    <dd>
                        <Day at=file.created_at />
                    </dd>
                </div>
                {updated}
            </dl>
        </section>
    }
}
