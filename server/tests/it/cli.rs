//! The binary, as an operator runs it.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::world::{client, json_of};

fn khazna(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_khazna"));
    command.args(arguments).current_dir(folder).env_clear().env("DATA_DIR", folder.join("data")).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> (bool, String, String) {
    told(khazna(folder, arguments).output().unwrap())
}

fn told(output: Output) -> (bool, String, String) {
    (output.status.success(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn create_admin(folder: &Path, username: &str, password: &str) -> (bool, String, String) {
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

    let elsewhere = folder.path().join("other.csv");
    fs::write(&elsewhere, "file,title,category,price,kind\nsub/كتاب.txt,y,كتب,1,other\n").unwrap();
    assert!(run(folder.path(), &["files", "import", "shop", "--manifest", "other.csv"]).0);
    assert!(!run(folder.path(), &["files", "import", "nowhere"]).0);
    assert!(run(folder.path(), &["reconcile"]).0);
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
    let files = http.get(format!("{}/api/v1/products/files/", server.url)).send().await.unwrap();
    assert!(files.headers()["x-total-count"].to_str().unwrap().parse::<i64>().unwrap() > 5);
    let (_, packages) = json_of(http.get(format!("{}/api/v1/sales/packages/", server.url))).await;
    assert_eq!(packages.as_array().unwrap().len(), 2);
    assert_eq!(output.matches("recharge code of").count(), 8);
    assert!(server.terminate(), "SIGTERM is an orderly end");
}

/// `khazna serve` as a process of its own.
pub struct Server {
    pub url: String,
    pub process: std::process::Child,
}

impl Server {
    pub fn start(folder: &Path) -> Self {
        use std::io::{BufRead, BufReader};
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = khazna(folder, &[]);
        command.env("LISTEN_ADDR", format!("127.0.0.1:{port}")).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = format!("http://127.0.0.1:{port}");
        assert!(line.contains(&url), "the server tells its address: {line}");
        Self { url, process }
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
