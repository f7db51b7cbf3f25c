//! What names and opens an account. Each type is made only by its `FromStr`, which is the one place of its rule.

use std::{fmt, str::FromStr};

use crate::{
    FieldCode,
    text::{digit, fold_digits, is_invisible},
};

/// Capital letters and digits that no one mistakes for another (no 0 O, 1 I L, 5 S, 8 B, 2 Z).
const SERIAL_ALPHABET: &[u8] = b"ACDEFGHJKMNPQRTUVWXY34679";
const SERIAL_TAIL: usize = 6;

/// A customer's serial: `CUST`, four digits of the year, a dash, six unambiguous characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Serial(String);

impl Serial {
    /// How many random numbers [`Serial::new`] takes.
    pub const RANDOM: usize = SERIAL_TAIL;

    /// The serial of an account opened in `year`, its tail chosen by random numbers, each used modulo the alphabet.
    pub fn new(year: i64, random: [u32; Self::RANDOM]) -> Self {
        let tail: String = random.iter().map(|number| SERIAL_ALPHABET[*number as usize % SERIAL_ALPHABET.len()] as char).collect();
        Self(format!("CUST{year:04}-{tail}"))
    }

    /// The serial as it is printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Serial {
    type Err = FieldCode;

    /// Accepts any case, Arabic digits, and spaces or missing dashes, as people type them.
    fn from_str(text: &str) -> Result<Self, FieldCode> {
        let typed: String = typed_characters(text).filter(|character| !matches!(character, '-' | '_' | ' ')).take(32).collect();
        if typed.is_empty() {
            return Err(FieldCode::Required);
        }
        let parts = typed.strip_prefix("CUST").and_then(|rest| Some((rest.get(..4)?, rest.get(4..)?)));
        match parts {
            Some((year, tail))
                if year.bytes().all(|byte| byte.is_ascii_digit())
                    && tail.len() == SERIAL_TAIL
                    && tail.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
            {
                Ok(Self(format!("CUST{year}-{tail}")))
            }
            _ => Err(FieldCode::Format),
        }
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A customer's secret: four digits. Its `Debug` shows nothing, so that no log can hold one.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(String);

impl Pin {
    /// The PIN drawn by a random number, uniform for all practical purposes.
    pub fn new(random: u32) -> Self {
        Self(format!("{:04}", random % 10_000))
    }

    /// The four digits. Show them once, never log them.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Pin {
    type Err = FieldCode;

    fn from_str(text: &str) -> Result<Self, FieldCode> {
        let typed: String = typed_characters(text).filter(|character| *character != ' ').take(16).collect();
        match typed.len() {
            0 => Err(FieldCode::Required),
            4 if typed.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Self(typed)),
            _ => Err(FieldCode::Pin),
        }
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(****)")
    }
}

/// A phone number in one canonical form: `+` and 8 to 15 digits (E.164), or a local number of 7 to 15 digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// The canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A local number with a 0 in front as it is dialled from abroad: the country's code instead of the 0. `None` where there is no
    /// such 0, or E.164 has no number of that length.
    pub fn from_abroad(&self, country: &CountryCode) -> Option<Self> {
        let rest = self.0.strip_prefix('0')?;
        format!("+{country}{rest}").parse().ok()
    }

    /// A number of the country as it is dialled within it: a 0 instead of the code. `None` for other numbers.
    pub fn within(&self, country: &CountryCode) -> Option<Self> {
        let rest = self.0.strip_prefix('+')?.strip_prefix(country.as_str())?;
        // Two zeros in front would be a number from abroad again.
        format!("0{rest}").parse().ok().filter(|local: &Self| !local.0.starts_with('+'))
    }
}

impl FromStr for Phone {
    type Err = FieldCode;

