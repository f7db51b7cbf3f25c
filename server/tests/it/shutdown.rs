//! A server that is told to stop finishes what it is sending.

use std::time::Duration;

use futures::StreamExt;
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    links::embedded::claimed,
    on_both,
    world::{content, json_of, sha256},
};

on_both!(a_running_download_finishes, |world| {
    // More than every buffer on the way holds.
    let content = content(48 << 20);
    let file = world.file("كتاب", 30, &content).await;
    let account = world.activated().await;
    let purchase = world.bought(&account, file).await;
    let path = format!("/api/v1/sales/purchases/{purchase}/download/");
    let (_, link) = json_of(world.post(&path).bearer_auth(&account.access)).await;
    let (place, cookie) = claimed(&world.http, link["download_url"].as_str().unwrap()).await;
    let mut stream = world.get(&place).header("cookie", cookie).send().await.unwrap().bytes_stream();
    let mut received = stream.next().await.unwrap().unwrap().to_vec();
    // Idle connections and endless answers must not hold the server up either.
    let live = world.get("/api/v1/notifications/stream/").bearer_auth(&account.access).send().await.unwrap();
    assert_eq!(live.status(), StatusCode::OK);

    world.stopping.cancel();
    while world.http.get(format!("{}/healthz", world.url)).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
    while let Some(piece) = stream.next().await {
        received.extend_from_slice(&piece.unwrap());
    }
    assert_eq!(sha256(&received), sha256(&content));
    tokio::time::timeout(Duration::from_mins(1), world.stop()).await.expect("the server ends when its last answer has");
    let complete = format!("SELECT COUNT(*) FROM download_events WHERE purchase_id = {purchase} AND kind = 'completed'");
    assert_eq!(world.count(&complete).await, 1, "what was sent is written down before the end");
    assert_eq!(json!(received.len()), json!(48 << 20));
});
