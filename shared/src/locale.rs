//! The languages the store speaks.

use serde::{Deserialize, Serialize};

/// A language of the store. Arabic is the default everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// Arabic, right to left.
    #[default]
    Ar,
    /// English.
    En,
    /// French.
    Fr,
}

impl Locale {
    /// Every language, the default first.
    pub const ALL: [Self; 3] = [Self::Ar, Self::En, Self::Fr];

    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Ar => "ar",
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// `rtl` or `ltr`, for HTML's `dir`.
    pub fn direction(self) -> &'static str {
        if self == Self::Ar { "rtl" } else { "ltr" }
    }

    /// The language whose tag, or whose tag's first part, this is (`fr-CH` is French).
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|locale| locale.tag().eq_ignore_ascii_case(primary))
    }

    /// The best language for an `Accept-Language` header (RFC 9110 section 12.5.4); Arabic when none fits.
    pub fn negotiate(accept_language: &str) -> Self {
        let mut best: Option<(f32, Self)> = None;
        for item in accept_language.split(',') {
            let mut parts = item.split(';');
            let Some(locale) = parts.next().and_then(Self::from_tag) else { continue };
            let quality = parts.find_map(|part| part.trim().strip_prefix("q=")?.trim().parse::<f32>().ok()).unwrap_or(1.0);
            if quality > 0.0 && best.is_none_or(|(highest, _)| quality > highest) {
                best = Some((quality, locale));
            }
        }
        best.map_or(Self::default(), |(_, locale)| locale)
    }
}

#[cfg(test)]
mod tests {
    use super::Locale;

    #[test]
    fn negotiates_by_quality_then_order() {
        assert_eq!(Locale::negotiate(""), Locale::Ar);
        assert_eq!(Locale::negotiate("de, zh;q=0.9"), Locale::Ar);
        assert_eq!(Locale::negotiate("en-US,en;q=0.9,ar;q=0.8"), Locale::En);
        assert_eq!(Locale::negotiate("en;q=0.3, fr-CH;q=0.7"), Locale::Fr);
        assert_eq!(Locale::negotiate("en;q=0, fr;q=0.1"), Locale::Fr);
    }
}
