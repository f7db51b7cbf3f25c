//! Times that stay true while the page is open.

use leptos::prelude::*;
use shared::Instant;

use crate::{format, visit::visit};

/// How long ago, or the date; the exact time as a tooltip.
#[component]
pub fn Ago(
    /// The moment.
    at: Instant,
) -> impl IntoView {
    let visit = visit();
    let text = Memo::new(move |_| format::ago(at, visit.now.get(), visit.offset.get()));
    let exact = move || format!("{} {}", format::date(at, visit.offset.get()), format::clock(at, visit.offset.get()));
    view! {
        <time datetime=at.to_string() title=exact>
            {text}
        </time>
    }
}

/// A date.
#[component]
pub fn Day(
    /// The moment.
    at: Instant,
) -> impl IntoView {
    let visit = visit();
    view! { <time datetime=at.to_string()>{move || format::date(at, visit.offset.get())}</time> }
}

/// How long until then; `over` when the time has come.
#[component]
pub fn Remaining(
    /// The moment.
    until: Instant,
    /// What to say afterwards.
    over: &'static str,
) -> impl IntoView {
    let visit = visit();
    let text = Memo::new(move |_| {
        let left = until.since(visit.now.get());
        if left > 0 { format::duration(left) } else { over.to_owned() }
    });
    view! {
        <span class="remaining" role="timer">
            {text}
        </span>
    }
}
