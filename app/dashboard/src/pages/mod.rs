//! The dashboard's pages, one file each, and the routes that lead to them.

mod account;
mod audit;
mod categories;
mod codes;
mod customer;
mod customers;
mod downloads;
mod file;
mod files;
mod import;
mod log;
mod login;
mod packages;
mod purchase;
mod settings;
mod staff;
mod statistics;
mod today;

use app::{
    components::{Empty, Heading, status},
    flash,
    visit::Visit,
};
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    params::ParamsMap,
    path,
};
use wasm_bindgen::JsCast;

use crate::{components::Layout, desk::Desk, locale::tr};

/// The dashboard. Pages are rendered whole before they are sent, so that nothing of them needs JavaScript to appear.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    flash::provide();
    Visit::provide();
    Desk::provide();
    let brand = tr!(nav.brand);
    let title = move |text: String| format!("{text} · {brand}");
    let whole = SsrMode::Async;
    view! {
        <Title formatter=title text="" />
        <Router>
            <Layout>
                <Routes fallback=NotFound>
                    <Route path=path!("/admin") view=today::Today ssr=whole.clone() />
                    <Route path=path!("/admin/login") view=login::Login ssr=whole.clone() />
                    <Route path=path!("/admin/codes") view=codes::Codes ssr=whole.clone() />
                    <Route path=path!("/admin/codes/new") view=codes::Make ssr=whole.clone() />
                    <Route path=path!("/admin/codes/import") view=codes::Import ssr=whole.clone() />
                    <Route path=path!("/admin/codes/resellers") view=codes::Resellers ssr=whole.clone() />
                    <Route path=path!("/admin/codes/:id") view=codes::Batch ssr=whole.clone() />
                    <Route path=path!("/admin/files") view=files::Files ssr=whole.clone() />
                    <Route path=path!("/admin/files/new") view=files::NewFile ssr=whole.clone() />
                    <Route path=path!("/admin/files/import") view=import::Import ssr=whole.clone() />
                    <Route path=path!("/admin/files/:id") view=file::File ssr=whole.clone() />
                    <Route path=path!("/admin/categories") view=categories::Categories ssr=whole.clone() />
                    <Route path=path!("/admin/customers") view=customers::Customers ssr=whole.clone() />
                    <Route path=path!("/admin/customers/:serial") view=customer::Customer ssr=whole.clone() />
                    <Route path=path!("/admin/downloads") view=downloads::Downloads ssr=whole.clone() />
                    <Route path=path!("/admin/downloads/:id") view=purchase::Purchase ssr=whole.clone() />
                    <Route path=path!("/admin/audit") view=audit::Audit ssr=whole.clone() />
                    <Route path=path!("/admin/statistics") view=statistics::Statistics ssr=whole.clone() />
                    <Route path=path!("/admin/packages") view=packages::Packages ssr=whole.clone() />
                    <Route path=path!("/admin/settings") view=settings::Settings ssr=whole.clone() />
                    <Route path=path!("/admin/staff") view=staff::Staff ssr=whole.clone() />
                    <Route path=path!("/admin/account") view=account::Account ssr=whole />
                </Routes>
            </Layout>
        </Router>
    }
}

/// An address that is none.
#[component]
fn NotFound() -> impl IntoView {
    status(404);
    view! {
        <Heading text=tr!(missing.title) />
        <Empty title=tr!(missing.title) text=tr!(missing.text)>
            <a class="button" href="/admin">
                {tr!(nav.today)}
            </a>
        </Empty>
    }
}

/// Where a list's page begins, by the address.
fn cursor(query: Memo<ParamsMap>) -> Option<i64> {
    query.with(|query| query.get("cursor").and_then(|cursor| cursor.parse().ok()))
}

/// Closes what was asked once it was done: the next page is made of the same elements, in which an answered question would stand
/// open, with what was typed into it.
fn close_asked(done: Memo<usize>) {
    Effect::new(move |before: Option<usize>| {
        let done = done.get();
        if before.is_some_and(|before| before != done)
            && let Ok(asked) = document().query_selector_all("main details.ask[open]")
        {
            for asked in
                (0..asked.length()).filter_map(|index| asked.item(index)).filter_map(|node| node.dyn_into::<web_sys::Element>().ok())
            {
                _ = asked.remove_attribute("open");
                if let Ok(Some(form)) = asked.query_selector("form")
                    && let Ok(form) = form.dyn_into::<web_sys::HtmlFormElement>()
                {
                    form.reset();
                }
            }
        }
        done
    });
}
