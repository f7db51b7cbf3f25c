//! The page's language, and `tr!`, which says things in it.
//!
//! A page is in one language from beginning to end: choosing another loads it anew. So nothing here is reactive.

use crate::{i18n, plurals};

/// The language as `leptos_i18n` knows it.
pub type Language = i18n::Locale;

/// A text of `app/locales` in the page's language: `tr!(wallet.title)`, `tr!(count.files, count = n)`.
macro_rules! tr {
    ($($tokens:tt)+) => { leptos_i18n::td_string!($crate::locale::current(), $($tokens)+) };
}
pub(crate) use tr;

/// The language of `shared` as `leptos_i18n` knows it. Every text goes through here or [`current`], so the plural rules are there in time.
pub fn language(locale: shared::Locale) -> Language {
    plurals::install();
    match locale {
        shared::Locale::Ar => Language::ar,
        shared::Locale::En => Language::en,
        shared::Locale::Fr => Language::fr,
    }
}

/// The page's language: the request's on the server, which put it into the context. A page asks a hundred times.
#[cfg(feature = "ssr")]
pub fn current_locale() -> shared::Locale {
    leptos::prelude::use_context().unwrap_or_default()
}

/// The page's language: the document's in the browser.
#[cfg(not(feature = "ssr"))]
pub fn current_locale() -> shared::Locale {
    use std::sync::OnceLock;
    static LOCALE: OnceLock<shared::Locale> = OnceLock::new();
    *LOCALE.get_or_init(|| {
        let html = web_sys::window().and_then(|window| window.document()).and_then(|document| document.document_element());
        html.and_then(|html| html.get_attribute("lang")).and_then(|tag| shared::Locale::from_tag(&tag)).unwrap_or_default()
    })
}

/// The page's language as `leptos_i18n` knows it.
pub fn current() -> Language {
    language(current_locale())
}
