//! Files, their versions and categories, and the search among them.

use std::io;

use futures::Stream;
use shared::{
    AccountId, CategoryId, Code, Coins, FieldCode, Fields, FileId, Instant, MAX_COINS, Notice, PurchaseId, VersionId,
    api::{Category, File, FileKind, FileSort, Page},
    text::{fold, search_words},
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use crate::{
    Picture, Result, Store, categories,
    codes::line,
    db::{Connection, Dialect, FEW_HITS, transaction},
    error::{damaged, field},
    notifications, storage,
};

/// Largest cover or preview, in bytes.
pub(crate) const MAX_PICTURE: usize = 8 << 20;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Words, in any spelling that [`fold`] makes the same; empty for all files.
    pub text: String,
    /// Only this category.
    pub category: Option<CategoryId>,
    /// Only this kind.
    pub kind: Option<FileKind>,
    /// The order.
    pub sort: FileSort,
    /// The page, from 1.
    pub page: i64,
    /// Files on a page, 1 to 100.
    pub per_page: i64,
}

/// A file to add.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// 1 to 200 characters.
    pub title: String,
    /// Up to 5000 characters.
    pub description: String,
    /// Where it stands.
    pub category: CategoryId,
    /// Coins, from 0.
    pub price: Coins,
    /// What kind it is.
    pub kind: FileKind,
    /// The content's name as customers save it; 1 to 150 characters, without slashes.
    pub file_name: String,
}

/// All categories in the shop's order.
pub async fn categories(store: &Store) -> Result<Vec<Category>> {
    shelves(&mut *store.0.db.reader().acquire().await?).await
}

async fn shelves(connection: &mut Connection) -> Result<Vec<Category>> {
    let rows = sqlx::query("SELECT id, name, files_count FROM categories ORDER BY position, id").fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(Category { id: CategoryId(row.try_get("id")?), name: row.try_get("name")?, files_count: row.try_get("files_count")? })
        })
        .collect()
}

/// The category of this name, made if there is none.
pub async fn ensure_category(store: &Store, name: &str) -> Result<CategoryId> {
    let name = name.trim();
    categories::check_name(name).map_err(|code| field("category", code))?;
    transaction!(store, |connection| {
        let (id, _) = ensure_category_in(&mut *connection, name).await?;
        Ok(id)
    })
}

/// The same in the transaction of what it is for; and whether it was made.
pub(crate) async fn ensure_category_in(connection: &mut Connection, name: &str) -> Result<(CategoryId, bool)> {
    let made = sqlx::query("INSERT INTO categories (name, position) VALUES ($1, (SELECT COUNT(*) FROM categories)) ON CONFLICT DO NOTHING")
        .bind(name.to_owned())
        .execute(&mut *connection)
        .await?;
    let id: i64 = sqlx::query_scalar("SELECT id FROM categories WHERE name = $1").bind(name.to_owned()).fetch_one(&mut *connection).await?;
    Ok((CategoryId(id), made.rows_affected() == 1))
}

const COLUMNS: &str =
    "files.id, files.title, files.description, files.category_id, categories.name AS category_name, files.price, files.kind,
    files.cover_etag, files.preview_etag, files.sales_count, files.created_at, files.updated_at, versions.number, versions.file_name,
    versions.size, versions.note, purchases.id AS purchase_id";
/// `$2` is the viewer, `0` for nobody.
const JOINS: &str = "JOIN categories ON categories.id = files.category_id JOIN versions ON versions.id = files.version_id
    LEFT JOIN purchases ON purchases.customer_id = $2 AND purchases.file_id = files.id AND purchases.refunded_at IS NULL";

/// How much of a picture's hash its address has at least, in characters.
const ADDRESS_HASH: usize = 8;

/// Where a file's cover or preview is had, under a name that changes with it.
pub(crate) fn picture_address(kind: &str, id: FileId, etag: Option<String>) -> Option<String> {
    etag.map(|etag| format!("/{kind}/{id}?v={}", &etag[..ADDRESS_HASH.min(etag.len())]))
}

