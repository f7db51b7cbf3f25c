//! The command line. Its words are for operators, in English.

mod codes;
mod demo;
mod import;

use std::{
    io::{self, BufRead, IsTerminal, Write},
    path::PathBuf,
    sync::Arc,
};

use clap::{Parser, Subcommand};
use shared::{Code, api::Role};
use store::{Store, reconcile, staff};
use tokio::net::TcpListener;

use crate::{
    api,
    config::{Config, ConfigError},
    logging,
    readiness::reach_files,
    server::{Server, StartError, open_store},
    system::{OsRng, SystemClock},
};

/// Khazna: a store of technical files for prepaid coins. It is configured by the environment and `.env`.
#[derive(Parser)]
#[command(name = "khazna", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Brings the database up to date and serves the store (this is the default).
    Serve,
    /// Brings the database up to date.
    Migrate,
    /// Fills an empty store with example files, an administrator and recharge codes, and prints them.
    Demo {
        /// Leave a store that has files as it is, without complaint.
        #[arg(long)]
        if_empty: bool,
    },
    /// The staff's accounts.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Recharge codes.
    #[command(subcommand)]
    Codes(CodesCommand),
    /// Files of the catalog.
    #[command(subcommand)]
    Files(FilesCommand),
    /// Recomputes the ledger and everything that is counted; fails when something differs.
    Reconcile,
    /// Prints the REST API's OpenAPI document.
    Openapi,
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Adds a member of the staff. The password is read from standard input.
    Create {
        /// User name: 3 to 32 letters, digits, dots and dashes.
        #[arg(long)]
        username: String,
        /// owner, manager or support.
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// Lets a member sign in at once whom wrong passwords keep out.
    Unlock {
        /// The user name.
        #[arg(long)]
        username: String,
    },
}

#[derive(Subcommand)]
enum CodesCommand {
    /// Makes a batch and prints it as CSV. The plain codes can't be had again.
    Generate(codes::Arguments),
}

#[derive(Subcommand)]
enum FilesCommand {
    /// Adds the files that a folder's manifest lists.
    ///
    /// The manifest is CSV with the header file,title,description,category,price,kind,cover,preview. Paths are relative to the
    /// folder; kind is pdf, code, tutorial, design or other; cover and preview may be empty. The rules are the dashboard's: files of up
    /// to the size that the settings allow, pictures drawn anew. Bad lines are told and left out.
    Import {
        /// The folder.
        folder: PathBuf,
        /// The manifest, when it is not `manifest.csv` in the folder.
        #[arg(long)]
        manifest: Option<PathBuf>,
    },
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_| "is none of owner, manager, support".to_owned())
}

/// Why a command failed, in one line.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The environment is wrong.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The server could not start.
    #[error("{0}")]
    Start(#[from] StartError),
    /// The store refused.
    #[error("{}", describe(.0))]
    Store(#[from] store::Error),
    /// Reading or writing failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// A store's error for operators: which field broke which rule, where a field did.
fn describe(error: &store::Error) -> String {
    // What a bucket answers has several lines.
    let store::Error::Problem(problem) = error else { return error.to_string().replace('\n', " ") };
    if problem.fields.is_empty() {
        return problem.code.as_str().to_owned();
    }
    problem.fields.iter().map(|field| format!("{}: {}", field.field, field.code.as_str())).collect::<Vec<_>>().join(", ")
}

/// Runs the command that the process was called with.
pub async fn run() -> Result<(), Failure> {
    match Arguments::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => serve().await,
        Command::Migrate => {
            open().await?;
            say("The database is up to date.")
        }
        Command::Demo { if_empty } => demo::fill(&open().await?, if_empty).await,
        Command::Admin(AdminCommand::Create { username, role }) => create_admin(&username, role).await,
        Command::Admin(AdminCommand::Unlock { username }) => unlock_admin(&username).await,
        Command::Codes(CodesCommand::Generate(arguments)) => codes::generate(&open().await?, &arguments).await,
        Command::Files(FilesCommand::Import { folder, manifest }) => import::from_folder(&open().await?, folder, manifest).await,
        Command::Reconcile => compare().await,
        Command::Openapi => Ok(io::stdout().write_all(api::OPENAPI.as_bytes())?),
    }
}

fn say(line: &str) -> Result<(), Failure> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

fn load() -> Result<Config, Failure> {
    Ok(Config::load(&|name| std::env::var(name).ok(), &OsRng)?)
}

/// The store of the environment, its database up to date.
async fn open() -> Result<Store, Failure> {
    let store = open_store(&load()?, Arc::new(SystemClock), Arc::new(OsRng)).await?;
    store.migrate().await?;
    Ok(store)
}

async fn serve() -> Result<(), Failure> {
    let config = load()?;
    logging::start(config.debug);
    if !config.https()
        && !config.public_url.contains("//127.")
        && !config.public_url.contains("//localhost")
        && !config.public_url.contains("//[::1]")
    {
        tracing::warn!("PUBLIC_URL is not https: PINs and cookies can be read on the way");
    }
    let rng = Arc::new(OsRng);
    let store = open_store(&config, Arc::new(SystemClock), rng.clone()).await?;
    // At once: neither makes the start wait for the other.
    let (migrated, reached) = tokio::join!(store.migrate(), reach_files(&config.files));
    migrated.map_err(StartError::Database)?;
    reached.map_err(StartError::Files)?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| StartError::Listen(config.listen, error))?;
    let (address, public_url) = (listener.local_addr()?, config.public_url.clone());
    let server = Server::new(config, store, rng, listener).await?;
    let stopping = server.stopping();
    tokio::spawn(async move {
        stop_signal().await;
        tracing::info!("stopping: running answers may finish");
        stopping.cancel();
    });
    say(&format!("Khazna listens on http://{address} and is reached at {public_url}"))?;
    server.run().await;
    Ok(())
}

#[cfg(unix)]
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! { _ = tokio::signal::ctrl_c() => {} _ = terminate.recv() => {} },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn stop_signal() {
    drop(tokio::signal::ctrl_c().await);
}

async fn create_admin(username: &str, role: Role) -> Result<(), Failure> {
    let store = open().await?;
    if io::stdin().is_terminal() {
        eprint!("Password (10 characters at least): ");
    }
    let mut password = String::new();
    io::stdin().lock().read_line(&mut password)?;
    staff::create(&store, username, password.trim_end_matches(['\r', '\n']), role).await?;
    say(&format!("{username} may sign in as {}.", role.as_str()))
}

async fn unlock_admin(username: &str) -> Result<(), Failure> {
    match staff::unlock_from_console(&open().await?, username).await {
        Ok(()) => say(&format!("{username} may sign in at once.")),
        Err(store::Error::Problem(problem)) if problem.code == Code::NotFound => {
            Err(Failure::Other(format!("nobody of the staff has the user name '{username}'")))
        }
        Err(error) => Err(error.into()),
    }
}

async fn compare() -> Result<(), Failure> {
    let differences = reconcile::reconcile(&open().await?).await?;
    for difference in &differences {
        say(difference)?;
    }
    match differences.len() {
        0 => say("Everything agrees."),
        number => Err(Failure::Other(format!("{number} differences"))),
    }
}
