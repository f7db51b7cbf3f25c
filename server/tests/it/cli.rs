//! The binary, as an operator runs it.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{ChildStdout, Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use sqlx::Connection;

use crate::world::{client, eventually, json_of};

pub fn khazna(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_khazna"));
    command.args(arguments).current_dir(folder).env_clear().env("DATA_DIR", folder.join("data")).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> (bool, String, String) {
    told(khazna(folder, arguments).output().unwrap())
}

/// Whether it went well, what it printed, and what it complained of.
pub fn told(output: Output) -> (bool, String, String) {
    (output.status.success(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

pub fn create_admin(folder: &Path, username: &str, password: &str) -> (bool, String, String) {
    let mut child = khazna(folder, &["admin", "create", "--username", username, "--role", "owner"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    told(child.wait_with_output().unwrap())
}

#[test]
fn every_command_explains_itself() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["admin", "create", "--help"],
        &["admin", "unlock", "--help"],
        &["codes", "generate", "--help"],
        &["files", "import", "--help"],
    ] {
        let (ok, output, _) = run(folder.path(), arguments);
        assert!(ok && output.contains("Usage:"), "{arguments:?}");
    }
    assert!(!run(folder.path(), &["nonsense"]).0);
    let (ok, document, _) = run(folder.path(), &["openapi"]);
    assert!(ok && document == *server::api::OPENAPI);
}

#[test]
fn a_wrong_environment_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (variable, value) in [("LISTEN_ADDR", "nowhere"), ("DATABASE_URL", "mysql://x"), ("SECRET_KEY", "short"), ("PUBLIC_URL", "shop")] {
        let (ok, _, error) = told(khazna(folder.path(), &["serve"]).env(variable, value).output().unwrap());
        assert!(!ok && error.lines().count() == 1 && error.contains(variable), "{variable}: {error}");
    }
    let unreachable = "postgres://postgres@127.0.0.1:1/nothing";
    let (ok, _, error) = told(khazna(folder.path(), &["migrate"]).env("DATABASE_URL", unreachable).output().unwrap());
    assert!(!ok && error.lines().count() == 1 && error.contains("DATABASE_URL"), "{error}");
}

const EMPTY_BUCKET: &str = "<ListBucketResult><Name>shop</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>";

/// A provider of buckets that answers every request the same, until it is gone: its address, and what takes it away.
fn provider(status: &'static str, body: &'static str) -> (String, Arc<AtomicBool>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, gone) = (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicBool::new(false)));
    let is_gone = gone.clone();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let (mut head, mut piece) = (Vec::new(), [0; 4096]);
            while !is_gone.load(Ordering::SeqCst) {
                let read = std::io::Read::read(&mut connection, &mut piece).unwrap_or_default();
                head.extend_from_slice(&piece[..read]);
                if head.ends_with(b"\r\n\r\n") {
                    let length = body.len();
                    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
                    // Whoever asked may have given up.
                    let _ = connection.write_all(answer.as_bytes());
                }
                if read == 0 || head.ends_with(b"\r\n\r\n") {
                    break;
                }
            }
        }
    });
    (url, gone)
}

fn bucket_at(url: &str) -> [(&str, &str); 5] {
    [
        ("FILES_BASE_URL", "s3:shop"),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ]
}

