//! Sign-in with serial and PIN.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    components::Redirect,
    hooks::{use_location, use_navigate, use_query_map},
};

use crate::{
    api::account::SignIn as SignInAction,
    components::{Field, Form, Heading, Input, Outcome},
    format::local_path,
    locale::tr,
    visit::visit,
};

/// The page to sign in.
#[component]
pub fn SignIn() -> impl IntoView {
    let visit = visit();
    let query = use_query_map();
    let next = query.with_untracked(|query| query.get("next")).filter(|next| local_path(next).is_some()).unwrap_or_default();
    let on = if next.is_empty() { "/".to_owned() } else { next.clone() };
    if visit.viewer.with_untracked(Option::is_some) {
        return view! { <Redirect path=on /> }.into_any();
    }
    let action = ServerAction::<SignInAction>::new();
    let outcome = Outcome::of(action, "sign-in");
    let (location, navigate) = (use_location(), use_navigate());
    let value = action.value();
    Effect::new(move |_| {
        if let Some(Ok(viewer)) = value.get() {
            visit.viewer.set(Some(viewer));
            visit.changes.update(|changes| *changes += 1);
            // A printed card's code stands behind the `#`, and goes along.
            let hash = location.hash.get_untracked();
            navigate(&format!("{on}{hash}"), NavigateOptions { replace: true, ..Default::default() });
        }
    });
    let needed = (!next.is_empty()).then(|| view! { <p class="note">{tr!(sign_in.needed)}</p> });
    view! {
        <section class="narrow section">
            <Heading text=tr!(sign_in.title) />
            <p class="lead">{tr!(sign_in.lead)}</p>
            {needed}
            <Form action failure=outcome.failure() submit=tr!(sign_in.submit) pending=tr!(sign_in.pending)>
                <input type="hidden" name="next" value=next />
                <Field
                    name="serial"
                    label=tr!(sign_in.serial)
                    hint=tr!(sign_in.serial_hint)
                    input=Input::Serial
                    value=outcome.value("serial")
                    error=outcome.of_field("serial")
                />
                <Field name="pin" label=tr!(sign_in.pin) hint=tr!(sign_in.pin_hint) input=Input::Pin error=outcome.of_field("pin") />
            </Form>
            <p class="aside">
                <a href="/recover">{tr!(sign_in.forgot)}</a>
            </p>
            <p class="aside">{tr!(sign_in.no_account)} " " <a href="/start">{tr!(nav.start)}</a></p>
        </section>
    }
    .into_any()
}
