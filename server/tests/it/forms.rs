//! Every server function with hostile texts, as a browser without JavaScript sends its form: it is led back to a page or told what is
//! wrong, never that the server failed, and nothing has changed.

use std::collections::BTreeMap;

use reqwest::{Response, StatusCode};
use shared::api::Role;

use crate::{
    bad_input::hostile_texts,
    functions::{Function, functions},
    on_both,
    world::World,
};

/// Functions that do their work whatever is typed. Here they must not break; what they do is tested elsewhere.
const ACTING: [&str; 3] = ["/do/open-account", "/admin/do/begin-totp", "/admin/do/create-category"];
const SCRIPT: &str = "<script>alert(1)</script>";

/// The fields of an argument, with a text that can be read and names nothing that is there.
fn fields(name: &str, kind: &str) -> Vec<(String, &'static str)> {
    let within = |names: &[&str]| {
        let plausible = |field: &str| if field == "cursor" { "987654321" } else { "" };
        names.iter().map(|field| (format!("{name}[{field}]"), plausible(field))).collect()
    };
    match kind.strip_prefix("Option<").and_then(|kind| kind.strip_suffix('>')).unwrap_or(kind) {
        // A theme and an alert have no name that does nothing.
        "String" | "Theme" | "AlertKind" => vec![(name.to_owned(), "zz")],
        "bool" => vec![(name.to_owned(), "false")],
        "Vec<i64>" => vec![(format!("{name}[0]"), "987654321")],
        "Search" => within(&["q", "category", "kind", "sort", "page"]),
        "DownloadQuery" => within(&["customer", "file", "outcome", "ip", "from", "to", "cursor"]),
        "AuditQuery" => within(&["actor", "action", "subject", "outcome", "ip", "from", "to", "cursor"]),
        kind if kind == "i64" || kind.ends_with("Id") => vec![(name.to_owned(), "987654321")],
        other => panic!("how does a form send {name}: {other}?"),
    }
}

/// The function's form as it should be filled in; of one that takes nothing a field that it does not know.
fn form(function: &Function) -> Vec<(String, &'static str)> {
    let form: Vec<_> = function.takes.iter().flat_map(|(name, kind)| fields(name, kind)).collect();
    if form.is_empty() { vec![("surprise".to_owned(), "zz")] } else { form }
}

/// A customer and a member of the staff in one browser.
struct Browser {
    cookies: String,
}

impl Browser {
    async fn post(&self, world: &World, path: &str, body: Vec<u8>) -> Response {
        let request = world.post(path).header("origin", &world.url).header("referer", format!("{}/catalog", world.url));
        let request = request.header("accept", "text/html").header("cookie", &self.cookies);
        request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap()
    }

    /// Posts, and looks at what comes back.
    async fn sent(&self, world: &World, path: &str, body: Vec<u8>, why: &str) -> StatusCode {
        let answer = self.post(world, path, body).await;
        let status = answer.status();
        assert!(status.is_success() || status.is_redirection() || status.is_client_error(), "{path}, {why}: {status}");
        let Some(place) = answer.headers().get("location").cloned() else { return status };
        let place = place.to_str().unwrap();
        let here = place.strip_prefix(&world.url).unwrap_or(place);
        assert!(here.starts_with('/') && !here.starts_with("//"), "{path}, {why}: led to {place}");
        assert!(place.len() < 4_000, "{path}, {why}: led to an address of {} bytes, which no proxy takes", place.len());
        if why.contains("script") {
            // The page that it is led to has the flash, and in it what was typed.
            let set = answer.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
            let cookies = set.fold(self.cookies.clone(), |all, cookie| format!("{all}; {cookie}"));
            let page = world.get(here).header("accept", "text/html").header("cookie", cookies).send().await.unwrap();
            assert!(!page.status().is_server_error(), "{path}, {why}: {} at {here}", page.status());
            assert!(!page.text().await.unwrap().contains(SCRIPT), "{path}, {why}: {here} holds it as it was typed");
        }
        status
    }
}

