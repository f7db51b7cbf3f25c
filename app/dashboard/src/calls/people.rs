//! Customers, their downloads, and the audit log.

use app::Failure;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Coins, PurchaseId, SessionId, TransferId,
    api::admin::{
        AuditEntries, AuditEntry, AuditQuery, CustomerList, CustomerProfile, CustomerPurchases, DownloadEvents, DownloadQuery, Downloads,
        Ledger, NewPin, PurchaseDetails,
    },
};

#[cfg(feature = "ssr")]
use {
    super::{key, origin, staff, store},
    app::flash,
    shared::{
        Code, FieldCode, Problem, Serial,
        api::admin::{AuditFilter, LogQuery, Permission},
        text::fold_digits,
    },
    store::{accounts, audit, customers, downloads, sales, sessions, wallet},
};

/// Which list of a customer's page is turned.
pub const LEDGER: &str = "ledger";
/// The other one.
pub const PURCHASES: &str = "purchases";

/// A customer's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerPage {
    /// The profile.
    pub profile: CustomerProfile,
    /// A page of the purchases.
    pub purchases: CustomerPurchases,
    /// A page of the ledger.
    pub ledger: Ledger,
    /// The last lines of the audit log about them; empty for who may not see it.
    pub acts: Vec<AuditEntry>,
}

/// A purchase's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchasePage {
    /// The purchase.
    pub details: PurchaseDetails,
    /// A page of its events.
    pub events: DownloadEvents,
}

/// A customer whose coins changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// The balance afterwards.
    pub new_balance: Coins,
}

/// A number of coins as people type it.
#[cfg(feature = "ssr")]
fn coins(name: &str, typed: &str) -> Result<Coins, Failure> {
    let digits: String = fold_digits(typed).chars().filter(|character| !character.is_whitespace() && *character != ',').collect();
    let rule = if digits.is_empty() { FieldCode::Required } else { FieldCode::Format };
    digits.parse().map_err(|_| Failure(Problem::field(name, rule)))
}

#[cfg(feature = "ssr")]
fn serial_of(typed: &str) -> Result<Serial, Failure> {
    typed.parse().map_err(|_| Code::NotFound.into())
}

#[cfg(feature = "ssr")]
fn page_of(serial: &str) -> String {
    format!("/admin/customers/{}", app::format::escape(serial))
}

/// Customers that fit, newest first.
#[server(prefix = "/admin/do", endpoint = "find-customers")]
pub async fn find_customers(q: String, state: String, cursor: Option<i64>) -> Result<CustomerList, Failure> {
    let text = q.chars().filter(|character| *character != '\0').take(200).collect();
    let state = Some(state).filter(|state| !state.is_empty()).map(|state| state.parse()).transpose();
    let state = state.map_err(|code| Failure(Problem::field("state", code)))?;
    Ok(customers::find(&store()?, &staff()?, &customers::Find { text, state, cursor }).await?)
}

/// A customer's page. `view` says which of its lists begins at `cursor`.
#[server(prefix = "/admin/do", endpoint = "customer")]
pub async fn get_customer(serial: String, view: String, cursor: Option<i64>) -> Result<CustomerPage, Failure> {
    let (store, staff, serial) = (store()?, staff()?, serial_of(&serial)?);
    let of = |list: &str| cursor.filter(|_| view == list);
    let acts = if staff.role.may(Permission::SeeAudit) {
        let filter = AuditFilter { subject: serial.to_string(), ..AuditFilter::default() };
        audit::list(&store, &staff, &filter).await?.results
    } else {
        Vec::new()
    };
    Ok(CustomerPage {
        profile: customers::profile(&store, &staff, &serial).await?,
        purchases: customers::purchases(&store, &staff, &serial, of(PURCHASES)).await?,
        ledger: customers::ledger(&store, &staff, &serial, of(LEDGER)).await?,
        acts: acts.into_iter().take(8).collect(),
    })
}

/// Adds coins to a customer's balance.
#[server(prefix = "/admin/do", endpoint = "recharge-customer")]
pub async fn recharge(serial: String, coin_amount: String, idempotency_key: String) -> Result<Balance, Failure> {
    let result = async {
        let (store, staff, origin) = (store()?, staff()?, origin()?);
        staff.must(&store, Permission::MoveCoins, "wallet.direct_recharge", &serial, &origin).await?;
        let amount = coins("coin_amount", &coin_amount)?;
        let done = wallet::direct_recharge(&store, &staff, &serial, amount, key(&idempotency_key), &origin).await?;
        Ok(Balance { new_balance: done.new_balance })
    };
    flash::answer("recharge", &page_of(&serial), &[("coin_amount", &coin_amount)], result.await)
}

/// Takes a mistaken recharge back.
#[server(prefix = "/admin/do", endpoint = "correct-recharge")]
pub async fn correct(
    serial: String,
    transfer: TransferId,
    amount: String,
    reason: String,
    idempotency_key: String,
) -> Result<Balance, Failure> {
    let result = async {
        let (store, staff, origin) = (store()?, staff()?, origin()?);
        staff.must(&store, Permission::MoveCoins, "wallet.correct", &serial, &origin).await?;
        let amount = coins("amount", &amount)?;
        let done = wallet::correct(&store, &staff, transfer, amount, &reason, key(&idempotency_key), &origin).await?;
        Ok(Balance { new_balance: done.new_balance })
    };
    flash::answer("correct", &page_of(&serial), &[("reason", &reason)], result.await)
}

