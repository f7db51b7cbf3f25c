//! Server functions: parse, call one operation of the store, map its error. One module a concern.
//!
//! All are POSTs under `/do`. A form that was posted without JavaScript is answered by [`crate::flash`].

#![expect(missing_docs, reason = "the macro makes a struct of each function's arguments, whose fields can't be documented")]

pub mod account;
pub mod catalog;
pub mod notifications;
pub mod packages;
pub mod preferences;
pub mod sales;
pub mod wallet;

use serde::{Deserialize, Serialize};
use shared::{Coins, Instant};

/// What every page knows of the person who looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// The serial.
    pub serial: String,
    /// The name, once activated.
    pub name: Option<String>,
    /// True once activated.
    pub activated: bool,
    /// Balance in coins.
    pub balance: Coins,
    /// Unread notifications.
    pub unread: i64,
    /// When a temporary account expires.
    pub expires_at: Option<Instant>,
}

/// What the shop says of itself on every page. Texts that are empty are not shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shop {
    /// Its name; empty for the store's own.
    pub name: String,
    /// Address of its logo.
    pub logo: Option<String>,
    /// How to reach it.
    pub contact: String,
    /// Where recharge codes are sold.
    pub points: String,
}

/// What server functions find in their request.
#[cfg(feature = "ssr")]
pub use context::*;

#[cfg(feature = "ssr")]
mod context {
    use axum::http::request::Parts;
    use leptos::prelude::use_context;
    use shared::Code;
    use store::{Customer, Origin, Store};

    use super::{Shop, Viewer};
    use crate::problem::Failure;

    impl From<&Store> for Shop {
        fn from(store: &Store) -> Self {
            let told = store.settings().told();
            Self { name: told.shop_name, logo: told.logo_url, contact: told.contact, points: told.recharge_points }
        }
    }

    impl From<Customer> for Viewer {
        fn from(customer: Customer) -> Self {
            let Customer { serial, name, activated, balance, unread, expires_at, .. } = customer;
            Self { serial, name, activated, balance, unread, expires_at }
        }
    }

    /// From the context, or from the request's extensions.
    pub fn of_request<T: Clone + Send + Sync + 'static>() -> Option<T> {
        use_context::<T>().or_else(|| use_context::<Parts>()?.extensions.get::<T>().cloned())
    }

    /// The store.
    pub fn store() -> Result<Store, Failure> {
        of_request().ok_or(Code::Internal.into())
    }

    /// Where the request comes from.
    pub fn origin() -> Result<Origin, Failure> {
        of_request().ok_or(Code::Internal.into())
    }

    /// The signed-in customer, if there is one.
    pub fn visitor() -> Option<Customer> {
        of_request::<Option<Customer>>().flatten()
    }

    /// The signed-in customer.
    pub fn customer() -> Result<Customer, Failure> {
        visitor().ok_or(Code::Unauthenticated.into())
    }

    /// Forms may leave an idempotency key out; an empty one is none.
    pub fn key(text: &str) -> Option<&str> {
        Some(text).filter(|text| !text.is_empty())
    }
}
