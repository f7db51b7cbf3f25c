//! Subscription packages in the staff's hands.

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use shared::{
    CategoryId, PackageId,
    api::admin::{OfferedPackage, PackageAdded, PackageRequest},
};
use store::{Store, subscriptions};

use crate::{
    api::{
        account::Done,
        extract::{From, Id, Json, StaffMember},
    },
    problem::{Failure, Problems},
};

/// Every package, offered or withdrawn, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/packages/", tag = "staff", security(("bearer" = [])),
    responses((status = 200, description = "The packages.", body = Vec<OfferedPackage>), Problems),
)]
pub async fn packages(State(store): State<Store>, StaffMember(staff): StaffMember) -> Result<Answer<Vec<OfferedPackage>>, Failure> {
    Ok(Answer(subscriptions::offered(&store, &staff).await?))
}

/// Offers a package.
#[utoipa::path(post, path = "/api/v1/admin/packages/", tag = "staff", security(("bearer" = [])), request_body = PackageRequest,
    responses((status = 201, description = "It is on offer.", body = PackageAdded), Problems),
)]
pub async fn offer(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Json(body): Json<PackageRequest>,
) -> Result<(StatusCode, Answer<PackageAdded>), Failure> {
    let id = subscriptions::offer(&store, &staff, &terms(body), &origin).await?;
    Ok((StatusCode::CREATED, Answer(PackageAdded { id })))
}

/// Changes what a package is from now on. Subscriptions that run keep what was bought.
#[utoipa::path(post, path = "/api/v1/admin/packages/{id}/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The package.")),
    request_body = PackageRequest,
    responses((status = 200, description = "Changed.", body = Done), Problems),
)]
pub async fn edit(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(package): Id<PackageId>,
    Json(body): Json<PackageRequest>,
) -> Result<Answer<Done>, Failure> {
    subscriptions::edit(&store, &staff, package, &terms(body), &origin).await?;
    Ok(Done::answer())
}

/// Offers a package again that was withdrawn.
#[utoipa::path(post, path = "/api/v1/admin/packages/{id}/publish/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The package.")),
    responses((status = 200, description = "It is on offer.", body = Done), Problems),
)]
pub async fn publish(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(package): Id<PackageId>,
) -> Result<Answer<Done>, Failure> {
    subscriptions::set_published(&store, &staff, package, true, &origin).await?;
    Ok(Done::answer())
}

/// Withdraws a package: nobody can buy it any more, and subscriptions run on.
#[utoipa::path(post, path = "/api/v1/admin/packages/{id}/withdraw/", tag = "staff", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The package.")),
    responses((status = 200, description = "Withdrawn.", body = Done), Problems),
)]
pub async fn withdraw(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Id(package): Id<PackageId>,
) -> Result<Answer<Done>, Failure> {
    subscriptions::set_published(&store, &staff, package, false, &origin).await?;
    Ok(Done::answer())
}

fn terms(request: PackageRequest) -> subscriptions::NewPackage {
    let PackageRequest { name, description, price_coins, days, files, categories } = request;
    let categories = categories.into_iter().map(CategoryId).collect();
    subscriptions::NewPackage { name, description, price: price_coins, days, files, categories }
}
