//! The staff's calls: everything that the dashboard does. Who may make which is the store's to say.

mod categories;
mod codes;
mod customers;
mod files;
pub mod logs;
mod packages;
mod people;
mod settings;
mod staff;
mod statistics;
pub mod uploads;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::state::AppState;

/// Every call of the staff.
pub fn handlers() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(staff::alerts))
        .routes(routes!(staff::dismiss_alert))
        .routes(routes!(staff::account))
        .routes(routes!(staff::change_password))
        .routes(routes!(staff::begin_totp))
        .routes(routes!(staff::confirm_totp))
        .routes(routes!(staff::end_totp))
        .routes(routes!(staff::end_session))
        .routes(routes!(staff::members))
        .routes(routes!(staff::hire))
        .routes(routes!(staff::set_role))
        .routes(routes!(staff::disable))
        .routes(routes!(staff::enable))
        .routes(routes!(staff::reset_password))
        .routes(routes!(staff::unlock_member))
        .routes(routes!(staff::reset_totp))
        .routes(routes!(customers::direct_recharge))
        .routes(routes!(customers::block))
        .routes(routes!(customers::unblock))
        .routes(routes!(customers::unlock))
        .routes(routes!(customers::refund))
        .routes(routes!(codes::generate_codes, codes::batches))
        .routes(routes!(codes::make))
        .routes(routes!(codes::batch))
        .routes(routes!(codes::hand_out))
        .routes(routes!(codes::lines))
        .routes(routes!(codes::freeze))
        .routes(routes!(codes::thaw))
        .routes(routes!(codes::cancel))
        .routes(routes!(codes::find))
        .routes(routes!(codes::import))
        .routes(routes!(codes::resellers))
        .routes(routes!(people::find))
        .routes(routes!(people::profile))
        .routes(routes!(people::ledger))
        .routes(routes!(people::purchases))
        .routes(routes!(people::reset_pin))
        .routes(routes!(people::end_sessions))
        .routes(routes!(people::end_session))
        .routes(routes!(people::correct))
        .routes(routes!(people::export))
        .routes(routes!(people::erase))
        .routes(routes!(people::purchase))
        .routes(routes!(people::events))
        .routes(routes!(people::grant_attempt))
        .routes(routes!(logs::downloads))
        .routes(routes!(logs::downloads_csv))
        .routes(routes!(logs::audit))
        .routes(routes!(logs::audit_csv))
        .routes(routes!(files::list, files::create))
        .routes(routes!(files::import))
        .routes(routes!(files::get, files::edit))
        .routes(routes!(files::versions))
        .routes(routes!(files::publish))
        .routes(routes!(files::hide))
        .routes(routes!(files::remove_cover))
        .routes(routes!(files::remove_preview))
        .routes(routes!(categories::list, categories::create))
        .routes(routes!(categories::rename, categories::delete))
        .routes(routes!(categories::place))
        .routes(routes!(uploads::begin))
        .routes(routes!(uploads::of_file))
        .routes(routes!(packages::packages))
        .routes(routes!(packages::offer))
        .routes(routes!(packages::edit))
        .routes(routes!(packages::publish))
        .routes(routes!(packages::withdraw))
        .routes(routes!(settings::settings, settings::change))
        .routes(routes!(settings::set_logo))
        .routes(routes!(statistics::statistics))
        .routes(routes!(statistics::csv))
}
