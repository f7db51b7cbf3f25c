//! Taking over older printed codes.

use app::{
    components::{Form, Heading, Icon, Outcome},
    format::Count,
};
use leptos::prelude::*;
use shared::api::admin::{ImportReason, ImportReport, Permission};

use super::{BatchFields, Summary};
use crate::{
    calls::codes::ImportCodes,
    components::{Area, Kind, TextField},
    desk::guarded,
    locale::tr,
};

/// The page to import codes.
#[component]
pub fn Import() -> impl IntoView {
    guarded(Permission::ManageCodes, || view! { <ImportOf /> }.into_any())
}

#[component]
fn ImportOf() -> impl IntoView {
    let action = ServerAction::<ImportCodes>::new();
    let outcome = Outcome::of(action, "import-codes");
    view! {
        <Heading text=tr!(codes.import_title) />
        <p class="lead">{tr!(codes.import_lead)}</p>
        <div role="status">{move || outcome.done().map(|report| view! { <Report report /> })}</div>
        <Form action failure=outcome.failure() submit=tr!(codes.import_do) pending=tr!(codes.importing) icon="upload">
            <Area name="codes" label=tr!(codes.import_codes) hint=tr!(codes.import_codes_hint) rows=10 from_file=true error=outcome.of_field("codes") />
            <TextField
                name="value"
                label=tr!(codes.import_value)
                hint=tr!(codes.import_value_hint)
                kind=Kind::Number
                optional=true
                value=outcome.value("value")
                error=outcome.of_field("value")
            />
            <BatchFields outcome />
        </Form>
    }
}

fn reason(reason: ImportReason) -> &'static str {
    match reason {
        ImportReason::Code => tr!(codes.reason_code),
        ImportReason::Value => tr!(codes.reason_value),
        ImportReason::Repeated => tr!(codes.reason_repeated),
        ImportReason::Known => tr!(codes.reason_known),
    }
}

#[component]
fn Report(report: ImportReport) -> impl IntoView {
    let more = usize::try_from(report.left_out).is_ok_and(|left_out| left_out > report.lines.len());
    let batches = report.batches.into_iter().map(|batch| {
        let id = batch.id;
        view! {
            <li>
                <Summary batch />
                <a class="button small" href=format!("/admin/codes/{id}")>
                    {tr!(codes.open)}
                </a>
            </li>
        }
    });
    let lines = report.lines.into_iter().map(|line| {
        view! {
            <tr>
                <th scope="row">
                    <bdi dir="ltr">{line.line}</bdi>
                </th>
                <td>{reason(line.reason)}</td>
            </tr>
        }
    });
    let left_out = (report.left_out > 0).then(|| {
        view! {
            <p>
                <Icon name="triangle-alert" />
                {tr!(codes.import_left)}
                " "
                {tr!(codes.lines, count = Count(report.left_out))}
            </p>
            <table class="list" data-testid="left-out">
                <thead>
                    <tr>
                        <th scope="col">{tr!(codes.import_line)}</th>
                        <th scope="col">{tr!(codes.import_why)}</th>
                    </tr>
                </thead>
                <tbody>{lines.collect_view()}</tbody>
            </table>
            {more.then(|| view! { <p class="quiet">{tr!(codes.import_more)}</p> })}
        }
    });
    view! {
        <section class="panel report" data-testid="report">
            <p>
                <Icon name="circle-check" />
                {tr!(codes.import_done)}
                " "
                {tr!(codes.codes_count, count = Count(report.taken))}
            </p>
            <ul>{batches.collect_view()}</ul>
            {left_out}
        </section>
    }
}
