//! The two databases behind one SQL text, and all that differs between them.

use std::{net::IpAddr, sync::Once, time::Duration};

use sqlx::{
    Any, AnyConnection, AnyPool, Connection as _, Executor, Row as _, Transaction,
    any::{AnyPoolOptions, AnyRow, install_default_drivers},
    postgres::{PgConnectOptions, PgSslMode},
};

use crate::{Error, Result};

/// A connection that is inside a transaction.
pub(crate) type Connection = AnyConnection;

static DRIVERS: Once = Once::new();
/// Up to how many hits a search is few.
pub(crate) const FEW_HITS: i64 = 1_000;
/// A connection that rested longer is asked whether it lives before it is lent: its server may be gone. Asking one that has just served
/// would cost as much as a statement.
const RESTED: Duration = Duration::from_secs(1);
/// The oldest `PostgreSQL` that will do, as `server_version_num` has it: 14 is the oldest that the store is made for (design, section 2).
const OLDEST_POSTGRES: i64 = 140_000;
/// How often a transaction is tried again when the database asks for it.
const TRIES: u32 = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    fn of(database_url: &str) -> Option<Self> {
        let scheme = database_url.split(':').next().unwrap_or_default();
        match scheme {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }

    /// What begins a transaction that writes. `SQLite` takes its write lock at once: an upgrade later would fail without waiting.
    fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// What begins a transaction that reads what was there at one moment.
    fn snapshot(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// What keeps every other transaction from adding rows to tables until this one ends; `SQLite`'s one writer does so anyway.
    pub(crate) fn lock_tables(self, tables: &str) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!("LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")),
        }
    }

    /// What keeps a table as it is until the transaction ends, and lets others do the same; `SQLite`'s one writer has locked everything already.
    pub(crate) fn keep_table(self, table: &str) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!("LOCK TABLE {table} IN SHARE MODE")),
        }
    }

    /// The numbers of a group as one text, with commas between: a row of many numbers is read far faster than many rows.
    pub(crate) fn joined(self, numbers: &str) -> String {
        match self {
            Self::Sqlite => format!("GROUP_CONCAT({numbers}, ',')"),
            Self::Postgres => format!("STRING_AGG(CAST({numbers} AS TEXT), ',')"),
        }
    }

    /// What makes a SELECT lock its rows; `SQLite`'s one writer has locked everything already.
    pub(crate) fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// What makes a SELECT keep its rows as they are until the transaction ends, and lets others do the same.
    pub(crate) fn for_share(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR SHARE",
        }
    }

    /// Files `files` that fulfil a condition on `files_search`, to select from. `few` tells that there are at most
    /// [`FEW_HITS`]: planners don't know how rare the beginning of a word is, and would walk the whole catalog in its order.
    pub(crate) fn hits(self, condition: &str, few: bool) -> String {
        match self {
            // SQLite keeps the order of a CROSS JOIN: the hits first, then their files.
            Self::Sqlite => format!("files_search CROSS JOIN files ON files.id = files_search.rowid AND {condition}"),
            Self::Postgres if few => {
                format!(
                    "files JOIN (SELECT file_id FROM files_search WHERE {condition} LIMIT {FEW_HITS}) AS hits ON hits.file_id = files.id"
                )
            }
            Self::Postgres => format!("files JOIN files_search ON files_search.file_id = files.id AND {condition}"),
        }
    }

    /// The condition under which a row of `files_search` matches the search expression at `$1`.
    pub(crate) fn matches(self) -> &'static str {
        match self {
            Self::Sqlite => "files_search MATCH $1",
            Self::Postgres => "files_search.words @@ to_tsquery('simple', $1)",
        }
    }

    /// What orders hits by their file's number, newest first.
    pub(crate) fn newest_hit(self, few: bool) -> &'static str {
        match self {
            // The full-text index walks in this order by itself.
            Self::Sqlite => "files_search.rowid DESC",
            // The sum keeps the planner from walking the primary key instead of sorting a few hits.
            Self::Postgres if few => "files.id + 0 DESC",
            Self::Postgres => "files.id DESC",
        }
    }

    /// The search expression of folded words, of which each may be the beginning of a word.
    pub(crate) fn search_expression(self, words: &[String]) -> String {
        match self {
            Self::Sqlite => words.iter().map(|word| format!("\"{word}\"*")).collect::<Vec<_>>().join(" AND "),
            Self::Postgres => words.iter().map(|word| format!("'{word}':*")).collect::<Vec<_>>().join(" & "),
        }
    }

    /// The search expression of folded words that stand there whole.
    pub(crate) fn words_expression(self, words: &[String]) -> String {
        match self {
            Self::Sqlite => words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" AND "),
            Self::Postgres => words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" & "),
        }
    }

    /// Numbers of the `customer`s or `file`s that match the search expression at `$1`.
    pub(crate) fn matching(self, kind: &str) -> String {
        match self {
            Self::Sqlite => format!("SELECT rowid FROM {kind}s_search WHERE {kind}s_search MATCH $1"),
            Self::Postgres => format!("SELECT {kind}_id FROM {kind}s_search WHERE words @@ to_tsquery('simple', $1)"),
        }
    }

    /// The same, but only the `limit` newest below `below`: full-text indexes walk in that order and stop.
    pub(crate) fn newest_matching(self, kind: &str, below: i64, limit: i64) -> String {
        let key = match self {
            Self::Sqlite => "rowid".to_owned(),
            Self::Postgres => format!("{kind}_id"),
        };
        format!("{} AND {key} < {below} ORDER BY {key} DESC LIMIT {limit}", self.matching(kind))
    }

    /// Customers below `below` that match the search expression at `$1`: a SELECT from its FROM on, to which conditions are added, and
    /// what orders them, newest first.
    pub(crate) fn customers_matching(self, below: i64) -> (String, &'static str) {
        match self {
            // SQLite keeps the order of a CROSS JOIN, and the full-text index walks from the newest hit on until the page is full.
            Self::Sqlite => (
                format!(
                    "FROM customers_search CROSS JOIN customers ON customers.id = customers_search.rowid
                     WHERE customers_search MATCH $1 AND customers_search.rowid < {below}"
                ),
                "customers_search.rowid DESC",
            ),
            Self::Postgres => (format!("FROM customers WHERE id IN ({}) AND id < {below}", self.matching("customer")), "id DESC"),
        }
    }

    /// The texts of a JSON array at `$3`, to select `list.key` (from 0) and `list.value` from: one value to bind and one plan for
    /// thousands of rows.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Self::Sqlite => "json_each($3) AS list",
            Self::Postgres => {
                "(SELECT ordinality - 1 AS key, value FROM json_array_elements_text(CAST($3 AS JSON)) WITH ORDINALITY) AS list"
            }
        }
    }

    /// Writes the folded text `$2` of the file `$1`.
    pub(crate) fn search_insert(self) -> &'static str {
        match self {
            Self::Sqlite => "INSERT INTO files_search (rowid, folded) VALUES ($1, $2)",
            Self::Postgres => "INSERT INTO files_search (file_id, folded) VALUES ($1, $2)",
        }
    }

    /// The same, where the file has one already.
    pub(crate) fn search_update(self) -> &'static str {
        match self {
            Self::Sqlite => "UPDATE files_search SET folded = $2 WHERE rowid = $1",
            Self::Postgres => "UPDATE files_search SET folded = $2 WHERE file_id = $1",
        }
    }
}

