use shared::{
    Code, FieldCode, Notice,
    api::{Role, admin::LockReason},
    ms,
};
use store::{Customer, accounts, codes, notifications};

use crate::{
    on_both,
    world::{at_once, code, from},
};

fn wrong(pin: &str) -> &'static str {
    if pin == "0000" { "0001" } else { "0000" }
}

on_both!(five_failures_then_waits_that_double, |world| {
    let (account, customer) = world.open().await;
    for serial in [account.serial.as_str(), "CUST2026-UNKNWN"] {
        let attempt = async |ip: &str| accounts::sign_in(&world.store, serial, wrong(&account.pin), &from(ip)).await;
        for index in 0..5 {
            assert_eq!(code(attempt(&format!("198.51.100.{index}")).await), Code::InvalidCredentials, "{serial}");
        }
        let locked = attempt("198.51.100.50").await.unwrap_err().problem();
        assert_eq!((locked.code, locked.retry_at), (Code::TooManyAttempts, Some(world.store.now().plus(30 * ms::SECOND))), "{serial}");
        world.clock.advance(30 * ms::SECOND);
        assert_eq!(code(attempt("198.51.100.51").await), Code::InvalidCredentials, "{serial}");
        let locked = attempt("198.51.100.52").await.unwrap_err().problem();
        assert_eq!(locked.retry_at, Some(world.store.now().plus(ms::MINUTE)), "{serial}");
    }
    // The right PIN does not open a locked account, and the owner was told.
    assert_eq!(code(accounts::sign_in(&world.store, &account.serial, &account.pin, &from("198.51.100.60")).await), Code::TooManyAttempts);
    let told = notifications::list(&world.store, &customer, 50).await.unwrap();
    assert!(told.iter().any(|notification| matches!(notification.notice, Notice::SignInLocked { .. })));
    // An administrator lets them in again.
    let owner = world.owner().await;
    accounts::unlock(&world.store, &owner, &account.serial, &world.origin()).await.unwrap();
    accounts::sign_in(&world.store, &account.serial, &account.pin, &from("198.51.100.61")).await.unwrap();
});

on_both!(a_thousand_addresses_do_not_get_in, |world| {
    let (account, _) = world.open().await;
    let right: usize = account.pin.parse().unwrap();
    let guesses = at_once(1_000, |address| {
        let (store, serial) = (world.store.clone(), account.serial.clone());
        async move {
            let mut looked_at = 0;
            for guess in 0..10 {
                let guess = address * 10 + guess;
                // The right PIN is among the last ones to be tried.
                let pin = format!("{:04}", (right + 1 + guess) % 10_000);
                let origin = from(&format!("10.0.{}.{}", address / 250, address % 250));
                match accounts::sign_in(&store, &serial, &pin, &origin).await {
                    Ok(_) => panic!("guess {guess} got in"),
                    Err(error) if error.problem().code == Code::InvalidCredentials => looked_at += 1,
                    Err(error) => assert_eq!(error.problem().code, Code::TooManyAttempts),
                }
            }
            looked_at
        }
    })
    .await;
    assert_eq!(guesses.iter().sum::<i32>(), 5);
});

on_both!(one_address_is_slowed_over_all_accounts, |world| {
    for index in 0..50 {
        let attempt = accounts::sign_in(&world.store, &format!("CUST2026-AAAA{index:02}"), "1234", &from("198.51.100.1")).await;
        assert_eq!(code(attempt), Code::InvalidCredentials, "{index}");
    }
    let attempt = accounts::sign_in(&world.store, "CUST2026-CCCCCC", "1234", &from("198.51.100.1")).await;
    assert_eq!(code(attempt), Code::TooManyAttempts);
    let attempt = accounts::sign_in(&world.store, "CUST2026-CCCCCC", "1234", &from("198.51.100.2")).await;
    assert_eq!(code(attempt), Code::InvalidCredentials);
});

on_both!(recovery_codes_and_pin_change_are_throttled, |world| {
    let (account, customer) = world.open().await;
    accounts::activate(&world.store, &customer, "سارة", "0912345678", &world.origin()).await.unwrap();
    let customer = world.customer(&account.tokens.access_token).await;
    for phone in ["0912345678", "0900000000"] {
        for _ in 0..5 {
            assert_eq!(code(accounts::recover(&world.store, phone, wrong(&account.pin), &from("a")).await), Code::InvalidCredentials);
        }
        assert_eq!(code(accounts::recover(&world.store, phone, &account.pin, &from("b")).await), Code::TooManyAttempts);
    }
    for _ in 0..5 {
        let attempt = accounts::change_pin(&world.store, &customer, wrong(&account.pin), "7777", &from("c")).await;
        assert_eq!(code(attempt), Code::Invalid);
    }
    let attempt = accounts::change_pin(&world.store, &customer, &account.pin, "7777", &from("d")).await;
    assert_eq!(code(attempt), Code::TooManyAttempts);
    assert_eq!(code(accounts::sign_in(&world.store, &account.serial, &account.pin, &from("e")).await), Code::TooManyAttempts);
    for _ in 0..5 {
        assert_eq!(code(store::wallet::redeem_code(&world.store, &customer, "OLDCODE12345", None, &from("f")).await), Code::CodeInvalid);
    }
    let good = world.code(500).await;
    assert_eq!(code(store::wallet::redeem_code(&world.store, &customer, &good, None, &from("g")).await), Code::TooManyAttempts);
});

