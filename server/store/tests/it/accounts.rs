use shared::{Code, FieldCode, Notice, api::Role, ms};
use store::{accounts, notifications, sessions};

use crate::{
    on_both,
    world::{code, from},
};

on_both!(activation_grants_the_bonus_once_a_phone, |world| {
    let (account, customer) = world.open().await;
    assert!(account.serial.starts_with("CUST2026-"));
    assert!(!customer.activated);
    let activated = accounts::activate(&world.store, &customer, " سارة  العلي ", "٠٠٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", &world.origin()).await.unwrap();
    assert_eq!((activated.balance, activated.bonus), (100, 100));
    let profile = accounts::profile(&world.store, &world.customer(&account.tokens.access_token).await).await.unwrap();
    assert_eq!((profile.name.as_deref(), profile.phone.as_deref()), (Some("سارة العلي"), Some("+966501234567")));
    assert!(profile.expires_at.is_none());

    let again = accounts::activate(&world.store, &customer, "سارة", "+966501234567", &world.origin()).await;
    assert_eq!(code(again), Code::AlreadyActivated);
    let (_, other) = world.open().await;
    assert_eq!(code(accounts::activate(&world.store, &other, "ليلى", "+966501234567", &world.origin()).await), Code::PhoneTaken);
    assert_eq!(world.balance(&other).await, 0);

    // The phone is free again when its account is gone, but its bonus is not.
    world.sql(&format!("UPDATE customers SET phone = '+966500000000' WHERE id = {}", customer.id)).await.unwrap();
    let activated = accounts::activate(&world.store, &other, "ليلى", "+966501234567", &world.origin()).await.unwrap();
    assert_eq!((activated.balance, activated.bonus), (0, 0));
});

on_both!(activation_names_every_wrong_field, |world| {
    let (_, customer) = world.open().await;
    let problem = accounts::activate(&world.store, &customer, "", "12a", &world.origin()).await.unwrap_err().problem();
    assert_eq!(problem.of_field("name"), Some(FieldCode::Required));
    assert_eq!(problem.of_field("phone"), Some(FieldCode::Phone));
    for hostile in ["'; DROP TABLE customers; --", "<script>alert(1)</script>"] {
        let (_, customer) = world.open().await;
        let phone = format!("+9665{:08}", customer.id.0);
        accounts::activate(&world.store, &customer, hostile, &phone, &world.origin()).await.unwrap();
        assert_eq!(world.count(&format!("SELECT COUNT(*) FROM customers WHERE id = {} AND name IS NOT NULL", customer.id)).await, 1);
    }
});

on_both!(sign_in_and_recovery_open_the_same_account, |world| {
    let (account, customer) = world.open().await;
    accounts::activate(&world.store, &customer, "سارة", "0912345678", &world.origin()).await.unwrap();
    let typed = account.serial.to_lowercase().replace('-', " ");
    let tokens = accounts::sign_in(&world.store, &typed, &account.pin, &world.origin()).await.unwrap();
    assert_eq!(world.customer(&tokens.access_token).await.id, customer.id);
    let recovered = accounts::recover(&world.store, "٠٩١٢٣٤٥٦٧٨", &account.pin, &world.origin()).await.unwrap();
    assert_eq!(recovered.serial, account.serial);
    for (serial, pin) in [("CUST2026-XXXXXX", account.pin.as_str()), (account.serial.as_str(), "x"), ("", ""), ("\0", "\0")] {
        assert_eq!(code(accounts::sign_in(&world.store, serial, pin, &world.origin()).await), Code::InvalidCredentials);
    }
});

on_both!(a_temporary_account_expires, |world| {
    let (account, customer) = world.open().await;
    world.clock.advance(7 * ms::DAY + 1);
    assert_eq!(code(accounts::sign_in(&world.store, &account.serial, &account.pin, &world.origin()).await), Code::InvalidCredentials);
    store::cleanup::sweep(&world.store).await.unwrap();
    assert_eq!(world.count(&format!("SELECT COUNT(*) FROM customers WHERE id = {}", customer.id)).await, 0);
    assert_eq!(world.count(&format!("SELECT COUNT(*) FROM accounts WHERE id = {}", customer.id)).await, 1, "its number is not given again");
});

