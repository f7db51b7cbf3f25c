//! What a form's answer leaves for the next page when there is no JavaScript: the problem or the result, and the values
//! that were typed (never a PIN). It travels in a cookie that lives two minutes and is shown once.

use leptos::prelude::*;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::Problem;

use crate::problem::Failure;

/// The answer to a form that was posted without JavaScript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// The form's name.
    pub form: String,
    /// What was typed, by field.
    pub values: Vec<(String, String)>,
    /// The result as JSON, or what went wrong.
    pub outcome: Result<String, Problem>,
}

/// The page's flash: the first form that asks for it by name takes it.
#[derive(Clone, Copy)]
pub struct Pending(StoredValue<Option<Flash>>);

/// Reads the request's flash, in the browser what the server read, and makes it [`Pending`].
pub fn provide() {
    let flash = SharedValue::new(|| {
        #[cfg(feature = "ssr")]
        return ssr::take();
        #[cfg(not(feature = "ssr"))]
        return None;
    });
    provide_context(Pending(StoredValue::new(flash.into_inner())));
}

/// Forgets a flash that no form of the page took.
pub fn forget() {
    if let Some(Pending(flash)) = use_context() {
        flash.set_value(None);
    }
}

/// What the last post of a form left, taken once.
pub fn take(form: &str) -> Option<Flash> {
    let Pending(pending) = use_context()?;
    let mine = pending.with_value(|flash| flash.as_ref().is_some_and(|flash| flash.form == form));
    if mine { pending.try_update_value(Option::take).flatten() } else { None }
}

impl Flash {
    /// What was typed in a field; empty when nothing was.
    pub fn value(&self, field: &str) -> String {
        self.values.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The result, or the failure.
    pub fn read<T: DeserializeOwned>(&self) -> Option<Result<T, Failure>> {
        match &self.outcome {
            Ok(json) => serde_json::from_str(json).ok().map(Ok),
            Err(problem) => Some(Err(Failure(problem.clone()))),
        }
    }
}

#[cfg(feature = "ssr")]
pub use ssr::{answer, back_to, is_plain, outcome_cookie, page_before, problem_cookie, set_cookie};

#[cfg(feature = "ssr")]
mod ssr {
    use axum::http::{HeaderMap, HeaderValue, Uri, header, request::Parts};
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;
    use serde::Serialize;
    use shared::Problem;

    use super::Flash;
    use crate::{
        format::{escape, unescape},
        problem::Failure,
        session::{self, Side},
    };

    const SECONDS: i64 = 120;
    /// Browsers keep cookies of up to 4096 bytes.
    const LONGEST: usize = 3_800;
    /// Proxies take heads of some kilobytes. Only what no page of ours sends makes an address longer.
    const LONGEST_PLACE: usize = 2_000;

    fn name(secure: bool) -> &'static str {
        if secure { "__Host-flash" } else { "flash" }
    }

    /// The `Set-Cookie` value that has the next page show a problem, for plain routes outside the app.
    pub fn problem_cookie(form: &str, problem: &Problem, secure: bool) -> String {
        cookie(&Flash { form: form.to_owned(), values: Vec::new(), outcome: Err(problem.clone()) }, secure)
    }

    /// The same for a result of either kind; one that went well says nothing more.
    pub fn outcome_cookie(form: &str, result: Result<(), Problem>, secure: bool) -> String {
        cookie(&Flash { form: form.to_owned(), values: Vec::new(), outcome: result.map(|()| "null".to_owned()) }, secure)
    }

    fn cookie(flash: &Flash, secure: bool) -> String {
        let text = |flash: &Flash| escape(&serde_json::to_string(flash).unwrap_or_default());
        // Rather without what was typed than without what became of it.
        let tellings = [text(flash), text(&Flash { values: Vec::new(), ..flash.clone() })];
        let told = tellings.iter().find(|text| text.len() <= LONGEST).map_or("", String::as_str);
        session::private(name(secure), told, SECONDS, secure)
    }

    /// Whether the request is a form that was posted without JavaScript.
    pub fn is_plain() -> bool {
        use_context::<Parts>().is_some_and(|parts| {
            parts.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
        })
    }

    /// A server function's answer. A form that was posted without JavaScript leads back to its page, which says what became of it.
    pub fn answer<T: Serialize>(form: &str, back: &str, values: &[(&str, &str)], result: Result<T, Failure>) -> Result<T, Failure> {
        if is_plain() {
            let outcome = match &result {
                Ok(value) => Ok(serde_json::to_string(value).unwrap_or_default()),
                Err(Failure(problem)) => Err(problem.clone()),
            };
            let values = if outcome.is_ok() { &[] } else { values };
            let values = values.iter().map(|(field, value)| ((*field).to_owned(), value.chars().take(200).collect())).collect();
            set_cookie(&cookie(&Flash { form: form.to_owned(), values, outcome }, session::secure()));
            leptos_axum::redirect(match Side::of(back) {
                _ if back.len() <= LONGEST_PLACE => back,
                Side::Shop => "/",
                Side::Desk => "/admin",
            });
        }
        result
    }

    /// Path and query of the page that a form was sent from, `/` where that is not ours to lead to.
    pub fn page_before(headers: &HeaderMap) -> String {
        let referrer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).and_then(|value| value.parse::<Uri>().ok());
        let path = referrer.as_ref().and_then(|uri| uri.path_and_query()).map_or("/", |path| path.as_str());
        // `//evil.example` would lead away.
        if path.starts_with("//") { "/".to_owned() } else { path.to_owned() }
    }

    /// `page`, at the place in its list where the form stood if it was sent from there.
    pub fn back_to(page: &str) -> String {
        let before = use_context::<Parts>().map(|parts| page_before(&parts.headers));
        before.filter(|before| before.split('?').next() == Some(page)).unwrap_or_else(|| page.to_owned())
    }

    /// Adds a `Set-Cookie` to the response.
    pub fn set_cookie(cookie: &str) {
        if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(cookie)) {
            response.append_header(header::SET_COOKIE, value);
        }
    }

    pub(super) fn take() -> Option<Flash> {
        let secure = session::secure();
        let text = session::cookie(&use_context::<Parts>()?.headers, name(secure))?;
        set_cookie(&session::private(name(secure), "", 0, secure));
        serde_json::from_str(&unescape(&text)?).ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn leads_back_to_our_own_pages_only() {
            let back = |referrer: &str| page_before(&[(header::REFERER, referrer.parse().unwrap())].into_iter().collect());
            assert_eq!(back("https://shop.example/catalog?q=a"), "/catalog?q=a");
            assert_eq!(back("https://shop.example//evil.example"), "/");
            assert_eq!(back("nonsense\\"), "/");
            assert_eq!(page_before(&HeaderMap::new()), "/");
        }
    }
}
