//! How the shop works.

#![expect(clippy::too_many_arguments, reason = "a form has as many fields as there are settings")]

use app::Failure;
use leptos::prelude::*;
use shared::api::admin::ShopSettings;

#[cfg(feature = "ssr")]
use {
    super::{origin, packages::number, staff, store},
    app::flash,
    shared::{Fields, api::admin::SettingsRequest},
    store::settings,
};

/// The settings.
#[server(prefix = "/admin/do", endpoint = "settings")]
pub async fn get_settings() -> Result<ShopSettings, Failure> {
    Ok(settings::get(&store()?, &staff()?).await?)
}

/// Changes settings; what is left out stays.
#[server(prefix = "/admin/do", endpoint = "change-settings")]
pub async fn change_settings(
    shop_name: Option<String>,
    contact: Option<String>,
    recharge_points: Option<String>,
    country_code: Option<String>,
    bonus_coins: Option<String>,
    attempts: Option<String>,
    link_minutes: Option<String>,
    temporary_days: Option<String>,
    session_days: Option<String>,
    staff_session_hours: Option<String>,
    upload_megabytes: Option<String>,
    utc_offset_minutes: Option<String>,
) -> Result<(), Failure> {
    let result = async {
        let staff = staff()?;
        let (mut fields, mut wrong) = (Fields::default(), false);
        let mut read = |name: &str, text: Option<&str>| {
            let number = number(&mut fields, name, text?);
            wrong |= number.is_none();
            number
        };
        let request = SettingsRequest {
            bonus_coins: read("bonus_coins", bonus_coins.as_deref()),
            attempts: read("attempts", attempts.as_deref()),
            link_minutes: read("link_minutes", link_minutes.as_deref()),
            temporary_days: read("temporary_days", temporary_days.as_deref()),
            session_days: read("session_days", session_days.as_deref()),
            staff_session_hours: read("staff_session_hours", staff_session_hours.as_deref()),
            upload_megabytes: read("upload_megabytes", upload_megabytes.as_deref()),
            utc_offset_minutes: read("utc_offset_minutes", utc_offset_minutes.as_deref()),
            shop_name: shop_name.clone(),
            contact: contact.clone(),
            recharge_points: recharge_points.clone(),
            country_code: country_code.clone(),
        };
        if wrong {
            return Err(Failure(fields.problem()));
        }
        settings::change(&store()?, &staff, &request, &origin()?).await?;
        Ok(())
    };
    let typed = [
        ("shop_name", &shop_name),
        ("country_code", &country_code),
        ("bonus_coins", &bonus_coins),
        ("attempts", &attempts),
        ("link_minutes", &link_minutes),
        ("temporary_days", &temporary_days),
        ("session_days", &session_days),
        ("staff_session_hours", &staff_session_hours),
        ("upload_megabytes", &upload_megabytes),
    ];
    let typed = typed.map(|(name, text)| (name, text.as_deref().unwrap_or_default()));
    flash::answer("settings", "/admin/settings", &typed, result.await)
}
