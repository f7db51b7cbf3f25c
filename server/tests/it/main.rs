//! The server as its callers meet it: through HTTP and the command line, on both databases.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests fail by panicking, and speak for themselves")]

mod alike;
mod bad_input;
mod browser;
mod bucket;
mod cli;
mod codes;
mod edge;
mod figures;
mod files;
mod forms;
mod full;
mod functions;
mod http;
mod journey;
mod links;
mod logs;
mod openapi;
mod people;
mod permissions;
mod redis;
mod shutdown;
mod throttle;
mod world;
