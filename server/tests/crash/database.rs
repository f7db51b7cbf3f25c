//! A database of its own, on either kind, and what can be asked of it behind the program's back.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{AnyConnection, AssertSqlSafe, Connection, PgConnection, any::install_default_drivers};
use tempfile::TempDir;

/// Differences that must be 0 whenever no transaction runs: parts that one transaction writes together.
const HALVES: &[(&str, &str)] = &[
    ("idempotency keys without an answer", "SELECT COUNT(*) FROM idempotency_keys WHERE answer = ''"),
    (
        "idempotency keys beyond the purchases and recharges, which all had one",
        "SELECT (SELECT COUNT(*) FROM idempotency_keys) - (SELECT COUNT(*) FROM purchases) - (SELECT COUNT(*) FROM codes WHERE redeemed_by IS NOT NULL)",
    ),
    ("purchases without their debit", "SELECT (SELECT COUNT(*) FROM purchases) - (SELECT COUNT(*) FROM transfers WHERE kind = 'purchase')"),
    (
        "purchases without their notification",
        "SELECT (SELECT COUNT(*) FROM purchases) - (SELECT COUNT(*) FROM notifications WHERE notice LIKE '%\"purchased\"%')",
    ),
    (
        "purchases without their entry in the audit log",
        "SELECT (SELECT COUNT(*) FROM purchases) - (SELECT COUNT(*) FROM audit_log WHERE action = 'sales.purchase' AND outcome = 'ok')",
    ),
    (
        "redeemed codes without their credit",
        "SELECT (SELECT COUNT(*) FROM codes WHERE redeemed_by IS NOT NULL) - (SELECT COUNT(*) FROM transfers WHERE kind = 'recharge_code')",
    ),
    (
        "redeemed codes without their entry in the audit log",
        "SELECT (SELECT COUNT(*) FROM codes WHERE redeemed_by IS NOT NULL)
             - (SELECT COUNT(*) FROM audit_log WHERE action = 'wallet.redeem' AND outcome = 'ok')",
    ),
    (
        "claimed links without their event",
        "SELECT (SELECT COUNT(*) FROM links WHERE claimed_at IS NOT NULL) - (SELECT COUNT(*) FROM download_events WHERE kind = 'claimed')",
    ),
];

pub enum Database {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

impl Database {
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub async fn postgres() -> Self {
        let server = std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432".to_owned());
        let name = format!("khazna_crash_{}", std::process::id());
        operate(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        operate(&server, &format!("CREATE DATABASE {name}")).await;
        Self::Postgres { server, name }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}", file(folder).display()),
            Self::Postgres { server, name } => format!("{server}/{name}"),
        }
    }

    /// Waits until the killed program's last statements are through: PostgreSQL finishes a commit that it has received.
    pub async fn settled(&self) {
        let Self::Postgres { server, name } = self else { return };
        let mut operator = PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
        loop {
            let busy: i64 =
                sqlx::query_scalar("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'")
                    .bind(name)
                    .fetch_one(&mut operator)
                    .await
                    .unwrap();
            if busy == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// What is half done, in words. The server may run, but nothing may be asked of it meanwhile.
    pub async fn halves(&self) -> Vec<String> {
        install_default_drivers();
        let mut connection = AnyConnection::connect(&self.url()).await.unwrap();
        let mut halves = Vec::new();
        for (told, sql) in HALVES {
            let number: i64 = sqlx::query_scalar(*sql).fetch_one(&mut connection).await.unwrap();
            if number != 0 {
                halves.push(format!("{number} {told}"));
            }
        }
        connection.close().await.unwrap();
        halves
    }

    /// A copy of a `SQLite` database that nobody has open.
    pub fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_files(self.folder(), copy.path());
        copy
    }

    pub fn put_back(&self, copy: &TempDir) {
        for entry in fs::read_dir(self.folder()).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        copy_files(copy.path(), self.folder());
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Sqlite(folder) => folder.path(),
            Self::Postgres { .. } => panic!("only a SQLite database is files"),
        }
    }

    pub async fn drop(self) {
        if let Self::Postgres { server, name } = self {
            operate(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("khazna.db")
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

async fn operate(server: &str, sql: &str) {
    let mut operator = PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut operator).await.unwrap();
}
