//! The shop's own people, their sessions, and what the store warns them of.

use serde::{Deserialize, Serialize};

use crate::{
    Instant, StaffId,
    api::{Role, Session},
};

requests! {
    /// A member to add.
    NewMemberRequest {
        /// User name: 3 to 32 letters, digits, dots and dashes.
        username: String,
        /// Password of 10 to 200 characters.
        new_password: String,
        /// `owner`, `manager` or `support`.
        role: String,
    }
    /// A member's new role.
    RoleRequest {
        /// `owner`, `manager` or `support`.
        role: String,
    }
    /// A new password, from an owner's hand.
    NewPasswordRequest {
        /// 10 to 200 characters.
        new_password: String,
    }
    /// Change of one's own password.
    PasswordRequest {
        /// The current password.
        old_password: String,
        /// The new one, of 10 to 200 characters.
        new_password: String,
    }
    /// Proof that the authenticator was set up.
    TotpRequest {
        /// Six digits that it shows.
        totp: String,
    }
    /// Giving the authenticator up.
    EndTotpRequest {
        /// The password.
        password: String,
    }
}

responses! {
    /// A member of the staff.
    Member {
        /// Its id.
        id: StaffId,
        /// User name.
        username: String,
        /// What they may do.
        role: Role,
        /// True when sign-in asks for an authenticator's digits.
        has_totp: bool,
        /// When they were added.
        created_at: Instant,
        /// When they were last seen.
        last_seen_at: Option<Instant>,
        /// When their access was taken, if it was.
        disabled_at: Option<Instant>,
        /// Until when wrong passwords keep them from signing in, if they do.
        locked_until: Option<Instant>,
    }
    /// An authenticator to set up. It counts once its digits were proven.
    TotpSetup {
        /// The secret in base32, to type where no camera is.
        secret: String,
        /// The `otpauth:` address of the QR code.
        url: String,
    }
    /// One's own account.
    StaffAccount {
        /// Who it is.
        member: Member,
        /// Where they are signed in.
        sessions: Vec<Session>,
        /// An authenticator that was begun and not proven yet.
        pending_totp: Option<TotpSetup>,
    }
    /// What the store warns of.
    Alert {
        /// What it is about.
        kind: AlertKind,
        /// What was seen last, in words for operators.
        detail: String,
        /// When it was raised.
        first_at: Instant,
        /// When it was last seen.
        last_at: Instant,
        /// How often it was seen.
        times: i64,
    }
}

words! {
    /// What an alert is about.
    AlertKind {
        /// The Worker does not answer, or refuses to: links are served by the server itself meanwhile. Ends by itself.
        WorkerDown = "worker_down",
        /// The Worker told of downloads whose earlier events this store does not have, as after a backup was restored. Ends when it was read.
        EventsMissing = "events_missing",
        /// Wrong passwords have locked a member of the staff. Ends when it was read, or when nobody is locked after an unlock.
        StaffLocked = "staff_locked",
    }
}
