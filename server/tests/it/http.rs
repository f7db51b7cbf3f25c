//! What HTTP promises: statuses, headers, languages, limits.

use std::net::IpAddr;

use futures::{StreamExt, stream};
use reqwest::{Method, StatusCode};
use serde_json::json;
use server::config::FilesLocation;
use shared::{api::Role, ms};

use crate::{
    on_both,
    world::{client, json_of, on_sqlite},
};

on_both!(problems_speak_the_callers_language, |world| {
    let detail = async |language: &str| {
        let request = world.http.get(format!("{}/api/v1/account/", world.url)).header("accept-language", language);
        let answer = request.send().await.unwrap();
        let chosen = answer.headers()["content-language"].to_str().unwrap().to_owned();
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(problem["detail"], problem["error"]);
        assert_eq!((&problem["code"], &problem["type"]), (&json!("not_authenticated"), &json!("about:blank")));
        (chosen, problem["detail"].as_str().unwrap().to_owned())
    };
    let (arabic, english, french) = (detail("de").await, detail("en-US,ar;q=0.5").await, detail("fr").await);
    assert_eq!((arabic.0.as_str(), english.0.as_str(), french.0.as_str()), ("ar", "en", "fr"));
    assert!(arabic.1.chars().any(|character| ('\u{0600}'..='\u{06FF}').contains(&character)));
    assert!(english.1.is_ascii() && english.1 != french.1);
});

on_both!(calls_without_their_slash_are_led_to_it, |world| {
    let answer = world.post("/api/v1/token?a=b").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(answer.headers()["location"], "/api/v1/token/?a=b");
    assert_eq!(world.count("SELECT COUNT(*) FROM customers").await, 0);
});

on_both!(unknown_calls_and_methods_are_problems, |world| {
    for (method, path, status) in [
        (Method::GET, "/api/v1/nothing/", StatusCode::NOT_FOUND),
        (Method::GET, "/api/v1/", StatusCode::NOT_FOUND),
        (Method::GET, "/api/v1/token/", StatusCode::METHOD_NOT_ALLOWED),
        (Method::DELETE, "/api/v1/wallet/", StatusCode::METHOD_NOT_ALLOWED),
        (Method::PUT, "/healthz", StatusCode::METHOD_NOT_ALLOWED),
        (Method::from_bytes(b"BREW").unwrap(), "/api/v1/wallet/", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let answer = world.request(method.clone(), path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{method} {path}");
        assert_eq!(answer.headers().contains_key("allow"), status == StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
    }
});

on_both!(pages_of_files_are_linked, |world| {
    for number in 0..5 {
        world.file(&format!("كتاب {number}"), 10 + number, b"content").await;
    }
    let answer = world.get("/api/v1/products/files/?sort=price&per_page=2&page=2").send().await.unwrap();
    assert_eq!(answer.headers()["x-total-count"], "5");
    let links = answer.headers()["link"].to_str().unwrap().to_owned();
    let files: serde_json::Value = answer.json().await.unwrap();
    assert_eq!((&files[0]["price_coins"], files.as_array().unwrap().len()), (&json!(12), 2));
    for (relation, page, first_price) in [("first", 1, 10), ("prev", 1, 10), ("next", 3, 14), ("last", 3, 14)] {
        let link = links.split(", ").find(|link| link.ends_with(&format!("rel=\"{relation}\""))).unwrap();
        let url = link.split(['<', '>']).nth(1).unwrap();
        assert!(url.ends_with(&format!("?sort=price&per_page=2&page={page}")), "{url}");
        assert_eq!(json_of(world.http.get(url)).await.1[0]["price_coins"], first_price, "{relation}");
    }
    let first = world.get("/api/v1/products/files/").send().await.unwrap();
    assert!(!first.headers()["link"].to_str().unwrap().contains("rel=\"next\""));
});

on_both!(every_answer_is_guarded, |world| {
    for path in ["/", "/api/v1/products/files/", "/healthz", "/no-such-page", "/api/v1/nothing/", "/d/nonsense", "/pkg/nothing.js"] {
        let answer = world.get(path).send().await.unwrap();
        let headers = answer.headers().clone();
        let header = |name: &str| headers.get(name).unwrap_or_else(|| panic!("{path}: no {name}")).to_str().unwrap().to_owned();
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert!(!header("referrer-policy").is_empty() && !header("permissions-policy").is_empty(), "{path}");
        assert!(!headers.contains_key("strict-transport-security"), "{path}: not over plain http");
        assert!(!header("x-request-id").is_empty(), "{path}");
    }
});

#[tokio::test(flavor = "multi_thread")]
async fn https_is_strict() {
    let https = |config: &mut server::config::Config| config.public_url = "https://shop.example".to_owned();
    on_sqlite(https, async |world| {
        let answer = world.get("/").send().await.unwrap();
        assert!(answer.headers()["strict-transport-security"].to_str().unwrap().starts_with("max-age="));
        assert!(answer.headers()["content-security-policy"].to_str().unwrap().contains("upgrade-insecure-requests"));
    })
    .await;
}

on_both!(a_page_runs_its_own_scripts_only, |world| {
    let answer = world.get("/").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let html = answer.text().await.unwrap();
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(nonce.len() >= 22 && policy.contains("'strict-dynamic'") && !policy.contains("unsafe-inline"), "{policy}");
    for script in html.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains(&format!("nonce=\"{nonce}\"")) || tag.contains("application/json"), "<script{tag}>");
    }
    assert!(!html.contains(" style=\""), "the policy forbids inline styles");
    let other = world.get("/").send().await.unwrap();
    assert_ne!(other.headers()["content-security-policy"].to_str().unwrap(), policy, "a nonce is used once");
});

on_both!(a_crowd_is_answered, |world| {
    let owner = world.staff("owner", Role::Owner).await;
    world.file("كتاب", 10, b"content").await;
    // What one request leaves behind, or has put away too early, shows when many are rendered at once.
    let pages = ["/", "/catalog", "/sign-in", "/admin/login", "/admin"];
    let visits = (0..1_500).map(|number| {
        let request = world.get(pages[number % pages.len()]).header("cookie", format!("staff-access={owner}"));
        async move { request.send().await.unwrap().status() }
    });
    let answers: Vec<StatusCode> = stream::iter(visits).buffer_unordered(16).collect().await;
    let failed = answers.iter().filter(|status| **status != StatusCode::OK).count();
    assert_eq!(failed, 0, "of {}", answers.len());
});

on_both!(other_sites_change_nothing, |world| {
    let evil = [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example"), ("origin", "null")];
    for path in ["/api/v1/token/", "/sign-out", "/language", "/purchases/1/download"] {
        for (name, value) in evil {
            let (status, problem) = json_of(world.post(path).header(name, value)).await;
            assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("cross_site_request")), "{path} {name}");
        }
    }
    let account = world.account().await;
    let bearer = world.post("/api/v1/logout/").bearer_auth(&account.access).header("sec-fetch-site", "cross-site");
    assert_eq!(bearer.send().await.unwrap().status(), StatusCode::NO_CONTENT, "a bearer token proves itself");
    assert_eq!(world.count("SELECT COUNT(*) FROM customers").await, 1);
});

