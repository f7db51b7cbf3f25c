//! Notifications.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{NotificationId, api::Notification};

use crate::problem::Failure;

#[cfg(feature = "ssr")]
use {
    super::{customer, store},
    crate::flash,
    store::notifications,
};

/// How many notifications a page shows.
#[cfg(feature = "ssr")]
const SHOWN: u8 = 50;

/// A page of notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// They, newest first.
    pub notifications: Vec<Notification>,
    /// Where the next page begins, if there is one.
    pub next: Option<i64>,
}

/// The newest notifications, or those before `cursor`.
#[server(prefix = "/do", endpoint = "notifications")]
pub async fn get_notifications(cursor: Option<i64>) -> Result<Told, Failure> {
    let mut told = notifications::older(&store()?, &customer()?, cursor.map(NotificationId), i64::from(SHOWN) + 1).await?;
    let more = told.len() > usize::from(SHOWN);
    told.truncate(usize::from(SHOWN));
    let next = told.last().filter(|_| more).map(|last| last.id.0);
    Ok(Told { notifications: told, next })
}

/// Marks one notification, or all when none is named, as read.
#[server(prefix = "/do", endpoint = "mark-read")]
pub async fn mark_read(notification: Option<NotificationId>) -> Result<(), Failure> {
    let result = async { Ok(notifications::mark_read(&store()?, &customer()?, notification).await?) };
    flash::answer("mark-read", &flash::back_to("/notifications"), &[], result.await)
}
