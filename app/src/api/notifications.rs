//! Notifications.

use leptos::prelude::*;
use shared::{NotificationId, api::Notification};

use crate::problem::Failure;

#[cfg(feature = "ssr")]
use {
    super::{customer, store},
    crate::flash,
    store::notifications,
};

/// How many notifications the page shows.
#[cfg(feature = "ssr")]
const SHOWN: i64 = 100;

/// The newest notifications.
#[server(prefix = "/do", endpoint = "notifications")]
pub async fn get_notifications() -> Result<Vec<Notification>, Failure> {
    Ok(notifications::list(&store()?, &customer()?, SHOWN).await?)
}

/// Marks one notification, or all when none is named, as read.
#[server(prefix = "/do", endpoint = "mark-read")]
pub async fn mark_read(notification: Option<NotificationId>) -> Result<(), Failure> {
    let result = async { Ok(notifications::mark_read(&store()?, &customer()?, notification).await?) };
    flash::answer("mark-read", "/notifications", &[], result.await)
}