#[test]
fn a_bucket_that_can_t_be_used_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let no_bucket = "<Error><Code>NoSuchBucket</Code>\n<Message>There is none.</Message></Error>";
    let no_key = "<Error><Code>InvalidAccessKeyId</Code>\n<Message>Who is it?</Message></Error>";
    for (url, told_of) in [
        ("http://127.0.0.1:1".to_owned(), "127.0.0.1:1"),
        (provider("404 Not Found", no_bucket).0, "NoSuchBucket"),
        (provider("403 Forbidden", no_key).0, "InvalidAccessKeyId"),
    ] {
        let mut command = khazna(folder.path(), &["serve"]);
        let (ok, _, error) = told(command.env("LISTEN_ADDR", "127.0.0.1:0").envs(bucket_at(&url)).output().unwrap());
        assert!(!ok && error.lines().count() == 1, "{error}");
        assert!(error.contains("FILES_BASE_URL: ") && error.contains("'shop'") && error.contains(told_of), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_bucket_will_do_until_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (url, gone) = provider("200 OK", EMPTY_BUCKET);
    let server = Server::start_with(folder.path(), |command| {
        command.envs(bucket_at(&url));
    });
    let http = client(std::net::IpAddr::from([127, 0, 0, 1]));
    let ready = async || http.get(format!("{}/readyz", server.url)).send().await.unwrap().status();
    gone.store(true, Ordering::SeqCst);
    assert_eq!(ready().await, 503);
    gone.store(false, Ordering::SeqCst);
    eventually("a bucket that is back", async || ready().await == 200).await;
}

#[test]
fn a_file_in_the_working_folder_is_environment_too() {
    let folder = tempfile::tempdir().unwrap();
    let is_there = |name: &str| folder.path().join(name).is_file();
    let say = |text: &str| fs::write(folder.path().join(".env"), text).unwrap();
    say("# Where it lies\nexport DATABASE_URL='sqlite://elsewhere.db'\nDEBUG=true\n");
    let (ok, _, error) = run(folder.path(), &["migrate"]);
    assert!(ok, "{error}");
    assert!(is_there("elsewhere.db") && !is_there("data/khazna.db"), "DATABASE_URL was read from .env");
    let (ok, _, error) = told(khazna(folder.path(), &["migrate"]).env("DATABASE_URL", "sqlite://given.db").output().unwrap());
    assert!(ok && is_there("given.db"), "the environment goes first: {error}");

    let stopped = |text: &str| {
        say(text);
        let (ok, output, error) = run(folder.path(), &["serve"]);
        assert!(!ok && output.is_empty() && error.lines().count() == 1, "{text}: {error}");
        error
    };
    assert!(stopped("LISTEN_ADDR=nowhere\n").contains("LISTEN_ADDR"));
    let told = stopped("SECRET_KEY='abcdefghijklmnopqrstuvwxyz0123456789\n");
    assert!(told.contains(".env") && told.contains("SECRET_KEY") && !told.contains("abcdef"), "no secret is told: {told}");
    fs::write(folder.path().join(".env"), b"DEBUG=\xff\xfe\n").unwrap();
    let (ok, _, error) = run(folder.path(), &["migrate"]);
    assert!(!ok && error.contains(".env") && error.lines().count() == 1, "what can't be read is not passed over: {error}");
}

#[test]
fn operators_fill_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let (ok, output, error) = run(folder.path(), &["migrate"]);
    assert!(ok && !output.is_empty(), "{error}");
    assert!(create_admin(folder.path(), "boss", "correct horse battery\n").0);
    let (ok, _, error) = create_admin(folder.path(), "boss", "correct horse battery\n");
    assert!(!ok && error.contains("taken") && error.lines().count() == 1, "{error}");
    let (ok, _, error) = create_admin(folder.path(), "other", "short\n");
    assert!(!ok && error.contains("password"), "{error}");

    let (ok, csv, _) =
        run(folder.path(), &["codes", "generate", "--value", "500", "--count", "10", "--label", "شتاء, 2026", "--days", "30"]);
    assert!(ok);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines[0], lines.len()), ("code,value,batch,expires_at", 11));
    assert!(lines[1].contains(",500,\"شتاء, 2026\",20"), "{}", lines[1]);
    let code: shared::ChargeCode = lines[1].split(',').next().unwrap().parse().unwrap();
    assert!(!code.looks_mistyped());
    let (ok, _, error) = run(folder.path(), &["codes", "generate", "--value", "0", "--count", "10", "--label", "x"]);
    assert!(!ok && error.contains("value"), "{error}");
    assert!(run(folder.path(), &["reconcile"]).0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_owner_is_let_in_again() {
    let folder = tempfile::tempdir().unwrap();
    assert!(create_admin(folder.path(), "boss", "correct horse battery\n").0);
    let (ok, _, error) = run(folder.path(), &["admin", "unlock", "--username", "nobody"]);
    assert!(!ok && error.lines().count() == 1 && error.contains("nobody"), "{error}");

    let server = Server::start(folder.path());
    let http = client(std::net::IpAddr::from([127, 0, 0, 1]));
    let enter = async |password: &str| {
        let body = serde_json::json!({"username": "boss", "password": password});
        json_of(http.post(format!("{}/api/v1/admin/token/", server.url)).json(&body)).await.0
    };
    for _ in 0..5 {
        assert_eq!(enter("wrong password").await, 401);
    }
    assert_eq!(enter("correct horse battery").await, 429);
    let (ok, output, error) = run(folder.path(), &["admin", "unlock", "--username", "boss"]);
    assert!(ok && output.contains("boss"), "{error}");
    assert_eq!(enter("correct horse battery").await, 200);
}

#[tokio::test]
async fn reconcile_fails_where_something_differs() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["codes", "generate", "--value", "500", "--count", "2", "--label", "x"]).0);
    let mut database =
        sqlx::SqliteConnection::connect(&format!("sqlite://{}", folder.path().join("data/khazna.db").display())).await.unwrap();
    let reconcile = || {
        let output = khazna(folder.path(), &["reconcile"]).output().unwrap();
        (output.status.code(), told(output).1)
    };
    assert_eq!(reconcile(), (Some(0), "Everything agrees.\n".to_owned()));
    sqlx::query("UPDATE code_batches SET count = 3").execute(&mut database).await.unwrap();
    assert_eq!(reconcile(), (Some(1), "batch 1: 3 codes promised, 2 there\n".to_owned()));
    sqlx::query("UPDATE code_batches SET count = 2").execute(&mut database).await.unwrap();
    assert_eq!(reconcile(), (Some(0), "Everything agrees.\n".to_owned()));
}