on_both!(operators_see_how_it_does, |world| {
    assert_eq!(world.get("/healthz").send().await.unwrap().text().await.unwrap(), "ok\n");
    assert_eq!(world.get("/readyz").send().await.unwrap().status(), StatusCode::OK);
    world.get("/api/v1/products/files/").send().await.unwrap();
    let metrics = world.get("/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("http_requests_total{method=\"GET\",route=\"/api/v1/products/files/\",status=\"200\"}"), "{metrics}");
    assert!(metrics.contains("http_request_duration_seconds_bucket"));
    let proxied = world.get("/metrics").header("x-forwarded-for", "203.0.113.7").send().await.unwrap();
    assert_eq!(proxied.status(), StatusCode::NOT_FOUND, "a proxy that nobody declared makes nobody local");
    let robots = world.get("/robots.txt").send().await.unwrap().text().await.unwrap();
    assert!(robots.contains("Disallow: /d/"));
});

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_its_files_is_not_ready() {
    on_sqlite(
        |_| {},
        async |world| {
            let FilesLocation::Folder(folder) = world.config.files.clone() else { panic!("the tests' files lie in a folder") };
            let elsewhere = folder.with_extension("elsewhere");
            let ready = async || world.get("/readyz").send().await.unwrap().status();
            assert_eq!(ready().await, StatusCode::OK);
            std::fs::rename(&folder, &elsewhere).unwrap();
            assert_eq!(ready().await, StatusCode::OK, "it was looked into a moment ago");
            world.clock.advance(5 * ms::SECOND);
            assert_eq!(ready().await, StatusCode::SERVICE_UNAVAILABLE);
            std::fs::rename(&elsewhere, &folder).unwrap();
            world.clock.advance(5 * ms::SECOND);
            assert_eq!(ready().await, StatusCode::OK);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_makes_so_many_requests_a_minute() {
    on_sqlite(
        |config| config.rate_limit = 2,
        async |world| {
            let from = |last: u8| client(IpAddr::from([127, 0, 0, last])).get(format!("{}/api/v1/products/categories/", world.url));
            for _ in 0..2 {
                assert_eq!(from(2).send().await.unwrap().status(), StatusCode::OK);
            }
            let answer = from(2).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
            let seconds: i64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=60).contains(&seconds));
            assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["code"], "rate_limited");
            assert_eq!(from(3).send().await.unwrap().status(), StatusCode::OK, "another address is not held up");
            let health = client(IpAddr::from([127, 0, 0, 2])).get(format!("{}/healthz", world.url));
            assert_eq!(health.send().await.unwrap().status(), StatusCode::OK);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trusted_proxies_tell_whose_request_it_is() {
    on_sqlite(
        |config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()],
        async |world| {
            let open = |from: u8| {
                let http = client(IpAddr::from([127, 0, 0, from]));
                http.post(format!("{}/api/v1/token/", world.url)).header("x-forwarded-for", "1.2.3.4, 198.51.100.7")
            };
            assert_eq!(open(1).send().await.unwrap().status(), StatusCode::CREATED);
            assert_eq!(open(9).send().await.unwrap().status(), StatusCode::CREATED);
            assert_eq!(world.count("SELECT COUNT(*) FROM sessions WHERE ip = '198.51.100.7'").await, 1);
            assert_eq!(world.count("SELECT COUNT(*) FROM sessions WHERE ip = '127.0.0.9'").await, 1);
        },
    )
    .await;
}
