//! The catalog in the staff's hands, through HTTP: uploads that are cut off, wrong, too large, two at once.

use reqwest::{Body, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use shared::{api::Role, ms};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    on_both,
    world::{PASSWORD, World, content, eventually, json_of, sha256},
};

const BYTES: &str = "application/offset+octet-stream";

pub async fn draft(world: &World, token: &str) -> i64 {
    let (status, category) = json_of(world.post("/api/v1/admin/categories/").bearer_auth(token).json(&json!({"name": "كتب"}))).await;
    assert_eq!(status, StatusCode::CREATED, "{category}");
    let about = json!({"title": "كتاب", "description": "وصف", "category_id": category["id"], "price_coins": 30, "kind": "other"});
    let (status, file) = json_of(world.post("/api/v1/admin/files/").bearer_auth(token).json(&about)).await;
    assert_eq!(status, StatusCode::CREATED, "{file}");
    file["id"].as_i64().unwrap()
}

pub async fn begin(world: &World, token: &str, file: i64, name: &str, length: usize) -> (StatusCode, Value) {
    let body = json!({"file_id": file, "file_name": name, "length": length, "fingerprint": "1"});
    json_of(world.post("/api/v1/admin/uploads/").bearer_auth(token).json(&body)).await
}

pub fn patch(world: &World, token: &str, id: &Value, offset: usize, body: impl Into<Body>) -> RequestBuilder {
    let path = format!("/api/v1/admin/uploads/{}/", id.as_str().unwrap());
    world.request(Method::PATCH, &path).bearer_auth(token).header("content-type", BYTES).header("upload-offset", offset).body(body)
}

pub async fn offset(world: &World, token: &str, id: &Value) -> usize {
    let path = format!("/api/v1/admin/uploads/{}/", id.as_str().unwrap());
    let answer = world.request(Method::HEAD, &path).bearer_auth(token).send().await.unwrap();
    assert_eq!((answer.status(), answer.headers()["cache-control"].to_str().unwrap()), (StatusCode::OK, "no-store"));
    answer.headers()["upload-offset"].to_str().unwrap().parse().unwrap()
}

async fn connect(world: &World) -> TcpStream {
    TcpStream::connect(world.url.trim_start_matches("http://")).await.unwrap()
}

/// Sends the beginning of an upload's body and breaks the line. `signed` is the header that says who sends it.
async fn send_and_break(world: &World, path: &str, signed: &str, length: usize, sent: &[u8]) {
    let mut line = connect(world).await;
    let head = format!(
        "PATCH {path} HTTP/1.1\r\nhost: x\r\n{signed}\r\ncontent-type: {BYTES}\r\nupload-offset: 0\r\ncontent-length: {length}\r\n\r\n"
    );
    line.write_all(head.as_bytes()).await.unwrap();
    line.write_all(sent).await.unwrap();
    line.flush().await.unwrap();
}

/// Everything in the folder of the files, folders too.
pub fn stored(world: &World) -> Vec<String> {
    fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                walk(&entry.path(), found);
            } else {
                found.push(entry.path().display().to_string());
            }
        }
    }
    let mut found = Vec::new();
    walk(&world.config.data_dir.join("files"), &mut found);
    found
}

