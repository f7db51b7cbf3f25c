//! The way to the Cloudflare Worker: the store's signed calls, what is still to be delivered, and whether the Worker is well.

use std::{error::Error, fmt::Write, sync::Arc, time::Duration};

use async_trait::async_trait;
use http::{StatusCode, header};
use reqwest::{RequestBuilder, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use shared::{
    api::admin::AlertKind,
    link::{Call, Dispatch, Keys, Purpose, webhook},
};
use store::{Clock, Edge, Rng, Store, alerts, edge};
use tokio_util::sync::CancellationToken;

use crate::{config::Config, system};

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// How often it is looked whether something is due to be delivered.
const LOOK: Duration = Duration::from_secs(1);
/// How often a Worker that did not answer is asked whether it is well again, in looks.
const PROBE: u32 = 60;

/// The Worker of a configuration.
pub struct WorkerClient {
    url: String,
    /// The current key alone: a Worker that does not know it could not open the tickets that are sealed with it.
    keys: Keys,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

/// What the Worker says of itself at `/health`.
#[derive(Deserialize)]
struct Health {
    key: Option<String>,
    problem: Option<String>,
}

impl WorkerClient {
    /// The Worker, when links are served there. An error means that this machine's TLS can't be used.
    pub fn new(config: &Config, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> reqwest::Result<Option<Self>> {
        let Some(url) = config.worker_url.clone() else { return Ok(None) };
        let http = reqwest::Client::builder().timeout(config.worker_patience).redirect(Policy::none()).build()?;
        Ok(Some(Self { url, keys: Keys::new(&config.link_secret, None), http, clock, rng }))
    }

    async fn ask(&self, call: &Call) -> Result<Dispatch, String> {
        let body = serde_json::to_vec(call).map_err(|error| error.to_string())?;
        let id = format!("call_{}", system::hex(&system::random::<12>(&*self.rng)));
        let mut request = self.http.post(format!("{}/internal/purchase", self.url)).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in webhook::sign(&self.keys, Purpose::Revocation, &id, self.clock.now(), &body) {
            request = request.header(name, value);
        }
        let (status, answer) = answer(request.body(body)).await?;
        match status {
            StatusCode::OK => parse(&answer),
            StatusCode::UNAUTHORIZED => Err(format!(
                "the Worker refuses this store's signature (key id {}): its CLOUDFLARE_WORKER_SECRET is another, or its clock is wrong",
                self.keys.id()
            )),
            status => Err(format!("the Worker answers {status}")),
        }
    }

    async fn look(&self) -> Result<(), String> {
        let (status, answer) = answer(self.http.get(format!("{}/health", self.url))).await?;
        if !matches!(status, StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE) {
            return Err(format!("CLOUDFLARE_WORKER_URL: what is there is no Worker of Khazna's: {}/health answers {status}", self.url));
        }
        let health: Health = parse(&answer)?;
        match (health.problem, health.key) {
            (Some(problem), _) => Err(format!("the Worker says: {problem}")),
            (None, Some(key)) if key == self.keys.id() => Ok(()),
            (None, key) => Err(format!(
                "CLOUDFLARE_WORKER_SECRET: the Worker's has the key id {}, this store's {}",
                key.as_deref().unwrap_or("none"),
                self.keys.id()
            )),
        }
    }
}

#[async_trait]
impl Edge for WorkerClient {
    fn url(&self) -> &str {
        &self.url
    }

    async fn call(&self, call: &Call) -> Result<Dispatch, String> {
        let outcome = self.ask(call).await;
        metrics::counter!("worker_calls_total", "outcome" => if outcome.is_ok() { "ok" } else { "failed" }).increment(1);
        metrics::gauge!("worker_up").set(f64::from(u8::from(outcome.is_ok())));
        outcome
    }

    async fn health(&self) -> Result<(), String> {
        let outcome = self.look().await;
        metrics::gauge!("worker_up").set(f64::from(u8::from(outcome.is_ok())));
        outcome
    }
}

/// Status and body; in words why there are none.
async fn answer(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), String> {
    let mut answer = request.send().await.map_err(|error| unanswered(&error))?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| unanswered(&error))? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(format!("the Worker's answer is larger than {MAX_ANSWER} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((answer.status(), body))
}

fn parse<T: DeserializeOwned>(answer: &[u8]) -> Result<T, String> {
    serde_json::from_slice(answer).map_err(|error| format!("the Worker's answer can't be read, is it of this version? {error}"))
}

/// With its causes: the error itself says only that the request was not answered.
fn unanswered(error: &reqwest::Error) -> String {
    let mut words = format!("the Worker does not answer: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a String can't fail.
        let _ = write!(words, ": {error}");
        cause = error.source();
    }
    words
}

/// Looks at the start whether the Worker is well, and delivers what it must be told, until the server stops. It ends between two
/// deliveries, never in the middle of one.
pub async fn tend(store: Store, stopping: CancellationToken) {
    match edge::probe(&store).await {
        Ok(true) => tracing::info!("the Worker answers: links are served there"),
        // The alert has been logged.
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "the Worker was not looked at"),
    }
    let mut looks = 0_u32;
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(LOOK) => looks += 1,
            () = edge::waiting(&store) => {}
        }
        if let Err(error) = look(&store, looks.is_multiple_of(PROBE)).await {
            tracing::error!(%error, "nothing was delivered to the Worker");
        }
    }
}

async fn look(store: &Store, probe: bool) -> store::Result<()> {
    edge::deliver(store).await?;
    if probe && alerts::stands(store, AlertKind::WorkerDown).await? {
        edge::probe(store).await?;
    }
    Ok(())
}
