//! Recharge codes in the staff's hands: the API, and how plain codes leave the dashboard without JavaScript.

use std::process::Command;

use dashboard::sheet::Layout;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use shared::api::Role;

use crate::{
    on_both,
    world::{World, json_of},
};

on_both!(a_batch_from_the_api, |world| {
    let manager = world.staff("manager", Role::Manager).await;
    let account = world.activated().await;
    let get = async |path: &str| json_of(world.get(path).bearer_auth(&manager)).await;
    let post = async |path: &str, body: Value| json_of(world.post(path).bearer_auth(&manager).json(&body)).await;
    let body = json!({"value": 500, "count": 3, "label": "نقطة الميدان", "reseller": "أبو أحمد"});
    let (status, made) = post("/api/v1/admin/codes/", body).await;
    assert_eq!(status, StatusCode::CREATED);
    let (id, code) = (made["batch_id"].as_i64().unwrap(), made["codes"][0].as_str().unwrap());

    let (status, frozen) = post(&format!("/api/v1/admin/codes/{id}/freeze/"), json!({})).await;
    assert_eq!((status, frozen["state"].as_str()), (StatusCode::OK, Some("frozen")));
    let redeem = async || {
        json_of(world.post("/api/v1/wallet/recharge-code/").bearer_auth(&account.access).json(&json!({"charge_code": code}))).await
    };
    assert_eq!(redeem().await.1["code"], "invalid_code");
    assert_eq!(post(&format!("/api/v1/admin/codes/{id}/thaw/"), json!({})).await.1["state"], "live");
    assert_eq!(redeem().await.0, StatusCode::OK);

    let (_, found) = post("/api/v1/admin/codes/find/", json!({"charge_code": code.to_lowercase()})).await;
    assert_eq!((found["batch"]["id"].as_i64(), found["code"]["redemption"]["serial"].as_str()), (Some(id), Some(account.serial.as_str())));
    assert_eq!(post("/api/v1/admin/codes/find/", json!({"charge_code": "OLDCODE1"})).await.0, StatusCode::NOT_FOUND);

    let (_, list) = get("/api/v1/admin/codes/?q=ابو&state=live").await;
    assert_eq!((list["results"][0]["id"].as_i64(), list["results"][0]["redeemed"].as_i64()), (Some(id), Some(1)));
    assert_eq!(get("/api/v1/admin/codes/?state=nonsense").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, lines) = get(&format!("/api/v1/admin/codes/{id}/lines/?redeemed=true")).await;
    assert_eq!((lines["results"].as_array().unwrap().len(), lines["results"][0]["number"].as_i64()), (1, Some(1)));
    assert_eq!(get(&format!("/api/v1/admin/codes/{id}/lines/?redeemed=false")).await.1["results"].as_array().unwrap().len(), 3);
    assert_eq!(get(&format!("/api/v1/admin/codes/{id}/lines/?redeemed=banana")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, resellers) = get("/api/v1/admin/codes/resellers/").await;
    assert_eq!((resellers["results"][0]["outstanding_coins"].as_i64(), resellers["results"][0]["issued"].as_i64()), (Some(1_000), Some(3)));

    let old: String = (0..5_000).map(|number| format!("ALTE-KARTE-{number:05},100\n")).collect();
    let (status, report) = post("/api/v1/admin/codes/import/", json!({"codes": format!("{old}x\n"), "label": "قديمة"})).await;
    assert_eq!((status, report["taken"].as_i64(), report["left_out"].as_i64()), (StatusCode::OK, Some(5_000), Some(1)));
    assert_eq!(report["lines"], json!([{"line": 5_001, "reason": "invalid_code"}]));

    assert_eq!(post(&format!("/api/v1/admin/codes/{id}/cancel/"), json!({})).await.1["state"], "cancelled");
    let (status, problem) = post(&format!("/api/v1/admin/codes/{id}/thaw/"), json!({})).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::CONFLICT, Some("batch_cancelled")));
    assert_eq!(get("/api/v1/admin/codes/999999/").await.0, StatusCode::NOT_FOUND);
});

