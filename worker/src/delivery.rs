//! Records on their way to the server.

use std::time::Duration;

use futures_util::future::{Either, select};
use shared::link::{Acknowledged, Dispatch, Purpose, webhook};
use worker::{AbortController, Delay, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Result};

use crate::config::Config;

/// Where the server takes them.
const ROUTE: &str = "/internal/links/events";
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends a message to the server. Gives the number of the last record that it has now.
pub async fn post(config: &Config, dispatch: &Dispatch) -> Result<i64> {
    let body = serde_json::to_string(dispatch)?;
    // The same when the same is sent again.
    let number = |record: Option<&shared::link::Record>| record.map_or(0, |record| record.sequence);
    let id = format!("{}-{}-{}", dispatch.purchase, number(dispatch.records.first()), number(dispatch.records.last()));
    let headers = signed(config, Purpose::Events, &id, body.as_bytes())?;
    headers.set("content-type", "application/json")?;
    let mut request = RequestInit::new();
    request.with_method(Method::Post).with_headers(headers).with_redirect(RequestRedirect::Manual).with_body(Some(body.into()));
    let request = Request::new_with_init(&format!("{}{ROUTE}", config.origin_url), &request)?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let answer = async {
        let mut answer = Fetch::Request(request).send_with_signal(&signal).await?;
        if answer.status_code() != 200 {
            return Err(format!("the server answered {} to {ROUTE}", answer.status_code()).into());
        }
        Ok(answer.json::<Acknowledged>().await?.sequence)
    };
    match select(std::pin::pin!(answer), Delay::from(PATIENCE)).await {
        Either::Left((sequence, _)) => sequence,
        Either::Right(_) => {
            controller.abort();
            Err(format!("the server did not answer to {ROUTE} in {} s", PATIENCE.as_secs()).into())
        }
    }
}

/// The headers of a message to the server.
pub fn signed(config: &Config, purpose: Purpose, id: &str, body: &[u8]) -> Result<Headers> {
    let headers = Headers::new();
    for (name, value) in webhook::sign(&config.keys, purpose, id, config.now(), body) {
        headers.set(name, &value)?;
    }
    Ok(headers)
}