on_both!(cut_resumed_published_bought_downloaded, |world| {
    let token = world.staff("manager", Role::Manager).await;
    let file = draft(world, &token).await;
    let content = content(30_000_000);
    let (status, upload) = begin(world, &token, file, "كتاب.bin", content.len()).await;
    assert_eq!(status, StatusCode::CREATED);
    let id = &upload["id"];

    let (path, signed) = (format!("/api/v1/admin/uploads/{}/", id.as_str().unwrap()), format!("authorization: Bearer {token}"));
    send_and_break(world, &path, &signed, content.len(), &content[..11_000_000]).await;
    eventually("what arrived is kept", async || offset(world, &token, id).await == 11_000_000).await;
    let (_, again) = begin(world, &token, file, "كتاب.bin", content.len()).await;
    assert_eq!((&again["id"], &again["received"]), (id, &json!(11_000_000)));
    let (_, stopped) = json_of(world.get(&format!("/api/v1/admin/files/{file}/uploads/")).bearer_auth(&token)).await;
    assert_eq!((stopped.as_array().unwrap().len(), &stopped[0]["id"]), (1, id));

    // The server stops and another one starts on the same database and folder.
    world.restart().await;
    assert_eq!(offset(world, &token, id).await, 11_000_000);
    let (status, conflict) = json_of(patch(world, &token, id, 0, content[..100].to_vec())).await;
    assert_eq!((status, &conflict["code"]), (StatusCode::CONFLICT, &json!("upload_conflict")));
    let answer = patch(world, &token, id, 11_000_000, content[11_000_000..].to_vec()).send().await.unwrap();
    assert_eq!((answer.status(), answer.headers()["upload-offset"].to_str().unwrap()), (StatusCode::NO_CONTENT, "30000000"));
    let (_, versions) = json_of(world.get(&format!("/api/v1/admin/files/{file}/versions/")).bearer_auth(&token)).await;
    assert_eq!(versions[0]["sha256"], sha256(&content));
    let left = stored(world);
    assert!(left.iter().all(|path| !path.contains("uploads")), "{left:?}");

    let publish = world.post(&format!("/api/v1/admin/files/{file}/publish/")).bearer_auth(&token);
    assert_eq!(json_of(publish).await.0, StatusCode::OK);
    let customer = world.activated().await;
    let purchase = world.bought(&customer, shared::FileId(file)).await;
    let download = world.post(&format!("/api/v1/sales/purchases/{purchase}/download/")).bearer_auth(&customer.access);
    let (_, download) = json_of(download).await;
    let url = download["download_url"].as_str().unwrap();
    let claimed = world.http.post(url).send().await.unwrap();
    let cookie = claimed.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let place = claimed.headers()["location"].to_str().unwrap().to_owned();
    let place = if place.starts_with('/') { format!("{}{place}", world.url) } else { place };
    let bytes = world.http.get(place).header("cookie", cookie).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(sha256(&bytes), sha256(&content));
});