on_both!(a_batch_leaves_by_its_ticket, |world| {
    let owner = world.staff("owner", Role::Owner).await;
    let named = world.request(Method::PATCH, "/api/v1/admin/settings/").bearer_auth(&owner);
    assert_eq!(json_of(named.json(&json!({"shop_name": "متجر التقنية"}))).await.0, StatusCode::OK);
    let body = json!({"value": 500, "count": 2, "label": "نقطة الميدان"});
    let (status, made) = json_of(world.post("/api/v1/admin/codes/ticketed/").bearer_auth(&owner).json(&body)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let (path, ticket) = (format!("/api/v1/admin/codes/{}/hand-out/", made["batch"]["id"]), &made["ticket"]);
    let hand_out = |body: Value| world.post(&path).bearer_auth(&owner).json(&body);

    let csv = hand_out(json!({"ticket": ticket, "way": "csv"})).send().await.unwrap();
    assert_eq!(csv.headers()["content-type"], "text/csv; charset=utf-8");
    let csv = csv.text().await.unwrap();
    assert_eq!(csv.lines().count(), 3);
    let code = csv.lines().nth(2).unwrap().split(',').next().unwrap();
    let page = hand_out(json!({"ticket": ticket, "way": "page"})).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(code) && page.contains("متجر التقنية"), "the same codes, under the shop's own name");
    let pdf = hand_out(json!({"ticket": ticket, "way": "pdf", "layout": 8, "part": 0})).send().await.unwrap();
    assert_eq!((pdf.status(), pdf.headers()["content-type"].to_str().unwrap()), (StatusCode::OK, "application/pdf"));

    for (field, body) in [
        ("way", json!({"ticket": ticket, "way": "paper"})),
        ("layout", json!({"ticket": ticket, "way": "pdf", "layout": 9})),
        ("part", json!({"ticket": ticket, "way": "pdf", "part": 1})),
    ] {
        let (status, problem) = json_of(hand_out(body)).await;
        assert_eq!((status, problem["errors"][field].is_array()), (StatusCode::UNPROCESSABLE_ENTITY, true), "{field}: {problem}");
    }
    assert_eq!(json_of(hand_out(json!({"ticket": "not it", "way": "csv"}))).await.1["code"], "codes_gone");
});

/// The cookies that an answer set, as a browser sends them back.
fn cookies(answer: &Response) -> String {
    let set = answer.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    set.filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ")
}

/// A batch as somebody makes it without JavaScript: its number and ticket, read from the page that follows the form.
async fn made(world: &World, access: &str, count: i64) -> (i64, String) {
    let session = format!("staff-access={access}");
    let form = [("value", "other"), ("other_value", "٢٥٠"), ("label", "=تجربة"), ("reseller", ""), ("expires_at", "2027-01-31")];
    let form = form.into_iter().map(|(name, value)| (name, value.to_owned())).chain([("count", count.to_string())]);
    let post = world.post("/admin/do/make-codes").header("cookie", &session).header("accept", "text/html");
    let answer = post.form(&form.collect::<Vec<_>>()).send().await.unwrap();
    assert!(answer.headers()["location"].to_str().unwrap().ends_with("/admin/codes/new"), "{answer:?}");
    let seen = format!("{session}; {}", cookies(&answer));
    let page =
        world.get("/admin/codes/new").header("cookie", seen).header("accept", "text/html").send().await.unwrap().text().await.unwrap();
    let after =
        |mark: &str| page.split(mark).nth(1).unwrap_or_else(|| panic!("{mark} in {page}")).split(['"', '/']).next().unwrap().to_owned();
    (after("action=\"/admin/codes/").parse().unwrap(), after("name=\"ticket\" value=\""))
}

async fn handed(world: &World, access: &str, id: i64, fields: &[(&str, &str)]) -> Response {
    let post = world.post(&format!("/admin/codes/{id}/hand-out")).header("cookie", format!("staff-access={access}"));
    post.form(fields).send().await.unwrap()
}

