//! A customer's coins: balance, ledger, recharge by code and by the staff.

use shared::{
    AccountId, ChargeCode, Code, Coins, FieldCode, Fields, Instant, MAX_COINS, Notice, Problem, TransferId,
    api::{
        DirectRecharged, Recharged, Transaction, Transactions, TransferKind, Wallet,
        admin::{Corrected, Permission},
    },
};
use sqlx::{AssertSqlSafe, Row};

use crate::{
    Customer, Error, Origin, Result, Staff, Store, accounts,
    audit::{self, Entry},
    db::{Connection, page, transaction},
    error::{damaged, field},
    idempotency::{Once, digest},
    ledger::{self, Movement},
    notifications,
    text::line,
    throttle::{self, Try},
};

/// The sums of a customer's ledger.
pub async fn balance(store: &Store, customer: &Customer) -> Result<Wallet> {
    let row = sqlx::query("SELECT balance, deposited, spent FROM customers WHERE id = $1")
        .bind(customer.id.0)
        .fetch_one(store.0.db.reader())
        .await?;
    Ok(Wallet { balance: row.try_get("balance")?, total_deposited: row.try_get("deposited")?, total_spent: row.try_get("spent")? })
}

/// The customer's ledger, newest first: at most `limit` lines (1 to 100) older than `cursor`.
pub async fn transactions(store: &Store, customer: &Customer, cursor: Option<i64>, limit: i64) -> Result<Transactions> {
    let limit = limit.clamp(1, 100);
    let rows = sqlx::query(
        "SELECT id, kind, amount, target, balance_after, description, created_at FROM transfers
         WHERE customer_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
    )
    .bind(customer.id.0)
    .bind(cursor.unwrap_or(i64::MAX))
    .bind(limit + 1)
    .fetch_all(store.0.db.reader())
    .await?;
    let (rows, next_cursor) = page(&rows, limit, "id")?;
    let results = rows
        .iter()
        .map(|row| {
            let amount: Coins = row.try_get("amount")?;
            let incoming = row.try_get::<i64, _>("target")? == customer.id.0;
            Ok(Transaction {
                id: TransferId(row.try_get("id")?),
                kind: row.try_get::<String, _>("kind")?.parse().map_err(damaged)?,
                amount: if incoming { amount } else { -amount },
                balance_after: row.try_get("balance_after")?,
                description: row.try_get("description")?,
                created_at: Instant(row.try_get("created_at")?),
            })
        })
        .collect::<Result<_>>()?;
    Ok(Transactions { results, next_cursor })
}

/// Redeems a recharge code as typed. Unknown, used by others, expired and frozen get one answer, [`Code::CodeInvalid`]. Tries are throttled
/// ([`Code::TooManyAttempts`]), but a request that comes again under its key gets its first answer, and is no try.
pub async fn redeem_code(store: &Store, customer: &Customer, typed: &str, key: Option<&str>, origin: &Origin) -> Result<Recharged> {
    customer.must_be_activated()?;
    let code: ChargeCode = typed.parse().map_err(|code| field("charge_code", code))?;
    let hash = store.0.keys.code_hash(&code);
    let actor = customer.actor();
    let once = Once::new(&actor, key, format!("redeem {hash}"))?;
    let attempt = Try::new(throttle::of_codes(customer.id), origin);
    let redeemed: Result<std::result::Result<Recharged, Problem>> = transaction!(store, |connection| {
        // Before the throttle: a request that comes again must not wait for what was tried meanwhile, and one that comes in parallel waits
        // here until the first is settled, so that the two are not counted as two tries.
        if let Some(answer) = once.begin(store, &mut *connection).await? {
            return Ok(Ok(answer));
        }
        let tried = try_code(store, &mut *connection, customer.id, &code, &hash, &attempt).await?;
        if let Ok(recharged) = &tried {
            audit::record(
                store,
                &mut *connection,
                &Entry { actor: &actor, action: "wallet.redeem", subject: &actor, outcome: "ok", origin },
            )
            .await?;
            once.finish(&mut *connection, recharged).await?;
        } else {
            once.give_up(&mut *connection).await?;
        }
        Ok(tried)
    });
    match redeemed {
        Ok(Ok(recharged)) => {
            store.live().changed(customer.id);
            Ok(recharged)
        }
        Ok(Err(problem)) | Err(Error::Problem(problem)) => {
            // As the other secrets' locks are called.
            let outcome = if problem.code == Code::TooManyAttempts { "locked" } else { problem.code.as_str() };
            audit::record_alone(store, &Entry { actor: &actor, action: "wallet.redeem", subject: &actor, outcome, origin }).await?;
            if problem.code == Code::CodeInvalid && code.looks_mistyped() {
                return Err(field("charge_code", FieldCode::CheckCharacter));
            }
            Err(problem.into())
        }
        Err(error) => Err(error),
    }
}

