//! Live updates: server-sent events (WHATWG HTML, section 9.2) that tell a page to look again.

use std::{convert::Infallible, time::Duration};

use axum::{
    Extension,
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, StreamExt};
use http::HeaderMap;
use shared::{AccountId, Code};
use store::Customer;
use tokio_stream::wrappers::BroadcastStream;

use crate::{problem::Failure, state::AppState};

/// How often a comment shows proxies and browsers that the stream lives.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// How long one stream lasts: its browser connects again by itself, and is asked then who it is.
const LIFE: Duration = Duration::from_mins(10);

/// `GET /live`: a message `hint` each time the account of the signed-in customer changes.
pub async fn web(State(state): State<AppState>, Extension(customer): Extension<Option<Customer>>, headers: HeaderMap) -> Response {
    let Some(customer) = customer else { return Failure::from(Code::Unauthenticated).into_response() };
    // An event without data is not shown, but gives the browser a number to come back with: whoever comes back may have missed something.
    let numbered = Event::default().id("1");
    let first = if headers.contains_key("last-event-id") { numbered.data("hint") } else { numbered };
    let hints = hints(&state, customer.id).map(|()| Event::default().data("hint"));
    answer(&state, futures::stream::once(async { first }).chain(hints))
}

/// A hint after each change of the account.
pub fn hints(state: &AppState, account: AccountId) -> impl Stream<Item = ()> + Send + use<> {
    BroadcastStream::new(state.store.live().subscribe()).filter_map(move |change| async move {
        // Whoever lags missed some: that is a hint too.
        change.map_or(true, |changed| changed == account).then_some(())
    })
}

/// The events as an answer that ends when the server stops.
pub fn answer(state: &AppState, events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let stopping = state.context.stopping.clone();
    let end = async move {
        tokio::select! { () = stopping.cancelled() => {} () = tokio::time::sleep(LIFE) => {} }
    };
    let events = events.map(Ok::<_, Infallible>).take_until(end);
    let headers = [("cache-control", "no-store"), ("x-accel-buffering", "no")];
    (headers, Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))).into_response()
}
