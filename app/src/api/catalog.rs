//! The catalog as visitors see it.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    FileId,
    api::{Category, File, Listed, MyPurchase, Page},
};

use crate::problem::Failure;

#[cfg(feature = "ssr")]
use {
    super::{store, visitor},
    shared::api::FileSort,
    store::{catalog, sales, subscriptions},
};

/// Files on a page of the catalog: divides by two, three and four columns.
#[cfg(feature = "ssr")]
const FILES: i64 = 24;
/// Files on the home page.
#[cfg(feature = "ssr")]
const NEWEST: i64 = 8;

/// The home page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// Categories that have files.
    pub categories: Vec<Category>,
    /// The newest files.
    pub newest: Vec<Listed>,
}

/// The catalog's address, as text: what can't be understood is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// Words.
    pub q: String,
    /// A category's id.
    pub category: String,
    /// A kind.
    pub kind: String,
    /// An order.
    pub sort: String,
    /// A page's number.
    pub page: String,
}

/// A page of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// The files.
    pub files: Page<Listed>,
    /// All categories, to choose from.
    pub categories: Vec<Category>,
}

/// A file's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The file.
    pub file: File,
    /// The package whose subscription covers it for this viewer.
    pub covered_by: Option<String>,
    /// The viewer's purchase of it.
    pub purchase: Option<MyPurchase>,
}

/// The home page's files.
#[server(prefix = "/do", endpoint = "home")]
pub async fn get_home() -> Result<Home, Failure> {
    let store = store()?;
    let query = catalog::Query { text: String::new(), category: None, kind: None, sort: FileSort::Newest, page: 1, per_page: NEWEST };
    let (newest, mut categories) = catalog::browse(&store, &query, visitor().map(|customer| customer.id)).await?;
    categories.retain(|category| category.files_count > 0);
    Ok(Home { categories, newest: newest.items })
}

/// Searches the catalog.
#[server(prefix = "/do", endpoint = "search")]
pub async fn search_catalog(search: Search) -> Result<Results, Failure> {
    let store = store()?;
    let query = catalog::Query {
        text: search.q,
        category: search.category.parse().ok(),
        kind: search.kind.parse().ok(),
        sort: search.sort.parse().unwrap_or(FileSort::Newest),
        page: search.page.parse().unwrap_or(1).clamp(1, 100_000),
        per_page: FILES,
    };
    let (files, categories) = catalog::browse(&store, &query, visitor().map(|customer| customer.id)).await?;
    Ok(Results { files, categories })
}

/// One file, with the viewer's purchase of it, or the subscription that would pay for it. The store decides again when it is taken.
#[server(prefix = "/do", endpoint = "file")]
pub async fn get_file(id: FileId) -> Result<Offer, Failure> {
    let (store, customer) = (store()?, visitor());
    let viewer = customer.as_ref().map(|customer| customer.id);
    let file = catalog::get(&store, id, viewer).await?;
    let mut offer = Offer { file, covered_by: None, purchase: None };
    match (&customer, offer.file.purchase_id) {
        (Some(customer), Some(purchase)) => offer.purchase = Some(sales::get(&store, customer, purchase).await?),
        (Some(_), None) if offer.file.price_coins > 0 => {
            offer.covered_by = subscriptions::packages(&store, viewer).await?.into_iter().find_map(|package| {
                let runs = package.subscription.is_some_and(|subscription| subscription.files_left > 0);
                let covers = package.categories.is_empty() || package.categories.contains(&offer.file.category_name);
                (runs && covers).then_some(package.name)
            });
        }
        _ => {}
    }
    Ok(offer)
}
