//! What a customer is told of. The database keeps the event, the locales its words, so that a
//! notification is read in the language of the moment.

use serde::{Deserialize, Serialize};

use crate::{Coins, FileId, Instant, PurchaseId};

/// A notification's event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// The account was activated; `bonus` coins were granted (0 when the phone had its bonus before).
    Activated {
        /// Coins granted.
        bonus: Coins,
    },
    /// Coins came in by a code or from the staff.
    Recharged {
        /// Coins that came in.
        amount: Coins,
        /// Balance afterwards.
        balance: Coins,
    },
    /// The staff took mistaken coins back.
    Corrected {
        /// Coins taken back.
        amount: Coins,
        /// Balance afterwards.
        balance: Coins,
        /// Why, in the staff's words.
        reason: String,
    },
    /// A file was bought.
    Purchased {
        /// The purchase.
        purchase_id: PurchaseId,
        /// The file.
        file_id: FileId,
        /// Its title.
        title: String,
        /// What it cost.
        price: Coins,
    },
    /// A download was completed.
    Downloaded {
        /// The purchase.
        purchase_id: PurchaseId,
        /// The file's title.
        title: String,
        /// Attempts that are left.
        left: i64,
    },
    /// A bought file has a new version, with fresh attempts.
    NewVersion {
        /// The purchase.
        purchase_id: PurchaseId,
        /// The file's title.
        title: String,
        /// What changed.
        note: String,
    },
    /// A purchase was paid back.
    Refunded {
        /// The file's title.
        title: String,
        /// Coins paid back.
        amount: Coins,
    },
    /// The staff gave another attempt.
    AttemptGranted {
        /// The purchase.
        purchase_id: PurchaseId,
        /// The file's title.
        title: String,
    },
    /// Somebody gave wrong PINs for this account until it was locked.
    SignInLocked {
        /// Until when.
        until: Instant,
    },
    /// The PIN was changed.
    PinChanged,
    /// A package was bought.
    Subscribed {
        /// The package's name.
        package: String,
        /// Until when it covers files.
        until: Instant,
    },
    /// Something becomes of a subscription. One event for all of it keeps the browser's program small.
    Subscription {
        /// What.
        stage: SubscriptionStage,
        /// The package's name.
        package: String,
        /// When it ends, or ended.
        until: Instant,
        /// Files that it still covers.
        left: i64,
    },
}

/// What becomes of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStage {
    /// It ends soon, and still covers files.
    Ending,
    /// It covers no more files.
    UsedUp,
    /// It is over.
    Over,
}
