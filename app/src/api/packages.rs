//! Subscription packages.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{Coins, PackageId, api::Package};

use crate::problem::Failure;

#[cfg(feature = "ssr")]
use {
    super::{customer, key, origin, store, visitor},
    crate::flash,
    store::subscriptions,
};

/// A subscription that was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The package.
    pub package_id: PackageId,
    /// Balance afterwards, in coins.
    pub new_balance: Coins,
}

/// The packages on offer, with the viewer's subscriptions.
#[server(prefix = "/do", endpoint = "packages")]
pub async fn get_packages() -> Result<Vec<Package>, Failure> {
    Ok(subscriptions::packages(&store()?, visitor().map(|customer| customer.id)).await?)
}

/// Buys a subscription.
#[server(prefix = "/do", endpoint = "subscribe")]
pub async fn subscribe(package_id: PackageId, idempotency_key: String) -> Result<Begun, Failure> {
    let result = async {
        let subscribed = subscriptions::subscribe(&store()?, &customer()?, package_id, key(&idempotency_key), &origin()?).await?;
        Ok(Begun { package_id, new_balance: subscribed.new_balance })
    };
    flash::answer("subscribe", "/packages", &[], result.await)
}