fn file(row: &AnyRow) -> Result<File> {
    let id = FileId(row.try_get("id")?);
    let address = |kind: &str, etag: Option<String>| picture_address(kind, id, etag);
    Ok(File {
        id,
        title: row.try_get("title")?,
        description: row.try_get("description")?,
        category_id: CategoryId(row.try_get("category_id")?),
        category_name: row.try_get("category_name")?,
        price_coins: row.try_get("price")?,
        kind: row.try_get::<String, _>("kind")?.parse().map_err(damaged)?,
        file_name: row.try_get("file_name")?,
        size_bytes: row.try_get("size")?,
        version: row.try_get("number")?,
        version_note: row.try_get("note")?,
        cover_url: address("covers", row.try_get("cover_etag")?),
        preview_url: address("previews", row.try_get("preview_etag")?),
        sales_count: row.try_get("sales_count")?,
        purchase_id: row.try_get::<Option<i64>, _>("purchase_id")?.map(PurchaseId),
        created_at: Instant(row.try_get("created_at")?),
        updated_at: Instant(row.try_get("updated_at")?),
    })
}

/// A page of published files. The total is exact up to a thousand hits of a search: beyond, it says no more to a person, and costs.
pub async fn search(store: &Store, query: &Query, viewer: Option<AccountId>) -> Result<Page<File>> {
    Ok(browse(store, query, viewer).await?.0)
}

/// The same, with all categories in the shop's order.
pub async fn browse(store: &Store, query: &Query, viewer: Option<AccountId>) -> Result<(Page<File>, Vec<Category>)> {
    let words = search_words(&query.text);
    let (page, per_page) = (query.page.clamp(1, 100_000), query.per_page.clamp(1, 100));
    if words.is_empty() && !query.text.trim().is_empty() {
        return Ok((Page { items: Vec::new(), total: 0, page, per_page }, categories(store).await?));
    }
    let dialect = store.0.db.dialect();
    let (source, newest, terms) = if words.is_empty() {
        ("files".to_owned(), "files.id DESC", Terms::default())
    } else {
        let terms = Terms::find(store, &words).await?;
        (dialect.hits(&terms.condition(dialect), terms.few), dialect.newest_hit(terms.few), terms)
    };
    // The numbers are our own types', never a caller's text.
    let in_category = query.category.map(|category| format!(" AND files.category_id = {category}")).unwrap_or_default();
    let of_kind = query.kind.map(|kind| format!(" AND files.kind = '{}'", kind.as_str())).unwrap_or_default();
    let filter = format!("files.published = 1{in_category}{of_kind}");
    let order = match query.sort {
        FileSort::Newest => newest,
        FileSort::Price => "files.price, files.id",
        FileSort::PriceDown => "files.price DESC, files.id DESC",
        FileSort::Popular => "files.sales_count DESC, files.id DESC",
    };
    let sql =
        format!("SELECT {COLUMNS} FROM {source} {JOINS} WHERE {filter} ORDER BY {order} LIMIT {per_page} OFFSET {}", (page - 1) * per_page);
    let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(terms.indexed.clone()).bind(viewer.map_or(0, |viewer| viewer.0));
    for word in &terms.read {
        rows = rows.bind(format!("% {word}%"));
    }
    // All by one connection: each loan costs the database more than a statement.
    let mut connection = store.0.db.reader().acquire().await?;
    let rows = rows.fetch_all(&mut *connection).await?;
    let categories = shelves(&mut connection).await?;
    let total = if words.is_empty() && query.kind.is_none() {
        // Kept counts, so that a large shop costs no more.
        let asked = categories.iter().filter(|category| query.category.is_none_or(|asked| category.id == asked));
        asked.map(|category| category.files_count).sum()
    } else {
        let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM {source} WHERE {filter} LIMIT {FEW_HITS}) AS counted");
        let mut count = sqlx::query_scalar(AssertSqlSafe(sql)).bind(terms.indexed).bind(0);
        for word in &terms.read {
            count = count.bind(format!("% {word}%"));
        }
        count.fetch_one(&mut *connection).await?
    };
    Ok((Page { items: rows.iter().map(file).collect::<Result<_>>()?, total, page, per_page }, categories))
}

