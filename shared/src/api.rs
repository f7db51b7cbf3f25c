//! Requests and responses of the REST API v1 (design, section 7), shared with the web app's server functions.
//! Requests hold text as it came: the rules are the newtypes', applied once, in `store`'s callers through [`crate::Fields`].

use serde::{Deserialize, Serialize};

use crate::{
    BatchId, CategoryId, Code, Coins, FileId, Instant, Notice, NotificationId, PackageId, PurchaseId, SessionId, SubscriptionId, TransferId,
};

macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    )*};
}

macro_rules! responses {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    )*};
}

// `$text` is a `tt`: a `literal` would come wrapped, and utoipa's reading of `serde`'s attributes would pass over it.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:tt,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As the database and the API spell it.
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $text),* } }
        }

        impl std::str::FromStr for $name {
            type Err = crate::FieldCode;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Self::$variant),)* _ => Err(crate::FieldCode::Format) }
            }
        }
    )*};
}

// After the macros, which it uses.
pub mod admin;

requests! {
    /// Sign-in, or with both left out a new temporary account.
    TokenRequest {
        /// The account's serial.
        #[serde(default)] serial: Option<String>,
        /// Its PIN.
        #[serde(default)] pin: Option<String>,
    }
    /// A staff member's sign-in.
    StaffTokenRequest {
        /// User name.
        username: String,
        /// Password.
        password: String,
        /// Six digits of the authenticator, where one is set up.
        #[serde(default)] totp: Option<String>,
    }
    /// Renewal of the access token.
    RefreshRequest {
        /// The refresh token of the last answer.
        refresh_token: String,
    }
    /// Activation of a temporary account.
    ActivateRequest {
        /// The person's name.
        name: String,
        /// The person's phone number.
        phone: String,
    }
    /// Recovery of a forgotten serial.
    RecoverRequest {
        /// The phone number of the activation.
        phone: String,
        /// The account's PIN.
        pin: String,
    }
    /// Change of the PIN.
    PinRequest {
        /// The current PIN.
        old_pin: String,
        /// The new one.
        new_pin: String,
    }
    /// Redemption of a recharge code.
    RechargeRequest {
        /// The code as typed.
        charge_code: String,
    }
    /// The staff's recharge of a customer.
    DirectRechargeRequest {
        /// The customer's serial.
        customer_serial: String,
        /// Coins to add.
        coin_amount: i64,
    }
    /// Purchase of a file.
    SubscribeRequest {
        /// The package.
        package_id: i64,
    }
    /// Purchase of a file.
    PurchaseRequest {
        /// The file.
        file_id: i64,
    }
    /// Marks one notification, or all, as read.
    MarkReadRequest {
        /// The notification.
        #[serde(default)] notification_id: Option<i64>,
        /// All of them.
        #[serde(default)] all: bool,
    }
}