pub(crate) struct Db {
    dialect: Dialect,
    writer: AnyPool,
    reader: AnyPool,
}

impl Db {
    pub(crate) async fn connect(database_url: &str) -> Result<Self> {
        DRIVERS.call_once(install_default_drivers);
        let dialect = Dialect::of(database_url)
            .ok_or_else(|| Error::Database(sqlx::Error::Configuration("a database address starts with sqlite: or postgres:".into())))?;
        match dialect {
            Dialect::Sqlite => {
                let separator = if database_url.contains('?') { '&' } else { '?' };
                let address = format!("{database_url}{separator}mode=rwc");
                let writer = sqlite_pool(1, "PRAGMA query_only = OFF").connect(&address).await?;
                writer.execute("PRAGMA journal_mode = WAL").await?;
                Ok(Self { dialect, writer, reader: sqlite_pool(8, "PRAGMA query_only = ON").connect(&address).await? })
            }
            Dialect::Postgres => {
                let plain = unencrypted_here(database_url)?;
                let pool = match postgres_pool().connect(plain.as_deref().unwrap_or(database_url)).await {
                    // It insists on encryption.
                    Err(sqlx::Error::Database(_)) if plain.is_some() => postgres_pool().connect(database_url).await?,
                    connected => connected?,
                };
                let version = "SELECT CAST(current_setting('server_version_num') AS BIGINT)";
                must_be_supported(sqlx::query_scalar(version).fetch_one(&pool).await?)?;
                Ok(Self { dialect, writer: pool.clone(), reader: pool })
            }
        }
    }

