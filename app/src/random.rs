//! Idempotency keys: 128 random bits in hexadecimal, drawn where the form is made.

/// A new key.
#[cfg(feature = "ssr")]
pub fn key() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// A new key.
#[cfg(not(feature = "ssr"))]
pub fn key() -> String {
    let mut bytes = [0_u8; 16];
    // `randomUUID` would be shorter, but plain http on a local network does not have it.
    if let Some(Ok(crypto)) = web_sys::window().map(|window| window.crypto()) {
        _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    format!("{:032x}", u128::from_be_bytes(bytes))
}
