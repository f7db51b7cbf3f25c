//! What is kept of a person: handed out, and erased, at the person's wish.

use std::iter;

use shared::{
    AccountId, Code, FieldCode, Instant, Serial,
    api::admin::{Permission, PersonalAct, PersonalData, PersonalPurchase},
    link::State,
};
use sqlx::{Row, any::AnyRow};

use super::{known, ledger_of, profile, purchases_of};
use crate::{
    Origin, Result, Staff, Store,
    db::{Connection, transaction},
    downloads, edge,
    error::{damaged, field},
    keys::random_token,
    links, notifications,
    phones::{self, Forms, places},
    settings, throttle,
};

/// All that is kept of a person, to be handed to them. It is in the audit log that it was.
pub async fn export(store: &Store, staff: &Staff, serial: &Serial, origin: &Origin) -> Result<PersonalData> {
    let mut deed = staff.must(store, Permission::HandlePersonalData, "customers.export", serial.as_str(), origin).await?;
    let row = known(store, serial).await?;
    let id = AccountId(row.try_get("id")?);
    let subject = format!("customer:{id}");
    deed.about(subject.clone());
    transaction!(store, deed, |connection| { deed.done(store, &mut *connection, "ok").await })?;
    let mut ledger = Vec::new();
    let mut cursor = None;
    loop {
        let page = ledger_of(store, id, cursor).await?;
        ledger.extend(page.results);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(PersonalData {
        read_at: store.now(),
        profile: profile(store, staff, serial).await?,
        ledger,
        purchases: all_purchases(store, id).await?,
        notifications: notifications::all(store, id).await?,
        audit: acts(store, id, serial, row.try_get("phone")?).await?,
    })
}

async fn all_purchases(store: &Store, id: AccountId) -> Result<Vec<PersonalPurchase>> {
    let mut purchases = Vec::new();
    let mut cursor = None;
    loop {
        let page = purchases_of(store, id, cursor).await?;
        for purchase in page.results {
            let mut events = Vec::new();
            let mut seen = None;
            loop {
                let page = downloads::events_of(store, purchase.purchase_id, seen).await?;
                events.extend(page.results);
                seen = page.next_cursor;
                if seen.is_none() {
                    break;
                }
            }
            purchases.push(PersonalPurchase { purchase, events });
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(purchases);
        }
    }
}

/// The lines of the audit log about a customer and by them: the account as the log spells it, its serial and its phone's forms, the latter
/// two as they were typed by whoever could not sign in.
async fn acts(store: &Store, id: AccountId, serial: &Serial, phone: Option<String>) -> Result<Vec<PersonalAct>> {
    let customer = format!("customer:{id}");
    let mut subjects = vec![customer.clone(), serial.as_str().to_owned()];
    if let Some(phone) = phone {
        let mut connection = store.0.db.reader().acquire().await?;
        subjects.extend(phones::only_of(&mut connection, id, &Forms::of_text(&store.settings(), &phone)).await?);
    }
    let sql = format!(
        "SELECT id, actor, action, outcome, ip, user_agent, created_at FROM audit_log
         WHERE id IN (SELECT id FROM audit_log WHERE actor = $1 UNION SELECT id FROM audit_log WHERE subject IN ({})) ORDER BY id DESC",
        places(1, &subjects)
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for subject in subjects {
        query = query.bind(subject);
    }
    let rows = query.fetch_all(store.0.db.reader()).await?;
    let act = |row: &AnyRow| {
        // Where and with what the staff work is not the person's to know, nor who tried their PIN.
        let own = row.try_get::<String, _>("actor")? == customer;
        let of_person = |column| if own { row.try_get(column) } else { Ok(String::new()) };
        Ok(PersonalAct {
            action: row.try_get("action")?,
            outcome: row.try_get("outcome")?,
            ip: of_person("ip")?,
            user_agent: of_person("user_agent")?,
            created_at: Instant(row.try_get("created_at")?),
        })
    };
    rows.iter().map(act).collect()
}

/// Forgets a person at their wish and closes the account for ever: name, phone, PIN, sessions, notifications, addresses and programs go,
/// in the audit log and the downloads' too. What stays is the ledger with its sums, the purchases, the serial that they belong to, and a
/// keyed hash of the phone, which had its bonus. Coins that were left stay in the ledger: nobody can spend them.
/// `confirmation` is the serial once more.
pub async fn erase(store: &Store, staff: &Staff, serial: &Serial, confirmation: &str, origin: &Origin) -> Result<()> {
    let mut deed = staff.must(store, Permission::HandlePersonalData, "customers.erase", serial.as_str(), origin).await?;
    let id = AccountId(known(store, serial).await?.try_get("id")?);
    if confirmation.parse::<Serial>().as_ref() != Ok(serial) {
        return Err(field("confirmation", FieldCode::Format));
    }
    // Nobody knows what this is the hash of, and it is no PIN.
    let pin_hash = store.0.secrets.hash(&random_token(store.random()), store.random()).await?;
    let subject = format!("customer:{id}");
    deed.about(subject.clone());
    transaction!(store, deed, |connection| {
        links::revoke_all(store, &mut *connection, id).await?;
        let phone = close(store, &mut *connection, id, &pin_hash).await?;
        // Nothing is bought any more; what was bought until a moment ago has links too.
        links::revoke_all(store, &mut *connection, id).await?;
        let phones = match phone {
            Some(phone) => {
                let forms = Forms::of_text(&settings::read(&mut *connection).await?, &phone);
                phones::only_of(&mut *connection, id, &forms).await?
            }
            None => Vec::new(),
        };
        forget_phone(store, &mut *connection, &phones).await?;
        forget_traces(&mut *connection, id, serial, &phones).await?;
        forget_downloads(&mut *connection, id).await?;
        forget_acts(&mut *connection, &subject, serial, &phones).await?;
        deed.done(store, &mut *connection, "ok").await
    })?;
    store.live().changed(id);
    edge::wake(store);
    Ok(())
}

/// Closes the account, and gives the phone number that it had. A temporary one counts as activated: it would be swept otherwise,
/// and the log of its erasure would name nothing.
async fn close(store: &Store, connection: &mut Connection, id: AccountId, pin_hash: &str) -> Result<Option<String>> {
    let lock = store.0.db.dialect().for_update();
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT phone, closed_at FROM customers WHERE id = $1{lock}")))
        .bind(id.0)
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(Code::NotFound)?;
    if row.try_get::<Option<i64>, _>("closed_at")?.is_some() {
        return Err(Code::AccountClosed.into());
    }
    sqlx::query(
        "UPDATE customers SET name = NULL, name_folded = NULL, phone = NULL, pin_hash = $2, closed_at = $3,
         blocked_at = COALESCE(blocked_at, $3), activated_at = COALESCE(activated_at, $3), expires_at = NULL WHERE id = $1",
    )
    .bind(id.0)
    .bind(pin_hash.to_owned())
    .bind(store.now().0)
    .execute(connection)
    .await?;
    Ok(row.try_get("phone")?)
}

/// Whether a person was forgotten, for whoever hears of their downloads later. To be asked once the purchase's row is held: an erasure holds
/// it too, so that it is over, or has not begun.
pub(crate) async fn is_forgotten(connection: &mut Connection, customer: AccountId) -> Result<bool> {
    let closed: Option<i64> =
        sqlx::query_scalar("SELECT closed_at FROM customers WHERE id = $1").bind(customer.0).fetch_one(connection).await?;
    Ok(closed.is_some())
}

/// Earlier stores remembered the number itself beside its bonus.
async fn forget_phone(store: &Store, connection: &mut Connection, phones: &[String]) -> Result<()> {
    for phone in phones {
        sqlx::query("UPDATE bonuses SET phone = $2 WHERE phone = $1")
            .bind(phone.clone())
            .bind(store.0.keys.phone_hash(phone))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn forget_traces(connection: &mut Connection, id: AccountId, serial: &Serial, phones: &[String]) -> Result<()> {
    for sql in [
        // Earlier stores named the session, not whose it was; once it is gone nobody knows any more.
        "UPDATE audit_log SET ip = '', user_agent = ''
         WHERE actor NOT LIKE 'staff:%' AND subject IN (SELECT 'session:' || id FROM sessions WHERE customer_id = $1)",
        "DELETE FROM sessions WHERE customer_id = $1",
        "DELETE FROM notifications WHERE customer_id = $1",
    ] {
        sqlx::query(sql).bind(id.0).execute(&mut *connection).await?;
    }
    sqlx::query("DELETE FROM idempotency_keys WHERE owner = $1").bind(format!("customer:{id}")).execute(&mut *connection).await?;
    let own = [throttle::of_serial(serial.as_str()), throttle::of_codes(id), throttle::of_activation(id)];
    for subject in own.into_iter().chain(phones.iter().map(|phone| throttle::of_phone(phone))) {
        throttle::forget(&mut *connection, &subject).await?;
    }
    Ok(())
}

/// Addresses and programs of the downloads, which the links' own states know too.
async fn forget_downloads(connection: &mut Connection, id: AccountId) -> Result<()> {
    sqlx::query(
        "UPDATE download_events SET ip = '', user_agent = '' WHERE purchase_id IN (SELECT id FROM purchases WHERE customer_id = $1)",
    )
    .bind(id.0)
    .execute(&mut *connection)
    .await?;
    let states: Vec<String> =
        sqlx::query_scalar("SELECT state FROM links WHERE purchase_id IN (SELECT id FROM purchases WHERE customer_id = $1)")
            .bind(id.0)
            .fetch_all(&mut *connection)
            .await?;
    for state in states {
        let mut state: State = serde_json::from_str(&state).map_err(damaged)?;
        if let Some(claim) = &mut state.claim {
            claim.ip.clear();
            links::write(&mut *connection, &state).await?;
        }
    }
    Ok(())
}

/// What was done stays; where and with what, and the phone number that was typed, go. The staff's own lines stay as they are.
async fn forget_acts(connection: &mut Connection, customer: &str, serial: &Serial, phones: &[String]) -> Result<()> {
    sqlx::query("UPDATE audit_log SET ip = '', user_agent = '' WHERE actor = $1")
        .bind(customer.to_owned())
        .execute(&mut *connection)
        .await?;
    for typed in iter::once(serial.as_str()).chain(phones.iter().map(String::as_str)) {
        sqlx::query("UPDATE audit_log SET ip = '', user_agent = '', subject = $2 WHERE subject = $1")
            .bind(typed.to_owned())
            .bind(customer.to_owned())
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("UPDATE audit_log SET ip = '', user_agent = '' WHERE subject = $1 AND actor = 'anonymous'")
        .bind(customer.to_owned())
        .execute(connection)
        .await?;
    Ok(())
}
