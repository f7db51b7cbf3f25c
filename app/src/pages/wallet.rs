//! The wallet: balance, recharge, ledger.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_query_map},
};
use shared::api::{Transaction, Transactions};

use super::private;
use crate::{
    api::wallet::{RedeemCode, WalletPage, get_wallet},
    components::{Ago, Coins, Empty, Failed, Form, Heading, Icon, Number, Outcome, Pager, RechargeField, Said, Skeleton, lines},
    locale::{current_locale, tr},
    texts,
    visit::visit,
};

/// The wallet's page.
#[component]
pub fn Wallet() -> impl IntoView {
    private(|| view! { <WalletOf /> }.into_any())
}

#[component]
fn WalletOf() -> impl IntoView {
    let visit = visit();
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.with(|query| query.get("cursor").and_then(|cursor| cursor.parse::<i64>().ok())));
    let wallet = Resource::new_blocking(move || (cursor.get(), visit.changes.get()), |(cursor, _)| get_wallet(cursor));
    let balance = Signal::derive(move || visit.viewer.with(|viewer| viewer.as_ref().map_or(0, |viewer| viewer.balance)));
    view! {
        <div class="wide section wallet">
            <Heading text=tr!(wallet.title) />
            <div class="wallet-top">
                <section class="balance-panel" aria-label=tr!(wallet.balance)>
                    <p class="quiet">{tr!(wallet.balance)}</p>
                    <p class="balance-number" data-testid="balance">
                        {move || view! { <Coins amount=balance.get() /> }}
                    </p>
                    <Transition fallback=|| view! { <Skeleton lines=1 /> }>
                        {move || Suspend::new(async move { wallet.await.ok().map(|page| view! { <Sums page /> }) })}
                    </Transition>
                </section>
                <Recharge />
            </div>
            <section aria-labelledby="ledger">
                <h2 id="ledger">{tr!(wallet.ledger_title)}</h2>
                <Transition fallback=|| view! { <Skeleton lines=6 /> }>
                    {move || Suspend::new(async move {
                        let first = cursor.get_untracked().is_none();
                        match wallet.await {
                            Ok(page) => view! { <Ledger ledger=page.ledger first /> }.into_any(),
                            Err(failure) => view! { <Failed failure /> }.into_any(),
                        }
                    })}
                </Transition>
            </section>
        </div>
    }
}

#[component]
fn Sums(page: WalletPage) -> impl IntoView {
    view! {
        <dl class="sums">
            <div>
                <dt>{tr!(wallet.deposited)}</dt>
                <dd>
                    <Coins amount=page.wallet.total_deposited />
                </dd>
            </div>
            <div>
                <dt>{tr!(wallet.spent)}</dt>
                <dd>
                    <Coins amount=page.wallet.total_spent />
                </dd>
            </div>
        </dl>
    }
}

/// The field for a code; a temporary account is led to activation first.
#[component]
fn Recharge() -> impl IntoView {
    let visit = visit();
    let action = ServerAction::<RedeemCode>::new();
    let outcome = Outcome::of(action, "recharge");
    let value = action.value();
    let field = NodeRef::<leptos::html::Div>::new();
    let write = move |text: &str| {
        if let Some(field) = field.get_untracked()
            && let Ok(Some(input)) = field.query_selector("input[name=charge_code]")
        {
            use wasm_bindgen::JsCast;
            input.unchecked_into::<web_sys::HtmlInputElement>().set_value(text);
        }
    };
    // A printed card's QR code leads here with its code behind the `#`. It is a secret: it leaves the address, and with it the history.
    let (location, navigate) = (use_location(), use_navigate());
    Effect::new(move |_| {
        let printed = location.hash.with(|hash| hash.strip_prefix("#code=").map(str::to_owned));
        let (Some(code), Some(_)) = (printed, field.get()) else { return };
        write(&code);
        let query = location.search.get_untracked();
        let query = if query.is_empty() { query } else { format!("?{query}") };
        let here = format!("{}{query}", location.pathname.get_untracked());
        navigate(&here, NavigateOptions { replace: true, scroll: false, ..Default::default() });
    });
    Effect::new(move |_| {
        if let Some(Ok(recharged)) = value.get() {
            visit.viewer.update(|viewer| {
                if let Some(viewer) = viewer {
                    viewer.balance = recharged.new_balance;
                }
            });
            visit.refresh();
            // A code is used up: the next one is typed into an empty field.
            write("");
        }
    });
    let temporary = Memo::new(move |_| visit.viewer.with(|viewer| viewer.as_ref().is_some_and(|viewer| !viewer.activated)));
    let added = Signal::derive(move || outcome.done().map_or(0, |recharged| recharged.recharged_amount));
    let inside = move || {
        if temporary.get() {
            view! {
                <p>{tr!(problem.activation_required)}</p>
                <a class="button primary" href="/activate">
                    {tr!(profile.activate)}
                </a>
            }
            .into_any()
        } else {
            view! {
                <Said when=Signal::derive(move || added.get() > 0)>{tr!(wallet.done)} " " {move || view! { <Coins amount=added.get() /> }}</Said>
                <div node_ref=field>
                    <Form
                        action
                        failure=outcome.failure()
                        submit=tr!(wallet.submit)
                        pending=tr!(wallet.pending)
                        icon="wallet"
                        once=true
                    >
                        <RechargeField value=outcome.value("charge_code") error=outcome.of_field("charge_code") />
                    </Form>
                </div>
            }
            .into_any()
        }
    };
    let points = visit.shop.with_value(|shop| shop.points.clone());
    let points = (!points.is_empty()).then(|| (view! { <h3>{tr!(wallet.points)}</h3> }, lines(points)));
    view! {
        <section class="panel recharge" aria-labelledby="recharge">
            <h2 id="recharge">{tr!(wallet.recharge_title)}</h2>
            {inside}
            {points}
        </section>
    }
}

/// The ledger, newest first.
#[component]
fn Ledger(ledger: Transactions, first: bool) -> impl IntoView {
    if ledger.results.is_empty() {
        return view! { <Empty title=tr!(wallet.ledger_empty_title) text=tr!(wallet.ledger_empty_text) /> }.into_any();
    }
    view! {
        <table class="ledger" aria-labelledby="ledger">
            <thead>
                <tr>
                    <th scope="col">{tr!(wallet.column_what)}</th>
                    <th scope="col" class="amount">
                        {tr!(wallet.column_amount)}
                    </th>
                    <th scope="col" class="amount">
                        {tr!(wallet.column_balance)}
                    </th>
                </tr>
            </thead>
            <tbody>{ledger.results.into_iter().map(|transaction| view! { <Line transaction /> }).collect_view()}</tbody>
        </table>
        <Pager path="/wallet" first next=ledger.next_cursor />
    }
    .into_any()
}

#[component]
fn Line(transaction: Transaction) -> impl IntoView {
    let incoming = transaction.amount > 0;
    view! {
        <tr>
            <td>
                <span class="line-kind" class:incoming=incoming>
                    <Icon name=if incoming { "arrow-down-left" } else { "arrow-up-right" } />
                    <span>
                        {texts::transfer_kind(current_locale(), transaction.kind)}
                        <span class="line-about">
                            <bdi>{transaction.description}</bdi>
                        </span>
                        <span class="quiet">
                            <Ago at=transaction.created_at />
                        </span>
                    </span>
                </span>
            </td>
            <td class="amount" class:incoming=incoming>
                <Coins amount=transaction.amount signed=true />
            </td>
            <td class="amount quiet">
                <Number value=transaction.balance_after />
            </td>
        </tr>
    }
}