responses! {
    /// A pair of tokens.
    Tokens {
        /// JWT for `Authorization: Bearer`.
        access_token: String,
        /// Opaque; rotated at each use.
        refresh_token: String,
        /// Always `Bearer`.
        token_type: String,
        /// Life of the access token in seconds.
        expires_in: i64,
    }
    /// A new temporary account. The PIN is shown here and never again.
    NewAccount {
        /// The serial.
        serial: String,
        /// The PIN.
        pin: String,
        /// When the account expires unless it is activated.
        expires_at: Instant,
        /// Its first tokens.
        #[serde(flatten)] tokens: Tokens,
    }
    /// An activated account.
    Activated {
        /// Always true.
        success: bool,
        /// Balance in coins.
        balance: Coins,
        /// Coins granted; 0 when the phone had its bonus before.
        bonus: Coins,
    }
    /// A recovered account.
    Recovered {
        /// The serial.
        serial: String,
        /// Tokens of a new session.
        #[serde(flatten)] tokens: Tokens,
    }
    /// A customer's profile.
    Account {
        /// The serial.
        serial: String,
        /// The name, once activated.
        name: Option<String>,
        /// The phone number, once activated.
        phone: Option<String>,
        /// True once activated.
        is_activated: bool,
        /// Balance in coins.
        balance: Coins,
        /// Unread notifications.
        unread_notifications: i64,
        /// When it was opened.
        created_at: Instant,
        /// When a temporary account expires.
        expires_at: Option<Instant>,
    }
    /// A signed-in session.
    Session {
        /// Its id, to end it.
        id: SessionId,
        /// True for the session that asks.
        current: bool,
        /// The address it was last seen from.
        ip: String,
        /// The browser or program.
        user_agent: String,
        /// When it began.
        created_at: Instant,
        /// When it was last seen.
        last_seen_at: Instant,
    }
    /// A customer's wallet, in coins.
    Wallet {
        /// What can be spent.
        balance: Coins,
        /// All that ever came in, without paid-back purchases.
        total_deposited: Coins,
        /// All that was spent, less what was paid back.
        total_spent: Coins,
    }
    /// One line of a customer's ledger.
    Transaction {
        /// The transfer.
        id: TransferId,
        /// What moved the coins.
        kind: TransferKind,
        /// Coins: positive came in, negative went out.
        amount: Coins,
        /// Balance afterwards.
        balance_after: Coins,
        /// The file's or package's title, the batch's label, or the staff's reason; may be empty.
        description: String,
        /// When.
        created_at: Instant,
    }
    /// A page of the ledger, newest first.
    Transactions {
        /// The lines.
        results: Vec<Transaction>,
        /// What `?cursor=` takes for the next page; null at the end.
        next_cursor: Option<i64>,
    }
    /// A redeemed code.
    Recharged {
        /// Always true.
        success: bool,
        /// Balance afterwards.
        new_balance: Coins,
        /// The code's value.
        recharged_amount: Coins,
    }
    /// A direct recharge.
    DirectRecharged {
        /// Always true.
        success: bool,
        /// The customer's balance afterwards.
        new_balance: Coins,
    }
    /// A category of the catalog.
    Category {
        /// Its id.
        id: CategoryId,
        /// Its name.
        name: String,
        /// How many published files it has.
        files_count: i64,
    }
    /// A file of the catalog.
    File {
        /// Its id.
        id: FileId,
        /// Its title.
        title: String,
        /// What it is.
        description: String,
        /// Its category.
        category_id: CategoryId,
        /// Its category's name.
        category_name: String,
        /// Price in coins.
        price_coins: Coins,
        /// What kind of file it is.
        kind: FileKind,
        /// The content's name as it will be saved.
        file_name: String,
        /// The content's size in bytes.
        size_bytes: i64,
        /// Number of the current version, from 1.
        version: i64,
        /// What changed in it.
        version_note: String,
        /// Address of its cover; null when the store draws one.
        cover_url: Option<String>,
        /// Address of its free preview.
        preview_url: Option<String>,
        /// How many customers bought it.
        sales_count: i64,
        /// The caller's purchase of it.
        purchase_id: Option<PurchaseId>,
        /// When it was published.
        created_at: Instant,
        /// When its content last changed.
        updated_at: Instant,
    }
    /// A file in a list of the web app: what its card shows, and no more, because a page carries it twice.
    Listed {
        /// Its id.
        id: FileId,
        /// Its title.
        title: String,
        /// What kind of file it is.
        kind: FileKind,
        /// Its category's name.
        category_name: String,
        /// Address of its cover; null when the store draws one.
        cover_url: Option<String>,
        /// Price in coins.
        price_coins: Coins,
        /// The viewer's purchase of it.
        purchase_id: Option<PurchaseId>,
    }
    /// A purchase that was made.
    Purchased {
        /// Always true.
        success: bool,
        /// The purchase.
        purchase_id: PurchaseId,
        /// Balance afterwards.
        new_balance: Coins,
        /// What to do next, in the caller's language.
        instructions: String,
    }
    /// One of the caller's purchases.
    MyPurchase {
        /// The purchase.
        purchase_id: PurchaseId,
        /// The file.
        file_id: FileId,
        /// Its title.
        file_title: String,
        /// Its category's name.
        category_name: String,
        /// What kind of file it is.
        kind: FileKind,
        /// Address of its cover; null when the store draws one.
        cover_url: Option<String>,
        /// Size of its current content in bytes.
        size_bytes: i64,
        /// Number of its current version, from 1.
        version: i64,
        /// What was paid.
        price_coins: Coins,
        /// When.
        purchased_at: Instant,
        /// Attempts used, a live link included.
        downloads_count: i64,
        /// Attempts left.
        downloads_left: i64,
        /// True when Download can be pressed.
        can_download: bool,
        /// Why not, when it can't.
        reason: Option<Code>,
        /// Until when the unclaimed link lives, if there is one.
        link_expires_at: Option<Instant>,
        /// What became of each attempt, the first one first.
        attempts: Vec<Attempt>,
    }
    /// One attempt of a purchase.
    Attempt {
        /// Number of the link, from 1.
        number: i64,
        /// What became of it.
        state: AttemptState,
        /// When Download was pressed.
        created_at: Instant,
        /// Until when the link can be claimed, or used once it is claimed.
        expires_at: Instant,
        /// Bytes that were sent.
        bytes_sent: i64,
    }
    /// A minted link.
    Download {
        /// Always true.
        success: bool,
        /// The link: POST it, or open it and press its button.
        download_url: String,
        /// Seconds in which it can be claimed.
        expires_in: i64,
        /// Until when it can be claimed.
        expires_at: Instant,
        /// Attempts used, this one included.
        downloads_used: i64,
        /// Attempts left.
        downloads_left: i64,
        /// What to know, in the caller's language.
        note: String,
    }
    /// A subscription package.
    Package {
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
        /// Names of the categories it covers; empty for all.
        categories: Vec<String>,
        /// The caller's current subscription to it.
        subscription: Option<Subscription>,
    }
    /// A customer's subscription.
    Subscription {
        /// Its id.
        id: SubscriptionId,
        /// Until when it covers files.
        expires_at: Instant,
        /// How many files it still covers.
        files_left: i64,
    }
    /// A subscription that was bought.
    Subscribed {
        /// Always true.
        success: bool,
        /// Balance afterwards.
        new_balance: Coins,
        /// The subscription.
        subscription: Subscription,
    }
    /// A notification.
    Notification {
        /// Its id.
        id: NotificationId,
        /// Its event.
        #[serde(flatten)] notice: Notice,
        /// True once read.
        is_read: bool,
        /// When.
        created_at: Instant,
    }
    /// A batch of codes that was made, with the plain codes: they are never to be had again.
    CodeBatch {
        /// The batch.
        batch_id: BatchId,
        /// Coins of each code.
        value: Coins,
        /// When they expire.
        expires_at: Option<Instant>,
        /// The codes, grouped as they are printed.
        codes: Vec<String>,
    }
}

