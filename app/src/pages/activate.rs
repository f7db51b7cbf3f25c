//! Activation: name and phone make the account permanent.

use leptos::prelude::*;

use super::private;
use crate::{
    api::account::{Activate as ActivateAction, Welcome},
    components::{Coins, Empty, Field, Form, Heading, Icon, Input, Outcome},
    locale::tr,
    visit::visit,
};

/// The page to activate the account.
#[component]
pub fn Activate() -> impl IntoView {
    private(|| view! { <ActivatePage /> }.into_any())
}

#[component]
fn ActivatePage() -> impl IntoView {
    let visit = visit();
    let action = ServerAction::<ActivateAction>::new();
    let outcome = Outcome::of(action, "activate");
    let value = action.value();
    Effect::new(move |_| {
        if let Some(Ok(_)) = value.get() {
            visit.refresh();
        }
    });
    let already = visit.viewer.with_untracked(|viewer| viewer.as_ref().is_some_and(|viewer| viewer.activated));
    let done = Memo::new(move |_| outcome.done());
    let page = move || match done.get() {
        Some(welcome) => view! { <Done welcome /> }.into_any(),
        None if already => view! {
            <Heading text=tr!(activate.title) />
            <Empty title=tr!(activate.already_title) text=tr!(problem.already_activated)>
                <a class="button primary" href="/catalog">
                    {tr!(home.browse)}
                </a>
            </Empty>
        }
        .into_any(),
        None => view! {
            <Heading text=tr!(activate.title) />
            <p class="lead">{tr!(activate.lead)}</p>
            <Form action failure=outcome.failure() submit=tr!(activate.submit) pending=tr!(activate.pending)>
                <Field
                    name="name"
                    label=tr!(activate.name)
                    hint=tr!(activate.name_hint)
                    input=Input::Name
                    value=outcome.value("name")
                    error=outcome.of_field("name")
                />
                <Field
                    name="phone"
                    label=tr!(activate.phone)
                    hint=tr!(activate.phone_hint)
                    input=Input::Phone
                    value=outcome.value("phone")
                    error=outcome.of_field("phone")
                />
            </Form>
            <p class="aside">
                <a href="/catalog">{tr!(activate.later)}</a>
            </p>
        }
        .into_any(),
    };
    view! { <section class="narrow section">{page}</section> }
}

#[component]
fn Done(welcome: Welcome) -> impl IntoView {
    let bonus = if welcome.bonus > 0 {
        view! { <p class="lead">{tr!(activate.bonus)} " " <Coins amount=welcome.bonus /></p> }.into_any()
    } else {
        view! { <p class="lead">{tr!(activate.no_bonus)}</p> }.into_any()
    };
    view! {
        <div class="panel good" role="status">
            <Icon name="circle-check" />
            <Heading text=tr!(activate.done_title) />
            {bonus}
            <p class="actions">
                <a class="button primary" href="/catalog">
                    {tr!(home.browse)}
                </a>
                <a class="button" href="/wallet">
                    {tr!(file.recharge)}
                </a>
            </p>
        </div>
    }
}
