//! The catalog in the staff's hands: all files, seen by customers or not.

mod contents;

use std::io;

use futures::Stream;
use shared::{
    CategoryId, Code, FieldCode, Fields, FileId, Instant, MAX_COINS, VersionId,
    api::{
        FileKind,
        admin::{FileRequest, FileState, Permission, StockFile, StockFiles, Version},
    },
    text::{fold, search_words},
};
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use crate::{
    Origin, Result, Staff, Store,
    audit::Deed,
    catalog,
    db::{Connection, page, transaction},
    error::{damaged, field},
    pictures::{self, Drawn},
    storage::Content,
    text::{line, lines, trimmed},
};

pub use crate::pictures::{Slot, remove_picture, set_picture};
pub use contents::add_content;
pub(crate) use contents::{Attached, Label, attach, check_content, discard, put, sweep};

/// Files on a page of the list.
const PAGE: i64 = 30;

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Words, in any spelling that [`fold`] makes the same; empty for all files.
    pub text: String,
    /// Only this category.
    pub category: Option<CategoryId>,
    /// Only in this state.
    pub state: Option<FileState>,
    /// Only files older than this one.
    pub cursor: Option<i64>,
}

const COLUMNS: &str =
    "files.id, files.title, files.description, files.category_id, categories.name AS category_name, files.price, files.kind,
    files.published, files.cover_etag, files.preview_etag, files.sales_count, files.created_at, files.updated_at,
    versions.id AS version_id, versions.number, versions.file_name, versions.content_type, versions.size, versions.sha256, versions.note,
    versions.created_at AS version_at";
const JOINS: &str = "JOIN categories ON categories.id = files.category_id LEFT JOIN versions ON versions.id = files.version_id";

fn stock_file(row: &AnyRow) -> Result<StockFile> {
    let id = FileId(row.try_get("id")?);
    let version = match row.try_get::<Option<i64>, _>("version_id")? {
        Some(version) => Some(version_of(row, VersionId(version), "version_at")?),
        None => None,
    };
    let state = match (row.try_get::<i64, _>("published")?, &version) {
        (1, _) => FileState::Published,
        (_, Some(_)) => FileState::Hidden,
        (_, None) => FileState::Draft,
    };
    Ok(StockFile {
        id,
        title: row.try_get("title")?,
        description: row.try_get("description")?,
        category_id: CategoryId(row.try_get("category_id")?),
        category_name: row.try_get("category_name")?,
        price_coins: row.try_get("price")?,
        kind: row.try_get::<String, _>("kind")?.parse().map_err(damaged)?,
        state,
        cover_url: catalog::picture_address("covers", id, row.try_get("cover_etag")?),
        preview_url: catalog::picture_address("previews", id, row.try_get("preview_etag")?),
        sales_count: row.try_get("sales_count")?,
        version,
        created_at: Instant(row.try_get("created_at")?),
        updated_at: Instant(row.try_get("updated_at")?),
    })
}

fn version_of(row: &AnyRow, id: VersionId, added: &str) -> Result<Version> {
    Ok(Version {
        id,
        number: row.try_get("number")?,
        file_name: row.try_get("file_name")?,
        content_type: row.try_get("content_type")?,
        size_bytes: row.try_get("size")?,
        sha256: row.try_get("sha256")?,
        note: row.try_get("note")?,
        created_at: Instant(row.try_get(added)?),
    })
}

