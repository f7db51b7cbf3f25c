//! What the shop's owner chooses: read once, kept in memory, changed at once here and within a minute by other servers.

use std::sync::{Arc, PoisonError, RwLock};

use shared::{
    Coins, CountryCode, FieldCode, Fields, MAX_COINS,
    api::admin::{AuditValues, Permission, SettingsRequest, ShopSettings},
    ms,
};
use sqlx::Row;

use crate::{
    Origin, Picture, Result, Staff, Store,
    audit::Deed,
    catalog::address_hash,
    db::{Connection, transaction},
    error::{damaged, field},
    pictures, storage,
    text::{line, lines, trimmed},
};

/// Largest logo, in bytes: it is on every page.
const MAX_LOGO: usize = 128 << 10;
/// How much of an old and a new text the audit log repeats, in characters.
const AUDITED: usize = 200;

/// What a shop may want otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The shop's name; empty for the store's own.
    pub shop_name: String,
    /// How to reach the shop.
    pub contact: String,
    /// Where recharge codes are sold.
    pub recharge_points: String,
    /// Code of the shop's country, under which a phone number with a 0 in front is read; empty for none.
    pub country_code: String,
    /// Codes that stood there before, with spaces between: numbers were kept with them.
    pub earlier_country_codes: String,
    /// The logo's entity tag and media type.
    pub logo: Option<(String, String)>,
    /// Coins granted at activation, once a phone number.
    pub bonus: Coins,
    /// Attempts of a purchase, and fresh ones of a new version.
    pub attempts: i64,
    /// Milliseconds after the press in which a link can be claimed. Once it is claimed, streams may be opened for
    /// [`shared::link::STREAM_WINDOW`], however long this is.
    pub link_life: i64,
    /// Milliseconds that a temporary account lives.
    pub temporary_life: i64,
    /// Milliseconds that a customer's session lives after it was last used.
    pub session_life: i64,
    /// Milliseconds that a staff member's session lives after it was last used.
    pub staff_session_life: i64,
    /// Largest file that can be uploaded, in bytes.
    pub largest_file: i64,
    /// Milliseconds by which the shop's clock is ahead of UTC: it decides where a day begins.
    pub utc_offset: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shop_name: String::new(),
            contact: String::new(),
            recharge_points: String::new(),
            country_code: String::new(),
            earlier_country_codes: String::new(),
            logo: None,
            bonus: 100,
            attempts: 3,
            link_life: shared::link::CLAIM_WINDOW,
            temporary_life: 7 * ms::DAY,
            session_life: 30 * ms::DAY,
            staff_session_life: 12 * ms::HOUR,
            largest_file: 2_000 * MEGABYTE,
            utc_offset: 3 * ms::HOUR,
        }
    }
}

const MEGABYTE: i64 = 1_000_000;

/// A setting that is a number: its name, its range, how much one of it is in `Settings`, and where it stands there.
struct Number {
    name: &'static str,
    least: i64,
    most: i64,
    unit: i64,
    of: fn(&mut Settings) -> &mut i64,
    asked: fn(&SettingsRequest) -> Option<i64>,
}

/// A setting that is a text, and what it is kept as.
struct Text {
    name: &'static str,
    rule: fn(&str) -> std::result::Result<String, FieldCode>,
    of: fn(&mut Settings) -> &mut String,
    asked: fn(&SettingsRequest) -> Option<&String>,
}

macro_rules! numbers {
    ($($name:ident as $place:ident, $least:literal to $most:expr, $unit:expr;)*) => {
        &[$(Number {
            name: stringify!($name), least: $least, most: $most, unit: $unit,
            of: |settings| &mut settings.$place, asked: |request| request.$name,
        }),*]
    };
}

macro_rules! texts {
    ($($name:ident, $rule:expr;)*) => {
        &[$(Text { name: stringify!($name), rule: $rule, of: |settings| &mut settings.$name, asked: |request| request.$name.as_ref() }),*]
    };
}

const NUMBERS: &[Number] = numbers! {
    bonus_coins as bonus, 0 to MAX_COINS / 1000, 1;
    attempts as attempts, 1 to 20, 1;
    link_minutes as link_life, 5 to 1440, ms::MINUTE;
    temporary_days as temporary_life, 1 to 90, ms::DAY;
    session_days as session_life, 1 to 365, ms::DAY;
    staff_session_hours as staff_session_life, 1 to 720, ms::HOUR;
    upload_megabytes as largest_file, 1 to 100_000, MEGABYTE;
    utc_offset_minutes as utc_offset, -720 to 840, ms::MINUTE;
};

