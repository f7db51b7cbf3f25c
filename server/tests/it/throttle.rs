//! Every call that tests a secret waits after five failures, right secret or not (design, section 3).

use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::{api::Role, ms};

use crate::{
    on_both,
    world::{PASSWORD, World, json_of},
};

/// What of a request's fields is a secret that can be guessed. Tokens have 256 bits: they can't.
const SECRETS: [&str; 5] = ["pin", "old_pin", "password", "charge_code", "totp"];

/// How each call is tried with a wrong secret. A call of the document that has a secret and is not here fails the test.
const CALLS: [&str; 5] =
    ["/api/v1/token/", "/api/v1/recover/", "/api/v1/account/pin/", "/api/v1/wallet/recharge-code/", "/api/v1/admin/token/"];

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
    world.staff("keeper", Role::Owner).await;
    for path in CALLS {
        let account = world.activated().await;
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
            "/api/v1/wallet/recharge-code/" => (json!({"charge_code": unknown_code}), json!({"charge_code": world.code(500).await})),
            _ => (json!({"username": "keeper", "password": "wrong password"}), json!({"username": "keeper", "password": PASSWORD})),
        };
        let attempt = |body: &Value| json_of(world.post(path).bearer_auth(&account.access).json(body));
        let mut first = None;
        for number in 1..=5 {
            let (status, body) = attempt(&wrong).await;
            assert!(matches!(status, StatusCode::UNAUTHORIZED | StatusCode::UNPROCESSABLE_ENTITY), "{path} {number}: {status} {body}");
            // One answer, whatever the number of failures.
            assert_eq!(*first.get_or_insert(body.clone()), body, "{path}");
        }
        let (status, locked) = attempt(&right).await;
        assert_eq!((status, &locked["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("too_many_attempts")), "{path}");
        let seconds = locked["retry_after"].as_i64().unwrap();
        assert!((1..=60).contains(&seconds), "{path}: {seconds}");
        world.clock.advance(seconds * ms::SECOND);
        assert!(attempt(&right).await.0.is_success(), "{path}: the wait is over");
    }
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

async fn assert_unlocked_by_staff(world: &World, serial: &str, pin: &str) {
    let right = || json_of(world.post("/api/v1/token/").json(&json!({"serial": serial, "pin": pin})));
    assert_eq!(right().await.0, StatusCode::TOO_MANY_REQUESTS);
    let support = world.staff("support", Role::Support).await;
    let unlock = world.post(&format!("/api/v1/admin/customers/{serial}/unlock/")).bearer_auth(&support);
    assert_eq!(json_of(unlock).await.0, StatusCode::OK);
    assert_eq!(right().await.0, StatusCode::OK);
}
