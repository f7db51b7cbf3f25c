//! The audit log: who did what, on what, from where, when, with which outcome.

use app::{components::Ago, locale::current_locale};
use leptos::prelude::*;
use shared::api::admin::{AuditEntries, AuditEntry, AuditQuery, Permission};

use super::log::{self, Drawn, Log, Typed};
use crate::{calls::people::get_audit, desk::guarded, locale::tr, words};

/// The audit log's page.
#[component]
pub fn Audit() -> impl IntoView {
    guarded(Permission::SeeAudit, || view! { <AuditOf /> }.into_any())
}

#[component]
fn AuditOf() -> impl IntoView {
    let asked = log::asked::<AuditQuery>();
    let page = Resource::new_blocking(move || asked.get(), get_audit);
    let typed = Typed::of(asked);
    view! {
        <Log
            title=tr!(people.audit_title)
            lead=tr!(people.audit_lead)
            none=tr!(people.audit_none_title)
            path="/admin/audit"
            asked
            page
            draw=drawn
        >
            {typed.hinted("actor", tr!(people.actor), tr!(people.actor_hint))}
            {typed.choice("action", tr!(people.action), actions())}
            {typed.hinted("subject", tr!(people.subject), tr!(people.subject_hint))}
            {typed.choice("outcome", tr!(people.outcome), outcomes())}
            {typed.place_and_days()}
        </Log>
    }
}

fn drawn(page: AuditEntries) -> Drawn {
    let next = page.next_cursor;
    (!page.results.is_empty()).then(|| (view! { <Acts entries=page.results /> }.into_any(), next))
}

fn actions() -> Vec<(String, String)> {
    let all = (String::new(), tr!(people.action_all).to_owned());
    let one = |code: &&str| ((*code).to_owned(), words::action(current_locale(), code));
    std::iter::once(all).chain(words::ACTIONS.iter().map(one)).collect()
}

fn outcomes() -> Vec<(String, String)> {
    [("", tr!(people.outcome_all)), ("ok", tr!(people.audit_ok)), ("failed", tr!(people.audit_failed))]
        .map(|(value, words)| (value.to_owned(), words.to_owned()))
        .to_vec()
}

/// Where what the log speaks of can be looked at.
fn place_of(kind: &str, name: Option<&String>) -> Option<String> {
    let (what, id) = kind.split_once(':')?;
    match what {
        "customer" => name.map(|serial| format!("/admin/customers/{serial}")),
        "purchase" => Some(format!("/admin/downloads/{id}")),
        _ => None,
    }
}

fn linked(href: Option<String>, text: String) -> AnyView {
    match href {
        Some(href) => view! { <a href=href><bdi>{text}</bdi></a> }.into_any(),
        None => view! { <bdi>{text}</bdi> }.into_any(),
    }
}

/// Lines of the log.
#[component]
pub fn Acts(entries: Vec<AuditEntry>) -> impl IntoView {
    let row = |entry: AuditEntry| {
        let locale = current_locale();
        let who = linked(place_of(&entry.actor, entry.actor_name.as_ref()), words::actor(locale, &entry));
        let nothing = entry.subject.is_empty() || entry.subject == entry.actor;
        let subject = words::subject(locale, &entry);
        let what = if nothing { "–".into_any() } else { linked(place_of(&entry.subject, entry.subject_name.as_ref()), subject) };
        view! {
            <tr>
                <th scope="row">{words::action(locale, &entry.action)}</th>
                <td data-label=tr!(people.actor)>{who}</td>
                <td data-label=tr!(people.subject)>{what}</td>
                <td data-label=tr!(people.outcome)>
                    <bdi>{words::result_of(locale, &entry)}</bdi>
                </td>
                <td data-label=tr!(people.ip)>
                    <span title=entry.user_agent.clone()>
                        <bdi dir="ltr" class="ip">{words::place(locale, &entry.ip)}</bdi>
                    </span>
                </td>
                <td data-label=tr!(people.when)>
                    <Ago at=entry.created_at />
                </td>
            </tr>
        }
    };
    view! {
        <table class="list log">
            <thead>
                <tr>
                    <th scope="col">{tr!(people.action)}</th>
                    <th scope="col">{tr!(people.actor)}</th>
                    <th scope="col">{tr!(people.subject)}</th>
                    <th scope="col">{tr!(people.outcome)}</th>
                    <th scope="col">{tr!(people.ip)}</th>
                    <th scope="col">{tr!(people.when)}</th>
                </tr>
            </thead>
            <tbody>{entries.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}