/// How the words of a search are looked for. An index walks all files of every word that it is asked for, so where one word
/// is rare it is asked for that one alone, and the others are read in its few files.
#[derive(Default)]
pub(crate) struct Terms {
    /// The index's expression, `$1`.
    pub(crate) indexed: String,
    /// Words to read in what the index finds, from `$3` on.
    pub(crate) read: Vec<String>,
    /// True when the index finds fewer than [`FEW_HITS`].
    pub(crate) few: bool,
}

impl Terms {
    pub(crate) async fn find(store: &Store, words: &[String]) -> Result<Self> {
        let dialect = store.0.db.dialect();
        // Long words are rare more often than short ones.
        let mut longest_first: Vec<&String> = words.iter().collect();
        longest_first.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        for word in longest_first {
            let indexed = dialect.search_expression(std::slice::from_ref(word));
            if count_hits(store, &indexed).await? < FEW_HITS {
                return Ok(Self { indexed, read: words.iter().filter(|other| *other != word).cloned().collect(), few: true });
            }
        }
        let indexed = dialect.search_expression(words);
        let few = words.len() > 1 && count_hits(store, &indexed).await? < FEW_HITS;
        Ok(Self { indexed, read: Vec::new(), few })
    }

    pub(crate) fn condition(&self, dialect: Dialect) -> String {
        // Folded words stand between single spaces (`shared::text::fold`), and hold nothing that LIKE gives a meaning.
        let read: String = (3..).take(self.read.len()).map(|place| format!(" AND ' ' || files_search.folded LIKE ${place}")).collect();
        format!("{}{read}", dialect.matches())
    }
}

/// How many files match, published or not, counted up to [`FEW_HITS`].
async fn count_hits(store: &Store, expression: &str) -> Result<i64> {
    let sql =
        format!("SELECT COUNT(*) FROM (SELECT 1 FROM files_search WHERE {} LIMIT {FEW_HITS}) AS counted", store.0.db.dialect().matches());
    Ok(sqlx::query_scalar(AssertSqlSafe(sql)).bind(expression.to_owned()).fetch_one(store.0.db.reader()).await?)
}

/// A published file, or one that the viewer owns.
pub async fn get(store: &Store, id: FileId, viewer: Option<AccountId>) -> Result<File> {
    let sql = format!("SELECT {COLUMNS} FROM files {JOINS} WHERE files.id = $1 AND (files.published = 1 OR purchases.id IS NOT NULL)");
    let row =
        sqlx::query(AssertSqlSafe(sql)).bind(id.0).bind(viewer.map_or(0, |viewer| viewer.0)).fetch_optional(store.0.db.reader()).await?;
    file(&row.ok_or(Code::NotFound)?)
}

/// Whether the shop has no file yet.
pub async fn is_empty(store: &Store) -> Result<bool> {
    let any: Option<i64> = sqlx::query_scalar("SELECT id FROM files LIMIT 1").fetch_optional(store.0.db.reader()).await?;
    Ok(any.is_none())
}

/// Adds and publishes a file with its first version.
pub async fn add_file(store: &Store, new: &NewFile, content: impl Stream<Item = io::Result<Vec<u8>>> + Send, limit: u64) -> Result<FileId> {
    check(new)?;
    let stored = storage::put(store, &new.file_name, content, limit).await?;
    let now = store.now().0;
    let dialect = store.0.db.dialect();
    let added: Result<FileId> = transaction!(store, |connection| {
        let category: Option<String> =
            sqlx::query_scalar("UPDATE categories SET files_count = files_count + 1 WHERE id = $1 RETURNING name")
                .bind(new.category.0)
                .fetch_optional(&mut *connection)
                .await?;
        let category = category.ok_or_else(|| field("category", FieldCode::Format))?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO files (title, description, category_id, price, kind, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id",
        )
        .bind(new.title.trim().to_owned())
        .bind(new.description.trim().to_owned())
        .bind(new.category.0)
        .bind(new.price)
        .bind(new.kind.as_str())
        .bind(now)
        .fetch_one(&mut *connection)
        .await?;
        sqlx::query(dialect.search_insert())
            .bind(id)
            .bind(fold(&format!("{} {} {}", new.title, category, new.description)))
            .execute(&mut *connection)
            .await?;
        insert_version(store, &mut *connection, FileId(id), &new.file_name, "", &stored).await?;
        Ok(FileId(id))
    });
    if added.is_err() {
        storage::remove(store, &stored.storage_key).await?;
    }
    added
}

