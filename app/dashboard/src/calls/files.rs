//! The catalog in the staff's hands: files, their uploads, categories.

use app::Failure;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    CategoryId, FileId,
    api::admin::{RefusedLine, Shelf, StockFile, StockFiles, Upload, Version},
};

#[cfg(feature = "ssr")]
use {
    super::{key, origin, staff, store},
    app::flash,
    shared::{
        Code,
        api::admin::{CategoryRequest, FileRequest, TableReport, UploadRequest},
        text::fold_digits,
    },
    store::{categories, files, imports, uploads},
};

/// How many lines of a table's report fit into the cookie that tells of it where there is no JavaScript, and how many letters of their
/// titles, each of which takes six bytes there.
#[cfg(feature = "ssr")]
const TOLD_PLAINLY: (usize, usize) = (5, 24);

/// The list's page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesPage {
    /// The files that match.
    pub files: StockFiles,
    /// All categories, to choose one of.
    pub categories: Vec<Shelf>,
}

/// A file's page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePage {
    /// The file.
    pub file: StockFile,
    /// Its versions, the newest first.
    pub versions: Vec<Version>,
    /// Uploads that stopped on their way.
    pub uploads: Vec<Upload>,
    /// All categories, to choose one of.
    pub categories: Vec<Shelf>,
    /// The largest content, in bytes.
    pub largest: i64,
}

/// Files that match what the address says.
#[server(prefix = "/admin/do", endpoint = "files")]
pub async fn get_files(q: String, category: String, state: String, cursor: String) -> Result<FilesPage, Failure> {
    let (store, staff) = (store()?, staff()?);
    let query = files::Query { text: q, category: category.parse().ok(), state: state.parse().ok(), cursor: cursor.parse().ok() };
    let mut files = files::list(&store, &staff, &query).await?;
    // The list shows no descriptions: they would be most of the page.
    for file in &mut files.results {
        file.description.clear();
    }
    Ok(FilesPage { files, categories: categories::list(&store, &staff).await? })
}

/// A file with all that its page shows.
#[server(prefix = "/admin/do", endpoint = "file")]
pub async fn get_file(id: String) -> Result<FilePage, Failure> {
    let (store, staff) = (store()?, staff()?);
    let id: FileId = id.parse().map_err(|_| Code::NotFound)?;
    Ok(FilePage {
        file: files::get(&store, &staff, id).await?,
        versions: files::versions(&store, &staff, id).await?,
        uploads: uploads::of_file(&store, &staff, id).await?,
        categories: categories::list(&store, &staff).await?,
        largest: store.settings().largest_file,
    })
}

/// What stands in the fields. What is no number is out of every range, and the store says so beside its field.
#[cfg(feature = "ssr")]
fn written(title: &str, description: String, category_id: &str, price_coins: &str, kind: &str) -> FileRequest {
    let number = |text: &str| fold_digits(text.trim()).parse().unwrap_or(-1);
    FileRequest {
        title: title.to_owned(),
        description,
        category_id: number(category_id),
        price_coins: number(price_coins),
        kind: kind.to_owned(),
    }
}

/// Makes a file that customers don't see yet.
#[server(prefix = "/admin/do", endpoint = "create-file")]
pub async fn create_file(
    title: String,
    description: String,
    category_id: String,
    price_coins: String,
    kind: String,
) -> Result<FileId, Failure> {
    let request = written(&title, description, &category_id, &price_coins, &kind);
    let result: Result<FileId, Failure> = async { Ok(files::create(&store()?, &staff()?, &request, &origin()?).await?) }.await;
    let back = result.as_ref().map_or_else(|_| "/admin/files/new".to_owned(), |id| format!("/admin/files/{id}"));
    let values = [("title", title.as_str()), ("category_id", &category_id), ("price_coins", &price_coins), ("kind", &kind)];
    flash::answer("create-file", &back, &values, result)
}

/// What became of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableOutcome {
    /// How many drafts were made.
    pub made: i64,
    /// How many lines were not taken.
    pub refused: i64,
    /// What was wrong with them; without JavaScript with the first of them.
    pub lines: Vec<RefusedLine>,
}

