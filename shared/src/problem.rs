//! What can go wrong, in words that stay the same: the API's `code`, and what each field's message is chosen by.
//! The text for people stands in the app's locales, the HTTP status in [`Code::status`].

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::{Coins, Instant};

// `$text` is a `tt` for the reason given at [`crate::api`]'s macros.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:tt, $status:literal;)*) => {
        /// A stable name for what went wrong (RFC 9457 extension member `code`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Code { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as the API spells it.
            pub fn as_str(self) -> &'static str { match self { $(Self::$name => $text),* } }

            /// The HTTP status it is answered with.
            pub fn status(self) -> u16 { match self { $(Self::$name => $status),* } }
        }
    };
}

codes! {
    /// The request can't be parsed.
    BadRequest = "bad_request", 400;
    /// Fields break rules; each is named with its message.
    Invalid = "invalid", 422;
    /// No valid token came with the request.
    Unauthenticated = "not_authenticated", 401;
    /// Unknown and wrong get this one answer. Locked is told as [`Code::TooManyAttempts`], of unknown and known alike.
    InvalidCredentials = "invalid_credentials", 401;
    /// Too many wrong secrets: wait for `retry_after` seconds.
    TooManyAttempts = "too_many_attempts", 429;
    /// Too many requests from this address.
    RateLimited = "rate_limited", 429;
    /// The caller may not do this.
    Forbidden = "permission_denied", 403;
    /// The request came from another site's page.
    CrossSite = "cross_site_request", 403;
    /// The account is blocked by the staff.
    AccountBlocked = "account_blocked", 403;
    /// The account must be activated with name and phone first.
    ActivationRequired = "activation_required", 403;
    /// The account is permanent already.
    AlreadyActivated = "already_activated", 409;
    /// Another account has this phone number.
    PhoneTaken = "phone_taken", 409;
    /// There is no such thing, or it is not the caller's.
    NotFound = "not_found", 404;
    /// The path does not answer this method.
    MethodNotAllowed = "method_not_allowed", 405;
    /// The price is more than the balance.
    InsufficientBalance = "insufficient_balance", 402;
    /// The customer owns this file already.
    AlreadyPurchased = "already_purchased", 409;
    /// All attempts of the purchase are used.
    DownloadsExhausted = "downloads_exhausted", 403;
    /// The purchase was refunded, so that its file can't be downloaded any more.
    PurchaseRefunded = "purchase_refunded", 403;
    /// Unknown, used by another, expired and frozen codes get this one answer.
    CodeInvalid = "invalid_code", 422;
    /// The caller redeemed this very code before.
    CodeAlreadyRedeemed = "code_already_redeemed", 409;
    /// The batch was cancelled, which is final.
    BatchCancelled = "batch_cancelled", 409;
    /// The time in which a batch's codes could leave is over.
    CodesGone = "codes_gone", 410;
    /// The idempotency key was used for another request.
    IdempotencyMismatch = "idempotency_mismatch", 422;
    /// The customer's current subscription covers no more files, or not this one.
    QuotaExhausted = "quota_exhausted", 403;
    /// The customer is subscribed to this package already.
    AlreadySubscribed = "already_subscribed", 409;
    /// The account was closed, its person forgotten.
    AccountClosed = "account_closed", 409;
    /// The purchase was paid back before.
    AlreadyRefunded = "already_refunded", 409;
    /// The transfer was corrected before.
    AlreadyCorrected = "already_corrected", 409;
    /// No mistake of the staff moved these coins: a correction does not put it right.
    NotCorrectable = "not_correctable", 409;
    /// The staff gave this purchase as many attempts as they may.
    GrantsExhausted = "grants_exhausted", 409;
    /// An authenticator is set up already: it is given up first, for the password.
    TotpOn = "totp_on", 409;
    /// The shop would be left without an owner.
    LastOwner = "last_owner", 409;
    /// Files or packages refer to the category still.
    CategoryInUse = "category_in_use", 409;
    /// A file without a content can't be published.
    NoContent = "no_content", 409;
    /// The upload does not go on at this byte, or somebody else is sending it: ask where it stands (`HEAD`).
    UploadConflict = "upload_conflict", 409;
    /// The storage is full.
    StorageFull = "storage_full", 507;
    /// The request's body is too large.
    PayloadTooLarge = "payload_too_large", 413;
    /// The request's body is of a type that is not understood.
    UnsupportedMediaType = "unsupported_media_type", 415;
    /// Something the store needs does not answer at the moment.
    Unavailable = "unavailable", 503;
    /// A fault of ours.
    Internal = "internal_error", 500;
}