#[test]
fn files_are_imported_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("shop");
    fs::create_dir_all(files.join("sub")).unwrap();
    fs::write(files.join("sub/كتاب.txt"), "نص").unwrap();
    fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    let manifest = "\u{FEFF}file,title,description,category,price,kind,cover,preview\n\
        sub/كتاب.txt,كتاب,وصف,كتب,٣٠,tutorial,,\n\
        ../secret.txt,x,x,x,1,other,,\n\
        sub/missing.txt,x,x,x,1,other,,\n\
        sub/كتاب.txt,x,x,x,many,other,,\n\
        sub/كتاب.txt,x,x,x,1,virus,,\n\
        sub/كتاب.txt,\"title, quoted\",x,كتب,1,other,,\n";
    fs::write(files.join("manifest.csv"), manifest).unwrap();
    let (ok, output, error) = run(folder.path(), &["files", "import", "shop"]);
    assert!(!ok, "some lines are bad");
    for line in 3..=6 {
        assert!(error.contains(&format!("line {line}: ")), "{error}");
    }
    assert!(!error.contains("line 2:") && !error.contains("line 7:") && output.contains('2'), "{output}{error}");

    // Corrected and imported again as a whole: what stands already is not added twice.
    fs::write(files.join("manifest.csv"), manifest.replace("many", "5")).unwrap();
    let (_, output, error) = run(folder.path(), &["files", "import", "shop"]);
    assert!(output.contains("1 files") && error.contains("line 2: title: ") && error.contains("line 7: title: "), "{output}{error}");

    let elsewhere = folder.path().join("other.csv");
    fs::write(&elsewhere, "file,title,category,price,kind\nsub/كتاب.txt,y,كتب,1,other\n").unwrap();
    assert!(run(folder.path(), &["files", "import", "shop", "--manifest", "other.csv"]).0);
    assert!(!run(folder.path(), &["files", "import", "nowhere"]).0);
    assert!(run(folder.path(), &["reconcile"]).0);
}

