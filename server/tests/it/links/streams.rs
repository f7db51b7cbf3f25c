//! What flows: whole files and ranges, broken off and taken up again, never twice the file.

use reqwest::{Response, StatusCode};

use super::{Browser, Gateway, Link, embedded::Embedded};
use crate::{
    on_both,
    world::{content, eventually, sha256},
};

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn came(gateway: &impl Gateway, link: &Link, kind: &str, times: usize) {
    eventually(kind, async || gateway.events(link).await.iter().filter(|event| *event == kind).count() == times).await;
}

pub async fn ranges_are_answered_as_http_says(gateway: &impl Gateway) {
    let link = gateway.mint(content(100_000)).await;
    let browser = Browser::new();
    let place = browser.claim(&link).await;
    let head = browser.send("HEAD", &place, &[]).await;
    assert_eq!((head.status(), header(&head, "content-length"), header(&head, "accept-ranges")), (StatusCode::OK, "100000", "bytes"));
    let etag = header(&head, "etag").to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "a strong tag: {etag}");
    assert!(header(&head, "content-disposition").contains("filename*=UTF-8''%D9%85%D9%84%D9%81"), "an Arabic name stays");
    assert_eq!((header(&head, "referrer-policy"), header(&head, "x-content-type-options")), ("no-referrer", "nosniff"));

    for (range, from, to) in
        [("bytes=0-", 0, 100_000), ("bytes=-100", 99_900, 100_000), ("bytes=10-19", 10, 20), ("bytes=99999-200000", 99_999, 100_000)]
    {
        let answer = browser.get(&place, &[("range", range)]).await;
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(header(&answer, "content-range"), format!("bytes {from}-{}/100000", to - 1));
        assert_eq!(answer.bytes().await.unwrap(), link.content[from..to], "{range}");
    }
    for range in ["bytes=100000-", "bytes=-0", "bytes=0-1,5-6", "bytes=9-1"] {
        let answer = browser.get(&place, &[("range", range)]).await;
        assert_eq!((answer.status(), header(&answer, "content-range")), (StatusCode::RANGE_NOT_SATISFIABLE, "bytes */100000"), "{range}");
    }
    let known = browser.get(&place, &[("if-none-match", &etag)]).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    let same = browser.get(&place, &[("range", "bytes=0-9"), ("if-range", &etag)]).await;
    assert_eq!(same.status(), StatusCode::PARTIAL_CONTENT);
    let other = browser.get(&place, &[("range", "bytes=0-9"), ("if-range", "\"other\"")]).await;
    assert!(matches!(other.status(), StatusCode::OK | StatusCode::GONE), "the whole file, if so much is left");
    let prefetch = browser.get(&place, &[("sec-purpose", "prefetch")]).await;
    assert_eq!(prefetch.status(), StatusCode::FORBIDDEN);
    assert_eq!(gateway.used(&link).await, 1);
}

pub async fn a_broken_download_is_taken_up_elsewhere(gateway: &impl Gateway) {
    let link = gateway.mint(content(20_000_000)).await;
    let browser = Browser::new();
    let place = browser.claim(&link).await;
    let (status, mut received) = browser.slow_line(&place, "bytes=0-", 18_000_000).await;
    assert_eq!(status, "HTTP/1.1 206 Partial Content");
    came(gateway, &link, "interrupted", 1).await;
    let moved = browser.moved_to(77);
    let range = format!("bytes={}-", received.len());
    let rest = moved.get(&place, &[("range", &range)]).await;
    assert_eq!(rest.status(), StatusCode::PARTIAL_CONTENT);
    received.extend_from_slice(&rest.bytes().await.unwrap());
    assert_eq!(sha256(&received), sha256(&link.content));
    came(gateway, &link, "completed", 1).await;
    assert_eq!(gateway.used(&link).await, 1, "a broken line costs no attempt");
}

pub async fn a_line_that_drops_fifty_times_still_finishes(gateway: &impl Gateway) {
    let link = gateway.mint(content(20_000_000)).await;
    let browser = Browser::new();
    let place = browser.claim(&link).await;
    let mut received = Vec::new();
    for drop in 1..=50 {
        let range = format!("bytes={}-", received.len());
        let (status, part) = browser.slow_line(&place, &range, 350_000).await;
        assert_eq!(status, "HTTP/1.1 206 Partial Content", "after {} drops and {} bytes", drop - 1, received.len());
        received.extend(part);
        came(gateway, &link, "interrupted", drop).await;
    }
    let range = format!("bytes={}-", received.len());
    received.extend_from_slice(&browser.get(&place, &[("range", &range)]).await.bytes().await.unwrap());
    assert_eq!(sha256(&received), sha256(&link.content));
    assert_eq!(gateway.used(&link).await, 1);
}

