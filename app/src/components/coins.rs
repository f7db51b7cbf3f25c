//! Amounts of coins.

use leptos::prelude::*;

use crate::{
    format::{Count, grouped},
    locale::tr,
};

/// What an amount's frame holds, as markup: the gold star, the number, the word in its plural form.
pub(super) fn coins(amount: i64, signed: bool) -> String {
    let sign = if signed && amount > 0 { "+" } else { "" };
    format!(
        "<svg class='coin' aria-hidden='true' focusable='false'><use href='#i-star'></use></svg>\
         <bdi dir='ltr' class='number'>{sign}{}</bdi> <span class='coin-word'>{}</span>",
        grouped(amount),
        tr!(count.coin_unit, count = Count(amount.abs())),
    )
}

/// An amount of coins.
#[component]
pub fn Coins(
    /// The amount.
    amount: i64,
    /// With a sign: in a ledger.
    #[prop(optional)]
    signed: bool,
) -> impl IntoView {
    view! { <span class="coins" inner_html=coins(amount, signed)></span> }
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
