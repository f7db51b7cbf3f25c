//! Icons from the sprite that stands at the end of every page.

use leptos::{prelude::*, tachys::html::InertElement};

/// The sprite (Lucide, and the store's own star). The server alone needs its text.
#[cfg(feature = "ssr")]
pub const SPRITE: &str = include_str!("../icons.svg");

/// An icon as markup.
pub(super) fn icon(name: &str, mirror: bool) -> String {
    let mirror = if mirror { " mirror" } else { "" };
    format!("<svg class='icon{mirror}' aria-hidden='true' focusable='false'><use href='#i-{name}'></use></svg>")
}

/// An icon beside a text that says the same: hidden from screen readers. `mirror` turns those that point somewhere.
#[component]
pub fn Icon(
    /// The symbol's name.
    #[prop(into)]
    name: String,
    /// Mirrored where the language runs from right to left.
    #[prop(optional)]
    mirror: bool,
) -> impl IntoView {
    InertElement::new(icon(&name, mirror))
}

/// The khatam: the store's mark. Turning, it says that something is under way.
#[component]
pub fn Star(
    /// Turns (and stands still where motion is not wanted).
    #[prop(optional)]
    turning: bool,
) -> impl IntoView {
    view! {
        <svg class=if turning { "star turning" } else { "star" } aria-hidden="true" focusable="false">
            <use href="#i-khatam"></use>
        </svg>
    }
}
