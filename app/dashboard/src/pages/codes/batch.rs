//! One batch: what became of it, and what can be done with it.

use app::{
    Failure,
    components::{Ago, Coins, Empty, Failed, Form, Heading, Number, Said, Skeleton},
    flash,
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use shared::{
    BatchId, Code,
    api::admin::{self, CodeLine, CodeLines, Permission},
};

use super::{Redeemed, State, last_day, reseller_name};
use crate::{
    calls::codes::{BatchPage, CancelCodes, FreezeCodes, ThawCodes, get_batch},
    components::{Ask, Fact, Pager, Refusal},
    deed::{Deed, any, either},
    desk::guarded,
    locale::tr,
};

/// A batch's page.
#[component]
pub fn Batch() -> impl IntoView {
    guarded(Permission::ManageCodes, || view! { <BatchOf /> }.into_any())
}

/// What is done to a batch; their outcomes are told in one place.
#[derive(Clone, Copy)]
struct Deeds {
    freeze: Deed<FreezeCodes>,
    thaw: Deed<ThawCodes>,
    cancel: Deed<CancelCodes>,
}

#[component]
fn BatchOf() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|params| params.get("id").and_then(|id| id.parse::<BatchId>().ok())));
    let redeemed = Memo::new(move |_| query.with(|query| query.get("redeemed").is_some_and(|redeemed| redeemed == "true")));
    let cursor = Memo::new(move |_| query.with(|query| query.get("cursor").and_then(|cursor| cursor.parse::<i64>().ok())));
    // Without JavaScript all three answer as form `batch`: the first that asks takes it.
    let deeds = Deeds { freeze: Deed::new("batch"), thaw: Deed::new("batch"), cancel: Deed::new("batch") };
    let outcomes = [deeds.freeze.outcome, deeds.thaw.outcome, deeds.cancel.outcome];
    // Codes that could not be handed out any more lead here.
    let gone = Signal::stored(flash::take("hand-out").and_then(|flash| flash.read::<()>()).and_then(Result::err));
    let done = any([deeds.freeze.times(), deeds.thaw.times(), deeds.cancel.times()]);
    let page = Resource::new_blocking(
        move || (id.get(), redeemed.get(), cursor.get(), done.get()),
        |(id, redeemed, cursor, _)| async move {
            match id {
                Some(id) => get_batch(id, redeemed, cursor).await,
                None => Err(Failure::from(Code::NotFound)),
            }
        },
    );
    let changed = either([deeds.freeze.said(), deeds.thaw.said(), deeds.cancel.said()]);
    view! {
        {outcomes.map(|outcome| view! { <Refusal failure=outcome.failure() /> }).into_iter().collect_view()}
        <Refusal failure=gone />
        <Said when=changed>{tr!(codes.changed)}</Said>
        <Transition fallback=|| view! { <Skeleton lines=6 /> }>
            {move || Suspend::new(async move {
                let (redeemed, first) = (redeemed.get_untracked(), cursor.get_untracked().is_none());
                match page.await {
                    Ok(BatchPage { batch, lines }) => {
                        let id = batch.id;
                        view! {
                            <Facts batch=batch.clone() />
                            <Actions batch deeds />
                            <Lines id lines redeemed first />
                        }
                            .into_any()
                    }
                    Err(failure) => view! { <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Facts(batch: admin::Batch) -> impl IntoView {
    let left = batch.count - batch.redeemed;
    let since = |name: &'static str, at: Option<shared::Instant>| at.map(|at| view! { <Fact name><Ago at /></Fact> });
    let expires = match batch.expires_at {
        Some(at) => last_day(at).into_any(),
        None => tr!(codes.never).into_any(),
    };
    let maker = batch.created_by.unwrap_or_else(|| tr!(codes.operator).to_owned());
    view! {
        <Heading text=batch.label />
        <p class="batch-line">
            <State state=batch.state />
            {batch.imported.then(|| view! { <span class="tag">{tr!(codes.imported)}</span> })}
            <span class="quiet">{tr!(codes.sheet_batch, batch = batch.id)}</span>
        </p>
        <dl class="facts">
            <Fact name=tr!(codes.value)>
                <Coins amount=batch.value />
            </Fact>
            <Fact name=tr!(codes.redeemed)>
                <Redeemed part=batch.redeemed whole=batch.count />
            </Fact>
            <Fact name=tr!(codes.outstanding)>
                <Number value=left />
                " · "
                <Coins amount=left * batch.value />
            </Fact>
            <Fact name=tr!(codes.reseller)>{reseller_name(batch.reseller)}</Fact>
            <Fact name=tr!(codes.expires)>{expires}</Fact>
            <Fact name=tr!(codes.made_by)>
                <bdi>{maker}</bdi>
                " · "
                <Ago at=batch.created_at />
            </Fact>
            {since(tr!(codes.frozen_at), batch.frozen_at)}
            {since(tr!(codes.cancelled_at), batch.cancelled_at)}
        </dl>
    }
}

#[component]
fn Actions(batch: admin::Batch, deeds: Deeds) -> impl IntoView {
    if batch.cancelled_at.is_some() {
        return ().into_any();
    }
    let id = move || view! { <input type="hidden" name="id" value=batch.id.to_string() /> };
    let none = || Signal::stored(None);
    let freeze = if batch.frozen_at.is_some() {
        // An element around it, so that the open question before is not kept with the answer turned round.
        view! {
            <div class="other-question">
                <Ask label=tr!(codes.thaw) icon="sun">
                    <p>{tr!(codes.thaw_ask)}</p>
                    <Form action=deeds.thaw.action failure=none() submit=tr!(codes.thaw) pending=tr!(list.doing)>
                        {id()}
                    </Form>
                </Ask>
            </div>
        }
        .into_any()
    } else {
        view! {
            <Ask label=tr!(codes.freeze) icon="snowflake">
                <p>{tr!(codes.freeze_ask)}</p>
                <Form action=deeds.freeze.action failure=none() submit=tr!(codes.freeze) pending=tr!(list.doing)>
                    {id()}
                </Form>
            </Ask>
        }
        .into_any()
    };
    view! {
        <div class="row-actions">
            {freeze}
            <Ask label=tr!(codes.cancel) icon="ban" grave=true>
                <p>{tr!(codes.cancel_ask)}</p>
                <Form action=deeds.cancel.action failure=none() submit=tr!(codes.cancel_sure) pending=tr!(list.doing)>
                    {id()}
                </Form>
            </Ask>
        </div>
    }
    .into_any()
}

#[component]
fn Lines(id: BatchId, lines: CodeLines, redeemed: bool, first: bool) -> impl IntoView {
    let path = format!("/admin/codes/{id}");
    let tab = |words: &'static str, href: String, current: bool| {
        view! {
            <a class="button small" href=href aria-current=current.then_some("true")>
                {words}
            </a>
        }
    };
    let tabs = [tab(tr!(codes.all), path.clone(), !redeemed), tab(tr!(codes.only_redeemed), format!("{path}?redeemed=true"), redeemed)];
    let next = lines.next_cursor;
    let table = if lines.results.is_empty() {
        view! { <Empty title=tr!(codes.none_title) text=tr!(codes.none_text) /> }.into_any()
    } else {
        view! {
            <table class="list" aria-labelledby="lines">
                <thead>
                    <tr>
                        <th scope="col">{tr!(codes.number)}</th>
                        <th scope="col">{tr!(codes.redeemed_by)}</th>
                        <th scope="col">{tr!(codes.when)}</th>
                    </tr>
                </thead>
                <tbody>{lines.results.into_iter().map(|line| view! { <Line id line /> }).collect_view()}</tbody>
            </table>
        }
        .into_any()
    };
    // Redemptions are listed from the last one, codes from the first one.
    let pager = if redeemed {
        view! { <Pager path query="redeemed=true" first next /> }.into_any()
    } else {
        let begin = (!first).then(|| {
            view! {
                <a class="button" href=path.clone()>
                    {tr!(codes.page_first)}
                </a>
            }
        });
        let on = next.map(|cursor| {
            view! {
                <a class="button" href=format!("{path}?cursor={cursor}")>
                    {tr!(codes.page_next)}
                </a>
            }
        });
        view! { <p class="pages">{begin} {on}</p> }.into_any()
    };
    view! {
        <section aria-labelledby="lines">
            <h2 id="lines">{tr!(codes.codes)}</h2>
            <p class="tabs">{tabs.into_iter().collect_view()}</p>
            {table}
            {pager}
        </section>
    }
}

#[component]
fn Line(id: BatchId, line: CodeLine) -> impl IntoView {
    let number = format!("{id}-{:04}", line.number);
    let cells = match line.redemption {
        Some(redemption) => view! {
            <td data-label=tr!(codes.redeemed_by)>
                <span>
                    <bdi>{redemption.name.unwrap_or_default()}</bdi>
                    " "
                    <bdi dir="ltr" class="quiet">
                        {redemption.serial}
                    </bdi>
                </span>
            </td>
            <td data-label=tr!(codes.when)>
                <Ago at=redemption.at />
            </td>
        }
        .into_any(),
        None => view! { <td class="quiet" colspan="2">{tr!(codes.not_yet)}</td> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row">
                <bdi dir="ltr">{number}</bdi>
            </th>
            {cells}
        </tr>
    }
}
