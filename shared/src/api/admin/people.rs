//! Customers in the staff's hands: whom they find, what they see of them, and what they do for them.

use serde::{Deserialize, Serialize};

use super::{DownloadAttempt, Received};
use crate::{
    Coins, FileId, Instant, PurchaseId, SubscriptionId, TransferId,
    api::{Notification, Session, TransferKind, Wallet},
};

/// From so many addresses on that a purchase was downloaded from, the staff are warned. Two or three are a phone between its
/// network and a café's; five are likely several people.
pub const MANY_ADDRESSES: i64 = 5;

/// How many attempts the staff may give a purchase beside those that were bought.
pub const MAX_GRANTS: i64 = 10;

requests! {
    /// A mistaken recharge to put right.
    CorrectionRequest {
        /// Coins to take back: all of the recharge's, or fewer.
        amount: i64,
        /// Why, for the customer's ledger and the audit log; 1 to 200 characters.
        reason: String,
    }
    /// Another attempt for a purchase.
    GrantRequest {
        /// Why, for the audit log; 1 to 200 characters.
        reason: String,
    }
    /// A person's wish to be forgotten.
    EraseRequest {
        /// The customer's serial once more, so that nobody is erased by a slip.
        confirmation: String,
    }
}

responses! {
    /// A customer in a list.
    CustomerLine {
        /// The serial.
        serial: String,
        /// The name, once activated.
        name: Option<String>,
        /// The phone number, once activated.
        phone: Option<String>,
        /// How the account stands.
        state: CustomerState,
        /// Balance in coins.
        balance: Coins,
        /// When it was opened.
        created_at: Instant,
    }
    /// A page of customers, newest first.
    CustomerList {
        /// The customers.
        results: Vec<CustomerLine>,
        /// What `?cursor=` takes for the next page; null at the end.
        next_cursor: Option<i64>,
    }
    /// All about a customer that is not a list of its own.
    CustomerProfile {
        /// Serial, name, phone, state and balance.
        customer: CustomerLine,
        /// When it was activated.
        activated_at: Option<Instant>,
        /// When a temporary account expires.
        expires_at: Option<Instant>,
        /// When it was blocked.
        blocked_at: Option<Instant>,
        /// When it was closed and its person forgotten.
        closed_at: Option<Instant>,
        /// What has to wait after too many wrong secrets.
        locks: Vec<CustomerLock>,
        /// The sums of its ledger.
        wallet: Wallet,
        /// How many purchases it made.
        purchases: i64,
        /// Its subscriptions, newest first; a hundred at most.
        subscriptions: Vec<CustomerSubscription>,
        /// Where it is signed in.
        sessions: Vec<Session>,
    }
    /// A wait after too many wrong secrets.
    CustomerLock {
        /// What was given wrong.
        reason: LockReason,
        /// How often.
        failures: i64,
        /// Until when.
        until: Instant,
    }
    /// A customer's subscription, current or past.
    CustomerSubscription {
        /// Its id.
        id: SubscriptionId,
        /// The package's name.
        package: String,
        /// What was paid.
        price_coins: Coins,
        /// Files that it still covers.
        files_left: i64,
        /// When it began.
        created_at: Instant,
        /// When it ends, or ended.
        expires_at: Instant,
    }
    /// One line of a customer's ledger, as the staff see it.
    LedgerLine {
        /// The transfer.
        id: TransferId,
        /// What moved the coins.
        kind: TransferKind,
        /// Coins: positive came in, negative went out.
        amount: Coins,
        /// Balance afterwards.
        balance_after: Coins,
        /// The file's or package's title, or the staff's reason; may be empty.
        description: String,
        /// When.
        created_at: Instant,
        /// Who of the staff made it, for a direct recharge.
        staff: Option<String>,
        /// The correction that took it back.
        corrected_by: Option<TransferId>,
        /// The transfer that it corrects.
        corrects: Option<TransferId>,
        /// True when it can be corrected still.
        correctable: bool,
    }
    /// A page of the ledger, newest first.
    Ledger {
        /// The lines.
        results: Vec<LedgerLine>,
        /// What `?cursor=` takes for the next page; null at the end.
        next_cursor: Option<i64>,
    }
    /// A mistake that was put right.
    Corrected {
        /// Always true.
        success: bool,
        /// The customer's balance afterwards.
        new_balance: Coins,
    }
    /// A purchase, as the staff see it.
    CustomerPurchase {
        /// The purchase.
        purchase_id: PurchaseId,
        /// The file.
        file_id: FileId,
        /// Its title.
        file_title: String,
        /// What was paid.
        price_coins: Coins,
        /// True when a subscription covered it.
        subscription: bool,
        /// When.
        purchased_at: Instant,
        /// When it was paid back.
        refunded_at: Option<Instant>,
        /// How much of the file was received by the attempt that got furthest.
        received: Received,
        /// Attempts that it has, used or not.
        attempts_allowed: i64,
        /// Attempts used, a live link included.
        attempts_used: i64,
        /// Attempts of these that the staff gave.
        attempts_granted: i64,
        /// From how many addresses it was downloaded.
        addresses: i64,
        /// True when that is many ([`MANY_ADDRESSES`]).
        many_addresses: bool,
        /// What became of each attempt, the newest first.
        attempts: Vec<DownloadAttempt>,
    }
    /// A page of a customer's purchases, newest first.
    CustomerPurchases {
        /// The purchases.
        results: Vec<CustomerPurchase>,
        /// What `?cursor=` takes for the next page; null at the end.
        next_cursor: Option<i64>,
    }
    /// A purchase with whose it is and where it was downloaded.
    PurchaseDetails {
        /// Whose it is.
        customer: CustomerLine,
        /// The purchase.
        purchase: CustomerPurchase,
        /// The addresses it was downloaded from, the newest first; a hundred at most.
        addresses: Vec<Address>,
    }
    /// An address that a purchase was downloaded from.
    Address {
        /// The address.
        ip: String,
        /// How many events came from it.
        events: i64,
        /// When the first did.
        first_at: Instant,
        /// When the last did.
        last_at: Instant,
    }
    /// A PIN that was drawn. It is shown here and never again.
    NewPin {
        /// The customer's serial.
        serial: String,
        /// The PIN.
        pin: String,
    }
    /// All that is kept of a person.
    PersonalData {
        /// When it was read.
        read_at: Instant,
        /// The account.
        profile: CustomerProfile,
        /// Its ledger, newest first.
        ledger: Vec<LedgerLine>,
        /// Its purchases with their downloads, newest first.
        purchases: Vec<PersonalPurchase>,
        /// What it was told of, newest first.
        notifications: Vec<Notification>,
        /// What the audit log has of what the person did, and of what was done to the account, newest first.
        audit: Vec<PersonalAct>,
    }
    /// A purchase with all that its downloads left.
    PersonalPurchase {
        /// The purchase.
        purchase: CustomerPurchase,
        /// Every step of its downloads, newest first.
        events: Vec<super::DownloadEvent>,
    }
    /// A line of the audit log about a person, without who of the staff it was.
    PersonalAct {
        /// What was done.
        action: String,
        /// What came of it.
        outcome: String,
        /// The person's address; empty where it was not theirs.
        ip: String,
        /// The person's program; empty where it was not theirs.
        user_agent: String,
        /// When.
        created_at: Instant,
    }
}

words! {
    /// How an account stands.
    CustomerState {
        /// Not activated: it expires.
        Temporary = "temporary",
        /// Activated.
        Active = "active",
        /// Blocked by the staff.
        Blocked = "blocked",
        /// Closed, its person forgotten.
        Closed = "closed",
    }
    /// What was given wrong too often.
    LockReason {
        /// The PIN, with the serial.
        Pin = "pin",
        /// The PIN, with the phone number.
        Recovery = "recovery",
        /// Recharge codes.
        Codes = "codes",
        /// Phone numbers of other accounts, at activation.
        Activation = "activation",
    }
}