    pub(crate) async fn migrate(&self) -> Result<()> {
        match self.dialect {
            Dialect::Sqlite => sqlx::migrate!("./migrations/sqlite").run(&self.writer).await?,
            Dialect::Postgres => sqlx::migrate!("./migrations/postgres").run(&self.writer).await?,
        }
        Ok(())
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Where single statements read.
    pub(crate) fn reader(&self) -> &AnyPool {
        &self.reader
    }

    /// Where single statements write.
    pub(crate) fn writer(&self) -> &AnyPool {
        &self.writer
    }

    /// Begins a transaction that only reads: all that it reads is of one moment.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Any>> {
        Ok(self.reader.begin_with(self.dialect.snapshot()).await?)
    }

    /// Begins a transaction that writes. Use [`transaction!`], which also tries again.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>> {
        Ok(self.writer.begin_with(self.dialect.begin()).await?)
    }

    /// Commits when `outcome` is a success, else rolls back; `None` when it is to be tried again.
    pub(crate) async fn settle<T>(&self, transaction: Transaction<'static, Any>, outcome: Result<T>, tried: &mut u32) -> Option<Result<T>> {
        let outcome = match outcome {
            Ok(value) => transaction.commit().await.map(|()| value).map_err(Error::from),
            Err(error) => {
                if let Err(broken) = transaction.rollback().await {
                    tracing::warn!(error = %broken, "rollback");
                }
                Err(error)
            }
        };
        *tried += 1;
        match outcome {
            Err(error) if error.is_conflict() && *tried < TRIES => {
                tokio::time::sleep(Duration::from_millis(u64::from(*tried) * 3)).await;
                None
            }
            outcome => Some(outcome),
        }
    }
}

/// The address of a `PostgreSQL` on this machine, without the encryption that it would only prefer: nobody listens between the two, and it
/// costs each new connection 90 ms (two small packets that wait for one another's acknowledgement) and each page a part of its time.
fn unencrypted_here(database_url: &str) -> Result<Option<String>> {
    let options: PgConnectOptions = database_url.parse()?;
    let host = options.get_host().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let preferred = here && options.get_socket().is_none() && matches!(options.get_ssl_mode(), PgSslMode::Prefer);
    let separator = if database_url.contains('?') { '&' } else { '?' };
    Ok(preferred.then(|| format!("{database_url}{separator}sslmode=disable")))
}

/// [`Error::OldDatabase`] for a `PostgreSQL` that is too old, by its `server_version_num`: its major version times 10,000, and the rest.
fn must_be_supported(version: i64) -> Result<()> {
    if version < OLDEST_POSTGRES { Err(Error::OldDatabase(version / 10_000)) } else { Ok(()) }
}