fn check(new: &NewFile) -> Result<()> {
    let mut fields = Fields::default();
    let title = fields.check("title", line(new.title.trim(), 1, 200));
    let description = fields.check("description", line(new.description.trim(), 0, 5000));
    let price = fields.check("price_coins", if (0..=MAX_COINS).contains(&new.price) { Ok(()) } else { Err(FieldCode::Range) });
    let name = fields.check("file_name", file_name(&new.file_name));
    if title.and(description).and(price).and(name).is_some() { Ok(()) } else { Err(fields.problem().into()) }
}

pub(crate) fn file_name(name: &str) -> std::result::Result<(), FieldCode> {
    line(name.trim(), 1, 150)?;
    let hidden = name.starts_with('.')
        || name.chars().any(|character| matches!(character, '/' | '\\' | '\n') || shared::text::is_invisible(character));
    if hidden { Err(FieldCode::Format) } else { Ok(()) }
}

async fn insert_version(
    store: &Store,
    connection: &mut Connection,
    id: FileId,
    file_name: &str,
    note: &str,
    stored: &crate::Content,
) -> Result<VersionId> {
    let version: i64 = sqlx::query_scalar(
        "INSERT INTO versions (file_id, number, file_name, content_type, size, sha256, storage_key, note, created_at)
         VALUES ($1, (SELECT COUNT(*) + 1 FROM versions WHERE file_id = $1), $2, $3, $4, $5, $6, $7, $8) RETURNING id",
    )
    .bind(id.0)
    .bind(file_name.trim().to_owned())
    .bind(stored.content_type.clone())
    .bind(stored.size)
    .bind(stored.sha256.clone())
    .bind(stored.storage_key.clone())
    .bind(note.to_owned())
    .bind(store.now().0)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query("UPDATE files SET version_id = $2, updated_at = $3 WHERE id = $1")
        .bind(id.0)
        .bind(version)
        .bind(store.now().0)
        .execute(&mut *connection)
        .await?;
    Ok(VersionId(version))
}

/// Adds a version: past buyers get it free, are told, and get fresh attempts (design, section 5).
pub async fn add_version(
    store: &Store,
    id: FileId,
    name: &str,
    note: &str,
    content: impl Stream<Item = io::Result<Vec<u8>>> + Send,
    limit: u64,
) -> Result<VersionId> {
    file_name(name).map_err(|code| field("file_name", code))?;
    line(note.trim(), 0, 1000).map_err(|code| field("note", code))?;
    let stored = storage::put(store, name, content, limit).await?;
    let added: Result<Attached> = transaction!(store, |connection| { attach(store, &mut *connection, id, name, note, &stored).await });
    match added {
        Ok(attached) => Ok(attached.tell(store)),
        Err(error) => {
            storage::remove(store, &stored.storage_key).await?;
            Err(error)
        }
    }
}

/// A version that a stored content became.
pub(crate) struct Attached {
    pub(crate) version: VersionId,
    told: Vec<AccountId>,
}

impl Attached {
    /// Tells the browsers of those who have it, once the transaction is done.
    pub(crate) fn tell(self, store: &Store) -> VersionId {
        for customer in self.told {
            store.live().changed(customer);
        }
        self.version
    }
}

