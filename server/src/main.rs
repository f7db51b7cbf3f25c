//! The binary `khazna`.

use std::process::ExitCode;

/// The system's allocator keeps what the hashes of PINs took (19 MiB each), once for every thread that ever made one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    // A `.env` that is there and can't be read must not be passed over in silence.
    if let Err(error) = dotenvy::dotenv()
        && !error.not_found()
    {
        eprintln!("khazna: .env: {}", told(&error));
        return ExitCode::FAILURE;
    }
    match server::cli::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("khazna: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What is wrong with `.env`, without the line itself: it may hold a secret.
fn told(error: &dotenvy::Error) -> String {
    match error {
        dotenvy::Error::LineParse(line, _) => match line.split_once('=') {
            Some((name, _)) => format!("the value of {} can't be read", name.trim()),
            None => "a line has no '='".to_owned(),
        },
        error => error.to_string(),
    }
}
