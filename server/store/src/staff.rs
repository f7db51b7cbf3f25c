//! The shop's own people: who they are, how they sign in, and who cares for their accounts.

use shared::{
    Code, FieldCode, Fields, Instant, StaffId,
    api::{
        Role, Tokens,
        admin::{AlertKind, Member, Permission, StaffAccount, TotpSetup},
    },
    ms,
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};
use totp_rs::{Algorithm, TOTP};

use crate::{
    Error, Origin, Result, Staff, Store, alerts,
    audit::{self, Deed, Entry},
    db::{Connection, transaction},
    error::{damaged, field},
    keys::random_token,
    sessions::{self, Owner},
    throttle::{self, Try},
};

/// Seconds for which an authenticator shows the same digits.
const STEP: i64 = 30;

impl Staff {
    /// [`Code::Forbidden`] unless the member's role has the permission: the first line of whatever the staff does. The deed that it gives
    /// writes the audit log's line when it is done, and when it is refused later on; this refusal is written already. `action` and
    /// `subject` are as the log spells them; the subject may be what was typed, or nothing.
    pub async fn must<'a>(
        &self,
        store: &Store,
        permission: Permission,
        action: &'static str,
        subject: impl Into<String>,
        origin: &'a Origin,
    ) -> Result<Deed<'a>> {
        let deed = Deed::new(self, action, subject, origin);
        let allowed = if self.role.may(permission) { Ok(()) } else { Err(Code::Forbidden.into()) };
        deed.settled(store, allowed).await?;
        Ok(deed)
    }
}

/// Adds a member from the command line: the first owner comes from nowhere else. User names are 3 to 32 letters, digits, dots, dashes;
/// passwords 10 to 200 characters.
pub async fn create(store: &Store, username: &str, password: &str, role: Role) -> Result<StaffId> {
    let deed = Deed::operator("staff.create", canonical(username));
    insert(store, &deed, username, password, role).await
}

/// Adds a member from the dashboard.
pub async fn hire(store: &Store, staff: &Staff, username: &str, password: &str, role: &str, origin: &Origin) -> Result<StaffId> {
    let deed = staff.must(store, Permission::ManageStaff, "staff.create", canonical(username), origin).await?;
    let mut fields = Fields::default();
    let named = fields.check("username", valid_username(&canonical(username)));
    let secret = fields.check("new_password", valid_password(password));
    let Some(role) = fields.parse::<Role>("role", role).filter(|_| named.and(secret).is_some()) else {
        return Err(fields.problem().into());
    };
    insert(store, &deed, username, password, role).await
}

async fn insert(store: &Store, deed: &Deed<'_>, username: &str, password: &str, role: Role) -> Result<StaffId> {
    let username = canonical(username);
    valid_username(&username).map_err(|code| field("username", code))?;
    valid_password(password).map_err(|code| field("new_password", code))?;
    let hash = store.0.secrets.hash(password, store.random()).await?;
    transaction!(store, deed, |connection| {
        let id: std::result::Result<i64, sqlx::Error> =
            sqlx::query_scalar("INSERT INTO staff (username, password_hash, role, created_at) VALUES ($1, $2, $3, $4) RETURNING id")
                .bind(username.clone())
                .bind(hash.clone())
                .bind(role.as_str())
                .bind(store.now().0)
                .fetch_one(&mut *connection)
                .await;
        let id = id.map_err(username_taken)?;
        deed.did(store, &mut *connection, "staff.create", &named(StaffId(id)), role.as_str()).await?;
        Ok(StaffId(id))
    })
}

fn valid_username(username: &str) -> std::result::Result<(), FieldCode> {
    match username {
        "" => Err(FieldCode::Required),
        name if (3..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) => Ok(()),
        _ => Err(FieldCode::Username),
    }
}

fn valid_password(password: &str) -> std::result::Result<(), FieldCode> {
    match password.chars().count() {
        0 => Err(FieldCode::Required),
        1..10 => Err(FieldCode::WeakPassword),
        10..=200 => Ok(()),
        _ => Err(FieldCode::TooLong),
    }
}

fn username_taken(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(broken) if broken.is_unique_violation() => field("username", FieldCode::Taken),
        _ => error.into(),
    }
}

