//! The pages, one file each, and the routes that lead to them.

mod activate;
mod catalog;
mod file;
mod home;
mod not_found;
mod notifications;
mod packages;
mod profile;
mod purchases;
mod recover;
mod sign_in;
mod start;
mod ticket;
mod wallet;

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Redirect, Route, Router, Routes},
    hooks::use_location,
    path,
};

use crate::{
    components::Layout,
    flash,
    format::escape,
    visit::{Visit, visit},
};

/// The app. Pages are rendered whole before they are sent, so that nothing of them needs JavaScript to appear.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    flash::provide();
    // Asked now: the title is put together when the page is done and its state may be gone.
    let brand = Visit::provide().shop_name();
    let title = move |text: String| {
        if text.contains(&brand) { text } else { format!("{text} · {brand}") }
    };
    let whole = SsrMode::Async;
    view! {
        <Title formatter=title text="" />
        <Router>
            <Layout>
                <Routes fallback=not_found::NotFound>
                    <Route path=path!("/") view=home::Home ssr=whole.clone() />
                    <Route path=path!("/catalog") view=catalog::Catalog ssr=whole.clone() />
                    <Route path=path!("/files/:id") view=file::FilePage ssr=whole.clone() />
                    <Route path=path!("/start") view=start::Start ssr=whole.clone() />
                    <Route path=path!("/activate") view=activate::Activate ssr=whole.clone() />
                    <Route path=path!("/sign-in") view=sign_in::SignIn ssr=whole.clone() />
                    <Route path=path!("/recover") view=recover::Recover ssr=whole.clone() />
                    <Route path=path!("/wallet") view=wallet::Wallet ssr=whole.clone() />
                    <Route path=path!("/purchases") view=purchases::Purchases ssr=whole.clone() />
                    <Route path=path!("/notifications") view=notifications::Notifications ssr=whole.clone() />
                    <Route path=path!("/packages") view=packages::Packages ssr=whole.clone() />
                    <Route path=path!("/profile") view=profile::Profile ssr=whole />
                </Routes>
            </Layout>
        </Router>
    }
}

/// A page for account holders: anybody else is led to sign in, and back afterwards.
fn private(page: impl FnOnce() -> AnyView) -> AnyView {
    if visit().viewer.with_untracked(Option::is_some) {
        return page();
    }
    let location = use_location();
    let query = location.search.get_untracked();
    let mut here = location.pathname.get_untracked();
    if !query.is_empty() {
        here = format!("{here}?{query}");
    }
    view! { <Redirect path=format!("/sign-in?next={}", escape(&here)) /> }.into_any()
}
