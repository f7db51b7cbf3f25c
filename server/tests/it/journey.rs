//! The whole way of a customer, as the issue tells it with curl, and the shape of every answer on it.

use insta::assert_json_snapshot;
use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::api::Role;

use crate::{
    on_both,
    world::{World, content, eventually, json_of, sha256},
};

/// What differs from run to run, replaced by what kind of thing it is.
fn shape(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                // Sales are counted now and then: here it may have happened or not.
                let drawn =
                    matches!(name.as_str(), "serial" | "pin" | "access_token" | "refresh_token" | "download_url" | "phone" | "sales_count")
                        || name.ends_with("_at")
                        || (name == "codes" && field.is_array());
                *field = if drawn && !field.is_null() { json!(format!("[{name}]")) } else { shape(field.take()) };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = shape(item.take())),
        _ => {}
    }
    value
}

on_both!(from_the_first_token_to_the_file, |world| {
    let content = content(300_000);
    let file = world.file("شرح Git", 450, &content).await;
    let code = world.code(500).await;

    let (status, opened) = json_of(world.post("/api/v1/token/")).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_json_snapshot!("token_new", shape(opened.clone()));
    let token = opened["access_token"].as_str().unwrap().to_owned();

    let body = json!({"name": "سارة العلي", "phone": "+966501234567"});
    let (status, activated) = json_of(world.post("/api/v1/activate-final/").bearer_auth(&token).json(&body)).await;
    assert_eq!((status, &activated["balance"]), (StatusCode::OK, &json!(100)));
    assert_json_snapshot!("activate", shape(activated));

    let recharge = || world.post("/api/v1/wallet/recharge-code/").bearer_auth(&token).json(&json!({"charge_code": code}));
    let (status, recharged) = json_of(recharge()).await;
    assert_eq!((status, &recharged["new_balance"]), (StatusCode::OK, &json!(600)));
    assert_json_snapshot!("recharge", shape(recharged));
    let (status, again) = json_of(recharge()).await;
    assert_eq!((status, &again["code"]), (StatusCode::CONFLICT, &json!("code_already_redeemed")));

    let (status, files) = json_of(world.get("/api/v1/products/files/?q=git").bearer_auth(&token)).await;
    assert_eq!(status, StatusCode::OK);
    assert_json_snapshot!("files", shape(files));

    let purchase = || world.post("/api/v1/sales/purchases/").bearer_auth(&token).json(&json!({"file_id": file.0}));
    let (status, bought) = json_of(purchase()).await;
    assert_eq!((status, &bought["new_balance"]), (StatusCode::CREATED, &json!(150)));
    assert_json_snapshot!("purchase", shape(bought.clone()));
    assert_eq!(json_of(purchase()).await.0, StatusCode::CONFLICT);

    let (_, purchases) = json_of(world.get("/api/v1/sales/my-purchases/").bearer_auth(&token)).await;
    assert_json_snapshot!("my_purchases", shape(purchases));

    let press = || world.post(&format!("/api/v1/sales/purchases/{}/download/", bought["purchase_id"])).bearer_auth(&token);
    let (status, link) = json_of(press()).await;
    assert_eq!(status, StatusCode::OK);
    assert_json_snapshot!("download", shape(link.clone()));
    assert_eq!(json_of(press()).await.1["download_url"], link["download_url"], "an unclaimed link is given again");

    let url = link["download_url"].as_str().unwrap();
    let claimed = world.http.post(url).send().await.unwrap();
    assert_eq!(claimed.status(), StatusCode::SEE_OTHER);
    let cookie = claimed.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let place = claimed.headers()["location"].to_str().unwrap().to_owned();
    let downloaded = world.get(&place).header("cookie", cookie).send().await.unwrap();
    assert_eq!(downloaded.status(), StatusCode::OK);
    assert!(downloaded.headers()["content-disposition"].to_str().unwrap().contains("filename*=UTF-8''"));
    assert_eq!(sha256(&downloaded.bytes().await.unwrap()), sha256(&content));
    assert_eq!(world.http.post(url).send().await.unwrap().status(), StatusCode::CONFLICT, "a link is claimed once");

    let listed = async || json_of(world.get("/api/v1/notifications/").bearer_auth(&token)).await.1;
    eventually("the notification of the download", async || listed().await[0]["kind"] == "downloaded").await;
    assert_json_snapshot!("notifications", shape(listed().await));
    let read = world.post("/api/v1/notifications/mark-read/").bearer_auth(&token).json(&json!({"all": true}));
    assert_eq!(json_of(read).await, (StatusCode::OK, json!({"success": true})));
    let all = listed().await;
    assert!(all.as_array().unwrap().iter().all(|notification| notification["is_read"] == true));
    let older = world.get(&format!("/api/v1/notifications/?cursor={}", all[0]["id"])).bearer_auth(&token);
    assert_eq!(json_of(older).await, (StatusCode::OK, json!(all.as_array().unwrap()[1..])));
});

