//! How the shop works: what its owner may choose.

use app::components::{Failed, Form, Heading, Icon, Problems, Said, Skeleton};
use leptos::prelude::*;
use shared::api::admin::{Permission, ShopSettings};

use crate::{
    calls::settings::{ChangeSettings, get_settings},
    components::{Area, Choice, Kind, TextField},
    deed::Deed,
    desk::guarded,
    locale::tr,
    words,
};

/// The settings' page.
#[component]
pub fn Settings() -> impl IntoView {
    guarded(Permission::ChangeSettings, || view! { <SettingsOf /> }.into_any())
}

#[component]
fn SettingsOf() -> impl IntoView {
    let change = Deed::<ChangeSettings>::new("settings");
    let logo = app::flash::take("logo").and_then(|flash| flash.read::<()>());
    let (set, failed) = (matches!(logo, Some(Ok(()))), logo.and_then(Result::err));
    let saved = change.times();
    let settings = Resource::new_blocking(move || saved.get(), |_| get_settings());
    view! {
        <Heading text=tr!(figures.settings_title) />
        <p class="lead">{tr!(figures.settings_lead)}</p>
        <Said when=change.said()>{tr!(figures.settings_saved)}</Said>
        <Said when=Signal::stored(set)>{tr!(figures.settings_saved)}</Said>
        <Problems failure=Signal::stored(failed) />
        <Transition fallback=|| view! { <Skeleton lines=6 /> }>
            {move || Suspend::new(async move {
                match settings.await {
                    Ok(settings) => view! { <Chosen settings change /> }.into_any(),
                    Err(failure) => view! { <Failed failure /> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Chosen(settings: ShopSettings, change: Deed<ChangeSettings>) -> impl IntoView {
    let changed = change.outcome;
    // What was typed and refused stands there again.
    let typed = move |name: &str, stored: String| Some(changed.value(name)).filter(|typed| !typed.is_empty()).unwrap_or(stored);
    let number = move |name: &'static str, label: &'static str, hint: &'static str, value: i64| {
        view! { <TextField name label hint kind=Kind::Number value=typed(name, value.to_string()) error=changed.of_field(name) /> }
    };
    let logo = settings.logo_url.clone();
    view! {
        <Form action=change.action failure=changed.failure() submit=tr!(figures.save) pending=tr!(list.doing) icon="check">
            <h2>{tr!(figures.shop)}</h2>
            <TextField
                name="shop_name"
                label=tr!(figures.shop_name)
                hint=tr!(figures.shop_name_hint)
                value=typed("shop_name", settings.shop_name)
                optional=true
                error=changed.of_field("shop_name")
            />
            <Area
                name="contact"
                label=tr!(figures.contact)
                hint=tr!(figures.contact_hint)
                rows=2
                value=settings.contact
                error=changed.of_field("contact")
            />
            <Area
                name="recharge_points"
                label=tr!(figures.recharge_points)
                hint=tr!(figures.recharge_points_hint)
                rows=4
                value=settings.recharge_points
                error=changed.of_field("recharge_points")
            />
            <h2>{tr!(figures.selling)}</h2>
            {number("bonus_coins", tr!(figures.bonus_coins), tr!(figures.bonus_coins_hint), settings.bonus_coins)}
            {number("attempts", tr!(figures.attempts), tr!(figures.attempts_hint), settings.attempts)}
            {number("link_minutes", tr!(figures.link_minutes), tr!(figures.link_minutes_hint), settings.link_minutes)}
            {number("upload_megabytes", tr!(figures.upload_megabytes), tr!(figures.upload_megabytes_hint), settings.upload_megabytes)}
            <h2>{tr!(figures.accounts_and_time)}</h2>
            <TextField
                name="country_code"
                label=tr!(figures.country_code)
                hint=tr!(figures.country_code_hint)
                kind=Kind::Number
                value=typed("country_code", settings.country_code)
                optional=true
                error=changed.of_field("country_code")
            />
            {number("temporary_days", tr!(figures.temporary_days), tr!(figures.temporary_days_hint), settings.temporary_days)}
            {number("session_days", tr!(figures.session_days), tr!(figures.session_days_hint), settings.session_days)}
            {number("staff_session_hours", tr!(figures.staff_session_hours), tr!(figures.staff_session_hours_hint), settings.staff_session_hours)}
            <Choice
                name="utc_offset_minutes"
                label=tr!(figures.utc_offset)
                options=clocks()
                value=settings.utc_offset_minutes.to_string()
                error=changed.of_field("utc_offset_minutes")
            />
        </Form>
        <section class="panel" aria-labelledby="logo-title">
            <h2 id="logo-title">{tr!(figures.logo)}</h2>
            <p class="quiet">{tr!(figures.logo_hint)}</p>
            {logo.clone().map(|url| view! { <img class="logo-shown" src=url alt=tr!(figures.logo_now) /> })}
            <form method="post" action="/admin/settings/logo" enctype="multipart/form-data" class="form">
                <div class="field">
                    <label for="logo">{tr!(figures.logo_file)}</label>
                    <input type="file" id="logo" name="logo" accept="image/png,image/jpeg,image/webp" />
                </div>
                <p class="row-actions">
                    <button type="submit" class="button">
                        <Icon name="upload" />
                        {tr!(figures.logo_set)}
                    </button>
                    {logo
                        .map(|_| {
                            view! {
                                <button type="submit" name="remove" value="1" class="button quiet">
                                    <Icon name="trash-2" />
                                    {tr!(figures.logo_remove)}
                                </button>
                            }
                        })}
                </p>
            </form>
        </section>
    }
}

/// The clocks of the world, from the west to the east.
fn clocks() -> Vec<(String, String)> {
    let minutes = (-12..=14).flat_map(|hour| match hour {
        // Where there are quarters and halves between.
        -10 | -4 | 3 | 4 | 6 | 9 | 10 => vec![hour * 60, hour * 60 + 30],
        5 => vec![300, 330, 345],
        8 => vec![480, 525],
        12 => vec![720, 765],
        _ => vec![hour * 60],
    });
    minutes.map(|minutes: i64| (minutes.to_string(), words::clock(minutes))).collect()
}
