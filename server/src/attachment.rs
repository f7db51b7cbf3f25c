//! Answers that browsers save as a file.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::header;

/// A file of this media type and name. No cache keeps it: what the staff takes out of the shop is nobody else's.
pub fn attachment(kind: &'static str, name: &str, content: impl Into<Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, content.into()).into_response()
}
