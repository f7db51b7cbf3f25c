//! The HTML document around the dashboard, on the server.

use leptos::{config::LeptosOptions, prelude::*};
use leptos_axum::{AxumRouteListing, generate_route_list};
use leptos_meta::HashedStylesheet;

use crate::App;

/// Icons beside the shop's.
const SPRITE: &str = include_str!("icons.svg");

/// The document: the shop's, with the dashboard's own program and styles.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    // Its files stand beside the shop's; script/build writes their hashes into this file.
    let mut own = options.clone();
    own.output_name = "dashboard".into();
    own.hash_file = "dashboard.txt".into();
    let styles = view! {
        <HashedStylesheet id="styles" options />
        <HashedStylesheet id="dashboard-styles" options=own.clone() />
        <meta name="robots" content="noindex" />
    };
    let program = view! {
        <App />
        <div hidden inner_html=SPRITE></div>
    };
    app::document(own, styles.into_any(), program.into_any())
}

/// The dashboard's routes, for `leptos_axum::LeptosRoutes`.
pub fn routes() -> Vec<AxumRouteListing> {
    generate_route_list(App)
}
