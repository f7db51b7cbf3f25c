//! Signed-in sessions: short access tokens (JWT, RFC 7519) and rotating refresh tokens whose reuse ends the family
//! (design, section 3; RFC 9700 section 4.14).

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use shared::{
    AccountId, Code, Instant, SessionId, StaffId,
    api::{Session, Tokens, admin::Permission},
    ms,
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use crate::{
    Caller, Customer, Origin, Result, Staff, Store, accounts,
    audit::{self, Entry},
    db::{Connection, transaction},
    error::damaged,
    keys::{random_token, token_hash},
};

/// Life of an access token in milliseconds.
pub const ACCESS_LIFE: i64 = 5 * ms::MINUTE;
/// How long after a rotation a browser's parallel requests get the same successor, in milliseconds.
const GRACE: i64 = 30 * ms::SECOND;

/// What the reuse of a rotated refresh token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// Theft: the whole family ends.
    Strict,
    /// Within 30 seconds two tabs of one browser, which get the same successor; later theft.
    Browser,
}

/// Whose session it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner {
    Customer(AccountId),
    Staff(StaffId),
}

#[derive(Serialize, Deserialize)]
struct Claims {
    /// The session. Whose it is stands in the database, where it can be ended at once.
    sid: i64,
    /// Seconds since 1970, as RFC 7519 has it.
    iat: i64,
    exp: i64,
}

/// Begins a session and gives its first tokens.
pub(crate) async fn begin(store: &Store, connection: &mut Connection, owner: Owner, origin: &Origin) -> Result<Tokens> {
    let now = store.now();
    let (customer, staff) = match owner {
        Owner::Customer(id) => (Some(id.0), None),
        Owner::Staff(id) => (None, Some(id.0)),
    };
    let session: i64 = sqlx::query_scalar(
        "INSERT INTO sessions (customer_id, staff_id, ip, user_agent, created_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6) RETURNING id",
    )
    .bind(customer)
    .bind(staff)
    .bind(origin.ip.clone())
    .bind(origin.agent())
    .bind(now.0)
    .bind(now.plus(life(store, staff)).0)
    .fetch_one(&mut *connection)
    .await?;
    let refresh_token = random_token(store.random());
    insert_refresh(store, connection, &refresh_token, session).await?;
    tokens(store, session, refresh_token)
}

/// Milliseconds that a session lives after it was last used.
fn life(store: &Store, staff: Option<i64>) -> i64 {
    if staff.is_some() { store.settings().staff_session_life } else { store.settings().session_life }
}

async fn insert_refresh(store: &Store, connection: &mut Connection, token: &str, session: i64) -> Result<()> {
    sqlx::query("INSERT INTO refresh_tokens (hash, session_id, issued_at) VALUES ($1, $2, $3)")
        .bind(token_hash(token))
        .bind(session)
        .bind(store.now().0)
        .execute(connection)
        .await?;
    Ok(())
}

fn tokens(store: &Store, session: i64, refresh_token: String) -> Result<Tokens> {
    let now = store.now().0;
    let claims = Claims { sid: session, iat: now / ms::SECOND, exp: (now + ACCESS_LIFE) / ms::SECOND };
    let key = EncodingKey::from_secret(&store.0.keys.access);
    let access_token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(damaged)?;
    Ok(Tokens { access_token, refresh_token, token_type: "Bearer".to_owned(), expires_in: ACCESS_LIFE / ms::SECOND })
}

/// Who an access token names, in a request from `origin`. A session that was ended, an expired account or a blocked one is refused at once.
pub async fn authenticate(store: &Store, access_token: &str, origin: &Origin) -> Result<Caller> {
    let mut validation = Validation::new(Algorithm::HS256);
    // The expiry is compared below, by the store's own clock.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(&store.0.keys.access);
    let claims = jsonwebtoken::decode::<Claims>(access_token, &key, &validation).map_err(|_| Code::Unauthenticated)?.claims;
    if claims.exp * ms::SECOND <= store.now().0 {
        return Err(Code::Unauthenticated.into());
    }
    whose(store, SessionId(claims.sid), origin).await
}

