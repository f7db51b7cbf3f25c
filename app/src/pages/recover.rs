//! Recovery: the serial for phone and PIN.

use leptos::prelude::*;

use crate::{
    api::account::Recover as RecoverAction,
    components::{Field, Form, Heading, Icon, Input, Outcome, Secret},
    locale::tr,
    visit::visit,
};

/// The page to get a forgotten serial back.
#[component]
pub fn Recover() -> impl IntoView {
    let visit = visit();
    let action = ServerAction::<RecoverAction>::new();
    let outcome = Outcome::of(action, "recover");
    let value = action.value();
    Effect::new(move |_| {
        if let Some(Ok(_)) = value.get() {
            visit.refresh();
        }
    });
    let page = move || match outcome.done() {
        Some(serial) => view! {
            <Heading text=tr!(recover.done_title) />
            <p class="lead">{tr!(recover.done_text)}</p>
            <div class="panel">
                <Secret label=tr!(start.serial) text=serial testid="serial" />
            </div>
            <p class="actions">
                <a class="button primary" href="/purchases">
                    <Icon name="shopping-bag" />
                    {tr!(home.continue_purchases)}
                </a>
            </p>
        }
        .into_any(),
        None => view! {
            <Heading text=tr!(recover.title) />
            <p class="lead">{tr!(recover.lead)}</p>
            <Form action failure=outcome.failure() submit=tr!(recover.submit) pending=tr!(recover.pending)>
                <Field
                    name="phone"
                    label=tr!(recover.phone)
                    hint=tr!(activate.phone_hint)
                    input=Input::Phone
                    value=outcome.value("phone")
                    error=outcome.of_field("phone")
                />
                <Field name="pin" label=tr!(recover.pin) hint=tr!(sign_in.pin_hint) input=Input::Pin error=outcome.of_field("pin") />
            </Form>
            <p class="aside">{tr!(recover.remember)} " " <a href="/sign-in">{tr!(nav.sign_in)}</a></p>
        }
        .into_any(),
    };
    // The form must stay where it is while only its failure changes: the page is made anew when it is done alone.
    let done = Memo::new(move |_| outcome.done().is_some());
    view! {
        <section class="narrow section">
            {move || {
                done.get();
                untrack(page)
            }}
        </section>
    }
}
