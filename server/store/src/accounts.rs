//! Customers' accounts: opened temporary, activated with name and phone, opened again by serial or phone and PIN.

mod help;

use shared::{
    AccountId, Code, FieldCode, Fields, Instant, Name, Notice, Phone, Pin, Serial,
    api::{Account, Activated, NewAccount, Recovered, Tokens, TransferKind},
    text::fold,
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use crate::{
    Customer, Error, Origin, Result, Store,
    audit::{self, Entry, legible},
    db::{Connection, transaction},
    error::{damaged, field},
    ledger::{self, Movement},
    notifications,
    phones::{self, Forms, places},
    sessions::{self, Owner},
    throttle::{self, Try},
};

pub(crate) use help::{by_serial, of_serial};
pub use help::{reset_pin, set_blocked, unlock};

/// How many serials are drawn before giving up; each is free with near certainty.
const DRAWS: usize = 5;

/// Opens a temporary account and signs it in. The PIN is in the answer and nowhere else.
pub async fn open(store: &Store, origin: &Origin) -> Result<NewAccount> {
    let pin = draw_pin(store);
    let pin_hash = store.0.secrets.hash(pin.reveal(), store.random()).await?;
    let now = store.now();
    let expires_at = now.plus(store.settings().temporary_life);
    for _ in 0..DRAWS {
        let serial = draw_serial(store, now);
        let opened: Option<Tokens> = transaction!(store, |connection| {
            let id: i64 = sqlx::query_scalar("INSERT INTO accounts (house) VALUES (NULL) RETURNING id").fetch_one(&mut *connection).await?;
            let inserted = sqlx::query(
                "INSERT INTO customers (id, serial, pin_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            )
            .bind(id)
            .bind(serial.as_str().to_owned())
            .bind(pin_hash.clone())
            .bind(now.0)
            .bind(expires_at.0)
            .execute(&mut *connection)
            .await?;
            if inserted.rows_affected() == 0 {
                sqlx::query("DELETE FROM accounts WHERE id = $1").bind(id).execute(&mut *connection).await?;
                return Ok(None);
            }
            let tokens = sessions::begin(store, &mut *connection, Owner::Customer(AccountId(id)), origin).await?;
            let actor = format!("customer:{id}");
            audit::record(
                store,
                &mut *connection,
                &Entry { actor: &actor, action: "account.open", subject: &actor, outcome: "ok", origin },
            )
            .await?;
            Ok(Some(tokens))
        })?;
        if let Some(tokens) = opened {
            return Ok(NewAccount { serial: serial.to_string(), pin: pin.reveal().to_owned(), expires_at, tokens });
        }
    }
    Err(damaged("no free serial was drawn"))
}

fn draw_serial(store: &Store, now: Instant) -> Serial {
    let random: [u8; 4 * Serial::RANDOM] = store.random();
    let mut numbers = [0; Serial::RANDOM];
    for (number, bytes) in numbers.iter_mut().zip(random.chunks_exact(4)) {
        *number = bytes.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte));
    }
    Serial::new(now.date().0, numbers)
}

fn draw_pin(store: &Store) -> Pin {
    Pin::new(u32::from_be_bytes(store.random()))
}

/// Signs in by serial and PIN. Unknown, wrong and malformed get [`Code::InvalidCredentials`] in the same time.
pub async fn sign_in(store: &Store, serial: &str, pin: &str, origin: &Origin) -> Result<Tokens> {
    let typed = serial.parse::<Serial>().map_or_else(|_| unreadable(serial), |serial| serial.to_string());
    let known = Known::by_serial(store, &typed).await?;
    let attempt = Try::new(throttle::of_serial(&typed), origin);
    let (_, tokens) = enter(store, known, pin, &attempt, "account.sign_in", &typed, origin).await?;
    Ok(tokens)
}

/// Gives the serial back to who knows the phone of the activation and the PIN, and signs in.
pub async fn recover(store: &Store, phone: &str, pin: &str, origin: &Origin) -> Result<Recovered> {
    let typed = phone.parse::<Phone>().map_or_else(|_| unreadable(phone), |phone| phone.to_string());
    let forms = Forms::of_text(&store.settings(), &typed);
    let known = Known::by_phone(store, &forms).await?;
    let attempt = Try::new(throttle::of_phone(forms.counted()), origin);
    let (serial, tokens) = enter(store, known, pin, &attempt, "account.recover", forms.kept(), origin).await?;
    Ok(Recovered { serial, tokens })
}

