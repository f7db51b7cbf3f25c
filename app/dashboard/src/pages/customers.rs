//! Finding a customer, and recharging at once: what a shopkeeper does most.

use app::{
    components::{Ago, Coins, Empty, Failed, Heading, Skeleton},
    locale::current_locale,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::api::admin::{CustomerLine, CustomerList, CustomerState, Permission};

use super::{
    close_asked, cursor,
    customer::{RechargeAsk, Recharged, State, name_of},
};
use crate::{
    calls::people::{Recharge, find_customers},
    components::{Choice, Filters, Pager, TextField},
    deed::Deed,
    desk::guarded,
    locale::tr,
    words,
};

/// The customers' page.
#[component]
pub fn Customers() -> impl IntoView {
    guarded(Permission::SeeCustomers, || view! { <Find /> }.into_any())
}

#[component]
fn Find() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let text = |name| query.with(|query| query.get(name).unwrap_or_default());
        (text("q"), text("state"), cursor(query))
    });
    let recharge = Deed::<Recharge>::new("recharge");
    let done = recharge.times();
    close_asked(done);
    let found = Resource::new_blocking(move || (asked.get(), done.get()), |((text, state, cursor), _)| find_customers(text, state, cursor));
    let (text, state, _) = asked.get_untracked();
    view! {
        <Heading text=tr!(people.title) />
        <p class="lead">{tr!(people.lead)}</p>
        <Filters action="/admin/customers">
            <TextField name="q" label=tr!(people.find) hint=tr!(people.find_hint) value=text optional=true error=Signal::stored(None) />
            <Choice name="state" label=tr!(people.state) options=states() value=state />
        </Filters>
        <Recharged recharge />
        <Transition fallback=|| view! { <Skeleton lines=4 /> }>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(list) => view! { <Found list asked=asked.get_untracked() recharge /> }.into_any(),
                    Err(failure) => view! { <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
    }
}

fn states() -> Vec<(String, String)> {
    let all = (String::new(), tr!(people.state_all).to_owned());
    let state = |state: &CustomerState| (state.as_str().to_owned(), words::customer_state(current_locale(), *state).to_owned());
    std::iter::once(all).chain(CustomerState::ALL.iter().map(state)).collect()
}

#[component]
fn Found(list: CustomerList, asked: (String, String, Option<i64>), recharge: Deed<Recharge>) -> impl IntoView {
    let (text, state, cursor) = asked;
    let query = format!("q={}&state={}", app::format::escape(&text), app::format::escape(&state));
    let searched = !text.trim().is_empty();
    match <[CustomerLine; 1]>::try_from(list.results) {
        Ok([customer]) if searched => view! { <Single customer recharge /> }.into_any(),
        Ok(only) => view! { <Table customers=only.to_vec() /> }.into_any(),
        Err(none) if none.is_empty() => view! { <Empty title=tr!(people.none_title) text=tr!(people.none_text) /> }.into_any(),
        Err(customers) => view! {
            <Table customers />
            <Pager path="/admin/customers".to_owned() query first=cursor.is_none() next=list.next_cursor />
        }
        .into_any(),
    }
}

fn link(serial: &str) -> String {
    format!("/admin/customers/{serial}")
}

/// The one who was meant: name and balance, and recharging at hand.
#[component]
fn Single(customer: CustomerLine, recharge: Deed<Recharge>) -> impl IntoView {
    let href = link(&customer.serial);
    view! {
        <article class="panel person">
            <header>
                <h2>
                    <bdi>{name_of(&customer)}</bdi>
                </h2>
                <State state=customer.state />
            </header>
            <p class="person-codes">
                <bdi dir="ltr" class="code">{customer.serial.clone()}</bdi>
                {customer.phone.clone().map(|phone| view! { <bdi dir="ltr">{phone}</bdi> })}
            </p>
            <p class="person-balance">
                <Coins amount=customer.balance />
            </p>
            <div class="row-actions">
                <RechargeAsk customer recharge />
                <a class="button small" href=href>
                    {tr!(people.open)}
                </a>
            </div>
        </article>
    }
}

#[component]
fn Table(customers: Vec<CustomerLine>) -> impl IntoView {
    let row = |customer: CustomerLine| {
        view! {
            <tr>
                <th scope="row">
                    <a href=link(&customer.serial)>
                        <bdi>{name_of(&customer)}</bdi>
                    </a>
                </th>
                <td data-label=tr!(people.serial)>
                    <bdi dir="ltr" class="code">{customer.serial.clone()}</bdi>
                </td>
                <td data-label=tr!(people.phone)>
                    <bdi dir="ltr">{customer.phone.clone().unwrap_or_else(|| "–".to_owned())}</bdi>
                </td>
                <td data-label=tr!(people.state)>
                    <State state=customer.state />
                </td>
                <td data-label=tr!(people.balance)>
                    <Coins amount=customer.balance />
                </td>
                <td data-label=tr!(people.since)>
                    <Ago at=customer.created_at />
                </td>
            </tr>
        }
    };
    view! {
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">{tr!(people.find)}</th>
                    <th scope="col">{tr!(people.serial)}</th>
                    <th scope="col">{tr!(people.phone)}</th>
                    <th scope="col">{tr!(people.state)}</th>
                    <th scope="col">{tr!(people.balance)}</th>
                    <th scope="col">{tr!(people.since)}</th>
                </tr>
            </thead>
            <tbody>{customers.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}
