//! Sign-in of the staff.

use app::{
    components::{Form, Heading, Outcome},
    format::local_path,
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    components::Redirect,
    hooks::{use_navigate, use_query_map},
};

use crate::{
    calls::desk::SignIn,
    components::{Kind, TextField},
    desk::desk,
    locale::tr,
};

/// The page to sign in.
#[component]
pub fn Login() -> impl IntoView {
    let desk = desk();
    let query = use_query_map();
    let next = query.with_untracked(|query| query.get("next")).filter(|next| local_path(next).is_some()).unwrap_or_default();
    let on = if next.is_empty() { "/admin".to_owned() } else { next.clone() };
    if desk.colleague.with_untracked(Option::is_some) {
        return view! { <Redirect path=on /> }.into_any();
    }
    let action = ServerAction::<SignIn>::new();
    let outcome = Outcome::of(action, "sign-in");
    let navigate = use_navigate();
    let value = action.value();
    Effect::new(move |_| {
        if let Some(Ok(colleague)) = value.get() {
            desk.colleague.set(Some(colleague));
            navigate(&on, NavigateOptions { replace: true, ..Default::default() });
        }
    });
    view! {
        <section class="login">
            <Heading text=tr!(login.title) />
            <p class="lead">{tr!(login.lead)}</p>
            <Form action failure=outcome.failure() submit=tr!(login.submit) pending=tr!(login.pending) icon="log-in">
                <input type="hidden" name="next" value=next />
                <TextField
                    name="username"
                    label=tr!(login.username)
                    kind=Kind::Username
                    value=outcome.value("username")
                    error=outcome.of_field("username")
                />
                <TextField name="password" label=tr!(login.password) kind=Kind::Password error=outcome.of_field("password") />
                <TextField
                    name="totp"
                    label=tr!(login.totp)
                    hint=tr!(login.totp_hint)
                    kind=Kind::Digits
                    optional=true
                    error=outcome.of_field("totp")
                />
            </Form>
        </section>
    }
    .into_any()
}
