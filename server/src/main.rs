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
        eprintln!("khazna: .env: {error}");
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