/// Whose session it is, while it lives.
async fn whose(store: &Store, session: SessionId, origin: &Origin) -> Result<Caller> {
    let now = store.now();
    let row = sqlx::query(
        "SELECT sessions.customer_id, sessions.staff_id, customers.serial, customers.name, customers.activated_at, customers.expires_at,
                customers.blocked_at, customers.balance, staff.username, staff.role, staff.disabled_at,
                (SELECT COUNT(*) FROM notifications WHERE notifications.customer_id = sessions.customer_id AND read_at IS NULL) AS unread
         FROM sessions LEFT JOIN customers ON customers.id = sessions.customer_id LEFT JOIN staff ON staff.id = sessions.staff_id
         WHERE sessions.id = $1 AND sessions.ended_at IS NULL AND sessions.expires_at > $2",
    )
    .bind(session.0)
    .bind(now.0)
    .fetch_optional(store.0.db.reader())
    .await?
    .ok_or(Code::Unauthenticated)?;
    if let Some(id) = row.try_get::<Option<i64>, _>("staff_id")? {
        if row.try_get::<Option<i64>, _>("disabled_at")?.is_some() {
            return Err(Code::AccountBlocked.into());
        }
        let role = row.try_get::<String, _>("role")?.parse().map_err(damaged)?;
        let username = row.try_get("username")?;
        return Ok(Caller::Staff(Staff { id: StaffId(id), session, username, role, origin: origin.clone() }));
    }
    let expires_at = row.try_get::<Option<i64>, _>("expires_at")?.map(Instant);
    if expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(Code::Unauthenticated.into());
    }
    if row.try_get::<Option<i64>, _>("blocked_at")?.is_some() {
        return Err(Code::AccountBlocked.into());
    }
    Ok(Caller::Customer(Customer {
        id: AccountId(row.try_get("customer_id")?),
        session,
        serial: row.try_get("serial")?,
        name: row.try_get("name")?,
        activated: row.try_get::<Option<i64>, _>("activated_at")?.is_some(),
        balance: row.try_get("balance")?,
        unread: row.try_get("unread")?,
        expires_at,
    }))
}

/// Who a refresh token names, without rotating it: for requests that are answered minutes later, when a successor would come too late.
/// Their session lives on as with a rotation. A token that was rotated longer ago than parallel requests take is refused, and ends
/// nothing: it may be the one that such a request began with.
pub async fn recognise(store: &Store, refresh_token: &str, origin: &Origin) -> Result<Caller> {
    let now = store.now();
    let found = sqlx::query(FIND).bind(token_hash(refresh_token)).fetch_optional(store.0.db.reader()).await?;
    let row = found.ok_or(Code::Unauthenticated)?;
    if row.try_get::<Option<i64>, _>("used_at")?.is_some_and(|used_at| now.0 - used_at > GRACE) {
        return Err(Code::Unauthenticated.into());
    }
    let session = SessionId(row.try_get("session_id")?);
    let caller = whose(store, session, origin).await?;
    sqlx::query("UPDATE sessions SET last_seen_at = $2, expires_at = $3 WHERE id = $1 AND ended_at IS NULL")
        .bind(session.0)
        .bind(now.0)
        .bind(now.plus(life(store, row.try_get("staff_id")?)).0)
        .execute(store.0.db.writer())
        .await?;
    Ok(caller)
}

