//! What was sold and what is owed, over any days of the shop.

use serde::{Deserialize, Serialize};

use crate::{CategoryId, Coins, Day, FileId};

responses! {
    /// Everything that is told of some days.
    Statistics {
        /// The first day.
        from: Day,
        /// The last day.
        to: Day,
        /// Today, by the shop's clock.
        today: Day,
        /// What each entry of `series` spans.
        step: Step,
        /// The days' figures.
        total: Figures,
        /// Those of as many days before.
        before: Figures,
        /// The days' figures step by step, the earliest first.
        series: Vec<Moment>,
        /// What was paid for and taken of each file, the most coins first, [`Statistics::LISTED`] at most.
        files: Vec<FileFigures>,
        /// The same of each category, all of them.
        categories: Vec<CategoryFigures>,
        /// Codes redeemed by who sold them, all of them.
        resellers: Vec<ResellerFigures>,
        /// Coins that customers held at the last day's end: what the shop owes.
        liability: Coins,
        /// Coins that customers held when the days began.
        liability_before: Coins,
        /// Codes that can still be redeemed, now.
        open_codes: i64,
        /// Their coins: what the shop would owe if all were redeemed.
        open_codes_coins: Coins,
        /// What became of the accounts that were opened in these days.
        conversion: Conversion,
        /// The same of the days before.
        conversion_before: Conversion,
    }
    /// A first look at the last days.
    Glance {
        /// The days, the earliest first; the last one is today.
        days: Vec<Moment>,
        /// Coins that customers hold: what the shop owes.
        liability: Coins,
    }
    /// The figures of one step.
    Moment {
        /// The step's first day.
        start: Day,
        /// Its figures.
        #[serde(flatten)] figures: Figures,
    }
    /// What was sold of a file.
    FileFigures {
        /// The file.
        id: FileId,
        /// Its title.
        title: String,
        /// What was sold.
        #[serde(flatten)] sold: Sold,
    }
    /// What was sold of a category.
    CategoryFigures {
        /// The category.
        id: CategoryId,
        /// Its name.
        name: String,
        /// What was sold.
        #[serde(flatten)] sold: Sold,
    }
    /// What was redeemed of a reseller's codes.
    ResellerFigures {
        /// Who sold them; empty for codes of no reseller.
        reseller: String,
        /// Codes redeemed.
        codes: i64,
        /// Their coins.
        coins: Coins,
    }
}

macro_rules! sums {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name { $($(#[$field_doc])* pub $field: i64,)* }

        impl std::ops::AddAssign for $name {
            fn add_assign(&mut self, other: Self) { $(self.$field += other.$field;)* }
        }
    )*};
}

sums! {
    /// Sums over some days. Coins are positive whichever way they went.
    Figures {
        /// Coins of redeemed codes.
        issued_codes,
        /// Coins recharged by the staff.
        issued_direct,
        /// Coins of activation bonuses.
        issued_bonus,
        /// Coins put right by the staff: positive were given, negative taken.
        corrected,
        /// Codes redeemed.
        codes_redeemed,
        /// Coins paid for files.
        spent_files,
        /// Coins paid for packages.
        spent_packages,
        /// Coins paid back.
        refunded,
        /// Purchases that coins were paid for.
        sales,
        /// Files taken by subscriptions.
        taken,
        /// Packages bought.
        packages,
        /// Purchases paid back.
        refunds,
        /// Downloads begun.
        downloads,
        /// Downloads that had every byte.
        completed,
        /// Downloads that did not: their time was over before, or storage failed.
        failed,
        /// Requests that were refused.
        refused,
        /// Accounts activated.
        new_customers,
        /// Customers whose coins moved or who took a file. Who came in two steps counts once in their sum.
        active_customers,
    }
    /// What was sold.
    Sold {
        /// Purchases that were paid for, or of free files.
        sales,
        /// Taken by subscriptions.
        taken,
        /// Coins paid.
        coins,
        /// Coins paid back.
        refunded,
    }
    /// From a temporary account to a buyer.
    Conversion {
        /// Accounts opened.
        opened,
        /// Those of them that were activated, up to now.
        activated,
        /// Those of them that spent coins, up to now.
        bought,
    }
}

impl Statistics {
    /// How many files are listed.
    pub const LISTED: usize = 10;
}

impl Figures {
    /// Coins that came into customers' hands, without what was paid back.
    pub fn issued(&self) -> Coins {
        self.issued_codes + self.issued_direct + self.issued_bonus
    }

    /// Coins that customers paid.
    pub fn spent(&self) -> Coins {
        self.spent_files + self.spent_packages
    }

    /// By how much customers' balances grew.
    pub fn growth(&self) -> Coins {
        self.issued() + self.corrected + self.refunded - self.spent()
    }
}

words! {
    /// What an entry of a series spans.
    Step {
        /// A day.
        Day = "day",
        /// A month of the calendar, or the part of it that is looked at.
        Month = "month",
    }
    /// Days that are often looked at.
    Preset {
        /// This day.
        Today = "today",
        /// Seven days, up to today.
        Week = "week",
        /// Thirty days, up to today.
        Thirty = "thirty",
        /// This month of the calendar.
        ThisMonth = "month",
        /// 365 days, up to today.
        Year = "year",
        /// From one day to another.
        Custom = "custom",
    }
    /// What a table of figures is about.
    FigureTable {
        /// Days.
        Days = "days",
        /// Files.
        Files = "files",
        /// Categories.
        Categories = "categories",
        /// Resellers.
        Resellers = "resellers",
    }
}
