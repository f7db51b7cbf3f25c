//! `shared::Problem` as the error of server functions.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};
use shared::{Code, Problem};

/// What a server function failed with: the problem of the store, or of the way to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure(pub Problem);

impl Failure {
    /// The failure's text in the page's language.
    pub fn text(&self) -> String {
        crate::texts::problem(crate::locale::current_locale(), &self.0)
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self(code.into())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.code.as_str())
    }
}

impl std::error::Error for Failure {}

impl FromServerFnError for Failure {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // On the server it is what somebody sent.
            ServerFnErrorErr::Deserialization(_) if cfg!(feature = "ssr") => Code::BadRequest,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::UnsupportedRequestMethod(_) => Code::BadRequest,
            // The line is down, or an answer came that is not ours: both pass.
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Deserialization(_) | ServerFnErrorErr::Response(_) => Code::Unavailable,
            _ => Code::Internal,
        }
        .into()
    }
}

#[cfg(feature = "ssr")]
impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        if error.is_fault() {
            leptos::logging::error!("server function failed: {error}");
        }
        Self(error.problem())
    }
}