/// One try of a code, counted before the code is looked at. What it was refused for is a value, because the transaction is committed with
/// what was counted; of the payment nothing is left then.
async fn try_code(
    store: &Store,
    connection: &mut Connection,
    customer: AccountId,
    code: &ChargeCode,
    hash: &str,
    attempt: &Try,
) -> Result<std::result::Result<Recharged, Problem>> {
    if let Err(problem) = attempt.begin_in(store, &mut *connection).await? {
        return Ok(Err(problem));
    }
    sqlx::query("SAVEPOINT payment").execute(&mut *connection).await?;
    match pay_code(store, &mut *connection, customer, hash).await {
        Ok(recharged) => {
            attempt.succeeded_in(connection).await?;
            Ok(Ok(recharged))
        }
        Err(Error::Problem(problem)) => {
            sqlx::query("ROLLBACK TO SAVEPOINT payment").execute(&mut *connection).await?;
            // Where the check character tells that no such code was ever printed, it was no guess.
            if problem.code != Code::CodeInvalid || code.looks_mistyped() {
                attempt.forgiven_in(connection).await?;
            }
            Ok(Err(problem))
        }
        Err(error) => Err(error),
    }
}

async fn pay_code(store: &Store, connection: &mut Connection, customer: AccountId, hash: &str) -> Result<Recharged> {
    let now = store.now();
    let claimed =
        sqlx::query("UPDATE codes SET redeemed_by = $2, redeemed_at = $3 WHERE hash = $1 AND redeemed_by IS NULL RETURNING id, batch_id")
            .bind(hash.to_owned())
            .bind(customer.0)
            .bind(now.0)
            .fetch_optional(&mut *connection)
            .await?;
    let Some(claimed) = claimed else {
        let mine: Option<i64> = sqlx::query_scalar("SELECT id FROM codes WHERE hash = $1 AND redeemed_by = $2")
            .bind(hash.to_owned())
            .bind(customer.0)
            .fetch_optional(&mut *connection)
            .await?;
        return Err(if mine.is_some() { Code::CodeAlreadyRedeemed } else { Code::CodeInvalid }.into());
    };
    // Of a batch that was frozen a moment ago nothing is redeemed: both change its row, one after the other. The error undoes the claim.
    let amount: Option<Coins> = sqlx::query_scalar(
        "UPDATE code_batches SET redeemed = redeemed + 1
         WHERE id = $1 AND frozen_at IS NULL AND cancelled_at IS NULL AND (expires_at IS NULL OR expires_at > $2) RETURNING value",
    )
    .bind(claimed.try_get::<i64, _>("batch_id")?)
    .bind(now.0)
    .fetch_optional(&mut *connection)
    .await?;
    let amount = amount.ok_or(Code::CodeInvalid)?;
    let reference = Some(claimed.try_get("id")?);
    let movement = Movement { customer, kind: TransferKind::Code, amount, reference, description: "" };
    let balance = ledger::post(store, &mut *connection, &movement).await?;
    notifications::add(store, &mut *connection, customer, &Notice::Recharged { amount, balance }).await?;
    Ok(Recharged { success: true, new_balance: balance, recharged_amount: amount })
}