/// Files that match, the newest first.
pub async fn list(store: &Store, staff: &Staff, query: &Query) -> Result<StockFiles> {
    staff.must(store, Permission::ManageFiles, "files.see", "", &staff.origin).await?;
    let words = search_words(&query.text);
    if words.is_empty() && !query.text.trim().is_empty() {
        return Ok(StockFiles { results: Vec::new(), next_cursor: None });
    }
    let (source, newest, terms) = catalog::sought(store, &words).await?;
    // A number of our own type, never a caller's text.
    let in_category = query.category.map(|category| format!(" AND files.category_id = {category}")).unwrap_or_default();
    let in_state = match query.state {
        None => "",
        Some(FileState::Published) => " AND files.published = 1",
        Some(FileState::Hidden) => " AND files.published = 0 AND files.version_id IS NOT NULL",
        Some(FileState::Draft) => " AND files.version_id IS NULL",
    };
    let sql =
        format!("SELECT {COLUMNS} FROM {source} {JOINS} WHERE files.id < $2{in_category}{in_state} ORDER BY {newest} LIMIT {}", PAGE + 1);
    let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(terms.indexed).bind(query.cursor.unwrap_or(i64::MAX));
    for word in &terms.read {
        rows = rows.bind(format!("% {word}%"));
    }
    let rows = rows.fetch_all(store.0.db.reader()).await?;
    let (rows, next_cursor) = page(&rows, PAGE, "id")?;
    Ok(StockFiles { results: rows.iter().map(stock_file).collect::<Result<_>>()?, next_cursor })
}

/// One file.
pub async fn get(store: &Store, staff: &Staff, id: FileId) -> Result<StockFile> {
    staff.must(store, Permission::ManageFiles, "files.see", audited(id), &staff.origin).await?;
    let sql = format!("SELECT {COLUMNS} FROM files {JOINS} WHERE files.id = $1");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id.0).fetch_optional(store.0.db.reader()).await?;
    stock_file(&row.ok_or(Code::NotFound)?)
}

/// A file's versions, the newest first.
pub async fn versions(store: &Store, staff: &Staff, id: FileId) -> Result<Vec<Version>> {
    staff.must(store, Permission::ManageFiles, "files.see", audited(id), &staff.origin).await?;
    must_exist(store, id).await?;
    let rows = sqlx::query(
        "SELECT id, number, file_name, content_type, size, sha256, note, created_at FROM versions WHERE file_id = $1 ORDER BY number DESC",
    )
    .bind(id.0)
    .fetch_all(store.0.db.reader())
    .await?;
    rows.iter().map(|row| version_of(row, VersionId(row.try_get("id")?), "created_at")).collect()
}

/// What is written of a file.
#[derive(Clone)]
pub(crate) struct Details {
    pub(crate) title: String,
    description: String,
    pub(crate) category: CategoryId,
    price: i64,
    kind: FileKind,
}

/// What is written, if it keeps the rules, as far as that can be known without the category.
pub(crate) fn details(request: &FileRequest) -> Result<Details> {
    let mut fields = Fields::default();
    let (title, description) = (request.title.trim().to_owned(), trimmed(&request.description));
    let titled = fields.check("title", line(&title, 1, 200));
    let described = fields.check("description", lines(&description, 0, 5000));
    let priced = fields.within("price_coins", request.price_coins, 0..=MAX_COINS);
    let kind = fields.parse::<FileKind>("kind", &request.kind);
    match kind.filter(|_| titled.and(described).and(priced).is_some()) {
        Some(kind) => Ok(Details { title, description, category: CategoryId(request.category_id), price: request.price_coins, kind }),
        None => Err(fields.problem().into()),
    }
}

/// The category's name; its row is held, so that it is neither deleted nor renamed meanwhile.
pub(crate) async fn category_name(connection: &mut Connection, category: CategoryId) -> Result<String> {
    let name: Option<String> = sqlx::query_scalar("UPDATE categories SET position = position WHERE id = $1 RETURNING name")
        .bind(category.0)
        .fetch_optional(connection)
        .await?;
    name.ok_or_else(|| field("category_id", FieldCode::Format))
}

/// What the search reads of a file.
pub(crate) fn folded(title: &str, category: &str, description: &str) -> String {
    fold(&format!("{title} {category} {description}"))
}

/// As the audit log names it.
pub(crate) fn audited(id: FileId) -> String {
    format!("file:{id}")
}

