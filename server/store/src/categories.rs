//! The shop's categories in the staff's hands.

use shared::{
    CategoryId, Code, FieldCode,
    api::admin::{CategoryRequest, Permission, Shelf},
};
use sqlx::Row;

use crate::{
    Error, Origin, Result, Staff, Store,
    audit::Deed,
    db::{Connection, transaction},
    error::field,
    files::folded,
    text::line,
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
    line(name, 1, 100)
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

/// Makes a category, the last one. Names are taken once.
pub async fn create(store: &Store, staff: &Staff, request: &CategoryRequest, origin: &Origin) -> Result<CategoryId> {
    let deed = staff.must(store, Permission::ManageFiles, "category.create", "", origin).await?;
    let name = name(request)?;
    transaction!(store, deed, |connection| {
        let made = make(store, &mut *connection, &deed, &name).await?;
        made.ok_or_else(|| field("name", FieldCode::Taken))
    })
}

/// The category of this name, made by the operator if there is none.
pub async fn ensure(store: &Store, name: &str) -> Result<CategoryId> {
    let deed = Deed::operator("category.create", "");
    let name = name.trim();
    check_name(name).map_err(|code| field("category", code))?;
    transaction!(store, deed, |connection| { ensure_in(store, &mut *connection, &deed, name).await })
}

/// The same in the transaction of what it is for. [`check_name`] has passed the name.
pub(crate) async fn ensure_in(store: &Store, connection: &mut Connection, deed: &Deed<'_>, name: &str) -> Result<CategoryId> {
    if let Some(made) = make(store, &mut *connection, deed, name).await? {
        return Ok(made);
    }
    let id: i64 = sqlx::query_scalar("SELECT id FROM categories WHERE name = $1").bind(name.to_owned()).fetch_one(connection).await?;
    Ok(CategoryId(id))
}

/// Makes a category, the last one; `None` when its name is taken.
async fn make(store: &Store, connection: &mut Connection, deed: &Deed<'_>, name: &str) -> Result<Option<CategoryId>> {
    let made: Option<i64> = sqlx::query_scalar(
        "INSERT INTO categories (name, position) VALUES ($1, (SELECT COALESCE(MAX(position), -1) + 1 FROM categories))
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(name.to_owned())
    .fetch_optional(&mut *connection)
    .await?;
    let made = made.map(CategoryId);
    if let Some(id) = made {
        deed.did(store, connection, "category.create", &named(id), "ok").await?;
    }
    Ok(made)
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
