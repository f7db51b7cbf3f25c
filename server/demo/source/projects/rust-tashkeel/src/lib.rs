//! دوال تسوية النص العربي وعدّه.

use std::collections::HashMap;

/// هل المحرف حركة تشكيل أو علامة صغيرة؟
pub fn is_mark(c: char) -> bool {
    matches!(c, '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06DC}' | '\u{06DF}'..='\u{06E8}' | '\u{06EA}'..='\u{06ED}')
}

const TATWEEL: char = '\u{0640}';

/// يزيل التشكيل والتطويل ويبقي الحروف كما هي.
pub fn strip(text: &str) -> String {
    text.chars()
        .filter(|&c| !is_mark(c) && c != TATWEEL)
        .collect()
}

/// الرقم المقابل (0 إلى 9) إن كان المحرف رقمًا لاتينيًا أو مشرقيًا أو فارسيًا.
pub fn digit(c: char) -> Option<u32> {
    match c {
        '0'..='9' => Some(c as u32 - '0' as u32),
        '\u{0660}'..='\u{0669}' => Some(c as u32 - 0x0660),
        '\u{06F0}'..='\u{06F9}' => Some(c as u32 - 0x06F0),
        _ => None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    Western,
    Eastern,
}

pub fn digits(text: &str, to: Digits) -> String {
    let zero = match to {
        Digits::Western => 0x30,
        Digits::Eastern => 0x0660,
    };
    text.chars()
        .map(|c| digit(c).and_then(|d| char::from_u32(zero + d)).unwrap_or(c))
        .collect()
}

/// تسوية للبحث: بلا تشكيل، والألفات واحدة، والياء والهاء، والأرقام لاتينية.
pub fn fold(text: &str) -> String {
    strip(text)
        .chars()
        .map(|c| match c {
            'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
            'ى' => 'ي',
            'ة' => 'ه',
            _ => c,
        })
        .flat_map(char::to_lowercase)
        .map(|c| digit(c).and_then(|d| char::from_digit(d, 10)).unwrap_or(c))
        .collect()
}

/// الكلمات: متتاليات الحروف والأرقام مع حركاتها.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || is_mark(c) || c == TATWEEL))
        .filter(|w| w.chars().any(|c| c.is_alphanumeric() && c != TATWEEL))
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub lines: usize,
    pub words: usize,
    pub letters: usize,
    pub marks: usize,
}

pub fn count(text: &str) -> Count {
    Count {
        lines: text.lines().count(),
        words: words(text).count(),
        letters: text
            .chars()
            .filter(|&c| c.is_alphabetic() && !is_mark(c) && c != TATWEEL)
            .count(),
        marks: text.chars().filter(|&c| is_mark(c)).count(),
    }
}

/// أكثر الكلمات ورودًا؛ وعند التساوي ترتيب الحروف.
pub fn frequency(text: &str, top: usize) -> Vec<(String, usize)> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for w in words(text) {
        *seen.entry(fold(w)).or_insert(0) += 1;
    }
    let mut all: Vec<_> = seen.into_iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all.truncate(top);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_marks_and_tatweel() {
        assert_eq!(strip("الحَمْدُ لِلَّـــهِ"), "الحمد لله");
        assert_eq!(strip("abc é"), "abc é");
    }

    #[test]
    fn folds_for_search() {
        assert_eq!(fold("الإدارةُ ١٢ ٱلكُبرى Rust"), "الاداره 12 الكبري rust");
        assert_eq!(fold(&fold("إلى آخِره")), fold("إلى آخِره"));
    }

    #[test]
    fn converts_digits_both_ways() {
        assert_eq!(digits("سنة 2025", Digits::Eastern), "سنة ٢٠٢٥");
        assert_eq!(digits("٢٠ و۲۱", Digits::Western), "20 و21");
    }

    #[test]
    fn counts() {
        let c = count("سَلامٌ، عليكم!\n\nنعم ـ لا");
        assert_eq!(
            c,
            Count {
                lines: 3,
                words: 4,
                letters: 14,
                marks: 2
            }
        );
    }

    #[test]
    fn frequency_is_stable() {
        let f = frequency("علمٌ وعلم، عِلم إلى الى", 2);
        assert_eq!(f, vec![("الي".to_string(), 2), ("علم".to_string(), 2)]);
    }
}
