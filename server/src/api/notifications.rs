//! Notifications: a list, and a stream of new ones.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use axum::{
    Json as Answer,
    extract::State,
    response::{Response, sse::Event},
};
use futures::{Stream, StreamExt, stream::BoxStream};
use http::HeaderMap;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::{
    FieldCode, Fields, Instant, Locale, NotificationId,
    api::{MarkReadRequest, Notification},
};
use store::{Customer, Store, notifications, sessions};
use utoipa::ToSchema;

use super::{
    account::Done,
    extract::{Json, Language, Query, SignedIn},
    wallet::fields_hold,
};
use crate::{
    problem::{Failure, Problems, invalid},
    state::AppState,
    web::live,
};

/// How many notifications the list holds.
const LISTED: i64 = 100;
/// How long the stream waits after the database has failed it.
const REST: Duration = Duration::from_secs(1);

/// A notification in the caller's language.
#[derive(Debug, Serialize, ToSchema)]
pub struct WordedNotification {
    /// Its id.
    id: NotificationId,
    /// What happened, for programs.
    kind: String,
    /// What happened, in a line.
    title: String,
    /// More of it.
    body: String,
    /// True once read.
    is_read: bool,
    /// When.
    created_at: Instant,
    /// The event's own fields: `purchase_id`, `file_title`, `amount` and the like.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    details: Map<String, Value>,
}

impl WordedNotification {
    fn new(notification: &Notification, locale: Locale) -> Self {
        let (title, body) = app::texts::notice(locale, &notification.notice);
        let mut details = match serde_json::to_value(&notification.notice) {
            Ok(Value::Object(details)) => details,
            _ => Map::new(),
        };
        let kind = details.remove("kind").and_then(|kind| Some(kind.as_str()?.to_owned())).unwrap_or_default();
        // `title` here is the notification's own.
        if let Some(file_title) = details.remove("title") {
            details.insert("file_title".to_owned(), file_title);
        }
        Self { id: notification.id, kind, title, body, is_read: notification.is_read, created_at: notification.created_at, details }
    }
}

/// The newest notifications, newest first, 100 at a time.
#[utoipa::path(get, path = "/api/v1/notifications/", tag = "notifications", security(("bearer" = [])),
    params(("cursor" = Option<i64>, Query, description = "The last notification's id: those before it follow.")),
    responses((status = 200, description = "The notifications.", body = Vec<WordedNotification>), Problems),
)]
pub async fn list(
    State(store): State<Store>,
    SignedIn(customer): SignedIn,
    Language(locale): Language,
    query: Query,
) -> Result<Answer<Vec<WordedNotification>>, Failure> {
    let mut fields = Fields::default();
    let before = query.number(&mut fields, "cursor", 1..=i64::MAX).map(NotificationId);
    fields_hold(fields)?;
    let notifications = notifications::older(&store, &customer, before, LISTED).await?;
    Ok(Answer(notifications.iter().map(|notification| WordedNotification::new(notification, locale)).collect()))
}

/// Marks one notification, or all, as read.
#[utoipa::path(post, path = "/api/v1/notifications/mark-read/", tag = "notifications", security(("bearer" = [])), request_body = MarkReadRequest,
    responses((status = 200, description = "Marked.", body = Done), Problems),
)]
pub async fn mark_read(
    State(store): State<Store>,
    SignedIn(customer): SignedIn,
    Json(body): Json<MarkReadRequest>,
) -> Result<Answer<Done>, Failure> {
    let which = match (body.all, body.notification_id) {
        (true, None) => None,
        (false, Some(id)) => Some(NotificationId(id)),
        (true, Some(_)) => return Err(invalid("notification_id", FieldCode::Unknown)),
        (false, None) => return Err(invalid("notification_id", FieldCode::Required)),
    };
    notifications::mark_read(&store, &customer, which).await?;
    Ok(Done::answer())
}

/// New notifications as they come.
///
/// Server-sent events named `notification`, whose data is a notification as in the list and whose id continues the stream
/// after a break (`Last-Event-ID`). The stream ends after some minutes, and nothing is told once the session has ended: connect again, with
/// a fresh token where needed.
#[utoipa::path(get, path = "/api/v1/notifications/stream/", tag = "notifications", security(("bearer" = [])), responses(
    (status = 200, description = "The events.", content_type = "text/event-stream", body = String),
    Problems,
))]
pub async fn stream(
    State(state): State<AppState>,
    SignedIn(customer): SignedIn,
    Language(locale): Language,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    // Listening begins before the list is read, so that nothing falls between them.
    let hints = live::hints(&state, customer.id);
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let seen = match seen {
        Some(seen) => NotificationId(seen),
        None => notifications::list(&state.store, &customer, 1).await?.first().map_or(NotificationId(0), |newest| newest.id),
    };
    let (hints, waiting) = (hints.boxed(), VecDeque::new());
    let news = News { store: state.store.clone(), customer, hints, since: seen, told: HashSet::new(), waiting, looked: false };
    Ok(live::answer(&state, news.events(locale)))
}

/// The notifications after `since`, oldest first: those there are, and after each hint those that came.
struct News {
    store: Store,
    customer: Customer,
    hints: BoxStream<'static, ()>,
    since: NotificationId,
    /// Which were told. Not the last one alone: a new version's many notifications may be committed after later ones.
    told: HashSet<NotificationId>,
    waiting: VecDeque<Notification>,
    looked: bool,
}

impl News {
    fn events(self, locale: Locale) -> impl Stream<Item = Event> + Send + 'static {
        futures::stream::unfold(self, async |mut news| {
            let next = news.next().await?;
            Some((next, news))
        })
        .map(move |notification| {
            let event = Event::default().event("notification").id(notification.id.to_string());
            event.json_data(WordedNotification::new(&notification, locale)).unwrap_or_default()
        })
    }

    async fn next(&mut self) -> Option<Notification> {
        loop {
            if let Some(next) = self.waiting.pop_front() {
                self.told.insert(next.id);
                return Some(next);
            }
            if self.looked {
                self.hints.next().await?;
            }
            match self.untold().await {
                Ok(untold) => {
                    self.looked = true;
                    self.waiting = untold?;
                }
                Err(error) => {
                    tracing::error!(%error, "notifications could not be listed");
                    self.looked = false;
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Those that wait to be told, page by page from the newest; `None` once the session has ended. (`&mut`, because a stream of hints is not
    /// to be shared between threads, and this may be continued on another one.)
    async fn untold(&mut self) -> store::Result<Option<VecDeque<Notification>>> {
        if !sessions::lives(&self.store, self.customer.session).await? {
            return Ok(None);
        }
        let (mut untold, mut before) = (VecDeque::new(), None);
        loop {
            let page = notifications::older(&self.store, &self.customer, before, LISTED).await?;
            before = page.last().map(|oldest| oldest.id);
            let known = untold.len();
            let new = page.into_iter().filter(|notification| notification.id > self.since && !self.told.contains(&notification.id));
            new.for_each(|notification| untold.push_front(notification));
            if untold.len() == known {
                return Ok(Some(untold));
            }
        }
    }
}
