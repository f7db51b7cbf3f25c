//! The embedded link gateway (design, section 6): HTTP in front of [`shared::link`], whose steps `store::links` runs one
//! transaction each. What the Worker does at the edge is done here by the server itself.

mod file_body;
mod reader;

use std::net::IpAddr;

use axum::{
    Router,
    body::Body,
    extract::{Extension, Request, State},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use shared::{
    Code,
    link::{self, Event, Located, Ticket},
};
use store::links;
use tracing::Instrument;

use crate::{problem::Failure, serve::Meter, state::AppState, system, web::limits::ClientAddress};

use file_body::FileBody;
pub(crate) use reader::{PIECE, Reader};

/// `/d/<ticket>` and `/f/<id>/<name>`. All methods lead here: the protocol answers those it does not know.
pub fn router() -> Router<AppState> {
    Router::new().route("/d/{ticket}", any(answer)).route("/f/{id}/{name}", any(answer))
}

/// Answers to the end, also when nobody waits any more: what a stream is charged while its content is opened is given back with its body.
async fn answer(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Extension(meter): Extension<Meter>,
    request: Request,
) -> Response {
    let closing = state.context.closing.clone();
    let answered = closing.spawn(answer_to(state, address, meter, request).in_current_span());
    answered.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a link was not answered");
        Failure::from(Code::Internal).into_response()
    })
}

async fn answer_to(state: AppState, address: IpAddr, meter: Meter, request: Request) -> Response {
    let (site, headers) = (&state.context.site, request.headers());
    let asked = link::Request::new(request.method().as_str(), request.uri().path(), &address.to_string(), |name| text(headers, name));
    let Some(asked) = asked else { return Failure::from(Code::NotFound).into_response() };
    let located = match site.locate(&asked) {
        Ok(located) => located,
        Err(refused) => return send(refused, Body::empty()),
    };
    let link::Answer { state: link, response: answer, .. } = match links::answer(&state.store, site, &asked, &located).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(%error, "a link could not be looked up");
            return send(site.unavailable(&asked), Body::empty());
        }
    };
    // A stream always comes with the state that it was charged to.
    let (link::Body::Stream(stream), Some(link)) = (&answer.body, link) else { return send(answer, Body::empty()) };
    match FileBody::open(&state, &located, link.file.version, &asked.client, *stream, meter).await {
        Ok(body) => send(answer, Body::new(body)),
        Err(error) => {
            tracing::error!(%error, "a file could not be read");
            storage_failed(&state, &located, stream.id, &asked).await;
            send(site.unavailable(&asked), Body::empty())
        }
    }
}

async fn storage_failed(state: &AppState, located: &Located, stream: u64, asked: &link::Request) {
    let event = Event::StorageFailed { stream, client: asked.client.clone() };
    if let Err(error) = links::apply(&state.store, located.purchase, located.link, &event).await {
        tracing::error!(%error, "a failed stream was not written down");
    }
}

/// The cookie for a browser that is about to be led from Download to its link, so that pressing twice is one claim; none
/// where it has one, or where another gateway serves the link.
pub fn prepare(state: &AppState, url: &str, headers: &HeaderMap) -> Option<String> {
    let site = &state.context.site;
    let ticket = url.strip_prefix(state.store.public_url())?.strip_prefix("/d/")?;
    let ticket = Ticket::open(ticket, &site.keys).filter(|ticket| ticket.gateway == site.gateway)?;
    let cookies = text(headers, header::COOKIE.as_str()).unwrap_or_default();
    site.prepare(&ticket, &cookies, system::random(&*state.context.rng), state.store.now())
}

/// A header as the protocol reads it: cookies of several lines are one text (RFC 9113, section 8.2.3).
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let first = values.next()?.to_owned();
    Some(if name == header::COOKIE.as_str() { values.fold(first, |all, next| all + "; " + next) } else { first })
}

fn send(answer: link::Response, stream: Body) -> Response {
    let body = match answer.body {
        link::Body::Empty => Body::empty(),
        link::Body::Html(html) => Body::from(html),
        link::Body::Stream(_) => stream,
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}
