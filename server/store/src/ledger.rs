//! The double-entry ledger: the only place that moves coins. A transfer is written and the customer's cached sums are
//! changed by the same transaction, so that `balance = deposited - spent = sum of transfers` always holds.

use shared::{AccountId, Code, Coins, api::TransferKind};

use crate::{
    Result, Store,
    db::Connection,
    error::{damaged, insufficient},
};

/// The house's own accounts, as the migration numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum House {
    Codes = 1,
    Direct = 2,
    Bonus = 3,
    Sales = 4,
    Subscriptions = 5,
    Refunds = 6,
}

/// A movement of coins between the house and one customer.
pub(crate) struct Movement<'a> {
    pub(crate) customer: AccountId,
    pub(crate) kind: TransferKind,
    /// Coins, positive.
    pub(crate) amount: Coins,
    /// The purchase, code, subscription or transfer that is the reason.
    pub(crate) reference: Option<i64>,
    /// What the customer reads beside it.
    pub(crate) description: &'a str,
}

/// Moves the coins and gives the customer's balance afterwards. A debit of more than the balance is [`Code::InsufficientBalance`], coins for an
/// account that was closed, even a moment ago, are [`Code::AccountClosed`]: neither changes anything.
pub(crate) async fn post(store: &Store, connection: &mut Connection, movement: &Movement<'_>) -> Result<Coins> {
    let (house, incoming, update) = match movement.kind {
        TransferKind::Bonus => (House::Bonus, true, DEPOSIT),
        TransferKind::Code => (House::Codes, true, DEPOSIT),
        TransferKind::Direct => (House::Direct, true, DEPOSIT),
        TransferKind::Refund => (House::Refunds, true, GIVE_BACK),
        TransferKind::Purchase => (House::Sales, false, SPEND),
        TransferKind::Subscription => (House::Subscriptions, false, SPEND),
        TransferKind::Correction => (House::Direct, false, TAKE_BACK),
    };
    let now = store.now().0;
    let mut update = sqlx::query_scalar(update).bind(movement.amount).bind(movement.customer.0);
    if matches!(movement.kind, TransferKind::Purchase | TransferKind::Subscription) {
        update = update.bind(now);
    }
    let balance: Option<Coins> = update.fetch_optional(&mut *connection).await?;
    let Some(balance) = balance else {
        if incoming {
            return Err(Code::AccountClosed.into());
        }
        let current: Option<Coins> = sqlx::query_scalar("SELECT balance FROM customers WHERE id = $1")
            .bind(movement.customer.0)
            .fetch_optional(&mut *connection)
            .await?;
        let current = current.ok_or_else(|| damaged("no such customer"))?;
        return Err(insufficient(movement.amount - current));
    };
    let house = house as i64;
    let (source, target) = if incoming { (house, movement.customer.0) } else { (movement.customer.0, house) };
    sqlx::query(
        "INSERT INTO transfers (source, target, amount, kind, customer_id, balance_after, reference, description, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(source)
    .bind(target)
    .bind(movement.amount)
    .bind(movement.kind.as_str())
    .bind(movement.customer.0)
    .bind(balance)
    .bind(movement.reference)
    .bind(movement.description.to_owned())
    .bind(now)
    .execute(&mut *connection)
    .await?;
    Ok(balance)
}

const DEPOSIT: &str =
    "UPDATE customers SET balance = balance + $1, deposited = deposited + $1 WHERE id = $2 AND closed_at IS NULL RETURNING balance";
const GIVE_BACK: &str =
    "UPDATE customers SET balance = balance + $1, spent = spent - $1 WHERE id = $2 AND closed_at IS NULL RETURNING balance";
const SPEND: &str = "UPDATE customers SET balance = balance - $1, spent = spent + $1,
    first_spent_at = CASE WHEN first_spent_at < $3 THEN first_spent_at ELSE $3 END WHERE id = $2 AND balance >= $1 RETURNING balance";
const TAKE_BACK: &str =
    "UPDATE customers SET balance = balance - $1, deposited = deposited - $1 WHERE id = $2 AND balance >= $1 RETURNING balance";
