//! One phone number, with a 0 in front or with the country's code.

use shared::{
    Code, FieldCode, Notice, Serial,
    api::{
        NewAccount,
        admin::{AuditFilter, AuditValues, LockReason, SettingsRequest},
    },
};
use store::{Customer, Staff, accounts, audit, customers, notifications, settings};

use crate::{
    on_both,
    world::{World, at_once, code, from},
};

async fn country(world: &World, owner: &Staff, typed: &str) {
    let request = SettingsRequest { country_code: Some(typed.to_owned()), ..SettingsRequest::default() };
    settings::change(&world.store, owner, &request, &world.origin()).await.unwrap();
}

/// A customer who activated with the number.
async fn with_phone(world: &World, phone: &str) -> (NewAccount, Customer) {
    let (account, customer) = world.open().await;
    accounts::activate(&world.store, &customer, "سارة", phone, &world.origin()).await.unwrap();
    let customer = world.customer(&account.tokens.access_token).await;
    (account, customer)
}

/// What a new account gets for the number.
async fn tried(world: &World, phone: &str) -> Result<i64, Code> {
    let (_, customer) = world.open().await;
    let activated = accounts::activate(&world.store, &customer, "ليلى", phone, &world.origin()).await;
    activated.map(|activated| activated.bonus).map_err(|error| error.problem().code)
}

async fn recovered(world: &World, phone: &str, pin: &str) -> Result<String, Code> {
    let recovered = accounts::recover(&world.store, phone, pin, &world.origin()).await;
    recovered.map(|recovered| recovered.serial).map_err(|error| error.problem().code)
}

async fn found(world: &World, staff: &Staff, text: &str) -> Vec<String> {
    let find = customers::Find { text: text.to_owned(), ..customers::Find::default() };
    customers::find(&world.store, staff, &find).await.unwrap().results.into_iter().map(|customer| customer.serial).collect()
}

async fn kept(world: &World, customer: &Customer) -> Option<String> {
    accounts::profile(&world.store, customer).await.unwrap().phone
}

const FORMS: [&str; 4] = ["050 123 4567", "+966 50 123 4567", "00966501234567", "٠٥٠١٢٣٤٥٦٧"];

on_both!(one_number_has_one_bonus_in_all_its_forms, |world| {
    let owner = world.owner().await;
    country(world, &owner, "966").await;
    let (account, customer) = with_phone(world, FORMS[0]).await;
    assert_eq!((kept(world, &customer).await.as_deref(), customer.balance), (Some("+966501234567"), 100));
    for form in FORMS {
        assert_eq!(tried(world, form).await, Err(Code::PhoneTaken), "{form}");
        assert_eq!(recovered(world, form, &account.pin).await.as_ref(), Ok(&account.serial), "{form}");
        assert_eq!(found(world, &owner, form).await, [account.serial.as_str()], "{form}");
    }
    // Of another country, and without a 0, they are numbers of their own.
    for other in ["+249501234567", "501234567"] {
        assert_eq!(tried(world, other).await, Ok(100), "{other}");
    }
});

