//! The shop's own people, and one's own account.

use app::Failure;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    SessionId, StaffId,
    api::admin::{Member, StaffAccount},
};

#[cfg(feature = "ssr")]
use {
    super::{origin, staff, store},
    app::flash,
    store::{sessions, staff as members},
};

/// The account's page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPage {
    /// The account.
    pub account: StaffAccount,
    /// The QR code of an authenticator that was begun: modules a side, and the path that fills the dark ones.
    pub qr: Option<(usize, String)>,
}

/// All members.
#[server(prefix = "/admin/do", endpoint = "members")]
pub async fn get_members() -> Result<Vec<Member>, Failure> {
    Ok(members::members(&store()?, &staff()?).await?)
}

/// Adds a member.
#[server(prefix = "/admin/do", endpoint = "hire")]
pub async fn hire(username: String, new_password: String, role: String) -> Result<String, Failure> {
    let result = async {
        members::hire(&store()?, &staff()?, &username, &new_password, &role, &origin()?).await?;
        Ok(username.clone())
    };
    flash::answer("hire", "/admin/staff", &[("username", &username), ("role", &role)], result.await)
}

/// Gives a member another role.
#[server(prefix = "/admin/do", endpoint = "set-role")]
pub async fn set_role(id: StaffId, role: String) -> Result<(), Failure> {
    let result = async { Ok(members::set_role(&store()?, &staff()?, id, &role, &origin()?).await?) };
    flash::answer("member", "/admin/staff", &[], result.await)
}

/// Takes a member's access, or gives it back.
#[server(prefix = "/admin/do", endpoint = "set-access")]
pub async fn set_access(id: StaffId, access: bool) -> Result<(), Failure> {
    let result = async { Ok(members::set_access(&store()?, &staff()?, id, access, &origin()?).await?) };
    flash::answer("member", "/admin/staff", &[], result.await)
}

/// Gives a member who forgot it a new password.
#[server(prefix = "/admin/do", endpoint = "reset-password")]
pub async fn reset_password(id: StaffId, new_password: String) -> Result<(), Failure> {
    let result = async { Ok(members::reset_password(&store()?, &staff()?, id, &new_password, &origin()?).await?) };
    flash::answer("member", "/admin/staff", &[], result.await)
}

/// Lets a member sign in whom the throttle keeps out.
#[server(prefix = "/admin/do", endpoint = "unlock-member")]
pub async fn unlock_member(id: StaffId) -> Result<(), Failure> {
    let result = async { Ok(members::unlock(&store()?, &staff()?, id, &origin()?).await?) };
    flash::answer("member", "/admin/staff", &[], result.await)
}

/// Takes the authenticator from a member who lost it.
#[server(prefix = "/admin/do", endpoint = "reset-totp")]
pub async fn reset_totp(id: StaffId) -> Result<(), Failure> {
    let result = async { Ok(members::reset_totp(&store()?, &staff()?, id, &origin()?).await?) };
    flash::answer("member", "/admin/staff", &[], result.await)
}

/// The own account.
#[server(prefix = "/admin/do", endpoint = "account")]
pub async fn get_account() -> Result<AccountPage, Failure> {
    let account = members::account(&store()?, &staff()?).await?;
    let qr = account.pending_totp.as_ref().and_then(|setup| crate::qr::path(&setup.url));
    Ok(AccountPage { account, qr })
}

/// Changes the own password.
#[server(prefix = "/admin/do", endpoint = "change-password")]
pub async fn change_password(old_password: String, new_password: String) -> Result<(), Failure> {
    let result = async { Ok(members::change_password(&store()?, &staff()?, &old_password, &new_password, &origin()?).await?) };
    flash::answer("password", "/admin/account", &[], result.await)
}

/// Begins to set an authenticator up.
#[server(prefix = "/admin/do", endpoint = "begin-totp")]
pub async fn begin_totp() -> Result<(), Failure> {
    let result = async {
        members::begin_totp(&store()?, &staff()?).await?;
        Ok(())
    };
    flash::answer("begin-totp", "/admin/account", &[], result.await)
}

/// Proves the authenticator.
#[server(prefix = "/admin/do", endpoint = "confirm-totp")]
pub async fn confirm_totp(totp: String) -> Result<(), Failure> {
    let result = async { Ok(members::confirm_totp(&store()?, &staff()?, &totp, &origin()?).await?) };
    flash::answer("totp", "/admin/account", &[], result.await)
}

/// Gives the own authenticator up.
#[server(prefix = "/admin/do", endpoint = "end-totp")]
pub async fn end_totp(password: String) -> Result<(), Failure> {
    let result = async { Ok(members::end_totp(&store()?, &staff()?, &password, &origin()?).await?) };
    flash::answer("end-totp", "/admin/account", &[], result.await)
}

/// Ends one of the own sessions.
#[server(prefix = "/admin/do", endpoint = "end-session")]
pub async fn end_session(session: SessionId) -> Result<(), Failure> {
    let result = async { Ok(sessions::end_of_staff(&store()?, &staff()?, session, &origin()?).await?) };
    flash::answer("session", "/admin/account", &[], result.await)
}