macro_rules! field_codes {
    ($($(#[$doc:meta])* $name:ident = $text:tt;)*) => {
        /// Which rule a field broke.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum FieldCode { $($(#[$doc])* #[serde(rename = $text)] #[error($text)] $name,)* }

        impl FieldCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as the API spells it.
            pub fn as_str(self) -> &'static str { match self { $(Self::$name => $text),* } }
        }
    };
}

field_codes! {
    /// Nothing was given.
    Required = "required";
    /// Shorter than allowed.
    TooShort = "too_short";
    /// Longer than allowed.
    TooLong = "too_long";
    /// A number outside its range.
    Range = "out_of_range";
    /// Not of the field's form.
    Format = "invalid_format";
    /// Not four digits.
    Pin = "invalid_pin";
    /// The new PIN is the old one.
    SamePin = "same_pin";
    /// The current PIN that was given is wrong.
    WrongPin = "wrong_pin";
    /// The current password that was given is wrong.
    WrongPassword = "wrong_password";
    /// Not a user name: 3 to 32 letters, digits, dots and dashes.
    Username = "invalid_username";
    /// A password of fewer than ten characters.
    WeakPassword = "weak_password";
    /// Not the digits that the authenticator shows now.
    WrongTotp = "wrong_totp";
    /// Not a phone number.
    Phone = "invalid_phone";
    /// Not a person's name.
    Name = "invalid_name";
    /// Not letters and digits of a recharge code.
    ChargeCode = "invalid_charge_code";
    /// The check character says that a character was mistyped.
    CheckCharacter = "mistyped_charge_code";
    /// A field that this request does not have.
    Unknown = "unknown_field";
    /// Another one has this value already.
    Taken = "taken";
    /// The content is not of the type that was promised.
    ContentType = "wrong_content_type";
    /// A content without a byte.
    EmptyFile = "empty_file";
    /// A picture with more points than the store takes in.
    PictureSize = "picture_too_large";
    /// A picture that can't be read to its end.
    BrokenPicture = "broken_picture";
}

/// One field's broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name as the API spells it.
    pub field: String,
    /// The rule it broke.
    pub code: FieldCode,
}

/// Something that went wrong, as it travels from the store to a handler and from a server function to the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What it is.
    pub code: Code,
    /// Which fields broke which rules, for [`Code::Invalid`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// When it is worth trying again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Instant>,
    /// How many coins are missing, for [`Code::InsufficientBalance`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Coins>,
}

impl Problem {
    /// One field broke one rule.
    pub fn field(field: &str, code: FieldCode) -> Self {
        Self { fields: vec![FieldError { field: field.to_owned(), code }], ..Code::Invalid.into() }
    }

    /// The rule that `field` broke, if it broke one.
    pub fn of_field(&self, field: &str) -> Option<FieldCode> {
        self.fields.iter().find(|error| error.field == field).map(|error| error.code)
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self { code, fields: Vec::new(), retry_at: None, missing: None }
    }
}

/// Parses a request's fields and keeps every error, so that a person hears of all of them at once.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// The field parsed; an error is kept under its name.
    pub fn parse<T: std::str::FromStr<Err = FieldCode>>(&mut self, field: &str, text: &str) -> Option<T> {
        self.check(field, text.parse())
    }

    /// The value, or its error kept under the field's name.
    pub fn check<T>(&mut self, field: &str, result: Result<T, FieldCode>) -> Option<T> {
        result.map_err(|code| self.0.push(FieldError { field: field.to_owned(), code })).ok()
    }

    /// Keeps [`FieldCode::Range`] under the field's name when the number is not one of `allowed`.
    pub fn within(&mut self, field: &str, number: i64, allowed: RangeInclusive<i64>) -> Option<()> {
        self.check(field, if allowed.contains(&number) { Ok(()) } else { Err(FieldCode::Range) })
    }

    /// All errors that were kept, as one problem.
    pub fn problem(self) -> Problem {
        Problem { fields: self.0, ..Code::Invalid.into() }
    }
}
