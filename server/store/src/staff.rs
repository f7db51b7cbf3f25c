//! The shop's own people.

use shared::{
    Code, FieldCode, StaffId,
    api::{Role, Tokens},
};
use sqlx::Row;

use crate::{
    Error, Origin, Result, Staff, Store,
    audit::{self, Entry},
    db::transaction,
    error::{damaged, field},
    sessions::{self, Owner},
    throttle::Try,
};

impl Staff {
    /// Coins and codes are for owners and managers (design, section 3).
    pub(crate) fn must_handle_coins(&self) -> Result<()> {
        match self.role {
            Role::Owner | Role::Manager => Ok(()),
            Role::Support => Err(Code::Forbidden.into()),
        }
    }
}

/// Adds a member. User names are 3 to 32 letters, digits, dots, dashes; passwords 10 to 200 characters.
pub async fn create(store: &Store, username: &str, password: &str, role: Role) -> Result<StaffId> {
    let username = canonical(username);
    if !(3..=32).contains(&username.len()) || !username.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
        return Err(field("username", FieldCode::Format));
    }
    match password.chars().count() {
        0..10 => return Err(field("password", FieldCode::TooShort)),
        10..=200 => {}
        _ => return Err(field("password", FieldCode::TooLong)),
    }
    let hash = store.0.secrets.hash(password, store.random()).await?;
    transaction!(store, |connection| {
        let id: std::result::Result<i64, sqlx::Error> =
            sqlx::query_scalar("INSERT INTO staff (username, password_hash, role, created_at) VALUES ($1, $2, $3, $4) RETURNING id")
                .bind(username.clone())
                .bind(hash.clone())
                .bind(role.as_str())
                .bind(store.now().0)
                .fetch_one(&mut *connection)
                .await;
        let id = id.map_err(username_taken)?;
        let subject = format!("staff:{id}");
        let entry = Entry { actor: "operator", action: "staff.create", subject: &subject, outcome: "ok", origin: &Origin::console() };
        audit::record(store, &mut *connection, &entry).await?;
        Ok(StaffId(id))
    })
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

/// Signs in by user name and password, under the same throttle as customers.
pub async fn sign_in(store: &Store, username: &str, password: &str, totp: Option<&str>, origin: &Origin) -> Result<Tokens> {
    // No member has an authenticator yet: setting one up comes with the dashboard.
    let _ = totp;
    let username = canonical(username);
    let row = sqlx::query("SELECT id, password_hash, disabled_at FROM staff WHERE username = $1")
        .bind(username.clone())
        .fetch_optional(store.0.db.reader())
        .await?;
    let known: Option<(i64, String)> = match row {
        Some(row) if row.try_get::<Option<i64>, _>("disabled_at")?.is_none() => Some((row.try_get("id")?, row.try_get("password_hash")?)),
        _ => None,
    };
    let attempt = Try::new(format!("staff:{username}"), origin);
    let begun = attempt.begin(store).await;
    let password: String = password.chars().take(200).collect();
    let right = store.0.secrets.verify(&password, known.as_ref().map(|(_, hash)| hash.clone())).await?;
    let outcome = if begun.is_err() { "locked" } else { "wrong" };
    let Some((id, _)) = known.filter(|_| right && begun.is_ok()) else {
        let entry = Entry { actor: "anonymous", action: "staff.sign_in", subject: &username, outcome, origin };
        audit::record_failure(store, &entry).await?;
        return Err(begun.err().unwrap_or_else(|| Code::InvalidCredentials.into()));
    };
    attempt.succeeded(store).await?;
    let actor = format!("staff:{id}");
    transaction!(store, |connection| {
        let tokens = sessions::begin(store, &mut *connection, Owner::Staff(StaffId(id)), origin).await?;
        audit::record(store, &mut *connection, &Entry { actor: &actor, action: "staff.sign_in", subject: &actor, outcome: "ok", origin })
            .await?;
        Ok(tokens)
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
