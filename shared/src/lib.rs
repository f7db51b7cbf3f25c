//! What the server, the browser and the Worker say to one another: types with one validation each,
//! Arabic text folding, the API's requests and responses, and the link protocol.
//!
//! Nothing here reads a clock, draws a random number or does I/O: callers hand those in.

mod account;
pub mod api;
mod charge_code;
mod day;
mod ids;
mod instant;
pub mod link;
mod locale;
mod notice;
mod problem;
pub mod text;

pub use account::{CountryCode, Name, Phone, Pin, Serial};
pub use charge_code::ChargeCode;
pub use day::Day;
pub use ids::{
    AccountId, BatchId, CategoryId, FileId, NotificationId, PackageId, PurchaseId, SessionId, StaffId, SubscriptionId, TransferId,
    VersionId,
};
pub use instant::Instant;
pub use locale::Locale;
pub use notice::{Notice, SubscriptionStage};
pub use problem::{Code, FieldCode, FieldError, Fields, Problem};

/// A whole number of coins. Prices and amounts are positive; in the ledger a customer's spending is shown negative.
pub type Coins = i64;

/// The largest amount of coins that one operation may move, so that no sum can overflow.
pub const MAX_COINS: Coins = 1_000_000_000;

/// Milliseconds in a second, a minute, an hour and a day, for lives and expiries.
pub mod ms {
    /// One second in milliseconds.
    pub const SECOND: i64 = 1_000;
    /// One minute in milliseconds.
    pub const MINUTE: i64 = 60 * SECOND;
    /// One hour in milliseconds.
    pub const HOUR: i64 = 60 * MINUTE;
    /// One day in milliseconds.
    pub const DAY: i64 = 24 * HOUR;
}
