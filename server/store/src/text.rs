//! The texts that people write, wherever they write them.

use shared::FieldCode;

/// One line of `least` to `most` characters: no control character, and nothing that begins another line.
pub(crate) fn line(text: &str, least: usize, most: usize) -> Result<(), FieldCode> {
    lines(text, least, most)?;
    if text.contains(['\n', '\u{2028}', '\u{2029}']) { Err(FieldCode::Format) } else { Ok(()) }
}

/// Lines of `least` to `most` characters together. Between them stands a line feed; there is no other control character.
pub(crate) fn lines(text: &str, least: usize, most: usize) -> Result<(), FieldCode> {
    match text.chars().count() {
        0 if least > 0 => Err(FieldCode::Required),
        count if count > most => Err(FieldCode::TooLong),
        count if count < least => Err(FieldCode::TooShort),
        _ if text.chars().any(|character| character.is_control() && character != '\n') => Err(FieldCode::Format),
        _ => Ok(()),
    }
}

/// Lines as they are kept: without blanks around them, and without the carriage returns that browsers send in a form
/// (HTML standard, section 4.10.22).
pub(crate) fn trimmed(text: &str) -> String {
    text.trim().replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line("شتاء 2026", 1, 100), Ok(()));
        for broken in ["two\nlines", "two\r\nlines", "two\rlines", "two\u{2028}lines", "two\u{2029}lines", "two\u{85}lines", "a\tb", "a\0b"]
        {
            assert_eq!(line(broken, 1, 100), Err(FieldCode::Format), "{broken:?}");
        }
        assert_eq!((line("", 1, 100), line("", 0, 100)), (Err(FieldCode::Required), Ok(())));
        assert_eq!((line("ابت", 4, 5), line("ابت", 1, 2)), (Err(FieldCode::TooShort), Err(FieldCode::TooLong)));
    }

    #[test]
    fn lines_are_kept_with_line_feeds() {
        assert_eq!(trimmed(" first\r\n\r\nsecond\r\n"), "first\n\nsecond");
        assert_eq!(lines(&trimmed(" first\r\n\r\nsecond\r\n"), 1, 100), Ok(()));
        for broken in ["a\rb", "a\tb", "a\0b"] {
            assert_eq!(lines(broken, 1, 100), Err(FieldCode::Format), "{broken:?}");
        }
    }
}