/// `application/x-www-form-urlencoded`, every byte that could mean something escaped.
fn encoded(form: &[(String, String)]) -> Vec<u8> {
    let escape = |text: &str| {
        let bytes =
            text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") });
        bytes.collect::<String>()
    };
    form.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&").into_bytes()
}

async fn attack(world: &World, browser: &Browser, function: &Function) {
    let path = function.path.as_str();
    let plausible = form(function);
    let texts = hostile_texts().into_iter().chain(["a\0b".to_owned(), "-1".to_owned()]);
    let texts: Vec<_> = texts.map(|text| (text.chars().take(20).collect::<String>(), text)).collect();
    for (field, _) in &plausible {
        for (why, hostile) in &texts {
            let filled =
                plausible.iter().map(|(name, value)| (name.clone(), if name == field { hostile.clone() } else { (*value).to_owned() }));
            // Waits are taken away, or the throttle would answer for the rule.
            world.sql("DELETE FROM throttles").await;
            browser.sent(world, path, encoded(&filled.collect::<Vec<_>>()), &format!("{field}={why}")).await;
        }
        let of = |names: &dyn Fn(&str) -> bool| {
            let named = plausible.iter().filter(|(name, _)| names(name)).map(|(name, value)| (name.clone(), (*value).to_owned()));
            encoded(&named.collect::<Vec<_>>())
        };
        browser.sent(world, path, [of(&|_| true), of(&|_| true)].join(&b'&'), "every field twice").await;
        let others = of(&|name| name != field);
        for (why, raw) in [
            ("no UTF-8", format!("{field}=%FF%FE").into_bytes()),
            ("bytes that no form has", [field.as_bytes(), b"=\xff\x00"].concat()),
            ("half an escape", format!("{field}=%F").into_bytes()),
            ("too deep", format!("{field}[a][b][c][d][e][f][g]=1").into_bytes()),
        ] {
            browser.sent(world, path, [others.clone(), raw].join(&b'&'), why).await;
        }
    }
    // What may be left out means something else then: all notifications, for one.
    if function.takes.iter().any(|(_, kind)| !kind.starts_with("Option<") && !kind.ends_with("Query")) {
        browser.sent(world, path, Vec::new(), "nothing at all").await;
        let empty: Vec<_> = plausible.iter().map(|(name, _)| (name.clone(), String::new())).collect();
        browser.sent(world, path, encoded(&empty), "every field empty").await;
    }
    let huge = format!("{}={}", plausible[0].0, "a".repeat(2 << 20)).into_bytes();
    assert_eq!(browser.sent(world, path, huge, "a huge form").await, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
}

on_both!(hostile_forms_change_nothing, |world| {
    let file = world.file("كتاب", 30, b"content").await;
    let (customer, stranger) = (world.activated().await, world.activated().await);
    world.bought(&stranger, file).await;
    world.code(500).await;
    let owner = world.staff("owner", Role::Owner).await;
    let browser = Browser { cookies: format!("access={}; staff-access={owner}", customer.access) };
    // It is known on both sides: what follows is not refused at the door.
    for path in ["/do/profile", "/admin/do/account"] {
        let known = world.post(path).header("origin", &world.url).header("cookie", &browser.cookies);
        assert_eq!(known.form(&BTreeMap::<&str, &str>::new()).send().await.unwrap().status(), StatusCode::OK, "{path}");
    }

    let (acting, others): (Vec<_>, Vec<_>) = functions().into_iter().partition(|function| ACTING.contains(&function.path.as_str()));
    let before = world.rows().await;
    for function in &others {
        attack(world, &browser, function).await;
    }
    world.assert_unchanged(&before).await;
    assert_eq!(acting.len(), ACTING.len());
    for function in &acting {
        attack(world, &browser, function).await;
    }
});
