//! Whether what the store needs answers: asked once at the start (design, section 8), and by load balancers at `/readyz`.

use std::{error::Error, time::Duration};

use shared::{Instant, ms};
use store::Store;
use tokio::{fs, sync::Mutex, time::timeout};

use crate::{
    config::{Config, FilesLocation},
    server::{Repeats, open_files},
};

/// How long the start waits for the files' bucket.
const PATIENCE_AT_START: Duration = Duration::from_secs(10);
/// How long `/readyz` waits for it, and for the database: load balancers give up after a few seconds themselves.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer is believed, in milliseconds: anybody may ask `/readyz`, and a bucket's provider counts requests.
const MEMORY: i64 = 5 * ms::SECOND;
/// How much of a storage's own words is repeated, in characters: some answer with a page.
const REPEATED: usize = 400;

/// What was seen last.
#[derive(Debug, Default)]
pub struct Readiness {
    files: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    /// Whether the files can be reached, as of five seconds ago at most. Whoever asks while it is looked into waits for the same answer.
    pub async fn files(&self, config: &Config, store: &Store) -> bool {
        let mut seen = self.files.lock().await;
        let now = store.now();
        if let Some((at, reached)) = *seen
            && now < at.plus(MEMORY)
        {
            return reached;
        }
        let problem = match &config.files {
            // A listing would say of a folder that is gone, as when its disk is not mounted, that it is empty.
            FilesLocation::Folder(folder) => match timeout(PATIENCE, fs::read_dir(folder)).await {
                Ok(read) => read.err().map(|error| format!("{}: {error}", folder.display())),
                Err(_) => Some(late(PATIENCE)),
            },
            FilesLocation::Bucket { .. } => match timeout(PATIENCE, store.ping_files()).await {
                Ok(answer) => answer.err().map(|error| one_line(&error)),
                Err(_) => Some(late(PATIENCE)),
            },
        };
        if let Some(problem) = &problem {
            tracing::error!(%problem, "the files can't be reached");
        }
        *seen = Some((now, problem.is_none()));
        problem.is_none()
    }
}

/// Whether the database answers. One whose machine is gone says nothing at all.
pub async fn database(store: &Store) -> bool {
    let problem = match timeout(PATIENCE, store.ping()).await {
        Ok(answer) => answer.err().map(|error| error.to_string()),
        Err(_) => Some(late(PATIENCE)),
    };
    if let Some(problem) = &problem {
        tracing::error!(%problem, "the database does not answer");
    }
    problem.is_none()
}

/// Asks the place of the files for an answer within ten seconds: a wrong bucket or key is told when the server starts, not to the first
/// customer. The error is one line for operators.
pub async fn reach_files(location: &FilesLocation) -> Result<(), String> {
    // A folder was made when the store was opened.
    let FilesLocation::Bucket { bucket, .. } = location else { return Ok(()) };
    let files = open_files(location, Repeats::Few)?;
    let problem = match timeout(PATIENCE_AT_START, store::files_answer(&*files)).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => one_line(&error),
        Err(_) => late(PATIENCE_AT_START),
    };
    Err(format!("the bucket '{bucket}' can't be used with the AWS_ variables that are set: {problem}"))
}

fn late(patience: Duration) -> String {
    format!("no answer within {} seconds", patience.as_secs())
}

/// An error with its first cause, which many leave out, in one line that is not too long.
fn one_line(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut first = error.source();
    while let Some(before) = first.and_then(Error::source) {
        first = Some(before);
    }
    if let Some(first) = first.map(ToString::to_string).filter(|first| !text.contains(first.as_str())) {
        text = format!("{text}: {first}");
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(REPEATED).collect();
    if cut.len() < line.len() { format!("{cut}…") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_one_line() {
        let refused = std::io::Error::other("connection\n  refused");
        assert_eq!(one_line(&refused), "connection refused");
        assert_eq!(one_line(&std::io::Error::other("x".repeat(1_000))).chars().count(), REPEATED + 1);
    }
}
