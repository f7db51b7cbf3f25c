//! `tr!`, which says the dashboard's texts in the page's language.

use app::plurals;

use crate::i18n;

/// The language as `leptos_i18n` knows it.
pub type Language = i18n::Locale;

/// A text of `locales` in the page's language: `tr!(codes.title)`, `tr!(count.codes, count = n)`.
macro_rules! tr {
    ($($tokens:tt)+) => { leptos_i18n::td_string!($crate::locale::current(), $($tokens)+) };
}
pub(crate) use tr;

/// The page's language.
pub fn current() -> Language {
    language(app::locale::current_locale())
}

/// The language of `shared` as `leptos_i18n` knows it. Every text goes through here, so the plural rules are there in time.
pub fn language(locale: shared::Locale) -> Language {
    plurals::install();
    match locale {
        shared::Locale::Ar => Language::ar,
        shared::Locale::En => Language::en,
        shared::Locale::Fr => Language::fr,
    }
}
