//! What was sold and what is owed.

use app::Failure;
use leptos::prelude::*;
use shared::api::admin::{Glance, Statistics};

#[cfg(feature = "ssr")]
use {
    super::{staff, store},
    store::statistics,
};

/// Figures of a preset's days, or from one day to another.
#[server(prefix = "/admin/do", endpoint = "statistics")]
pub async fn get_statistics(range: String, from: String, to: String) -> Result<Statistics, Failure> {
    let (store, staff) = (store()?, staff()?);
    let (from, to) = statistics::days(&store, &staff, &range, &from, &to).await?;
    Ok(statistics::of(&store, &staff, from, to).await?)
}

/// The last days, as the first page shows them.
#[server(prefix = "/admin/do", endpoint = "glance")]
pub async fn get_glance() -> Result<Glance, Failure> {
    Ok(statistics::glance(&store()?, &staff()?).await?)
}
