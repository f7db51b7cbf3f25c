//! What the program writes down while a customer and the staff go their ways: nothing of it is a secret, talkative or not.

use std::{fs, io::Read, net::IpAddr, path::Path};

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    cli::{Server, create_admin, khazna, told},
    links::file_address,
    world::{PASSWORD, client, json_of},
};

/// The program with its talk kept, and all that must not stand in it.
struct Watched {
    folder: TempDir,
    server: Server,
    http: Client,
    /// What it is, and the secret.
    secrets: Vec<(String, String)>,
}

impl Watched {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        assert!(create_admin(folder.path(), "boss", &format!("{PASSWORD}\n")).0);
        fs::create_dir(folder.path().join("import")).unwrap();
        fs::write(folder.path().join("import/a.bin"), vec![7; 100_000]).unwrap();
        fs::write(folder.path().join("import/manifest.csv"), "file,title,category,price,kind\na.bin,a,b,5,other\n").unwrap();
        assert!(told(khazna(folder.path(), &["files", "import", "import"]).output().unwrap()).0);
        let kept = fs::File::create(folder.path().join("stderr")).unwrap();
        let server = Server::start_with(folder.path(), |command| {
            command.env("DEBUG", "true").env("RATE_LIMIT_PER_MINUTE", "0").stderr(kept);
        });
        let secrets = vec![("a password".to_owned(), PASSWORD.to_owned())];
        Self { folder, server, http: client(IpAddr::from([127, 0, 0, 1])), secrets }
    }

    /// Remembers a secret, and gives it back.
    fn secret(&mut self, what: &str, secret: &Value) -> String {
        let secret = secret.as_str().unwrap_or_else(|| panic!("{what}: {secret}")).to_owned();
        self.secrets.push((what.to_owned(), secret.clone()));
        secret
    }

    /// Remembers the tokens of an answer, and gives the access token.
    fn tokens(&mut self, answer: &Value) -> String {
        self.secret("a refresh token", &answer["refresh_token"]);
        self.secret("an access token", &answer["access_token"])
    }

    /// Remembers the cookies of an answer, and gives them back as a browser does.
    fn cookies(&mut self, answer: &Response) -> String {
        let set = answer.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
        let set: Vec<(&str, &str)> = set.filter_map(|cookie| cookie.split_once('=')).filter(|(_, value)| !value.is_empty()).collect();
        assert!(!set.is_empty());
        self.secrets.extend(set.iter().map(|(name, value)| (format!("the cookie {name}"), (*value).to_owned())));
        set.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> (StatusCode, Value) {
        let request = self.http.post(format!("{}{path}", self.server.url));
        let request = if body.is_null() { request } else { request.json(&body) };
        json_of(if token.is_empty() { request } else { request.bearer_auth(token) }).await
    }

    /// A form of the web app, as a browser without JavaScript sends it.
    async fn form(&self, path: &str, cookies: &str, fields: &Value) -> Response {
        let request = self.http.post(format!("{}{path}", self.server.url)).header("origin", &self.server.url);
        request.header("accept", "text/html").header("cookie", cookies).form(fields).send().await.unwrap()
    }

    async fn get(&self, path: &str, cookies: &str) -> Response {
        self.http.get(format!("{}{path}", self.server.url)).header("cookie", cookies).send().await.unwrap()
    }

    /// Sends what is no HTTP.
    async fn babble(&self, text: &str) {
        let mut line = TcpStream::connect(self.server.url.trim_start_matches("http://")).await.unwrap();
        line.write_all(text.as_bytes()).await.unwrap();
        // Answered and hung up: the connection's end was written down before.
        let _ = line.read_to_end(&mut Vec::new()).await;
    }

    /// Ends the program and gives all that it said.
    fn ended(mut self) -> (String, String, Vec<(String, String)>) {
        assert!(self.server.terminate());
        let mut printed = String::new();
        self.server.output.read_to_string(&mut printed).unwrap();
        (printed, fs::read_to_string(self.folder.path().join("stderr")).unwrap(), self.secrets)
    }
}

