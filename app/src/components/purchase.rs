//! A purchase's downloads: the button, the attempts, the ring, what became of each.

use leptos::prelude::*;
use shared::{
    Code,
    api::{AttemptState, MyPurchase},
};

use super::{Ago, Dots, Icon, Ring, ring::attempt_class};
use crate::{
    format::{Count, size},
    locale::{current_locale, tr},
    texts,
    visit::visit,
};

/// When after a press the attempts are looked at anew: the link is minted at once, the download begins a moment later.
const LOOK_AGAIN: [u64; 3] = [1_200, 4_000, 12_000];

/// Everything about downloading one purchase.
#[component]
pub fn Downloads(
    /// The purchase.
    purchase: MyPurchase,
) -> impl IntoView {
    let visit = visit();
    let pressed = RwSignal::new(false);
    // The form leads to the file itself, so the page stays: it has only to see what changed.
    let press = move |_| {
        pressed.set(true);
        for delay in LOOK_AGAIN {
            set_timeout(move || visit.refresh(), std::time::Duration::from_millis(delay));
        }
        set_timeout(move || pressed.set(false), std::time::Duration::from_millis(LOOK_AGAIN[1]));
    };
    let title = purchase.file_title.clone();
    let waiting = purchase.link_expires_at;
    let label = if waiting.is_some() { tr!(download.again) } else { tr!(download.press) };
    let button = if purchase.can_download {
        view! {
            <form method="post" action=format!("/purchases/{}/download", purchase.purchase_id) on:submit=press>
                <button type="submit" class="button primary" disabled=move || pressed.get()>
                    <Icon name="download" />
                    <span>{move || if pressed.get() { tr!(download.starting) } else { label }}</span>
                    <span class="visually-hidden">{format!(" {title}")}</span>
                </button>
            </form>
        }
        .into_any()
    } else {
        let why = purchase.reason.map(|code| texts::problem(current_locale(), &code.into()));
        view! {
            <p class="why">
                <Icon name="lock" />
                <span>{why}</span>
            </p>
        }
        .into_any()
    };
    // What was paid back has no attempts, open ones neither.
    let refunded = purchase.reason == Some(Code::PurchaseRefunded);
    let link_waits = purchase.attempts.iter().any(|attempt| attempt.state == AttemptState::Issued);
    view! {
        <div class="downloads">
            {button}
            {(!refunded)
                .then(|| {
                    view! {
                        <p class="attempts">
                            <Dots used=purchase.downloads_count left=purchase.downloads_left waiting=link_waits />
                            <span>{tr!(count.attempts_left, count = Count(purchase.downloads_left))}</span>
                        </p>
                    }
                })}
            {waiting.map(|until| view! { <Ring until /> })}
            <Attempts purchase />
        </div>
    }
}

/// What became of each attempt, folded away.
#[component]
fn Attempts(purchase: MyPurchase) -> impl IntoView {
    let total = purchase.size_bytes;
    let lines = purchase.attempts.into_iter().map(|attempt| {
        // Half a copy says something only while, or after, it was on its way.
        let partial = matches!(attempt.state, AttemptState::Claimed | AttemptState::Closed) && attempt.bytes_sent > 0;
        let arrived = partial.then(|| tr!(download.attempt_progress, sent = size(attempt.bytes_sent.min(total)), size = size(total)));
        view! {
            <li>
                <span class=attempt_class(attempt.state) aria-hidden="true"></span>
                <span>
                    <b>{tr!(download.attempt_number, number = attempt.number)}</b>
                    " "
                    {texts::attempt_state(current_locale(), attempt.state)}
                    {arrived.map(|arrived| view! { <span class="quiet">{format!(" ({arrived})")}</span> })}
                </span>
                <Ago at=attempt.created_at />
            </li>
        }
    });
    let lines = lines.collect::<Vec<_>>();
    (!lines.is_empty()).then(|| {
        view! {
            <details class="attempt-list">
                <summary>{tr!(download.details)}</summary>
                <ol>{lines}</ol>
            </details>
        }
    })
}