const TEXTS: &[Text] = texts! {
    shop_name, |text| written(text, line, 60);
    contact, |text| written(text, lines, 500);
    recharge_points, |text| written(text, lines, 1000);
    country_code, country_code;
};

/// The name of the setting whose earlier values are remembered, and that of the row with them.
const COUNTRY: &str = "country_code";
const EARLIER_COUNTRIES: &str = "earlier_country_codes";

/// The name of the logo's row, which holds its entity tag and media type.
const LOGO: &str = "logo";

/// The settings in memory: whoever reads them takes what is there at the moment.
#[derive(Default)]
pub(crate) struct Current(RwLock<Arc<Settings>>);

impl Current {
    pub(crate) fn get(&self) -> Arc<Settings> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, settings: Settings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}

impl Settings {
    /// As the API tells it.
    pub fn told(&self) -> ShopSettings {
        ShopSettings {
            shop_name: self.shop_name.clone(),
            contact: self.contact.clone(),
            recharge_points: self.recharge_points.clone(),
            country_code: self.country_code.clone(),
            bonus_coins: self.bonus,
            attempts: self.attempts,
            link_minutes: self.link_life / ms::MINUTE,
            temporary_days: self.temporary_life / ms::DAY,
            session_days: self.session_life / ms::DAY,
            staff_session_hours: self.staff_session_life / ms::HOUR,
            upload_megabytes: self.largest_file / MEGABYTE,
            utc_offset_minutes: self.utc_offset / ms::MINUTE,
            logo_url: self.logo.as_ref().map(|(etag, _)| format!("/logo?v={}", address_hash(etag))),
        }
    }

    /// The shop's country, if its owner named it.
    pub(crate) fn country(&self) -> Option<CountryCode> {
        self.country_code.parse().ok()
    }

    /// The same, and those that the owner named before.
    pub(crate) fn countries(&self) -> Vec<CountryCode> {
        self.country().into_iter().chain(self.earlier_country_codes.split(' ').filter_map(|code| code.parse().ok())).collect()
    }
}

/// Reads the settings anew. Every server does so now and then, since another one may have changed them.
pub async fn refresh(store: &Store) -> Result<()> {
    let mut connection = store.0.db.reader().acquire().await?;
    let settings = read(&mut connection).await?;
    store.0.settings.set(settings);
    Ok(())
}

/// The settings as the database has them. What this version does not know is left alone.
pub(crate) async fn read(connection: &mut Connection) -> Result<Settings> {
    let mut settings = Settings::default();
    for row in sqlx::query("SELECT name, value FROM settings").fetch_all(connection).await? {
        let (name, value): (String, String) = (row.try_get("name")?, row.try_get("value")?);
        if let Some(number) = NUMBERS.iter().find(|number| number.name == name) {
            *(number.of)(&mut settings) = value.parse::<i64>().map_err(damaged)? * number.unit;
        } else if let Some(text) = TEXTS.iter().find(|text| text.name == name) {
            *(text.of)(&mut settings) = value;
        } else if name == EARLIER_COUNTRIES {
            settings.earlier_country_codes = value;
        } else if name == LOGO {
            settings.logo = value.split_once(' ').map(|(etag, kind)| (etag.to_owned(), kind.to_owned()));
        }
    }
    Ok(settings)
}

/// The settings, which nobody else changes until the transaction ends: what is told as the old value is what was there.
async fn read_to_change(store: &Store, connection: &mut Connection) -> Result<Settings> {
    sqlx::query("INSERT INTO settings (name, value, updated_at) VALUES ('changed', '', $1) ON CONFLICT (name) DO UPDATE SET updated_at = excluded.updated_at")
        .bind(store.now().0)
        .execute(&mut *connection)
        .await?;
    read(connection).await
}

/// The settings, for those who may change them.
pub async fn get(store: &Store, staff: &Staff) -> Result<ShopSettings> {
    staff.must(store, Permission::ChangeSettings, "settings.see", "", &staff.origin).await?;
    refresh(store).await?;
    Ok(store.settings().told())
}

/// Changes what is asked for; each change is in the audit log with what was there before. Links that were minted keep their time.
pub async fn change(store: &Store, staff: &Staff, request: &SettingsRequest, origin: &Origin) -> Result<ShopSettings> {
    let deed = staff.must(store, Permission::ChangeSettings, "settings.change", "", origin).await?;
    let asked = check(request)?;
    transaction!(store, deed, |connection| {
        let mut before = read_to_change(store, &mut *connection).await?;
        for (name, value) in &asked {
            let old = old_value(&mut before, name);
            if old != *value {
                write(store, &mut *connection, &deed, (name, &old, value)).await?;
                if *name == COUNTRY {
                    remember_country(store, &mut *connection, &before).await?;
                }
            }
        }
        Ok(())
    })?;
    refresh(store).await?;
    Ok(store.settings().told())
}

