//! Who guesses learns nothing: where an account is not there and where its secret is wrong the answers are the same, to the last header.

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use shared::api::Role;

use crate::{
    on_both,
    world::{World, json_of},
};

/// All of an answer.
type Whole = (StatusCode, Vec<(String, String)>, String);

/// The answer without what differs from one request to the next, whatever is asked: its id, the time, a page's nonce; and without what
/// was typed, which a form gets back.
async fn whole(request: RequestBuilder, typed: &str) -> Whole {
    let answer = request.send().await.unwrap();
    let clean = |text: &str| {
        let mut parts = text.split("'nonce-");
        let first = parts.next().unwrap_or_default().to_owned();
        let rest = parts.map(|part| part.split_once('\'').map_or(part, |(_, rest)| rest));
        rest.fold(first, |all, part| all + "'nonce-'" + part).replace(typed, "[typed]")
    };
    let status = answer.status();
    let headers = answer.headers().iter().filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date"));
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_string(), clean(value.to_str().unwrap()))).collect();
    headers.sort_unstable();
    let body = answer.text().await.unwrap();
    assert!(!headers.is_empty());
    (status, headers, clean(&body))
}

/// One way in, tried for an account that is there and for one that is not. What is typed of them is letters and digits, and as many.
struct Door {
    call: &'static str,
    function: &'static str,
    /// The page that the function's form stands on.
    page: &'static str,
    /// The fields with a name in them, and a secret that is wrong.
    fields: Box<dyn Fn(&str) -> Value>,
    there: String,
    nowhere: String,
}

async fn doors(world: &World) -> [Door; 3] {
    let account = world.activated().await;
    let phone = world.text(&format!("SELECT phone FROM customers WHERE serial = '{}'", account.serial())).await;
    world.staff("keeper", Role::Owner).await;
    let pin = if account.pin == "0000" { "0001" } else { "0000" };
    let serial = account.serial.replace('-', "");
    [
        Door {
            call: "/api/v1/token/",
            function: "/do/sign-in",
            page: "/sign-in",
            fields: Box::new(move |name| json!({"serial": format!("CUST{name}"), "pin": pin})),
            there: serial.trim_start_matches("CUST").to_owned(),
            nowhere: "2026BBBBBB".to_owned(),
        },
        Door {
            call: "/api/v1/recover/",
            function: "/do/recover",
            page: "/recover",
            fields: Box::new(move |name| json!({"phone": format!("+{name}"), "pin": pin})),
            there: phone.trim_start_matches('+').to_owned(),
            nowhere: "966559999999".to_owned(),
        },
        Door {
            call: "/api/v1/admin/token/",
            function: "/admin/do/sign-in",
            page: "/admin/login",
            fields: Box::new(|name| json!({"username": name, "password": "wrong password", "totp": ""})),
            there: "keeper".to_owned(),
            nowhere: "nobody".to_owned(),
        },
    ]
}

/// A request with these fields.
type Ask<'a> = dyn Fn(&Value) -> RequestBuilder + 'a;

on_both!(unknown_and_wrong_are_one_answer, |world| {
    for door in doors(world).await {
        assert_eq!(door.there.len(), door.nowhere.len(), "{}", door.call);
        let ways: [(&str, &Ask<'_>); 3] = [
            ("the API", &|fields| world.post(door.call).json(fields)),
            ("the app", &|fields| world.post(door.function).header("origin", &world.url).form(fields)),
            ("a form", &|fields| {
                let page = format!("{}{}", world.url, door.page);
                world.post(door.function).header("origin", &world.url).header("referer", page).header("accept", "text/html").form(fields)
            }),
        ];
        for (way, request) in ways {
            let wrong = whole(request(&(door.fields)(&door.there)), &door.there).await;
            let unknown = whole(request(&(door.fields)(&door.nowhere)), &door.nowhere).await;
            assert_eq!(wrong, unknown, "{} by {way}", door.call);
            let expected = if way == "a form" { StatusCode::FOUND } else { StatusCode::UNAUTHORIZED };
            assert_eq!(wrong.0, expected, "{} by {way}: {wrong:?}", door.call);
        }
        // Three failures are behind each: two more, and both wait alike.
        for _ in 0..2 {
            for name in [&door.there, &door.nowhere] {
                assert_eq!(json_of(world.post(door.call).json(&(door.fields)(name))).await.0, StatusCode::UNAUTHORIZED, "{}", door.call);
            }
        }
        let wrong = whole(world.post(door.call).json(&(door.fields)(&door.there)), &door.there).await;
        let unknown = whole(world.post(door.call).json(&(door.fields)(&door.nowhere)), &door.nowhere).await;
        assert_eq!((wrong.0, &wrong), (StatusCode::TOO_MANY_REQUESTS, &unknown), "{}", door.call);
    }
});

on_both!(what_is_no_name_at_all_is_unknown_too, |world| {
    let unknown = whole(world.post("/api/v1/token/").json(&json!({"serial": "CUST2026-BBBBBB", "pin": "0000"})), "-").await;
    for serial in ["zz", "'; --", "😀", "CUST2026-BBBBBBB"] {
        assert_eq!(whole(world.post("/api/v1/token/").json(&json!({"serial": serial, "pin": "0000"})), "-").await, unknown, "{serial}");
    }
});
