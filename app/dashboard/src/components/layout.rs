//! What surrounds every page of the dashboard: who works here, and the way to everything that they may do.

use app::{
    components::{Empty, Heading, Icon, Preferences, Star},
    flash,
};
use leptos::{html, prelude::*};
use leptos_router::{components::A, hooks::use_location};
use shared::api::admin::Permission;

use crate::{
    desk::{desk, role_name},
    locale::tr,
};

/// The page around its content.
#[component]
pub fn Layout(
    /// The routes.
    children: Children,
) -> impl IntoView {
    let main = NodeRef::<html::Main>::new();
    let path = use_location().pathname;
    // A new page without a new document: screen readers and the tab key begin at its content.
    Effect::new(move |before: Option<String>| {
        let path = path.get();
        if before.is_some_and(|before| before != path) {
            flash::forget();
            if let Some(main) = main.get_untracked() {
                _ = main.focus();
            }
        }
        path
    });
    view! {
        <a class="skip" href="#main" rel="external">
            {tr!(nav.skip)}
        </a>
        <header class="desk-top">
            <a class="brand" href="/admin">
                <Star />
                <span>{tr!(nav.brand)}</span>
            </a>
            <Person />
        </header>
        <div class="desk">
            <Navigation />
            <main id="main" class="desk-main" tabindex="-1" node_ref=main>
                {children()}
            </main>
        </div>
        <footer class="desk-foot">
            <a href="/" rel="external">
                {tr!(nav.shop)}
            </a>
            <Preferences />
        </footer>
    }
}

/// Every part of the dashboard: path, icon, name, and who may see it.
pub fn parts() -> Vec<(&'static str, &'static str, &'static str, Permission)> {
    vec![
        ("/admin", "sun", tr!(nav.today), Permission::Work),
        ("/admin/customers", "user-round-search", tr!(nav.customers), Permission::SeeCustomers),
        ("/admin/codes", "ticket", tr!(codes.title), Permission::FindCode),
        ("/admin/files", "folder-open", tr!(files.title), Permission::ManageFiles),
        ("/admin/categories", "tags", tr!(files.categories), Permission::ManageFiles),
        ("/admin/packages", "layers", tr!(nav.packages), Permission::ManagePackages),
        ("/admin/downloads", "download", tr!(nav.downloads), Permission::SeeDownloads),
        ("/admin/statistics", "chart-no-axes-column", tr!(nav.statistics), Permission::SeeStatistics),
        ("/admin/audit", "scroll-text", tr!(nav.audit), Permission::SeeAudit),
        ("/admin/staff", "users-round", tr!(nav.staff), Permission::ManageStaff),
        ("/admin/settings", "settings", tr!(nav.settings), Permission::ChangeSettings),
        ("/admin/account", "circle-user-round", tr!(nav.account), Permission::Work),
    ]
}

#[component]
fn Navigation() -> impl IntoView {
    let desk = desk();
    let path = use_location().pathname;
    let items = move || {
        let mine = parts().into_iter().filter(|(_, _, _, permission)| desk.may(*permission));
        mine.map(|(href, icon, name, _)| {
            view! {
                <li>
                    // On the page itself it is the page anew: filters that were typed are empty again.
                    <A href=href exact=href == "/admin" attr:rel=move || (path.get() == href).then_some("external")>
                        <Icon name=icon />
                        <span>{name}</span>
                    </A>
                </li>
            }
        })
        .collect_view()
    };
    let here = move || desk.colleague.with(Option::is_some);
    view! {
        <Show when=here>
            <nav class="desk-nav" aria-label=tr!(nav.main)>
                <ul>{items}</ul>
            </nav>
        </Show>
    }
}

/// Who works here, and the way out.
#[component]
fn Person() -> impl IntoView {
    let desk = desk();
    move || {
        desk.colleague.get().map(|colleague| {
            view! {
                <div class="desk-person">
                    <p>
                        <bdi>{colleague.username}</bdi>
                        <span class="quiet">{role_name(colleague.role)}</span>
                    </p>
                    <form method="post" action="/admin/sign-out">
                        <button type="submit" class="button quiet">
                            <Icon name="log-out" mirror=true />
                            <span>{tr!(nav.sign_out)}</span>
                        </button>
                    </form>
                </div>
            }
        })
    }
}

/// What somebody may not see, and whom to ask.
#[component]
pub fn Refused() -> impl IntoView {
    view! {
        <Heading text=tr!(refused.heading) />
        <Empty title=tr!(refused.title) text=tr!(refused.text)>
            <a class="button" href="/admin">
                {tr!(nav.today)}
            </a>
        </Empty>
    }
}