/// A page of a list that is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The page's items.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: i64,
    /// The page's number, from 1.
    pub page: i64,
    /// How many items a page has.
    pub per_page: i64,
}

impl<T> Page<T> {
    /// How many pages there are, at least one.
    pub fn pages(&self) -> i64 {
        ((self.total + self.per_page - 1) / self.per_page).max(1)
    }

    /// The page with another form of its items.
    pub fn map<U>(self, form: impl FnMut(T) -> U) -> Page<U> {
        let Self { items, total, page, per_page } = self;
        Page { items: items.into_iter().map(form).collect(), total, page, per_page }
    }
}

words! {
    /// What moved coins.
    TransferKind {
        /// The bonus of the activation.
        Bonus = "activation_bonus",
        /// A redeemed code.
        Code = "recharge_code",
        /// A recharge by the staff.
        Direct = "direct_recharge",
        /// A purchase.
        Purchase = "purchase",
        /// A subscription.
        Subscription = "subscription",
        /// A purchase paid back.
        Refund = "refund",
        /// A mistake put right by the staff.
        Correction = "correction",
    }
    /// What kind of file it is.
    FileKind {
        /// A PDF.
        Pdf = "pdf",
        /// Source code.
        Code = "code",
        /// A tutorial.
        Tutorial = "tutorial",
        /// Design files.
        Design = "design",
        /// Anything else.
        Other = "other",
    }
    /// What became of an attempt.
    AttemptState {
        /// The link waits to be claimed.
        Issued = "issued",
        /// The download began.
        Claimed = "claimed",
        /// Every byte was sent.
        Complete = "complete",
        /// Claimed, and its time is over before every byte was sent.
        Closed = "closed",
        /// Never claimed: the attempt was given back.
        Expired = "expired",
        /// Revoked by a refund or a block.
        Revoked = "revoked",
    }
    /// The order of a list of files.
    FileSort {
        /// Newest first.
        Newest = "newest",
        /// Cheapest first.
        Price = "price",
        /// Dearest first.
        PriceDown = "-price",
        /// Most bought first.
        Popular = "popular",
    }
    /// What a member of the staff is: [`admin::Permission`] says what each may do.
    Role {
        /// Everything.
        Owner = "owner",
        /// The shop, without staff and settings.
        Manager = "manager",
        /// Customers and downloads.
        Support = "support",
    }
}