on_both!(without_a_country_they_are_two_numbers, |world| {
    let (local, customer) = with_phone(world, "0501234567").await;
    let (abroad, other) = with_phone(world, "00966501234567").await;
    assert_eq!((kept(world, &customer).await.as_deref(), customer.balance), (Some("0501234567"), 100));
    assert_eq!((kept(world, &other).await.as_deref(), other.balance), (Some("+966501234567"), 100));
    // When the owner names the country, nobody is shut out, and each has their account by the number as it was given.
    let owner = world.owner().await;
    country(world, &owner, "966").await;
    assert_eq!(recovered(world, "050-123-4567", &local.pin).await, Ok(local.serial.clone()));
    assert_eq!(recovered(world, "+966501234567", &abroad.pin).await, Ok(abroad.serial.clone()));
    for form in FORMS {
        let mut serials = found(world, &owner, form).await;
        serials.sort_unstable();
        let mut both = [local.serial.clone(), abroad.serial.clone()];
        both.sort_unstable();
        assert_eq!(serials, both, "{form}");
        assert_eq!(tried(world, form).await, Err(Code::PhoneTaken), "{form}");
    }
    // Knowing one's own PIN is no proof that the guesses at the other account were none.
    let wrong = if local.pin == "0000" { "0001" } else { "0000" };
    for _ in 0..4 {
        assert_eq!(recovered(world, "0501234567", wrong).await, Err(Code::InvalidCredentials));
    }
    assert_eq!(recovered(world, "+966501234567", &abroad.pin).await, Ok(abroad.serial.clone()));
    assert_eq!(recovered(world, "0501234567", wrong).await, Err(Code::InvalidCredentials));
    assert_eq!(recovered(world, "0501234567", &local.pin).await, Err(Code::TooManyAttempts));
    // What was tried at the number as one account has it stays when the other is forgotten.
    let guesses = "SELECT COUNT(*) FROM audit_log WHERE action = 'account.recover' AND outcome = 'wrong' AND ip <> ''";
    let before = world.count(guesses).await;
    let serial: Serial = local.serial.parse().unwrap();
    let data = customers::export(&world.store, &owner, &serial, &world.origin()).await.unwrap();
    assert!(!data.audit.iter().any(|act| act.outcome == "wrong"), "{:?}", data.audit);
    customers::erase(&world.store, &owner, &serial, serial.as_str(), &world.origin()).await.unwrap();
    assert_eq!(world.count(guesses).await, before);
});