fn canonical(username: &str) -> String {
    username.trim().to_lowercase().chars().filter(|character| !character.is_control()).take(64).collect()
}

/// What sign-in needs to know of a member.
struct Known {
    id: StaffId,
    password_hash: String,
    totp_seed: Option<String>,
}

/// Signs in by user name, password and, where one was set up, the authenticator's digits, under the same throttle as customers.
/// A wrong name, password and digits get one answer, [`Code::InvalidCredentials`]; an alert tells of a member whom guesses have locked.
pub async fn sign_in(store: &Store, username: &str, password: &str, totp: Option<&str>, origin: &Origin) -> Result<Tokens> {
    let username = canonical(username);
    let row = sqlx::query("SELECT id, password_hash, totp_seed, disabled_at FROM staff WHERE username = $1")
        .bind(username.clone())
        .fetch_optional(store.0.db.reader())
        .await?;
    let known = match row {
        Some(row) if row.try_get::<Option<i64>, _>("disabled_at")?.is_none() => Some(Known {
            id: StaffId(row.try_get("id")?),
            password_hash: row.try_get("password_hash")?,
            totp_seed: row.try_get("totp_seed")?,
        }),
        _ => None,
    };
    let attempt = Try::new(of_username(&username), origin);
    let begun = attempt.begin(store).await;
    let password: String = password.chars().take(200).collect();
    let mut right = store.0.secrets.verify(&password, known.as_ref().map(|known| known.password_hash.clone())).await?;
    if let Some(known) = known.as_ref().filter(|_| right && begun.is_ok())
        && let Some(seed) = &known.totp_seed
    {
        right = use_digits(store, known.id, seed, totp.unwrap_or_default()).await?;
    }
    let outcome = if begun.is_err() { "locked" } else { "wrong" };
    let locks = known.is_some() && matches!(begun, Ok(Some(_)));
    let Some(Known { id, password_hash, .. }) = known.filter(|_| right && begun.is_ok()) else {
        let entry = Entry { actor: "anonymous", action: "staff.sign_in", subject: &username, outcome, origin };
        // In one commit: a second one, for a name that is a member's, would show in the answer's time.
        transaction!(store, |connection| {
            if locks {
                warn_of_lock(store, &mut *connection, origin).await?;
            }
            audit::record(store, &mut *connection, &entry).await
        })?;
        return Err(begun.err().unwrap_or_else(|| Code::InvalidCredentials.into()));
    };
    attempt.succeeded(store).await?;
    let actor = format!("staff:{id}");
    let lock = store.0.db.dialect().for_update();
    let tokens: Option<Tokens> = transaction!(store, |connection| {
        // A new password or the end of access holds the row, then ends all sessions: none begins after them with what was right before.
        let current: Option<String> =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT password_hash FROM staff WHERE id = $1 AND disabled_at IS NULL{lock}")))
                .bind(id.0)
                .fetch_optional(&mut *connection)
                .await?;
        if current.as_ref() != Some(&password_hash) {
            let entry = Entry { actor: "anonymous", action: "staff.sign_in", subject: &username, outcome: "wrong", origin };
            audit::record(store, &mut *connection, &entry).await?;
            return Ok(None);
        }
        let tokens = sessions::begin(store, &mut *connection, Owner::Staff(id), origin).await?;
        audit::record(store, &mut *connection, &Entry { actor: &actor, action: "staff.sign_in", subject: &actor, outcome: "ok", origin })
            .await?;
        Ok(Some(tokens))
    })?;
    tokens.ok_or_else(|| Code::InvalidCredentials.into())
}

/// The throttle's subject of a member's password.
fn of_username(username: &str) -> String {
    format!("staff:{username}")
}

/// The throttle's subject of the digits that prove a new authenticator.
fn of_totp(id: StaffId) -> String {
    format!("totp:{id}")
}

/// The members whom the throttle keeps from signing in, each with the moment until which.
async fn locked(store: &Store, connection: &mut Connection) -> Result<Vec<String>> {
    let rows = sqlx::query(
        "SELECT staff.username, throttles.locked_until FROM staff JOIN throttles ON throttles.subject = 'staff:' || staff.username
         WHERE throttles.locked_until > $1 AND staff.disabled_at IS NULL ORDER BY staff.id",
    )
    .bind(store.now().0)
    .fetch_all(connection)
    .await?;
    let line = |row: &AnyRow| Ok(format!("{} → {}", row.try_get::<String, _>("username")?, Instant(row.try_get("locked_until")?)));
    rows.iter().map(line).collect()
}

