//! How the account stands: its state, its facts, and what is paused.

use app::{
    components::{Coins, CopyButton, Day, Icon, Remaining},
    locale::current_locale,
};
use leptos::{html, prelude::*};
use shared::api::admin::{CustomerLine, CustomerLock, CustomerProfile, CustomerState, Permission};

use super::{Deeds, actions::Act};
use crate::{
    components::{Fact, Status, Tone},
    desk::desk,
    locale::tr,
    words,
};

/// What a customer is called where a name is wanted.
pub fn name_of(customer: &CustomerLine) -> String {
    match (&customer.name, customer.state) {
        (Some(name), _) => name.clone(),
        (None, CustomerState::Closed) => tr!(people.forgotten).to_owned(),
        (None, _) => tr!(people.nameless).to_owned(),
    }
}

/// How an account stands.
#[component]
pub fn State(state: CustomerState) -> impl IntoView {
    let tone = match state {
        CustomerState::Active => Tone::Good,
        CustomerState::Temporary => Tone::Plain,
        CustomerState::Blocked => Tone::Bad,
        CustomerState::Closed => Tone::Warn,
    };
    view! { <Status tone text=words::customer_state(current_locale(), state) /> }
}

/// Codes, phone, balance and days.
#[component]
pub fn Facts(profile: CustomerProfile) -> impl IntoView {
    let serial = profile.customer.serial.clone();
    let shown = NodeRef::<html::Bdi>::new();
    let day = |name: &'static str, at: Option<shared::Instant>| at.map(|at| view! { <Fact name><Day at /></Fact> });
    view! {
        <p class="person-codes">
            <State state=profile.customer.state />
            <bdi dir="ltr" class="code" node_ref=shown>{serial.clone()}</bdi>
            <CopyButton text=serial label=tr!(people.serial) shown />
            {profile.customer.phone.clone().map(|phone| view! { <bdi dir="ltr">{phone}</bdi> })}
        </p>
        {profile.closed_at.map(|_| view! { <p class="note">{tr!(people.closed_note)}</p> })}
        <dl class="facts">
            <Fact name=tr!(people.balance)>
                <b>
                    <Coins amount=profile.wallet.balance />
                </b>
            </Fact>
            <Fact name=tr!(people.deposited)>
                <Coins amount=profile.wallet.total_deposited />
            </Fact>
            <Fact name=tr!(people.spent)>
                <Coins amount=profile.wallet.total_spent />
            </Fact>
            {day(tr!(people.since), Some(profile.customer.created_at))}
            {day(tr!(people.activated), profile.activated_at)}
            {day(tr!(people.expires), profile.expires_at)}
            {day(tr!(people.state_blocked), profile.blocked_at.filter(|_| profile.closed_at.is_none()))}
        </dl>
    }
}

/// What has to wait because something was guessed too often.
#[component]
pub fn Locks(locks: Vec<CustomerLock>, serial: StoredValue<String>, deeds: Deeds) -> impl IntoView {
    let line = |lock: CustomerLock| {
        view! {
            <p>
                {words::lock(current_locale(), &lock)} ". " {tr!(people.locked_for)} " "
                <Remaining until=lock.until over=tr!(people.locked_over) />
            </p>
        }
    };
    (!locks.is_empty()).then(|| {
        view! {
            <article class="warning">
                <Icon name="lock" />
                <div>
                    <h3>{tr!(people.locked_title)}</h3>
                    {locks.into_iter().map(line).collect_view()}
                    {desk().may(Permission::HelpCustomers).then(|| view! { <Act serial act="unlock" submit=tr!(people.unlock) icon="lock-open" deeds /> })}
                </div>
            </article>
        }
    })
}
