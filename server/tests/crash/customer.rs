//! A customer who writes down what was asked, and what was acknowledged.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rand::{Rng, rngs::StdRng};
use reqwest::{RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::shop::{CODE_VALUE, PRICE, SIZE, Shop, Stock};

/// An operation, as it is asked and can be asked again. A link goes by its place among the customer's links.
#[derive(Debug, Clone)]
pub enum Asked {
    Purchase { file: i64, key: String },
    Recharge { code: String, key: String },
    Press { purchase: i64 },
    Claim(usize),
    Read(usize),
}

/// An acknowledged purchase or recharge: what was asked, and the whole answer.
pub struct Paid {
    pub asked: Asked,
    pub answer: Value,
}

/// A link that was acknowledged, and what became of it as its customer saw it.
pub struct Link {
    pub purchase: i64,
    pub url: String,
    /// The page's cookie, as it is sent back.
    pub cookie: Option<String>,
    /// Where the file is, once the claim was acknowledged.
    pub location: Option<String>,
    /// Bytes of the file that arrived, all copies together.
    pub received: u64,
    /// Some links are never claimed.
    wanted: bool,
}

/// Why an operation was not acknowledged.
#[derive(Debug)]
#[expect(dead_code, reason = "read by `Debug` when a test fails")]
pub enum Trouble {
    /// The server went away.
    Gone(reqwest::Error),
    /// It answered, and not as it should.
    Wrong(String),
}

impl From<reqwest::Error> for Trouble {
    fn from(error: reqwest::Error) -> Self {
        Self::Gone(error)
    }
}

pub type Outcome<T> = Result<T, Trouble>;

pub struct Customer {
    http: reqwest::Client,
    shop: String,
    stock: Arc<Stock>,
    address: String,
    token: String,
    first_file: usize,
    keys: u32,
    pub name: String,
    pub opened: Instant,
    /// Coins by what was acknowledged.
    pub balance: i64,
    pub purchases: Vec<Paid>,
    pub recharges: Vec<Paid>,
    pub links: Vec<Link>,
    /// What was asked and not acknowledged.
    pub pending: Option<Asked>,
    pub faults: Vec<String>,
}

impl Customer {
    /// Opens and activates an account.
    pub async fn open(shop: &Shop, round: u32, number: u32) -> Self {
        let mut customer = Self {
            http: shop.http.clone(),
            shop: shop.address(),
            stock: shop.stock.clone(),
            address: format!("10.{}.{}.{}", round / 250, round % 250, number + 1),
            token: String::new(),
            first_file: number as usize * 7,
            keys: 0,
            name: format!("customer {number} of round {round}"),
            opened: Instant::now(),
            balance: 0,
            purchases: Vec::new(),
            recharges: Vec::new(),
            links: Vec::new(),
            pending: None,
            faults: Vec::new(),
        };
        let account = customer.post("/api/v1/token/", None, None, StatusCode::CREATED).await.unwrap();
        account["access_token"].as_str().unwrap().clone_into(&mut customer.token);
        let person = json!({ "name": "سارة", "phone": format!("+9665{round:05}{number:03}") });
        let activated = customer.post("/api/v1/activate-final/", Some(person), None, StatusCode::OK).await.unwrap();
        customer.balance = activated["balance"].as_i64().unwrap();
        customer
    }

    pub fn acknowledged(&self) -> usize {
        let claimed = self.links.iter().filter(|link| link.location.is_some()).count();
        self.purchases.len() + self.recharges.len() + self.links.len() + claimed
    }

    pub fn fault(&mut self, fault: impl std::fmt::Display) {
        self.faults.push(format!("{}: {fault}", self.name));
    }

    /// Asks for one thing after the other until the server is gone.
    pub async fn work(&mut self, mut random: StdRng, killed: &AtomicBool) {
        loop {
            let Some(asked) = self.choose(&mut random) else {
                // Codes and files are finite: who has bought all of them learns of the kill here.
                if killed.load(Ordering::SeqCst) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            };
            match self.perform(asked, &mut random).await {
                Ok(()) => {}
                Err(Trouble::Gone(_)) if killed.load(Ordering::SeqCst) => return,
                Err(trouble) => return self.fault(format!("{:?} failed before the kill: {trouble:?}", self.pending)),
            }
        }
    }

    fn choose(&mut self, random: &mut StdRng) -> Option<Asked> {
        if let Some(link) = self.links.iter().position(|link| link.wanted && link.location.is_none()) {
            return Some(Asked::Claim(link));
        }
        if let Some(link) = self.links.iter().position(|link| link.location.is_some() && link.received == 0) {
            return Some(Asked::Read(link));
        }
        let dice = if self.balance < PRICE { 9 } else { random.random_range(0..10) };
        self.keys += 1;
        let key = format!("key-{}", self.keys);
        match dice {
            0..5 => (self.purchases.len() < self.stock.files.len()).then(|| {
                let place = (self.first_file + self.purchases.len()) % self.stock.files.len();
                Asked::Purchase { file: self.stock.files[place], key }
            }),
            5..8 => {
                let purchase = self.purchases.get(self.links.len())?.answer["purchase_id"].as_i64().unwrap();
                Some(Asked::Press { purchase })
            }
            _ => Some(Asked::Recharge { code: self.stock.take_code()?, key }),
        }
    }

    /// Asks, and writes down what was acknowledged. Asking again what may have been done before must come to the same.
    pub async fn perform(&mut self, asked: Asked, random: &mut StdRng) -> Outcome<()> {
        self.pending = Some(asked.clone());
        match &asked {
            Asked::Purchase { .. } | Asked::Recharge { .. } => {
                let answer = self.pay(&asked).await?;
                self.balance += if matches!(asked, Asked::Purchase { .. }) { -PRICE } else { CODE_VALUE };
                if answer["new_balance"] != self.balance {
                    self.fault(format!("{asked:?}: coins should be {}, the answer says {}", self.balance, answer["new_balance"]));
                }
                let list = if matches!(asked, Asked::Purchase { .. }) { &mut self.purchases } else { &mut self.recharges };
                list.push(Paid { asked: asked.clone(), answer });
            }
            Asked::Press { purchase } => {
                let url = self.press(*purchase).await?;
                let wanted = random.random_bool(0.7);
                self.links.push(Link { purchase: *purchase, url, cookie: None, location: None, received: 0, wanted });
            }
            Asked::Claim(link) => self.claim(*link).await?,
            Asked::Read(link) => {
                let status = self.read(*link).await?;
                if !status.is_success() {
                    return Err(Trouble::Wrong(format!("the file was answered {status}")));
                }
            }
        }
        self.pending = None;
        Ok(())
    }

    /// Purchase or recharge, without writing it down.
    pub async fn pay(&self, asked: &Asked) -> Outcome<Value> {
        match asked {
            Asked::Purchase { file, key } => {
                self.post("/api/v1/sales/purchases/", Some(json!({ "file_id": file })), Some(key), StatusCode::CREATED).await
            }
            Asked::Recharge { code, key } => {
                self.post("/api/v1/wallet/recharge-code/", Some(json!({ "charge_code": code })), Some(key), StatusCode::OK).await
            }
            other => panic!("{other:?} costs nothing"),
        }
    }

    /// Presses Download for the first time, or again while its link is unclaimed; gives the link.
    pub async fn press(&self, purchase: i64) -> Outcome<String> {
        let pressed = self.post(&format!("/api/v1/sales/purchases/{purchase}/download/"), None, None, StatusCode::OK).await?;
        if pressed["downloads_used"] != 1 {
            return Err(Trouble::Wrong(format!("a first link of purchase {purchase} used attempts: {pressed}")));
        }
        Ok(pressed["download_url"].as_str().unwrap_or_default().to_owned())
    }

    /// Opens the link's page for its cookie, then presses its button.
    async fn claim(&mut self, link: usize) -> Outcome<()> {
        if self.links[link].cookie.is_none() {
            let page = self.request(self.http.get(&self.links[link].url)).send().await?;
            let cookie = page.headers().get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok()?.split(';').next());
            self.links[link].cookie = cookie.map(str::to_owned);
        }
        let answer = self.press_button(link, true).await?;
        if answer.status() != StatusCode::SEE_OTHER {
            return Err(Trouble::Wrong(format!("a claim was answered {}", answer.status())));
        }
        let location = answer.headers().get(header::LOCATION).and_then(|location| location.to_str().ok()).unwrap_or_default();
        self.links[link].location = Some(location.to_owned());
        Ok(())
    }

    /// Posts the ticket, as its own customer with the cookie, or as anybody else without.
    pub async fn press_button(&self, link: usize, own: bool) -> Outcome<Response> {
        let Link { url, cookie, .. } = &self.links[link];
        let mut request = self.request(self.http.post(url));
        if let Some(cookie) = cookie.as_ref().filter(|_| own) {
            request = request.header(header::COOKIE, cookie);
        }
        Ok(request.send().await?)
    }

    /// Reads what is missing of the file, or all of it again when nothing is.
    pub async fn read(&mut self, link: usize) -> Outcome<StatusCode> {
        let Link { cookie, location, received, .. } = &self.links[link];
        let url = format!("{}{}", self.shop, location.as_deref().unwrap_or_default());
        let mut request = self.request(self.http.get(url)).header(header::COOKIE, cookie.as_deref().unwrap_or_default());
        if (1..SIZE).contains(received) {
            request = request.header(header::RANGE, format!("bytes={received}-"));
        }
        let mut answer = request.send().await?;
        let status = answer.status();
        while let Some(chunk) = answer.chunk().await? {
            if status.is_success() {
                self.links[link].received += chunk.len() as u64;
            }
        }
        Ok(status)
    }

    pub async fn get(&self, path: &str) -> Outcome<Value> {
        let answer = self.request(self.http.get(format!("{}{path}", self.shop))).send().await?;
        expect(path, answer, StatusCode::OK).await
    }

    async fn post(&self, path: &str, body: Option<Value>, key: Option<&str>, expected: StatusCode) -> Outcome<Value> {
        let mut request = self.request(self.http.post(format!("{}{path}", self.shop)));
        if let Some(body) = body {
            request = request.json(&body);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        expect(path, request.send().await?, expected).await
    }

    fn request(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header("x-forwarded-for", &self.address);
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }
}

async fn expect(path: &str, answer: Response, expected: StatusCode) -> Outcome<Value> {
    let status = answer.status();
    let text = answer.text().await?;
    if status != expected {
        return Err(Trouble::Wrong(format!("{path} was answered {status}: {text}")));
    }
    serde_json::from_str(&text).map_err(|error| Trouble::Wrong(format!("{path} was answered {text}: {error}")))
}