/// A customer's way by the API, slips and all. Gives serial and PIN, and the access token.
async fn by_the_api(shop: &mut Watched, codes: &[String]) -> (String, String, String) {
    let (_, opened) = shop.post("/api/v1/token/", "", Value::Null).await;
    let (serial, pin) = (opened["serial"].as_str().unwrap().to_owned(), shop.secret("a PIN", &opened["pin"]));
    let token = shop.tokens(&opened);
    let person = json!({"name": "سارة العلي", "phone": "+966501234567"});
    assert_eq!(shop.post("/api/v1/activate-final/", &token, person).await.0, StatusCode::OK);

    // Slips: in the body's form, in a field's type, in the address, in a secret.
    let half = shop.http.post(format!("{}/api/v1/token/", shop.server.url)).header("content-type", "application/json");
    let half = half.body(format!("{{\"serial\": \"{serial}\", \"pin\": \"{pin}\"")).send().await.unwrap();
    assert_eq!(half.status(), StatusCode::BAD_REQUEST);
    let typed = shop.post("/api/v1/wallet/recharge-code/", &token, json!({"charge_code": [codes[0]]})).await;
    assert_eq!(typed.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(shop.post("/api/v1/token/", "", json!({"serial": pin, "pin": serial})).await.0, StatusCode::UNAUTHORIZED);
    for path in [format!("/api/v1/token/{pin}"), format!("/nothing/{token}?pin={pin}"), format!("/wallet?code={}", codes[0])] {
        shop.get(&path, "").await;
    }
    let wrong = if pin == "0000" { "0001" } else { "0000" };
    assert_eq!(shop.post("/api/v1/token/", "", json!({"serial": serial, "pin": wrong})).await.0, StatusCode::UNAUTHORIZED);

    let (_, signed_in) = shop.post("/api/v1/token/", "", json!({"serial": serial, "pin": pin})).await;
    shop.tokens(&signed_in);
    let renew = json!({"refresh_token": signed_in["refresh_token"]});
    let (_, renewed) = shop.post("/api/v1/token/refresh/", "", renew.clone()).await;
    shop.tokens(&renewed);
    assert_eq!(shop.post("/api/v1/token/refresh/", "", renew).await.0, StatusCode::UNAUTHORIZED);
    for status in [StatusCode::OK, StatusCode::CONFLICT] {
        assert_eq!(shop.post("/api/v1/wallet/recharge-code/", &token, json!({"charge_code": codes[0]})).await.0, status);
    }
    let change = json!({"old_pin": pin, "new_pin": "7391"});
    assert_eq!(shop.post("/api/v1/account/pin/", &token, change.clone()).await.0, StatusCode::OK);
    assert_eq!(shop.post("/api/v1/account/pin/", &token, change).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let pin = shop.secret("a PIN", &json!("7391"));
    let (_, recovered) = shop.post("/api/v1/recover/", "", json!({"phone": "+966501234567", "pin": pin})).await;
    let token = shop.tokens(&recovered);
    (serial, pin, token)
}

/// Buys the file and takes it, by the link's ticket and cookie; then with the content gone.
async fn downloads(shop: &mut Watched, token: &str) {
    let (_, bought) = shop.post("/api/v1/sales/purchases/", token, json!({"file_id": 1})).await;
    let path = format!("/api/v1/sales/purchases/{}/download/", bought["purchase_id"]);
    let (_, link) = shop.post(&path, token, Value::Null).await;
    let url = link["download_url"].as_str().unwrap().to_owned();
    let ticket = shop.secret("a ticket", &json!(url.rsplit('/').next().unwrap()));
    shop.secret("a ticket's signature", &json!(ticket.rsplit('.').next().unwrap()));
    for wrong in [format!("/d/{ticket}x"), format!("/d/{ticket}/more"), format!("/nothing?ticket={ticket}")] {
        assert!(shop.get(&wrong, "").await.status().is_client_error(), "{wrong}");
    }
    assert_eq!(shop.http.get(&url).send().await.unwrap().status(), StatusCode::OK);
    let claimed = shop.http.post(&url).send().await.unwrap();
    let place = file_address(&url, &claimed);
    let place = place.strip_prefix(&shop.server.url).unwrap().to_owned();
    let cookie = shop.cookies(&claimed);
    assert_eq!(shop.http.post(&url).send().await.unwrap().status(), StatusCode::CONFLICT);
    assert_eq!(shop.get(&place, "").await.status(), StatusCode::FORBIDDEN);

    let files = shop.folder.path().join("data/files");
    fs::rename(&files, shop.folder.path().join("data/away")).unwrap();
    assert_eq!(shop.get(&place, &cookie).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    fs::rename(shop.folder.path().join("data/away"), &files).unwrap();
    assert_eq!(shop.get(&place, &cookie).await.bytes().await.unwrap().len(), 100_000);
}

/// The same by the web app's forms.
async fn by_forms(shop: &mut Watched, serial: &str, pin: &str, code: &str) {
    // The ticket of a new account holds its PIN.
    let opened = shop.form("/do/open-account", "", &json!({})).await;
    shop.cookies(&opened);
    let wrong = shop.form("/do/sign-in", "", &json!({"serial": serial, "pin": "0007"})).await;
    assert_eq!(wrong.status(), StatusCode::FOUND);
    let signed_in = shop.form("/do/sign-in", "", &json!({"serial": serial, "pin": pin})).await;
    let cookies = shop.cookies(&signed_in);
    assert_eq!(shop.get("/wallet", &cookies).await.status(), StatusCode::OK);
    shop.form("/do/recharge", &cookies, &json!({"charge_code": code, "idempotency_key": "once"})).await;
    shop.form("/do/change-pin", &cookies, &json!({"old_pin": "0007", "new_pin": "0008"})).await;
    shop.form("/do/recover", "", &json!({"phone": "+966501234567", "pin": pin})).await;
    let pressed = shop.form("/purchases/1/download", &cookies, &json!({})).await;
    let ticket = pressed.headers()["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert!(ticket.starts_with("v1."), "{ticket}");
    shop.secret("a ticket", &json!(ticket));
    shop.cookies(&pressed);
    assert_eq!(shop.form("/sign-out", &cookies, &json!({})).await.status(), StatusCode::SEE_OTHER);
}

/// The staff at work.
async fn at_the_desk(shop: &mut Watched, serial: &str, code: &str) {
    let wrong = json!({"username": "boss", "password": "not the password"});
    assert_eq!(shop.post("/api/v1/admin/token/", "", wrong).await.0, StatusCode::UNAUTHORIZED);
    shop.secret("a password", &json!("not the password"));
    let (_, tokens) = shop.post("/api/v1/admin/token/", "", json!({"username": "boss", "password": PASSWORD})).await;
    let owner = shop.tokens(&tokens);
    let (_, setup) = shop.post("/api/v1/admin/account/totp/", &owner, Value::Null).await;
    shop.secret("an authenticator's secret", &setup["secret"]);
    shop.post("/api/v1/admin/account/totp/confirm/", &owner, json!({"totp": "000000"})).await;
    assert_eq!(shop.post("/api/v1/admin/codes/find/", &owner, json!({"charge_code": code})).await.0, StatusCode::OK);
    let (_, made) = shop.post("/api/v1/admin/codes/", &owner, json!({"value": 50, "count": 1, "label": "x"})).await;
    shop.secret("a recharge code", &made["codes"][0]);
    let (status, pin) = shop.post(&format!("/api/v1/admin/customers/{serial}/pin/"), &owner, Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    shop.secret("a PIN", &pin["pin"]);
    let hired = json!({"username": "helper", "new_password": "a long enough one", "role": "support"});
    assert_eq!(shop.post("/api/v1/admin/staff/", &owner, hired).await.0, StatusCode::CREATED);
    shop.secret("a password", &json!("a long enough one"));
    let signed_in = shop.form("/admin/do/sign-in", "", &json!({"username": "boss", "password": PASSWORD, "totp": ""})).await;
    let cookies = shop.cookies(&signed_in);
    assert_eq!(shop.get("/admin/customers", &cookies).await.status(), StatusCode::OK);
}

/// The words of a line of the log, but for its time, its request's number and how long that took: four digits of those may be any PIN.
fn words(line: &str) -> Vec<String> {
    let parsed: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("logs are structured: {line}"));
    let fields = parsed.as_object().unwrap().iter();
    let told = fields.filter(|(name, _)| !matches!(name.as_str(), "timestamp" | "id" | "milliseconds"));
    let texts = told.map(|(_, value)| value.to_string());
    texts.flat_map(|text| text.split(|character: char| !character.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn assert_silent(log: &str, secrets: &[(String, String)]) {
    let bare: String = log.chars().filter(|character| *character != '-').collect();
    let words: Vec<String> = log.lines().flat_map(words).collect();
    for (what, secret) in secrets {
        if secret.len() < 8 {
            assert!(!words.contains(secret), "{what} stands in the log");
        } else {
            let without_dashes: String = secret.chars().filter(|character| *character != '-').collect();
            assert!(!log.contains(secret) && !bare.contains(&without_dashes), "{what} stands in the log: {secret}");
        }
    }
}

/// Two codes, as the command line prints them.
fn printed_codes(folder: &Path) -> Vec<String> {
    let (ok, csv, _) = told(khazna(folder, &["codes", "generate", "--value", "500", "--count", "2", "--label", "x"]).output().unwrap());
    assert!(ok);
    csv.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_written_down() {
    let mut shop = Watched::start();
    let codes = printed_codes(shop.folder.path());
    shop.secrets.extend(codes.iter().map(|code| ("a recharge code".to_owned(), code.clone())));
    let (serial, pin, token) = by_the_api(&mut shop, &codes).await;
    downloads(&mut shop, &token).await;
    by_forms(&mut shop, &serial, &pin, &codes[1]).await;
    at_the_desk(&mut shop, &serial, &codes[0]).await;
    shop.babble(&format!("GET /wallet?pin={pin} {token}\r\ncookie: refresh={token}\r\n\r\n")).await;
    assert_eq!(shop.post("/api/v1/logout/", &token, Value::Null).await.0, StatusCode::UNAUTHORIZED, "a new PIN has ended all sessions");

    let (printed, log, secrets) = shop.ended();
    assert_eq!(printed, "", "nothing but the address is printed");
    // It did talk: of requests, of what failed, and of what only `DEBUG` tells.
    for told in ["/api/v1/recover/", "/d/{ticket}", "/do/sign-in", "a file could not be read", "\"level\":\"DEBUG\""] {
        assert!(log.contains(told), "{told} is not in the log:\n{log}");
    }
    assert!(secrets.len() > 25, "{}", secrets.len());
    assert_silent(&log, &secrets);
}

#[test]
#[should_panic(expected = "a PIN stands in the log")]
fn a_pin_would_be_seen() {
    let line = json!({"timestamp": "2026-11-22T18:27:28.0000Z", "route": "/do/sign-in", "detail": "tried 7391"});
    assert_silent(&format!("{line}\n"), &[("another PIN".to_owned(), "2026".to_owned()), ("a PIN".to_owned(), "7391".to_owned())]);
}