/// What is counted and audited where a serial or phone can't be read.
fn unreadable(typed: &str) -> String {
    legible(typed, 32)
}

/// What sign-in needs to know of an account.
struct Known {
    id: AccountId,
    serial: String,
    pin_hash: String,
    expires_at: Option<i64>,
    /// Whether the tries that are counted are those of no other account.
    alone: bool,
}

impl Known {
    async fn by_serial(store: &Store, serial: &str) -> Result<Option<Self>> {
        let row = sqlx::query("SELECT id, serial, pin_hash, expires_at FROM customers WHERE serial = $1")
            .bind(serial.to_owned())
            .fetch_optional(store.0.db.reader())
            .await?;
        row.as_ref().map(Self::read).transpose()
    }

    /// The account that has one of the forms. Two forms were two numbers before the owner named the country, and may have two accounts:
    /// each is still had by its own form.
    async fn by_phone(store: &Store, forms: &Forms) -> Result<Option<Self>> {
        let sql = format!("SELECT id, serial, pin_hash, expires_at, phone FROM customers WHERE phone IN ({})", places(1, forms.all()));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for form in forms.all() {
            query = query.bind(form.clone());
        }
        let mut found = Vec::new();
        for row in query.fetch_all(store.0.db.reader()).await? {
            let phone: String = row.try_get("phone")?;
            found.push((forms.all().iter().position(|form| *form == phone), Self::read(&row)?));
        }
        let alone = found.len() == 1;
        Ok(found.into_iter().min_by_key(|(place, _)| *place).map(|(_, known)| Self { alone, ..known }))
    }

    fn read(row: &AnyRow) -> Result<Self> {
        Ok(Self {
            id: AccountId(row.try_get("id")?),
            serial: row.try_get("serial")?,
            pin_hash: row.try_get("pin_hash")?,
            expires_at: row.try_get("expires_at")?,
            alone: true,
        })
    }
}

/// Tries the PIN on what was found, or on nothing in the same time.
async fn enter(
    store: &Store,
    known: Option<Known>,
    pin: &str,
    attempt: &Try,
    action: &'static str,
    subject: &str,
    origin: &Origin,
) -> Result<(String, Tokens)> {
    let now = store.now();
    let known = known.filter(|known| known.expires_at.is_none_or(|expires_at| expires_at > now.0));
    let owner = known.as_ref().map(|known| known.id);
    let failed = |outcome| Entry { actor: "anonymous", action, subject, outcome, origin };
    let typed = pin.parse::<Pin>().map_or_else(|_| String::new(), |pin| pin.reveal().to_owned());
    let begun = attempt.begin(store).await;
    // The hash is computed even when the throttle has refused already: an answer's time tells nothing.
    let right = store.0.secrets.verify(&typed, known.as_ref().map(|known| known.pin_hash.clone())).await?;
    let locks = match begun {
        Ok(locks) => locks,
        Err(error) => {
            audit::record_alone(store, &failed("locked")).await?;
            return Err(error);
        }
    };
    let Some(known) = known.filter(|_| right) else {
        guessed(store, owner.zip(locks), &failed("wrong")).await?;
        return Err(Code::InvalidCredentials.into());
    };
    // That one's own PIN is known proves nothing of the guesses at another account which has the number in another form.
    if known.alone {
        attempt.succeeded(store).await?;
    } else {
        attempt.forgiven(store).await?;
    }
    let actor = format!("customer:{}", known.id);
    let tokens: Result<Tokens> = transaction!(store, |connection| {
        hold(store, &mut *connection, &known).await?;
        let tokens = sessions::begin(store, &mut *connection, Owner::Customer(known.id), origin).await?;
        audit::record(store, &mut *connection, &Entry { actor: &actor, action, subject: &actor, outcome: "ok", origin }).await?;
        Ok(tokens)
    });
    if let Err(Error::Problem(problem)) = &tokens {
        let outcome = if problem.code == Code::AccountBlocked { "blocked" } else { "wrong" };
        audit::record_alone(store, &Entry { subject: &actor, ..failed(outcome) }).await?;
    }
    Ok((known.serial, tokens?))
}