/// Makes a stored content the newest version of a file: past buyers are told, and get fresh attempts.
pub(crate) async fn attach(
    store: &Store,
    connection: &mut Connection,
    id: FileId,
    name: &str,
    note: &str,
    stored: &crate::Content,
) -> Result<Attached> {
    // The row is held, so that two versions at once get their numbers one after the other.
    let title: Option<String> = sqlx::query_scalar("UPDATE files SET updated_at = updated_at WHERE id = $1 RETURNING title")
        .bind(id.0)
        .fetch_optional(&mut *connection)
        .await?;
    let title = title.ok_or(Code::NotFound)?;
    let version = insert_version(store, &mut *connection, id, name, note.trim(), stored).await?;
    let buyers = sqlx::query(
        "UPDATE purchases SET attempts_allowed = attempts_allowed + $2 WHERE file_id = $1 AND refunded_at IS NULL RETURNING id, customer_id",
    )
    .bind(id.0)
    .bind(store.settings().attempts)
    .fetch_all(&mut *connection)
    .await?;
    let mut told = Vec::with_capacity(buyers.len());
    for buyer in &buyers {
        let (purchase_id, customer) = (PurchaseId(buyer.try_get("id")?), AccountId(buyer.try_get("customer_id")?));
        let notice = Notice::NewVersion { purchase_id, title: title.clone(), note: note.trim().to_owned() };
        notifications::add(store, &mut *connection, customer, &notice).await?;
        told.push(customer);
    }
    Ok(Attached { version, told })
}

/// Sets a file's cover: a PNG, JPEG or WebP picture.
pub async fn set_cover(store: &Store, id: FileId, bytes: Vec<u8>) -> Result<()> {
    let content_type =
        picture_type(&bytes, &["image/png", "image/jpeg", "image/webp"], MAX_PICTURE).map_err(|code| field("cover", code))?;
    let etag = storage::put_picture(store, bytes).await?;
    set_picture(store, "UPDATE files SET cover_etag = $2, cover_type = $3 WHERE id = $1", id, etag, content_type).await
}

/// Sets a file's free preview: a picture or a PDF.
pub async fn set_preview(store: &Store, id: FileId, bytes: Vec<u8>) -> Result<()> {
    let content_type = picture_type(&bytes, &["image/png", "image/jpeg", "image/webp", "application/pdf"], MAX_PICTURE)
        .map_err(|code| field("preview", code))?;
    let etag = storage::put_picture(store, bytes).await?;
    set_picture(store, "UPDATE files SET preview_etag = $2, preview_type = $3 WHERE id = $1", id, etag, content_type).await
}

pub(crate) fn picture_type(bytes: &[u8], allowed: &[&'static str], most: usize) -> std::result::Result<&'static str, FieldCode> {
    if bytes.len() > most {
        return Err(FieldCode::PictureSize);
    }
    let found = infer::get(bytes).map(|kind| kind.mime_type());
    allowed.iter().copied().find(|allowed| Some(*allowed) == found).ok_or(FieldCode::ContentType)
}

async fn set_picture(store: &Store, sql: &'static str, id: FileId, etag: String, content_type: &'static str) -> Result<()> {
    let updated = sqlx::query(sql).bind(id.0).bind(etag).bind(content_type).execute(store.0.db.writer()).await?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Code::NotFound.into()) }
}

/// A file's cover; [`Code::NotFound`] when it has none, and for a file that customers don't see, unless `hash` names the picture.
pub async fn cover(store: &Store, id: FileId, hash: &str) -> Result<Picture> {
    picture(store, "SELECT published, cover_etag AS etag, cover_type AS content_type FROM files WHERE id = $1", id, hash).await
}

/// A file's free preview; as [`cover`].
pub async fn preview(store: &Store, id: FileId, hash: &str) -> Result<Picture> {
    picture(store, "SELECT published, preview_etag AS etag, preview_type AS content_type FROM files WHERE id = $1", id, hash).await
}

async fn picture(store: &Store, sql: &'static str, id: FileId, hash: &str) -> Result<Picture> {
    let row = sqlx::query(sql).bind(id.0).fetch_optional(store.0.db.reader()).await?.ok_or(Code::NotFound)?;
    match (row.try_get::<Option<String>, _>("etag")?, row.try_get("content_type")?) {
        // Files are numbered: drafts must not be found by counting. Staff and buyers have the hash in the address that they were given.
        (Some(etag), _) if row.try_get::<i64, _>("published")? == 0 && !names(hash, &etag) => Err(Code::NotFound.into()),
        (Some(etag), Some(content_type)) => storage::picture(store, etag, content_type).await,
        _ => Err(Code::NotFound.into()),
    }
}

/// Whether the hash of a picture's address names the picture that has this entity tag.
pub fn names(hash: &str, etag: &str) -> bool {
    hash.len() >= ADDRESS_HASH && etag.starts_with(hash)
}
