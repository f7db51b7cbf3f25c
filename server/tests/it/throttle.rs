//! Every call that tests a secret waits after five failures, right secret or not (design, section 3).

use std::net::IpAddr;

use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::{api::Role, ms};
use totp_rs::{Algorithm, Secret, TOTP};

use crate::{
    on_both,
    world::{PASSWORD, World, client, json_of},
};

/// What of a request's fields is a secret that can be guessed. Tokens have 256 bits: they can't.
const SECRETS: [&str; 6] = ["pin", "old_pin", "password", "old_password", "charge_code", "totp"];

/// How each call is tried with a wrong secret. A call of the document that has a secret and is not here fails the test.
const CALLS: [&str; 9] = [
    "/api/v1/token/",
    "/api/v1/recover/",
    "/api/v1/account/pin/",
    "/api/v1/wallet/recharge-code/",
    "/api/v1/admin/token/",
    "/api/v1/admin/account/password/",
    "/api/v1/admin/account/totp/confirm/",
    "/api/v1/admin/account/totp/disable/",
    "/api/v1/admin/codes/find/",
];

on_both!(no_call_with_a_secret_is_forgotten, |world| {
    let (_, document) = json_of(world.get("/api/v1/openapi.json")).await;
    let mut found: Vec<&str> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let text = methods["post"]["requestBody"].to_string();
        let schema = text.split("#/components/schemas/").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let fields = document["components"]["schemas"][schema]["properties"].as_object();
        if fields.is_some_and(|fields| SECRETS.iter().any(|secret| fields.contains_key(*secret))) {
            found.push(path);
        }
    }
    found.sort_unstable();
    let mut known = CALLS;
    known.sort_unstable();
    assert_eq!(found, known);
});

