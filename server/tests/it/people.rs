//! Customers and logs in the staff's hands, through HTTP.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::api::Role;

use crate::{
    on_both,
    world::{World, json_of},
};

async fn claimed(world: &World, token: &str, purchase: i64) {
    let press = world.post(&format!("/api/v1/sales/purchases/{purchase}/download/")).bearer_auth(token);
    let url = json_of(press).await.1["download_url"].as_str().unwrap().to_owned();
    assert_eq!(world.http.post(&url).send().await.unwrap().status(), StatusCode::SEE_OTHER);
    assert_eq!(world.http.post(&url).send().await.unwrap().status(), StatusCode::CONFLICT);
}

on_both!(a_manager_recharges_corrects_and_helps, |world| {
    let manager = world.staff("manager", Role::Manager).await;
    let file = world.file("=SUM(A1)", 30, b"content").await;
    let account = world.activated().await;
    let get = |path: String| json_of(world.get(&path).bearer_auth(&manager));
    let post =
        |path: String, key: &str, body: Value| json_of(world.post(&path).bearer_auth(&manager).header("idempotency-key", key).json(&body));
    let customer = format!("/api/v1/admin/customers/{}/", account.serial);

    let (status, found) = get(format!("/api/v1/admin/customers/?q={}", &account.serial[9..])).await;
    assert_eq!((status, &found["results"][0]["serial"]), (StatusCode::OK, &json!(account.serial)));
    assert_eq!(get("/api/v1/admin/customers/?state=asleep".to_owned()).await.0, StatusCode::UNPROCESSABLE_ENTITY);

    let recharge = json!({"customer_serial": account.serial, "coin_amount": 500});
    for _ in 0..2 {
        assert_eq!(post("/api/v1/direct-recharge/".to_owned(), "one", recharge.clone()).await.1["new_balance"], 600);
    }
    let (_, ledger) = get(format!("{customer}transactions/")).await;
    assert_eq!((ledger["results"].as_array().unwrap().len(), &ledger["results"][0]["correctable"]), (2, &json!(true)));
    let correct = format!("/api/v1/admin/transactions/{}/correct/", ledger["results"][0]["id"]);
    let body = json!({"amount": 450, "reason": "صفر زائد"});
    for _ in 0..2 {
        assert_eq!(post(correct.clone(), "two", body.clone()).await, (StatusCode::OK, json!({"success": true, "new_balance": 150})));
    }
    let (status, again) = post(correct, "three", body).await;
    assert_eq!((status, &again["code"]), (StatusCode::CONFLICT, &json!("already_corrected")));

    let purchase = world.bought(&account, file).await;
    claimed(world, &account.access, purchase).await;
    let (_, purchases) = get(format!("{customer}purchases/")).await;
    assert_eq!(purchases["results"][0]["attempts"][0]["reasons"], json!(["never_started", "other_browser"]));
    let (_, log) = get(format!("/api/v1/admin/downloads/?customer={}&outcome=trouble", account.serial)).await;
    assert_eq!((log["results"].as_array().unwrap().len(), &log["results"][0]["purchase_id"]), (1, &json!(purchase)));
    let (_, events) = get(format!("/api/v1/admin/purchases/{purchase}/events/")).await;
    assert_eq!(
        events["results"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect::<Vec<_>>(),
        ["refused_used", "claimed"]
    );
    let grant = format!("/api/v1/admin/purchases/{purchase}/attempts/");
    assert_eq!(post(grant.clone(), "four", json!({"reason": "تعذّر"})).await.0, StatusCode::OK);
    assert_eq!(post(grant, "five", json!({"reason": ""})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, details) = get(format!("/api/v1/admin/purchases/{purchase}/")).await;
    assert_eq!((&details["purchase"]["attempts_allowed"], &details["customer"]["serial"]), (&json!(4), &json!(account.serial)));

    let refund = format!("/api/v1/admin/purchases/{purchase}/refund/");
    assert_eq!(post(refund, "refund", json!({"reason": "تعذّر"})).await.0, StatusCode::OK);
    let (_, log) = get(format!("/api/v1/admin/downloads/?customer={}", account.serial)).await;
    let attempt = &log["results"][0];
    assert_eq!((&attempt["outcome"], &attempt["received"]), (&json!("revoked"), &json!("never")));
    assert!(attempt["refunded_at"].is_string(), "{log}");
    let (_, details) = get(format!("/api/v1/admin/purchases/{purchase}/")).await;
    assert_eq!((&details["purchase"]["received"], &details["purchase"]["refunded_at"]), (&json!("never"), &attempt["refunded_at"]));

    let csv = world.get("/api/v1/admin/downloads/csv/").bearer_auth(&manager).send().await.unwrap();
    assert_eq!(csv.headers()["content-type"], "text/csv; charset=utf-8");
    let csv = csv.text().await.unwrap();
    assert!(csv.starts_with('\u{FEFF}') && csv.contains(",'=SUM(A1),") && csv.contains(&account.serial), "{csv}");
    let csv = world.get("/api/v1/admin/audit/csv/?action=wallet.correct").bearer_auth(&manager).send().await.unwrap().text().await.unwrap();
    // The head, what was refused the second time, what was done the first.
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.contains("manager,Recharge corrected") && csv.contains("صفر زائد"), "{csv}");
    let (_, audit) = get(format!("/api/v1/admin/audit/?subject={}&actor=manager", account.serial)).await;
    assert_eq!(audit["results"].as_array().unwrap().len(), 3, "{audit}");
    for (query, field) in [("from=2026-02-30", "from"), ("to=x", "to"), ("cursor=0", "cursor"), ("ip=%00", "ip")] {
        for list in ["audit", "downloads"] {
            let (status, problem) = get(format!("/api/v1/admin/{list}/?{query}")).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{list} {query}: {problem}");
            assert!(problem["errors"][field].is_array(), "{list} {query}: {problem}");
        }
    }

    let (status, pin) = post(format!("{customer}pin/"), "six", json!({})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(json_of(world.get("/api/v1/wallet/").bearer_auth(&account.access)).await.0, StatusCode::UNAUTHORIZED);
    let sign_in = world.post("/api/v1/token/").json(&json!({"serial": account.serial, "pin": pin["pin"]}));
    let (status, tokens) = json_of(sign_in).await;
    assert_eq!(status, StatusCode::OK);
    let (_, profile) = get(customer.clone()).await;
    let session = format!("/api/v1/admin/customers/sessions/{}/end/", profile["sessions"][0]["id"]);
    assert_eq!(post(session.clone(), "seven", json!({})).await.0, StatusCode::OK);
    assert_eq!(post(session, "eight", json!({})).await.0, StatusCode::NOT_FOUND);
    let wallet = world.get("/api/v1/wallet/").bearer_auth(tokens["access_token"].as_str().unwrap());
    assert_eq!(json_of(wallet).await.0, StatusCode::UNAUTHORIZED);
});

on_both!(an_owner_hands_out_and_erases, |world| {
    let owner = world.staff("owner", Role::Owner).await;
    let account = world.activated().await;
    let customer = format!("/api/v1/admin/customers/{}/", account.serial);
    let export = world.post(&format!("/admin/customers/{}/export", account.serial)).header("origin", &world.url);
    let export = export.header("cookie", format!("staff-access={owner}")).send().await.unwrap();
    assert_eq!(export.status(), StatusCode::OK);
    assert!(export.headers()["content-disposition"].to_str().unwrap().contains(&account.serial));
    let data: Value = export.json().await.unwrap();
    let (_, same) = json_of(world.post(&format!("{customer}export/")).bearer_auth(&owner)).await;
    assert_eq!(data["profile"], same["profile"]);
    // A day of the logs is the shop's: where its clock is fourteen hours ahead, this evening is tomorrow.
    let ahead = world.request(Method::PATCH, "/api/v1/admin/settings/").bearer_auth(&owner).json(&json!({"utc_offset_minutes": 840}));
    assert_eq!(json_of(ahead).await.0, StatusCode::OK);
    for (days, acts) in [("from=2026-11-23&to=2026-11-23", true), ("from=2026-11-22&to=2026-11-22", false)] {
        let (_, audit) = json_of(world.get(&format!("/api/v1/admin/audit/?{days}")).bearer_auth(&owner)).await;
        assert_eq!(!audit["results"].as_array().unwrap().is_empty(), acts, "{days}: {audit}");
    }
    let erase = |confirmation: &str| {
        json_of(world.post(&format!("{customer}erase/")).bearer_auth(&owner).json(&json!({"confirmation": confirmation})))
    };
    assert_eq!(erase("CUST2026-AAAAAA").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(erase(&account.serial).await, (StatusCode::OK, json!({"success": true})));
    let (status, again) = erase(&account.serial).await;
    assert_eq!((status, &again["code"]), (StatusCode::CONFLICT, &json!("account_closed")));
    let (_, profile) = json_of(world.get(&customer).bearer_auth(&owner)).await;
    assert_eq!((&profile["customer"]["state"], &profile["customer"]["name"]), (&json!("closed"), &Value::Null));
    for path in ["/admin/downloads.csv", "/admin/audit.csv"] {
        assert_eq!(world.get(path).send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{path}");
        let mine = world.get(path).header("cookie", format!("staff-access={owner}")).send().await.unwrap();
        assert!(mine.status() == StatusCode::OK && mine.text().await.unwrap().starts_with('\u{FEFF}'), "{path}");
    }
});
