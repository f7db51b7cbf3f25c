//! Amounts of coins.

use leptos::prelude::*;

use crate::{
    format::{Count, grouped},
    locale::tr,
};

/// An amount of coins: the gold star, the number, the word in its plural form.
#[component]
pub fn Coins(
    /// The amount.
    amount: i64,
    /// With a sign: in a ledger.
    #[prop(optional)]
    signed: bool,
) -> impl IntoView {
    let number = if signed && amount > 0 { format!("+{}", grouped(amount)) } else { grouped(amount) };
    view! {
        <span class="coins">
            <svg class="coin" aria-hidden="true" focusable="false">
                <use href="#i-star"></use>
            </svg>
            <bdi dir="ltr" class="number">
                {number}
            </bdi>
            " "
            <span class="coin-word">{tr!(count.coin_unit, count = Count(amount.abs()))}</span>
        </span>
    }
}

/// A number isolated from the text around it.
#[component]
pub fn Number(
    /// The number.
    value: i64,
) -> impl IntoView {
    view! {
        <bdi dir="ltr" class="number">
            {grouped(value)}
        </bdi>
    }
}
