//! Recharge codes: batches and what became of them.

mod batch;
mod import;
mod list;
mod make;
mod resellers;

use app::{
    components::{Coins, Outcome},
    format::{date, grouped},
};
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use shared::{
    Instant,
    api::admin::{self, BatchState},
};

use crate::{
    components::{Kind, Status, TextField, Tone},
    locale::tr,
};

pub use batch::Batch;
pub use import::Import;
pub use list::Codes;
pub use make::Make;
pub use resellers::Resellers;

fn state_name(state: BatchState) -> &'static str {
    match state {
        BatchState::Live => tr!(codes.state_live),
        BatchState::Frozen => tr!(codes.state_frozen),
        BatchState::Expired => tr!(codes.state_expired),
        BatchState::Spent => tr!(codes.state_spent),
        BatchState::Cancelled => tr!(codes.state_cancelled),
    }
}

/// A batch's state.
#[component]
fn State(state: BatchState) -> impl IntoView {
    let tone = match state {
        BatchState::Live => Tone::Good,
        BatchState::Frozen => Tone::Warn,
        BatchState::Expired | BatchState::Spent => Tone::Plain,
        BatchState::Cancelled => Tone::Bad,
    };
    view! { <Status tone text=state_name(state) /> }
}

/// How many of how many are redeemed, in words and as a bar.
#[component]
fn Redeemed(part: i64, whole: i64) -> impl IntoView {
    view! {
        <span class="batch-share">
            <span>{tr!(codes.of_codes, part = grouped(part), whole = grouped(whole))}</span>
            <progress max=whole value=part aria-hidden="true"></progress>
        </span>
    }
}

/// A reseller's name; the shop itself where there is none.
fn reseller_name(reseller: String) -> AnyView {
    if reseller.is_empty() {
        view! { <span class="quiet">{tr!(codes.reseller_none)}</span> }.into_any()
    } else {
        view! { <bdi>{reseller}</bdi> }.into_any()
    }
}

/// The last day of a batch, which expires when that day ends: the same wherever it is read, as its cards say it.
fn last_day(expires_at: Instant) -> String {
    date(expires_at.plus(-1), 0)
}

/// A batch in a line: its label, how many codes of what value.
#[component]
fn Summary(batch: admin::Batch) -> impl IntoView {
    view! {
        <p class="batch-line">
            <b>
                <bdi>{batch.label}</bdi>
            </b>
            <span>{tr!(codes.codes_count, count = app::format::Count(batch.count))}</span>
            <Coins amount=batch.value />
        </p>
    }
}

/// What a batch is called, who sells it, and until when: the fields of new batches and of imported ones.
#[component]
fn BatchFields<T: Clone + DeserializeOwned + Send + Sync + 'static>(
    /// What became of the form.
    outcome: Outcome<T>,
) -> impl IntoView {
    view! {
        <TextField
            name="label"
            label=tr!(codes.label)
            hint=tr!(codes.label_hint)
            value=outcome.value("label")
            error=outcome.of_field("label")
        />
        <TextField
            name="reseller"
            label=tr!(codes.reseller)
            hint=tr!(codes.reseller_hint)
            optional=true
            value=outcome.value("reseller")
            error=outcome.of_field("reseller")
        />
        <TextField
            name="expires_at"
            label=tr!(codes.expires)
            hint=tr!(codes.expires_hint)
            kind=Kind::Date
            optional=true
            value=outcome.value("expires_at")
            error=outcome.of_field("expires_at")
        />
    }
}
