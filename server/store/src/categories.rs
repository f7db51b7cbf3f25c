//! The shop's categories in the staff's hands.

use shared::{
    CategoryId, Code, FieldCode,
    api::admin::{CategoryRequest, Permission, Shelf},
};
use sqlx::Row;

use crate::{
    Error, Origin, Result, Staff, Store,
    audit::Deed,
    catalog,
    codes::line,
    db::{Connection, transaction},
    error::field,
    files::folded,
};

/// Files whose search rows are rewritten between two reads.
const CHUNK: i64 = 500;

/// All categories in the shop's order.
pub async fn list(store: &Store, staff: &Staff) -> Result<Vec<Shelf>> {
    staff.must(store, Permission::ManageFiles, "files.see", "", &staff.origin).await?;
    let rows = sqlx::query(
        "SELECT id, name, files_count,
            CAST(CASE WHEN EXISTS (SELECT 1 FROM files WHERE category_id = categories.id)
                OR EXISTS (SELECT 1 FROM package_categories WHERE category_id = categories.id)
                OR EXISTS (SELECT 1 FROM subscription_categories WHERE category_id = categories.id) THEN 0 ELSE 1 END AS BIGINT) AS empty
         FROM categories ORDER BY position, id",
    )
    .fetch_all(store.0.db.reader())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Shelf {
                id: CategoryId(row.try_get("id")?),
                name: row.try_get("name")?,
                files_count: row.try_get("files_count")?,
                empty: row.try_get::<i64, _>("empty")? == 1,
            })
        })
        .collect()
}

/// The rule of a category's name, wherever it comes from.
pub(crate) fn check_name(name: &str) -> std::result::Result<(), FieldCode> {
    line(name, 1, 100)?;
    if name.contains('\n') { Err(FieldCode::Format) } else { Ok(()) }
}

fn name(request: &CategoryRequest) -> Result<String> {
    let name = request.name.trim();
    check_name(name).map_err(|code| field("name", code))?;
    Ok(name.to_owned())
}

fn name_taken(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(broken) if broken.is_unique_violation() => field("name", FieldCode::Taken),
        _ => error.into(),
    }
}

/// As the audit log names it.
fn named(id: CategoryId) -> String {
    format!("category:{id}")
}

async fn created(store: &Store, connection: &mut Connection, deed: &Deed<'_>, id: CategoryId) -> Result<()> {
    deed.did(store, connection, "category.create", &named(id), "ok").await
}

/// Makes a category, the last one. Names are taken once.
pub async fn create(store: &Store, staff: &Staff, request: &CategoryRequest, origin: &Origin) -> Result<CategoryId> {
    let deed = staff.must(store, Permission::ManageFiles, "category.create", "", origin).await?;
    let name = name(request)?;
    transaction!(store, deed, |connection| {
        let id: std::result::Result<i64, sqlx::Error> = sqlx::query_scalar(
            "INSERT INTO categories (name, position) VALUES ($1, (SELECT COALESCE(MAX(position), -1) + 1 FROM categories)) RETURNING id",
        )
        .bind(name.clone())
        .fetch_one(&mut *connection)
        .await;
        let id = CategoryId(id.map_err(name_taken)?);
        created(store, &mut *connection, &deed, id).await?;
        Ok(id)
    })
}

/// The category of this name, made if there is none, in the transaction of what it is for. [`check_name`] has passed the name.
pub(crate) async fn ensure(store: &Store, connection: &mut Connection, deed: &Deed<'_>, name: &str) -> Result<CategoryId> {
    let (id, made) = catalog::ensure_category_in(&mut *connection, name).await?;
    if made {
        created(store, &mut *connection, deed, id).await?;
    }
    Ok(id)
}

/// Renames a category. The search knows its files by the new name at once.
pub async fn rename(store: &Store, staff: &Staff, id: CategoryId, request: &CategoryRequest, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::ManageFiles, "category.rename", named(id), origin).await?;
    let name = name(request)?;
    transaction!(store, deed, |connection| {
        let renamed =
            sqlx::query("UPDATE categories SET name = $2 WHERE id = $1").bind(id.0).bind(name.clone()).execute(&mut *connection).await;
        if renamed.map_err(name_taken)?.rows_affected() == 0 {
            return Err(Code::NotFound.into());
        }
        fold_again(store, &mut *connection, id, &name).await?;
        deed.done(store, &mut *connection, "ok").await
    })
}

async fn fold_again(store: &Store, connection: &mut Connection, id: CategoryId, name: &str) -> Result<()> {
    let update = store.0.db.dialect().search_update();
    let mut last = 0_i64;
    loop {
        let files = sqlx::query("SELECT id, title, description FROM files WHERE category_id = $1 AND id > $2 ORDER BY id LIMIT $3")
            .bind(id.0)
            .bind(last)
            .bind(CHUNK)
            .fetch_all(&mut *connection)
            .await?;
        for file in &files {
            last = file.try_get("id")?;
            let (title, description): (String, String) = (file.try_get("title")?, file.try_get("description")?);
            sqlx::query(update).bind(last).bind(folded(&title, name, &description)).execute(&mut *connection).await?;
        }
        if files.is_empty() {
            return Ok(());
        }
    }
}

/// Puts a category at a place of the shop's order, from 0; the others follow.
pub async fn place(store: &Store, staff: &Staff, id: CategoryId, position: i64, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::ManageFiles, "category.place", named(id), origin).await?;
    let for_update = store.0.db.dialect().for_update();
    transaction!(store, deed, |connection| {
        // All of them are held in one order, so that two moves at once come one after the other.
        sqlx::query(sqlx::AssertSqlSafe(format!("SELECT id FROM categories ORDER BY id{for_update}"))).fetch_all(&mut *connection).await?;
        let mut order: Vec<i64> = sqlx::query_scalar("SELECT id FROM categories ORDER BY position, id").fetch_all(&mut *connection).await?;
        let before = order.iter().position(|other| *other == id.0).ok_or(Code::NotFound)?;
        order.remove(before);
        let place = usize::try_from(position.max(0)).unwrap_or(usize::MAX).min(order.len());
        order.insert(place, id.0);
        for (position, category) in (0_i64..).zip(order) {
            sqlx::query("UPDATE categories SET position = $2 WHERE id = $1 AND position <> $2")
                .bind(category)
                .bind(position)
                .execute(&mut *connection)
                .await?;
        }
        deed.done(store, &mut *connection, "ok").await
    })
}

/// Deletes a category that no file, no package and no subscription refers to.
pub async fn delete(store: &Store, staff: &Staff, id: CategoryId, origin: &Origin) -> Result<()> {
    let deed = staff.must(store, Permission::ManageFiles, "category.delete", named(id), origin).await?;
    transaction!(store, deed, |connection| {
        // What refers to it is the database's to know, also of what is added at this moment.
        let deleted = sqlx::query("DELETE FROM categories WHERE id = $1").bind(id.0).execute(&mut *connection).await;
        let deleted = deleted.map_err(|error| match &error {
            sqlx::Error::Database(broken) if broken.is_foreign_key_violation() => Error::from(Code::CategoryInUse),
            _ => error.into(),
        })?;
        if deleted.rows_affected() == 0 {
            return Err(Code::NotFound.into());
        }
        deed.done(store, &mut *connection, "ok").await
    })
}