on_both!(who_has_a_phone_is_told_five_times, |world| {
    world.activated(1).await;
    let taken = "+966500000001";
    let activate =
        async |customer: &Customer, phone: &str, ip: &str| accounts::activate(&world.store, customer, "ليلى", phone, &from(ip)).await;
    // A slip or two are no reason to wait, and what can't be read is no try.
    let (_, careless) = world.open().await;
    for phone in [taken, "12a", taken] {
        activate(&careless, phone, "198.51.100.1").await.unwrap_err();
    }
    assert_eq!(activate(&careless, "+966500000002", "198.51.100.1").await.unwrap().bonus, 100);
    assert_eq!(code(activate(&careless, taken, "198.51.100.1").await), Code::AlreadyActivated);

    let (account, curious) = world.open().await;
    for index in 0..5 {
        assert_eq!(code(activate(&curious, taken, &format!("198.51.100.1{index}")).await), Code::PhoneTaken, "{index}");
    }
    let locked = activate(&curious, "+966500000003", "198.51.100.20").await.unwrap_err().problem();
    assert_eq!((locked.code, locked.retry_at), (Code::TooManyAttempts, Some(world.store.now().plus(30 * ms::SECOND))));
    assert_eq!(code(activate(&curious, taken, "198.51.100.21").await), Code::TooManyAttempts, "a lock tells of no number");
    let locked = "SELECT COUNT(*) FROM audit_log WHERE action = 'account.activate' AND outcome = 'locked'";
    assert_eq!(world.count(locked).await, 2);
    // It is the activation alone that waits, and the staff see it and may lift it.
    accounts::sign_in(&world.store, &account.serial, &account.pin, &from("198.51.100.22")).await.unwrap();
    let support = world.member("support", Role::Support).await;
    let serial = account.serial.parse().unwrap();
    let locks = store::customers::profile(&world.store, &support, &serial).await.unwrap().locks;
    assert_eq!(locks.iter().map(|lock| (lock.reason, lock.failures)).collect::<Vec<_>>(), [(LockReason::Activation, 5)]);
    accounts::unlock(&world.store, &support, &account.serial, &world.origin()).await.unwrap();
    assert_eq!(activate(&curious, "+966500000003", "198.51.100.23").await.unwrap().bonus, 100);
});

on_both!(who_opens_many_accounts_is_told_of_phones_no_more, |world| {
    world.activated(1).await;
    let taken = "+966500000001";
    for index in 0..50 {
        let (_, customer) = world.open().await;
        let attempt = accounts::activate(&world.store, &customer, "ليلى", taken, &from("198.51.100.1")).await;
        assert_eq!(code(attempt), Code::PhoneTaken, "{index}");
    }
    let (_, customer) = world.open().await;
    let attempt = async |ip: &str| code(accounts::activate(&world.store, &customer, "ليلى", taken, &from(ip)).await);
    assert_eq!(attempt("198.51.100.1").await, Code::TooManyAttempts);
    assert_eq!(attempt("198.51.100.2").await, Code::PhoneTaken);
});

on_both!(a_hundred_phones_at_once_are_five_answers, |world| {
    world.activated(1).await;
    let (_, customer) = world.open().await;
    let told = at_once(100, |index| {
        let (store, customer) = (world.store.clone(), customer.clone());
        async move {
            let origin = from(&format!("10.0.0.{index}"));
            code(accounts::activate(&store, &customer, "ليلى", "+966500000001", &origin).await) == Code::PhoneTaken
        }
    })
    .await;
    assert_eq!(told.into_iter().filter(|told| *told).count(), 5);
});

on_both!(a_success_forgets_the_failures, |world| {
    let (account, _) = world.open().await;
    for _ in 0..4 {
        for _ in 0..4 {
            assert_eq!(
                code(accounts::sign_in(&world.store, &account.serial, wrong(&account.pin), &from("a")).await),
                Code::InvalidCredentials
            );
        }
        accounts::sign_in(&world.store, &account.serial, &account.pin, &from("a")).await.unwrap();
    }
});

/// A code with one wrong character: its check character tells.
fn mistyped(code: &str) -> String {
    let slip = if code.ends_with('A') { "B" } else { "A" };
    format!("{}{slip}", &code[..code.len() - 1])
}

