//! What the staff do for a customer at the desk: block, unlock, a new PIN.

use shared::{
    AccountId, Code, Notice, Serial,
    api::admin::{NewPin, Permission},
};
use sqlx::Row;

use super::draw_pin;
use crate::{
    Origin, Result, Staff, Store,
    db::{Connection, transaction},
    edge,
    error::field,
    links, notifications,
    phones::Forms,
    sessions, throttle,
};

/// Blocks an account, so that it signs in and downloads no more and its links are revoked, or lifts the block. The links stay revoked.
pub async fn set_blocked(store: &Store, staff: &Staff, serial: &str, blocked: bool, origin: &Origin) -> Result<()> {
    let action = if blocked { "account.block" } else { "account.unblock" };
    let mut deed = staff.must(store, Permission::HelpCustomers, action, serial, origin).await?;
    let id = deed.settled(store, by_serial(store, serial).await).await?;
    deed.about(format!("customer:{id}"));
    let blocked_at = blocked.then_some(store.now().0);
    transaction!(store, deed, |connection| {
        if blocked {
            links::revoke_all(store, &mut *connection, id).await?;
        }
        // An account that was closed a moment ago stays blocked.
        let changed = sqlx::query("UPDATE customers SET blocked_at = $2 WHERE id = $1 AND closed_at IS NULL")
            .bind(id.0)
            .bind(blocked_at)
            .execute(&mut *connection)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(Code::AccountClosed.into());
        }
        deed.done(store, &mut *connection, "ok").await
    })?;
    store.live().changed(id);
    edge::wake(store);
    Ok(())
}

/// Takes the throttle's lock from an account and its phone.
pub async fn unlock(store: &Store, staff: &Staff, serial: &str, origin: &Origin) -> Result<()> {
    let mut deed = staff.must(store, Permission::HelpCustomers, "account.unlock", serial, origin).await?;
    let id = deed.settled(store, by_serial(store, serial).await).await?;
    deed.about(format!("customer:{id}"));
    transaction!(store, deed, |connection| {
        let row = sqlx::query("SELECT serial, phone FROM customers WHERE id = $1")
            .bind(id.0)
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(Code::NotFound)?;
        throttle::forget(&mut *connection, &throttle::of_serial(&row.try_get::<String, _>("serial")?)).await?;
        throttle::forget(&mut *connection, &throttle::of_codes(id)).await?;
        throttle::forget(&mut *connection, &throttle::of_activation(id)).await?;
        forget_recovery(store, &mut *connection, row.try_get("phone")?).await?;
        deed.done(store, &mut *connection, "ok").await
    })
}

/// Draws a new PIN for who forgot it, which is told once. Their sessions end, and the throttle forgets their failures.
pub async fn reset_pin(store: &Store, staff: &Staff, serial: &str, origin: &Origin) -> Result<NewPin> {
    let mut deed = staff.must(store, Permission::HelpCustomers, "account.pin_reset", serial, origin).await?;
    let id = deed.settled(store, by_serial(store, serial).await).await?;
    deed.about(format!("customer:{id}"));
    let pin = draw_pin(store);
    let hash = store.0.secrets.hash(pin.reveal(), store.random()).await?;
    let serial: String = transaction!(store, deed, |connection| {
        let row = sqlx::query("UPDATE customers SET pin_hash = $2 WHERE id = $1 AND closed_at IS NULL RETURNING serial, phone")
            .bind(id.0)
            .bind(hash.clone())
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(Code::AccountClosed)?;
        let serial: String = row.try_get("serial")?;
        throttle::forget(&mut *connection, &throttle::of_serial(&serial)).await?;
        forget_recovery(store, &mut *connection, row.try_get("phone")?).await?;
        sessions::end_all_in(store, &mut *connection, id).await?;
        notifications::add(store, &mut *connection, id, &Notice::PinChanged).await?;
        deed.done(store, &mut *connection, "ok").await?;
        Ok(serial)
    })?;
    store.live().changed(id);
    Ok(NewPin { serial, pin: pin.reveal().to_owned() })
}

/// Takes the throttle's lock from the forms of an account's number, if it has one.
async fn forget_recovery(store: &Store, connection: &mut Connection, phone: Option<String>) -> Result<()> {
    let Some(phone) = phone else { return Ok(()) };
    for form in Forms::of_text(&store.settings(), &phone).all() {
        throttle::forget(&mut *connection, &throttle::of_phone(form)).await?;
    }
    Ok(())
}

/// The account of a serial as staff type it, to do something for it: [`Code::AccountClosed`] where nothing can be done any more.
pub(crate) async fn by_serial(store: &Store, typed: &str) -> Result<AccountId> {
    match of_serial(store, typed).await? {
        (_, true) => Err(Code::AccountClosed.into()),
        (id, false) => Ok(id),
    }
}

/// The same of any account, and whether it was closed.
pub(crate) async fn of_serial(store: &Store, typed: &str) -> Result<(AccountId, bool)> {
    let serial: Serial = typed.parse().map_err(|code| field("customer_serial", code))?;
    let row = sqlx::query("SELECT id, closed_at FROM customers WHERE serial = $1")
        .bind(serial.as_str().to_owned())
        .fetch_optional(store.0.db.reader())
        .await?
        .ok_or(Code::NotFound)?;
    Ok((AccountId(row.try_get("id")?), row.try_get::<Option<i64>, _>("closed_at")?.is_some()))
}