/// Tells the staff that guesses have just locked a member, once a lock: the guesses that a lock refuses tell nothing new. It stands until
/// somebody has read it, as it says that somebody guesses, or until the last member was unlocked.
async fn warn_of_lock(store: &Store, connection: &mut Connection, origin: &Origin) -> Result<()> {
    let locked = locked(store, &mut *connection).await?;
    // Unlocked in the same moment.
    if locked.is_empty() {
        return Ok(());
    }
    // Without words, which would be of one language: who until when, and where the last guess came from.
    let detail = format!("{} · {}", locked.join(", "), origin.ip);
    alerts::raise_in(store, connection, AlertKind::StaffLocked, &detail).await
}

/// Ends that alert when nobody is locked any more.
async fn calm(store: &Store) -> Result<()> {
    let locked = locked(store, &mut *store.0.db.reader().acquire().await?).await?;
    if locked.is_empty() { alerts::resolve(store, AlertKind::StaffLocked).await } else { Ok(()) }
}

/// The authenticator of a seed.
fn authenticator(store: &Store, seed: &str, username: &str) -> Result<TOTP> {
    let secret = store.0.keys.totp_secret(seed);
    TOTP::new(Algorithm::SHA1, 6, 1, 30, secret, Some("Khazna".to_owned()), username.to_owned()).map_err(damaged)
}

/// The step whose digits these are: the current one, or its neighbours for clocks that differ (RFC 6238, section 6).
fn step_of(store: &Store, seed: &str, digits: &str) -> Result<Option<i64>> {
    let authenticator = authenticator(store, seed, "")?;
    let digits: String = shared::text::fold_digits(digits).chars().filter(|character| !character.is_whitespace()).collect();
    let current = store.now().0 / ms::SECOND / STEP;
    Ok((current - 1..=current + 1).find(|step| {
        let second = u64::try_from(step * STEP).unwrap_or_default();
        bool::from(subtle::ConstantTimeEq::ct_eq(authenticator.generate(second).as_bytes(), digits.as_bytes()))
    }))
}

/// Whether the digits are right and were not used before (RFC 6238, section 5.2): then they are used now.
async fn use_digits(store: &Store, id: StaffId, seed: &str, digits: &str) -> Result<bool> {
    let Some(step) = step_of(store, seed, digits)? else { return Ok(false) };
    let used = sqlx::query("UPDATE staff SET totp_step = $2 WHERE id = $1 AND totp_step < $2")
        .bind(id.0)
        .bind(step)
        .execute(store.0.db.writer())
        .await?;
    Ok(used.rows_affected() == 1)
}

const MEMBER: &str =
    "SELECT staff.id, staff.username, staff.role, staff.totp_seed, staff.totp_pending, staff.created_at, staff.disabled_at,
    (SELECT MAX(last_seen_at) FROM sessions WHERE sessions.staff_id = staff.id) AS last_seen_at,
    (SELECT locked_until FROM throttles WHERE throttles.subject = 'staff:' || staff.username) AS locked_until FROM staff";

fn member(row: &AnyRow, now: Instant) -> Result<Member> {
    Ok(Member {
        id: StaffId(row.try_get("id")?),
        username: row.try_get("username")?,
        role: row.try_get::<String, _>("role")?.parse().map_err(damaged)?,
        has_totp: row.try_get::<Option<String>, _>("totp_seed")?.is_some(),
        created_at: Instant(row.try_get("created_at")?),
        last_seen_at: row.try_get::<Option<i64>, _>("last_seen_at")?.map(Instant),
        disabled_at: row.try_get::<Option<i64>, _>("disabled_at")?.map(Instant),
        locked_until: row.try_get::<Option<i64>, _>("locked_until")?.map(Instant).filter(|until| *until > now),
    })
}

/// All members, those without access last.
pub async fn members(store: &Store, staff: &Staff) -> Result<Vec<Member>> {
    staff.must(store, Permission::ManageStaff, "staff.see", "", &staff.origin).await?;
    let sql = format!("{MEMBER} ORDER BY CASE WHEN staff.disabled_at IS NULL THEN 0 ELSE 1 END, staff.id");
    sqlx::query(AssertSqlSafe(sql)).fetch_all(store.0.db.reader()).await?.iter().map(|row| member(row, store.now())).collect()
}

