//! The web app: pages, components, server functions, locales (design, section 9).
//!
//! With the feature `ssr` it is compiled into the server and calls `store`; with `hydrate` into the browser's wasm,
//! where server functions are calls over the network.

#![recursion_limit = "256"]

pub mod api;
pub mod art;
pub mod browser;
pub mod components;
#[cfg(feature = "ssr")]
mod document;
pub mod flash;
pub mod format;
pub mod locale;
mod markup;
mod pages;
pub mod plurals;
mod problem;
pub mod random;
#[cfg(feature = "ssr")]
pub mod session;
pub mod texts;
pub mod visit;

/// One function a key of `locales/*.json`, made by `build.rs`.
#[allow(unused_imports, dead_code, clippy::all, clippy::pedantic, reason = "generated")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/i18n.rs"));
}
use generated::i18n;

#[cfg(feature = "ssr")]
pub use document::{document, routes, shell};
pub use pages::App;
pub use problem::Failure;
