//! Subscription packages in the staff's hands.

use serde::{Deserialize, Serialize};

use crate::{CategoryId, Coins, Instant, PackageId};

requests! {
    /// A package to offer, or what one is to be from now on. Subscriptions that run keep what was bought.
    PackageRequest {
        /// 1 to 100 characters.
        name: String,
        /// Up to 1000 characters.
        #[serde(default)] description: String,
        /// Price in coins.
        price_coins: Coins,
        /// For how many days, 1 to 3660.
        days: i64,
        /// How many files it covers.
        files: i64,
        /// The categories it covers; none for all.
        #[serde(default)] categories: Vec<i64>,
    }
}

responses! {
    /// A package, offered or withdrawn.
    OfferedPackage {
        /// Its id.
        id: PackageId,
        /// Its name.
        name: String,
        /// What it offers.
        description: String,
        /// Price in coins.
        price_coins: Coins,
        /// For how many days.
        days: i64,
        /// How many files it covers.
        files: i64,
        /// The categories it covers; none for all.
        categories: Vec<CategoryId>,
        /// True while customers can buy it.
        published: bool,
        /// Subscriptions that run now.
        running: i64,
        /// Subscriptions that were ever bought.
        sold: i64,
        /// Coins that were paid for them.
        earned: Coins,
        /// When it was added.
        created_at: Instant,
    }
    /// A package that was added.
    PackageAdded {
        /// Its id.
        id: PackageId,
    }
}
