//! How the shop works, in its owner's hands.

use axum::{Json as Answer, body::Bytes, extract::State};
use shared::api::admin::{SettingsRequest, ShopSettings};
use store::{Store, settings as chosen};

use crate::{
    api::extract::{From, Json, StaffMember},
    problem::{Failure, Problems},
};

/// The settings.
#[utoipa::path(get, path = "/api/v1/admin/settings/", tag = "staff", security(("bearer" = [])),
    responses((status = 200, description = "The settings.", body = ShopSettings), Problems),
)]
pub async fn settings(State(store): State<Store>, StaffMember(staff): StaffMember) -> Result<Answer<ShopSettings>, Failure> {
    Ok(Answer(chosen::get(&store, &staff).await?))
}

/// Changes settings; what is left out stays. Each change is in the audit log with what was there before.
#[utoipa::path(patch, path = "/api/v1/admin/settings/", tag = "staff", security(("bearer" = [])), request_body = SettingsRequest,
    responses((status = 200, description = "All settings, as they are now.", body = ShopSettings), Problems),
)]
pub async fn change(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    Json(body): Json<SettingsRequest>,
) -> Result<Answer<ShopSettings>, Failure> {
    Ok(Answer(chosen::change(&store, &staff, &body, &origin).await?))
}

/// Sets the logo: a PNG, JPEG or WebP picture of up to 128 KiB. An empty body takes it away.
#[utoipa::path(put, path = "/api/v1/admin/settings/logo/", tag = "staff", security(("bearer" = [])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "All settings, as they are now.", body = ShopSettings), Problems),
)]
pub async fn set_logo(
    State(store): State<Store>,
    StaffMember(staff): StaffMember,
    From(origin): From,
    body: Bytes,
) -> Result<Answer<ShopSettings>, Failure> {
    Ok(Answer(chosen::set_logo(&store, &staff, body.to_vec(), &origin).await?))
}
