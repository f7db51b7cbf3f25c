//! Who may do what (design, section 3): the one table. `store` enforces it, the dashboard hides what it refuses.

use crate::api::Role;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $($role:ident)+;)*) => {
        /// Something that members of the staff do, or may not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Permission { $($(#[$doc])* $name,)* }

        impl Permission {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The roles that have it.
            pub fn roles(self) -> &'static [Role] { match self { $(Self::$name => &[$(Role::$role),+]),* } }
        }
    };
}

permissions! {
    /// Works at the desk: signs in, sees the day and what the store warns of, cares for the own account.
    Work: Owner Manager Support;
    /// Finds customers, sees their profile, ledger, purchases and downloads.
    SeeCustomers: Owner Manager Support;
    /// Blocks, unlocks, gives a new PIN, grants an attempt.
    HelpCustomers: Owner Manager Support;
    /// Recharges, corrects, refunds.
    MoveCoins: Owner Manager;
    /// Hands out all that is kept of a person, and erases it.
    HandlePersonalData: Owner;
    /// Sees the log of downloads.
    SeeDownloads: Owner Manager Support;
    /// Sees the audit log.
    SeeAudit: Owner Manager;
    /// Adds and changes files and categories.
    ManageFiles: Owner Manager;
    /// Looks one recharge code up, as somebody reads it out.
    FindCode: Owner Manager Support;
    /// Makes batches of recharge codes, freezes and cancels them.
    ManageCodes: Owner Manager;
    /// Sees what was sold and what is owed.
    SeeStatistics: Owner Manager;
    /// Offers and withdraws subscription packages.
    ManagePackages: Owner Manager;
    /// Adds members of the staff, changes their roles, takes their access.
    ManageStaff: Owner;
    /// Changes how the shop works.
    ChangeSettings: Owner;
}

impl Role {
    /// Whether the role has a permission.
    pub fn may(self, permission: Permission) -> bool {
        permission.roles().contains(&self)
    }
}