/// Locks the account for the session that is about to begin: a new PIN, a block or an erasure that came while the PIN was tried is seen
/// here, and one that comes later finds the session.
async fn hold(store: &Store, connection: &mut Connection, known: &Known) -> Result<()> {
    let lock = store.0.db.dialect().for_update();
    let row = sqlx::query(AssertSqlSafe(format!("SELECT pin_hash, blocked_at FROM customers WHERE id = $1{lock}")))
        .bind(known.id.0)
        .fetch_optional(connection)
        .await?
        .ok_or(Code::InvalidCredentials)?;
    if row.try_get::<String, _>("pin_hash")? != known.pin_hash {
        return Err(Code::InvalidCredentials.into());
    }
    if row.try_get::<Option<i64>, _>("blocked_at")?.is_some() { Err(Code::AccountBlocked.into()) } else { Ok(()) }
}

/// [`Code::AccountBlocked`] where the account is blocked or closed. For a caller who was let in before that, and asks once its transaction
/// holds what a block or an erasure waits for.
pub(crate) async fn must_not_be_blocked(connection: &mut Connection, customer: AccountId) -> Result<()> {
    let blocked: Option<i64> =
        sqlx::query_scalar("SELECT blocked_at FROM customers WHERE id = $1").bind(customer.0).fetch_one(connection).await?;
    if blocked.is_some() { Err(Code::AccountBlocked.into()) } else { Ok(()) }
}

/// Writes a wrong PIN into the log and tells the account's owner of the lock that it brought, if it did. In one commit: where there is no
/// account there is nobody to tell, and a second one would show in the answer's time.
async fn guessed(store: &Store, lock: Option<(AccountId, Instant)>, entry: &Entry<'_>) -> Result<()> {
    transaction!(store, |connection| {
        if let Some((owner, until)) = lock {
            notifications::add(store, &mut *connection, owner, &Notice::SignInLocked { until }).await?;
        }
        audit::record(store, &mut *connection, entry).await
    })?;
    if let Some((owner, _)) = lock {
        store.live().changed(owner);
    }
    Ok(())
}

/// Makes a temporary account permanent and grants the bonus, once a phone number. [`Code::PhoneTaken`] where another account has the
/// number: that tells who is a customer, so that each such answer counts as a failure of the account and of the address.
pub async fn activate(store: &Store, customer: &Customer, name: &str, phone: &str, origin: &Origin) -> Result<Activated> {
    let mut fields = Fields::default();
    let (Some(name), Some(phone)) = (fields.parse::<Name>("name", name), fields.parse::<Phone>("phone", phone)) else {
        return Err(fields.problem().into());
    };
    let now = store.now();
    let actor = customer.actor();
    let attempt = Try::new(throttle::of_activation(customer.id), origin);
    if let Err(error) = attempt.begin(store).await {
        let entry = Entry { actor: &actor, action: "account.activate", subject: &actor, outcome: "locked", origin };
        audit::record_alone(store, &entry).await?;
        return Err(error);
    }
    let activated = transaction!(store, |connection| {
        let forms = phones::to_keep(store, &mut *connection, &phone).await?;
        let updated = sqlx::query(
            "UPDATE customers SET name = $2, name_folded = $3, phone = $4, activated_at = $5, expires_at = NULL
             WHERE id = $1 AND activated_at IS NULL",
        )
        .bind(customer.id.0)
        .bind(name.as_str().to_owned())
        .bind(fold(name.as_str()))
        .bind(forms.kept().to_owned())
        .bind(now.0)
        .execute(&mut *connection)
        .await
        .map_err(phone_taken)?;
        if updated.rows_affected() == 0 {
            return Err(Code::AlreadyActivated.into());
        }
        phones::must_be_free(&mut *connection, customer.id, &forms).await?;
        let bonus = if phones::has_bonus_to_come(store, &mut *connection, customer.id, &forms).await? { store.settings().bonus } else { 0 };
        let balance = if bonus > 0 {
            let movement = Movement { customer: customer.id, kind: TransferKind::Bonus, amount: bonus, reference: None, description: "" };
            ledger::post(store, &mut *connection, &movement).await?
        } else {
            0
        };
        notifications::add(store, &mut *connection, customer.id, &Notice::Activated { bonus }).await?;
        audit::record(
            store,
            &mut *connection,
            &Entry { actor: &actor, action: "account.activate", subject: &actor, outcome: "ok", origin },
        )
        .await?;
        Ok(Activated { success: true, balance, bonus })
    });
    match &activated {
        Ok(_) => {
            store.live().changed(customer.id);
            attempt.succeeded(store).await?;
        }
        Err(Error::Problem(problem)) => {
            let outcome = problem.code.as_str();
            audit::record_alone(store, &Entry { actor: &actor, action: "account.activate", subject: &actor, outcome, origin }).await?;
            // Nothing else tells of a number.
            if problem.code != Code::PhoneTaken {
                attempt.forgiven(store).await?;
            }
        }
        Err(_) => {}
    }
    activated
}

