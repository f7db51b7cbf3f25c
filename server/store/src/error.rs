//! What an operation can answer instead of its result.

use shared::{Code, Coins, FieldCode, Instant, Problem};

/// A store's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation did nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller broke a rule, or met one: to be told as it is.
    #[error("{}", .0.code.as_str())]
    Problem(Problem),
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// `PostgreSQL` of this major version is older than the store can work with.
    #[error("PostgreSQL {0} is too old: 14 or later is needed")]
    OldDatabase(i64),
    /// The tables could not be brought up to date.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The file storage failed.
    #[error("storage: {0}")]
    Storage(#[from] object_store::Error),
    /// Content could not be read while it was uploaded.
    #[error("upload: {0}")]
    Upload(#[from] std::io::Error),
    /// What the database holds is not what the store wrote.
    #[error("damaged: {0}")]
    Damaged(String),
}

impl Error {
    /// The problem to tell the caller of; what went wrong on our side is not told in detail.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Problem(problem) => problem.clone(),
            Self::Storage(error) if is_full(error) => Code::StorageFull.into(),
            // SQLite's SQLITE_FULL, PostgreSQL's disk_full.
            Self::Database(sqlx::Error::Database(error)) if matches!(error.code().as_deref(), Some("13" | "53100")) => {
                Code::StorageFull.into()
            }
            Self::Database(sqlx::Error::PoolTimedOut | sqlx::Error::Io(_)) | Self::Storage(_) => Code::Unavailable.into(),
            // The server stops: whoever sends again meets another one.
            Self::Upload(error) if error.kind() == std::io::ErrorKind::Interrupted => Code::Unavailable.into(),
            Self::Upload(_) => Code::BadRequest.into(),
            Self::Database(_) | Self::OldDatabase(_) | Self::Migration(_) | Self::Damaged(_) => Code::Internal.into(),
        }
    }

    /// True for faults of ours, which belong in the log.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::Problem(_) | Self::Upload(_))
    }

    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error))
            if matches!(error.code().as_deref(), Some("40001" | "40P01" | "5" | "517")))
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::Problem(code.into())
    }
}

/// Whether it was the room that was lacking, which the operating system says at the bottom of the chain.
fn is_full(error: &object_store::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if matches!(kind, Some(std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)) {
            return true;
        }
        cause = error.source();
    }
    false
}

pub(crate) fn field(name: &str, code: FieldCode) -> Error {
    Problem::field(name, code).into()
}

pub(crate) fn insufficient(missing: Coins) -> Error {
    Problem { missing: Some(missing), ..Code::InsufficientBalance.into() }.into()
}

pub(crate) fn too_many_attempts(retry_at: Instant) -> Problem {
    Problem { retry_at: Some(retry_at), ..Code::TooManyAttempts.into() }
}

pub(crate) fn damaged(what: impl std::fmt::Display) -> Error {
    Error::Damaged(what.to_string())
}
