//! The page for addresses that lead nowhere.

use leptos::prelude::*;

use crate::{
    components::{Heading, Star, status},
    locale::tr,
};

/// No page here, and where to go instead.
#[component]
pub fn NotFound() -> impl IntoView {
    status(404);
    view! {
        <section class="narrow empty">
            <Star />
            <Heading text=tr!(error.not_found_title) />
            <p>{tr!(error.not_found_text)}</p>
            <a class="button primary" href="/">
                {tr!(error.home)}
            </a>
        </section>
    }
}
