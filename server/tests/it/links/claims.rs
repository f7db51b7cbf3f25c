//! Who gets a link: looking changes nothing, one browser wins, time and refunds end it.

use futures::future::join_all;
use reqwest::StatusCode;
use shared::ms;

use super::{Browser, Gateway, embedded::Embedded};
use crate::{on_both, world::content};

/// Programs that open a link before its owner does.
const PREVIEWS: [&str; 6] = [
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) SafeLinks",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
];

pub async fn looking_changes_nothing(gateway: &impl Gateway) {
    let link = gateway.mint(content(1000)).await;
    for agent in PREVIEWS {
        for method in ["GET", "HEAD"] {
            let answer = Browser::new().send(method, &link.url, &[("user-agent", agent)]).await;
            assert_eq!(answer.status(), StatusCode::OK, "{method} by {agent}");
            assert!(answer.headers()["cache-control"].to_str().unwrap().contains("no-store"));
            assert_eq!(answer.headers()["x-robots-tag"], "noindex, nofollow");
            let page = answer.text().await.unwrap();
            assert_eq!(page.contains("<form method=\"post\""), method == "GET", "{page}");
        }
    }
    let prefetched = Browser::new().get(&link.url, &[("sec-purpose", "prefetch;prerender")]).await;
    assert_eq!(prefetched.status(), StatusCode::OK);
    assert_eq!(gateway.events(&link).await, Vec::<String>::new());
    assert_eq!(gateway.press(&link).await.url, link.url, "an unclaimed link is given again");
    let browser = Browser::new();
    let place = browser.claim(&link).await;
    assert_eq!(browser.get(&place, &[]).await.bytes().await.unwrap(), *link.content);
}

pub async fn a_claim_belongs_to_its_browser(gateway: &impl Gateway) {
    let link = gateway.mint(content(1000)).await;
    let browser = Browser::new();
    // The file's address is of no use before the claim.
    let place = browser.claim(&link).await;
    assert_eq!(browser.claim(&link).await, place, "pressing again is the same claim");
    let stranger = Browser::from(2);
    assert_eq!(stranger.send("POST", &link.url, &[]).await.status(), StatusCode::CONFLICT);
    assert_eq!(stranger.get(&link.url, &[]).await.status(), StatusCode::OK, "the page says that it is used");
    for method in ["GET", "HEAD"] {
        assert_eq!(stranger.send(method, &place, &[]).await.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(browser.get(&link.url, &[]).await.status(), StatusCode::OK);
    assert_eq!(gateway.used(&link).await, 1);
}

pub async fn two_browsers_race_and_one_wins(gateway: &impl Gateway) {
    let link = gateway.mint(content(1000)).await;
    let browsers: Vec<Browser> = (0..12).map(|number| Browser::from(number + 1)).collect();
    let answers = join_all(browsers.iter().map(|browser| browser.send("POST", &link.url, &[]))).await;
    let won = answers.iter().filter(|answer| answer.status() == StatusCode::SEE_OTHER).count();
    let lost = answers.iter().filter(|answer| answer.status() == StatusCode::CONFLICT).count();
    assert_eq!((won, lost), (1, 11));
    assert_eq!(gateway.used(&link).await, 1);
}

pub async fn a_link_lives_two_hours(gateway: &impl Gateway) {
    let (early, late) = (gateway.mint(content(1000)).await, gateway.mint(content(1000)).await);
    gateway.pass(ms::HOUR + 59 * ms::MINUTE).await;
    let browser = Browser::new();
    let place = browser.claim(&early).await;
    gateway.pass(2 * ms::MINUTE).await;
    assert_eq!(Browser::new().get(&late.url, &[]).await.status(), StatusCode::GONE);
    assert_eq!(Browser::new().send("POST", &late.url, &[]).await.status(), StatusCode::GONE);
    assert_eq!(gateway.used(&late).await, 0, "a link that nobody claimed gives its attempt back");
    assert_ne!(gateway.press(&late).await.url, late.url);
    // Claimed at 1:59, it may be used for two hours from then.
    assert_eq!(browser.get(&place, &[]).await.status(), StatusCode::OK);
    gateway.pass(ms::HOUR + 57 * ms::MINUTE).await;
    assert_eq!(browser.get(&place, &[("range", "bytes=0-9")]).await.status(), StatusCode::PARTIAL_CONTENT);
    gateway.pass(2 * ms::MINUTE).await;
    assert_eq!(browser.get(&place, &[("range", "bytes=0-9")]).await.status(), StatusCode::GONE);
    assert_eq!(gateway.used(&early).await, 1);
}

pub async fn a_bad_ticket_is_nothing(gateway: &impl Gateway) {
    let link = gateway.mint(content(10)).await;
    let base = &link.url[..link.url.find("/d/").unwrap()];
    let mut forged = link.url.clone();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'B' } else { 'A' });
    let long = format!("{base}/d/{}", "a".repeat(4000));
    let others = ["/d/x", "/d/v1.a.b.c", "/d/%00", "/d/%F0%9F%98%80", "/f/x/y", "/f/AAAAAAAA/%2e%2e%2fetc"];
    for url in [forged, long].into_iter().chain(others.map(|path| format!("{base}{path}"))) {
        for method in ["GET", "HEAD"] {
            assert_eq!(Browser::new().send(method, &url, &[]).await.status(), StatusCode::NOT_FOUND, "{method} {url}");
        }
        if url.contains("/d/") {
            assert_eq!(Browser::new().send("POST", &url, &[]).await.status(), StatusCode::NOT_FOUND, "POST {url}");
        }
    }
    for (method, allowed) in [("DELETE", "GET, HEAD, POST"), ("PUT", "GET, HEAD, POST")] {
        let answer = Browser::new().send(method, &link.url, &[]).await;
        assert_eq!((answer.status(), answer.headers()["allow"].to_str().unwrap()), (StatusCode::METHOD_NOT_ALLOWED, allowed));
    }
    assert_eq!(gateway.events(&link).await, Vec::<String>::new());
}

pub async fn a_refund_ends_it(gateway: &impl Gateway) {
    let (claimed, unclaimed) = (gateway.mint(content(1000)).await, gateway.mint(content(1000)).await);
    let browser = Browser::new();
    let place = browser.claim(&claimed).await;
    gateway.revoke(&claimed).await;
    gateway.revoke(&unclaimed).await;
    assert_eq!(browser.get(&place, &[]).await.status(), StatusCode::GONE);
    assert_eq!(browser.get(&claimed.url, &[]).await.status(), StatusCode::GONE);
    assert_eq!(Browser::new().send("POST", &unclaimed.url, &[]).await.status(), StatusCode::GONE);
}

on_both!(previews, |world| { looking_changes_nothing(&Embedded::new(world).await).await });
on_both!(one_browser, |world| { a_claim_belongs_to_its_browser(&Embedded::new(world).await).await });
on_both!(races, |world| { two_browsers_race_and_one_wins(&Embedded::new(world).await).await });
on_both!(lifetime, |world| { a_link_lives_two_hours(&Embedded::new(world).await).await });
on_both!(bad_tickets, |world| { a_bad_ticket_is_nothing(&Embedded::new(world).await).await });
on_both!(refunds, |world| { a_refund_ends_it(&Embedded::new(world).await).await });
