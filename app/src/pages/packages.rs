//! Subscription packages.

use leptos::prelude::*;
use shared::api::{Package, Subscription};

use crate::{
    api::{
        Viewer,
        packages::{Subscribe, get_packages},
    },
    components::{Coins, Day, Empty, Failed, Form, Heading, Icon, Outcome, Problems, Said, Skeleton},
    format::Count,
    locale::tr,
    visit::visit,
};

/// The packages' page.
#[component]
pub fn Packages() -> impl IntoView {
    let visit = visit();
    let packages = Resource::new_blocking(move || visit.changes.get(), |_| get_packages());
    let subscribe = ServerAction::<Subscribe>::new();
    let outcome = Outcome::of(subscribe, "subscribe");
    let value = subscribe.value();
    Effect::new(move |_| {
        if let Some(Ok(_)) = value.get() {
            visit.refresh();
        }
    });
    let left = Signal::derive(move || outcome.done().map_or(0, |begun| begun.new_balance));
    view! {
        <div class="wide section">
            <Heading text=tr!(packages.title) />
            <p class="lead">{tr!(packages.lead)}</p>
            <Problems failure=outcome.failure() />
            <Said when=Signal::derive(move || outcome.done().is_some())>{tr!(packages.done)} " " {move || view! { <Coins amount=left.get() /> }}</Said>
            <Transition fallback=|| view! { <Skeleton lines=3 of="cards" /> }>
                {move || Suspend::new(async move {
                    match packages.await {
                        Ok(packages) if packages.is_empty() => {
                            view! {
                                <Empty title=tr!(packages.empty_title) text=tr!(packages.empty_text)>
                                    <a class="button" href="/catalog">
                                        {tr!(home.all)}
                                    </a>
                                </Empty>
                            }
                                .into_any()
                        }
                        Ok(packages) => {
                            let offers = packages.into_iter().map(|package| view! { <Offer package subscribe /> }).collect_view();
                            view! { <div class="packages">{offers}</div> }.into_any()
                        }
                        Err(failure) => view! { <Failed failure /> }.into_any(),
                    }
                })}
            </Transition>
        </div>
    }
}

#[component]
fn Offer(package: Package, subscribe: ServerAction<Subscribe>) -> impl IntoView {
    let visit = visit();
    let categories = if package.categories.is_empty() { tr!(packages.all_categories).to_owned() } else { package.categories.join(" · ") };
    let heading = format!("package-{}", package.id);
    let named = heading.clone();
    let id = package.id;
    let price = package.price_coins;
    let next = match package.subscription {
        Some(subscription) => view! { <Running subscription /> }.into_any(),
        None => (move || match visit.viewer.get() {
            None => view! {
                <a class="button primary" href="/sign-in?next=/packages">
                    {tr!(nav.sign_in)}
                </a>
            }
            .into_any(),
            Some(Viewer { activated: false, .. }) => view! {
                <a class="button primary" href="/activate">
                    {tr!(profile.activate)}
                </a>
            }
            .into_any(),
            Some(Viewer { balance, .. }) if balance < price => view! {
                <p class="short">{tr!(count.missing, count = Count(price - balance))}</p>
                <a class="button" href="/wallet">
                    {tr!(file.recharge)}
                </a>
            }
            .into_any(),
            Some(_) => view! {
                <Form
                    action=subscribe
                    failure=Signal::stored(None)
                    submit=tr!(packages.subscribe)
                    pending=tr!(packages.subscribing)
                    icon="package"
                    once=true
                >
                    <input type="hidden" name="package_id" value=id.to_string() />
                </Form>
            }
            .into_any(),
        })
        .into_any(),
    };
    view! {
        <article class="package" aria-labelledby=named>
            <Icon name="layers" />
            <h2 id=heading dir="auto">
                {package.name}
            </h2>
            <p dir="auto">{package.description}</p>
            <dl class="facts">
                <div>
                    <dt>{tr!(packages.covers)}</dt>
                    <dd>
                        <bdi>{categories}</bdi>
                    </dd>
                </div>
                <div>
                    <dt>{tr!(packages.files)}</dt>
                    <dd>{tr!(count.files, count = Count(package.files))}</dd>
                </div>
                <div>
                    <dt>{tr!(packages.duration)}</dt>
                    <dd>{tr!(count.days, count = Count(package.days))}</dd>
                </div>
            </dl>
            <p class="price">
                <Coins amount=price />
            </p>
            {next}
        </article>
    }
}

/// A subscription that runs.
#[component]
fn Running(subscription: Subscription) -> impl IntoView {
    view! {
        <div class="running">
            <p>
                <Icon name="circle-check" />
                <b>{tr!(packages.active)}</b>
                " "
                {tr!(packages.until)}
                " "
                <Day at=subscription.expires_at />
            </p>
            <p class="quiet">{tr!(packages.left)} ": " {tr!(count.files, count = Count(subscription.files_left))}</p>
        </div>
    }
}
