//! What the whole page shares: who looks at it, the clock, and a signal that something changed.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::Instant;

use crate::{
    api::{Shop, Viewer, account::get_viewer, preferences::Theme},
    locale::tr,
};

/// What the server knew when it wrote the page.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Beginning {
    viewer: Option<Viewer>,
    now: Instant,
    theme: Theme,
    shop: Shop,
}

/// The page's shared state, in the context of every component.
#[derive(Clone, Copy)]
pub struct Visit {
    /// The signed-in customer.
    pub viewer: RwSignal<Option<Viewer>>,
    /// The server's clock: as it was when the page was written, then kept going in the browser.
    pub now: RwSignal<Instant>,
    /// Milliseconds by which the reader's clock is ahead of UTC: 0 until the browser says so.
    pub offset: RwSignal<i64>,
    /// Goes up when something of the customer's changed: resources that show it depend on it.
    pub changes: RwSignal<u32>,
    /// The appearance that was chosen.
    pub theme: RwSignal<Theme>,
    /// What the shop says of itself.
    pub shop: StoredValue<Shop>,
}

impl Visit {
    /// Makes the state and puts it into the context.
    pub fn provide() -> Self {
        let beginning = SharedValue::new(beginning).into_inner();
        let visit = Self {
            viewer: RwSignal::new(beginning.viewer),
            now: RwSignal::new(beginning.now),
            offset: RwSignal::new(0),
            changes: RwSignal::new(0),
            theme: RwSignal::new(beginning.theme),
            shop: StoredValue::new(beginning.shop),
        };
        provide_context(visit);
        #[cfg(feature = "hydrate")]
        crate::browser::keep_alive(visit);
        visit
    }

    /// Fetches who is signed in anew, and has what depends on it follow.
    pub fn refresh(self) {
        leptos::task::spawn_local(async move {
            if let Ok(viewer) = get_viewer().await {
                self.viewer.set(viewer);
            }
            self.changes.update(|changes| *changes += 1);
        });
    }

    /// The shop's name.
    pub fn shop_name(self) -> String {
        self.shop.with_value(|shop| if shop.name.is_empty() { tr!(brand.name).to_owned() } else { shop.name.clone() })
    }

    /// True when somebody is signed in.
    pub fn signed_in(self) -> bool {
        self.viewer.with(Option::is_some)
    }
}

/// The page's shared state.
pub fn visit() -> Visit {
    expect_context()
}

#[cfg(feature = "ssr")]
fn beginning() -> Beginning {
    use crate::{api, session};
    let cookie = use_context::<axum::http::request::Parts>().and_then(|parts| session::cookie(&parts.headers, session::THEME_COOKIE));
    Beginning {
        viewer: api::visitor().map(Viewer::from),
        // Without a store the routes are listed, not a page rendered.
        now: api::store().map(|store| store.now()).unwrap_or_default(),
        theme: cookie.map_or(Theme::Auto, |text| Theme::from_cookie(&text)),
        shop: api::store().map(|store| Shop::from(&store)).unwrap_or_default(),
    }
}

#[cfg(not(feature = "ssr"))]
fn beginning() -> Beginning {
    Beginning::default()
}