fn phone_taken(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(broken) if broken.is_unique_violation() => Code::PhoneTaken.into(),
        _ => error.into(),
    }
}

/// Changes the PIN of who knows the old one. Other sessions end.
pub async fn change_pin(store: &Store, customer: &Customer, old: &str, new: &str, origin: &Origin) -> Result<()> {
    let mut fields = Fields::default();
    let (old, new) = (fields.parse::<Pin>("old_pin", old), fields.parse::<Pin>("new_pin", new));
    let (Some(old), Some(new)) = (old, new) else { return Err(fields.problem().into()) };
    if old == new {
        return Err(field("new_pin", FieldCode::SamePin));
    }
    let actor = customer.actor();
    let attempt = Try::new(throttle::of_serial(&customer.serial), origin);
    let begun = attempt.begin(store).await;
    let known: Option<String> =
        sqlx::query_scalar("SELECT pin_hash FROM customers WHERE id = $1").bind(customer.id.0).fetch_optional(store.0.db.reader()).await?;
    let right = store.0.secrets.verify(old.reveal(), known.clone()).await?;
    let entry = |outcome| Entry { actor: &actor, action: "account.pin", subject: &actor, outcome, origin };
    let locks = match begun {
        Ok(locks) => locks,
        Err(error) => {
            audit::record_alone(store, &entry("locked")).await?;
            return Err(error);
        }
    };
    if !right {
        guessed(store, locks.map(|until| (customer.id, until)), &entry("wrong")).await?;
        return Err(field("old_pin", FieldCode::WrongPin));
    }
    attempt.succeeded(store).await?;
    let hash = store.0.secrets.hash(new.reveal(), store.random()).await?;
    transaction!(store, |connection| {
        // Of the very PIN that was proven: one that the staff drew meanwhile stays, and so does an account that was closed.
        let changed = sqlx::query("UPDATE customers SET pin_hash = $2 WHERE id = $1 AND pin_hash = $3 AND closed_at IS NULL")
            .bind(customer.id.0)
            .bind(hash.clone())
            .bind(known.clone())
            .execute(&mut *connection)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(field("old_pin", FieldCode::WrongPin));
        }
        sqlx::query("UPDATE sessions SET ended_at = $3 WHERE customer_id = $1 AND id <> $2 AND ended_at IS NULL")
            .bind(customer.id.0)
            .bind(customer.session.0)
            .bind(store.now().0)
            .execute(&mut *connection)
            .await?;
        notifications::add(store, &mut *connection, customer.id, &Notice::PinChanged).await?;
        audit::record(store, &mut *connection, &entry("ok")).await
    })?;
    store.live().changed(customer.id);
    Ok(())
}

/// The customer's profile.
pub async fn profile(store: &Store, customer: &Customer) -> Result<Account> {
    let row =
        sqlx::query("SELECT phone, created_at FROM customers WHERE id = $1").bind(customer.id.0).fetch_one(store.0.db.reader()).await?;
    Ok(Account {
        serial: customer.serial.clone(),
        name: customer.name.clone(),
        phone: row.try_get("phone")?,
        is_activated: customer.activated,
        balance: customer.balance,
        unread_notifications: customer.unread,
        created_at: Instant(row.try_get("created_at")?),
        expires_at: customer.expires_at,
    })
}
