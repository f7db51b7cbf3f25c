use shared::{
    Code, FieldCode,
    api::{
        Role,
        admin::{AuditValues, SettingsRequest},
    },
    ms,
};
use store::{links, settings};

use crate::{files::PNG, on_both, world::code};

fn bonus(coins: i64) -> SettingsRequest {
    SettingsRequest { bonus_coins: Some(coins), ..SettingsRequest::default() }
}

on_both!(a_setting_counts_at_once_and_is_audited, |world| {
    let owner = world.owner().await;
    assert_eq!(settings::get(&world.store, &owner).await.unwrap().bonus_coins, 100);
    let customer = world.activated(1).await;
    assert_eq!(world.balance(&customer).await, 100);
    let request = SettingsRequest { contact: Some("  واتساب\r\n0500 ".to_owned()), ..bonus(250) };
    let told = settings::change(&world.store, &owner, &request, &world.origin()).await.unwrap();
    assert_eq!((told.bonus_coins, told.contact.as_str()), (250, "واتساب\n0500"));
    let customer = world.activated(2).await;
    assert_eq!(world.balance(&customer).await, 250);
    let outcome = AuditValues::Setting { from: "100".to_owned(), to: "250".to_owned() };
    let audited = format!("action = 'settings.change' AND subject = 'setting:bonus_coins' AND outcome = '{outcome}'");
    assert_eq!(world.count(&format!("SELECT COUNT(*) FROM audit_log WHERE {audited}")).await, 1);
    // What is the same already is no change.
    settings::change(&world.store, &owner, &request, &world.origin()).await.unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM audit_log WHERE action = 'settings.change'").await, 2);
});

on_both!(another_server_hears_of_it, |world| {
    let owner = world.owner().await;
    let (other, _) = world.with_worker().await;
    settings::change(&world.store, &owner, &bonus(7), &world.origin()).await.unwrap();
    assert_eq!(other.store.settings().bonus, 100);
    settings::refresh(&other.store).await.unwrap();
    assert_eq!(other.store.settings().bonus, 7);
});

on_both!(settings_have_their_ranges, |world| {
    let owner = world.owner().await;
    let manager = world.member("manager", Role::Manager).await;
    assert_eq!(code(settings::get(&world.store, &manager).await), Code::Forbidden);
    assert_eq!(code(settings::change(&world.store, &manager, &bonus(1), &world.origin()).await), Code::Forbidden);
    let request = SettingsRequest {
        attempts: Some(0),
        link_minutes: Some(1441),
        utc_offset_minutes: Some(181),
        shop_name: Some("م".repeat(61)),
        recharge_points: Some("مكتبة\u{7}".to_owned()),
        ..bonus(-1)
    };
    let problem = settings::change(&world.store, &owner, &request, &world.origin()).await.unwrap_err().problem();
    let broken: Vec<_> = problem.fields.iter().map(|error| (error.field.as_str(), error.code)).collect();
    let range = FieldCode::Range;
    assert_eq!(
        broken,
        [
            ("bonus_coins", range),
            ("attempts", range),
            ("link_minutes", range),
            ("utc_offset_minutes", range),
            ("shop_name", FieldCode::TooLong),
            ("recharge_points", FieldCode::Format)
        ]
    );
    assert_eq!(world.count("SELECT COUNT(*) FROM settings").await, 0);
    let told = settings::set_logo(&world.store, &owner, PNG.to_vec(), &world.origin()).await.unwrap();
    assert!(told.logo_url.is_some_and(|url| url.starts_with("/logo?v=")));
    assert!(settings::logo(&world.store).await.unwrap().content_type.starts_with("image/"));
    for wrong in [&b"MZ"[..], &PNG[..40]] {
        assert_eq!(code(settings::set_logo(&world.store, &owner, wrong.to_vec(), &world.origin()).await), Code::Invalid);
    }
    settings::set_logo(&world.store, &owner, Vec::new(), &world.origin()).await.unwrap();
    assert_eq!(code(settings::logo(&world.store).await), Code::NotFound);
});

on_both!(a_minted_link_keeps_its_time, |world| {
    let owner = world.owner().await;
    let customer = world.activated(1).await;
    let first = world.file("دليل", 10).await;
    let second = world.file("كتاب", 10).await;
    let (first, second) = (world.bought(&customer, first).await, world.bought(&customer, second).await);
    let press = async |purchase| links::press_download(&world.store, &customer, purchase, &world.origin()).await.unwrap();
    let minted = press(first).await;
    assert_eq!(minted.expires_at, world.store.now().plus(2 * ms::HOUR));
    let request = SettingsRequest { link_minutes: Some(5), ..SettingsRequest::default() };
    settings::change(&world.store, &owner, &request, &world.origin()).await.unwrap();
    world.clock.advance(ms::HOUR);
    let again = press(first).await;
    assert_eq!((again.url, again.expires_at), (minted.url, minted.expires_at), "the same link, alive still");
    assert_eq!(press(second).await.expires_at, world.store.now().plus(5 * ms::MINUTE));
});
