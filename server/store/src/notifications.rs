//! What customers are told of.

use shared::{AccountId, Code, Instant, Notice, NotificationId, api::Notification};
use sqlx::Row;

use crate::{Customer, Result, Store, db::Connection, error::damaged};

/// Adds a notification in the operation's own transaction; none to an account that was erased, whose person is gone.
pub(crate) async fn add(store: &Store, connection: &mut Connection, customer: AccountId, notice: &Notice) -> Result<()> {
    sqlx::query(
        "INSERT INTO notifications (customer_id, notice, created_at)
         SELECT id, $2, $3 FROM customers WHERE id = $1 AND closed_at IS NULL",
    )
    .bind(customer.0)
    .bind(serde_json::to_string(notice).map_err(damaged)?)
    .bind(store.now().0)
    .execute(connection)
    .await?;
    Ok(())
}

/// The customer's newest notifications, newest first, `limit` (1 to 200) at most.
pub async fn list(store: &Store, customer: &Customer, limit: i64) -> Result<Vec<Notification>> {
    older(store, customer, None, limit).await
}

/// Those before the notification `before`, newest first, `limit` (1 to 200) at most.
pub async fn older(store: &Store, customer: &Customer, before: Option<NotificationId>, limit: i64) -> Result<Vec<Notification>> {
    read(store, customer.id, before, limit.clamp(1, 200)).await
}

/// All that a customer was told of and that is kept, newest first.
pub(crate) async fn all(store: &Store, customer: AccountId) -> Result<Vec<Notification>> {
    read(store, customer, None, i64::MAX).await
}

async fn read(store: &Store, customer: AccountId, before: Option<NotificationId>, limit: i64) -> Result<Vec<Notification>> {
    let sql = "SELECT id, notice, created_at, read_at FROM notifications WHERE customer_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(customer.0)
        .bind(before.map_or(i64::MAX, |before| before.0))
        .bind(limit)
        .fetch_all(store.0.db.reader())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Notification {
                id: NotificationId(row.try_get("id")?),
                notice: serde_json::from_str(&row.try_get::<String, _>("notice")?).map_err(damaged)?,
                is_read: row.try_get::<Option<i64>, _>("read_at")?.is_some(),
                created_at: Instant(row.try_get("created_at")?),
            })
        })
        .collect()
}

/// Marks one notification as read, or all; [`Code::NotFound`] when it is not the customer's.
pub async fn mark_read(store: &Store, customer: &Customer, notification: Option<NotificationId>) -> Result<()> {
    let now = store.now().0;
    let writer = store.0.db.writer();
    match notification {
        None => {
            sqlx::query("UPDATE notifications SET read_at = $2 WHERE customer_id = $1 AND read_at IS NULL")
                .bind(customer.id.0)
                .bind(now)
                .execute(writer)
                .await?;
        }
        Some(id) => {
            let marked = sqlx::query("UPDATE notifications SET read_at = COALESCE(read_at, $3) WHERE customer_id = $1 AND id = $2")
                .bind(customer.id.0)
                .bind(id.0)
                .bind(now)
                .execute(writer)
                .await?;
            if marked.rows_affected() == 0 {
                return Err(Code::NotFound.into());
            }
        }
    }
    store.live().changed(customer.id);
    Ok(())
}