on_both!(a_slip_or_a_known_answer_forgets_no_guesses, |world| {
    let customer = world.activated(1).await;
    let (first, second) = (world.code(500).await, world.code(500).await);
    let redeem =
        async |typed: &str, key: Option<&str>| store::wallet::redeem_code(&world.store, &customer, typed, key, &world.origin()).await;
    let guess = async || assert_eq!(code(redeem("OLDCODE12345", None).await), Code::CodeInvalid);
    for _ in 0..4 {
        guess().await;
    }
    let slip = redeem(&mistyped(&first), None).await.unwrap_err().problem();
    assert_eq!(slip.of_field("charge_code"), Some(FieldCode::CheckCharacter));
    guess().await;
    assert_eq!(code(redeem(&first, None).await), Code::TooManyAttempts);

    world.clock.advance(30 * ms::SECOND);
    redeem(&first, Some("once")).await.unwrap();
    for _ in 0..4 {
        guess().await;
    }
    redeem(&first, Some("once")).await.unwrap();
    assert_eq!(code(redeem(&first, None).await), Code::CodeAlreadyRedeemed);
    guess().await;
    assert_eq!(code(redeem(&second, None).await), Code::TooManyAttempts);
});

on_both!(a_request_that_comes_again_is_no_guess, |world| {
    let customer = world.activated(1).await;
    let (first, second) = (world.code(500).await, world.code(300).await);
    let redeem =
        async |typed: &str, key: &str| store::wallet::redeem_code(&world.store, &customer, typed, Some(key), &world.origin()).await;
    assert_eq!(redeem(&first, "first").await.unwrap().new_balance, 600);
    for _ in 0..5 {
        // A refused request leaves its key free.
        assert_eq!(code(redeem("OLDCODE12345", "guess").await), Code::CodeInvalid);
    }
    assert_eq!(code(redeem(&second, "second").await), Code::TooManyAttempts);
    let failures = async || world.count("SELECT CAST(SUM(failures) AS BIGINT) FROM throttles").await;
    let counted = failures().await;
    // The customer has to wait, but not for what was answered before.
    assert_eq!(redeem(&first, "first").await.unwrap().new_balance, 600);
    assert_eq!(code(redeem(&second, "first").await), Code::IdempotencyMismatch);
    assert_eq!(failures().await, counted);
    assert_eq!(code(redeem(&second, "second").await), Code::TooManyAttempts);
    world.clock.advance(30 * ms::SECOND);
    assert_eq!(redeem(&second, "second").await.unwrap().new_balance, 900);
});

on_both!(five_hundred_codes_at_once_are_five_guesses, |world| {
    let customer = world.activated(1).await;
    let guesses = at_once(500, |index| {
        let (store, customer) = (world.store.clone(), customer.clone());
        // Each from an address of its own and half of them under a key, so that nothing but the customer's own counter stands in the way.
        let (origin, key) = (from(&format!("10.0.{}.{}", index / 250, index % 250)), format!("guess-{index}"));
        async move {
            let key = (index % 2 == 0).then_some(key.as_str());
            let typed = format!("OLDCODE{index:05}");
            store::wallet::redeem_code(&store, &customer, &typed, key, &origin).await.map_err(|error| error.problem().code)
        }
    })
    .await;
    assert_eq!(guesses.iter().filter(|guess| **guess == Err(Code::CodeInvalid)).count(), 5);
    assert_eq!(guesses.iter().filter(|guess| **guess == Err(Code::TooManyAttempts)).count(), 495);
    assert_eq!(world.count("SELECT COUNT(*) FROM idempotency_keys").await, 0);
});

on_both!(a_member_s_good_code_forgets_no_guesses, |world| {
    let support = world.member("support", Role::Support).await;
    let good = world.code(500).await;
    let find = async |typed: &str| codes::find(&world.store, &support, typed, &world.origin()).await;
    for _ in 0..4 {
        assert_eq!(code(find("OLDCODE12345").await), Code::NotFound);
    }
    for _ in 0..10 {
        find(&good).await.unwrap();
        assert_eq!(code(find(&mistyped(&good)).await), Code::Invalid);
    }
    assert_eq!(code(find("OLDCODE12345").await), Code::NotFound);
    assert_eq!(code(find(&good).await), Code::TooManyAttempts);
});

on_both!(a_household_s_addresses_are_one, |world| {
    for index in 0..50 {
        let address = format!("2001:db8:1:2::{index:x}");
        let attempt = accounts::sign_in(&world.store, &format!("CUST2026-AAAA{index:02}"), "1234", &from(&address)).await;
        assert_eq!(code(attempt), Code::InvalidCredentials, "{index}");
    }
    let attempt = async |address: &str| code(accounts::sign_in(&world.store, "CUST2026-CCCCCC", "1234", &from(address)).await);
    assert_eq!(attempt("2001:db8:1:2:ffff:ffff:ffff:ffff").await, Code::TooManyAttempts);
    assert_eq!(attempt("2001:db8:1:3::1").await, Code::InvalidCredentials);
});