#[test]
fn imported_pictures_say_nothing_of_the_camera() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("shop");
    fs::create_dir(&files).unwrap();
    let mut drawn = Vec::new();
    JpegEncoder::new(&mut drawn).encode_image(&RgbImage::from_pixel(1200, 600, Rgb([9, 99, 9]))).unwrap();
    // An EXIF segment behind the beginning of the picture, as cameras write it, with the place in it.
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0taken at 36.19N 44.01E";
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let shot = [&drawn[..2], &[0xFF, 0xE1], &length, exif, &drawn[2..]].concat();
    fs::write(files.join("shot.jpg"), &shot).unwrap();
    fs::write(files.join("notes.txt"), "notes").unwrap();
    fs::write(files.join("ruin.jpg"), &shot[..100]).unwrap();
    let manifest = "file,title,category,price,kind,cover,preview\n\
        notes.txt,Notes,Books,1,other,shot.jpg,shot.jpg\n\
        notes.txt,Ruin,Books,1,other,ruin.jpg,\n";
    fs::write(files.join("manifest.csv"), manifest).unwrap();
    let (ok, output, error) = run(folder.path(), &["files", "import", "shop"]);
    assert!(!ok && error.contains("line 3: cover: broken_picture") && output.contains("1 files"), "{output}{error}");

    let stored = |kind: &str| -> Vec<Vec<u8>> {
        let kept = fs::read_dir(folder.path().join("data/files").join(kind)).unwrap();
        kept.map(|kept| fs::read(kept.unwrap().path()).unwrap()).collect()
    };
    let mut sizes = Vec::new();
    for picture in stored("pictures") {
        assert!(!picture.windows(5).any(|piece| piece == b"36.19"), "where it was taken is nobody's business");
        let picture = image::load_from_memory(&picture).unwrap();
        sizes.push((picture.width(), picture.height()));
    }
    sizes.sort_unstable();
    assert_eq!(sizes, [(960, 480), (1200, 600)], "the cover is fitted into its box, the preview is small enough");
    assert_eq!(stored("versions"), [b"notes"], "nothing is left of a line that was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_can_be_used_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (ok, output, error) = run(folder.path(), &["demo"]);
    assert!(ok, "{error}");
    let (ok, _, error) = run(folder.path(), &["demo"]);
    assert!(!ok && error.contains("not empty"), "{error}");
    assert_eq!(run(folder.path(), &["demo", "--if-empty"]), (true, String::new(), String::new()));
    assert!(run(folder.path(), &["reconcile"]).0);

    let mut server = Server::start(folder.path());
    let http = client(std::net::IpAddr::from([127, 0, 0, 1]));
    let value = |name: &str| output.lines().find_map(|line| Some(line.trim().strip_prefix(name)?.trim().to_owned())).unwrap();
    let body = serde_json::json!({"username": value("administrator:"), "password": value("password:")});
    let (status, tokens) = json_of(http.post(format!("{}/api/v1/admin/token/", server.url)).json(&body)).await;
    assert_eq!(status, 200, "{tokens}");
    let (_, listed) = json_of(http.get(format!("{}/api/v1/products/files/?per_page=100", server.url))).await;
    let listed = listed.as_array().unwrap();
    assert!(listed.len() >= 24, "{} files", listed.len());
    let categories: BTreeSet<&str> = listed.iter().map(|file| file["category_name"].as_str().unwrap()).collect();
    assert!(categories.len() >= 5, "{categories:?}");
    for file in listed {
        assert!(file["price_coins"].as_i64().unwrap() > 0 && file["description"].as_str().is_some_and(|text| text.len() > 100), "{file}");
        assert_covered(&http, &server.url, file).await;
    }
    assert_contents(folder.path(), listed.len()).await;

    // A printed code is worth its coins, and they buy.
    let (_, account) = json_of(http.post(format!("{}/api/v1/token/", server.url))).await;
    let post = |path: &str, body: serde_json::Value| {
        let request = http.post(format!("{}{path}", server.url)).bearer_auth(account["access_token"].as_str().unwrap());
        json_of(request.json(&body))
    };
    post("/api/v1/activate-final/", serde_json::json!({"name": "سارة", "phone": "+966501234567"})).await;
    let code = value("recharge code of 1000 coins:");
    let (_, recharged) = post("/api/v1/wallet/recharge-code/", serde_json::json!({"charge_code": code})).await;
    assert_eq!(recharged["recharged_amount"], 1000, "{recharged}");
    let (status, bought) = post("/api/v1/sales/purchases/", serde_json::json!({"file_id": listed[0]["id"]})).await;
    assert_eq!(status, 201, "{bought}");
    let (_, packages) = json_of(http.get(format!("{}/api/v1/sales/packages/", server.url))).await;
    assert_eq!(packages.as_array().unwrap().len(), 2);
    assert_eq!(output.matches("recharge code of").count(), 8);
    assert!(server.terminate(), "SIGTERM is an orderly end");
}

