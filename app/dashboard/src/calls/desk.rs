//! Coming to the desk, and what it warns of.

use app::Failure;
use leptos::prelude::*;
use shared::api::admin::{Alert, AlertKind};

use crate::desk::Colleague;

#[cfg(feature = "ssr")]
use {
    super::{origin, staff, store},
    app::{
        flash, format,
        session::{self, Side},
    },
    store::{Caller, alerts, sessions, staff as members},
};

/// Signs a member of the staff in; without JavaScript leads on to `next`.
#[server(prefix = "/admin/do", endpoint = "sign-in")]
pub async fn sign_in(username: String, password: String, totp: String, next: Option<String>) -> Result<Colleague, Failure> {
    let result = async {
        let (store, origin) = (store()?, origin()?);
        let digits = Some(totp.as_str()).filter(|digits| !digits.trim().is_empty());
        let tokens = members::sign_in(&store, &username, &password, digits, &origin).await?;
        for cookie in Side::Desk.sign_in_cookies(&tokens, session::secure()) {
            flash::set_cookie(&cookie);
        }
        match sessions::authenticate(&store, &tokens.access_token, &origin).await? {
            Caller::Staff(staff) => Ok(Colleague { username: staff.username, role: staff.role }),
            Caller::Customer(_) => Err(shared::Code::Forbidden.into()),
        }
    }
    .await;
    let next = next.unwrap_or_default();
    let here = format!("/admin/login?next={}", format::escape(&next));
    let back = if result.is_ok() { format::local_path(&next).unwrap_or("/admin") } else { &here };
    flash::answer("sign-in", back, &[("username", &username)], result)
}

/// What the store warns of.
#[server(prefix = "/admin/do", endpoint = "alerts")]
pub async fn get_alerts() -> Result<Vec<Alert>, Failure> {
    Ok(alerts::standing(&store()?, &staff()?).await?)
}

/// Ends an alert that was read.
#[server(prefix = "/admin/do", endpoint = "dismiss-alert")]
pub async fn dismiss_alert(kind: AlertKind) -> Result<(), Failure> {
    let result = async { Ok(alerts::dismiss(&store()?, &staff()?, kind, &origin()?).await?) };
    flash::answer("alert", "/admin", &[], result.await)
}
