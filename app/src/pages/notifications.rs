//! Notifications.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::{Notice, api::Notification};

use super::private;
use crate::{
    api::notifications::{MarkRead, Told, get_notifications},
    components::{Ago, Empty, Failed, Heading, Icon, Pager, PostForm, Skeleton},
    locale::{current_locale, tr},
    texts,
    visit::visit,
};

/// The notifications' page.
#[component]
pub fn Notifications() -> impl IntoView {
    private(|| view! { <NotificationsOf /> }.into_any())
}

#[component]
fn NotificationsOf() -> impl IntoView {
    let visit = visit();
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.with(|query| query.get("cursor").and_then(|cursor| cursor.parse::<i64>().ok())));
    let told = Resource::new_blocking(move || (cursor.get(), visit.changes.get()), |(cursor, _)| get_notifications(cursor));
    let mark = ServerAction::<MarkRead>::new();
    let version = mark.version();
    Effect::new(move |before: Option<usize>| {
        let version = version.get();
        if before.is_some_and(|before| before != version) {
            visit.refresh();
        }
        version
    });
    view! {
        <div class="narrow section">
            <Heading text=tr!(notifications.title) />
            <Transition fallback=|| view! { <Skeleton lines=5 /> }>
                {move || Suspend::new(async move {
                    let first = cursor.get_untracked().is_none();
                    match told.await {
                        Ok(told) if told.notifications.is_empty() => {
                            view! { <Empty title=tr!(notifications.empty_title) text=tr!(notifications.empty_text) /> }.into_any()
                        }
                        Ok(Told { notifications, next }) => {
                            let unread = notifications.iter().any(|notification| !notification.is_read);
                            let items = notifications.into_iter().map(|notification| view! { <Item notification mark /> }).collect_view();
                            let all = unread
                                .then(|| {
                                    view! {
                                        <PostForm action=mark>
                                            <button type="submit" class="button quiet">
                                                <Icon name="check" />
                                                {tr!(notifications.mark_all)}
                                            </button>
                                        </PostForm>
                                    }
                                });
                            view! {
                                {all}
                                <div class="notices">{items}</div>
                                <Pager path="/notifications" first next />
                            }
                                .into_any()
                        }
                        Err(failure) => view! { <Failed failure /> }.into_any(),
                    }
                })}
            </Transition>
        </div>
    }
}

#[component]
fn Item(notification: Notification, mark: ServerAction<MarkRead>) -> impl IntoView {
    let Notification { id, notice, is_read, created_at } = notification;
    let (title, body) = texts::notice(current_locale(), &notice);
    let (icon, link) = leads_to(&notice);
    let unread = (!is_read).then(|| {
        view! {
            <PostForm action=mark class="notice-mark">
                <input type="hidden" name="notification" value=id.to_string() />
                <button type="submit" class="button quiet small">
                    <Icon name="check" />
                    <span class="visually-hidden">{tr!(notifications.mark_one)}</span>
                </button>
            </PostForm>
        }
    });
    view! {
        <article class="notice" class:unread=!is_read>
            <Icon name=icon />
            <div class="notice-text">
                <h2>
                    <a href=link>{title}</a>
                    {(!is_read).then(|| view! { <span class="tag">{tr!(notifications.unread)}</span> })}
                </h2>
                <p dir="auto">{body}</p>
                <p class="quiet">
                    <Ago at=created_at />
                </p>
            </div>
            {unread}
        </article>
    }
}

/// A notice's icon, and the page where one acts on it.
fn leads_to(notice: &Notice) -> (&'static str, String) {
    let purchase = |id| format!("/purchases#purchase-{id}");
    match notice {
        Notice::Activated { .. } => ("user-plus", "/catalog".to_owned()),
        Notice::Recharged { .. } => ("arrow-down-left", "/wallet".to_owned()),
        Notice::Corrected { .. } => ("arrow-up-right", "/wallet".to_owned()),
        Notice::Purchased { purchase_id, .. } => ("shopping-bag", purchase(purchase_id)),
        Notice::Downloaded { purchase_id, .. } => ("circle-check", purchase(purchase_id)),
        Notice::NewVersion { purchase_id, .. } => ("layers", purchase(purchase_id)),
        Notice::Refunded { .. } => ("receipt-text", "/wallet".to_owned()),
        Notice::AttemptGranted { purchase_id, .. } => ("download", purchase(purchase_id)),
        Notice::SignInLocked { .. } | Notice::PinChanged => ("lock", "/profile".to_owned()),
        Notice::Subscribed { .. } | Notice::Subscription { .. } => ("package", "/packages".to_owned()),
    }
}
