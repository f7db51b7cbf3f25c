//! Who works at the desk, and what they may see.

use app::{components::status, format::escape, locale::current_locale};
use leptos::prelude::*;
use leptos_router::{components::Redirect, hooks::use_location};
use serde::{Deserialize, Serialize};
use shared::api::{Role, admin::Permission};

use crate::{components::Refused, words};

/// What every page knows of the member who looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colleague {
    /// User name.
    pub username: String,
    /// What they are.
    pub role: Role,
}

/// The page's shared state, in the context of every component.
#[derive(Clone, Copy)]
pub struct Desk {
    /// The signed-in member.
    pub colleague: RwSignal<Option<Colleague>>,
}

impl Desk {
    /// Makes the state and puts it into the context.
    pub fn provide() {
        let colleague = SharedValue::new(|| {
            #[cfg(feature = "ssr")]
            return crate::calls::colleague();
            #[cfg(not(feature = "ssr"))]
            return None;
        });
        provide_context(Self { colleague: RwSignal::new(colleague.into_inner()) });
    }

    /// Whether the signed-in member has a permission.
    pub fn may(self, permission: Permission) -> bool {
        self.colleague.with(|colleague| colleague.as_ref().is_some_and(|colleague| colleague.role.may(permission)))
    }
}

/// The page's shared state.
pub fn desk() -> Desk {
    expect_context()
}

/// A page for those who have a permission: nobody is led to sign in, and back afterwards; others are told.
pub fn guarded(permission: Permission, page: impl FnOnce() -> AnyView) -> AnyView {
    let desk = desk();
    if desk.colleague.with_untracked(Option::is_none) {
        let location = use_location();
        let query = location.search.get_untracked();
        let mut here = location.pathname.get_untracked();
        if !query.is_empty() {
            here = format!("{here}?{query}");
        }
        return view! { <Redirect path=format!("/admin/login?next={}", escape(&here)) /> }.into_any();
    }
    if untrack(|| desk.may(permission)) {
        return page();
    }
    status(403);
    view! { <Refused /> }.into_any()
}

/// The name of a role.
pub fn role_name(role: Role) -> &'static str {
    words::role(current_locale(), role)
}