/// What is asked for, by name, as the database writes it; every broken rule is told at once.
fn check(request: &SettingsRequest) -> Result<Vec<(&'static str, String)>> {
    let (mut fields, mut asked, mut wrong) = (Fields::default(), Vec::new(), false);
    for number in NUMBERS {
        let Some(value) = (number.asked)(request) else { continue };
        let quarters = number.name != "utc_offset_minutes" || value % 15 == 0;
        let rule = if (number.least..=number.most).contains(&value) && quarters { Ok(value) } else { Err(FieldCode::Range) };
        match fields.check(number.name, rule) {
            Some(value) => asked.push((number.name, value.to_string())),
            None => wrong = true,
        }
    }
    for text in TEXTS {
        let Some(value) = (text.asked)(request) else { continue };
        match fields.check(text.name, (text.rule)(value)) {
            Some(value) => asked.push((text.name, value)),
            None => wrong = true,
        }
    }
    if wrong { Err(fields.problem().into()) } else { Ok(asked) }
}

/// The rule of a text of so many characters at least and at most.
type TextRule = fn(&str, usize, usize) -> std::result::Result<(), FieldCode>;

/// What keeps the rule, of up to so many characters, as it is kept.
fn written(text: &str, rule: TextRule, most: usize) -> std::result::Result<String, FieldCode> {
    let text = trimmed(text);
    rule(&text, 0, most)?;
    Ok(text)
}

fn country_code(text: &str) -> std::result::Result<String, FieldCode> {
    if text.trim().is_empty() { Ok(String::new()) } else { Ok(text.parse::<CountryCode>()?.to_string()) }
}

/// Numbers that were typed with a 0 were kept with the code that stood there, and must be found by whoever types the 0 again.
async fn remember_country(store: &Store, connection: &mut Connection, before: &Settings) -> Result<()> {
    let earlier = &before.earlier_country_codes;
    if before.country_code.is_empty() || earlier.split(' ').any(|code| code == before.country_code) {
        return Ok(());
    }
    put(store, connection, EARLIER_COUNTRIES, format!("{earlier} {}", before.country_code).trim()).await
}

fn old_value(settings: &mut Settings, name: &str) -> String {
    if let Some(number) = NUMBERS.iter().find(|number| number.name == name) {
        return (*(number.of)(settings) / number.unit).to_string();
    }
    TEXTS.iter().find(|text| text.name == name).map(|text| (text.of)(settings).clone()).unwrap_or_default()
}

/// As the audit log names it.
fn named(name: &str) -> String {
    format!("setting:{name}")
}

async fn write(store: &Store, connection: &mut Connection, deed: &Deed<'_>, (name, old, new): (&str, &str, &str)) -> Result<()> {
    put(store, &mut *connection, name, new).await?;
    let short = |text: &str| text.replace('\n', " ").chars().take(AUDITED).collect::<String>();
    let outcome = AuditValues::Setting { from: short(old), to: short(new) }.to_string();
    deed.did(store, connection, "settings.change", &named(name), &outcome).await
}

async fn put(store: &Store, connection: &mut Connection, name: &str, value: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
    )
    .bind(name.to_owned())
    .bind(value.to_owned())
    .bind(store.now().0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets the logo: a PNG, JPEG or WebP picture of up to 128 KiB; none takes it away.
pub async fn set_logo(store: &Store, staff: &Staff, bytes: Vec<u8>, origin: &Origin) -> Result<ShopSettings> {
    let deed = staff.must(store, Permission::ChangeSettings, "settings.change", named(LOGO), origin).await?;
    let value = if bytes.is_empty() {
        String::new()
    } else if bytes.len() > MAX_LOGO {
        return Err(field(LOGO, FieldCode::TooLong));
    } else {
        let (etag, kind) = pictures::keep(store, pictures::tidy_logo(bytes, MAX_LOGO).await?).await?;
        format!("{etag} {kind}")
    };
    transaction!(store, deed, |connection| {
        let before = read_to_change(store, &mut *connection).await?.logo.map(|(etag, kind)| format!("{etag} {kind}")).unwrap_or_default();
        write(store, &mut *connection, &deed, (LOGO, &before, &value)).await
    })?;
    refresh(store).await?;
    Ok(store.settings().told())
}

/// The logo; [`shared::Code::NotFound`] when there is none.
pub async fn logo(store: &Store) -> Result<Picture> {
    let settings = store.settings();
    let (etag, content_type) = settings.logo.clone().ok_or(shared::Code::NotFound)?;
    storage::picture(store, etag, content_type).await
}
