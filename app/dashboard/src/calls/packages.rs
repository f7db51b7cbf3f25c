//! Subscription packages: offered, changed, withdrawn.

use app::Failure;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    PackageId,
    api::{Category, admin::OfferedPackage},
};

#[cfg(feature = "ssr")]
use {
    super::{origin, staff, store},
    app::flash,
    shared::{CategoryId, FieldCode, Fields, text::fold_digits},
    store::{catalog, subscriptions},
};

/// The packages' page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackagesPage {
    /// Every package, the newest first.
    pub packages: Vec<OfferedPackage>,
    /// What they may cover.
    pub categories: Vec<Category>,
}

/// Every package, and the categories to choose from.
#[server(prefix = "/admin/do", endpoint = "packages")]
pub async fn get_packages() -> Result<PackagesPage, Failure> {
    let store = store()?;
    Ok(PackagesPage { packages: subscriptions::offered(&store, &staff()?).await?, categories: catalog::categories(&store).await? })
}

/// Offers a package.
#[server(prefix = "/admin/do", endpoint = "offer-package")]
pub async fn offer_package(
    name: String,
    description: String,
    price_coins: String,
    days: String,
    files: String,
    #[server(default)] categories: Vec<i64>,
) -> Result<PackageId, Failure> {
    let result = async {
        let staff = staff()?;
        let new = terms(&name, &description, [&price_coins, &days, &files], &categories)?;
        Ok(subscriptions::offer(&store()?, &staff, &new, &origin()?).await?)
    };
    let typed = [("name", &*name), ("description", &description), ("price_coins", &price_coins), ("days", &days), ("files", &files)];
    flash::answer("offer-package", "/admin/packages", &typed, result.await)
}

/// Changes what a package is from now on.
#[server(prefix = "/admin/do", endpoint = "edit-package")]
pub async fn edit_package(
    id: PackageId,
    name: String,
    description: String,
    price_coins: String,
    days: String,
    files: String,
    #[server(default)] categories: Vec<i64>,
) -> Result<(), Failure> {
    let result = async {
        let staff = staff()?;
        let new = terms(&name, &description, [&price_coins, &days, &files], &categories)?;
        Ok(subscriptions::edit(&store()?, &staff, id, &new, &origin()?).await?)
    };
    flash::answer("package", "/admin/packages", &[], result.await)
}

/// Offers a package again, or withdraws it.
#[server(prefix = "/admin/do", endpoint = "publish-package")]
pub async fn publish_package(id: PackageId, published: bool) -> Result<(), Failure> {
    let result = async { Ok(subscriptions::set_published(&store()?, &staff()?, id, published, &origin()?).await?) };
    flash::answer("package", "/admin/packages", &[], result.await)
}

#[cfg(feature = "ssr")]
fn terms(name: &str, description: &str, numbers: [&String; 3], categories: &[i64]) -> Result<subscriptions::NewPackage, Failure> {
    let mut fields = Fields::default();
    let [price, days, files] = numbers;
    let read = (number(&mut fields, "price_coins", price), number(&mut fields, "days", days), number(&mut fields, "files", files));
    let (Some(price), Some(days), Some(files)) = read else { return Err(Failure(fields.problem())) };
    Ok(subscriptions::NewPackage {
        name: name.to_owned(),
        description: description.to_owned(),
        price,
        days,
        files,
        categories: categories.iter().copied().map(CategoryId).collect(),
    })
}

/// A whole number as people type it, in any digits.
#[cfg(feature = "ssr")]
pub(super) fn number(fields: &mut Fields, name: &str, text: &str) -> Option<i64> {
    let text = fold_digits(text.trim());
    let rule = if text.is_empty() { Err(FieldCode::Required) } else { text.parse().map_err(|_| FieldCode::Format) };
    fields.check(name, rule)
}