/// Blocks, lets in again, unlocks, or ends all sessions: `act` is `block`, `unblock`, `unlock` or `end-sessions`.
#[server(prefix = "/admin/do", endpoint = "help-customer")]
pub async fn help(serial: String, act: String) -> Result<(), Failure> {
    let result = async {
        let (store, staff, origin) = (store()?, staff()?, origin()?);
        match act.as_str() {
            "block" => accounts::set_blocked(&store, &staff, &serial, true, &origin).await?,
            "unblock" => accounts::set_blocked(&store, &staff, &serial, false, &origin).await?,
            "unlock" => accounts::unlock(&store, &staff, &serial, &origin).await?,
            "end-sessions" => sessions::end_all(&store, &staff, &serial, &origin).await?,
            _ => return Err(Code::BadRequest.into()),
        }
        Ok(())
    };
    flash::answer("help", &page_of(&serial), &[], result.await)
}

/// Draws a new PIN, which this answer alone tells.
#[server(prefix = "/admin/do", endpoint = "new-pin")]
pub async fn reset_pin(serial: String) -> Result<NewPin, Failure> {
    let result = async { Ok(accounts::reset_pin(&store()?, &staff()?, &serial, &origin()?).await?) };
    flash::answer("new-pin", &page_of(&serial), &[], result.await)
}

/// Ends one of a customer's sessions.
#[server(prefix = "/admin/do", endpoint = "end-customer-session")]
pub async fn end_customer_session(serial: String, session: SessionId) -> Result<(), Failure> {
    let result = async { Ok(sessions::end_of_customer(&store()?, &staff()?, session, &origin()?).await?) };
    flash::answer("customer-session", &page_of(&serial), &[], result.await)
}

/// Forgets a person.
#[server(prefix = "/admin/do", endpoint = "erase-customer")]
pub async fn erase(serial: String, confirmation: String) -> Result<(), Failure> {
    let result = async {
        let (store, staff, origin) = (store()?, staff()?, origin()?);
        staff.must(&store, Permission::HandlePersonalData, "customers.erase", &serial, &origin).await?;
        Ok(customers::erase(&store, &staff, &serial_of(&serial)?, &confirmation, &origin).await?)
    };
    flash::answer("erase", &page_of(&serial), &[("confirmation", &confirmation)], result.await)
}

/// A page of the log of downloads.
#[server(prefix = "/admin/do", endpoint = "download-log")]
pub async fn get_downloads(#[server(default)] query: DownloadQuery) -> Result<Downloads, Failure> {
    let (store, staff) = (store()?, staff()?);
    staff.must(&store, Permission::SeeDownloads, "downloads.see", "", &staff.origin).await?;
    Ok(downloads::list(&store, &staff, &query.read(store.settings().utc_offset).map_err(Failure)?).await?)
}

/// A purchase's page.
#[server(prefix = "/admin/do", endpoint = "purchase-log")]
pub async fn get_purchase(purchase: PurchaseId, cursor: Option<i64>) -> Result<PurchasePage, Failure> {
    let (store, staff) = (store()?, staff()?);
    Ok(PurchasePage {
        details: customers::purchase_details(&store, &staff, purchase).await?,
        events: downloads::events(&store, &staff, purchase, cursor).await?,
    })
}

/// Gives a purchase one more attempt.
#[server(prefix = "/admin/do", endpoint = "grant-attempt")]
pub async fn grant_attempt(purchase: PurchaseId, reason: String, idempotency_key: String) -> Result<(), Failure> {
    let result = async { Ok(sales::grant_attempt(&store()?, &staff()?, purchase, &reason, key(&idempotency_key), &origin()?).await?) };
    flash::answer("grant", &format!("/admin/downloads/{purchase}"), &[("reason", &reason)], result.await)
}

/// Pays a purchase back.
#[server(prefix = "/admin/do", endpoint = "refund")]
pub async fn refund(purchase: PurchaseId, reason: String, idempotency_key: String) -> Result<(), Failure> {
    let result = async { Ok(sales::refund(&store()?, &staff()?, purchase, &reason, key(&idempotency_key), &origin()?).await?) };
    flash::answer("refund", &format!("/admin/downloads/{purchase}"), &[("reason", &reason)], result.await)
}

/// A page of the audit log.
#[server(prefix = "/admin/do", endpoint = "audit-log")]
pub async fn get_audit(#[server(default)] query: AuditQuery) -> Result<AuditEntries, Failure> {
    let (store, staff) = (store()?, staff()?);
    staff.must(&store, Permission::SeeAudit, "audit.see", "", &staff.origin).await?;
    Ok(audit::list(&store, &staff, &query.read(store.settings().utc_offset).map_err(Failure)?).await?)
}
