//! The server: configuration, web app, REST API, embedded link gateway and command line of Khazna.

pub mod api;
mod attachment;
pub mod cli;
pub mod client;
pub mod config;
pub mod gateway;
pub mod limiter;
mod live_bridge;
mod logging;
mod plain_codes;
pub mod problem;
mod readiness;
pub mod serve;
pub mod server;
mod sheet;
mod spreadsheet;
mod staged;
pub mod state;
pub mod system;
pub mod web;
pub mod worker;
