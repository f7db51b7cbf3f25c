//! Cookies of the web app (design, section 3): names, attributes, and how they are read.

use axum::http::{HeaderMap, header};
use leptos::prelude::use_context;
use shared::{Locale, api::Tokens};

/// True where pages come over https: cookies are then `Secure` and carry the prefix `__Host-` (RFC 6265bis, section 4.1.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecureCookies(pub bool);

/// The language that the visitor chose.
pub const LOCALE_COOKIE: &str = "locale";
/// The appearance that the visitor chose. Scripts may write it: nothing depends on it.
pub const THEME_COOKIE: &str = "theme";

const YEAR_SECONDS: i64 = 365 * 24 * 60 * 60;
/// The longest that a shop may have a session live unused; the server ends it earlier where less was chosen.
const SESSION_SECONDS: i64 = YEAR_SECONDS;

/// Whose session it is: a browser may hold one of a customer and one of a member of the staff beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A customer's, in the shop.
    Shop,
    /// A staff member's, at `/admin`.
    Desk,
}

impl Side {
    /// The side that a path belongs to.
    pub fn of(path: &str) -> Self {
        if path == "/admin" || path.starts_with("/admin/") { Self::Desk } else { Self::Shop }
    }

    /// Name of the access token's cookie.
    pub fn access_cookie(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Shop, true) => "__Host-access",
            (Self::Shop, false) => "access",
            (Self::Desk, true) => "__Host-staff-access",
            (Self::Desk, false) => "staff-access",
        }
    }

    /// Name of the refresh token's cookie.
    pub fn refresh_cookie(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Shop, true) => "__Host-refresh",
            (Self::Shop, false) => "refresh",
            (Self::Desk, true) => "__Host-staff-refresh",
            (Self::Desk, false) => "staff-refresh",
        }
    }

    /// `Set-Cookie` values that sign a browser in.
    pub fn sign_in_cookies(self, tokens: &Tokens, secure: bool) -> [String; 2] {
        [
            private(self.access_cookie(secure), &tokens.access_token, tokens.expires_in, secure),
            private(self.refresh_cookie(secure), &tokens.refresh_token, SESSION_SECONDS, secure),
        ]
    }

    /// `Set-Cookie` values that sign it out.
    pub fn sign_out_cookies(self, secure: bool) -> [String; 2] {
        [private(self.access_cookie(secure), "", 0, secure), private(self.refresh_cookie(secure), "", 0, secure)]
    }
}

/// `Set-Cookie` value that keeps a language for a year.
pub fn locale_cookie(locale: Locale, secure: bool) -> String {
    private(LOCALE_COOKIE, locale.tag(), YEAR_SECONDS, secure)
}

/// A `Set-Cookie` value that scripts can't read and other sites can't send; 0 seconds removes it.
pub fn private(name: &str, value: &str, seconds: i64, secure: bool) -> String {
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{}", if secure { "; Secure" } else { "" })
}

/// A `Set-Cookie` value that keeps the appearance for a year.
pub(crate) fn theme_cookie(theme: &str, secure: bool) -> String {
    format!("{THEME_COOKIE}={theme}; Path=/; Max-Age={YEAR_SECONDS}; SameSite=Lax{}", if secure { "; Secure" } else { "" })
}

/// The value of the request's cookie of that name.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

/// The language of the request: Arabic unless another was chosen. `Accept-Language` does not decide: the store is Arabic first.
pub fn locale(headers: &HeaderMap) -> Locale {
    cookie(headers, LOCALE_COOKIE).and_then(|tag| Locale::from_tag(&tag)).unwrap_or_default()
}

/// Whether this request's cookies are `Secure` ones; yes when nobody said otherwise.
pub fn secure() -> bool {
    use_context::<SecureCookies>().is_none_or(|SecureCookies(secure)| secure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_cookies_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "my-locale=fr; locale=en".parse().unwrap());
        headers.append(header::COOKIE, "theme=dark".parse().unwrap());
        assert_eq!(cookie(&headers, THEME_COOKIE).as_deref(), Some("dark"));
        assert_eq!(locale(&headers), Locale::En);
        assert_eq!(locale(&HeaderMap::new()), Locale::Ar);
    }

    #[test]
    fn sides_are_told_by_the_path() {
        assert_eq!((Side::of("/admin"), Side::of("/admin/codes"), Side::of("/administration")), (Side::Desk, Side::Desk, Side::Shop));
    }

    #[test]
    fn prefixed_cookies_are_secure() {
        assert_eq!(
            private(Side::Shop.access_cookie(true), "t", 1, true),
            "__Host-access=t; Path=/; Max-Age=1; HttpOnly; SameSite=Lax; Secure"
        );
        assert!(!private(Side::Shop.access_cookie(false), "t", 1, false).contains("Secure"));
    }
}
