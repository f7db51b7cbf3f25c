//! Every call that tests a secret waits after five failures, right secret or not (design, section 3).

use std::net::IpAddr;

use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::{Instant, api::Role, ms};
use totp_rs::{Algorithm, Secret, TOTP};

use crate::{
    functions::functions,
    on_both,
    world::{PASSWORD, World, client, json_of},
};

/// What of a request's fields is a secret that can be guessed, by its name. What is chosen anew is not tested, and a country's code is none; tokens and tickets have 256
/// bits, or are signed.
fn is_secret(field: &str) -> bool {
    !field.starts_with("new_")
        && field != "country_code"
        && ["pin", "password", "code", "otp", "secret"].iter().any(|word| field.contains(word))
}

/// Calls and server functions with such a field that test nothing: older printed codes are brought in.
const BRING_IN: [&str; 2] = ["/api/v1/admin/codes/import/", "/admin/do/import-codes"];

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

/// The server functions that test a secret, each with the call that tests the same one: their fields have the same names. A function that
/// takes a secret and is not here fails the test.
const FUNCTIONS: [(&str, &str); 9] = [
    ("/do/sign-in", "/api/v1/token/"),
    ("/do/recover", "/api/v1/recover/"),
    ("/do/change-pin", "/api/v1/account/pin/"),
    ("/do/recharge", "/api/v1/wallet/recharge-code/"),
    ("/admin/do/sign-in", "/api/v1/admin/token/"),
    ("/admin/do/change-password", "/api/v1/admin/account/password/"),
    ("/admin/do/confirm-totp", "/api/v1/admin/account/totp/confirm/"),
    ("/admin/do/end-totp", "/api/v1/admin/account/totp/disable/"),
    ("/admin/do/find-code", "/api/v1/admin/codes/find/"),
];

on_both!(no_call_with_a_secret_is_forgotten, |world| {
    let (_, document) = json_of(world.get("/api/v1/openapi.json")).await;
    let mut found: Vec<&str> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let text = operation["requestBody"].to_string();
            let schema = text.split("#/components/schemas/").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            let fields = document["components"]["schemas"][schema]["properties"].as_object();
            if fields.is_some_and(|fields| fields.keys().any(|field| is_secret(field))) && !BRING_IN.contains(&path.as_str()) {
                found.push(path);
            }
        }
    }
    found.sort_unstable();
    let mut known = CALLS;
    known.sort_unstable();
    assert_eq!(found, known);
});

#[test]
fn no_server_function_with_a_secret_is_forgotten() {
    let all = functions();
    let secret = all.iter().filter(|function| function.takes.iter().any(|(field, _)| is_secret(field)));
    let mut found: Vec<&str> = secret.map(|function| function.path.as_str()).filter(|path| !BRING_IN.contains(path)).collect();
    found.sort_unstable();
    let mut known = FUNCTIONS.map(|(path, _)| path);
    known.sort_unstable();
    assert_eq!(found, known);
    let mut calls = FUNCTIONS.map(|(_, call)| call);
    calls.sort_unstable();
    let mut all = CALLS;
    all.sort_unstable();
    assert_eq!(calls, all, "the API and the web app test the same secrets");
}

/// A try by the API, or as the web app's script sends it: fields that a function wants beside the secret are left empty.
async fn tried(world: &World, path: &str, session: &str, body: &Value) -> (StatusCode, Value) {
    let request = world.post(path);
    if path.starts_with("/api/") {
        let request = request.json(body);
        return json_of(if session.is_empty() { request } else { request.bearer_auth(session) }).await;
    }
    let mut form = body.clone();
    let function = functions().into_iter().find(|function| function.path == path).unwrap();
    for (field, _) in function.takes.iter().filter(|(_, kind)| kind == "String") {
        if form[field].is_null() {
            form[field] = json!("");
        }
    }
    let cookie = if path.starts_with("/admin/") { "staff-access" } else { "access" };
    json_of(request.header("origin", &world.url).header("cookie", format!("{cookie}={session}")).form(&form)).await
}

/// How long a try that has to wait is told to wait, in seconds.
fn wait(world: &World, path: &str, (status, locked): &(StatusCode, Value)) -> i64 {
    assert_eq!((*status, &locked["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("too_many_attempts")), "{path}");
    let until = || serde_json::from_value::<Instant>(locked["retry_at"].clone()).unwrap().seconds_from(world.store.now());
    let seconds = locked["retry_after"].as_i64().unwrap_or_else(until);
    assert!((1..=60).contains(&seconds), "{path}: {seconds}");
    seconds
}

on_both!(five_failures_lock_each_of_them, |world| {
    let doors = CALLS.map(|call| (call, call)).into_iter().chain(FUNCTIONS);
    for (number, (path, call)) in doors.enumerate() {
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
        let (wrong, right): (Value, Value) = match call {
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
        if call.starts_with("/api/v1/admin/") {
            account.access = at_desk;
        }
        let attempt = async |body: &Value| tried(world, path, &account.access, body).await;
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
        let seconds = wait(world, path, &attempt(&right).await);
        world.clock.advance(seconds * ms::SECOND);
        // Digits are of the moment they are typed in.
        let right = authenticator.map_or(right, |secret| json!({"totp": digits(world, &secret)}));
        assert!(attempt(&right).await.0.is_success(), "{path}: the wait is over");
    }
});

on_both!(an_authenticators_digits_are_throttled_at_the_door, |world| {
    for (number, path) in ["/api/v1/admin/token/", "/admin/do/sign-in"].into_iter().enumerate() {
        let keeper = format!("keeper-{number}");
        let session = world.staff(&keeper, Role::Owner).await;
        let (_, setup) = json_of(world.post("/api/v1/admin/account/totp/").bearer_auth(&session)).await;
        let secret = setup["secret"].as_str().unwrap();
        let confirm = json!({"totp": digits(world, secret)});
        assert_eq!(json_of(world.post("/api/v1/admin/account/totp/confirm/").bearer_auth(&session).json(&confirm)).await.0, StatusCode::OK);
        // Digits are good for one use.
        world.clock.advance(ms::MINUTE);
        let attempt = async |totp: &str| tried(world, path, "", &json!({"username": keeper, "password": PASSWORD, "totp": totp})).await;
        let right = digits(world, secret);
        let wrong = if right == "000000" { "000001" } else { "000000" };
        for _ in 0..5 {
            assert_eq!(attempt(wrong).await.0, StatusCode::UNAUTHORIZED, "{path}");
        }
        let seconds = wait(world, path, &attempt(&right).await);
        world.clock.advance(seconds * ms::SECOND);
        assert!(attempt(&digits(world, secret)).await.0.is_success(), "{path}: the wait is over");
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
    assert!(told[0]["detail"].as_str().unwrap().starts_with("keeper → "), "{told}");
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
