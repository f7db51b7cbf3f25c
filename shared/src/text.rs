//! Arabic text: digits that people type, and the folding that search is done on.

/// The ASCII digit for an Arabic-Indic (٠-٩), Persian (۰-۹) or ASCII digit.
pub fn digit(character: char) -> Option<char> {
    let value = match character {
        '0'..='9' => return Some(character),
        '٠'..='٩' => character as u32 - '٠' as u32,
        '۰'..='۹' => character as u32 - '۰' as u32,
        _ => return None,
    };
    char::from_digit(value, 10)
}

/// The text with every Arabic-Indic and Persian digit replaced by its ASCII one.
pub fn fold_digits(text: &str) -> String {
    text.chars().map(|character| digit(character).unwrap_or(character)).collect()
}

/// True for characters that people do not see and that must not decide whether two texts are the same:
/// bidirectional marks and isolates, zero-width joiners, the byte order mark, soft hyphen.
pub fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{00AD}' | '\u{061C}')
}

/// One letter folded for search; `None` where it is dropped (tashkeel, tatweel, invisible characters).
fn fold_letter(character: char) -> Option<char> {
    Some(match character {
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ئ' | 'ی' => 'ي',
        'ؤ' => 'و',
        'ة' => 'ه',
        'ک' => 'ك',
        '\u{0610}'..='\u{061A}' | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06ED}' => return None,
        _ if is_invisible(character) => return None,
        _ => digit(character).unwrap_or(character),
    })
}

/// The folded form on which search compares (design, section 5): alef forms, ى/ي, ة/ه, tashkeel, tatweel, digits and
/// Latin case make no difference, Latin accents neither; everything that is no letter or digit separates words, one space between two.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.chars().filter_map(fold_letter) {
        if character.is_alphanumeric() {
            folded.extend(character.to_lowercase().map(unaccented).filter(|lower| lower.is_alphanumeric()));
        } else if !folded.is_empty() && !folded.ends_with(' ') && !is_combining(character) {
            folded.push(' ');
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

fn is_combining(character: char) -> bool {
    matches!(character, '\u{0300}'..='\u{036F}')
}

/// The base letter of the accented Latin letters that French and its neighbours write.
fn unaccented(character: char) -> char {
    match character {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ý' | 'ÿ' => 'y',
        _ => character,
    }
}

/// The folded words of a search, at most eight of them, none empty.
pub fn search_words(query: &str) -> Vec<String> {
    fold(query).split(' ').filter(|word| !word.is_empty()).take(8).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folds_what_arabic_writes_in_many_ways() {
        assert_eq!(fold("إِدَارَةُ الأَنْظِمَة"), "اداره الانظمه");
        assert_eq!(fold("مـــدخل إلى آلة"), "مدخل الي اله");
        assert_eq!(fold("  Rust — لغة، ٢٠٢٦!  "), "rust لغه 2026");
        assert_eq!(fold("Étude à côté"), "etude a cote");
        assert_eq!(fold("c++ / C#"), "c c");
        assert_eq!(fold("۱۲\u{200F}۳"), "123");
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,60}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
