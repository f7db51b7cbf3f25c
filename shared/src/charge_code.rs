//! Recharge codes as they are printed and typed (design, section 4).

use std::{fmt, str::FromStr};

use crate::{
    FieldCode,
    text::{fold_digits, is_invisible},
};

/// 32 symbols: capital letters without I and O, digits without 0 and 1. A symbol's place is its value in GF(32).
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const RANDOM: usize = 15;

/// A recharge code: 16 characters whose last one checks the others, or an older printed code of 8 to 32 letters and digits.
/// Its `Debug` shows nothing: a code is money.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ChargeCode(String);

impl ChargeCode {
    /// How many random symbols a code has: 75 bits.
    pub const RANDOM: usize = RANDOM;

    /// The code whose symbols are chosen by random bytes (their low five bits), with its check character.
    pub fn new(random: [u8; RANDOM]) -> Self {
        let mut code: String = random.iter().map(|byte| ALPHABET[usize::from(byte & 31)] as char).collect();
        code.push(check_character(&code).unwrap_or('A'));
        Self(code)
    }

    /// The sixteen characters, or the older code, without separators: what is hashed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code in groups of four, as it is printed: `ABCD-EFGH-JKLM-NPQR`.
    pub fn grouped(&self) -> String {
        let mut grouped = String::with_capacity(self.0.len() * 5 / 4);
        for (index, character) in self.0.chars().enumerate() {
            if index > 0 && index % 4 == 0 {
                grouped.push('-');
            }
            grouped.push(character);
        }
        grouped
    }

    /// True when the code has the shape of ours and its check character is wrong: almost surely a typing slip.
    /// An older code of the same shape looks so too, so this may warn, but never refuse alone.
    pub fn looks_mistyped(&self) -> bool {
        self.0.len() == RANDOM + 1
            && self.0.bytes().all(|byte| ALPHABET.contains(&byte))
            && check_character(&self.0[..RANDOM]) != self.0.chars().last()
    }
}

/// The check character of fifteen symbols: the sum of each symbol times a power of the generator of GF(32) (x^5 + x^2 + 1).
/// Every power differs, so one wrong symbol and every exchange of two different symbols changes it.
fn check_character(symbols: &str) -> Option<char> {
    let mut sum = 0_u8;
    for symbol in symbols.bytes() {
        let value = ALPHABET.iter().position(|known| *known == symbol)?;
        sum = times_generator(sum) ^ u8::try_from(value).ok()?;
    }
    Some(ALPHABET[usize::from(times_generator(sum))] as char)
}

fn times_generator(value: u8) -> u8 {
    let doubled = value << 1;
    if doubled & 32 == 0 { doubled } else { doubled ^ 0b10_0101 }
}

impl FromStr for ChargeCode {
    type Err = FieldCode;

    /// Folds case, spaces, dashes and Arabic digits.
    fn from_str(text: &str) -> Result<Self, FieldCode> {
        let mut code = String::new();
        for character in fold_digits(text).chars() {
            match character {
                '-' | '_' | '.' | '‐' | '‑' | '–' | '—' => {}
                _ if character.is_whitespace() || is_invisible(character) => {}
                _ if character.is_ascii_alphanumeric() => code.push(character.to_ascii_uppercase()),
                _ => return Err(FieldCode::ChargeCode),
            }
            if code.len() > 32 {
                return Err(FieldCode::ChargeCode);
            }
        }
        match code.len() {
            0 => Err(FieldCode::Required),
            8..=32 => Ok(Self(code)),
            _ => Err(FieldCode::ChargeCode),
        }
    }
}

impl fmt::Debug for ChargeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChargeCode(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_type() {
        let code = ChargeCode::new([7, 3, 9, 31, 0, 22, 14, 2, 2, 5, 29, 30, 24, 25, 26]);
        let grouped = code.grouped();
        assert_eq!(grouped.len(), 19);
        for typed in
            [grouped.to_lowercase(), grouped.replace('-', " "), format!("\u{200F}{grouped}\n"), grouped.replace('2', "٢").replace('3', "۳")]
        {
            assert_eq!(typed.parse::<ChargeCode>().as_ref(), Ok(&code), "{typed}");
        }
        assert_eq!("old-code-1234".parse::<ChargeCode>().unwrap().as_str(), "OLDCODE1234");
        assert_eq!("short".parse::<ChargeCode>(), Err(FieldCode::ChargeCode));
        assert_eq!("<script>alert".parse::<ChargeCode>(), Err(FieldCode::ChargeCode));
        assert_eq!("A".repeat(33).parse::<ChargeCode>(), Err(FieldCode::ChargeCode));
    }

    proptest! {
        #[test]
        fn every_single_slip_and_exchange_is_caught(random: [u8; 15], place in 0_usize..16, other in 0_usize..16, symbol in 0_usize..32) {
            let code = ChargeCode::new(random);
            prop_assert!(!code.looks_mistyped());
            let mut wrong = code.as_str().as_bytes().to_vec();
            wrong[place] = ALPHABET[symbol];
            let wrong = ChargeCode(String::from_utf8(wrong).unwrap());
            prop_assert_eq!(wrong.looks_mistyped(), wrong != code);
            let mut exchanged = code.as_str().as_bytes().to_vec();
            exchanged.swap(place, other);
            let exchanged = ChargeCode(String::from_utf8(exchanged).unwrap());
            prop_assert_eq!(exchanged.looks_mistyped(), exchanged != code);
        }
    }
}
