//! The dashboard's server functions: parse, call one operation of the store, map its error. One module a concern.
//!
//! All are POSTs under `/admin/do`. A form that was posted without JavaScript is answered by [`app::flash`].

#![expect(missing_docs, reason = "the macro makes a struct of each function's arguments, whose fields can't be documented")]

pub mod codes;
pub mod desk;
pub mod files;
pub mod packages;
pub mod people;
pub mod settings;
pub mod staff;
pub mod statistics;

#[cfg(feature = "ssr")]
pub use context::*;

#[cfg(feature = "ssr")]
mod context {
    use app::Failure;
    pub use app::api::{key, origin, store};
    use shared::Code;
    use store::Staff;

    use crate::desk::Colleague;

    fn member() -> Option<Staff> {
        app::api::of_request::<Option<Staff>>().flatten()
    }

    /// The signed-in member of the staff.
    pub fn staff() -> Result<Staff, Failure> {
        member().ok_or(Code::Unauthenticated.into())
    }

    /// The same, as pages know them.
    pub fn colleague() -> Option<Colleague> {
        member().map(|staff| Colleague { username: staff.username, role: staff.role })
    }
}
