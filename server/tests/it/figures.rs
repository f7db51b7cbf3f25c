//! Statistics, packages and settings as the staff's program calls them.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::api::Role;

use crate::{
    on_both,
    world::{PNG, World, json_of},
};

async fn call(world: &World, token: &str, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    let request = world.request(method.clone(), path).bearer_auth(token);
    json_of(if method == Method::GET { request } else { request.json(&body) }).await
}

on_both!(an_owner_changes_the_bonus_and_the_next_customer_gets_it, |world| {
    let owner = world.staff("owner", Role::Owner).await;
    let path = "/api/v1/admin/settings/";
    let (status, settings) = call(world, &owner, Method::GET, path, Value::Null).await;
    assert_eq!((status, &settings["bonus_coins"], &settings["utc_offset_minutes"]), (StatusCode::OK, &json!(100), &json!(180)));
    let changed = call(world, &owner, Method::PATCH, path, json!({"bonus_coins": 40, "shop_name": "متجر التقنية"})).await;
    assert_eq!((changed.0, &changed.1["bonus_coins"], &changed.1["attempts"]), (StatusCode::OK, &json!(40), &json!(3)));
    let account = world.activated().await;
    assert_eq!(json_of(world.get("/api/v1/wallet/").bearer_auth(&account.access)).await.1["balance"], 40);
    let refused = call(world, &owner, Method::PATCH, path, json!({"bonus_coins": -1, "attempts": 99})).await;
    assert_eq!((refused.0, refused.1["errors"].as_object().unwrap().len()), (StatusCode::UNPROCESSABLE_ENTITY, 2), "{}", refused.1);
    assert_eq!(call(world, &owner, Method::PATCH, path, json!({"bonus": 1})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let named = call(world, &owner, Method::PATCH, path, json!({"country_code": "+٩٦٦"})).await;
    assert_eq!((named.0, &named.1["country_code"]), (StatusCode::OK, &json!("966")));
    let refused = call(world, &owner, Method::PATCH, path, json!({"country_code": "12345"})).await;
    assert_eq!((refused.0, refused.1["errors"].as_object().unwrap().len()), (StatusCode::UNPROCESSABLE_ENTITY, 1), "{}", refused.1);
    let manager = world.staff("manager", Role::Manager).await;
    assert_eq!(call(world, &manager, Method::GET, path, Value::Null).await.0, StatusCode::FORBIDDEN);

    let logo = |bytes: &'static [u8]| world.request(Method::PUT, "/api/v1/admin/settings/logo/").bearer_auth(&owner).body(bytes);
    let (status, settings) = json_of(logo(PNG)).await;
    assert_eq!(status, StatusCode::OK);
    let answer = world.get(settings["logo_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!((answer.status(), &answer.headers()["content-type"]), (StatusCode::OK, &"image/png".parse().unwrap()));
    assert_eq!(json_of(logo(b"<svg onload=alert(1)>")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let large: &'static [u8] = Box::leak(vec![0_u8; 400_000].into_boxed_slice());
    assert_eq!(json_of(logo(large)).await.0, StatusCode::PAYLOAD_TOO_LARGE);

    // The page's own form.
    let form = |part: &str, content: &[u8]| {
        let head = format!("--edge\r\ncontent-disposition: form-data; {part}\r\n\r\n");
        let body = [head.as_bytes(), content, b"\r\n--edge--\r\n"].concat();
        let post = world.post("/admin/settings/logo").header("origin", &world.url).header("cookie", format!("staff-access={owner}"));
        post.header("content-type", "multipart/form-data; boundary=edge").body(body).send()
    };
    for (part, content, told) in [
        ("name=\"logo\"; filename=\"a.png\"", PNG, "Ok"),
        ("name=\"logo\"; filename=\"a.png\"", large, "payload%5Ftoo%5Flarge"),
        ("name=\"logo\"; filename=\"\"", b"", "required"),
        ("name=\"remove\"", b"1", "Ok"),
    ] {
        let answer = form(part, content).await.unwrap();
        assert_eq!((answer.status(), &answer.headers()["location"]), (StatusCode::SEE_OTHER, &"/admin/settings#logo".parse().unwrap()));
        assert!(answer.headers()["set-cookie"].to_str().unwrap().contains(told), "{part}: {answer:?}");
    }
    assert_eq!(world.get("/logo").send().await.unwrap().status(), StatusCode::NOT_FOUND);
});

on_both!(a_package_is_offered_bought_and_withdrawn, |world| {
    let manager = world.staff("manager", Role::Manager).await;
    let path = "/api/v1/admin/packages/";
    let package = json!({"name": "باقة الشهر", "description": "عشرة ملفات", "price_coins": 40, "days": 30, "files": 10});
    let (status, added) = call(world, &manager, Method::POST, path, package.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    let id = added["id"].as_i64().unwrap();
    let account = world.activated().await;
    let subscribe = || json_of(world.post("/api/v1/sales/subscriptions/").bearer_auth(&account.access).json(&json!({"package_id": id})));
    assert_eq!(subscribe().await.0, StatusCode::CREATED);
    let listed = call(world, &manager, Method::GET, path, Value::Null).await.1;
    assert_eq!((&listed[0]["running"], &listed[0]["earned"], &listed[0]["published"]), (&json!(1), &json!(40), &json!(true)));
    let wrong = json!({"name": "", "price_coins": 0, "days": 30, "files": 10});
    assert_eq!(call(world, &manager, Method::POST, &format!("{path}{id}/"), wrong).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(call(world, &manager, Method::POST, &format!("{path}{id}/"), package.clone()).await.0, StatusCode::OK);
    assert_eq!(call(world, &manager, Method::POST, &format!("{path}999/"), package).await.0, StatusCode::NOT_FOUND);
    for (what, offered) in [("withdraw", 0), ("publish", 1)] {
        assert_eq!(call(world, &manager, Method::POST, &format!("{path}{id}/{what}/"), json!({})).await.0, StatusCode::OK);
        assert_eq!(json_of(world.get("/api/v1/sales/packages/")).await.1.as_array().unwrap().len(), offered);
    }
    let support = world.staff("support", Role::Support).await;
    assert_eq!(call(world, &support, Method::GET, path, Value::Null).await.0, StatusCode::FORBIDDEN);
});

on_both!(the_days_sales_are_told, |world| {
    let manager = world.staff("manager", Role::Manager).await;
    let account = world.activated().await;
    let file = world.file("=دليل، عملي", 30, b"content").await;
    world.bought(&account, file).await;
    let (status, told) = call(world, &manager, Method::GET, "/api/v1/admin/statistics/?range=today", Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let total = &told["total"];
    assert_eq!(
        (&total["spent_files"], &total["sales"], &total["issued_bonus"], &total["new_customers"]),
        (&json!(30), &json!(1), &json!(100), &json!(1))
    );
    assert_eq!((&told["liability"], &told["files"][0]["coins"], &told["conversion"]["bought"]), (&json!(70), &json!(30), &json!(1)));
    assert_eq!(told["series"].as_array().unwrap().len(), 1);
    for wrong in ["range=never", "from=2026-01-01", "from=2026-02-02&to=2026-02-01", "from=2026-02-30&to=2026-03-01"] {
        let path = format!("/api/v1/admin/statistics/?{wrong}");
        assert_eq!(call(world, &manager, Method::GET, &path, Value::Null).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }

    // The spreadsheet is the desk's, for a browser that is signed in there, in the language of its pages.
    let sheet = |table: &str| world.get(&format!("/admin/statistics.csv?range=today&table={table}"));
    let signed_in = format!("staff-access={manager}; locale=en");
    let answer = sheet("files").header("cookie", &signed_in).send().await.unwrap();
    assert_eq!((answer.status(), &answer.headers()["content-type"]), (StatusCode::OK, &"text/csv; charset=utf-8".parse().unwrap()));
    let text = answer.text().await.unwrap();
    assert_eq!(text, "\u{feff}File,Coins,Purchases,Taken by subscription,Refunded\r\n'=دليل، عملي,30,1,0,0\r\n");
    let from_api = |query: &str| world.get(&format!("/api/v1/admin/statistics/csv/?range=today&{query}")).bearer_auth(&manager);
    assert_eq!(from_api("table=files").send().await.unwrap().text().await.unwrap(), text);
    let (status, problem) = json_of(from_api("table=chairs")).await;
    assert_eq!((status, problem["errors"]["table"].is_array()), (StatusCode::UNPROCESSABLE_ENTITY, true), "{problem}");
    let days = sheet("days").header("cookie", &signed_in).send().await.unwrap().text().await.unwrap();
    assert_eq!(days.lines().count(), 2);
    assert!(days.lines().nth(1).unwrap().starts_with("2026-11-22,0,0,100,0,0,30,"), "{days}");
    assert_eq!(sheet("days").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let support = world.staff("support", Role::Support).await;
    let refused = sheet("days").header("cookie", format!("staff-access={support}")).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
});
