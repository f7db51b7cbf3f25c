//! A server put together: from a configuration to answered requests, in the program and in tests alike.

use std::{
    fs,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use object_store::{
    ClientConfigKey, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    local::LocalFileSystem,
    prefix::PrefixStore,
};
use store::{Clock, Edge, Rng, Store, cleanup, links, settings};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::{Config, FilesLocation},
    limiter::Limiter,
    live_bridge,
    readiness::Readiness,
    serve, staged,
    state::{AppState, Context},
    web,
    worker::{self, WorkerClient},
};

/// How often what has lapsed is swept.
const SWEEP: Duration = Duration::from_mins(1);
/// How long one request to a bucket may take, where `AWS_TIMEOUT` says nothing: a content flows no faster than its customer takes it in, and
/// the library's own half minute would break slow downloads off.
const LONGEST_REQUEST: &str = "6h";

/// Why a server could not be put together, in one line for operators.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The place of the files can't be used.
    #[error("FILES_BASE_URL: {0}")]
    Files(String),
    /// The database can't be used.
    #[error("DATABASE_URL: {0}")]
    Database(store::Error),
    /// Redis can't be reached.
    #[error("REDIS_URL: Redis can't be reached: {0}")]
    Redis(redis::RedisError),
    /// The address can't be listened on.
    #[error("LISTEN_ADDR: can't listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The Worker can't be called from this machine.
    #[error("CLOUDFLARE_WORKER_URL: {0}")]
    Worker(reqwest::Error),
    /// Two recorders of metrics.
    #[error("metrics: {0}")]
    Metrics(String),
}

/// Opens the store of a configuration, without migrating it.
pub async fn open_store(config: &Config, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Store, StartError> {
    let worker = WorkerClient::new(config, clock.clone(), rng.clone()).map_err(StartError::Worker)?;
    let store = store::Config {
        database_url: config.database_url.clone(),
        secret_key: config.secret_key.clone(),
        link_secret: config.link_secret.clone(),
        previous_link_secret: config.previous_link_secret.clone(),
        public_url: config.public_url.clone(),
        edge: worker.map(|worker| Arc::new(worker) as Arc<dyn Edge>),
        files: open_files(&config.files, Repeats::Many).map_err(StartError::Files)?,
        files_prefix: match &config.files {
            FilesLocation::Folder(_) => String::new(),
            FilesLocation::Bucket { prefix, .. } => prefix.clone(),
        },
        hash_memory: store::HASH_MEMORY,
    };
    Store::open(store, clock, rng).await.map_err(StartError::Database)
}

/// How often a request to a bucket that got no answer is made again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Repeats {
    /// For minutes: a download or an upload must not end with a moment's trouble.
    Many,
    /// Within a second or two: somebody waits to be told what is wrong.
    Few,
}

/// The place of the files. A folder is made; a bucket is not asked for anything yet.
pub(crate) fn open_files(location: &FilesLocation, repeats: Repeats) -> Result<Arc<dyn ObjectStore>, String> {
    match location {
        FilesLocation::Folder(folder) => {
            let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", folder.display());
            fs::create_dir_all(folder).map_err(|error| failed(&error))?;
            let local = LocalFileSystem::new_with_prefix(folder).map_err(|error| failed(&error))?;
            // On the disk before the database says so: after a power cut nothing is sold that is not there.
            Ok(Arc::new(local.with_automatic_cleanup(true).with_fsync(true)))
        }
        FilesLocation::Bucket { bucket, prefix } => {
            let retry = match repeats {
                Repeats::Many => RetryConfig::default(),
                Repeats::Few => RetryConfig { max_retries: 2, ..RetryConfig::default() },
            };
            let patience = std::env::var("AWS_TIMEOUT").unwrap_or_else(|_| LONGEST_REQUEST.to_owned());
            let built = AmazonS3Builder::from_env()
                .with_bucket_name(bucket)
                .with_retry(retry)
                .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), patience)
                .build();
            let bucket = built.map_err(|error| error.to_string())?;
            Ok(if prefix.is_empty() { Arc::new(bucket) } else { Arc::new(PrefixStore::new(bucket, prefix.as_str())) })
        }
    }
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    state: AppState,
}

impl Server {
    /// Puts a server together on a listener. The store must have been migrated.
    pub async fn new(config: Config, store: Store, rng: Arc<dyn Rng>, listener: TcpListener) -> Result<Self, StartError> {
        let redis = match &config.redis_url {
            Some(url) => Some(live_bridge::connect(url).await.map_err(StartError::Redis)?),
            None => None,
        };
        let manager = redis.as_ref().map(|(_, manager)| manager.clone());
        if let Some((client, manager)) = redis {
            live_bridge::start(&store, client, manager, &*rng);
        }
        let context = Context {
            site: links::site(&store),
            limiter: Limiter::new(config.rate_limit, manager),
            rng,
            metrics: metrics()?,
            readiness: Readiness::default(),
            stopping: CancellationToken::new(),
            closing: TaskTracker::new(),
            leptos: leptos_options(&config),
            config,
        };
        Ok(Self { listener, state: AppState { store, context: Arc::new(context) } })
    }

    /// Cancel it to stop the server.
    pub fn stopping(&self) -> CancellationToken {
        self.state.context.stopping.clone()
    }

    /// Serves until it is stopped, then until running answers are done.
    pub async fn run(self) {
        let Self { listener, state } = self;
        let background = tokio::spawn(tend(state.clone()));
        let (stopping, closing) = (state.context.stopping.clone(), state.context.closing.clone());
        if state.context.config.worker_url.is_some() {
            closing.spawn(worker::tend(state.store.clone(), stopping.clone()));
        }
        serve::serve(listener, web::router(state), stopping).await;
        background.abort();
        closing.close();
        closing.wait().await;
    }
}

/// Sweeps what has lapsed and forgets what is not needed, now and then.
async fn tend(state: AppState) {
    if let FilesLocation::Folder(folder) = &state.context.config.files {
        let (folder, now) = (folder.clone(), state.store.now());
        match tokio::task::spawn_blocking(move || staged::sweep(&folder, now)).await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(removed)) => tracing::info!(removed, "what broken writes had left"),
            Ok(Err(error)) => tracing::error!(%error, "what broken writes had left could not be removed"),
        }
    }
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = settings::refresh(&state.store).await {
            tracing::error!(%error, "the settings could not be read");
        }
        if let Err(error) = cleanup::sweep(&state.store).await {
            tracing::error!(%error, "the sweep failed");
        }
        state.context.limiter.tidy();
        state.context.metrics.run_upkeep();
    }
}

/// The recorder is the process's: servers of one process (in tests) share it.
fn metrics() -> Result<PrometheusHandle, StartError> {
    static RECORDER: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    let install = || {
        let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds);
        builder.and_then(PrometheusBuilder::install_recorder).map_err(|error| error.to_string())
    };
    RECORDER.get_or_init(install).clone().map_err(StartError::Metrics)
}

/// Where the app's built files are. `script/build` writes their hashes beside the program.
fn leptos_options(config: &Config) -> LeptosOptions {
    let hashes = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.join("hash.txt")));
    LeptosOptions::builder()
        .output_name("khazna")
        .site_root(config.site_root.display().to_string())
        .site_pkg_dir("pkg")
        .site_addr(config.listen)
        .hash_files(hashes.is_some_and(|path| path.is_file()))
        .build()
}
