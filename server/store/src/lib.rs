//! Khazna's rules and the SQL that keeps them, one module a concern.
//!
//! Callers (the web app's server functions, the REST API, the command line) parse nothing and decide nothing: they call
//! one operation here and show its result. Time and randomness are handed in, so that tests decide what time it is.

pub mod accounts;
pub mod alerts;
pub mod audit;
pub mod catalog;
pub mod categories;
pub mod cleanup;
pub mod codes;
pub mod customers;
mod db;
pub mod downloads;
pub mod edge;
mod error;
pub mod files;
mod idempotency;
pub mod imports;
mod keys;
mod ledger;
pub mod links;
mod live;
pub mod notifications;
mod origin;
mod phones;
mod pictures;
pub mod reconcile;
pub mod sales;
mod sales_count;
mod secrets;
pub mod sessions;
pub mod settings;
pub mod staff;
pub mod statistics;
mod storage;
pub mod subscriptions;
mod text;
mod throttle;
pub mod uploads;
pub mod wallet;

use std::sync::Arc;

use object_store::ObjectStore;
use shared::{Instant, link};
use tokio::sync::Notify;

pub use edge::Edge;
pub use error::{Error, Result};
pub use live::Live;
pub use origin::{Caller, Customer, Origin, Staff, counted_as};
pub use settings::Settings;
pub use storage::{Picture, files_answer};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The moment of the call.
    fn now(&self) -> Instant;
}

/// Draws random bytes fit for secrets.
pub trait Rng: Send + Sync {
    /// Fills `bytes` with random ones.
    fn fill(&self, bytes: &mut [u8]);
}

/// What a store is made of.
pub struct Config {
    /// `sqlite://…` or `postgres://…`.
    pub database_url: String,
    /// The server's own secret, from which the keys of tokens and codes are derived.
    pub secret_key: String,
    /// The secret shared with the Worker, from which the keys of links are derived.
    pub link_secret: String,
    /// The link secret before its last rotation: what was signed with it stays good.
    pub previous_link_secret: Option<String>,
    /// The address people reach the store at, without a slash at its end.
    pub public_url: String,
    /// The Worker, when links are served there.
    pub edge: Option<Arc<dyn Edge>>,
    /// Where contents, covers and previews are kept.
    pub files: Arc<dyn ObjectStore>,
    /// What `files` puts before each key in its bucket, without slashes at its ends; the Worker reads the bucket itself.
    pub files_prefix: String,
    /// Memory of one PIN or password hash in KiB: [`HASH_MEMORY`] but in tests that hash thousands.
    pub hash_memory: u32,
}

/// Memory of one argon2id hash in KiB, as OWASP's password storage cheat sheet has it (with two passes).
pub const HASH_MEMORY: u32 = 19 * 1024;

/// The store: a handle that is cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    db: db::Db,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    keys: keys::Keys,
    link_keys: link::Keys,
    public_url: String,
    edge: Option<Arc<dyn Edge>>,
    /// Tells that the Worker may have to be called.
    calls: Notify,
    files: Arc<dyn ObjectStore>,
    files_prefix: String,
    settings: settings::Current,
    live: Live,
    makings: codes::Makings,
    secrets: secrets::Secrets,
}

impl Store {
    /// Connects to the database. Runs no migration: see [`Store::migrate`].
    pub async fn open(config: Config, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self> {
        Ok(Self(Arc::new(Inner {
            db: db::Db::connect(&config.database_url).await?,
            keys: keys::Keys::new(&config.secret_key),
            link_keys: link::Keys::new(&config.link_secret, config.previous_link_secret.as_deref()),
            secrets: secrets::Secrets::new(config.hash_memory)?,
            public_url: config.public_url,
            edge: config.edge,
            calls: Notify::new(),
            files: config.files,
            files_prefix: config.files_prefix,
            settings: settings::Current::default(),
            live: Live::default(),
            makings: codes::Makings::default(),
            clock,
            rng,
        })))
    }

    /// Brings the database's tables up to date; safe to run twice and by several servers at once.
    pub async fn migrate(&self) -> Result<()> {
        self.0.db.migrate().await?;
        settings::refresh(self).await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(self.0.db.reader()).await?;
        Ok(())
    }

    /// Whether the file storage answers: see [`files_answer`].
    pub async fn ping_files(&self) -> Result<()> {
        Ok(files_answer(&*self.0.files).await?)
    }

    /// The time as the store sees it.
    pub fn now(&self) -> Instant {
        self.0.clock.now()
    }

    /// What tells browsers that a customer's account changed.
    pub fn live(&self) -> &Live {
        &self.0.live
    }

    /// What the shop chose, as it is at the moment.
    pub fn settings(&self) -> Arc<Settings> {
        self.0.settings.get()
    }

    /// The address people reach the store at.
    pub fn public_url(&self) -> &str {
        &self.0.public_url
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.rng.fill(&mut bytes);
        bytes
    }
}
