//! Files, their versions and categories, and the search among them.

use shared::{
    AccountId, CategoryId, Code, FileId, Instant, PurchaseId,
    api::{Category, File, FileKind, FileSort, Listed, Page},
    text::search_words,
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use crate::{
    Picture, Result, Store,
    db::{Connection, Dialect, FEW_HITS},
    error::damaged,
    storage,
};

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Words, in any spelling that [`shared::text::fold`] makes the same; empty for all files.
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

/// What is read of files: all of it, or what a list shows.
trait Form: Sized {
    /// The columns.
    const COLUMNS: &str;
    /// The tables beside `files` and their conditions. `$2` is the viewer, `0` for nobody.
    const JOINS: &str;
    /// What a row says.
    fn read(row: &AnyRow) -> Result<Self>;
}

/// How much of a picture's hash its address has at least, in characters.
const ADDRESS_HASH: usize = 8;

/// What a picture's address ends with, so that it changes with the picture.
pub(crate) fn address_hash(etag: &str) -> &str {
    &etag[..ADDRESS_HASH.min(etag.len())]
}

/// Where a file's cover or preview is had.
pub(crate) fn picture_address(kind: &str, id: FileId, etag: Option<String>) -> Option<String> {
    etag.map(|etag| format!("/{kind}/{id}?v={}", address_hash(&etag)))
}

impl Form for File {
    const COLUMNS: &str =
        "files.id, files.title, files.description, files.category_id, categories.name AS category_name, files.price, files.kind,
        files.cover_etag, files.preview_etag, files.sales_count, files.created_at, files.updated_at, versions.number, versions.file_name,
        versions.size, versions.note, purchases.id AS purchase_id";
    const JOINS: &str = "JOIN categories ON categories.id = files.category_id JOIN versions ON versions.id = files.version_id
        LEFT JOIN purchases ON purchases.customer_id = $2 AND purchases.file_id = files.id AND purchases.refunded_at IS NULL";

    fn read(row: &AnyRow) -> Result<Self> {
        let Listed { id, title, kind, category_name, cover_url, price_coins, purchase_id } = Listed::read(row)?;
        Ok(Self {
            id,
            title,
            description: row.try_get("description")?,
            category_id: CategoryId(row.try_get("category_id")?),
            category_name,
            price_coins,
            kind,
            file_name: row.try_get("file_name")?,
            size_bytes: row.try_get("size")?,
            version: row.try_get("number")?,
            version_note: row.try_get("note")?,
            cover_url,
            preview_url: picture_address("previews", id, row.try_get("preview_etag")?),
            sales_count: row.try_get("sales_count")?,
            purchase_id,
            created_at: Instant(row.try_get("created_at")?),
            updated_at: Instant(row.try_get("updated_at")?),
        })
    }
}

impl Form for Listed {
    const COLUMNS: &str = "files.id, files.title, files.kind, categories.name AS category_name, files.cover_etag, files.price,
        purchases.id AS purchase_id";
    const JOINS: &str = "JOIN categories ON categories.id = files.category_id
        LEFT JOIN purchases ON purchases.customer_id = $2 AND purchases.file_id = files.id AND purchases.refunded_at IS NULL";

    fn read(row: &AnyRow) -> Result<Self> {
        let id = FileId(row.try_get("id")?);
        Ok(Self {
            id,
            title: row.try_get("title")?,
            kind: row.try_get::<String, _>("kind")?.parse().map_err(damaged)?,
            category_name: row.try_get("category_name")?,
            cover_url: picture_address("covers", id, row.try_get("cover_etag")?),
            price_coins: row.try_get("price")?,
            purchase_id: row.try_get::<Option<i64>, _>("purchase_id")?.map(PurchaseId),
        })
    }
}

/// A page of published files. The total is exact up to a thousand hits of a search: beyond, it says no more to a person, and costs.
pub async fn search(store: &Store, query: &Query, viewer: Option<AccountId>) -> Result<Page<File>> {
    Ok(found(store, query, viewer).await?.0)
}

/// The same as a list shows it, with all categories in the shop's order.
pub async fn browse(store: &Store, query: &Query, viewer: Option<AccountId>) -> Result<(Page<Listed>, Vec<Category>)> {
    found(store, query, viewer).await
}

async fn found<F: Form>(store: &Store, query: &Query, viewer: Option<AccountId>) -> Result<(Page<F>, Vec<Category>)> {
    let words = search_words(&query.text);
    let (page, per_page) = (query.page.clamp(1, 100_000), query.per_page.clamp(1, 100));
    if words.is_empty() && !query.text.trim().is_empty() {
        return Ok((Page { items: Vec::new(), total: 0, page, per_page }, categories(store).await?));
    }
    let (source, newest, terms) = sought(store, &words).await?;
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
    let (columns, joins) = (F::COLUMNS, F::JOINS);
    let sql =
        format!("SELECT {columns} FROM {source} {joins} WHERE {filter} ORDER BY {order} LIMIT {per_page} OFFSET {}", (page - 1) * per_page);
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
    Ok((Page { items: rows.iter().map(F::read).collect::<Result<_>>()?, total, page, per_page }, categories))
}

/// What files with these words are selected from, what puts the newest of them first, and what is bound for them.
pub(crate) async fn sought(store: &Store, words: &[String]) -> Result<(String, &'static str, Terms)> {
    if words.is_empty() {
        return Ok(("files".to_owned(), "files.id DESC", Terms::default()));
    }
    let (dialect, terms) = (store.0.db.dialect(), Terms::find(store, words).await?);
    Ok((dialect.hits(&terms.condition(dialect), terms.few), dialect.newest_hit(terms.few), terms))
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
    few: bool,
}

impl Terms {
    async fn find(store: &Store, words: &[String]) -> Result<Self> {
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

    fn condition(&self, dialect: Dialect) -> String {
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
    let (columns, joins) = (File::COLUMNS, File::JOINS);
    let sql = format!("SELECT {columns} FROM files {joins} WHERE files.id = $1 AND (files.published = 1 OR purchases.id IS NOT NULL)");
    let row =
        sqlx::query(AssertSqlSafe(sql)).bind(id.0).bind(viewer.map_or(0, |viewer| viewer.0)).fetch_optional(store.0.db.reader()).await?;
    File::read(&row.ok_or(Code::NotFound)?)
}

/// Whether the shop has no file yet.
pub async fn is_empty(store: &Store) -> Result<bool> {
    let any: Option<i64> = sqlx::query_scalar("SELECT id FROM files LIMIT 1").fetch_optional(store.0.db.reader()).await?;
    Ok(any.is_none())
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