on_both!(the_other_answers, |world| {
    let file = world.file("شرح SQL", 50, b"content").await;
    let account = world.activated().await;
    let customer = |path: &str| world.get(path).bearer_auth(&account.access);
    let purchase = world.bought(&account, file).await;
    assert_json_snapshot!("account", shape(json_of(customer("/api/v1/account/")).await.1));
    assert_json_snapshot!("wallet", shape(json_of(customer("/api/v1/wallet/")).await.1));
    assert_json_snapshot!("transactions", shape(json_of(customer("/api/v1/wallet/transactions/")).await.1));
    assert_json_snapshot!("file", shape(json_of(customer(&format!("/api/v1/products/files/{file}/"))).await.1));
    assert_json_snapshot!("categories", shape(json_of(customer("/api/v1/products/categories/")).await.1));
    assert_json_snapshot!("packages", shape(packages(world, &account.access).await));

    let signed_in = world.post("/api/v1/token/").json(&json!({"serial": account.serial, "pin": account.pin}));
    let (status, tokens) = json_of(signed_in).await;
    assert_eq!(status, StatusCode::OK);
    assert_json_snapshot!("token_signed_in", shape(tokens.clone()));
    let renew = || world.post("/api/v1/token/refresh/").json(&json!({"refresh_token": tokens["refresh_token"]}));
    assert_eq!(json_of(renew()).await.0, StatusCode::OK);
    let (status, reused) = json_of(renew()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a refresh token is good for one use: {reused}");

    let pin = json!({"old_pin": account.pin, "new_pin": if account.pin == "1234" { "4321" } else { "1234" }});
    assert_eq!(
        json_of(world.post("/api/v1/account/pin/").bearer_auth(&account.access).json(&pin)).await,
        (StatusCode::OK, json!({"success": true}))
    );
    let phone = world.text(&format!("SELECT phone FROM customers WHERE serial = '{}'", account.serial())).await;
    let recover = world.post("/api/v1/recover/").json(&json!({"phone": phone, "pin": pin["new_pin"]}));
    let (status, recovered) = json_of(recover).await;
    assert_eq!((status, &recovered["serial"]), (StatusCode::OK, &json!(account.serial)));
    assert_json_snapshot!("recover", shape(recovered));

    let owner = world.staff("owner", Role::Owner).await;
    let staff = |path: &str, body: Value| json_of(world.post(path).bearer_auth(&owner).json(&body));
    let recharge = json!({"customer_serial": account.serial, "coin_amount": 70});
    assert_json_snapshot!("direct_recharge", staff("/api/v1/direct-recharge/", recharge).await.1);
    let batch = json!({"value": 500, "count": 2, "label": "شتاء", "expires_at": "2027-01-01T00:00:00Z"});
    let (status, made) = staff("/api/v1/admin/codes/", batch).await;
    assert_eq!((status, made["codes"].as_array().unwrap().len()), (StatusCode::CREATED, 2));
    assert_json_snapshot!("codes", shape(made));
    let refund = format!("/api/v1/admin/purchases/{purchase}/refund/");
    assert_eq!(staff(&refund, json!({"reason": "wrong file"})).await, (StatusCode::OK, json!({"success": true})));
    assert_eq!(staff(&refund, json!({"reason": "wrong file"})).await.0, StatusCode::CONFLICT, "a purchase is paid back once");
    let press = world.post(&format!("/api/v1/sales/purchases/{purchase}/download/")).bearer_auth(&account.access);
    assert_eq!(json_of(press).await.1["code"], "purchase_refunded");

    for (what, status) in [("block", StatusCode::FORBIDDEN), ("unblock", StatusCode::OK)] {
        let path = format!("/api/v1/admin/customers/{}/{what}/", account.serial);
        assert_eq!(staff(&path, json!({})).await.0, StatusCode::OK);
        assert_eq!(json_of(world.get("/api/v1/wallet/").bearer_auth(&account.access)).await.0, status, "{what}");
    }
    let out = world.post("/api/v1/logout/").bearer_auth(&account.access).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    assert_eq!(json_of(world.get("/api/v1/wallet/").bearer_auth(&account.access)).await.0, StatusCode::UNAUTHORIZED);
});

async fn packages(world: &World, token: &str) -> Value {
    let new = store::subscriptions::NewPackage {
        name: "باقة الشهر".to_owned(),
        description: "كل الأقسام".to_owned(),
        price: 40,
        days: 30,
        files: 10,
        categories: Vec::new(),
    };
    let package = store::subscriptions::add(&world.store, &new).await.unwrap();
    let subscribe = world.post("/api/v1/sales/subscriptions/").bearer_auth(token).json(&json!({"package_id": package.0}));
    let (status, subscribed) = json_of(subscribe).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_json_snapshot!("subscribe", shape(subscribed));
    json_of(world.get("/api/v1/sales/packages/").bearer_auth(token)).await.1
}

on_both!(a_key_makes_an_operation_happen_once, |world| {
    let file = world.file("شرح SQL", 50, b"content").await;
    let account = world.activated().await;
    let buy = |key: &str, id: i64| {
        json_of(
            world
                .post("/api/v1/sales/purchases/")
                .bearer_auth(&account.access)
                .header("idempotency-key", key)
                .json(&json!({"file_id": id})),
        )
    };
    let first = buy("one", file.0).await;
    assert_eq!(first.0, StatusCode::CREATED);
    assert_eq!(buy("one", file.0).await, first);
    let (status, other) = buy("one", file.0 + 1).await;
    assert_eq!((status, &other["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency_mismatch")));
    assert_eq!(buy("two", file.0).await.0, StatusCode::CONFLICT);
    assert_eq!(world.count("SELECT COUNT(*) FROM purchases").await, 1);
});
