//! What surrounds every page: header, navigation, footer.

use leptos::{html, prelude::*};
use leptos_router::{components::A, hooks::use_location};
use shared::Locale;

use super::{Coins, Icon, PostForm, Star, lines};
use crate::{
    api::preferences::{SetTheme, Theme},
    flash,
    format::Count,
    locale::{current_locale, tr},
    visit::visit,
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
    let logo = match visit().shop.with_value(|shop| shop.logo.clone()) {
        Some(url) => view! { <img src=url alt="" class="logo" /> }.into_any(),
        None => view! { <Star /> }.into_any(),
    };
    view! {
        <a class="skip" href="#main" rel="external">
            {tr!(nav.skip)}
        </a>
        <header class="top">
            <div class="wide">
                <a class="brand" href="/">
                    {logo}
                    <bdi>{visit().shop_name()}</bdi>
                </a>
                <Navigation />
                <Tools />
            </div>
        </header>
        <main id="main" tabindex="-1" node_ref=main>
            {children()}
        </main>
        <Footer />
    }
}

/// The main navigation: in the header, on phones at the lower edge.
#[component]
fn Navigation() -> impl IntoView {
    let visit = visit();
    let item = |href: &'static str, icon: &'static str, text: &'static str, exact: bool| {
        view! {
            <li>
                <A href=href exact=exact>
                    <Icon name=icon />
                    <span>{text}</span>
                </A>
            </li>
        }
    };
    view! {
        <nav class="main-nav" aria-label=tr!(nav.main)>
            <ul>
                {item("/", "house", tr!(nav.home), true)} {item("/catalog", "library", tr!(nav.catalog), false)}
                {move || {
                    visit
                        .signed_in()
                        .then(|| {
                            (
                                item("/purchases", "shopping-bag", tr!(nav.purchases), false),
                                item("/wallet", "wallet", tr!(nav.wallet), false),
                            )
                        })
                }} {item("/packages", "package", tr!(nav.packages), false)}
            </ul>
        </nav>
    }
}

/// Balance, notifications and account; or the ways in.
#[component]
fn Tools() -> impl IntoView {
    let visit = visit();
    let balance = Signal::derive(move || visit.viewer.with(|viewer| viewer.as_ref().map_or(0, |viewer| viewer.balance)));
    let unread = Memo::new(move |_| visit.viewer.with(|viewer| viewer.as_ref().map_or(0, |viewer| viewer.unread)));
    let signed_in = Memo::new(move |_| visit.signed_in());
    let news = move || {
        let unread = unread.get();
        (unread > 0).then(|| {
            view! {
                <span class="badge" aria-hidden="true">
                    {if unread > 99 { "99+".to_owned() } else { unread.to_string() }}
                </span>
                <span class="visually-hidden">{format!(" {}", tr!(nav.unread, count = Count(unread)))}</span>
            }
        })
    };
    // Coins that come or go are seen where the balance stands.
    let moved = RwSignal::new(false);
    Effect::new(move |before: Option<i64>| {
        let now = balance.get();
        if before.is_some_and(|before| before != now) {
            moved.set(true);
            set_timeout(move || moved.set(false), std::time::Duration::from_millis(900));
        }
        now
    });
    let inside = move || {
        if signed_in.get() {
            view! {
                <A href="/wallet" attr:class=move || if moved.get() { "tool balance moved" } else { "tool balance" }>
                    <span class="visually-hidden">{tr!(nav.balance)} " "</span>
                    {move || view! { <Coins amount=balance.get() /> }}
                </A>
                <A href="/notifications" attr:class="tool">
                    <Icon name="bell" />
                    <span class="visually-hidden">{tr!(nav.notifications)}</span>
                    {news}
                </A>
                <A href="/profile" attr:class="tool">
                    <Icon name="circle-user-round" />
                    <span class="visually-hidden">{tr!(nav.profile)}</span>
                </A>
            }
            .into_any()
        } else {
            view! {
                <A href="/sign-in" attr:class="button quiet">
                    {tr!(nav.sign_in)}
                </A>
                <A href="/start" attr:class="button primary">
                    {tr!(nav.start)}
                </A>
            }
            .into_any()
        }
    };
    view! { <div class="tools">{inside}</div> }
}

/// The store's name, languages and appearance.
#[component]
fn Footer() -> impl IntoView {
    let contact = visit().shop.with_value(|shop| shop.contact.clone());
    view! {
        <footer>
            <div class="wide">
                <p class="motto">
                    <Star />
                    <span>{tr!(brand.tagline)}</span>
                </p>
                {lines(contact)}
                <Preferences />
            </div>
        </footer>
    }
}

/// Languages and appearance.
#[component]
pub fn Preferences() -> impl IntoView {
    let languages = [(Locale::Ar, "العربية"), (Locale::En, "English"), (Locale::Fr, "Français")].map(|(locale, name)| {
        let current = (locale == current_locale()).then_some("true");
        view! {
            <button name="locale" value=locale.tag() lang=locale.tag() aria-current=current>
                {name}
            </button>
        }
    });
    view! {
        <div class="preferences">
            <form method="post" action="/language">
                <div class="choices" role="group" aria-label=tr!(nav.language)>
                    <Icon name="languages" />
                    {languages}
                </div>
            </form>
            <ThemeSwitch />
        </div>
    }
}

/// Light, dark, or as the device has it.
#[component]
fn ThemeSwitch() -> impl IntoView {
    let visit = visit();
    let action = ServerAction::<SetTheme>::new();
    let choose = move |theme: Theme| {
        visit.theme.set(theme);
        if let Some(html) = document().document_element() {
            _ = html.set_attribute("data-theme", theme.as_str());
        }
    };
    let choice = move |theme: Theme, name: &'static str| {
        view! {
            <button
                name="theme"
                value=theme.as_str()
                aria-pressed=move || (visit.theme.get() == theme).to_string()
                on:click=move |_| choose(theme)
            >
                {name}
            </button>
        }
    };
    view! {
        <PostForm action>
            <div class="choices" role="group" aria-label=tr!(nav.theme)>
                <Icon name="sun-moon" />
                {choice(Theme::Auto, tr!(nav.theme_auto))}
                {choice(Theme::Light, tr!(nav.theme_light))}
                {choice(Theme::Dark, tr!(nav.theme_dark))}
            </div>
        </PostForm>
    }
}
