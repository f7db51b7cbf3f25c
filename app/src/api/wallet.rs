//! The wallet: balance, ledger, recharge.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::api::{Recharged, Transactions, Wallet};

use crate::problem::Failure;

#[cfg(feature = "ssr")]
use {
    super::{customer, key, origin, store},
    crate::flash,
    store::wallet,
};

/// Lines of the ledger on a page.
#[cfg(feature = "ssr")]
const LINES: i64 = 20;

/// The wallet page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletPage {
    /// The sums.
    pub wallet: Wallet,
    /// A page of the ledger.
    pub ledger: Transactions,
}

/// The sums and the page of the ledger after `cursor`.
#[server(prefix = "/do", endpoint = "wallet")]
pub async fn get_wallet(cursor: Option<i64>) -> Result<WalletPage, Failure> {
    let (store, customer) = (store()?, customer()?);
    Ok(WalletPage {
        wallet: wallet::balance(&store, &customer).await?,
        ledger: wallet::transactions(&store, &customer, cursor, LINES).await?,
    })
}

/// Redeems a recharge code.
#[server(prefix = "/do", endpoint = "recharge")]
pub async fn redeem_code(charge_code: String, idempotency_key: String) -> Result<Recharged, Failure> {
    let result = async { Ok(wallet::redeem_code(&store()?, &customer()?, &charge_code, key(&idempotency_key), &origin()?).await?) };
    flash::answer("recharge", "/wallet", &[("charge_code", &charge_code)], result.await)
}
