//! Purchases, their downloads, and subscription packages.

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use shared::{
    FileId, PackageId, PurchaseId,
    api::{Download, MyPurchase, Package, PurchaseRequest, Purchased, SubscribeRequest, Subscribed},
};
use store::{Store, links, sales, subscriptions};

use super::extract::{From, Id, IdempotencyKey, Json, Language, MaybeSignedIn, SignedIn};
use crate::problem::{Failure, Problems};

/// Buys a file.
#[utoipa::path(post, path = "/api/v1/sales/purchases/", tag = "sales", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and request get the first answer again.")),
    request_body = PurchaseRequest,
    responses((status = 201, description = "The file is bought.", body = Purchased), Problems),
)]
pub async fn purchase(
    State(store): State<Store>,
    SignedIn(customer): SignedIn,
    From(origin): From,
    Language(locale): Language,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<PurchaseRequest>,
) -> Result<(StatusCode, Answer<Purchased>), Failure> {
    let bought = sales::purchase(&store, &customer, FileId(body.file_id), key.as_deref(), &origin).await?;
    let purchased = Purchased {
        success: true,
        purchase_id: bought.purchase_id,
        new_balance: bought.new_balance,
        instructions: app::texts::instructions(locale),
    };
    Ok((StatusCode::CREATED, Answer(purchased)))
}

/// The caller's purchases, newest first.
#[utoipa::path(get, path = "/api/v1/sales/my-purchases/", tag = "sales", security(("bearer" = [])), responses(
    (status = 200, description = "The purchases.", body = Vec<MyPurchase>),
    Problems,
))]
pub async fn my_purchases(State(store): State<Store>, SignedIn(customer): SignedIn) -> Result<Answer<Vec<MyPurchase>>, Failure> {
    Ok(Answer(sales::mine(&store, &customer).await?))
}

/// Presses Download: a link that can be claimed once.
///
/// The link is claimed by a POST to `download_url`, which leads to the file. Pressing again while it is unclaimed gives the same link.
#[utoipa::path(post, path = "/api/v1/sales/purchases/{id}/download/", tag = "sales", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The purchase.")),
    responses((status = 200, description = "The link.", body = Download), Problems),
)]
pub async fn download(
    State(store): State<Store>,
    SignedIn(customer): SignedIn,
    From(origin): From,
    Language(locale): Language,
    Id(purchase): Id<PurchaseId>,
) -> Result<Answer<Download>, Failure> {
    let pressed = links::press_download(&store, &customer, purchase, &origin).await?;
    Ok(Answer(Download {
        success: true,
        expires_in: pressed.expires_at.seconds_from(store.now()),
        expires_at: pressed.expires_at,
        download_url: pressed.url,
        downloads_used: pressed.used,
        downloads_left: pressed.left,
        note: app::texts::download_note(locale),
    }))
}

/// Subscription packages.
#[utoipa::path(get, path = "/api/v1/sales/packages/", tag = "sales", responses(
    (status = 200, description = "The packages.", body = Vec<Package>),
    Problems,
))]
pub async fn packages(State(store): State<Store>, MaybeSignedIn(viewer): MaybeSignedIn) -> Result<Answer<Vec<Package>>, Failure> {
    Ok(Answer(subscriptions::packages(&store, viewer.map(|viewer| viewer.id)).await?))
}

/// Subscribes to a package.
#[utoipa::path(post, path = "/api/v1/sales/subscriptions/", tag = "sales", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and request get the first answer again.")),
    request_body = SubscribeRequest,
    responses((status = 201, description = "Subscribed.", body = Subscribed), Problems),
)]
pub async fn subscribe(
    State(store): State<Store>,
    SignedIn(customer): SignedIn,
    From(origin): From,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<SubscribeRequest>,
) -> Result<(StatusCode, Answer<Subscribed>), Failure> {
    let subscribed = subscriptions::subscribe(&store, &customer, PackageId(body.package_id), key.as_deref(), &origin).await?;
    Ok((StatusCode::CREATED, Answer(subscribed)))
}
