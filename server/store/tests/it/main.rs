//! The store's rules, through its public operations, on both databases.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests fail by panicking, and speak for themselves")]

mod accounts;
mod catalog;
mod edge;
mod links;
mod money;
mod sessions;
mod subscriptions;
mod throttle;
mod worker;
mod world;
