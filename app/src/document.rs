//! The HTML document around the app, on the server.

use axum::http::request::Parts;
use leptos::{config::LeptosOptions, prelude::*};
use leptos_axum::{AxumRouteListing, generate_route_list};
use leptos_meta::{HashedStylesheet, MetaTags};

use crate::{
    App,
    api::preferences::Theme,
    components::SPRITE,
    locale::{current_locale, tr},
    session,
};

const FONTS: [&str; 2] = ["/fonts/readex-pro-arabic-wght-normal.woff2", "/fonts/readex-pro-latin-wght-normal.woff2"];

/// The shop's document.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let styles = view! { <HashedStylesheet id="styles" options=options.clone() /> };
    document(options, styles.into_any(), view! { <App /> }.into_any())
}

/// A document: language and direction, appearance, font, styles, the program's scripts with their nonce, the program itself.
pub fn document(options: LeptosOptions, styles: AnyView, program: AnyView) -> impl IntoView {
    let locale = current_locale();
    let cookie = use_context::<Parts>().and_then(|parts| session::cookie(&parts.headers, session::THEME_COOKIE));
    let theme = cookie.map_or(Theme::Auto, |text| Theme::from_cookie(&text));
    view! {
        <!DOCTYPE html>
        <html lang=locale.tag() dir=locale.direction() data-theme=theme.as_str()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content=tr!(brand.description) />
                <meta name="format-detection" content="telephone=no" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="manifest" href="/site.webmanifest" />
                {FONTS.map(|font| view! { <link rel="preload" href=font r#as="font" r#type="font/woff2" crossorigin="anonymous" /> })}
                {styles}
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                {program}
                <div hidden inner_html=SPRITE></div>
            </body>
        </html>
    }
}

/// The app's routes, for `leptos_axum::LeptosRoutes`.
pub fn routes() -> Vec<AxumRouteListing> {
    generate_route_list(App)
}
