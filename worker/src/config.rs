//! What the operator tells the Worker, and what the runtime lends it: clock and randomness.

use shared::{
    Instant,
    link::{Gateway, Keys, Site},
};
use wasm_bindgen::JsCast;
use worker::{Date, Env, Error, Result, js_sys, web_sys};

/// The shortest secret that is taken, in bytes, as at the server.
const MIN_SECRET: usize = 32;

/// The Worker's settings.
#[derive(Debug)]
pub struct Config {
    /// The keys of links and messages.
    pub keys: Keys,
    /// Where people reach the store, without a slash at its end.
    pub store_url: String,
    /// Where the Worker reaches the server's internal routes.
    pub origin_url: String,
    /// Added to the clock, in milliseconds: for tests.
    offset: i64,
}

impl Config {
    /// The settings of an environment. `Err` says in words for the operator what is wrong; it holds no secret.
    pub fn read(env: &Env) -> Result<Self, String> {
        let secret = text(env, "CLOUDFLARE_WORKER_SECRET")
            .ok_or("CLOUDFLARE_WORKER_SECRET is missing: set it to the server's with `script/worker deploy` or `wrangler secret put`")?;
        if secret.len() < MIN_SECRET {
            return Err(format!("CLOUDFLARE_WORKER_SECRET has fewer than {MIN_SECRET} characters"));
        }
        let store_url = text(env, "STORE_URL").ok_or("STORE_URL is missing: it is the store's PUBLIC_URL")?;
        let store_url = address("STORE_URL", &store_url)?;
        let origin_url = text(env, "ORIGIN_URL").map(|value| address("ORIGIN_URL", &value)).transpose()?;
        Ok(Self {
            keys: Keys::new(&secret, text(env, "CLOUDFLARE_WORKER_SECRET_PREVIOUS").as_deref()),
            origin_url: origin_url.unwrap_or_else(|| store_url.clone()),
            store_url,
            offset: clock_offset(env)?,
        })
    }

    /// The gateway's HTTP side.
    pub fn site(&self, secure: bool) -> Site {
        Site { gateway: Gateway::Worker, keys: self.keys.clone(), secure, store_url: self.store_url.clone() }
    }

    /// The moment.
    pub fn now(&self) -> Instant {
        // Milliseconds since 1970 are far below what 63 bits hold.
        Instant(Date::now().as_millis().cast_signed()).plus(self.offset)
    }

    /// A moment of [`Self::now`] by the runtime's own clock, in milliseconds since 1970: what alarms are set by.
    pub fn on_the_wall(&self, at: Instant) -> i64 {
        at.0.saturating_sub(self.offset)
    }

    /// The opposite of [`Self::on_the_wall`].
    pub fn off_the_wall(&self, milliseconds: i64) -> Instant {
        Instant(milliseconds).plus(self.offset)
    }
}

/// A site that can only say that it is out of order.
pub fn out_of_order(env: &Env) -> Site {
    let store_url = text(env, "STORE_URL").and_then(|value| address("STORE_URL", &value).ok()).unwrap_or_default();
    Site { gateway: Gateway::Worker, keys: Keys::new("", None), secure: true, store_url }
}

/// Fresh random bytes from the runtime's generator.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let crypto = js_sys::Reflect::get(&js_sys::global(), &"crypto".into())?;
    let mut bytes = [0; N];
    crypto.unchecked_into::<web_sys::Crypto>().get_random_values_with_u8_array(&mut bytes).map_err(Error::from)?;
    Ok(bytes)
}

/// A variable or secret, when it is there and not empty.
fn text(env: &Env, name: &str) -> Option<String> {
    let value = env.var(name).ok()?.to_string();
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// `https://shop.example`: scheme and host, and nothing behind them.
fn address(variable: &str, value: &str) -> Result<String, String> {
    let plain = value.trim_end_matches('/');
    let host = plain.strip_prefix("https://").or_else(|| plain.strip_prefix("http://")).unwrap_or_default();
    if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
        return Err(format!("{variable}: '{value}' is no address such as https://shop.example"));
    }
    Ok(plain.to_owned())
}

fn clock_offset(env: &Env) -> Result<i64, String> {
    text(env, "TIME_OFFSET_MS").map_or(Ok(0), |value| value.parse().map_err(|_| format!("TIME_OFFSET_MS: '{value}' is no whole number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(address("STORE_URL", "https://shop.example/").unwrap(), "https://shop.example");
        assert_eq!(address("STORE_URL", "http://127.0.0.1:3000").unwrap(), "http://127.0.0.1:3000");
        for wrong in
            ["shop.example", "ftp://shop.example", "https://", "https://shop.example/path", "https://a@shop.example", "https://a b"]
        {
            assert!(address("STORE_URL", wrong).unwrap_err().starts_with("STORE_URL: "), "{wrong}");
        }
    }
}