on_both!(a_number_of_before_the_setting_is_found_in_every_form, |world| {
    let (account, customer) = with_phone(world, "0501234567").await;
    let (short, _) = with_phone(world, "0987654").await;
    let owner = world.owner().await;
    country(world, &owner, "+966").await;
    assert_eq!(found(world, &owner, "+966 987654").await, [short.serial.as_str()]);
    for form in FORMS {
        assert_eq!(tried(world, form).await, Err(Code::PhoneTaken), "{form}");
        assert_eq!(recovered(world, form, &account.pin).await.as_ref(), Ok(&account.serial), "{form}");
        assert_eq!(found(world, &owner, form).await, [account.serial.as_str()], "{form}");
    }
    assert_eq!(kept(world, &customer).await.as_deref(), Some("0501234567"), "the row is left alone");

    // Wrong PINs in any form are tries of one number.
    let wrong = if account.pin == "0000" { "0001" } else { "0000" };
    for form in [FORMS[0], FORMS[1], FORMS[0], FORMS[2], FORMS[1]] {
        assert_eq!(recovered(world, form, wrong).await, Err(Code::InvalidCredentials));
    }
    for form in FORMS {
        assert_eq!(recovered(world, form, &account.pin).await, Err(Code::TooManyAttempts), "{form}");
    }
    let serial: Serial = account.serial.parse().unwrap();
    let locks = customers::profile(&world.store, &owner, &serial).await.unwrap().locks;
    assert_eq!(locks.iter().map(|lock| (lock.reason, lock.failures)).collect::<Vec<_>>(), [(LockReason::Recovery, 5)]);
    let told = notifications::list(&world.store, &customer, 50).await.unwrap();
    assert!(told.iter().any(|notification| matches!(notification.notice, Notice::SignInLocked { .. })), "the owner is told");
    accounts::unlock(&world.store, &owner, &account.serial, &world.origin()).await.unwrap();
    assert_eq!(recovered(world, FORMS[1], &account.pin).await, Ok(account.serial.clone()));

    // What was typed is part of the person's data, and goes with them; the bonus does not come again.
    let origin = from("198.51.100.9");
    for form in [FORMS[0], FORMS[1]] {
        assert_eq!(code(accounts::recover(&world.store, form, wrong, &origin).await), Code::InvalidCredentials);
    }
    let data = customers::export(&world.store, &owner, &serial, &world.origin()).await.unwrap();
    assert!(data.audit.iter().filter(|act| act.action == "account.recover" && act.outcome == "wrong").count() >= 7);
    customers::erase(&world.store, &owner, &serial, serial.as_str(), &world.origin()).await.unwrap();
    for (table, column) in [("audit_log", "subject"), ("throttles", "subject"), ("bonuses", "phone"), ("customers_search", "folded")] {
        assert_eq!(world.count(&format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%501234567%'")).await, 0, "{table}");
    }
    assert_eq!(tried(world, FORMS[1]).await, Ok(0));
    assert_eq!(tried(world, FORMS[0]).await, Err(Code::PhoneTaken));
});

on_both!(a_bonus_of_an_earlier_store_is_remembered_in_every_form, |world| {
    world.sql("INSERT INTO bonuses (phone, customer_id, granted_at) VALUES ('0501234567', 1, 1)").await.unwrap();
    let owner = world.owner().await;
    country(world, &owner, "966").await;
    let (account, customer) = with_phone(world, "+966501234567").await;
    assert_eq!(customer.balance, 0);
    let serial: Serial = account.serial.parse().unwrap();
    customers::erase(&world.store, &owner, &serial, serial.as_str(), &world.origin()).await.unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM bonuses WHERE phone = '0501234567'").await, 0);
    assert_eq!(tried(world, "0501234567").await, Ok(0));
});

on_both!(of_two_forms_at_once_one_is_activated, |world| {
    let owner = world.owner().await;
    country(world, &owner, "966").await;
    let mut customers = Vec::new();
    for _ in 0..20 {
        customers.push(world.open().await.1);
    }
    let activated = at_once(20, |index| {
        let (store, customer, origin) = (world.store.clone(), customers[index].clone(), world.origin());
        async move {
            let activated = accounts::activate(&store, &customer, "سارة", FORMS[index % FORMS.len()], &origin).await;
            activated.map(|activated| activated.bonus).map_err(|error| error.problem().code)
        }
    })
    .await;
    assert_eq!(activated.iter().filter(|activated| **activated == Ok(100)).count(), 1, "{activated:?}");
    assert_eq!(activated.iter().filter(|activated| **activated == Err(Code::PhoneTaken)).count(), 19, "{activated:?}");
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'activation_bonus'").await, 1);
});

on_both!(a_country_that_was_mistaken_shuts_nobody_out, |world| {
    let owner = world.owner().await;
    country(world, &owner, "996").await;
    let (account, customer) = with_phone(world, "0501234567").await;
    assert_eq!(kept(world, &customer).await.as_deref(), Some("+996501234567"));
    for corrected in ["966", "", "996", "966"] {
        country(world, &owner, corrected).await;
        assert_eq!(recovered(world, "0501234567", &account.pin).await.as_ref(), Ok(&account.serial), "{corrected}");
        assert_eq!(tried(world, "0501234567").await, Err(Code::PhoneTaken), "{corrected}");
    }
    assert_eq!(recovered(world, "+966501234567", &account.pin).await, Ok(account.serial));
    let earlier = "SELECT COUNT(*) FROM settings WHERE name = 'earlier_country_codes' AND value = '996 966'";
    assert_eq!(world.count(earlier).await, 1);
});

on_both!(a_country_s_code_is_checked_and_audited, |world| {
    let owner = world.owner().await;
    for typed in ["12345", "0", "0966", "abc", "+"] {
        let request = SettingsRequest { country_code: Some(typed.to_owned()), ..SettingsRequest::default() };
        let refused = settings::change(&world.store, &owner, &request, &world.origin()).await.unwrap_err().problem();
        assert_eq!(refused.of_field("country_code"), Some(FieldCode::Format), "{typed}");
    }
    assert_eq!(settings::get(&world.store, &owner).await.unwrap().country_code, "");
    country(world, &owner, " +٩٦٦ ").await;
    assert_eq!(settings::get(&world.store, &owner).await.unwrap().country_code, "966");
    let filter = AuditFilter { action: "settings.change".to_owned(), subject: "setting:country_code".to_owned(), ..AuditFilter::default() };
    let audited = audit::list(&world.store, &owner, &filter).await.unwrap().results;
    let set = AuditValues::Setting { from: String::new(), to: "966".to_owned() };
    assert_eq!(audited.iter().map(|entry| AuditValues::of(&entry.outcome)).collect::<Vec<_>>(), [Some(set)]);
    country(world, &owner, "").await;
    assert_eq!(settings::get(&world.store, &owner).await.unwrap().country_code, "");
});
