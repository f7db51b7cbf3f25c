//! Accounts: opening, activation, sign-in, recovery, PIN, sessions.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Coins, Instant, SessionId,
    api::{Account, Session},
};

use super::Viewer;
use crate::problem::Failure;

#[cfg(feature = "ssr")]
use {
    super::{customer, origin, store, visitor},
    crate::{
        flash, format,
        session::{self, Side},
    },
    store::{Caller, accounts, sessions},
};

/// A new account's ticket. The PIN is in nobody's hands but its owner's: the server keeps its hash alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The serial.
    pub serial: String,
    /// The PIN.
    pub pin: String,
    /// When the account expires unless it is activated.
    pub expires_at: Instant,
}

/// What an activation brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Coins granted; 0 when the phone had its bonus before.
    pub bonus: Coins,
    /// Balance in coins.
    pub balance: Coins,
}

/// The profile page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The account.
    pub account: Account,
    /// Its sessions.
    pub sessions: Vec<Session>,
}

/// The ticket stays in its owner's browser until it is kept, but no longer than this.
#[cfg(feature = "ssr")]
const TICKET_SECONDS: i64 = 30 * 60;

#[cfg(feature = "ssr")]
fn ticket_cookie() -> &'static str {
    if session::secure() { "__Host-ticket" } else { "ticket" }
}

#[cfg(feature = "ssr")]
fn sign_in_browser(tokens: &shared::api::Tokens) {
    for cookie in Side::Shop.sign_in_cookies(tokens, session::secure()) {
        flash::set_cookie(&cookie);
    }
}

/// The signed-in customer as of now.
#[server(prefix = "/do", endpoint = "viewer")]
pub async fn get_viewer() -> Result<Option<Viewer>, Failure> {
    Ok(visitor().map(Viewer::from))
}

/// The ticket that waits to be kept, if there is one.
#[cfg(feature = "ssr")]
pub(crate) fn waiting_ticket() -> Option<Ticket> {
    let parts = use_context::<axum::http::request::Parts>()?;
    let text = session::cookie(&parts.headers, ticket_cookie())?;
    serde_json::from_str(&format::unescape(&text)?).ok()
}

/// Opens a temporary account and signs the browser in.
#[server(prefix = "/do", endpoint = "open-account")]
pub async fn open_account() -> Result<Ticket, Failure> {
    let opened = async {
        let account = accounts::open(&store()?, &origin()?).await?;
        sign_in_browser(&account.tokens);
        let ticket = Ticket { serial: account.serial, pin: account.pin, expires_at: account.expires_at };
        let text = format::escape(&serde_json::to_string(&ticket).unwrap_or_default());
        flash::set_cookie(&session::private(ticket_cookie(), &text, TICKET_SECONDS, session::secure()));
        Ok(ticket)
    };
    match opened.await {
        Ok(ticket) => {
            // The ticket has its own cookie: a flash would write the PIN a second time.
            _ = flash::answer("opened", "/start", &[], Ok(()));
            Ok(ticket)
        }
        Err(failure) => flash::answer("start", "/start", &[], Err(failure)),
    }
}

/// The ticket is kept: forget it.
#[server(prefix = "/do", endpoint = "keep-ticket")]
pub async fn keep_ticket(kept: Option<String>) -> Result<(), Failure> {
    _ = kept;
    flash::set_cookie(&session::private(ticket_cookie(), "", 0, session::secure()));
    flash::answer("ticket", "/activate", &[], Ok(()))
}

/// Makes the account permanent and grants the bonus.
#[server(prefix = "/do", endpoint = "activate")]
pub async fn activate(name: String, phone: String) -> Result<Welcome, Failure> {
    let result = async {
        let activated = accounts::activate(&store()?, &customer()?, &name, &phone, &origin()?).await?;
        Ok(Welcome { bonus: activated.bonus, balance: activated.balance })
    };
    flash::answer("activate", "/activate", &[("name", &name), ("phone", &phone)], result.await)
}

/// Signs in with serial and PIN; without JavaScript leads on to `next`.
#[server(prefix = "/do", endpoint = "sign-in")]
pub async fn sign_in(serial: String, pin: String, next: Option<String>) -> Result<Viewer, Failure> {
    let result = async {
        let (store, origin) = (store()?, origin()?);
        let tokens = accounts::sign_in(&store, &serial, &pin, &origin).await?;
        sign_in_browser(&tokens);
        match sessions::authenticate(&store, &tokens.access_token, &origin).await? {
            Caller::Customer(customer) => Ok(Viewer::from(customer)),
            Caller::Staff(_) => Err(shared::Code::Forbidden.into()),
        }
    }
    .await;
    let next = next.unwrap_or_default();
    let here = format!("/sign-in?next={}", format::escape(&next));
    let back = if result.is_ok() { format::local_path(&next).unwrap_or("/") } else { &here };
    flash::answer("sign-in", back, &[("serial", &serial)], result)
}

/// Gives the serial back for phone and PIN, and signs in.
#[server(prefix = "/do", endpoint = "recover")]
pub async fn recover(phone: String, pin: String) -> Result<String, Failure> {
    let result = async {
        let recovered = accounts::recover(&store()?, &phone, &pin, &origin()?).await?;
        sign_in_browser(&recovered.tokens);
        Ok(recovered.serial)
    };
    flash::answer("recover", "/recover", &[("phone", &phone)], result.await)
}

/// Changes the PIN.
#[server(prefix = "/do", endpoint = "change-pin")]
pub async fn change_pin(old_pin: String, new_pin: String) -> Result<(), Failure> {
    let result = async { Ok(accounts::change_pin(&store()?, &customer()?, &old_pin, &new_pin, &origin()?).await?) };
    flash::answer("pin", "/profile", &[], result.await)
}

/// The account and its sessions.
#[server(prefix = "/do", endpoint = "profile")]
pub async fn get_profile() -> Result<Profile, Failure> {
    let (store, customer) = (store()?, customer()?);
    Ok(Profile { account: accounts::profile(&store, &customer).await?, sessions: sessions::list(&store, &customer).await? })
}

/// Ends another of the account's sessions.
#[server(prefix = "/do", endpoint = "end-session")]
pub async fn end_session(session: SessionId) -> Result<(), Failure> {
    let result = async { Ok(sessions::end_other(&store()?, &customer()?, session, &origin()?).await?) };
    flash::answer("session", "/profile", &[], result.await)
}