/// Makes drafts from a table.
#[server(prefix = "/admin/do", endpoint = "import-files")]
pub async fn import_files(table: String, idempotency_key: String) -> Result<TableOutcome, Failure> {
    let result = async {
        let TableReport { made, refused } = imports::import(&store()?, &staff()?, &table, key(&idempotency_key), &origin()?).await?;
        let mut outcome = TableOutcome { made, refused: i64::try_from(refused.len()).unwrap_or(i64::MAX), lines: refused };
        if flash::is_plain() {
            let (lines, letters) = TOLD_PLAINLY;
            outcome.lines.truncate(lines);
            for line in &mut outcome.lines {
                line.title = line.title.chars().take(letters).collect();
            }
        }
        Ok(outcome)
    };
    flash::answer("import-files", "/admin/files/import", &[], result.await)
}

/// Changes what is written of a file.
#[server(prefix = "/admin/do", endpoint = "edit-file")]
pub async fn edit_file(
    id: FileId,
    title: String,
    description: String,
    category_id: String,
    price_coins: String,
    kind: String,
) -> Result<(), Failure> {
    let request = written(&title, description, &category_id, &price_coins, &kind);
    let result = async { Ok(files::edit(&store()?, &staff()?, id, &request, &origin()?).await?) };
    let values = [("title", title.as_str()), ("category_id", &category_id), ("price_coins", &price_coins), ("kind", &kind)];
    flash::answer("edit-file", &format!("/admin/files/{id}"), &values, result.await)
}

/// Shows a file to customers, or hides it.
#[server(prefix = "/admin/do", endpoint = "publish-file")]
pub async fn publish_file(id: FileId, published: bool) -> Result<(), Failure> {
    let result = async { Ok(files::set_published(&store()?, &staff()?, id, published, &origin()?).await?) };
    flash::answer("publish-file", &format!("/admin/files/{id}"), &[], result.await)
}

/// Takes a file's cover or preview away.
#[server(prefix = "/admin/do", endpoint = "remove-picture")]
pub async fn remove_picture(id: FileId, preview: bool) -> Result<(), Failure> {
    let slot = if preview { files::Slot::Preview } else { files::Slot::Cover };
    let result = async { Ok(files::remove_picture(&store()?, &staff()?, id, slot, &origin()?).await?) };
    flash::answer("remove-picture", &format!("/admin/files/{id}"), &[], result.await)
}

/// Begins an upload, or goes on with the one that stopped.
#[server(prefix = "/admin/do", endpoint = "begin-upload")]
pub async fn begin_upload(file: FileId, file_name: String, length: i64, note: String, fingerprint: String) -> Result<Upload, Failure> {
    let request = UploadRequest { file_id: file.0, file_name, length, note, fingerprint };
    Ok(uploads::begin(&store()?, &staff()?, &request, &origin()?).await?)
}

/// Gives an upload up.
#[server(prefix = "/admin/do", endpoint = "discard-upload")]
pub async fn discard_upload(id: String, file: FileId) -> Result<(), Failure> {
    let result = async { Ok(uploads::discard(&store()?, &staff()?, &id, &origin()?).await?) };
    flash::answer("discard-upload", &format!("/admin/files/{file}"), &[], result.await)
}

/// All categories in the shop's order.
#[server(prefix = "/admin/do", endpoint = "categories")]
pub async fn get_categories() -> Result<Vec<Shelf>, Failure> {
    Ok(categories::list(&store()?, &staff()?).await?)
}

/// Makes a category.
#[server(prefix = "/admin/do", endpoint = "create-category")]
pub async fn create_category(name: String) -> Result<CategoryId, Failure> {
    let request = CategoryRequest { name: name.clone() };
    let result = async { Ok(categories::create(&store()?, &staff()?, &request, &origin()?).await?) };
    flash::answer("create-category", "/admin/categories", &[("name", &name)], result.await)
}

/// Renames a category.
#[server(prefix = "/admin/do", endpoint = "rename-category")]
pub async fn rename_category(id: CategoryId, name: String) -> Result<(), Failure> {
    let result = async { Ok(categories::rename(&store()?, &staff()?, id, &CategoryRequest { name }, &origin()?).await?) };
    flash::answer("category", "/admin/categories", &[], result.await)
}

/// Puts a category at another place.
#[server(prefix = "/admin/do", endpoint = "place-category")]
pub async fn place_category(id: CategoryId, position: i64) -> Result<(), Failure> {
    let result = async { Ok(categories::place(&store()?, &staff()?, id, position, &origin()?).await?) };
    flash::answer("category", "/admin/categories", &[], result.await)
}

/// Deletes an empty category.
#[server(prefix = "/admin/do", endpoint = "delete-category")]
pub async fn delete_category(id: CategoryId) -> Result<(), Failure> {
    let result = async { Ok(categories::delete(&store()?, &staff()?, id, &origin()?).await?) };
    flash::answer("category", "/admin/categories", &[], result.await)
}
