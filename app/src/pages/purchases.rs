//! What the customer bought, and its downloads.

use leptos::prelude::*;
use shared::api::MyPurchase;

use super::private;
use crate::{
    api::sales::get_purchases,
    components::{Ago, Coins, Downloads, Empty, Failed, Heading, Problems, Skeleton, cover},
    flash,
    locale::{current_locale, tr},
    problem::Failure,
    texts,
    visit::visit,
};

/// The purchases' page.
#[component]
pub fn Purchases() -> impl IntoView {
    private(|| view! { <PurchasesOf /> }.into_any())
}

#[component]
fn PurchasesOf() -> impl IntoView {
    let visit = visit();
    let purchases = Resource::new_blocking(move || visit.changes.get(), |_| get_purchases());
    // The download's route is not a server function: what it could not do comes by the flash alone.
    let failure = flash::take("download").and_then(|flash| flash.read::<()>()).and_then(Result::err);
    let failure: Signal<Option<Failure>> = Signal::stored(failure);
    view! {
        <div class="wide section">
            <Heading text=tr!(purchases.title) />
            <Problems failure />
            <Transition fallback=|| view! { <Skeleton lines=4 /> }>
                {move || Suspend::new(async move {
                    match purchases.await {
                        Ok(purchases) if purchases.is_empty() => {
                            view! {
                                <Empty title=tr!(purchases.empty_title) text=tr!(purchases.empty_text)>
                                    <a class="button primary" href="/catalog">
                                        {tr!(purchases.browse)}
                                    </a>
                                </Empty>
                            }
                                .into_any()
                        }
                        Ok(purchases) => {
                            let purchases = purchases.into_iter().map(|purchase| view! { <Purchase purchase /> }).collect_view();
                            view! {
                                <p class="hint">{tr!(download.note)}</p>
                                <div class="purchases">{purchases}</div>
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
fn Purchase(purchase: MyPurchase) -> impl IntoView {
    let id = format!("purchase-{}", purchase.purchase_id);
    let heading = format!("{id}-title");
    let named = heading.clone();
    view! {
        <article class="purchase" id=id aria-labelledby=named>
            <div inner_html=cover(purchase.kind, &purchase.file_title, purchase.cover_url.as_deref(), false)></div>
            <div class="purchase-text">
                <h2 id=heading>
                    <a href=format!("/files/{}", purchase.file_id)>
                        <bdi>{purchase.file_title.clone()}</bdi>
                    </a>
                </h2>
                <p class="quiet">
                    {texts::file_kind(current_locale(), purchase.kind)} " · " <bdi>{purchase.category_name.clone()}</bdi>
                </p>
                <dl class="facts inline">
                    <div>
                        <dt>{tr!(purchases.bought)}</dt>
                        <dd>
                            <Ago at=purchase.purchased_at />
                        </dd>
                    </div>
                    <div>
                        <dt>{tr!(purchases.paid)}</dt>
                        <dd>
                            <Coins amount=purchase.price_coins />
                        </dd>
                    </div>
                </dl>
            </div>
            <Downloads purchase />
        </article>
    }
}
