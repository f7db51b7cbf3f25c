//! The web app's own routes, as a browser without JavaScript uses them.

use futures::StreamExt;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;
use shared::{api::Role, ms};

use crate::{
    on_both,
    world::{Account, PNG, World, json_of},
};

fn cookies(account: &Account) -> String {
    format!("access={}; refresh={}", account.access, account.refresh)
}

fn set_cookies(answer: &Response) -> Vec<String> {
    answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

async fn signed_in(world: &World, cookies: &str) -> (bool, Vec<String>) {
    let answer = world.get("/wallet").header("accept", "text/html").header("cookie", cookies).send().await.unwrap();
    (answer.status() == StatusCode::OK, set_cookies(&answer))
}

on_both!(cookies_are_renewed_without_notice, |world| {
    let account = world.activated().await;
    assert_eq!(signed_in(world, &cookies(&account)).await, (true, Vec::new()));
    assert!(!signed_in(world, "").await.0);

    world.clock.advance(6 * ms::MINUTE);
    let (known, renewed) = signed_in(world, &cookies(&account)).await;
    assert!(known, "the access token is over, the session is not");
    assert_eq!(renewed.len(), 2, "{renewed:?}");
    for cookie in &renewed {
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/") && !cookie.contains("Secure"),
            "{cookie}"
        );
    }
    // Two tabs at once get the same successor, and neither is signed out.
    let (known, again) = signed_in(world, &cookies(&account)).await;
    assert!(known);
    assert_eq!(again.iter().find(|cookie| cookie.starts_with("refresh=")), renewed.iter().find(|cookie| cookie.starts_with("refresh=")));

    world.clock.advance(ms::MINUTE);
    let (known, forgotten) = signed_in(world, &format!("refresh={}", account.refresh)).await;
    assert!(!known, "an old token that comes back late is a stolen one");
    assert!(forgotten.iter().all(|cookie| cookie.contains("Max-Age=0")), "{forgotten:?}");
    let successor = renewed.iter().find(|cookie| cookie.starts_with("refresh=")).unwrap().split(';').next().unwrap();
    assert!(!signed_in(world, successor).await.0, "its whole family is over");
});