on_both!(a_long_upload_keeps_its_session, |world| {
    let token = world.staff("owner", Role::Owner).await;
    let sign_in = json!({"username": "owner", "password": PASSWORD});
    let (_, tokens) = json_of(world.post("/api/v1/admin/token/").json(&sign_in)).await;
    let file = draft(world, &token).await;
    let content = content(3_000_000);
    let (_, upload) = begin(world, &token, file, "كتاب.bin", content.len()).await;
    let path = format!("/admin/uploads/{}", upload["id"].as_str().unwrap());
    let cookie = format!("staff-refresh={}", tokens["refresh_token"].as_str().unwrap());
    let ask = || world.get(&path).header("cookie", &cookie);

    // The access token is over when the piece begins, and the line breaks later than parallel requests take.
    world.clock.advance(6 * ms::MINUTE);
    send_and_break(world, &path, &format!("cookie: {cookie}"), content.len(), &content[..1_000_000]).await;
    eventually("what arrived is kept", async || json_of(ask()).await.1["received"] == 1_000_000).await;
    world.clock.advance(ms::MINUTE);
    let answer = ask().send().await.unwrap();
    assert_eq!((answer.status(), answer.headers().get("set-cookie")), (StatusCode::OK, None));

    // The next page renews it. The old token is worth nothing to an upload then, and ends nothing.
    let page = |cookie: &str| world.get("/admin").header("accept", "text/html").header("cookie", cookie).send();
    let answer = page(&cookie).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let set = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let successor = set.filter_map(|value| value.split(';').next()).find(|value| value.starts_with("staff-refresh=")).unwrap();
    world.clock.advance(ms::MINUTE);
    assert_eq!(json_of(ask()).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(page(successor).await.unwrap().status(), StatusCode::OK);
});

on_both!(bad_uploads_are_told_and_leave_nothing, |world| {
    let token = world.staff("owner", Role::Owner).await;
    let file = draft(world, &token).await;
    for (name, length, status, code) in [
        ("../../etc/passwd", 10, 422, "invalid"),
        ("a/b.zip", 10, 422, "invalid"),
        ("a\\b.zip", 10, 422, "invalid"),
        ("..", 10, 422, "invalid"),
        ("", 10, 422, "invalid"),
        ("a.zip", 0, 422, "invalid"),
        ("a.zip", 2_000_000_001, 413, "payload_too_large"),
    ] {
        let (answered, problem) = begin(world, &token, file, name, length).await;
        assert_eq!((answered.as_u16(), problem["code"].as_str().unwrap()), (status, code), "{name} {length}");
        assert!(!problem["detail"].as_str().unwrap().is_empty());
    }
    let (_, upload) = begin(world, &token, file, "كتاب.pdf", 50_000).await;
    let id = &upload["id"];
    let path = format!("/api/v1/admin/uploads/{}/", id.as_str().unwrap());
    let wrong_type = world.request(Method::PATCH, &path).bearer_auth(&token).header("content-type", "text/plain");
    let wrong_type = wrong_type.header("upload-offset", 0).body(vec![0; 10]);
    assert_eq!(json_of(wrong_type).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let no_offset = world.request(Method::PATCH, &format!("/api/v1/admin/uploads/{}/", id.as_str().unwrap())).bearer_auth(&token);
    assert_eq!(json_of(no_offset.header("content-type", BYTES).body("x")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(json_of(patch(world, &token, id, 0, vec![0; 50_001])).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, problem) = json_of(patch(world, &token, id, 0, vec![7; 50_000])).await;
    assert_eq!((status, &problem["error_codes"]["file"][0]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("wrong_content_type")));
    assert_eq!(json_of(patch(world, &token, id, 0, vec![7; 10])).await.0, StatusCode::NOT_FOUND);

    // In one go.
    let put = |query: &str, body: Vec<u8>| {
        let path = format!("/api/v1/admin/files/{file}/content/?{query}");
        world.request(Method::PUT, &path).bearer_auth(&token).body(body)
    };
    assert_eq!(json_of(put("file_name=..%2Fx.txt", vec![1])).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(json_of(put("file_name=x.txt", Vec::new())).await.1["error_codes"]["file"][0], "empty_file");
    assert_eq!(json_of(put("file_name=x.zip", vec![1; 100_000])).await.1["error_codes"]["file"][0], "wrong_content_type");
    let (status, problem) = json_of(put("file_name=x.txt", vec![1]).header("content-length", "3000000000")).await;
    assert_eq!((status, &problem["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("payload_too_large")));
    assert_eq!(stored(world), Vec::<String>::new());
    assert_eq!(world.count("SELECT COUNT(*) FROM uploads").await + world.count("SELECT COUNT(*) FROM versions").await, 0);
    assert_eq!(json_of(put("file_name=x.txt&note=first", vec![1; 100_000])).await.0, StatusCode::CREATED);

    let nobody = world.request(Method::PATCH, &format!("/api/v1/admin/uploads/{}/", id.as_str().unwrap())).send().await.unwrap();
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    let support = world.staff("support", Role::Support).await;
    assert_eq!(json_of(patch(world, &support, id, 0, vec![7; 10])).await.0, StatusCode::FORBIDDEN);
});

/// A form as browsers send it (RFC 7578): a note, then a file.
pub fn form(name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\nجديد\r\n--edge\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: application/octet-stream\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n--edge--\r\n"].concat()
}

on_both!(plain_forms_upload_too, |world| {
    let token = world.staff("owner", Role::Owner).await;
    let file = draft(world, &token).await;
    let cookie = format!("staff-access={token}");
    let post = |what: &str, name: &str, bytes: &[u8]| {
        let request = world.post(&format!("/admin/files/{file}/{what}")).header("origin", &world.url).header("cookie", &cookie);
        request.header("content-type", "multipart/form-data; boundary=edge").body(form(name, bytes)).send()
    };
    let bytes = content(3_000_000);
    let news = |answer: &reqwest::Response| answer.headers()["set-cookie"].to_str().unwrap().to_owned();

    let answer = post("content", "كتاب.bin", &bytes).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()["location"], format!("/admin/files/{file}#content"));
    assert!(news(&answer).contains("Ok"), "{}", news(&answer));
    let (_, versions) = json_of(world.get(&format!("/api/v1/admin/files/{file}/versions/")).bearer_auth(&token)).await;
    assert_eq!((&versions[0]["sha256"], &versions[0]["note"]), (&json!(sha256(&bytes)), &json!("جديد")));

    for (name, bytes, code) in [("a.pdf", &bytes[..], "wrong_content_type"), ("a.bin", b"", "empty_file"), ("", b"", "required")] {
        let answer = post("content", name, bytes).await.unwrap();
        assert!(news(&answer).contains(&code.replace('_', "%5F")), "{name}: {}", news(&answer));
    }
    let answer = post("cover", "a.png", b"<svg/>").await.unwrap();
    assert!(news(&answer).contains("wrong%5Fcontent%5Ftype"));
    let answer = post("preview", "a.pdf", b"%PDF-1.7").await.unwrap();
    assert!(news(&answer).contains("Ok"));
    // A draft's pictures are had by the address that the staff is given, and not by counting.
    let picture = async |address: &str| world.get(address).send().await.unwrap().status();
    let (_, told) = json_of(world.get(&format!("/api/v1/admin/files/{file}/")).bearer_auth(&token)).await;
    let (plain, address) = (format!("/previews/{file}"), told["preview_url"].as_str().unwrap());
    assert_eq!(picture(address).await, StatusCode::OK);
    for guessed in [plain.as_str(), &format!("{plain}?v="), &format!("{plain}?v=00000000"), &address[..address.len() - 1]] {
        assert_eq!(picture(guessed).await, StatusCode::NOT_FOUND, "{guessed}");
    }
    for (what, status) in [("publish", StatusCode::OK), ("hide", StatusCode::NOT_FOUND)] {
        let done = json_of(world.post(&format!("/api/v1/admin/files/{file}/{what}/")).bearer_auth(&token)).await;
        assert_eq!(done.0, StatusCode::OK, "{}", done.1);
        assert_eq!((picture(&plain).await, picture(address).await), (status, StatusCode::OK), "{what}");
    }
    let huge = vec![0; 17 << 20];
    let answer = post("cover", "a.png", &huge).await.unwrap();
    assert!(news(&answer).contains("payload%5Ftoo%5Flarge"));
    // Signed out, and from another site's page.
    let path = format!("/admin/files/{file}/content");
    let answer = world.post(&path).header("origin", &world.url).send().await.unwrap();
    assert_eq!(answer.headers()["location"], format!("/admin/login?next=%2Fadmin%2Ffiles%2F{file}"));
    let answer = world.post(&path).header("origin", "https://evil.example").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
});

/// The head of an answer; empty when the line broke before.
async fn answered(line: &mut (impl AsyncRead + Unpin)) -> String {
    let (mut answer, mut piece) = (Vec::<u8>::new(), [0; 4096]);
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        match line.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(length) => answer.extend_from_slice(&piece[..length]),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// A form's head as browsers send it, with how its length is told.
fn form_head(path: &str, token: &str, length: &str) -> String {
    let kind = "multipart/form-data; boundary=edge";
    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncookie: staff-access={token}\r\ncontent-type: {kind}\r\n{length}\r\n\r\n")
}

on_both!(who_may_not_is_refused_before_the_form_is_read, |world| {
    let support = world.staff("support", Role::Support).await;
    for path in ["/admin/files/1/content", "/admin/files/1/cover", "/admin/files/1/preview", "/admin/settings/logo"] {
        let mut line = connect(world).await;
        line.write_all(form_head(path, &support, "content-length: 1000000").as_bytes()).await.unwrap();
        let answer = answered(&mut line).await;
        assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("application/problem+json"), "{path}: {answer}");
    }
});

/// What is kept of it in memory is tested in `server/src/web/flow.rs`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_without_end_is_cut() {
    crate::world::on_sqlite(
        |_| {},
        async |world| {
            const MOST: usize = 256 << 20;
            let token = world.staff("owner", Role::Owner).await;
            let file = draft(world, &token).await;
            for what in ["content", "cover"] {
                let (mut answers, mut line) = connect(world).await.into_split();
                let sending = async {
                    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
                    let head = form_head(&format!("/admin/files/{file}/{what}"), &token, "transfer-encoding: chunked");
                    line.write_all(head.as_bytes()).await.unwrap();
                    line.write_all(&chunk(b"--edge\r\ncontent-disposition: form-data; name=\"")).await.unwrap();
                    let (endless, mut sent) = (chunk(&vec![b'a'; 1 << 20]), 0);
                    while sent < MOST && line.write_all(&endless).await.is_ok() {
                        sent += 1 << 20;
                    }
                    sent
                };
                let (sent, answer) = tokio::join!(sending, answered(&mut answers));
                assert!(sent < MOST, "{what}: all of it was taken");
                assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 303 "), "{what}: {answer}");
            }
            assert_eq!(world.get("/healthz").send().await.unwrap().status(), StatusCode::OK);
        },
    )
    .await;
}

on_both!(a_large_table_is_taken, |world| {
    let token = world.staff("owner", Role::Owner).await;
    let line = |number: usize| format!("كتاب {number},{},كتب,5,pdf\n", "وصف ".repeat(1_000));
    let table: String = std::iter::once("title,description,category,price,kind\n".to_owned()).chain((0..20).map(line)).collect();
    let import = world.post("/api/v1/admin/files/import/").bearer_auth(&token).json(&json!({"table": table}));
    let (status, report) = json_of(import).await;
    assert_eq!((status, report["made"].as_i64()), (StatusCode::OK, Some(20)), "{report}");
});

on_both!(two_at_once, |world| {
    let token = world.staff("owner", Role::Owner).await;
    let file = draft(world, &token).await;
    let content = content(20_000_000);
    let (_, upload) = begin(world, &token, file, "كتاب.bin", content.len()).await;
    let id = &upload["id"];
    let one = patch(world, &token, id, 0, content.clone()).send();
    let other = patch(world, &token, id, 0, content.clone()).send();
    let (one, other) = tokio::join!(one, other);
    let mut answers = [one.unwrap().status().as_u16(), other.unwrap().status().as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [204, 409]);
    let (_, versions) = json_of(world.get(&format!("/api/v1/admin/files/{file}/versions/")).bearer_auth(&token)).await;
    assert_eq!((versions.as_array().unwrap().len(), &versions[0]["sha256"]), (1, &json!(sha256(&content))));
});

/// Half a gigabyte, a piece at a time as browsers send it: the content is what was sent, and no part is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_gigabyte() {
    crate::world::on_sqlite(
        |_| {},
        async |world| {
            const PIECE: usize = 16 << 20;
            let token = world.staff("owner", Role::Owner).await;
            let file = draft(world, &token).await;
            let piece = content(PIECE);
            let length = 500_000_000;
            let (_, upload) = begin(world, &token, file, "كتاب.bin", length).await;
            let id = &upload["id"];
            let mut sent = 0;
            let mut sum = <sha2::Sha256 as sha2::Digest>::new();
            while sent < length {
                let next = PIECE.min(length - sent);
                sha2::Digest::update(&mut sum, &piece[..next]);
                let answer = patch(world, &token, id, sent, piece[..next].to_vec()).send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::NO_CONTENT);
                sent += next;
            }
            let (_, versions) = json_of(world.get(&format!("/api/v1/admin/files/{file}/versions/")).bearer_auth(&token)).await;
            let sum: String = sha2::Digest::finalize(sum).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!((versions[0]["size_bytes"].as_i64(), versions[0]["sha256"].as_str()), (Some(500_000_000), Some(sum.as_str())));
            assert_eq!(stored(world).len(), 1, "the content, and no part of it");
        },
    )
    .await;
}