/// Makes a file that customers don't see yet; its content comes later.
pub async fn create(store: &Store, staff: &Staff, request: &FileRequest, origin: &Origin) -> Result<FileId> {
    let deed = staff.must(store, Permission::ManageFiles, "file.create", "", origin).await?;
    let details = details(request)?;
    transaction!(store, deed, |connection| { create_in(store, &mut *connection, &deed, &details).await })
}

/// The same in a transaction that makes more than one.
pub(crate) async fn create_in(store: &Store, connection: &mut Connection, deed: &Deed<'_>, details: &Details) -> Result<FileId> {
    let category = category_name(&mut *connection, details.category).await?;
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO files (title, description, category_id, price, kind, published, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, 0, $6, $6) RETURNING id",
    )
    .bind(details.title.clone())
    .bind(details.description.clone())
    .bind(details.category.0)
    .bind(details.price)
    .bind(details.kind.as_str())
    .bind(store.now().0)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query(store.0.db.dialect().search_insert())
        .bind(id)
        .bind(folded(&details.title, &category, &details.description))
        .execute(&mut *connection)
        .await?;
    deed.did(store, &mut *connection, "file.create", &audited(FileId(id)), "ok").await?;
    Ok(FileId(id))
}

/// A whole file, as a line of a manifest lists it.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// What is written of it.
    pub about: FileRequest,
    /// Its content's name as customers save it: 1 to 150 characters, without slashes.
    pub file_name: String,
    /// Its cover and free preview, as [`set_picture`] takes them.
    pub pictures: Vec<(Slot, Vec<u8>)>,
}

/// Whether a file of this title stands in this category: what an import asks, so that a table that is corrected and sent again makes
/// nothing twice. By hand two files may be called the same.
pub async fn stands(store: &Store, about: &FileRequest) -> Result<bool> {
    let details = details(about)?;
    let mut connection = store.0.db.reader().acquire().await?;
    stands_in(&mut connection, &details).await
}

/// [`stands`], in a transaction.
pub(crate) async fn stands_in(connection: &mut Connection, details: &Details) -> Result<bool> {
    let one: Option<i64> = sqlx::query_scalar("SELECT id FROM files WHERE category_id = $1 AND title = $2 LIMIT 1")
        .bind(details.category.0)
        .bind(details.title.clone())
        .fetch_optional(connection)
        .await?;
    Ok(one.is_some())
}

/// Adds a whole file by the operator and shows it to customers: all of it, or after a broken rule or a fault nothing. The rules are those of
/// [`create`], [`add_content`] and [`set_picture`].
pub async fn add(store: &Store, new: NewFile, content: impl Stream<Item = io::Result<Vec<u8>>> + Send) -> Result<FileId> {
    let (details, label) = (details(&new.about)?, Label::new(&new.file_name, "")?);
    let mut drawn = Vec::with_capacity(new.pictures.len());
    for (slot, bytes) in new.pictures {
        drawn.push((slot, pictures::tidy(slot, bytes).await?));
    }
    let stored = contents::put(store, &label.name, content, contents::largest(store)).await?;
    let added = add_stored(store, &details, &label, &stored, drawn).await;
    if added.is_err() {
        contents::discard(store, &stored).await;
    }
    added
}

async fn add_stored(store: &Store, details: &Details, label: &Label, stored: &Content, drawn: Vec<(Slot, Drawn)>) -> Result<FileId> {
    let mut pictures = Vec::with_capacity(drawn.len());
    for (slot, picture) in drawn {
        pictures.push((slot, pictures::keep(store, picture).await?));
    }
    let deed = Deed::operator("file.create", "");
    transaction!(store, deed, |connection| {
        let id = create_in(store, &mut *connection, &deed, details).await?;
        attach(store, &mut *connection, &deed, id, label, stored).await?;
        for (slot, kept) in &pictures {
            pictures::place(store, &mut *connection, &deed, id, *slot, Some(kept)).await?;
        }
        publish(store, &mut *connection, &deed, id, true).await?;
        Ok(id)
    })
}

