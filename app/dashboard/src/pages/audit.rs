//! The audit log: who did what, on what, from where, when, with which outcome.

use app::{components::Ago, format::escape, locale::current_locale};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::api::admin::{AuditEntries, AuditEntry, AuditQuery, Permission};

use super::{
    cursor,
    log::{Drawn, Log, broken},
};
use crate::{
    calls::people::get_audit,
    components::{Choice, Kind, TextField},
    desk::guarded,
    locale::tr,
    words,
};

/// The audit log's page.
#[component]
pub fn Audit() -> impl IntoView {
    guarded(Permission::SeeAudit, || view! { <AuditOf /> }.into_any())
}

/// What stands in the filters, as part of an address.
fn address(query: &AuditQuery) -> String {
    let parts = [
        ("actor", &query.actor),
        ("action", &query.action),
        ("subject", &query.subject),
        ("outcome", &query.outcome),
        ("ip", &query.ip),
        ("from", &query.from),
        ("to", &query.to),
    ];
    parts.map(|(name, text)| format!("{name}={}", escape(text))).join("&")
}

#[component]
fn AuditOf() -> impl IntoView {
    let map = use_query_map();
    let asked = Memo::new(move |_| {
        let text = |name| map.with(|map| map.get(name).unwrap_or_default());
        AuditQuery {
            actor: text("actor"),
            action: text("action"),
            subject: text("subject"),
            outcome: text("outcome"),
            ip: text("ip"),
            from: text("from"),
            to: text("to"),
            cursor: cursor(map),
        }
    });
    let page = Resource::new_blocking(move || asked.get(), get_audit);
    let query = asked.get_untracked();
    // Which fields can't be understood does not depend on the shop's clock.
    let problem = query.read(0).err();
    view! {
        <Log
            title=tr!(people.audit_title)
            lead=tr!(people.audit_lead)
            none=tr!(people.audit_none_title)
            path="/admin/audit"
            address=Memo::new(move |_| asked.with(address))
            first=Memo::new(move |_| asked.with(|query| query.cursor.is_none()))
            page
            draw=drawn
        >
            <TextField name="actor" label=tr!(people.actor) hint=tr!(people.actor_hint) value=query.actor.clone() optional=true error=broken(problem.as_ref(), "actor") />
            <Choice name="action" label=tr!(people.action) options=actions() value=query.action.clone() error=broken(problem.as_ref(), "action") />
            <TextField name="subject" label=tr!(people.subject) hint=tr!(people.subject_hint) value=query.subject.clone() optional=true error=broken(problem.as_ref(), "subject") />
            <Choice name="outcome" label=tr!(people.outcome) options=outcomes() value=query.outcome.clone() error=broken(problem.as_ref(), "outcome") />
            <TextField name="ip" label=tr!(people.ip) kind=Kind::Code value=query.ip.clone() optional=true error=broken(problem.as_ref(), "ip") />
            <TextField name="from" label=tr!(people.from) kind=Kind::Date value=query.from.clone() optional=true error=broken(problem.as_ref(), "from") />
            <TextField name="to" label=tr!(people.to) kind=Kind::Date value=query.to.clone() optional=true error=broken(problem.as_ref(), "to") />
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
        let own = entry.subject == entry.actor;
        let subject = entry.subject_name.clone().unwrap_or_else(|| entry.subject.clone());
        let what = if own { "–".into_any() } else { linked(place_of(&entry.subject, entry.subject_name.as_ref()), subject) };
        view! {
            <tr>
                <th scope="row">{words::action(locale, &entry.action)}</th>
                <td data-label=tr!(people.actor)>{who}</td>
                <td data-label=tr!(people.subject)>{what}</td>
                <td data-label=tr!(people.outcome)>
                    <bdi>{words::result(locale, &entry.outcome)}</bdi>
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
