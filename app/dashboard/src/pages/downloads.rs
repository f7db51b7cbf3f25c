//! The log of downloads: every attempt, what became of it, and why.

use app::{components::Ago, format::size, locale::current_locale};
use leptos::prelude::*;
use shared::api::admin::{DownloadAttempt, DownloadOutcome, DownloadQuery, Downloads as Page, Permission, Received, TROUBLE};

use super::log::{self, Drawn, Log, Typed, follow};
use crate::{
    calls::people::get_downloads,
    components::{Kind, Status, Tone},
    desk::guarded,
    locale::tr,
    words,
};

/// The downloads' page.
#[component]
pub fn Downloads() -> impl IntoView {
    guarded(Permission::SeeDownloads, || view! { <DownloadsOf /> }.into_any())
}

#[component]
fn DownloadsOf() -> impl IntoView {
    let asked = log::asked::<DownloadQuery>();
    let page = Resource::new_blocking(move || asked.get(), get_downloads);
    follow(asked, page, get_downloads);
    let typed = Typed::of(asked);
    view! {
        <Log
            title=tr!(people.downloads_title)
            lead=tr!(people.downloads_lead)
            none=tr!(people.downloads_none_title)
            path="/admin/downloads"
            asked
            page
            draw=drawn
        >
            {typed.text("customer", tr!(people.find), Kind::Text)}
            {typed.text("file", tr!(people.file_title), Kind::Text)}
            {typed.choice("outcome", tr!(people.outcome), outcomes())}
            {typed.place_and_days()}
        </Log>
    }
}

fn drawn(page: Page) -> Drawn {
    let next = page.next_cursor;
    (!page.results.is_empty()).then(|| (view! { <Attempts attempts=page.results /> }.into_any(), next))
}

fn outcomes() -> Vec<(String, String)> {
    let all = (String::new(), tr!(people.outcome_all).to_owned());
    let trouble = (TROUBLE.to_owned(), tr!(people.outcome_trouble).to_owned());
    let one = |outcome: &DownloadOutcome| (outcome.as_str().to_owned(), words::outcome(current_locale(), *outcome).to_owned());
    std::iter::once(all).chain(DownloadOutcome::ALL.iter().map(one)).chain([trouble]).collect()
}

/// What became of an attempt, in a word.
#[component]
pub fn OutcomeOf(outcome: DownloadOutcome) -> impl IntoView {
    let tone = match outcome {
        DownloadOutcome::Complete => Tone::Good,
        DownloadOutcome::Waiting | DownloadOutcome::Underway | DownloadOutcome::Unclaimed => Tone::Plain,
        DownloadOutcome::Cut => Tone::Bad,
        DownloadOutcome::Revoked => Tone::Warn,
    };
    view! { <Status tone text=words::outcome(current_locale(), outcome) /> }
}

/// How much of the file was received.
#[component]
pub fn ReceivedOf(received: Received) -> impl IntoView {
    let tone = match received {
        Received::Complete => Tone::Good,
        Received::Partly => Tone::Warn,
        Received::Never => Tone::Plain,
    };
    view! { <Status tone text=words::received(current_locale(), received) /> }
}

/// Why, a sentence each.
#[component]
pub fn Reasons(attempt: DownloadAttempt) -> impl IntoView {
    let sentences = attempt.reasons.iter().map(|why| view! { <p>{words::reason(current_locale(), *why, &attempt)}</p> });
    sentences.collect_view()
}

/// How much of the file arrived.
pub fn arrived(attempt: &DownloadAttempt) -> String {
    format!("{} / {}", size(attempt.bytes_sent.min(attempt.size_bytes)), size(attempt.size_bytes))
}

#[component]
fn Attempts(attempts: Vec<DownloadAttempt>) -> impl IntoView {
    let row = |attempt: DownloadAttempt| {
        let who = attempt.customer_name.clone().unwrap_or_else(|| attempt.customer_serial.clone());
        let arrived = arrived(&attempt);
        let revoked = attempt.outcome == DownloadOutcome::Revoked;
        view! {
            <tr>
                <th scope="row">
                    <a href=format!("/admin/downloads/{}", attempt.purchase_id)>
                        <bdi>{attempt.file_title.clone()}</bdi>
                    </a>
                    <p>
                        <a class="quiet" href=format!("/admin/customers/{}", attempt.customer_serial)>
                            <bdi>{who}</bdi>
                        </a>
                    </p>
                </th>
                <td data-label=tr!(people.outcome)>
                    <div>
                        <p>
                            <OutcomeOf outcome=attempt.outcome />
                        </p>
                        {attempt.refunded_at.map(|_| view! { <p><Status tone=Tone::Plain text=tr!(people.refunded) /></p> })}
                        {attempt.many_addresses.then(|| view! { <p><Status tone=Tone::Warn text=tr!(people.many) /></p> })}
                    </div>
                </td>
                <td data-label=tr!(people.why)>
                    <div>
                        <Reasons attempt=attempt.clone() />
                    </div>
                </td>
                <td data-label=tr!(people.sent)>
                    <div>
                        <p>{arrived}</p>
                        {revoked.then(|| view! { <p><ReceivedOf received=attempt.received /></p> })}
                    </div>
                </td>
                <td data-label=tr!(people.ip)>
                    <bdi dir="ltr" class="ip">{attempt.ip.clone().unwrap_or_else(|| "–".to_owned())}</bdi>
                </td>
                <td data-label=tr!(people.when)>
                    <Ago at=attempt.created_at />
                </td>
            </tr>
        }
    };
    view! {
        <table class="list log">
            <thead>
                <tr>
                    <th scope="col">{tr!(people.file)}</th>
                    <th scope="col">{tr!(people.outcome)}</th>
                    <th scope="col">{tr!(people.why)}</th>
                    <th scope="col">{tr!(people.sent)}</th>
                    <th scope="col">{tr!(people.ip)}</th>
                    <th scope="col">{tr!(people.when)}</th>
                </tr>
            </thead>
            <tbody>{attempts.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}
