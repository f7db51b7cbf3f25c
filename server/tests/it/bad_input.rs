//! Whatever is sent, the answer is a 4xx problem and nothing has changed. The calls are read from the OpenAPI document, so
//! that a new one is tried too.

use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};
use shared::api::Role;

use crate::{
    on_both,
    world::{Account, World, json_of},
};

/// A call of the document.
struct Call {
    method: Method,
    path: String,
    /// The fields of its body, with what they hold.
    fields: Vec<(String, Value)>,
    optional_body: bool,
}

async fn calls(world: &World) -> Vec<Call> {
    let (_, document) = json_of(world.get("/api/v1/openapi.json")).await;
    let mut calls = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let body = operation["requestBody"].to_string();
            let schema = body.split("#/components/schemas/").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            let properties = document["components"]["schemas"][schema]["properties"].as_object().cloned().unwrap_or_default();
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            calls.push(Call { method, path: path.clone(), fields: properties.into_iter().collect(), optional_body: body.contains("null") });
        }
    }
    assert!(calls.len() > 25, "the document has too few calls to be whole");
    calls
}

impl Call {
    fn is_number(kind: &Value) -> bool {
        !Self::is_list(kind) && kind.to_string().contains("integer")
    }

    fn is_list(kind: &Value) -> bool {
        kind.to_string().contains("\"array\"")
    }

    /// A body whose every field is of the right type. It names nothing that is there, so that it does nothing either.
    fn plausible(&self) -> Map<String, Value> {
        let value = |name: &str, kind: &Value| match name {
            "expires_at" => json!("2020-01-01T00:00:00Z"),
            "all" => json!(false),
            _ if Self::is_list(kind) => json!([]),
            _ if Self::is_number(kind) => json!(987_654_321),
            _ => json!("zz"),
        };
        self.fields.iter().map(|(name, kind)| (name.clone(), value(name, kind))).collect()
    }

    /// The same, with what keeps the rules, so that nothing but the address is wrong.
    fn fitting(&self) -> Value {
        let mut body = self.plausible();
        for (name, value) in &mut body {
            match name.as_str() {
                "days" | "files" | "price_coins" | "amount" => *value = json!(9),
                "layout" => *value = json!(8),
                "part" => *value = json!(0),
                "role" => *value = json!("support"),
                "kind" => *value = json!("other"),
                "way" => *value = json!("csv"),
                "new_password" => *value = json!("correct horse battery"),
                _ => {}
            }
        }
        Value::Object(body)
    }

    fn with(&self, field: &str, value: Value) -> Value {
        let mut body = self.plausible();
        body.insert(field.to_owned(), value);
        Value::Object(body)
    }
}

/// Customers and staff that send it, and something of somebody else's to reach for.
struct Callers {
    customer: Account,
    owner: String,
    stranger_purchase: i64,
    stranger_serial: String,
}

async fn callers(world: &World) -> Callers {
    let file = world.file("كتاب", 30, b"content").await;
    let (customer, stranger) = (world.activated().await, world.activated().await);
    let stranger_purchase = world.bought(&stranger, file).await;
    Callers { customer, owner: world.staff("owner", Role::Owner).await, stranger_purchase, stranger_serial: stranger.serial }
}

impl Callers {
    fn token(&self, path: &str) -> &str {
        if path.contains("/admin/") || path.contains("direct-recharge") { &self.owner } else { &self.customer.access }
    }
}

/// Sends it, and looks at what comes back. Waits are taken away, or the throttle would answer for the rule.
async fn refused(world: &World, callers: &Callers, call: &Call, path: &str, body: Option<Vec<u8>>, why: &str) -> (StatusCode, Value) {
    world.sql("DELETE FROM throttles").await;
    let mut request = world.request(call.method.clone(), path).bearer_auth(callers.token(path));
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body);
    }
    let answer = request.send().await.unwrap_or_else(|error| panic!("{} {path}, {why}: {error}", call.method));
    let (status, kind) = (answer.status(), answer.headers().get("content-type").cloned());
    let text = answer.text().await.unwrap();
    assert!(status.is_client_error(), "{} {path}, {why}: {status} {text}", call.method);
    assert_eq!(kind.unwrap(), "application/problem+json", "{} {path}, {why}", call.method);
    let problem: Value = serde_json::from_str(&text).unwrap();
    for field in ["type", "title", "status", "detail", "code", "error"] {
        assert!(!problem[field].is_null(), "{} {path}, {why}: no {field} in {text}", call.method);
    }
    (status, problem)
}