/// Rotates a refresh token. [`Code::Unauthenticated`] when it is unknown, ended, expired, or reused.
pub async fn refresh(store: &Store, refresh_token: &str, reuse: Reuse, origin: &Origin) -> Result<Tokens> {
    let now = store.now();
    let renewed: Option<(i64, String)> = transaction!(store, |connection| {
        let sql = match store.0.db.dialect().for_update() {
            "" => FIND,
            _ => FIND_AND_LOCK,
        };
        let row = sqlx::query(sql).bind(token_hash(refresh_token)).fetch_optional(&mut *connection).await?;
        let Some(row) = row else { return Ok(None) };
        let session: i64 = row.try_get("session_id")?;
        let ended = row.try_get::<Option<i64>, _>("ended_at")?.is_some();
        if ended || row.try_get::<i64, _>("expires_at")? <= now.0 {
            return Ok(None);
        }
        let successor = store.0.keys.successor(refresh_token);
        if let Some(used_at) = row.try_get::<Option<i64>, _>("used_at")? {
            if reuse == Reuse::Browser && now.0 - used_at <= GRACE {
                return Ok(Some((session, successor)));
            }
            sqlx::query("UPDATE sessions SET ended_at = $2 WHERE id = $1").bind(session).bind(now.0).execute(&mut *connection).await?;
            let subject = owner_of(&row)?;
            let entry = Entry { actor: "anonymous", action: "session.refresh", subject: &subject, outcome: "reused", origin };
            audit::record(store, &mut *connection, &entry).await?;
            return Ok(None);
        }
        sqlx::query("UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1")
            .bind(token_hash(refresh_token))
            .bind(now.0)
            .execute(&mut *connection)
            .await?;
        insert_refresh(store, &mut *connection, &successor, session).await?;
        sqlx::query("UPDATE sessions SET last_seen_at = $2, expires_at = $3, ip = $4, user_agent = $5 WHERE id = $1")
            .bind(session)
            .bind(now.0)
            .bind(now.plus(life(store, row.try_get("staff_id")?)).0)
            .bind(origin.ip.clone())
            .bind(origin.agent())
            .execute(&mut *connection)
            .await?;
        Ok(Some((session, successor)))
    })?;
    let (session, successor) = renewed.ok_or(Code::Unauthenticated)?;
    tokens(store, session, successor)
}

const FIND: &str = "SELECT refresh_tokens.session_id, refresh_tokens.used_at, sessions.customer_id, sessions.staff_id,
    sessions.ended_at, sessions.expires_at
    FROM refresh_tokens JOIN sessions ON sessions.id = refresh_tokens.session_id WHERE refresh_tokens.hash = $1";
const FIND_AND_LOCK: &str = "SELECT refresh_tokens.session_id, refresh_tokens.used_at, sessions.customer_id, sessions.staff_id,
    sessions.ended_at, sessions.expires_at
    FROM refresh_tokens JOIN sessions ON sessions.id = refresh_tokens.session_id WHERE refresh_tokens.hash = $1 FOR UPDATE";

/// Whether a session is neither ended nor over, for what goes on after its request was let in.
pub async fn lives(store: &Store, session: SessionId) -> Result<bool> {
    let id: Option<i64> = sqlx::query_scalar("SELECT id FROM sessions WHERE id = $1 AND ended_at IS NULL AND expires_at > $2")
        .bind(session.0)
        .bind(store.now().0)
        .fetch_optional(store.0.db.reader())
        .await?;
    Ok(id.is_some())
}

/// Ends the session: sign-out.
pub async fn end(store: &Store, session: SessionId, origin: &Origin) -> Result<()> {
    end_as(store, session, None, origin).await
}

/// Ends a session, by who is named, or by whose it is.
async fn end_as(store: &Store, session: SessionId, actor: Option<String>, origin: &Origin) -> Result<()> {
    transaction!(store, |connection| {
        sqlx::query("UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL")
            .bind(session.0)
            .bind(store.now().0)
            .execute(&mut *connection)
            .await?;
        let row = sqlx::query("SELECT customer_id, staff_id FROM sessions WHERE id = $1")
            .bind(session.0)
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(Code::NotFound)?;
        let owner = owner_of(&row)?;
        let actor = actor.clone().unwrap_or_else(|| owner.clone());
        audit::record(store, &mut *connection, &Entry { actor: &actor, action: "session.end", subject: &owner, outcome: "ok", origin })
            .await
    })
}

/// Whose session it is, as the audit log spells them.
fn owner_of(row: &AnyRow) -> Result<String> {
    Ok(match row.try_get::<Option<i64>, _>("customer_id")? {
        Some(customer) => format!("customer:{customer}"),
        None => format!("staff:{}", row.try_get::<i64, _>("staff_id")?),
    })
}

