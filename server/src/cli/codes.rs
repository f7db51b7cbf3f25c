//! `khazna codes generate`.

use std::io;

use clap::Args;
use shared::{api::CodeBatch, ms};
use store::{Store, codes};

use super::Failure;

#[derive(Args)]
pub(super) struct Arguments {
    /// Coins of each code.
    #[arg(long)]
    value: i64,
    /// How many codes.
    #[arg(long)]
    count: i64,
    /// What the shop calls the batch.
    #[arg(long)]
    label: String,
    /// Who sells it.
    #[arg(long, default_value = "")]
    reseller: String,
    /// After how many days the codes expire; never when left out.
    #[arg(long)]
    days: Option<u16>,
}

pub(super) async fn generate(store: &Store, arguments: &Arguments) -> Result<(), Failure> {
    let batch = codes::NewBatch {
        value: arguments.value,
        count: arguments.count,
        label: arguments.label.clone(),
        reseller: arguments.reseller.clone(),
        expires_at: arguments.days.map(|days| store.now().plus(i64::from(days) * ms::DAY)),
    };
    let made = codes::generate(store, &batch, &codes::Maker::Operator).await?;
    write(&made, &batch.label, io::stdout().lock())
}

/// A batch as CSV (RFC 4180).
pub(super) fn write(batch: &CodeBatch, label: &str, output: impl io::Write) -> Result<(), Failure> {
    let failed = |error: csv::Error| Failure::Other(error.to_string());
    let mut csv = csv::Writer::from_writer(output);
    csv.write_record(["code", "value", "batch", "expires_at"]).map_err(failed)?;
    let (value, expires_at) = (batch.value.to_string(), batch.expires_at.map(|instant| instant.to_string()).unwrap_or_default());
    for code in &batch.codes {
        csv.write_record([code.as_str(), &value, label, &expires_at]).map_err(failed)?;
    }
    Ok(csv.flush()?)
}
