//! The staff's side of the web app, at `/admin`: pages, components, server functions and locales of its own.
//!
//! It is built on `app`'s components and compiled as `app` is, into the server and into a wasm that only its own pages load.
//! What each role may do stands in `shared` ([`shared::api::admin::Permission`]); `store` enforces it, here it is only followed.

#![recursion_limit = "256"]

pub mod calls;
pub mod components;
mod deed;
mod desk;
#[cfg(feature = "ssr")]
mod document;
mod locale;
mod pace;
mod pages;
#[cfg(feature = "ssr")]
pub mod qr;
pub mod sheet;
mod texts;
pub mod upload;
pub mod words;

/// One function a key of `locales/*.json`, made by `build.rs`.
#[allow(unused_imports, dead_code, clippy::all, clippy::pedantic, reason = "generated")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/i18n.rs"));
}
use generated::i18n;

#[cfg(feature = "ssr")]
pub use document::{routes, shell};
pub use pages::App;
#[cfg(feature = "ssr")]
pub use texts::spreadsheet_heads;