/// Ends one session of a customer, by the staff.
pub async fn end_of_customer(store: &Store, staff: &Staff, session: SessionId, origin: &Origin) -> Result<()> {
    staff.must(store, Permission::HelpCustomers, "session.end", format!("session:{session}"), origin).await?;
    let customer: Option<i64> =
        sqlx::query_scalar("SELECT customer_id FROM sessions WHERE id = $1 AND customer_id IS NOT NULL AND ended_at IS NULL")
            .bind(session.0)
            .fetch_optional(store.0.db.reader())
            .await?;
    let customer = customer.ok_or(Code::NotFound)?;
    end_as(store, session, Some(staff.actor()), origin).await?;
    store.live().changed(AccountId(customer));
    Ok(())
}

/// Ends every session of a customer, by the staff.
pub async fn end_all(store: &Store, staff: &Staff, serial: &str, origin: &Origin) -> Result<()> {
    let mut deed = staff.must(store, Permission::HelpCustomers, "session.end_all", serial, origin).await?;
    let customer = deed.settled(store, accounts::by_serial(store, serial).await).await?;
    deed.about(format!("customer:{customer}"));
    transaction!(store, deed, |connection| {
        end_all_in(store, &mut *connection, customer).await?;
        deed.done(store, &mut *connection, "ok").await
    })?;
    store.live().changed(customer);
    Ok(())
}

/// Ends every session of a customer in the transaction of what ends them.
pub(crate) async fn end_all_in(store: &Store, connection: &mut Connection, customer: AccountId) -> Result<()> {
    sqlx::query("UPDATE sessions SET ended_at = $2 WHERE customer_id = $1 AND ended_at IS NULL")
        .bind(customer.0)
        .bind(store.now().0)
        .execute(connection)
        .await?;
    Ok(())
}

/// The customer's sessions that are alive, last seen first; a hundred at most.
pub async fn list(store: &Store, customer: &Customer) -> Result<Vec<Session>> {
    alive(store, "customer_id", customer.id.0, Some(customer.session)).await
}

/// A customer's sessions that are alive, as the staff see them.
pub(crate) async fn of_customer(store: &Store, customer: AccountId) -> Result<Vec<Session>> {
    alive(store, "customer_id", customer.0, None).await
}

/// The member's own sessions that are alive.
pub(crate) async fn of_staff(store: &Store, staff: &Staff) -> Result<Vec<Session>> {
    alive(store, "staff_id", staff.id.0, Some(staff.session)).await
}

async fn alive(store: &Store, owner: &'static str, id: i64, current: Option<SessionId>) -> Result<Vec<Session>> {
    let sql = format!(
        "SELECT id, ip, user_agent, created_at, last_seen_at FROM sessions
         WHERE {owner} = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY last_seen_at DESC, id DESC LIMIT 100"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(id).bind(store.now().0).fetch_all(store.0.db.reader()).await?;
    rows.iter()
        .map(|row| {
            let id = SessionId(row.try_get("id")?);
            Ok(Session {
                id,
                current: Some(id) == current,
                ip: row.try_get("ip")?,
                user_agent: row.try_get("user_agent")?,
                created_at: Instant(row.try_get("created_at")?),
                last_seen_at: Instant(row.try_get("last_seen_at")?),
            })
        })
        .collect()
}

/// Ends one of the customer's sessions.
pub async fn end_other(store: &Store, customer: &Customer, session: SessionId, origin: &Origin) -> Result<()> {
    end_owned(store, "SELECT id FROM sessions WHERE id = $1 AND customer_id = $2", customer.id.0, session, origin).await
}

/// Ends one of the member's own sessions.
pub async fn end_of_staff(store: &Store, staff: &Staff, session: SessionId, origin: &Origin) -> Result<()> {
    staff.must(store, Permission::Work, "session.end", staff.actor(), origin).await?;
    end_owned(store, "SELECT id FROM sessions WHERE id = $1 AND staff_id = $2", staff.id.0, session, origin).await
}

async fn end_owned(store: &Store, find: &'static str, owner: i64, session: SessionId, origin: &Origin) -> Result<()> {
    let found: Option<i64> = sqlx::query_scalar(find).bind(session.0).bind(owner).fetch_optional(store.0.db.reader()).await?;
    if found.is_none() {
        return Err(Code::NotFound.into());
    }
    end(store, session, origin).await
}