/// One's own account.
pub async fn account(store: &Store, staff: &Staff) -> Result<StaffAccount> {
    staff.must(store, Permission::Work, "staff.see", staff.actor(), &staff.origin).await?;
    let row = sqlx::query(AssertSqlSafe(format!("{MEMBER} WHERE staff.id = $1"))).bind(staff.id.0).fetch_one(store.0.db.reader()).await?;
    let pending: Option<String> = row.try_get("totp_pending")?;
    let pending_totp = pending.map(|seed| setup(store, staff, &seed)).transpose()?;
    Ok(StaffAccount { member: member(&row, store.now())?, sessions: sessions::of_staff(store, staff).await?, pending_totp })
}

fn setup(store: &Store, staff: &Staff, seed: &str) -> Result<TotpSetup> {
    let authenticator = authenticator(store, seed, &staff.username)?;
    Ok(TotpSetup { secret: authenticator.get_secret_base32(), url: authenticator.get_url() })
}

/// What an owner changes about a member.
#[derive(Debug, Clone, Copy)]
enum Change<'a> {
    Role(Role),
    Access(bool),
    Password(&'a str),
    NoTotp,
}

/// As the audit log names a member.
fn named(id: StaffId) -> String {
    format!("staff:{id}")
}

/// Gives a member another role; [`Code::LastOwner`] when nobody would own the shop.
pub async fn set_role(store: &Store, staff: &Staff, id: StaffId, role: &str, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::ManageStaff, "staff.role", named(id), origin).await?;
    let role = role.parse().map_err(|code| field("role", code))?;
    change(store, &deed, id, Change::Role(role)).await
}

/// Takes a member's access, whose sessions end at once, or gives it back. [`Code::LastOwner`] when nobody would own the shop.
pub async fn set_access(store: &Store, staff: &Staff, id: StaffId, access: bool, origin: &Origin) -> Result<()> {
    let action = if access { "staff.enable" } else { "staff.disable" };
    let deed = staff.must(store, Permission::ManageStaff, action, named(id), origin).await?;
    change(store, &deed, id, Change::Access(access)).await
}

/// Gives a member who forgot it a new password. Their sessions end, and the throttle forgets their failures.
pub async fn reset_password(store: &Store, staff: &Staff, id: StaffId, password: &str, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::ManageStaff, "staff.password_reset", named(id), origin).await?;
    valid_password(password).map_err(|code| field("new_password", code))?;
    let hash = store.0.secrets.hash(password, store.random()).await?;
    change(store, &deed, id, Change::Password(&hash)).await
}

/// Takes the throttle's locks from a member whom guesses keep out, their own or somebody's.
pub async fn unlock(store: &Store, staff: &Staff, id: StaffId, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::ManageStaff, "staff.unlock", named(id), origin).await?;
    release(store, &deed, id).await
}

/// The same from the command line: nobody else can do it for the only owner. [`Code::NotFound`] where nobody has the user name.
pub async fn unlock_from_console(store: &Store, username: &str) -> Result<()> {
    let id = find(store, username).await?;
    release(store, &Deed::operator("staff.unlock", named(id)), id).await
}

async fn release(store: &Store, deed: &Deed<'_>, id: StaffId) -> Result<()> {
    transaction!(store, deed, |connection| {
        let username: Option<String> =
            sqlx::query_scalar("SELECT username FROM staff WHERE id = $1").bind(id.0).fetch_optional(&mut *connection).await?;
        for locked in [of_username(&username.ok_or(Code::NotFound)?), of_totp(id), throttle::of_lookups(id)] {
            throttle::forget(&mut *connection, &locked).await?;
        }
        deed.done(store, &mut *connection, "ok").await
    })?;
    calm(store).await
}

/// Takes the authenticator from a member who lost it.
pub async fn reset_totp(store: &Store, staff: &Staff, id: StaffId, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::ManageStaff, "staff.totp_reset", named(id), origin).await?;
    change(store, &deed, id, Change::NoTotp).await
}