on_both!(a_new_pin_ends_the_other_sessions, |world| {
    let (account, customer) = world.open().await;
    let other = accounts::sign_in(&world.store, &account.serial, &account.pin, &world.origin()).await.unwrap();
    let new = if account.pin == "1234" { "4321" } else { "1234" };
    let wrong = accounts::change_pin(&world.store, &customer, new, "9999", &world.origin()).await.unwrap_err().problem();
    assert_eq!(wrong.of_field("old_pin"), Some(FieldCode::WrongPin));
    let same = accounts::change_pin(&world.store, &customer, &account.pin, &account.pin, &world.origin()).await.unwrap_err().problem();
    assert_eq!(same.of_field("new_pin"), Some(FieldCode::SamePin));
    accounts::change_pin(&world.store, &customer, &account.pin, new, &world.origin()).await.unwrap();
    assert_eq!(code(sessions::authenticate(&world.store, &other.access_token, &world.origin()).await), Code::Unauthenticated);
    sessions::authenticate(&world.store, &account.tokens.access_token, &world.origin()).await.unwrap();
    assert_eq!(code(accounts::sign_in(&world.store, &account.serial, &account.pin, &world.origin()).await), Code::InvalidCredentials);
    accounts::sign_in(&world.store, &account.serial, new, &world.origin()).await.unwrap();
});

on_both!(a_pin_that_the_staff_drew_has_the_last_word, |world| {
    let support = world.member("support", Role::Support).await;
    for _ in 0..10 {
        let (account, customer) = world.open().await;
        let new = if account.pin == "1234" { "4321" } else { "1234" };
        let origin = world.origin();
        let change = accounts::change_pin(&world.store, &customer, &account.pin, new, &origin);
        let sign_in = accounts::sign_in(&world.store, &account.serial, &account.pin, &origin);
        let reset = accounts::reset_pin(&world.store, &support, &account.serial, &origin);
        let (_, signed_in, drawn) = futures::join!(change, sign_in, reset);
        let drawn = drawn.unwrap();
        if drawn.pin == account.pin {
            continue;
        }
        if let Ok(tokens) = signed_in {
            let outlived = sessions::authenticate(&world.store, &tokens.access_token, &world.origin()).await;
            assert_eq!(code(outlived), Code::Unauthenticated, "a session of the old PIN outlived the new one");
        }
        assert_eq!(code(sessions::authenticate(&world.store, &account.tokens.access_token, &world.origin()).await), Code::Unauthenticated);
        accounts::sign_in(&world.store, &account.serial, &drawn.pin, &origin).await.unwrap();
    }
});

on_both!(a_blocked_account_is_out_at_once, |world| {
    let owner = world.owner().await;
    let (account, _) = world.open().await;
    accounts::set_blocked(&world.store, &owner, &account.serial, true, &world.origin()).await.unwrap();
    assert_eq!(code(sessions::authenticate(&world.store, &account.tokens.access_token, &world.origin()).await), Code::AccountBlocked);
    assert_eq!(code(accounts::sign_in(&world.store, &account.serial, &account.pin, &world.origin()).await), Code::AccountBlocked);
    accounts::set_blocked(&world.store, &owner, &account.serial, false, &world.origin()).await.unwrap();
    accounts::sign_in(&world.store, &account.serial, &account.pin, &world.origin()).await.unwrap();
});

on_both!(notifications_are_read_by_their_owner_alone, |world| {
    let customer = world.activated(1).await;
    let stranger = world.activated(2).await;
    let list = notifications::list(&world.store, &customer, 50).await.unwrap();
    assert!(matches!(list[0].notice, Notice::Activated { bonus: 100 }));
    assert_eq!(code(notifications::mark_read(&world.store, &stranger, Some(list[0].id)).await), Code::NotFound);
    assert!(!notifications::list(&world.store, &customer, 50).await.unwrap()[0].is_read);
    notifications::mark_read(&world.store, &customer, Some(list[0].id)).await.unwrap();
    assert!(notifications::list(&world.store, &customer, 50).await.unwrap()[0].is_read);
});

on_both!(the_oldest_notification_is_reached_page_by_page, |world| {
    let (customer, stranger) = (world.activated(1).await, world.activated(2).await);
    for title in ["one", "two", "three", "four"] {
        let file = world.file(title, 0).await;
        world.bought(&customer, file).await;
    }
    let told = notifications::list(&world.store, &customer, 50).await.unwrap();
    assert_eq!(told.len(), 5);
    let mut read = Vec::new();
    loop {
        let before = read.last().map(|last: &shared::api::Notification| last.id);
        let page = notifications::older(&world.store, &customer, before, 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2);
        read.extend(page);
    }
    assert_eq!(read, told);
    // Another's notification is a place in the list like any other, and shows nothing of it.
    assert_eq!(notifications::older(&world.store, &stranger, Some(told[0].id), 50).await.unwrap().len(), 1);
});

on_both!(the_audit_log_holds_failures_too, |world| {
    let (account, _) = world.open().await;
    let _ = accounts::sign_in(&world.store, &account.serial, "x", &from("198.51.100.9")).await;
    let failed = "SELECT COUNT(*) FROM audit_log WHERE action = 'account.sign_in' AND outcome = 'wrong' AND ip = '198.51.100.9'";
    assert_eq!(world.count(failed).await, 1);
});
