//! The machine's clock and randomness. They are read here and nowhere else: everything below is handed them.

use std::time::{SystemTime, UNIX_EPOCH};

use rand::{TryRngCore, rngs::OsRng as Os};
use shared::Instant;
use store::{Clock, Rng};

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
    fn now(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The operating system's random numbers.
#[derive(Debug, Clone, Copy)]
pub struct OsRng;

impl Rng for OsRng {
    /// # Panics
    ///
    /// When the operating system has no randomness to give: no secret may be made then.
    fn fill(&self, bytes: &mut [u8]) {
        assert!(Os.try_fill_bytes(bytes).is_ok(), "the operating system gives no random numbers");
    }
}

/// `N` random bytes.
pub(crate) fn random<const N: usize>(rng: &dyn Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill(&mut bytes);
    bytes
}

/// The bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