/// Adds coins to a customer's balance by the hand of an owner or manager.
pub async fn direct_recharge(
    store: &Store,
    staff: &Staff,
    serial: &str,
    amount: Coins,
    key: Option<&str>,
    origin: &Origin,
) -> Result<DirectRecharged> {
    let mut deed = staff.must(store, Permission::MoveCoins, "wallet.direct_recharge", serial, origin).await?;
    if !(1..=MAX_COINS).contains(&amount) {
        return Err(field("coin_amount", FieldCode::Range));
    }
    // Closed or not: a request that comes again gets its first answer. The ledger refuses coins for a closed account.
    let (customer, _) = accounts::of_serial(store, serial).await?;
    deed.about(format!("customer:{customer}"));
    let actor = staff.actor();
    let once = Once::new(&actor, key, format!("recharge {customer} {amount}"))?;
    let recharged = transaction!(store, deed, |connection| {
        if let Some(answer) = once.begin(store, &mut *connection).await? {
            return Ok(answer);
        }
        let activated: Option<i64> = sqlx::query_scalar("SELECT id FROM customers WHERE id = $1 AND activated_at IS NOT NULL")
            .bind(customer.0)
            .fetch_optional(&mut *connection)
            .await?;
        if activated.is_none() {
            return Err(Code::ActivationRequired.into());
        }
        let movement = Movement { customer, kind: TransferKind::Direct, amount, reference: Some(staff.id.0), description: "" };
        let balance = ledger::post(store, &mut *connection, &movement).await?;
        notifications::add(store, &mut *connection, customer, &Notice::Recharged { amount, balance }).await?;
        deed.done(store, &mut *connection, "ok").await?;
        let answer = DirectRecharged { success: true, new_balance: balance };
        once.finish(&mut *connection, &answer).await?;
        Ok(answer)
    })?;
    store.live().changed(customer);
    Ok(recharged)
}

/// Takes a mistaken direct recharge back, whole or in part, by a transfer that refers to it (design, section 2): once, never more than it
/// moved, and never below zero ([`Code::InsufficientBalance`] when the coins were spent). Of all that moves coins only this is the staff's
/// own doing: a purchase is undone by a refund, and what a code or the bonus brought belongs to the customer
/// ([`Code::NotCorrectable`]).
pub async fn correct(
    store: &Store,
    staff: &Staff,
    transfer: TransferId,
    amount: Coins,
    reason: &str,
    key: Option<&str>,
    origin: &Origin,
) -> Result<Corrected> {
    let mut deed = staff.must(store, Permission::MoveCoins, "wallet.correct", format!("transfer:{transfer}"), origin).await?;
    let reason = reason.trim();
    let mut fields = Fields::default();
    let in_range = fields.within("amount", amount, 1..=MAX_COINS);
    if fields.check("reason", line(reason, 1, 200)).and(in_range).is_none() {
        return Err(fields.problem().into());
    }
    let actor = staff.actor();
    let once = Once::new(&actor, key, format!("correct {transfer} {amount} {}", digest(reason)))?;
    let (corrected, customer) = transaction!(store, deed, |connection| {
        let moved = sqlx::query("SELECT customer_id, kind, amount FROM transfers WHERE id = $1")
            .bind(transfer.0)
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(Code::NotFound)?;
        let customer = AccountId(moved.try_get("customer_id")?);
        deed.about(format!("customer:{customer}"));
        if let Some(answer) = once.begin(store, &mut *connection).await? {
            return Ok((answer, customer));
        }
        if moved.try_get::<String, _>("kind")?.parse() != Ok(TransferKind::Direct) {
            return Err(Code::NotCorrectable.into());
        }
        if amount > moved.try_get::<Coins, _>("amount")? {
            return Err(field("amount", FieldCode::Range));
        }
        let balance = take_back(store, &mut *connection, customer, transfer, amount, reason).await?;
        let notice = Notice::Corrected { amount, balance, reason: reason.to_owned() };
        notifications::add(store, &mut *connection, customer, &notice).await?;
        deed.done(store, &mut *connection, reason).await?;
        let answer = Corrected { success: true, new_balance: balance };
        once.finish(&mut *connection, &answer).await?;
        Ok((answer, customer))
    })?;
    store.live().changed(customer);
    Ok(corrected)
}

async fn take_back(
    store: &Store,
    connection: &mut Connection,
    customer: AccountId,
    transfer: TransferId,
    amount: Coins,
    reason: &str,
) -> Result<Coins> {
    // Two corrections of one transfer wait for one another here; the index that allows one is the last word.
    let lock = store.0.db.dialect().for_update();
    sqlx::query(AssertSqlSafe(format!("SELECT id FROM customers WHERE id = $1{lock}")))
        .bind(customer.0)
        .fetch_one(&mut *connection)
        .await?;
    let before: Option<i64> = sqlx::query_scalar("SELECT id FROM transfers WHERE kind = 'correction' AND reference = $1")
        .bind(transfer.0)
        .fetch_optional(&mut *connection)
        .await?;
    if before.is_some() {
        return Err(Code::AlreadyCorrected.into());
    }
    let movement = Movement { customer, kind: TransferKind::Correction, amount, reference: Some(transfer.0), description: reason };
    ledger::post(store, connection, &movement).await
}
