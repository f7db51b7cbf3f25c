//! What can be done for a customer: each a question in place, and a button.

use app::components::{Coins, Form, Icon, Said};
use leptos::prelude::*;
use shared::api::admin::{CustomerLine, CustomerProfile, CustomerState, Permission};

use super::{Deeds, name_of};
use crate::{
    calls::people::Recharge,
    components::{Ask, Kind, TextField},
    deed::Deed,
    desk::desk,
    locale::tr,
};

/// Everything that the member may do here.
#[component]
pub fn Actions(profile: CustomerProfile, deeds: Deeds) -> impl IntoView {
    let (helps, personal) = (desk().may(Permission::HelpCustomers), desk().may(Permission::HandlePersonalData));
    let open = profile.customer.state != CustomerState::Closed;
    let blocked = profile.customer.state == CustomerState::Blocked;
    let serial = StoredValue::new(profile.customer.serial.clone());
    let block = if blocked {
        view! {
            <Ask label=tr!(people.unblock) icon="lock-open">
                <p>{tr!(people.unblock_ask)}</p>
                <Act serial act="unblock" submit=tr!(people.unblock) icon="lock-open" deeds />
            </Ask>
        }
        .into_any()
    } else {
        view! {
            <Ask label=tr!(people.block) icon="ban" grave=true>
                <p>{tr!(people.block_ask)}</p>
                <Act serial act="block" submit=tr!(people.block) icon="ban" deeds />
            </Ask>
        }
        .into_any()
    };
    let help = view! {
        <Ask label=tr!(people.new_pin) icon="key-round">
            <p>{tr!(people.new_pin_ask)}</p>
            <Form action=deeds.new_pin.action failure=Signal::stored(None) submit=tr!(people.new_pin) pending=tr!(list.doing) icon="key-round">
                <input type="hidden" name="serial" value=serial.get_value() />
            </Form>
        </Ask>
        <Ask label=tr!(people.end_sessions) icon="log-out">
            <p>{tr!(people.end_sessions_ask)}</p>
            <Act serial act="end-sessions" submit=tr!(people.end_sessions) icon="log-out" deeds />
        </Ask>
        {block}
    };
    view! {
        <section aria-label=tr!(people.actions)>
            <div class="row-actions">
                <RechargeAsk customer=profile.customer.clone() recharge=deeds.recharge />
                {(helps && open).then_some(help)}
                {personal.then(|| view! { <Personal serial open deeds /> })}
            </div>
        </section>
    }
}

/// A button that does one thing for the customer.
#[component]
pub fn Act(serial: StoredValue<String>, act: &'static str, submit: &'static str, icon: &'static str, deeds: Deeds) -> impl IntoView {
    view! {
        <Form action=deeds.help.action failure=Signal::stored(None) submit pending=tr!(list.doing) icon>
            <input type="hidden" name="serial" value=serial.get_value() />
            <input type="hidden" name="act" value=act />
        </Form>
    }
}

/// What an owner does at a person's wish.
#[component]
fn Personal(serial: StoredValue<String>, open: bool, deeds: Deeds) -> impl IntoView {
    view! {
        <Ask label=tr!(people.export) icon="file-down">
            <p>{tr!(people.export_ask)}</p>
            <form method="post" action=format!("/admin/customers/{}/export", serial.get_value())>
                <button type="submit" class="button primary">
                    <Icon name="file-down" />
                    {tr!(people.export)}
                </button>
            </form>
        </Ask>
        {open
            .then(|| {
                view! {
                    <Ask label=tr!(people.erase) icon="trash-2" grave=true>
                        <p>{tr!(people.erase_ask)}</p>
                        <Form action=deeds.erase.action failure=deeds.erase.outcome.failure() submit=tr!(people.erase) pending=tr!(list.doing) icon="trash-2">
                            <input type="hidden" name="serial" value=serial.get_value() />
                            <TextField
                                name="confirmation"
                                label=tr!(people.erase_confirm)
                                kind=Kind::Code
                                value=deeds.erase.outcome.value("confirmation")
                                error=deeds.erase.outcome.of_field("confirmation")
                            />
                        </Form>
                    </Ask>
                }
            })}
    }
}

/// The good news of a recharge.
#[component]
pub fn Recharged(recharge: Deed<Recharge>) -> impl IntoView {
    let balance = Signal::derive(move || recharge.outcome.done().map_or(0, |done| done.new_balance));
    view! { <Said when=recharge.said()>{tr!(people.recharged)} " " {move || view! { <Coins amount=balance.get() /> }}</Said> }
}

/// The question before coins are added: to whom, how many. Nothing for those who may not, nor for accounts that can't have coins.
#[component]
pub fn RechargeAsk(customer: CustomerLine, recharge: Deed<Recharge>) -> impl IntoView {
    let outcome = recharge.outcome;
    let allowed = desk().may(Permission::MoveCoins) && matches!(customer.state, CustomerState::Active | CustomerState::Blocked);
    allowed.then(|| {
        view! {
            <Ask label=tr!(people.recharge) icon="coins">
                <p>
                    {tr!(people.recharge_for)} " " <b>
                        <bdi>{name_of(&customer)}</bdi>
                    </b> " " <bdi dir="ltr" class="code">{customer.serial.clone()}</bdi>
                </p>
                <Form
                    action=recharge.action
                    failure=outcome.failure()
                    submit=tr!(people.recharge_confirm)
                    pending=tr!(people.recharging)
                    icon="check"
                    once=true
                >
                    <input type="hidden" name="serial" value=customer.serial.clone() />
                    <TextField
                        name="coin_amount"
                        label=tr!(people.amount)
                        kind=Kind::Number
                        value=outcome.value("coin_amount")
                        error=outcome.of_field("coin_amount")
                    />
                </Form>
            </Ask>
        }
    })
}