on_both!(five_failures_lock_each_of_them, |world| {
    for (number, path) in CALLS.into_iter().enumerate() {
        // Failures are counted by address too: each call is tried from one of its own.
        world.http = client(IpAddr::from([127, 0, 1, u8::try_from(number).unwrap()]));
        let mut account = world.activated().await;
        let keeper = format!("keeper-{number}");
        let at_desk = world.staff(&keeper, Role::Owner).await;
        let mut authenticator = None;
        let phone = world.text(&format!("SELECT phone FROM customers WHERE serial = '{}'", account.serial())).await;
        let wrong_pin = if account.pin == "0000" { "0001" } else { "0000" };
        // Well formed, so that it is a guess and no slip.
        let unknown_code = shared::ChargeCode::new([7; shared::ChargeCode::RANDOM]).grouped();
        let (wrong, right): (Value, Value) = match path {
            "/api/v1/token/" => {
                (json!({"serial": account.serial, "pin": wrong_pin}), json!({"serial": account.serial, "pin": account.pin}))
            }
            "/api/v1/recover/" => (json!({"phone": phone, "pin": wrong_pin}), json!({"phone": phone, "pin": account.pin})),
            "/api/v1/account/pin/" => {
                (json!({"old_pin": wrong_pin, "new_pin": "7391"}), json!({"old_pin": account.pin, "new_pin": "7391"}))
            }
            "/api/v1/admin/token/" => {
                (json!({"username": keeper, "password": "wrong password"}), json!({"username": keeper, "password": PASSWORD}))
            }
            "/api/v1/admin/account/password/" => (
                json!({"old_password": "wrong password", "new_password": "another long one"}),
                json!({"old_password": PASSWORD, "new_password": "another long one"}),
            ),
            "/api/v1/admin/account/totp/confirm/" => {
                let (_, setup) = json_of(world.post("/api/v1/admin/account/totp/").bearer_auth(&at_desk)).await;
                authenticator = Some(setup["secret"].as_str().unwrap().to_owned());
                (json!({"totp": "wrong!"}), json!({"totp": "000000"}))
            }
            "/api/v1/admin/account/totp/disable/" => (json!({"password": "wrong password"}), json!({"password": PASSWORD})),
            "/api/v1/wallet/recharge-code/" | "/api/v1/admin/codes/find/" => {
                (json!({"charge_code": unknown_code}), json!({"charge_code": world.code(500).await}))
            }
            other => panic!("how is {other} tried?"),
        };
        if path.starts_with("/api/v1/admin/") {
            account.access = at_desk;
        }
        let attempt = |body: &Value| json_of(world.post(path).bearer_auth(&account.access).json(body));
        let mut first = None;
        for number in 1..=5 {
            let (status, body) = attempt(&wrong).await;
            assert!(
                matches!(status, StatusCode::UNAUTHORIZED | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::NOT_FOUND),
                "{path} {number}: {status} {body}"
            );
            // One answer, whatever the number of failures.
            assert_eq!(*first.get_or_insert(body.clone()), body, "{path}");
        }
        let (status, locked) = attempt(&right).await;
        assert_eq!((status, &locked["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("too_many_attempts")), "{path}");
        let seconds = locked["retry_after"].as_i64().unwrap();
        assert!((1..=60).contains(&seconds), "{path}: {seconds}");
        world.clock.advance(seconds * ms::SECOND);
        // Digits are of the moment they are typed in.
        let right = authenticator.map_or(right, |secret| json!({"totp": digits(world, &secret)}));
        assert!(attempt(&right).await.0.is_success(), "{path}: the wait is over");
    }
});

/// What an authenticator shows at the world's time.
fn digits(world: &World, secret: &str) -> String {
    let secret = Secret::Encoded(secret.to_owned()).to_bytes().unwrap();
    let authenticator = TOTP::new(Algorithm::SHA1, 6, 1, 30, secret, None, String::new()).unwrap();
    authenticator.generate(u64::try_from(world.store.now().0 / ms::SECOND).unwrap())
}

on_both!(a_locked_member_is_told_of_and_unlocked, |world| {
    let owner = world.staff("owner", Role::Owner).await;
    world.staff("keeper", Role::Support).await;
    let enter = |password: &str| json_of(world.post("/api/v1/admin/token/").json(&json!({"username": "keeper", "password": password})));
    for _ in 0..5 {
        assert_eq!(enter("wrong password").await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(enter(PASSWORD).await.0, StatusCode::TOO_MANY_REQUESTS);
    let alerts = || json_of(world.get("/api/v1/admin/alerts/").bearer_auth(&owner));
    let (_, told) = alerts().await;
    assert_eq!((told.as_array().unwrap().len(), &told[0]["kind"], &told[0]["times"]), (1, &json!("staff_locked"), &json!(1)));
    assert!(told[0]["detail"].as_str().unwrap().starts_with("keeper until "), "{told}");
    let members = || json_of(world.get("/api/v1/admin/staff/").bearer_auth(&owner));
    let (_, listed) = members().await;
    assert!(listed[0]["locked_until"].is_null() && listed[1]["locked_until"].is_string(), "{listed}");

    let path = format!("/api/v1/admin/staff/{}/unlock/", listed[1]["id"]);
    assert_eq!(json_of(world.post(&path).bearer_auth(&owner)).await.0, StatusCode::OK);
    assert_eq!(enter(PASSWORD).await.0, StatusCode::OK);
    assert_eq!(alerts().await.1, json!([]));
    assert!(members().await.1[1]["locked_until"].is_null());
});

on_both!(forty_tries_at_once_are_forty_failures, |world| {
    let account = world.activated().await;
    let wrong_pin = if account.pin == "0000" { "0001" } else { "0000" };
    let body = json!({"serial": account.serial, "pin": wrong_pin});
    let tries = (0..40).map(|_| json_of(world.post("/api/v1/token/").json(&body)));
    let tested = futures::future::join_all(tries).await.into_iter().filter(|(status, _)| *status == StatusCode::UNAUTHORIZED).count();
    assert_eq!(tested, 5, "more secrets were tested than the throttle lets through");
    assert_unlocked_by_staff(world, &account.serial, &account.pin).await;
});

on_both!(a_phone_is_told_to_be_taken_five_times, |world| {
    let owner = world.activated().await;
    let taken = world.text(&format!("SELECT phone FROM customers WHERE serial = '{}'", owner.serial())).await;
    let account = world.account().await;
    let activate = |phone: &str| {
        let body = json!({"name": "ليلى", "phone": phone});
        json_of(world.post("/api/v1/activate-final/").bearer_auth(&account.access).json(&body))
    };
    for _ in 0..5 {
        let (status, body) = activate(&taken).await;
        assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("phone_taken")));
    }
    for phone in [taken.as_str(), "+249912345678"] {
        let (status, body) = activate(phone).await;
        assert_eq!((status, &body["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("too_many_attempts")), "{phone}");
    }
    world.clock.advance(30 * ms::SECOND);
    assert_eq!(activate("+249912345678").await.0, StatusCode::OK, "the wait is over");
});

async fn assert_unlocked_by_staff(world: &World, serial: &str, pin: &str) {
    let right = || json_of(world.post("/api/v1/token/").json(&json!({"serial": serial, "pin": pin})));
    assert_eq!(right().await.0, StatusCode::TOO_MANY_REQUESTS);
    let support = world.staff("support", Role::Support).await;
    let unlock = world.post(&format!("/api/v1/admin/customers/{serial}/unlock/")).bearer_auth(&support);
    assert_eq!(json_of(unlock).await.0, StatusCode::OK);
    assert_eq!(right().await.0, StatusCode::OK);
}
