//! Making a batch, and the one time that its codes leave.

use std::time::Duration;

use app::{
    components::{Form, Heading, Icon, Outcome, label},
    format::{Count, grouped},
};
use leptos::prelude::*;
use shared::api::admin::{HandOut, MadeBatch, Making, Permission};

use super::{BatchFields, Summary};
use crate::{
    calls::codes::{MakeCodes, get_progress},
    components::{Choice, Kind, TextField},
    desk::guarded,
    locale::tr,
    sheet::{LAYOUTS, PART},
};

/// The values that most cards have, in coins.
const VALUES: [&str; 3] = ["100", "500", "1000"];

/// The page to make a batch.
#[component]
pub fn Make() -> impl IntoView {
    guarded(Permission::ManageCodes, || view! { <MakeOf /> }.into_any())
}

#[component]
fn MakeOf() -> impl IntoView {
    let action = ServerAction::<MakeCodes>::new();
    let outcome = Outcome::of(action, "make-codes");
    // A memo: what is typed must survive a failure.
    let made = Memo::new(move |_| outcome.done());
    let making = RwSignal::new(None::<Making>);
    let pending = action.pending();
    // While the answer is on its way the server is asked how far it is.
    Effect::new(move |_| {
        making.set(None);
        let look = move || {
            leptos::task::spawn_local(async move {
                // Who left the page waits for no answer.
                if let Ok(now) = get_progress().await
                    && pending.try_get_untracked() == Some(true)
                {
                    making.set(now);
                }
            });
        };
        if pending.get()
            && let Ok(interval) = set_interval_with_handle(look, Duration::from_millis(250))
        {
            on_cleanup(move || interval.clear());
        }
    });
    view! {
        <Heading text=tr!(codes.make_title) />
        {move || match made.get() {
            Some(made) => view! { <Made made /> }.into_any(),
            None => {
                view! {
                    <p class="lead">{tr!(codes.make_lead)}</p>
                    <Form action failure=outcome.failure() submit=tr!(codes.make) pending=tr!(codes.making) icon="ticket">
                        <Value value=outcome.value("value") other=outcome.value("other_value") error=outcome.of_field("value") />
                        <TextField
                            name="count"
                            label=tr!(codes.count)
                            hint=tr!(codes.count_hint)
                            kind=Kind::Number
                            value=outcome.value("count")
                            error=outcome.of_field("count")
                        />
                        <BatchFields outcome />
                        <div role="status" class="making">
                            {move || making.get().map(|making| view! { <Progress making /> })}
                        </div>
                    </Form>
                }
                    .into_any()
            }
        }}
    }
}

#[component]
fn Progress(making: Making) -> impl IntoView {
    view! {
        <progress max=making.count value=making.done aria-hidden="true"></progress>
        <p>{tr!(codes.progress, done = grouped(making.done), count = grouped(making.count))}</p>
    }
}

/// The usual values at a press, any other typed.
#[component]
fn Value(value: String, other: String, error: Signal<Option<shared::FieldCode>>) -> impl IntoView {
    label("value", "value", tr!(codes.value));
    let chosen = if value.is_empty() { VALUES[1].to_owned() } else { value };
    let option = |value: &'static str, words: String| {
        let checked = chosen == value;
        view! {
            <label class="value-chip">
                <input type="radio" name="value" value=value checked=checked />
                <span>{words}</span>
            </label>
        }
    };
    let options = VALUES.map(|value| option(value, grouped(value.parse().unwrap_or_default())));
    let others = option("other", tr!(codes.value_other).to_owned());
    view! {
        <fieldset id="value" class="values">
            <legend>{tr!(codes.value)}</legend>
            <div class="value-row">{options.into_iter().collect_view()} {others}</div>
            <div class="value-other">
                <TextField name="other_value" label=tr!(codes.value_amount) kind=Kind::Number optional=true value=other error />
            </div>
        </fieldset>
    }
}

/// The codes, while this page is open.
#[component]
fn Made(made: MadeBatch) -> impl IntoView {
    let MadeBatch { batch, ticket, .. } = made;
    let id = batch.id;
    let layouts = LAYOUTS.map(|layout| (layout.cards().to_string(), tr!(codes.cards, count = Count(layout.cards())))).to_vec();
    let parts: Vec<_> = (0..(batch.count + PART - 1) / PART)
        .map(|part| {
            let (from, to) = (part * PART + 1, ((part + 1) * PART).min(batch.count));
            (part.to_string(), tr!(codes.part_option, from = grouped(from), to = grouped(to)))
        })
        .collect();
    let part = (parts.len() > 1).then(|| view! { <Choice name="part" label=tr!(codes.part) options=parts /> });
    view! {
        <section class="panel made" aria-labelledby="made" data-testid="made">
            <h2 id="made">
                <Icon name="circle-check" />
                {tr!(codes.made_title)}
            </h2>
            <Summary batch />
            <p class="note">{tr!(codes.made_text)}</p>
            <form method="post" action=format!("/admin/codes/{id}/hand-out") class="hand-out">
                <input type="hidden" name="ticket" value=ticket autocomplete="off" />
                <p class="actions">
                    <button type="submit" class="button primary" name="way" value=HandOut::Csv.as_str()>
                        <Icon name="file-down" />
                        {tr!(codes.csv)}
                    </button>
                </p>
                <fieldset>
                    <legend>{tr!(codes.sheet_title)}</legend>
                    <div class="hand-out-choices">
                        <Choice name="layout" label=tr!(codes.layout) options=layouts value=LAYOUTS[1].cards().to_string() />
                        {part}
                    </div>
                    <p class="actions">
                        <button type="submit" class="button" name="way" value=HandOut::Page.as_str() formtarget="_blank">
                            <Icon name="printer" />
                            {tr!(codes.print)}
                        </button>
                        <button type="submit" class="button" name="way" value=HandOut::Pdf.as_str()>
                            <Icon name="file-text" />
                            {tr!(codes.pdf)}
                        </button>
                    </p>
                </fieldset>
            </form>
            <p class="actions">
                <a class="button quiet" href=format!("/admin/codes/{id}")>
                    {tr!(codes.open)}
                </a>
                <a class="button quiet" href="/admin/codes/new" rel="external">
                    {tr!(codes.another)}
                </a>
            </p>
        </section>
    }
}
