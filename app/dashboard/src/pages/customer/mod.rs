//! One customer: how the account stands, what it has, and what can be done for it.

#![allow(clippy::large_types_passed_by_value, reason = "deeds are handles, which Leptos takes by value")]

mod about;
mod actions;
mod ledger;
mod lists;

use app::components::{Coins, Failed, Heading, Said, Secret, Skeleton};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use shared::api::admin::Permission;

use self::{
    about::{Facts, Locks},
    actions::Actions,
    ledger::Lines,
    lists::{Purchases, Sessions, Subscriptions},
};
use super::{audit::Acts, close_asked, cursor};
use crate::{
    calls::people::{Correct, CustomerPage, EndCustomerSession, Erase, Help, LEDGER, PURCHASES, Recharge, ResetPin, get_customer},
    components::{Pager, Refusal},
    deed::{Deed, any, either},
    desk::guarded,
    locale::tr,
};

pub use about::{State, name_of};
pub use actions::{RechargeAsk, Recharged};

/// The customer's page.
#[component]
pub fn Customer() -> impl IntoView {
    guarded(Permission::SeeCustomers, || view! { <CustomerOf /> }.into_any())
}

/// What can be done here, and what became of it.
#[derive(Clone, Copy)]
pub struct Deeds {
    /// Adds coins.
    pub recharge: Deed<Recharge>,
    /// Takes a mistaken recharge back.
    pub correct: Deed<Correct>,
    /// Blocks, lets in again, unlocks, ends all sessions.
    pub help: Deed<Help>,
    /// Draws a new PIN.
    pub new_pin: Deed<ResetPin>,
    /// Ends one session.
    pub end: Deed<EndCustomerSession>,
    /// Forgets the person.
    pub erase: Deed<Erase>,
}

impl Deeds {
    fn new() -> Self {
        Self {
            recharge: Deed::new("recharge"),
            correct: Deed::new("correct"),
            help: Deed::new("help"),
            new_pin: Deed::new("new-pin"),
            end: Deed::new("customer-session"),
            erase: Deed::new("erase"),
        }
    }

    /// Goes up when one of them was done.
    fn times(self) -> Memo<usize> {
        let Self { recharge, correct, help, new_pin, end, erase } = self;
        any([recharge.times(), correct.times(), help.times(), new_pin.times(), end.times(), erase.times()])
    }
}

#[component]
fn CustomerOf() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let deeds = Deeds::new();
    let done = deeds.times();
    close_asked(done);
    let asked = Memo::new(move |_| {
        let serial = params.with(|params| params.get("serial").unwrap_or_default());
        (serial, query.with(|query| query.get("view").unwrap_or_default()), cursor(query))
    });
    let page = Resource::new_blocking(move || (asked.get(), done.get()), |((serial, view, cursor), _)| get_customer(serial, view, cursor));
    view! {
        <Transition fallback=|| view! { <Skeleton lines=6 /> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(page) => view! { <Whole page deeds asked=asked.get_untracked() /> }.into_any(),
                    Err(failure) => {
                        view! {
                            <Heading text=tr!(people.title) />
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
fn Whole(page: CustomerPage, deeds: Deeds, asked: (String, String, Option<i64>)) -> impl IntoView {
    let CustomerPage { profile, purchases, ledger, acts } = page;
    let path = format!("/admin/customers/{}", profile.customer.serial);
    let log = format!("/admin/audit?subject={}", profile.customer.serial);
    let serial = StoredValue::new(profile.customer.serial.clone());
    let (_, view, cursor) = asked;
    let first = |list: &str| cursor.is_none() || view != list;
    let (first_purchases, first_lines) = (first(PURCHASES), first(LEDGER));
    view! {
        <Heading text=name_of(&profile.customer) />
        <News deeds />
        <Facts profile=profile.clone() />
        <Locks locks=profile.locks.clone() serial deeds />
        <Actions profile=profile.clone() deeds />
        <section aria-labelledby="purchases">
            <h2 id="purchases">{tr!(people.purchases)}</h2>
            <Purchases purchases=purchases.results />
            <Pager path=path.clone() query=format!("view={PURCHASES}") first=first_purchases next=purchases.next_cursor />
        </section>
        <section aria-labelledby="ledger">
            <h2 id="ledger">{tr!(people.ledger)}</h2>
            <Lines ledger=ledger.clone() serial deeds />
            <Pager path query=format!("view={LEDGER}") first=first_lines next=ledger.next_cursor />
        </section>
        <Subscriptions subscriptions=profile.subscriptions />
        <section aria-labelledby="sessions">
            <h2 id="sessions">{tr!(people.sessions)}</h2>
            <Sessions sessions=profile.sessions serial deeds />
        </section>
        {(!acts.is_empty())
            .then(|| {
                view! {
                    <section aria-labelledby="acts">
                        <h2 id="acts">{tr!(people.acts)}</h2>
                        <Acts entries=acts />
                        <p>
                            <a href=log>{tr!(people.acts_all)}</a>
                        </p>
                    </section>
                }
            })}
    }
}

/// What was just done, or not. The failures of forms stand in them; here are those of single buttons.
#[component]
fn News(deeds: Deeds) -> impl IntoView {
    let balance = Signal::derive(move || deeds.correct.outcome.done().map_or(0, |done| done.new_balance));
    view! {
        <Refusal failure=deeds.help.outcome.failure() />
        <Refusal failure=deeds.new_pin.outcome.failure() />
        <Refusal failure=deeds.end.outcome.failure() />
        <Refusal failure=deeds.correct.outcome.failure() />
        <Recharged recharge=deeds.recharge />
        <Said when=deeds.correct.said()>{tr!(people.corrected)} " " {move || view! { <Coins amount=balance.get() /> }}</Said>
        <Said when=either([deeds.help.said(), deeds.end.said()])>{tr!(people.done)}</Said>
        <Said when=deeds.erase.said()>{tr!(people.erased)}</Said>
        <div role="status">
            {move || {
                deeds.new_pin.outcome.done().map(|drawn| {
                    view! {
                        <div class="panel">
                            <Secret label=tr!(people.new_pin_title) text=drawn.pin testid="new-pin" />
                        </div>
                    }
                })
            }}
        </div>
    }
}
