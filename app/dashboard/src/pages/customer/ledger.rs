//! How the customer's coins moved, and what of it can be corrected.

use app::{
    components::{Ago, Coins, Form},
    locale::current_locale,
    texts,
};
use leptos::prelude::*;
use shared::api::admin::{Ledger, LedgerLine, Permission};

use super::Deeds;
use crate::{
    components::{Ask, Kind, Status, TextField, Tone},
    desk::desk,
    locale::tr,
};

/// A page of the ledger.
#[component]
pub fn Lines(ledger: Ledger, serial: StoredValue<String>, deeds: Deeds) -> impl IntoView {
    if ledger.results.is_empty() {
        return view! { <p class="quiet">{tr!(people.ledger_none)}</p> }.into_any();
    }
    let may = desk().may(Permission::MoveCoins);
    let row = |line: LedgerLine| {
        let correct = (may && line.correctable).then(|| view! { <CorrectAsk line=line.clone() serial deeds /> });
        view! {
            <tr>
                <th scope="row">
                    {texts::transfer_kind(current_locale(), line.kind)}
                    {line.staff.map(|staff| view! { <span class="quiet">" " {tr!(people.by)} " " <bdi>{staff}</bdi></span> })}
                    {(!line.description.is_empty()).then(|| view! { <p class="quiet"><bdi>{line.description}</bdi></p> })}
                    {line.corrected_by.map(|_| view! { <p><Status tone=Tone::Plain text=tr!(people.corrected_line) /></p> })}
                </th>
                <td data-label=tr!(people.amount)>
                    <Coins amount=line.amount signed=true />
                </td>
                <td data-label=tr!(people.after)>
                    <Coins amount=line.balance_after />
                </td>
                <td data-label=tr!(people.when)>
                    <Ago at=line.created_at />
                </td>
                <td>{correct}</td>
            </tr>
        }
    };
    view! {
        <table class="list">
            <thead>
                <tr>
                    <th scope="col">{tr!(people.what)}</th>
                    <th scope="col">{tr!(people.amount)}</th>
                    <th scope="col">{tr!(people.after)}</th>
                    <th scope="col">{tr!(people.when)}</th>
                    <th scope="col">
                        <span class="visually-hidden">{tr!(list.actions)}</span>
                    </th>
                </tr>
            </thead>
            <tbody>{ledger.results.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn CorrectAsk(line: LedgerLine, serial: StoredValue<String>, deeds: Deeds) -> impl IntoView {
    let id = line.id;
    view! {
        <Ask label=tr!(people.correct) icon="undo-2">
            <p>{tr!(people.correct_ask)}</p>
            <Form
                action=deeds.correct.action
                failure=Signal::stored(None)
                submit=tr!(people.correct)
                pending=tr!(list.doing)
                icon="undo-2"
                once=true
            >
                <input type="hidden" name="serial" value=serial.get_value() />
                <input type="hidden" name="transfer" value=id.to_string() />
                <TextField
                    name="amount"
                    id=format!("amount-{id}")
                    label=tr!(people.correct_amount)
                    kind=Kind::Number
                    value=line.amount.to_string()
                    error=deeds.correct.outcome.of_field("amount")
                />
                <TextField
                    name="reason"
                    id=format!("reason-{id}")
                    label=tr!(people.reason)
                    value=deeds.correct.outcome.value("reason")
                    error=deeds.correct.outcome.of_field("reason")
                />
            </Form>
        </Ask>
    }
}
