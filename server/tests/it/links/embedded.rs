//! The embedded gateway under the suite.

use std::sync::Arc;

use reqwest::Client;
use serde_json::{Value, json};
use shared::{FileId, PurchaseId, api::Role};

use super::{Gateway, Link, file_address};
use crate::world::{Account, World, json_of};

/// Claims a link without a browser: the file's address, and the cookie.
pub async fn claimed(http: &Client, url: &str) -> (String, String) {
    let answer = http.post(url).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let address = file_address(url, &answer);
    (address[address.find("/f/").unwrap()..].to_owned(), cookie)
}

pub struct Embedded<'a> {
    pub world: &'a World,
    account: Account,
}

impl<'a> Embedded<'a> {
    pub async fn new(world: &'a World) -> Self {
        Self { world, account: world.activated().await }
    }

    pub async fn bought(&self, file: FileId) -> i64 {
        let account = Account { access: self.signed_in().await, ..self.account.clone() };
        self.world.bought(&account, file).await
    }

    /// Presses Download for a purchase whose content the test knows by itself.
    pub async fn pressed(&self, purchase: i64) -> Link {
        Link { url: self.press_for(purchase).await, purchase, content: Arc::default() }
    }

    /// A new access token: tests let hours pass, and the suite at the Worker runs longer than one lives.
    async fn signed_in(&self) -> String {
        let body = json!({"serial": self.account.serial, "pin": self.account.pin});
        let (_, tokens) = json_of(self.world.post("/api/v1/token/").json(&body)).await;
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    async fn press_for(&self, purchase: i64) -> String {
        let path = format!("/api/v1/sales/purchases/{purchase}/download/");
        let (status, link) = json_of(self.world.post(&path).bearer_auth(self.signed_in().await)).await;
        assert_eq!(status, 200, "{link}");
        link["download_url"].as_str().unwrap().to_owned()
    }

    async fn purchase(&self, link: &Link) -> Value {
        let (_, purchases) = json_of(self.world.get("/api/v1/sales/my-purchases/").bearer_auth(self.signed_in().await)).await;
        purchases.as_array().unwrap().iter().find(|purchase| purchase["purchase_id"] == link.purchase).unwrap().clone()
    }
}

impl Gateway for Embedded<'_> {
    async fn mint(&self, content: Vec<u8>) -> Link {
        let file = match content.as_slice() {
            [] => self.world.empty_file("كتاب", 1).await,
            content => self.world.file("كتاب", 1, content).await,
        };
        let purchase = self.bought(file).await;
        Link { url: self.press_for(purchase).await, purchase, content: Arc::new(content) }
    }

    async fn press(&self, link: &Link) -> Link {
        Link { url: self.press_for(link.purchase).await, ..link.clone() }
    }

    async fn used(&self, link: &Link) -> i64 {
        self.purchase(link).await["downloads_count"].as_i64().unwrap()
    }

    async fn events(&self, link: &Link) -> Vec<String> {
        let events = store::links::events(&self.world.store, PurchaseId(link.purchase)).await.unwrap();
        assert!(events.iter().zip(1..).all(|(event, number)| event.sequence == number), "events are numbered without gaps");
        events.into_iter().map(|event| event.kind).collect()
    }

    async fn revoke(&self, link: &Link) {
        let owner = self.world.staff(&format!("owner-{}", link.purchase), Role::Owner).await;
        let path = format!("/api/v1/admin/purchases/{}/refund/", link.purchase);
        let (status, _) = json_of(self.world.post(&path).bearer_auth(owner).json(&json!({"reason": "test"}))).await;
        assert_eq!(status, 200);
    }

    async fn pass(&self, milliseconds: i64) {
        self.world.clock.advance(milliseconds);
    }
}
