//! Texts for what the store says in codes. Every match is exhaustive, so that a new variant does not compile without its words.

use shared::api::admin::AlertKind;
#[cfg(feature = "ssr")]
use shared::{Locale, api::admin::FigureTable};

use crate::locale::tr;

/// What an alert tells, and what to do.
pub fn alert(kind: AlertKind) -> (&'static str, &'static str) {
    match kind {
        AlertKind::WorkerDown => (tr!(alert.worker_down_title), tr!(alert.worker_down_text)),
        AlertKind::EventsMissing => (tr!(alert.events_missing_title), tr!(alert.events_missing_text)),
        AlertKind::StaffLocked => (tr!(alert.staff_locked_title), tr!(alert.staff_locked_text)),
    }
}

/// The heads of a spreadsheet's columns.
#[cfg(feature = "ssr")]
pub fn spreadsheet_heads(locale: Locale, table: FigureTable) -> Vec<&'static str> {
    let l = crate::locale::language(locale);
    macro_rules! heads {
        ($($key:ident)+) => { vec![$(leptos_i18n::td_string!(l, figures.$key)),+] };
    }
    match table {
        FigureTable::Days => heads![
            day issued_codes issued_direct issued_bonus corrected codes_redeemed spent_files spent_packages refunded sales taken packages
            refunds downloads completed failed refused new_customers active_customers
        ],
        FigureTable::Files => heads![file coins sales taken refunded],
        FigureTable::Categories => heads![category coins sales taken refunded],
        FigureTable::Resellers => heads![reseller coins codes],
    }
}