fn pool(connections: u32) -> AnyPoolOptions {
    let options = AnyPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(30));
    options.test_before_acquire(false).before_acquire(|connection, life| {
        Box::pin(async move {
            if life.idle_for > RESTED {
                connection.ping().await?;
            }
            Ok(true)
        })
    })
}

fn postgres_pool() -> AnyPoolOptions {
    pool(24).after_connect(|connection, _| {
        Box::pin(async move {
            // What is summed for statistics has a million groups where few are expected: several workers' hashes of them clash, and take
            // minutes for what one does in two seconds.
            connection.execute("SET max_parallel_workers_per_gather = 0").await?;
            Ok(())
        })
    })
}

fn sqlite_pool(connections: u32, mode: &'static str) -> AnyPoolOptions {
    pool(connections).after_connect(move |connection, _| {
        Box::pin(async move {
            connection.execute("PRAGMA busy_timeout = 10000").await?;
            connection.execute("PRAGMA foreign_keys = ON").await?;
            connection.execute("PRAGMA synchronous = FULL").await?;
            connection.execute(mode).await?;
            Ok(())
        })
    })
}

/// The rows of a page, of which one more was fetched than it holds, and where the next one begins.
pub(crate) fn page<'a>(rows: &'a [AnyRow], length: i64, id: &str) -> Result<(&'a [AnyRow], Option<i64>)> {
    let length = usize::try_from(length).unwrap_or_default();
    let shown = &rows[..rows.len().min(length)];
    let next = if rows.len() > length { shown.last().map(|row| row.try_get(id)).transpose()? } else { None };
    Ok((shown, next))
}

/// Runs the block as one transaction, as often as the database asks for; its value is a `Result`, whose error undoes everything. Where it is
/// a [`crate::audit::Deed`] that is named before the block, the audit log tells when it was refused.
macro_rules! transaction {
    ($store:expr, |$connection:ident| $work:block) => {{
        let store: &crate::Store = $store;
        let mut tried = 0;
        loop {
            let mut begun = store.0.db.begin().await?;
            let outcome: crate::Result<_> = async {
                let $connection: &mut crate::db::Connection = &mut begun;
                $work
            }
            .await;
            if let Some(settled) = store.0.db.settle(begun, outcome, &mut tried).await {
                break settled;
            }
        }
    }};
    ($store:expr, $deed:expr, |$connection:ident| $work:block) => {{
        let settled = crate::db::transaction!($store, |$connection| $work);
        $deed.settled($store, settled).await
    }};
}
pub(crate) use transaction;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encryption_is_left_out_on_this_machine_alone_and_only_where_nobody_asked_for_it() {
        let plain = |address: &str| unencrypted_here(address).unwrap();
        assert_eq!(plain("postgres://u:p@127.0.0.1:5432/shop").unwrap(), "postgres://u:p@127.0.0.1:5432/shop?sslmode=disable");
        assert_eq!(plain("postgres://localhost/shop?a=b").unwrap(), "postgres://localhost/shop?a=b&sslmode=disable");
        assert!(plain("postgres://[::1]/shop").is_some());
        for address in [
            "postgres://db.example/shop",
            "postgres://192.168.1.5/shop",
            "postgres://127.0.0.1.example/shop",
            "postgres://localhost/shop?sslmode=require",
            "postgres:///shop?host=/var/run/postgresql",
        ] {
            assert_eq!(plain(address), None, "{address}");
        }
    }

    #[test]
    fn old_postgres_is_refused() {
        for version in [90_624, 130_022] {
            let refused = must_be_supported(version).unwrap_err().to_string();
            assert!(refused.contains(&format!("PostgreSQL {} is too old", version / 10_000)), "{refused}");
        }
        for version in [140_000, 150_014, 180_001] {
            must_be_supported(version).unwrap();
        }
    }
}
