//! Buying, and what was bought.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{Coins, FileId, PurchaseId, api::MyPurchase};

use crate::problem::Failure;

#[cfg(feature = "ssr")]
use {
    super::{customer, key, origin, store},
    crate::flash,
    store::sales,
};

/// A purchase that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bought {
    /// The file.
    pub file_id: FileId,
    /// The purchase.
    pub purchase_id: PurchaseId,
    /// Balance afterwards, in coins.
    pub new_balance: Coins,
}

/// Buys a file. The key makes a second press of the same button the same purchase.
#[server(prefix = "/do", endpoint = "purchase")]
pub async fn purchase(file_id: FileId, idempotency_key: String) -> Result<Bought, Failure> {
    let result = async {
        let bought = sales::purchase(&store()?, &customer()?, file_id, key(&idempotency_key), &origin()?).await?;
        Ok(Bought { file_id, purchase_id: bought.purchase_id, new_balance: bought.new_balance })
    };
    flash::answer("purchase", &format!("/files/{file_id}"), &[], result.await)
}

/// All purchases, newest first.
#[server(prefix = "/do", endpoint = "purchases")]
pub async fn get_purchases() -> Result<Vec<MyPurchase>, Failure> {
    Ok(sales::mine(&store()?, &customer()?).await?)
}
