//! A page's heading and its end, and what stands where there is nothing, not yet, or not at all.

use leptos::prelude::*;
use leptos_meta::Title;
use shared::Code;

use super::{Icon, Star};
use crate::{locale::tr, problem::Failure};

/// A page's one `h1`, which is its title too.
#[component]
pub fn Heading(
    /// The words.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! {
        <Title text=text.clone() />
        <h1>{text}</h1>
    }
}

/// Nothing here yet: what it is and what to do next.
#[component]
pub fn Empty(
    /// What there is not.
    title: &'static str,
    /// What would bring it.
    text: &'static str,
    /// A link to it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Star />
            <h2>{title}</h2>
            <p>{text}</p>
            {children.map(|children| children())}
        </div>
    }
}

/// The way to the newest and to older lines of a list.
#[component]
pub fn Pager(
    /// The list's path.
    #[prop(into)]
    path: String,
    /// What else its address says, without a leading `&`.
    #[prop(optional, into)]
    query: String,
    /// True on the first page.
    first: bool,
    /// Where the next page begins, if there is one.
    next: Option<i64>,
) -> impl IntoView {
    let link = |text: &'static str, cursor: String| {
        let query = if query.is_empty() || cursor.is_empty() { query.clone() + &cursor } else { format!("{query}&{cursor}") };
        let address = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
        view! {
            <a class="button" href=address>
                {text}
            </a>
        }
    };
    let newest = (!first).then(|| link(tr!(common.newest), String::new()));
    let older = next.map(|cursor| link(tr!(common.older), format!("cursor={cursor}")));
    view! { <p class="pages">{newest} {older}</p> }
}

/// What a part of a page could not be shown for, and what to try. Sets the response's status.
#[component]
pub fn Failed(
    /// The failure.
    failure: Failure,
) -> impl IntoView {
    let code = failure.0.code;
    status(code.status());
    let path = move || leptos_router::hooks::use_location().pathname.get();
    let sign_in = move || if path().starts_with("/admin") { "/admin/login" } else { "/sign-in" };
    view! {
        <div class="empty" role="alert">
            <Icon name="circle-x" />
            <h2>{tr!(error.failed_title)}</h2>
            <p>{failure.text()}</p>
            {if code == Code::Unauthenticated {
                view! {
                    <a class="button" href=move || format!("{}?next={}", sign_in(), path())>
                        {tr!(nav.sign_in)}
                    </a>
                }
                    .into_any()
            } else {
                view! {
                    <a class="button" href=path rel="external">
                        {tr!(common.retry)}
                    </a>
                }
                    .into_any()
            }}
        </div>
    }
}

/// Lines as the shop's owner wrote them; nothing where there are none.
pub fn lines(text: String) -> Option<impl IntoView> {
    (!text.is_empty()).then(|| {
        view! {
            <p class="lines" dir="auto">
                {text}
            </p>
        }
    })
}

/// The response's status, on the server.
pub fn status(code: u16) {
    #[cfg(feature = "ssr")]
    if let (Some(response), Ok(status)) = (use_context::<leptos_axum::ResponseOptions>(), axum::http::StatusCode::from_u16(code)) {
        response.set_status(status);
    }
    _ = code;
}

/// Lines that hold the place of what is being fetched.
#[component]
pub fn Skeleton(
    /// How many.
    lines: u32,
    /// `rows` or `cards`.
    #[prop(optional, default = "rows")]
    of: &'static str,
) -> impl IntoView {
    view! {
        <div class=format!("skeleton {of}") role="status">
            <span class="visually-hidden">{tr!(common.loading)}</span>
            {(0..lines).map(|_| view! { <span class="bone" aria-hidden="true"></span> }).collect_view()}
        </div>
    }
}
