//! Identifiers: the primary keys of the store's tables, one type each, so that they can't be mixed up.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }
    )*};
}

ids! {
    /// An account of the ledger: a customer's, or one of the house's own.
    AccountId
    /// A batch of recharge codes.
    BatchId
    /// A category of the catalog.
    CategoryId
    /// A file of the catalog.
    FileId
    /// A customer's notification.
    NotificationId
    /// A subscription package.
    PackageId
    /// A customer's purchase of a file.
    PurchaseId
    /// A signed-in session: one family of refresh tokens.
    SessionId
    /// A member of the staff.
    StaffId
    /// A customer's subscription to a package.
    SubscriptionId
    /// A transfer of the ledger.
    TransferId
    /// One version of a file's content.
    VersionId
}
