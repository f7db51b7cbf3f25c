//! What the customer has: purchases, subscriptions, devices that are signed in.

use app::{
    components::{Ago, Coins, Day, PostForm},
    locale::current_locale,
};
use leptos::prelude::*;
use shared::api::{
    Session,
    admin::{CustomerPurchase, CustomerSubscription, Permission},
};

use super::Deeds;
use crate::{
    components::{SessionLine, Status, Tone},
    desk::desk,
    locale::tr,
    pages::downloads::ReceivedOf,
    words,
};

/// Files that were bought, and how their downloads went.
#[component]
pub fn Purchases(purchases: Vec<CustomerPurchase>) -> impl IntoView {
    if purchases.is_empty() {
        return view! { <p class="quiet">{tr!(people.purchases_none)}</p> }.into_any();
    }
    let row = |purchase: CustomerPurchase| {
        let last = purchase.attempts.first().map(|attempt| {
            let why = attempt.reasons.first().map(|why| words::reason(current_locale(), *why, attempt));
            view! {
                <div>
                    <span>{why}</span>
                    " "
                    <span class="quiet"><Ago at=attempt.created_at /></span>
                </div>
            }
        });
        view! {
            <tr>
                <th scope="row">
                    <a href=format!("/admin/downloads/{}", purchase.purchase_id)>
                        <bdi>{purchase.file_title}</bdi>
                    </a>
                    {purchase.many_addresses.then(|| view! { " " <Status tone=Tone::Warn text=tr!(people.many) /> })}
                </th>
                <td data-label=tr!(people.price)>
                    <div>
                        {if purchase.subscription { tr!(people.by_subscription).into_any() } else { view! { <Coins amount=purchase.price_coins /> }.into_any() }}
                        {purchase.refunded_at.map(|_| view! { " " <Status tone=Tone::Plain text=tr!(people.refunded) /> })}
                    </div>
                </td>
                <td data-label=tr!(people.sent)>
                    <ReceivedOf received=purchase.received />
                </td>
                <td data-label=tr!(people.attempts)>
                    {tr!(people.attempts_of, used = purchase.attempts_used, allowed = purchase.attempts_allowed)}
                </td>
                <td data-label=tr!(people.last_attempt)>
                    {last.map_or_else(|| view! { <span class="quiet">{tr!(people.no_attempt)}</span> }.into_any(), IntoAny::into_any)}
                </td>
                <td data-label=tr!(people.when)>
                    <Ago at=purchase.purchased_at />
                </td>
            </tr>
        }
    };
    view! {
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">{tr!(people.file)}</th>
                    <th scope="col">{tr!(people.price)}</th>
                    <th scope="col">{tr!(people.sent)}</th>
                    <th scope="col">{tr!(people.attempts)}</th>
                    <th scope="col">{tr!(people.last_attempt)}</th>
                    <th scope="col">{tr!(people.when)}</th>
                </tr>
            </thead>
            <tbody>{purchases.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

/// Subscriptions, where there are any.
#[component]
pub fn Subscriptions(subscriptions: Vec<CustomerSubscription>) -> impl IntoView {
    let row = |subscription: CustomerSubscription| {
        view! {
            <tr>
                <th scope="row">
                    <bdi>{subscription.package}</bdi>
                </th>
                <td data-label=tr!(people.price)>
                    <Coins amount=subscription.price_coins />
                </td>
                <td data-label=tr!(people.files_left)>
                    <bdi dir="ltr">{subscription.files_left}</bdi>
                </td>
                <td data-label=tr!(people.since)>
                    <Day at=subscription.created_at />
                </td>
                <td data-label=tr!(people.until)>
                    <Day at=subscription.expires_at />
                </td>
            </tr>
        }
    };
    (!subscriptions.is_empty()).then(|| {
        view! {
            <section aria-labelledby="subscriptions">
                <h2 id="subscriptions">{tr!(people.subscriptions)}</h2>
                <table class="list">
                    <thead>
                        <tr>
                            <th scope="col">{tr!(people.package)}</th>
                            <th scope="col">{tr!(people.price)}</th>
                            <th scope="col">{tr!(people.files_left)}</th>
                            <th scope="col">{tr!(people.since)}</th>
                            <th scope="col">{tr!(people.until)}</th>
                        </tr>
                    </thead>
                    <tbody>{subscriptions.into_iter().map(row).collect_view()}</tbody>
                </table>
            </section>
        }
    })
}

/// Devices that are signed in.
#[component]
pub fn Sessions(sessions: Vec<Session>, serial: StoredValue<String>, deeds: Deeds) -> impl IntoView {
    if sessions.is_empty() {
        return view! { <p class="quiet">{tr!(people.sessions_none)}</p> }.into_any();
    }
    let may = desk().may(Permission::HelpCustomers);
    let line = |session: Session| {
        let id = session.id;
        let end = may.then(|| {
            view! {
                <PostForm action=deeds.end.action>
                    <input type="hidden" name="serial" value=serial.get_value() />
                    <input type="hidden" name="session" value=id.to_string() />
                    <button type="submit" class="button small">
                        {tr!(account.end_session)}
                    </button>
                </PostForm>
            }
        });
        view! { <SessionLine session>{end}</SessionLine> }
    };
    view! { <ul class="sessions">{sessions.into_iter().map(line).collect_view()}</ul> }.into_any()
}
