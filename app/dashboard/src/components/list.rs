//! Lists: filters above, their lines, questions before what can't be taken back.

use app::{
    Failure,
    components::{Ago, Icon, Problems},
};
use leptos::{html, prelude::*};
use shared::api::Session;

use crate::locale::tr;

/// A list's filters: a form that is a link, so that a filtered list can be kept and sent.
#[component]
pub fn Filters(
    /// The list's path.
    action: &'static str,
    /// The fields.
    children: Children,
) -> impl IntoView {
    view! {
        <form method="get" action=action class="desk-filters" role="search">
            {children()}
            <button type="submit" class="button">
                <Icon name="search" />
                {tr!(list.show)}
            </button>
        </form>
    }
}

/// How a state is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// To be looked at.
    Warn,
    /// Not as it should be.
    Bad,
    /// Neither.
    Plain,
}

/// A state in a word, with a mark that does not depend on colour alone.
#[component]
pub fn Status(
    /// How it is to be taken.
    tone: Tone,
    /// The word.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let (class, icon) = match tone {
        Tone::Good => ("status good", "circle-check"),
        Tone::Warn => ("status warn", "triangle-alert"),
        Tone::Bad => ("status bad", "circle-x"),
        Tone::Plain => ("status", "circle-dashed"),
    };
    view! {
        <span class=class>
            <Icon name=icon />
            {text}
        </span>
    }
}

/// A question before something is done: opens in place, works without JavaScript, and is closed by asking again.
#[component]
pub fn Ask(
    /// What opens it.
    label: &'static str,
    /// Its icon.
    icon: &'static str,
    /// True for what takes something away.
    #[prop(optional)]
    grave: bool,
    /// What is asked, and the form that does it.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="ask" class:grave=grave>
            <summary class="button small">
                <Icon name=icon />
                {label}
            </summary>
            <div class="ask-body">{children()}</div>
        </details>
    }
}

/// One line of a list of facts: what it is, and how it stands.
#[component]
pub fn Fact(
    /// What it is.
    name: &'static str,
    /// How it stands.
    children: Children,
) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{children()}</dd>
        </div>
    }
}

/// One line of a list of devices that are signed in.
#[component]
pub fn SessionLine(
    /// The session.
    session: Session,
    /// What can be done about it.
    children: Children,
) -> impl IntoView {
    view! {
        <li>
            <Icon name="smartphone" />
            <div>
                <p>
                    <bdi dir="ltr">{session.ip}</bdi>
                    {session.current.then(|| view! { " " <span class="tag">{tr!(account.this_device)}</span> })}
                </p>
                <p class="quiet agent" dir="ltr">
                    {session.user_agent}
                </p>
                <p class="quiet">
                    <Ago at=session.last_seen_at />
                </p>
            </div>
            {children()}
        </li>
    }
}

/// What went wrong, where it stands apart from the form: on a phone, what was pressed may be a screen below.
#[component]
pub fn Refusal(
    /// What went wrong.
    failure: Signal<Option<Failure>>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if failure.get().is_some() {
            // Once it stands there.
            request_animation_frame(move || {
                if let Some(Some(place)) = place.try_get_untracked()
                    && place.get_bounding_client_rect().top() < 0.0
                {
                    place.scroll_into_view();
                }
            });
        }
    });
    view! {
        <div class="refusal" node_ref=place>
            <Problems failure />
        </div>
    }
}