/// Changes what is written of a file. Those who bought it keep the price they paid.
pub async fn edit(store: &Store, staff: &Staff, id: FileId, request: &FileRequest, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::ManageFiles, "file.edit", audited(id), origin).await?;
    must_exist(store, id).await?;
    let details = details(request)?;
    let dialect = store.0.db.dialect();
    transaction!(store, deed, |connection| {
        let row = sqlx::query(AssertSqlSafe(format!("SELECT category_id, published FROM files WHERE id = $1{}", dialect.for_update())))
            .bind(id.0)
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(Code::NotFound)?;
        let (before, published): (i64, i64) = (row.try_get("category_id")?, row.try_get("published")?);
        if published == 1 && before != details.category.0 {
            // In the order of their numbers, so that two moves in opposite directions don't wait for each other.
            let mut steps = [(before, -1), (details.category.0, 1)];
            steps.sort_unstable();
            for (category, step) in steps {
                count(&mut *connection, CategoryId(category), step).await?;
            }
        }
        let category = category_name(&mut *connection, details.category).await?;
        sqlx::query("UPDATE files SET title = $2, description = $3, category_id = $4, price = $5, kind = $6 WHERE id = $1")
            .bind(id.0)
            .bind(details.title.clone())
            .bind(details.description.clone())
            .bind(details.category.0)
            .bind(details.price)
            .bind(details.kind.as_str())
            .execute(&mut *connection)
            .await?;
        sqlx::query(dialect.search_update())
            .bind(id.0)
            .bind(folded(&details.title, &category, &details.description))
            .execute(&mut *connection)
            .await?;
        deed.done(store, &mut *connection, "ok").await
    })
}

/// Keeps the number of a category's published files.
async fn count(connection: &mut Connection, category: CategoryId, step: i64) -> Result<()> {
    sqlx::query("UPDATE categories SET files_count = files_count + $2 WHERE id = $1")
        .bind(category.0)
        .bind(step)
        .execute(connection)
        .await?;
    Ok(())
}

/// Shows a file to customers, or hides it; those who bought it have it either way. Doing it twice is doing it once.
pub async fn set_published(store: &Store, staff: &Staff, id: FileId, published: bool, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::ManageFiles, shown(published), audited(id), origin).await?;
    transaction!(store, deed, |connection| { publish(store, &mut *connection, &deed, id, published).await })
}

/// What the audit log calls it.
fn shown(published: bool) -> &'static str {
    if published { "file.publish" } else { "file.hide" }
}

async fn publish(store: &Store, connection: &mut Connection, deed: &Deed<'_>, id: FileId, published: bool) -> Result<()> {
    let changed: Option<i64> = sqlx::query_scalar(
        "UPDATE files SET published = $2 WHERE id = $1 AND published <> $2 AND version_id IS NOT NULL RETURNING category_id",
    )
    .bind(id.0)
    .bind(i64::from(published))
    .fetch_optional(&mut *connection)
    .await?;
    let Some(category) = changed else {
        let content: Option<i64> = sqlx::query_scalar("SELECT COALESCE(version_id, 0) FROM files WHERE id = $1")
            .bind(id.0)
            .fetch_optional(&mut *connection)
            .await?;
        return match content.ok_or(Code::NotFound)? {
            0 if published => Err(Code::NoContent.into()),
            _ => Ok(()),
        };
    };
    count(&mut *connection, CategoryId(category), if published { 1 } else { -1 }).await?;
    deed.did(store, connection, shown(published), &audited(id), "ok").await
}

/// [`Code::NotFound`] when there is no such file: said before what else may be wrong.
pub(crate) async fn must_exist(store: &Store, id: FileId) -> Result<()> {
    let known: Option<i64> =
        sqlx::query_scalar("SELECT id FROM files WHERE id = $1").bind(id.0).fetch_optional(store.0.db.reader()).await?;
    if known.is_some() { Ok(()) } else { Err(Code::NotFound.into()) }
}
