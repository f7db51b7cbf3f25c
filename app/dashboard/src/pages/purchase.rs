//! One purchase: its attempts with their reasons, the addresses it went to, every step, and what can be done about it.

use app::{
    components::{Ago, Coins, Failed, Form, Heading, Icon, Said, Skeleton},
    format::size,
    locale::current_locale,
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use shared::{
    Code, PurchaseId,
    api::admin::{Address, CustomerPurchase, DownloadAttempt, DownloadEvent, DownloadOutcome, Permission},
};

use super::{
    close_asked, cursor,
    customer::name_of,
    downloads::{OutcomeOf, Reasons, ReceivedOf, arrived},
};
use crate::{
    calls::people::{GrantAttempt, PurchasePage, Refund, get_purchase},
    components::{Ask, Fact, Pager, Status, TextField, Tone},
    deed::{Deed, any},
    desk::{desk, guarded},
    locale::tr,
    words,
};

/// The purchase's page.
#[component]
pub fn Purchase() -> impl IntoView {
    guarded(Permission::SeeDownloads, || view! { <PurchaseOf /> }.into_any())
}

/// What can be done here, and what became of it.
#[derive(Clone, Copy)]
struct Deeds {
    grant: Deed<GrantAttempt>,
    refund: Deed<Refund>,
}

#[component]
fn PurchaseOf() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let deeds = Deeds { grant: Deed::new("grant"), refund: Deed::new("refund") };
    let done = any([deeds.grant.times(), deeds.refund.times()]);
    close_asked(done);
    let asked = Memo::new(move |_| {
        let id = params.with(|params| params.get("id").and_then(|id| id.parse::<PurchaseId>().ok()));
        (id, cursor(query))
    });
    let page = Resource::new_blocking(
        move || (asked.get(), done.get()),
        |((id, cursor), _)| async move {
            match id {
                Some(id) => get_purchase(id, cursor).await,
                None => Err(Code::NotFound.into()),
            }
        },
    );
    view! {
        <Transition fallback=|| view! { <Skeleton lines=6 /> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(page) => view! { <Whole page deeds first=asked.get_untracked().1.is_none() /> }.into_any(),
                    Err(failure) => {
                        view! {
                            <Heading text=tr!(people.downloads_title) />
                            <Failed failure />
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
    }
}

#[component]
fn Whole(page: PurchasePage, deeds: Deeds, first: bool) -> impl IntoView {
    let PurchasePage { details, events } = page;
    let (customer, purchase) = (details.customer, details.purchase);
    let id = purchase.purchase_id;
    let many = purchase.many_addresses.then(|| {
        view! {
            <article class="warning">
                <Icon name="triangle-alert" />
                <div>
                    <h3>{tr!(people.many)}</h3>
                    <p>{tr!(people.many_text, number = purchase.addresses)}</p>
                </div>
            </article>
        }
    });
    let granted = (purchase.attempts_granted > 0)
        .then(|| view! { <span class="quiet">" " <bdi dir="ltr">{format!("+{}", purchase.attempts_granted)}</bdi> " " {tr!(people.granted)}</span> });
    let price = if purchase.subscription {
        tr!(people.by_subscription).into_any()
    } else {
        view! { <Coins amount=purchase.price_coins /> }.into_any()
    };
    let attempts = tr!(people.attempts_of, used = purchase.attempts_used, allowed = purchase.attempts_allowed);
    view! {
        <Heading text=purchase.file_title.clone() />
        <p class="lead">
            <a href=format!("/admin/customers/{}", customer.serial)>
                <bdi>{name_of(&customer)}</bdi>
            </a>
            " "
            <bdi dir="ltr" class="code">{customer.serial.clone()}</bdi>
        </p>
        <Said when=deeds.grant.said()>{tr!(people.granted_done)}</Said>
        <Said when=deeds.refund.said()>{tr!(people.refund_done)}</Said>
        {many}
        <dl class="facts">
            <Fact name=tr!(people.price)>
                {price}
                {purchase.refunded_at.map(|_| view! { " " <Status tone=Tone::Plain text=tr!(people.refunded) /> })}
            </Fact>
            <Fact name=tr!(people.sent)>
                <ReceivedOf received=purchase.received />
            </Fact>
            <Fact name=tr!(people.attempts)>{attempts} {granted}</Fact>
            <Fact name=tr!(people.when)>
                <Ago at=purchase.purchased_at />
            </Fact>
        </dl>
        <Actions purchase=purchase.clone() deeds />
        <section aria-labelledby="attempts">
            <h2 id="attempts">{tr!(people.attempts)}</h2>
            <Attempts attempts=purchase.attempts />
        </section>
        <Addresses addresses=details.addresses />
        <section aria-labelledby="events">
            <h2 id="events">{tr!(people.events)}</h2>
            <Events events=events.results />
            <Pager path=format!("/admin/downloads/{id}") query="" first next=events.next_cursor />
        </section>
    }
}

#[component]
fn Actions(purchase: CustomerPurchase, deeds: Deeds) -> impl IntoView {
    let id = purchase.purchase_id;
    let grant = view! {
        <Ask label=tr!(people.grant) icon="plus">
            <p>{tr!(people.grant_ask)}</p>
            <Form
                action=deeds.grant.action
                failure=deeds.grant.outcome.failure()
                submit=tr!(people.grant)
                pending=tr!(people.granting)
                icon="plus"
                once=true
            >
                <input type="hidden" name="purchase" value=id.to_string() />
                <TextField
                    name="reason"
                    id="grant-reason"
                    label=tr!(people.reason)
                    value=deeds.grant.outcome.value("reason")
                    error=deeds.grant.outcome.of_field("reason")
                />
            </Form>
        </Ask>
    };
    let refund = view! {
        <Ask label=tr!(people.refund) icon="undo-2" grave=true>
            <p>{tr!(people.refund_ask)}</p>
            <Form
                action=deeds.refund.action
                failure=deeds.refund.outcome.failure()
                submit=tr!(people.refund)
                pending=tr!(people.refunding)
                icon="undo-2"
                once=true
            >
                <input type="hidden" name="purchase" value=id.to_string() />
                <TextField
                    name="reason"
                    id="refund-reason"
                    label=tr!(people.reason)
                    value=deeds.refund.outcome.value("reason")
                    error=deeds.refund.outcome.of_field("reason")
                />
            </Form>
        </Ask>
    };
    let open = purchase.refunded_at.is_none();
    view! {
        <div class="row-actions">
            {(open && desk().may(Permission::HelpCustomers)).then_some(grant)}
            {(open && desk().may(Permission::MoveCoins)).then_some(refund)}
        </div>
    }
}

#[component]
fn Attempts(attempts: Vec<DownloadAttempt>) -> impl IntoView {
    if attempts.is_empty() {
        return view! { <p class="quiet">{tr!(people.no_attempt)}</p> }.into_any();
    }
    let item = |attempt: DownloadAttempt| {
        let arrived = arrived(&attempt);
        view! {
            <li class="panel">
                <header>
                    <h3>{tr!(people.attempt, number = attempt.number)}</h3>
                    <OutcomeOf outcome=attempt.outcome />
                </header>
                {(attempt.outcome == DownloadOutcome::Revoked).then(|| view! { <ReceivedOf received=attempt.received /> })}
                <Reasons attempt=attempt.clone() />
                <p class="quiet">
                    <Ago at=attempt.created_at /> " · " {arrived}
                    {attempt.ip.clone().map(|ip| view! { " · " <bdi dir="ltr">{ip}</bdi> })}
                    {(attempt.gateway == "worker").then(|| view! { " · " {tr!(people.gateway_worker)} })}
                </p>
            </li>
        }
    };
    view! { <ol class="attempts-told">{attempts.into_iter().map(item).collect_view()}</ol> }.into_any()
}

#[component]
fn Addresses(addresses: Vec<Address>) -> impl IntoView {
    let item = |address: Address| {
        view! {
            <li>
                <bdi dir="ltr">{address.ip}</bdi>
                <span class="quiet">
                    <Ago at=address.last_at />
                </span>
            </li>
        }
    };
    (!addresses.is_empty()).then(|| {
        view! {
            <section aria-labelledby="addresses">
                <h2 id="addresses">{tr!(people.addresses)}</h2>
                <ul class="addresses">{addresses.into_iter().map(item).collect_view()}</ul>
            </section>
        }
    })
}

/// The particulars of an event that people read.
fn particulars(event: &DownloadEvent) -> String {
    let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap_or_default();
    let mut parts = Vec::new();
    if let Some(bytes) = detail["bytes"].as_i64() {
        parts.push(size(bytes));
    }
    if detail["ip_changed"] == true {
        parts.push(tr!(people.event_moved).to_owned());
    }
    parts.join(" · ")
}

#[component]
fn Events(events: Vec<DownloadEvent>) -> impl IntoView {
    if events.is_empty() {
        return view! { <p class="quiet">{tr!(people.events_none)}</p> }.into_any();
    }
    let row = |event: DownloadEvent| {
        view! {
            <tr>
                <th scope="row">
                    {words::event(current_locale(), &event.kind)} " "
                    <span class="quiet">{particulars(&event)}</span>
                </th>
                <td data-label=tr!(people.link)>
                    <bdi dir="ltr">{event.link}</bdi>
                </td>
                <td data-label=tr!(people.ip)>
                    <bdi dir="ltr" class="ip">{event.ip}</bdi>
                </td>
                <td data-label=tr!(people.program)>
                    <span class="quiet agent" dir="ltr">{event.user_agent}</span>
                </td>
                <td data-label=tr!(people.when)>
                    <Ago at=event.created_at />
                </td>
            </tr>
        }
    };
    view! {
        <table class="list log">
            <thead>
                <tr>
                    <th scope="col">{tr!(people.event)}</th>
                    <th scope="col">{tr!(people.link)}</th>
                    <th scope="col">{tr!(people.ip)}</th>
                    <th scope="col">{tr!(people.program)}</th>
                    <th scope="col">{tr!(people.when)}</th>
                </tr>
            </thead>
            <tbody>{events.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}