async fn change(store: &Store, deed: &Deed<'_>, id: StaffId, change: Change<'_>) -> Result<()> {
    transaction!(store, deed, |connection| {
        // Locked together, so that two owners can't take one another's role at once.
        let lock = match store.0.db.dialect().for_update() {
            "" => "SELECT id FROM staff WHERE role = 'owner' AND disabled_at IS NULL ORDER BY id",
            _ => "SELECT id FROM staff WHERE role = 'owner' AND disabled_at IS NULL ORDER BY id FOR UPDATE",
        };
        let owners: Vec<i64> = sqlx::query_scalar(lock).fetch_all(&mut *connection).await?;
        let loses = matches!(change, Change::Role(Role::Manager | Role::Support) | Change::Access(false));
        if loses && owners == [id.0] {
            return Err(Code::LastOwner.into());
        }
        let now = store.now().0;
        let update = match change {
            Change::Role(role) => sqlx::query("UPDATE staff SET role = $2 WHERE id = $1 RETURNING username").bind(id.0).bind(role.as_str()),
            Change::Access(access) => {
                sqlx::query("UPDATE staff SET disabled_at = $2 WHERE id = $1 RETURNING username").bind(id.0).bind((!access).then_some(now))
            }
            Change::Password(hash) => {
                sqlx::query("UPDATE staff SET password_hash = $2 WHERE id = $1 RETURNING username").bind(id.0).bind(hash.to_owned())
            }
            Change::NoTotp => {
                sqlx::query("UPDATE staff SET totp_seed = NULL, totp_pending = NULL WHERE id = $1 RETURNING username").bind(id.0)
            }
        };
        let row = update.fetch_optional(&mut *connection).await?.ok_or(Code::NotFound)?;
        if matches!(change, Change::Access(false) | Change::Password(_)) {
            end_sessions(store, &mut *connection, id, None).await?;
        }
        if matches!(change, Change::Password(_)) {
            throttle::forget(&mut *connection, &of_username(&row.try_get::<String, _>("username")?)).await?;
        }
        let outcome = if let Change::Role(role) = change { role.as_str() } else { "ok" };
        deed.done(store, &mut *connection, outcome).await
    })?;
    if matches!(change, Change::Access(false) | Change::Password(_)) { calm(store).await } else { Ok(()) }
}

async fn end_sessions(store: &Store, connection: &mut Connection, id: StaffId, but: Option<i64>) -> Result<()> {
    sqlx::query("UPDATE sessions SET ended_at = $3 WHERE staff_id = $1 AND id <> $2 AND ended_at IS NULL")
        .bind(id.0)
        .bind(but.unwrap_or_default())
        .bind(store.now().0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Tries the own password under the throttle; `wrong` names the field that is told of. Answers the hash of the password that was right:
/// what is done with it holds only while it is the member's still. A guess is the deed's refusal.
async fn prove(store: &Store, staff: &Staff, password: &str, wrong: &str, origin: &Origin) -> Result<String> {
    let attempt = Try::new(of_username(&staff.username), origin);
    let begun = attempt.begin(store).await;
    let hash: Option<String> =
        sqlx::query_scalar("SELECT password_hash FROM staff WHERE id = $1").bind(staff.id.0).fetch_optional(store.0.db.reader()).await?;
    let password: String = password.chars().take(200).collect();
    let right = store.0.secrets.verify(&password, hash.clone()).await?;
    let locks = begun?;
    if let Some(hash) = hash.filter(|_| right) {
        attempt.succeeded(store).await?;
        return Ok(hash);
    }
    if locks.is_some() {
        transaction!(store, |connection| { warn_of_lock(store, &mut *connection, origin).await })?;
    }
    Err(field(wrong, FieldCode::WrongPassword))
}

/// Changes the own password. Other sessions end.
pub async fn change_password(store: &Store, staff: &Staff, old: &str, new: &str, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::Work, "staff.password", staff.actor(), origin).await?;
    valid_password(new).map_err(|code| field("new_password", code))?;
    let proven = deed.settled(store, prove(store, staff, old, "old_password", origin).await).await?;
    let hash = store.0.secrets.hash(new, store.random()).await?;
    transaction!(store, deed, |connection| {
        // A password that an owner gave in the meantime stays: it may be meant against who is asking here.
        let changed = sqlx::query("UPDATE staff SET password_hash = $2 WHERE id = $1 AND password_hash = $3")
            .bind(staff.id.0)
            .bind(hash.clone())
            .bind(proven.clone())
            .execute(&mut *connection)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(field("old_password", FieldCode::WrongPassword));
        }
        end_sessions(store, &mut *connection, staff.id, Some(staff.session.0)).await?;
        deed.done(store, &mut *connection, "ok").await
    })
}

