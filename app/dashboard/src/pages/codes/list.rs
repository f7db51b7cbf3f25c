//! All batches, and one code that somebody reads out.

use app::{
    components::{Ago, Coins, Empty, Failed, Form, Heading, Icon, Outcome, Skeleton},
    format::escape,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::{
    Code,
    api::admin::{Batch, BatchState, Batches, FoundCode, Permission},
};

use super::{Redeemed, State, last_day, reseller_name, state_name};
use crate::{
    calls::codes::{FindCode, get_batches},
    components::{Choice, Fact, Filters, Kind, Pager, TextField},
    desk::{desk, guarded},
    locale::tr,
};

/// The codes' page.
#[component]
pub fn Codes() -> impl IntoView {
    guarded(Permission::FindCode, || {
        let manages = untrack(|| desk().may(Permission::ManageCodes));
        view! {
            <Heading text=tr!(codes.title) />
            <p class="lead">{tr!(codes.lead)}</p>
            {manages
                .then(|| {
                    view! {
                        <p class="actions">
                            <a class="button primary" href="/admin/codes/new">
                                <Icon name="plus" />
                                {tr!(codes.new)}
                            </a>
                            <a class="button" href="/admin/codes/resellers">
                                <Icon name="users-round" />
                                {tr!(codes.resellers)}
                            </a>
                            <a class="button" href="/admin/codes/import">
                                <Icon name="upload" />
                                {tr!(codes.import)}
                            </a>
                        </p>
                    }
                })}
            <Find />
            {manages.then(|| view! { <List /> })}
        }
        .into_any()
    })
}

#[component]
fn Find() -> impl IntoView {
    let action = ServerAction::<FindCode>::new();
    let outcome = Outcome::of(action, "find-code");
    let failure = outcome.failure();
    let unknown = Memo::new(move |_| failure.with(|failure| failure.as_ref().is_some_and(|failure| failure.0.code == Code::NotFound)));
    let told = Signal::derive(move || failure.get().filter(|failure| failure.0.code != Code::NotFound));
    view! {
        <section class="panel" aria-labelledby="find">
            <h2 id="find">{tr!(codes.find_title)}</h2>
            <Form action failure=told submit=tr!(codes.find) pending=tr!(codes.finding) icon="search">
                <TextField
                    name="charge_code"
                    label=tr!(codes.code)
                    hint=tr!(codes.find_lead)
                    kind=Kind::Code
                    value=outcome.value("charge_code")
                    error=outcome.of_field("charge_code")
                />
            </Form>
            <div role="status">
                {move || unknown.get().then(|| view! { <p class="note">{tr!(codes.unknown)}</p> })}
                {move || outcome.done().map(|found| view! { <Found found /> })}
            </div>
        </section>
    }
}

#[component]
fn Found(found: FoundCode) -> impl IntoView {
    let FoundCode { batch, code } = found;
    let manages = untrack(|| desk().may(Permission::ManageCodes));
    let label = batch.label.clone();
    let label = if manages {
        view! { <a href=format!("/admin/codes/{}", batch.id)><bdi>{label}</bdi></a> }.into_any()
    } else {
        view! { <bdi>{label}</bdi> }.into_any()
    };
    let number = format!("{}-{:04}", batch.id, code.number);
    let state = match code.redemption {
        Some(redemption) => view! {
            {tr!(codes.found_redeemed)}
            " "
            <bdi>{redemption.name.unwrap_or_default()}</bdi>
            " "
            <bdi dir="ltr">{redemption.serial}</bdi>
            " "
            <span class="quiet">
                <Ago at=redemption.at />
            </span>
        }
        .into_any(),
        None => view! { {tr!(codes.found_open)} " " <State state=batch.state /> }.into_any(),
    };
    view! {
        <dl class="facts found" data-testid="found">
            <Fact name=tr!(codes.value)>
                <Coins amount=batch.value />
            </Fact>
            <Fact name=tr!(codes.state)>{state}</Fact>
            <Fact name=tr!(codes.label)>{label}</Fact>
            <Fact name=tr!(codes.found_number)>
                <bdi dir="ltr">{number}</bdi>
            </Fact>
            <Fact name=tr!(codes.reseller)>{reseller_name(batch.reseller)}</Fact>
        </dl>
    }
}

#[component]
fn List() -> impl IntoView {
    let query = use_query_map();
    let of = move |name: &'static str| query.with(|query| query.get(name).unwrap_or_default());
    let filter = Memo::new(move |_| (of("q"), of("state"), of("cursor").parse::<i64>().ok()));
    let batches = Resource::new_blocking(move || filter.get(), |(text, state, cursor)| get_batches(text, state, cursor));
    let (text, state, _) = filter.get_untracked();
    let states = BatchState::ALL.iter().map(|state| (state.as_str().to_owned(), state_name(*state).to_owned()));
    let states = std::iter::once((String::new(), tr!(codes.any).to_owned())).chain(states).collect();
    view! {
        <section aria-labelledby="batches">
            <h2 id="batches">{tr!(codes.batches)}</h2>
            <Filters action="/admin/codes">
                <TextField name="q" label=tr!(codes.search) value=text optional=true error=Signal::stored(None) />
                <Choice name="state" label=tr!(codes.state) options=states value=state />
            </Filters>
            <Transition fallback=|| view! { <Skeleton lines=5 /> }>
                {move || Suspend::new(async move {
                    let (text, state, cursor) = filter.get_untracked();
                    let filters = format!("q={}&state={}", escape(&text), escape(&state));
                    match batches.await {
                        Ok(batches) => view! { <Table batches filters first=cursor.is_none() /> }.into_any(),
                        Err(failure) => view! { <Failed failure /> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
}

#[component]
fn Table(batches: Batches, filters: String, first: bool) -> impl IntoView {
    if batches.results.is_empty() {
        return view! { <Empty title=tr!(codes.empty_title) text=tr!(codes.empty_text) /> }.into_any();
    }
    let next = batches.next_cursor;
    view! {
        <table class="list" aria-labelledby="batches">
            <thead>
                <tr>
                    <th scope="col">{tr!(codes.label)}</th>
                    <th scope="col">{tr!(codes.value)}</th>
                    <th scope="col">{tr!(codes.redeemed)}</th>
                    <th scope="col">{tr!(codes.state)}</th>
                    <th scope="col">{tr!(codes.made_at)}</th>
                </tr>
            </thead>
            <tbody>{batches.results.into_iter().map(|batch| view! { <Row batch /> }).collect_view()}</tbody>
        </table>
        <Pager path="/admin/codes".to_owned() query=filters first next />
    }
    .into_any()
}

#[component]
fn Row(batch: Batch) -> impl IntoView {
    view! {
        <tr>
            <th scope="row">
                <a href=format!("/admin/codes/{}", batch.id)>
                    <bdi>{batch.label}</bdi>
                </a>
                <span class="row-note">{reseller_name(batch.reseller)}</span>
            </th>
            <td data-label=tr!(codes.value)>
                <Coins amount=batch.value />
            </td>
            <td data-label=tr!(codes.redeemed)>
                <Redeemed part=batch.redeemed whole=batch.count />
            </td>
            <td data-label=tr!(codes.state)>
                <span>
                    <State state=batch.state />
                    {batch
                        .expires_at
                        .map(|at| view! { <span class="row-note quiet">{tr!(codes.expires)} " " {last_day(at)}</span> })}
                </span>
            </td>
            <td data-label=tr!(codes.made_at)>
                <Ago at=batch.created_at />
            </td>
        </tr>
    }
}