on_both!(codes_leave_as_a_file_and_as_a_sheet, |world| {
    let owner = world.staff("owner", Role::Owner).await;
    let account = world.activated().await;
    let (id, ticket) = made(world, &owner, 23).await;

    let answer = handed(world, &owner, id, &[("ticket", &ticket), ("way", "csv")]).await;
    assert_eq!(answer.headers()["content-disposition"], format!("attachment; filename=\"khazna-{id}.csv\""));
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let csv = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
    let csv = csv.strip_prefix('\u{FEFF}').expect("spreadsheets know UTF-8 by its mark");
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines.len(), 24);
    assert!(lines[1].ends_with(&format!(",250,'=تجربة,2027-02-01T00:00:00.000Z,{id}-0001")), "{}", lines[1]);
    let codes: Vec<_> = lines[1..].iter().map(|line| line.split(',').next().unwrap()).collect();

    let answer = handed(world, &owner, id, &[("ticket", &ticket), ("way", "page"), ("layout", "8")]).await;
    assert!(answer.headers()["content-security-policy"].to_str().unwrap().contains("script-src 'nonce-"));
    let page = answer.text().await.unwrap();
    assert!(codes.iter().all(|code| page.contains(code)) && page.matches("class=\"page\"").count() == 3);

    let answer = handed(world, &owner, id, &[("ticket", &ticket), ("way", "pdf"), ("layout", "21")]).await;
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    let seen = scanned(&answer.bytes().await.unwrap(), Layout::of(21));
    let expected: Vec<_> = codes.iter().map(|code| format!("{}/wallet#code={code}", world.url)).collect();
    assert_eq!(seen.len(), 23, "every card's QR code is read from the drawn page");
    assert!(expected.iter().all(|url| seen.contains(url)), "{seen:?}");
    let printed = seen[0].rsplit('=').next().unwrap();
    let recharge = world.post("/api/v1/wallet/recharge-code/").bearer_auth(&account.access).json(&json!({"charge_code": printed}));
    assert_eq!(json_of(recharge).await.1["recharged_amount"], 250);

    let unread = world.post(&format!("/admin/codes/{id}/hand-out")).header("cookie", format!("staff-access={owner}"));
    let (status, problem) = json_of(unread.header("content-type", "application/x-www-form-urlencoded").body("way=csv")).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("bad_request")));

    let support = world.staff("support", Role::Support).await;
    assert_eq!(handed(world, &support, id, &[("ticket", &ticket), ("way", "csv")]).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(handed(world, "nobody", id, &[("ticket", &ticket), ("way", "csv")]).await.status(), StatusCode::SEE_OTHER);
    world.clock.advance(3 * shared::ms::MINUTE);
    let late = handed(world, &owner, id, &[("ticket", "not it"), ("way", "csv")]).await;
    assert_eq!((late.status(), late.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, &*format!("/admin/codes/{id}")));
});

/// What a camera reads of the pages, drawn by poppler at 300 dots an inch.
fn scanned(pdf: &[u8], layout: Layout) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sheet.pdf");
    std::fs::write(&path, pdf).unwrap();
    let drawn = Command::new("pdftoppm").args(["-gray", "-r", "300"]).arg(&path).arg(folder.path().join("page")).status();
    assert!(drawn.expect("pdftoppm of poppler-utils").success());
    let mut pages: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    let pages = pages.iter().filter(|path| path.extension().is_some_and(|kind| kind == "pgm"));
    pages.flat_map(|path| read_codes(&std::fs::read(path).unwrap(), layout)).collect()
}

/// The QR codes of a page (PGM, "P5": width, height, largest value, then a byte a point), card by card as they are held before a camera.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lengths of some thousand points")]
fn read_codes(picture: &[u8], layout: Layout) -> Vec<String> {
    let head: Vec<usize> =
        picture.split(u8::is_ascii_whitespace).skip(1).take(3).map(|word| std::str::from_utf8(word).unwrap().parse().unwrap()).collect();
    let (width, height) = (head[0], head[1]);
    let points = &picture[picture.len() - width * height..];
    let dots = f32::from(u16::try_from(width).unwrap()) / Layout::PAGE.0;
    let mut codes = Vec::new();
    for place in layout.places() {
        let [left, top, card_width, card_height] =
            [place.left, place.top, place.width, place.height].map(|length| (length * dots) as usize);
        let card = |x: usize, y: usize| points[(top + y) * width + left + x];
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(card_width, card_height, card);
        codes.extend(image.detect_grids().iter().filter_map(|grid| grid.decode().ok().map(|(_, text)| text)));
    }
    codes
}
