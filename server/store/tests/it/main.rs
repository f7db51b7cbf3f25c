//! The store's rules, through its public operations, on both databases.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests fail by panicking, and speak for themselves")]

mod accounts;
mod audit;
mod browser;
mod catalog;
mod codes;
mod edge;
mod files;
mod links;
mod money;
mod people;
mod phones;
mod sessions;
mod settings;
mod staff;
mod statistics;
mod subscriptions;
mod throttle;
mod uploads;
mod worker;
mod world;