/// Begins to set an authenticator up: its secret is told until it is proven, and never again. An earlier one that was not proven is
/// forgotten; one that was is given up first, for the password: [`Code::TotpOn`].
pub async fn begin_totp(store: &Store, staff: &Staff) -> Result<TotpSetup> {
    let deed = staff.must(store, Permission::Work, "staff.totp", staff.actor(), &staff.origin).await?;
    let seed = random_token(store.random());
    let begun = sqlx::query("UPDATE staff SET totp_pending = $2 WHERE id = $1 AND totp_seed IS NULL")
        .bind(staff.id.0)
        .bind(seed.clone())
        .execute(store.0.db.writer())
        .await?;
    if begun.rows_affected() == 0 {
        return deed.settled(store, Err(Code::TotpOn.into())).await;
    }
    setup(store, staff, &seed)
}

/// Proves the authenticator by its digits: sign-in asks for them from now on.
pub async fn confirm_totp(store: &Store, staff: &Staff, digits: &str, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::Work, "staff.totp", staff.actor(), origin).await?;
    let (seed, step) = deed.settled(store, prove_digits(store, staff, digits, origin).await).await?;
    transaction!(store, deed, |connection| {
        let proven = sqlx::query(
            "UPDATE staff SET totp_seed = totp_pending, totp_pending = NULL, totp_step = $2
             WHERE id = $1 AND totp_pending = $3 AND totp_seed IS NULL",
        )
        .bind(staff.id.0)
        .bind(step)
        .bind(seed.clone())
        .execute(&mut *connection)
        .await?;
        // Begun anew, or proven by another request, while these digits were read.
        if proven.rows_affected() == 0 {
            return Err(Code::NotFound.into());
        }
        deed.done(store, &mut *connection, "on").await
    })
}

/// Tries the digits of the authenticator that is being set up, under the throttle. Answers its secret, and the step that they are of.
async fn prove_digits(store: &Store, staff: &Staff, digits: &str, origin: &Origin) -> Result<(String, i64)> {
    let row =
        sqlx::query("SELECT totp_seed, totp_pending FROM staff WHERE id = $1").bind(staff.id.0).fetch_one(store.0.db.reader()).await?;
    if row.try_get::<Option<String>, _>("totp_seed")?.is_some() {
        return Err(Code::TotpOn.into());
    }
    let seed = row.try_get::<Option<String>, _>("totp_pending")?.ok_or(Code::NotFound)?;
    let attempt = Try::new(of_totp(staff.id), origin);
    attempt.begin(store).await?;
    let step = step_of(store, &seed, digits)?.ok_or_else(|| field("totp", FieldCode::WrongTotp))?;
    attempt.succeeded(store).await?;
    Ok((seed, step))
}

/// Gives the own authenticator up, for the password.
pub async fn end_totp(store: &Store, staff: &Staff, password: &str, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::Work, "staff.totp", staff.actor(), origin).await?;
    let proven = deed.settled(store, prove(store, staff, password, "password", origin).await).await?;
    transaction!(store, deed, |connection| {
        let ended = sqlx::query("UPDATE staff SET totp_seed = NULL, totp_pending = NULL WHERE id = $1 AND password_hash = $2")
            .bind(staff.id.0)
            .bind(proven.clone())
            .execute(&mut *connection)
            .await?;
        if ended.rows_affected() == 0 {
            return Err(field("password", FieldCode::WrongPassword));
        }
        deed.done(store, &mut *connection, "off").await
    })
}

/// The member of a user name: who the command line acts for.
pub async fn find(store: &Store, username: &str) -> Result<StaffId> {
    let id: Option<i64> = sqlx::query_scalar("SELECT id FROM staff WHERE username = $1")
        .bind(canonical(username))
        .fetch_optional(store.0.db.reader())
        .await
        .map_err(damaged)?;
    id.map(StaffId).ok_or_else(|| Code::NotFound.into())
}
