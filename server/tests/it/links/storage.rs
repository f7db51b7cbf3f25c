//! Storage that fails before the first byte: the answer is 503, and what was charged is given back.

use std::fs;

use reqwest::StatusCode;

use super::{Browser, Gateway, embedded::Embedded};
use crate::{
    on_both,
    world::{content, eventually, sha256},
};

on_both!(a_content_that_is_away_costs_nothing, |world| {
    let gateway = Embedded::new(world).await;
    let link = gateway.mint(content(1_000_000)).await;
    let browser = Browser::new();
    let place = browser.claim(&link).await;
    let stored = world.config.data_dir.join("files").join(world.text("SELECT storage_key FROM versions").await);
    let elsewhere = world.config.data_dir.join("elsewhere");
    fs::rename(&stored, &elsewhere).unwrap();
    let ways: [&[(&str, &str)]; 3] = [&[], &[("range", "bytes=0-")], &[("range", "bytes=500000-")]];
    for headers in ways {
        let away = browser.get(&place, headers).await;
        assert_eq!(away.status(), StatusCode::SERVICE_UNAVAILABLE, "{headers:?}");
        assert!(away.headers().contains_key("retry-after") && !away.headers().contains_key("content-range"), "{headers:?}");
        assert!(away.text().await.unwrap().contains("<html lang="), "{headers:?}: a page that says so");
    }
    let failed = async || gateway.events(&link).await.iter().filter(|kind| *kind == "storage_failed").count();
    assert_eq!(failed().await, 3);

    // Back again: the whole file, and then one byte less than another one, as if nothing had been.
    fs::rename(&elsewhere, &stored).unwrap();
    let whole = browser.get(&place, &[]).await;
    assert_eq!(whole.status(), StatusCode::OK, "what was charged was given back");
    assert_eq!(sha256(&whole.bytes().await.unwrap()), sha256(&link.content));
    eventually("the end", async || gateway.events(&link).await.contains(&"completed".to_owned())).await;
    let more = browser.get(&place, &[("range", "bytes=1-")]).await;
    assert_eq!(more.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(more.bytes().await.unwrap(), link.content[1..]);
    assert_eq!(browser.get(&place, &[("range", "bytes=0-0")]).await.status(), StatusCode::GONE, "and no byte more");
    assert_eq!((gateway.used(&link).await, failed().await), (1, 3));
});
