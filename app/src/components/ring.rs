//! Attempts as dots, and a link's remaining time as a closing ring.

use leptos::prelude::*;
use shared::{Instant, api::AttemptState, ms};

use crate::{format, locale::tr, visit::visit};

/// Attempts as dots: used, under way, left.
#[component]
pub fn Dots(
    /// Attempts used, one under way included.
    used: i64,
    /// Attempts left.
    left: i64,
    /// True while a link waits to be used: the last used dot is not spent yet.
    #[prop(optional)]
    waiting: bool,
) -> impl IntoView {
    let total = used + left;
    let dots = (0..total.min(12))
        .map(|place| {
            let class = match place {
                _ if place + 1 == used && waiting => "dot waiting",
                _ if place < used => "dot used",
                _ => "dot",
            };
            view! { <span class=class></span> }
        })
        .collect_view();
    view! {
        <span class="dots" role="img" aria-label=tr!(download.dots_label, used = used, total = total)>
            {dots}
        </span>
    }
}

/// Circumference of the ring.
const AROUND: f64 = 2.0 * std::f64::consts::PI * 15.0;

/// The time that a link still lives, as a ring that closes, and in words.
#[component]
pub fn Ring(
    /// Until when it lives.
    until: Instant,
) -> impl IntoView {
    let visit = visit();
    let left = Memo::new(move |_| until.since(visit.now.get()).max(0));
    // A link lives two hours; in a shop with another setting the ring is full until then.
    #[expect(clippy::cast_precision_loss, reason = "a fraction of a circle")]
    let gone = move || format!("{:.1}", AROUND * (1.0 - (left.get() as f64 / (2 * ms::HOUR) as f64).min(1.0)));
    // Minutes are enough for the eye, and do not make a screen reader speak every second.
    let words = Memo::new(move |_| format::duration((left.get() + ms::MINUTE - 1) / ms::MINUTE * ms::MINUTE));
    let label = move || tr!(download.link_label, left = words.get());
    view! {
        <span class="ring">
            <svg viewBox="0 0 36 36" role="img" aria-label=label>
                <circle class="ring-track" cx="18" cy="18" r="15"></circle>
                <circle
                    class="ring-left"
                    cx="18"
                    cy="18"
                    r="15"
                    transform="rotate(-90 18 18)"
                    stroke-dasharray=format!("{AROUND:.1}")
                    stroke-dashoffset=gone
                ></circle>
            </svg>
            <span class="ring-words">
                {tr!(download.link_lives)} " " <b>{words}</b>
            </span>
        </span>
    }
}

/// The class of an attempt's mark.
pub(super) fn attempt_class(state: AttemptState) -> &'static str {
    match state {
        AttemptState::Issued | AttemptState::Claimed => "mark waiting",
        AttemptState::Complete => "mark good",
        AttemptState::Closed | AttemptState::Revoked => "mark bad",
        AttemptState::Expired => "mark",
    }
}