pub async fn two_copies_never_leave(gateway: &impl Gateway) {
    let link = gateway.mint(content(3_000_000)).await;
    let browser = Browser::new();
    let place = browser.claim(&link).await;
    let mut total = 0;
    loop {
        let answer = browser.get(&place, &[]).await;
        if answer.status() == StatusCode::GONE {
            break;
        }
        total += answer.bytes().await.unwrap().len();
        assert!(total < 2 * 3_000_000, "{total} bytes of a file of 3000000 have left");
    }
    assert_eq!(total, 3_000_000);
    // Parts can still be had, up to the same bound.
    loop {
        let answer = browser.get(&place, &[("range", "bytes=0-499999")]).await;
        if answer.status() == StatusCode::GONE {
            break;
        }
        total += answer.bytes().await.unwrap().len();
        assert!(total < 2 * 3_000_000, "{total} bytes of a file of 3000000 have left");
    }
    assert_eq!(gateway.used(&link).await, 1);
}

pub async fn six_streams_may_run(gateway: &impl Gateway) {
    let size = 60_000_000;
    let link = gateway.mint(content(size)).await;
    let browser = Browser::new();
    let place = browser.claim(&link).await;
    let tenth = size / 10;
    let mut running = Vec::new();
    for number in 0..6 {
        let range = format!("bytes={}-{}", number * tenth, (number + 1) * tenth - 1);
        let answer = browser.get(&place, &[("range", &range)]).await;
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
        running.push(answer);
    }
    let seventh = browser.get(&place, &[("range", "bytes=0-9")]).await;
    assert_eq!(seventh.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(!header(&seventh, "retry-after").is_empty());
    let mut received = Vec::new();
    for answer in running {
        received.extend_from_slice(&answer.bytes().await.unwrap());
    }
    assert!(received == link.content[..6 * tenth]);
    came(gateway, &link, "delivered", 6).await;
    let rest = browser.get(&place, &[("range", &format!("bytes={}-", 6 * tenth))]).await;
    received.extend_from_slice(&rest.bytes().await.unwrap());
    assert_eq!(sha256(&received), sha256(&link.content));
    came(gateway, &link, "completed", 1).await;
}

pub async fn a_running_stream_outlives_its_refund(gateway: &impl Gateway) {
    let link = gateway.mint(content(40_000_000)).await;
    let browser = Browser::new();
    let place = browser.claim(&link).await;
    let answer = browser.get(&place, &[]).await;
    gateway.revoke(&link).await;
    assert_eq!(sha256(&answer.bytes().await.unwrap()), sha256(&link.content), "a running stream may finish");
    assert_eq!(browser.get(&place, &[("range", "bytes=0-9")]).await.status(), StatusCode::GONE);
}

pub async fn an_empty_file_is_a_file(gateway: &impl Gateway) {
    let link = gateway.mint(Vec::new()).await;
    let browser = Browser::new();
    let place = browser.claim(&link).await;
    let answer = browser.get(&place, &[]).await;
    assert_eq!((answer.status(), header(&answer, "content-length")), (StatusCode::OK, "0"));
    assert!(answer.bytes().await.unwrap().is_empty());
    came(gateway, &link, "completed", 1).await;
}

on_both!(ranges, |world| { ranges_are_answered_as_http_says(&Embedded::new(world).await).await });
on_both!(taken_up, |world| { a_broken_download_is_taken_up_elsewhere(&Embedded::new(world).await).await });
on_both!(fifty_drops, |world| { a_line_that_drops_fifty_times_still_finishes(&Embedded::new(world).await).await });
on_both!(budget, |world| { two_copies_never_leave(&Embedded::new(world).await).await });
on_both!(six_streams, |world| { six_streams_may_run(&Embedded::new(world).await).await });
on_both!(revoked_while_running, |world| { a_running_stream_outlives_its_refund(&Embedded::new(world).await).await });
on_both!(empty, |world| { an_empty_file_is_a_file(&Embedded::new(world).await).await });
