//! Files from a table, with a report of what could not be taken.

use app::{
    components::{Form, Heading, Icon, Number, Outcome},
    locale::current_locale,
    texts::field,
};
use leptos::prelude::*;
use shared::api::admin::{Permission, RefusedLine};

use super::files::Back;
use crate::{
    calls::files::{ImportFiles, TableOutcome},
    components::Area,
    desk::guarded,
    locale::tr,
};

/// The page.
#[component]
pub fn Import() -> impl IntoView {
    guarded(Permission::ManageFiles, || view! { <Table /> }.into_any())
}

#[component]
fn Table() -> impl IntoView {
    let action = ServerAction::<ImportFiles>::new();
    let outcome = Outcome::of(action, "import-files");
    view! {
        <Back />
        <Heading text=tr!(files.import_title) />
        <p class="lead">{tr!(files.import_lead)}</p>
        <div role="status">{move || outcome.done().map(|outcome| view! { <Report outcome /> })}</div>
        <Form action failure=outcome.failure() submit=tr!(files.import_go) pending=tr!(list.doing) icon="plus" once=true>
            <Area name="table" label=tr!(files.import_table) hint=tr!(files.import_hint) rows=10 from_file=true error=outcome.of_field("table") />
        </Form>
    }
}

#[component]
fn Report(outcome: TableOutcome) -> impl IntoView {
    let TableOutcome { made, refused, lines } = outcome;
    let line = |refused: RefusedLine| {
        let errors = refused
            .errors
            .into_iter()
            .map(|error| view! { <li>{field_name(&error.field)} ": " {field(current_locale(), error.code)}</li> });
        view! {
            <li>
                <p>
                    <b>{tr!(files.import_line)} " " <Number value=refused.line /></b>
                    " "
                    <bdi>{refused.title}</bdi>
                </p>
                <ul>{errors.collect_view()}</ul>
            </li>
        }
    };
    let more = i64::try_from(lines.len()).is_ok_and(|told| told < refused);
    let refused = (refused > 0).then(|| {
        view! {
            <p>
                {tr!(files.import_refused)} ": " <Number value=refused />
            </p>
            <ol class="versions">{lines.into_iter().map(line).collect_view()}</ol>
            {more.then(|| view! { <p class="quiet">{tr!(codes.import_more)}</p> })}
        }
    });
    view! {
        <div class="panel">
            <p class="calm">
                <Icon name="circle-check" />
                {tr!(files.import_made)}
                ": "
                <Number value=made />
            </p>
            {refused}
        </div>
    }
}

/// The column's name, as the page says it.
fn field_name(field: &str) -> String {
    match field {
        "title" => tr!(files.name).to_owned(),
        "description" => tr!(files.description).to_owned(),
        "category" | "category_id" => tr!(files.category).to_owned(),
        "price_coins" => tr!(files.price).to_owned(),
        "kind" => tr!(files.kind).to_owned(),
        _ => tr!(files.import_table).to_owned(),
    }
}