on_both!(bodies_that_cannot_be_read_are_400, |world| {
    let callers = callers(world).await;
    let before = world.rows().await;
    let malformed: [(&str, Vec<u8>); 7] = [
        ("a brace", b"{".to_vec()),
        ("no JSON", b"serial=x&pin=1".to_vec()),
        ("an array", b"[]".to_vec()),
        ("a number", b"7".to_vec()),
        ("half a surrogate", br#"{"a": "\ud800"}"#.to_vec()),
        ("no UTF-8", b"{\"a\": \"\xff\xfe\"}".to_vec()),
        ("too deep", [b"[".repeat(10_000), b"]".repeat(10_000)].concat()),
    ];
    for call in calls(world).await.iter().filter(|call| !call.fields.is_empty()) {
        for (why, body) in &malformed {
            let path = call.path.replace("{id}", "1").replace("{serial}", &callers.stranger_serial);
            let (status, _) = refused(world, &callers, call, &path, Some(body.clone()), why).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {why}");
        }
        if !call.optional_body {
            let path = call.path.replace("{id}", "1").replace("{serial}", &callers.stranger_serial);
            refused(world, &callers, call, &path, Some(Vec::new()), "an empty body").await;
        }
        let path = call.path.replace("{id}", "1").replace("{serial}", &callers.stranger_serial);
        let form = world.request(call.method.clone(), &path).bearer_auth(callers.token(&path)).form(&[("a", "b")]);
        assert_eq!(json_of(form).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
        let mut huge = b"{\"a\": \"".to_vec();
        huge.resize(2 << 20, b'a');
        let (status, _) = refused(world, &callers, call, &path, Some(huge), "a huge body").await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
    world.assert_unchanged(&before).await;
});

on_both!(fields_that_break_a_rule_are_named, |world| {
    let callers = callers(world).await;
    let before = world.rows().await;
    for call in calls(world).await.iter().filter(|call| !call.fields.is_empty()) {
        // Nothing of the staff's own: a refund of what is there would be right.
        let id = if call.path.contains("/admin/") { 987_654_321 } else { callers.stranger_purchase };
        let path = call.path.replace("{id}", &id.to_string()).replace("{serial}", "CUST2026-XXXXXX");
        let send = async |body: Value, why: &str| refused(world, &callers, call, &path, Some(body.to_string().into_bytes()), why).await;
        let (status, problem) = send(call.with("surprise", json!(1)), "an unknown field").await;
        assert_eq!(
            (status, problem["error_codes"]["surprise"][0].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("unknown_field")),
            "{path}"
        );
        for (field, kind) in &call.fields {
            let wrong_types = match kind {
                kind if Call::is_list(kind) => [json!("7"), json!(7), json!({"a": 1})],
                kind if Call::is_number(kind) => [json!("7"), json!(1.5), json!([1])],
                _ => [json!(7), json!({"a": 1}), json!([])],
            };
            for wrong in wrong_types {
                let (status, problem) = send(call.with(field, wrong.clone()), "a wrong type").await;
                assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {field}={wrong}");
                assert!(problem["errors"][field].is_array(), "{path} {field}={wrong}: {problem}");
            }
            if Call::is_number(kind) {
                for number in ["-1", "0", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e400", "-0.0"] {
                    let text = Value::Object(call.plausible()).to_string().replace("987654321", number);
                    refused(world, &callers, call, &path, Some(text.into_bytes()), number).await;
                }
            } else if field != "all" && field != "reseller" && path != "/api/v1/admin/categories/" {
                for hostile in hostile_texts() {
                    send(call.with(field, json!(hostile)), &hostile.chars().take(20).collect::<String>()).await;
                }
                let (status, _) = send(call.with(field, json!("a\u{0}b")), "a NUL").await;
                assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {field}");
            }
        }
    }
    world.assert_unchanged(&before).await;
});

pub fn hostile_texts() -> Vec<String> {
    vec![
        "' OR 1=1; DROP TABLE customers; --".to_owned(),
        "<script>alert(1)</script>".to_owned(),
        "${jndi:ldap://evil}".to_owned(),
        "../../../../etc/passwd".to_owned(),
        "\u{202E}\u{200F}\u{FFFF}".to_owned(),
        "😀".repeat(10_000),
        " ".repeat(300),
        "9".repeat(400),
    ]
}

on_both!(ten_megabytes_of_emoji_are_too_large, |world| {
    let callers = callers(world).await;
    let before = world.rows().await;
    let emoji = "😀".repeat(10 << 18);
    for call in calls(world).await.iter().filter(|call| !call.fields.is_empty()) {
        let (field, _) = &call.fields[0];
        let path = call.path.replace("{id}", "1").replace("{serial}", &callers.stranger_serial);
        let body = call.with(field, json!(emoji)).to_string().into_bytes();
        assert_eq!(refused(world, &callers, call, &path, Some(body), "emoji").await.0, StatusCode::PAYLOAD_TOO_LARGE);
    }
    world.assert_unchanged(&before).await;
});

on_both!(ids_of_others_and_of_nobody_are_not_found, |world| {
    let callers = callers(world).await;
    let before = world.rows().await;
    for call in calls(world).await.iter().filter(|call| call.path.contains('{')) {
        let mut ids = vec!["0", "-1", "9223372036854775807", "9223372036854775808", "abc", "1%00", "%27%20OR%201=1", "%F0%9F%98%80", "1.5"];
        let stranger = callers.stranger_purchase.to_string();
        if call.path.contains("purchases") && !call.path.contains("admin") {
            ids.push(&stranger);
        }
        for id in ids {
            let path = call.path.replace("{id}", id).replace("{serial}", id);
            let body = (!call.fields.is_empty()).then(|| call.fitting().to_string().into_bytes());
            let (status, _) = refused(world, &callers, call, &path, body, id).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    world.assert_unchanged(&before).await;
});

on_both!(queries_are_checked, |world| {
    let account = world.activated().await;
    for (path, field) in [
        ("/api/v1/products/files/?page=0", "page"),
        ("/api/v1/products/files/?page=99999999999999999999", "page"),
        ("/api/v1/products/files/?page=x", "page"),
        ("/api/v1/products/files/?per_page=101", "per_page"),
        ("/api/v1/products/files/?category=-1", "category"),
        ("/api/v1/products/files/?category=x", "category"),
        ("/api/v1/products/files/?sort=sideways", "sort"),
        ("/api/v1/products/files/?kind=virus", "kind"),
        ("/api/v1/products/files/?q=%00", "q"),
        ("/api/v1/wallet/transactions/?cursor=x", "cursor"),
        ("/api/v1/wallet/transactions/?cursor=-5", "cursor"),
        ("/api/v1/notifications/?cursor=x", "cursor"),
    ] {
        let (status, problem) = json_of(world.get(path).bearer_auth(&account.access)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {problem}");
        assert!(problem["errors"][field].is_array(), "{path}: {problem}");
    }
    for path in ["q=%FF%FE", "q=%27%3B--", "q=%22%2A%20NEAR(", "q=%F0%9F%98%80", "q=%25%25", "%3D%26&&&=", "page=1&page=1"] {
        let (status, _) = json_of(world.get(&format!("/api/v1/products/files/?{path}"))).await;
        assert!(status == StatusCode::OK || status == StatusCode::BAD_REQUEST, "{path}: {status}");
    }
});

on_both!(what_no_page_of_ours_sends_is_refused, |world| {
    let callers = callers(world).await;
    let post = |path: &str, body: Vec<u8>| {
        let request = world.post(path).header("origin", &world.url).header("cookie", format!("staff-access={}", callers.owner));
        json_of(request.header("content-type", "application/x-www-form-urlencoded").body(body))
    };
    for path in ["/admin/do/sign-in", "/admin/do/discard-upload", "/do/sign-in", "/do/file"] {
        let (status, problem) = post(path, vec![0xFF]).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("bad_request")), "{path}");
    }
    for id in ["%00", "..", "%2527"] {
        let (status, problem) = post("/admin/do/discard-upload", format!("id={id}&file=1").into_bytes()).await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("not_found")), "{id}");
    }
    for cursor in ["-1", "-9223372036854775808", "9223372036854775807"] {
        let form = format!("purchase={}&cursor={cursor}", callers.stranger_purchase);
        let (status, page) = post("/admin/do/purchase-log", form.into_bytes()).await;
        assert_eq!(status, StatusCode::OK, "{cursor}: {page}");
    }
});

on_both!(every_call_asks_for_its_token, |world| {
    let callers = callers(world).await;
    let before = world.rows().await;
    let open = ["/api/v1/token/", "/api/v1/token/refresh/", "/api/v1/admin/token/", "/api/v1/recover/"];
    for call in calls(world).await.iter().filter(|call| !open.contains(&call.path.as_str())) {
        let path = call.path.replace("{id}", "1").replace("{serial}", &callers.stranger_serial);
        let body = Value::Object(call.plausible());
        if path.contains("/categories/") {
            continue;
        }
        let for_everybody = path.contains("/products/") || path.contains("/packages/");
        for (token, status) in [(None, StatusCode::UNAUTHORIZED), (Some("nonsense"), StatusCode::UNAUTHORIZED)] {
            let mut request = world.request(call.method.clone(), &path).json(&body);
            if let Some(token) = token {
                request = request.bearer_auth(token);
            } else if for_everybody {
                continue;
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
            assert_eq!(answer.headers()["www-authenticate"], "Bearer", "{path}");
        }
        let staff_call = callers.token(&path) == callers.owner;
        let other = if staff_call { &callers.customer.access } else { &callers.owner };
        if !for_everybody && !path.contains("logout") {
            let (status, problem) = json_of(world.request(call.method.clone(), &path).bearer_auth(other).json(&body)).await;
            assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("permission_denied")), "{path}");
        }
    }
    world.assert_unchanged(&before).await;
});

on_both!(support_does_not_handle_coins, |world| {
    let customer = world.activated().await;
    let support = world.staff("support", Role::Support).await;
    let before = world.rows().await;
    for (path, body) in [
        ("/api/v1/direct-recharge/", json!({"customer_serial": customer.serial, "coin_amount": 5})),
        ("/api/v1/admin/codes/", json!({"value": 5, "count": 1, "label": "x"})),
        ("/api/v1/admin/purchases/1/refund/", json!({"reason": "x"})),
    ] {
        assert_eq!(json_of(world.post(path).bearer_auth(&support).json(&body)).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    world.assert_unchanged(&before).await;
});
