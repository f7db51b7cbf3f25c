//! What every handler is handed.

use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use shared::link;
use store::{Rng, Store};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{config::Config, limiter::Limiter, readiness::Readiness};

/// The server's state: a handle that is cheap to clone, as every layer does for every request.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The store.
    pub store: Store,
    /// Everything else.
    pub context: Arc<Context>,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.context.leptos.clone()
    }
}

/// What the handlers share besides the store.
pub struct Context {
    /// The configuration.
    pub config: Config,
    /// Where the web app's built files are.
    pub leptos: LeptosOptions,
    /// The link gateway's own part of the protocol.
    pub site: link::Site,
    /// Randomness for claim secrets and request ids.
    pub rng: Arc<dyn Rng>,
    /// Requests an address may make.
    pub limiter: Limiter,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// Whether the files were there when somebody last asked.
    pub(crate) readiness: Readiness,
    /// Cancelled when the server begins to stop: endless answers end then.
    pub stopping: CancellationToken,
    /// Work that must be done before the process ends: what was unsent when a download closed is written here.
    pub closing: TaskTracker,
}
