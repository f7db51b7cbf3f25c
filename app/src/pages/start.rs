//! A new account, in one press.

#![allow(clippy::unused_unit, reason = "a form without fields has an empty view inside")]

use leptos::prelude::*;

use super::ticket::AccountTicket;
use crate::{
    api::account::{OpenAccount, Ticket},
    components::{Empty, Form, Heading, Icon, Outcome},
    locale::tr,
    visit::visit,
};

/// The page that opens an account, and then shows its ticket until it is kept.
#[component]
pub fn Start() -> impl IntoView {
    let visit = visit();
    let ticket = RwSignal::new(SharedValue::new(waiting).into_inner());
    let action = ServerAction::<OpenAccount>::new();
    let outcome = Outcome::of(action, "start");
    let value = action.value();
    Effect::new(move |_| {
        if let Some(Ok(opened)) = value.get() {
            ticket.set(Some(opened));
            visit.refresh();
        }
    });
    let signed_in = visit.viewer.with_untracked(Option::is_some);
    let page = move || match ticket.get() {
        Some(ticket) => view! { <AccountTicket ticket /> }.into_any(),
        None if signed_in => view! {
            <Heading text=tr!(start.title) />
            <Empty title=tr!(start.signed_in_title) text=tr!(start.signed_in_text)>
                <a class="button primary" href="/profile">
                    {tr!(nav.profile)}
                </a>
            </Empty>
        }
        .into_any(),
        None => view! {
            <Heading text=tr!(start.title) />
            <p class="lead">{tr!(start.lead)}</p>
            <ul class="points">
                {[("key-round", tr!(start.point1)), ("clock-3", tr!(start.point2)), ("user-plus", tr!(start.point3))]
                    .map(|(icon, text)| {
                        view! {
                            <li>
                                <Icon name=icon />
                                <span>{text}</span>
                            </li>
                        }
                    })}
            </ul>
            <Form action failure=outcome.failure() submit=tr!(start.open) pending=tr!(start.opening) icon="key-round" />
            <p class="aside">{tr!(start.have_account)} " " <a href="/sign-in">{tr!(nav.sign_in)}</a></p>
        }
        .into_any(),
    };
    view! { <section class="narrow section">{page}</section> }
}

/// The ticket that this browser has not kept yet.
fn waiting() -> Option<Ticket> {
    #[cfg(feature = "ssr")]
    return crate::api::account::waiting_ticket();
    #[cfg(not(feature = "ssr"))]
    None
}
