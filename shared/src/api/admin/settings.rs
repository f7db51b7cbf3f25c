//! How the shop works, as its owner chooses.

use serde::{Deserialize, Serialize};

use crate::Coins;

requests! {
    /// Settings to change; what is left out stays.
    SettingsRequest {
        /// The shop's name, up to 60 characters; empty for the store's own in each language.
        #[serde(default)] shop_name: Option<String>,
        /// How to reach the shop, up to 500 characters.
        #[serde(default)] contact: Option<String>,
        /// Where recharge codes are sold, up to 1000 characters.
        #[serde(default)] recharge_points: Option<String>,
        /// Code of the shop's country, 1 to 4 digits: a phone number with a 0 in front is the same as with this code; empty for none.
        #[serde(default)] country_code: Option<String>,
        /// Coins granted at activation, 0 to 1,000,000.
        #[serde(default)] bonus_coins: Option<Coins>,
        /// Attempts of a purchase, 1 to 20.
        #[serde(default)] attempts: Option<i64>,
        /// Minutes in which a link can be claimed, 5 to 1440.
        #[serde(default)] link_minutes: Option<i64>,
        /// Days that a temporary account lives, 1 to 90.
        #[serde(default)] temporary_days: Option<i64>,
        /// Days that a customer's session lives after it was last used, 1 to 365.
        #[serde(default)] session_days: Option<i64>,
        /// Hours that a staff member's session lives after it was last used, 1 to 720.
        #[serde(default)] staff_session_hours: Option<i64>,
        /// Largest file that can be uploaded, in megabytes (1,000,000 bytes), 1 to 100,000.
        #[serde(default)] upload_megabytes: Option<i64>,
        /// Minutes by which the shop's clock is ahead of UTC: -720 to 840, in quarters of an hour.
        #[serde(default)] utc_offset_minutes: Option<i64>,
    }
}

responses! {
    /// How the shop works.
    ShopSettings {
        /// The shop's name; empty for the store's own.
        shop_name: String,
        /// How to reach the shop.
        contact: String,
        /// Where recharge codes are sold.
        recharge_points: String,
        /// Code of the shop's country, under which a phone number with a 0 in front is read; empty for none.
        country_code: String,
        /// Coins granted at activation, once a phone number.
        bonus_coins: Coins,
        /// Attempts of a purchase, and fresh ones of a new version.
        attempts: i64,
        /// Minutes in which a link can be claimed.
        link_minutes: i64,
        /// Days that a temporary account lives.
        temporary_days: i64,
        /// Days that a customer's session lives after it was last used.
        session_days: i64,
        /// Hours that a staff member's session lives after it was last used.
        staff_session_hours: i64,
        /// Largest file that can be uploaded, in megabytes (1,000,000 bytes).
        upload_megabytes: i64,
        /// Minutes by which the shop's clock is ahead of UTC.
        utc_offset_minutes: i64,
        /// Address of the logo, if there is one.
        logo_url: Option<String>,
    }
}
