//! Protected links at the edge (design, section 6). The rules are [`shared::link`]'s; here is what a Cloudflare Worker adds:
//! one Durable Object a purchase keeps states and records ([`object`]), and the Worker in front of it checks who asks and lets
//! the runtime stream the bytes ([`edge`], [`download`]).

mod config;
mod delivery;
mod download;
mod edge;
mod message;
mod object;
mod purchase;
mod source;

use worker::{Context, Env, Request, Response, Result, event};

/// Every request to the Worker's address.
#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    edge::answer(request, env, context).await
}