on_both!(download_leads_to_the_link_in_one_press, |world| {
    let file = world.file("كتاب", 30, b"content").await;
    let account = world.activated().await;
    let purchase = world.bought(&account, file).await;
    let press = |cookies: &str, id: &str| {
        world.post(&format!("/purchases/{id}/download")).header("cookie", cookies).header("origin", &world.url).send()
    };
    let answer = press(&cookies(&account), &purchase.to_string()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    let link = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{}/d/v1.", world.url)), "{link}");
    assert_eq!(world.http.post(&link).send().await.unwrap().status(), StatusCode::SEE_OTHER);

    let stranger = press("", &purchase.to_string()).await.unwrap();
    assert_eq!((stranger.status(), stranger.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/sign-in?next=/purchases"));
    let wrong = press(&cookies(&account), "999999").await.unwrap();
    assert_eq!((wrong.status(), wrong.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/purchases"));
    assert_eq!(set_cookies(&wrong).len(), 1, "the page is told what went wrong");
});

on_both!(language_and_sign_out_are_plain_forms, |world| {
    let choose =
        world.post("/language").header("referer", format!("{}/catalog?q=a", world.url)).form(&[("locale", "fr")]).send().await.unwrap();
    assert_eq!((choose.status(), choose.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/catalog?q=a"));
    assert!(set_cookies(&choose)[0].contains("=fr"));
    let unknown = world.post("/language").form(&[("locale", "tlh")]).send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::BAD_REQUEST);

    let account = world.activated().await;
    let out = world.post("/sign-out").header("cookie", cookies(&account)).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::SEE_OTHER);
    assert!(set_cookies(&out).iter().all(|cookie| cookie.contains("Max-Age=0")));
    assert!(!signed_in(world, &cookies(&account)).await.0);
});

on_both!(pages_are_rendered_for_whoever_is_signed_in, |world| {
    world.file("كتاب الشبكات", 30, b"content").await;
    let html = world.http.get(format!("{}/catalog", world.url)).send().await.unwrap().text().await.unwrap();
    assert!(html.contains("كتاب الشبكات") && html.contains("lang=\"ar\"") && html.contains("dir=\"rtl\""));
    let missing = world.get("/no-such-page").send().await.unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert!(missing.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let wallet = world.get("/wallet").header("accept", "text/html").send().await.unwrap();
    assert_eq!((wallet.status(), wallet.headers()["location"].to_str().unwrap()), (StatusCode::FOUND, "/sign-in?next=%2Fwallet"));
});

on_both!(server_functions_answer_with_their_problems_status, |world| {
    let account = world.activated().await;
    let ask = |name: &str, cookies: &str| {
        world.post(&format!("/do/{name}")).header("cookie", cookies).header("origin", &world.url).form(&[("id", "999")])
    };
    let (status, problem) = json_of(ask("profile", "")).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("not_authenticated")));
    let (status, problem) = json_of(ask("file", &cookies(&account))).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    assert_eq!(json_of(ask("profile", &cookies(&account))).await.0, StatusCode::OK);
});

on_both!(a_form_leads_back_to_its_place_in_the_list, |world| {
    let account = world.activated().await;
    for (sent_from, back) in [
        ("/notifications?cursor=51", "/notifications?cursor=51"),
        ("/notifications", "/notifications"),
        ("/catalog?q=a", "/notifications"),
        ("//evil.example/notifications", "/notifications"),
    ] {
        let form = world.post("/do/mark-read").header("accept", "text/html").header("cookie", cookies(&account));
        let form = form.header("origin", &world.url).header("referer", format!("{}{sent_from}", world.url));
        let answer = form.form(&[("notification", "1")]).send().await.unwrap();
        assert_eq!((answer.status(), answer.headers()["location"].to_str().unwrap()), (StatusCode::FOUND, back), "{sent_from}");
    }
});

on_both!(pages_hear_that_the_account_changed, |world| {
    let account = world.activated().await;
    assert_eq!(world.get("/live").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let live = world.get("/live").header("cookie", cookies(&account)).send().await.unwrap();
    assert_eq!(live.headers()["content-type"], "text/event-stream");
    let mut web = live.bytes_stream();
    let mut heard = String::from_utf8(web.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(!heard.contains("data:"), "nothing has changed yet: {heard}");
    let mut rest = world.get("/api/v1/notifications/stream/").bearer_auth(&account.access).send().await.unwrap().bytes_stream();

    // Another customer's change is none of theirs.
    world.activated().await;
    let code = world.code(70).await;
    json_of(world.post("/api/v1/wallet/recharge-code/").bearer_auth(&account.access).json(&json!({"charge_code": code}))).await;
    while !heard.contains("data: hint") {
        heard += std::str::from_utf8(&web.next().await.unwrap().unwrap()).unwrap();
    }
    let mut told = String::new();
    while !told.contains("\n\n") || !told.contains("data:") {
        told += std::str::from_utf8(&rest.next().await.unwrap().unwrap()).unwrap();
    }
    assert!(told.contains("event: notification") && told.contains("\"kind\":\"recharged\"") && told.contains("\"amount\":70"), "{told}");
    assert_eq!(told.matches("data:").count(), 1, "{told}");

    // A session that has ended is told of nothing more.
    assert!(world.post("/api/v1/logout/").bearer_auth(&account.access).send().await.unwrap().status().is_success());
    let (_, again) = json_of(world.post("/api/v1/token/").json(&json!({"serial": account.serial, "pin": account.pin}))).await;
    let code = json!({"charge_code": world.code(30).await});
    let redeem = world.post("/api/v1/wallet/recharge-code/").bearer_auth(again["access_token"].as_str().unwrap()).json(&code);
    assert_eq!(json_of(redeem).await.0, StatusCode::OK);
    let mut told = String::new();
    while let Some(piece) = rest.next().await {
        told += std::str::from_utf8(&piece.unwrap()).unwrap();
    }
    assert!(!told.contains("data:"), "{told}");
});

on_both!(covers_are_kept_by_browsers, |world| {
    let file = world.file("كتاب", 30, b"content").await;
    let cover = format!("/covers/{file}");
    assert_eq!(world.get(&cover).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let owner = world.staff("owner", Role::Owner).await;
    let set = world.request(Method::PUT, &format!("/api/v1/admin/files/{file}/cover/")).bearer_auth(&owner).body(PNG).send().await.unwrap();
    assert_eq!(set.status(), StatusCode::NO_CONTENT);
    let (_, told) = json_of(world.get(&format!("/api/v1/products/files/{file}/"))).await;
    let answer = world.get(told["cover_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!((answer.status(), answer.headers()["content-type"].to_str().unwrap()), (StatusCode::OK, "image/jpeg"));
    assert!(answer.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    let etag = answer.headers()["etag"].clone();
    assert!(answer.bytes().await.unwrap().starts_with(b"\xFF\xD8\xFF"), "drawn anew, as JPEG");
    let again = world.get(&cover).header("if-none-match", etag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(!again.headers()["cache-control"].to_str().unwrap().contains("immutable"), "without its hash it may change");
    for path in ["/covers/0", "/covers/x", "/covers/9223372036854775808", "/previews/1%00"] {
        assert_eq!(world.get(path).send().await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
});
