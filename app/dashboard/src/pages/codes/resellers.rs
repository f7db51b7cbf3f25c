//! What each reseller was given, and what became of it.

use app::components::{Coins, Empty, Failed, Heading, Number, Skeleton};
use app::format::escape;
use leptos::prelude::*;
use shared::api::admin::{Permission, Reseller};

use super::reseller_name;
use crate::{calls::codes::get_resellers, desk::guarded, locale::tr};

/// The resellers' page.
#[component]
pub fn Resellers() -> impl IntoView {
    guarded(Permission::ManageCodes, || view! { <ResellersOf /> }.into_any())
}

#[component]
fn ResellersOf() -> impl IntoView {
    let resellers = Resource::new_blocking(|| (), |()| get_resellers());
    view! {
        <Heading text=tr!(codes.resellers_title) />
        <p class="lead">{tr!(codes.resellers_lead)}</p>
        <Transition fallback=|| view! { <Skeleton lines=5 /> }>
            {move || Suspend::new(async move {
                match resellers.await {
                    Ok(resellers) if resellers.results.is_empty() => {
                        view! { <Empty title=tr!(codes.empty_title) text=tr!(codes.empty_text) /> }.into_any()
                    }
                    Ok(resellers) => view! { <Table resellers=resellers.results /> }.into_any(),
                    Err(failure) => view! { <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Table(resellers: Vec<Reseller>) -> impl IntoView {
    view! {
        <table class="list resellers">
            <thead>
                <tr>
                    <th scope="col">{tr!(codes.reseller)}</th>
                    <th scope="col">{tr!(codes.batches_count)}</th>
                    <th scope="col">{tr!(codes.issued)}</th>
                    <th scope="col">{tr!(codes.redeemed)}</th>
                    <th scope="col">{tr!(codes.outstanding)}</th>
                </tr>
            </thead>
            <tbody>{resellers.into_iter().map(|reseller| view! { <Row reseller /> }).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn Row(reseller: Reseller) -> impl IntoView {
    let href = format!("/admin/codes?q={}", escape(&reseller.reseller));
    let name = reseller_name(reseller.reseller);
    let sum = |label: &'static str, codes: i64, coins: i64| {
        view! {
            <td data-label=label>
                <span class="batch-sum">
                    <Number value=codes />
                    <Coins amount=coins />
                </span>
            </td>
        }
    };
    view! {
        <tr>
            <th scope="row">
                <a href=href>{name}</a>
            </th>
            <td data-label=tr!(codes.batches_count)>
                <Number value=reseller.batches />
            </td>
            {sum(tr!(codes.issued), reseller.issued, reseller.issued_coins)}
            {sum(tr!(codes.redeemed), reseller.redeemed, reseller.redeemed_coins)}
            {sum(tr!(codes.outstanding), reseller.outstanding, reseller.outstanding_coins)}
        </tr>
    }
}
