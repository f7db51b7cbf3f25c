//! The plural rules of Arabic, English and French, for `leptos_i18n`.
//!
//! ICU's compiled data would bring those of a hundred languages and the fallback between them into the browser;
//! these few bytes are the same rules (CLDR 48, as `icu_plurals_data` 2.2 encodes them).

use std::sync::Once;

use icu_plurals::{
    PluralRuleType, PluralRules, PluralRulesPreferences,
    provider::{PluralRulesData, PluralsCardinalV1, rules::runtime::ast::Rule},
};
use icu_provider::{DataError, DataErrorKind, DataPayload, DataProvider, DataRequest, DataResponse};
use leptos_i18n::{custom_provider, reexports::icu::locid};
use zerovec::VarZeroVec;

/// n = 0
const ZERO: &[u8] = b"\x01\0\xC0\0\0\0\0\0\0\0\0\0\0\0\0";
/// n = 1
const ONE: &[u8] = b"\x01\0\xC0\0\0\0\0\x01\0\0\0\x01\0\0\0";
/// n = 2
const TWO: &[u8] = b"\x01\0\xC0\0\0\0\0\x02\0\0\0\x02\0\0\0";
/// n % 100 = 3..10
const FEW: &[u8] = b"\x01\0\xC0d\0\0\0\x03\0\0\0\n\0\0\0";
/// n % 100 = 11..99
const MANY: &[u8] = b"\x01\0\xC0d\0\0\0\x0B\0\0\0c\0\0\0";
/// n = 0..1, which is French for whole numbers below a million
const ONE_OR_NONE: &[u8] = b"\x01\0\xC0\0\0\0\0\0\0\0\0\x01\0\0\0";

struct Provider;

fn rule(bytes: &'static [u8]) -> Option<Rule<'static>> {
    VarZeroVec::parse_bytes(bytes).ok().map(Rule)
}

impl DataProvider<PluralsCardinalV1> for Provider {
    fn load(&self, request: DataRequest) -> Result<DataResponse<PluralsCardinalV1>, DataError> {
        let none = PluralRulesData::default();
        let rules = match request.id.locale.language.as_str() {
            "ar" => PluralRulesData { zero: rule(ZERO), one: rule(ONE), two: rule(TWO), few: rule(FEW), many: rule(MANY) },
            "en" => PluralRulesData { one: rule(ONE), ..none },
            "fr" => PluralRulesData { one: rule(ONE_OR_NONE), ..none },
            _ => return Err(DataErrorKind::IdentifierNotFound.into_error()),
        };
        Ok(DataResponse { metadata: icu_provider::DataResponseMetadata::default(), payload: DataPayload::from_owned(rules) })
    }
}

impl custom_provider::IcuDataProvider for Provider {
    fn try_new_plural_rules(&self, locale: &locid::Locale, rule_type: PluralRuleType) -> Result<PluralRules, DataError> {
        match rule_type {
            PluralRuleType::Cardinal => PluralRules::try_new_cardinal_unstable(self, PluralRulesPreferences::from(locale)),
            _ => Err(DataErrorKind::MarkerNotFound.into_error()),
        }
    }
}

/// Gives `leptos_i18n` its rules. Cheap when it is done already.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| custom_provider::set_icu_data_provider(Provider));
}