    /// Accepts Arabic and Persian digits, spaces, dashes, dots and brackets; `00` in front is `+`.
    fn from_str(text: &str) -> Result<Self, FieldCode> {
        let mut international = false;
        let mut digits = String::new();
        for character in text.trim().chars().filter(|character| !is_invisible(*character)) {
            match character {
                '+' | '＋' if digits.is_empty() && !international => international = true,
                ' ' | '\u{00A0}' | '-' | '.' | '(' | ')' | '/' => {}
                _ => digits.push(digit(character).ok_or(FieldCode::Phone)?),
            }
            if digits.len() > 20 {
                return Err(FieldCode::Phone);
            }
        }
        if digits.is_empty() && !international {
            return Err(FieldCode::Required);
        }
        if !international && digits.starts_with("00") {
            international = true;
            digits.drain(..2);
        }
        let lengths = if international { 8..=15 } else { 7..=15 };
        if !lengths.contains(&digits.len()) || (international && digits.starts_with('0')) {
            return Err(FieldCode::Phone);
        }
        Ok(Self(if international { format!("+{digits}") } else { digits }))
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The code with which a country is dialled from abroad: 1 to 4 digits, the first of which is no 0. E.164 (section 6.2) has up to three;
/// where several countries share one, a fourth digit tells them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountryCode(String);

impl CountryCode {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CountryCode {
    type Err = FieldCode;

    /// Accepts Arabic and Persian digits and spaces, and `+` or `00` in front.
    fn from_str(text: &str) -> Result<Self, FieldCode> {
        let typed: String = typed_characters(text).filter(|character| *character != ' ').take(16).collect();
        if typed.is_empty() {
            return Err(FieldCode::Required);
        }
        let digits = typed.strip_prefix(['+', '＋']).or_else(|| typed.strip_prefix("00")).unwrap_or(&typed);
        match digits.len() {
            1..=4 if digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0') => Ok(Self(digits.to_owned())),
            _ => Err(FieldCode::Format),
        }
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person's name: 2 to 80 characters, at least one letter, no control characters, white space folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// The name as the person wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = FieldCode;

    fn from_str(text: &str) -> Result<Self, FieldCode> {
        let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match folded.chars().count() {
            0 => Err(FieldCode::Required),
            1 => Err(FieldCode::TooShort),
            2..=80 if folded.chars().any(char::is_control) || !folded.chars().any(char::is_alphabetic) => Err(FieldCode::Name),
            2..=80 => Ok(Self(folded)),
            _ => Err(FieldCode::TooLong),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a person typed: trimmed, capitals, ASCII digits, without invisible characters.
fn typed_characters(text: &str) -> impl Iterator<Item = char> {
    let typed = fold_digits(text.trim()).to_uppercase();
    typed.chars().filter(|character| !is_invisible(*character)).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn serial_is_read_as_people_type_it() {
        let serial: Serial = "CUST2026-AC7X9K".parse().unwrap();
        for typed in ["cust2026-ac7x9k", " CUST2026AC7X9K ", "cust٢٠٢٦ ac٧x٩k", "\u{200E}CUST2026-AC7X9K\u{200F}", "CUST۲۰۲۶-AC7X9K"]
        {
            assert_eq!(typed.parse::<Serial>().as_ref(), Ok(&serial), "{typed}");
        }
        assert_eq!("".parse::<Serial>(), Err(FieldCode::Required));
        for typed in ["CUST26-AC7X9K", "CUST2026-AC7X9", "CUST2026-AC7X9KK", "2026-AC7X9K", "CUST2026-AC'X9K", "CUST2026-أبجدهو"] {
            assert_eq!(typed.parse::<Serial>(), Err(FieldCode::Format), "{typed}");
        }
    }

    #[test]
    fn pin_is_four_digits_of_any_script() {
        assert_eq!("٠١٢٣".parse::<Pin>().unwrap().reveal(), "0123");
        assert_eq!(" 0 1 2 3 ".parse::<Pin>().unwrap().reveal(), "0123");
        for typed in ["123", "12345", "12a4", "-123"] {
            assert_eq!(typed.parse::<Pin>(), Err(FieldCode::Pin), "{typed}");
        }
        assert_eq!(format!("{:?}", Pin::new(1234)), "Pin(****)");
    }

    #[test]
    fn phone_has_one_form() {
        for typed in ["+966 50 123 4567", "00966501234567", "+٩٦٦٥٠١٢٣٤٥٦٧", "+966-(50)-123.4567"] {
            assert_eq!(typed.parse::<Phone>().unwrap().as_str(), "+966501234567", "{typed}");
        }
        assert_eq!("٠٩١٢ ٣٤٥ ٦٧٨".parse::<Phone>().unwrap().as_str(), "0912345678");
        for typed in ["+123", "12345", "09a2345678", "+0966501234567", "1234567890123456", "++966501234567", "' OR 1=1"] {
            assert_eq!(typed.parse::<Phone>(), Err(FieldCode::Phone), "{typed}");
        }
    }

    #[test]
    fn a_country_is_named_by_its_code() {
        for typed in ["966", "+966", "00966", " ٩٦٦ ", "+ ۹۶۶"] {
            assert_eq!(typed.parse::<CountryCode>().unwrap().as_str(), "966", "{typed}");
        }
        assert_eq!("".parse::<CountryCode>(), Err(FieldCode::Required));
        for typed in ["0", "00", "+", "0966", "12345", "9a", "-1", "++966"] {
            assert_eq!(typed.parse::<CountryCode>(), Err(FieldCode::Format), "{typed}");
        }
    }

    #[test]
    fn a_phone_is_dialled_from_abroad_and_within() {
        let country: CountryCode = "966".parse().unwrap();
        let (local, abroad): (Phone, Phone) = ("050 123 4567".parse().unwrap(), "00966501234567".parse().unwrap());
        assert_eq!((local.from_abroad(&country), local.within(&country)), (Some(abroad.clone()), None));
        assert_eq!((abroad.within(&country), abroad.from_abroad(&country)), (Some(local), None));
        // Of another country, without a 0, too long, too short, or with one 0 more than a number has.
        for typed in ["+249912345678", "501234567", "012345678901234", "+96612345", "+9660501234567"] {
            let phone: Phone = typed.parse().unwrap();
            assert_eq!((phone.within(&country), phone.from_abroad(&country)), (None, None), "{typed}");
        }
    }

    #[test]
    fn name_is_a_persons() {
        assert_eq!("  سارة \t العلي ".parse::<Name>().unwrap().as_str(), "سارة العلي");
        assert_eq!("x".parse::<Name>(), Err(FieldCode::TooShort));
        assert_eq!("12345".parse::<Name>(), Err(FieldCode::Name));
        assert_eq!("a\u{0}b".parse::<Name>(), Err(FieldCode::Name));
        assert_eq!("ا".repeat(81).parse::<Name>(), Err(FieldCode::TooLong));
    }

    proptest! {
        #[test]
        fn made_serials_and_pins_parse(year in 2000_i64..9999, random: [u32; 6], number: u32) {
            let serial = Serial::new(year, random);
            prop_assert_eq!(serial.as_str().parse::<Serial>().unwrap(), serial.clone());
            let pin = Pin::new(number);
            prop_assert_eq!(pin.reveal().parse::<Pin>().unwrap(), pin.clone());
        }

        #[test]
        fn nothing_typed_panics(text in "\\PC{0,40}") {
            let _ = (text.parse::<Serial>().is_ok(), text.parse::<Pin>().is_ok(), text.parse::<Phone>().is_ok(), text.parse::<Name>().is_ok());
        }
    }
}