/// A picture of its own, or the drawing that the store makes.
async fn assert_covered(http: &reqwest::Client, url: &str, file: &serde_json::Value) {
    if let Some(cover) = file["cover_url"].as_str() {
        let cover = http.get(format!("{url}{cover}")).send().await.unwrap();
        assert!(cover.status() == 200 && cover.headers()["content-type"].to_str().unwrap().starts_with("image/"), "{file}");
        let bytes = cover.bytes().await.unwrap();
        assert!(bytes.starts_with(b"\xFF\xD8\xFF") && bytes.len() > 500, "{file}: drawn anew, as JPEG");
    } else {
        let page = http.get(format!("{url}/files/{}", file["id"])).header("accept", "text/html").send().await.unwrap();
        assert!(page.text().await.unwrap().contains("art-ground"), "{file}");
    }
}

/// Every file has a content, and the guides can be read.
async fn assert_contents(folder: &Path, files: usize) {
    let mut database = sqlx::SqliteConnection::connect(&format!("sqlite://{}", folder.join("data/khazna.db").display())).await.unwrap();
    let contents: Vec<(String, String)> =
        sqlx::query_as("SELECT file_name, storage_key FROM versions").fetch_all(&mut database).await.unwrap();
    assert_eq!(contents.len(), files);
    let mut guides = 0;
    for (name, key) in contents {
        let path = folder.join("data/files").join(key);
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.len() > 500, "{name}");
        if Path::new(&name).extension() == Some("pdf".as_ref()) {
            guides += 1;
            assert!(bytes.starts_with(b"%PDF"), "{name}");
            let read = Command::new("pdftotext").arg(&path).arg("-").output().expect("pdftotext of poppler-utils");
            let text = String::from_utf8(read.stdout).unwrap();
            let arabic = text.chars().filter(|character| ('\u{0600}'..='\u{06FF}').contains(character)).count();
            assert!(read.status.success() && arabic > 500, "{name}: {arabic} Arabic letters in {text}");
        }
    }
    assert!(guides >= 5, "{guides} guides");
}

/// `khazna serve` as a process of its own.
pub struct Server {
    pub url: String,
    pub process: std::process::Child,
    /// What it prints after its address.
    pub output: BufReader<ChildStdout>,
}

impl Server {
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, |_| {})
    }

    /// The same, with a word in how it is run.
    pub fn start_with(folder: &Path, change: impl FnOnce(&mut Command)) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = khazna(folder, &[]);
        command.env("LISTEN_ADDR", format!("127.0.0.1:{port}")).stderr(Stdio::null());
        change(&mut command);
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let url = format!("http://127.0.0.1:{port}");
        assert!(line.contains(&url), "the server tells its address: {line}");
        Self { url, process, output }
    }

    /// Sends SIGTERM and tells whether the process ended well.
    pub fn terminate(&mut self) -> bool {
        let sent = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        sent.success() && self.process.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone when the test went well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
