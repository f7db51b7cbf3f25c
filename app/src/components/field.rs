//! Fields: label, hint, and the rule that was broken, beside one another.

use leptos::{ev, prelude::*};
use shared::{ChargeCode, FieldCode};

use crate::{
    locale::{current_locale, tr},
    texts,
};

/// What is typed into a field; decides keyboard, direction and what the browser may fill in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A person's name.
    Name,
    /// A phone number.
    Phone,
    /// A serial.
    Serial,
    /// The PIN of the account.
    Pin,
    /// A new PIN.
    NewPin,
}

impl Input {
    /// `type`, `inputmode`, `autocomplete`, `dir` of the input.
    fn attributes(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Name => ("text", "text", "name", "auto"),
            Self::Phone => ("tel", "tel", "tel", "ltr"),
            Self::Serial => ("text", "text", "username", "ltr"),
            Self::Pin => ("password", "numeric", "current-password", "ltr"),
            Self::NewPin => ("password", "numeric", "new-password", "ltr"),
        }
    }
}

/// A labelled field. Its rules are the server's: native validation would speak the browser's language.
#[component]
pub fn Field(
    /// Name, as the server function calls it.
    name: &'static str,
    /// What it asks for.
    label: &'static str,
    /// How to answer.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// What is typed.
    input: Input,
    /// What was typed before.
    #[prop(optional)]
    value: String,
    /// The rule that was broken.
    #[prop(into)]
    error: Signal<Option<FieldCode>>,
) -> impl IntoView {
    super::form::label(name, name, label);
    let (kind, mode, autocomplete, dir) = input.attributes();
    let hint_id = hint.map(|_| format!("{name}-hint"));
    let described = described_by(name, hint.is_some(), error);
    view! {
        <div class="field" class:bad=move || error.get().is_some()>
            <label for=name>{label}</label>
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
            <input
                id=name
                name=name
                type=kind
                inputmode=mode
                autocomplete=autocomplete
                autocapitalize=if input == Input::Serial { "characters" } else { "none" }
                spellcheck="false"
                dir=dir
                value=value
                aria-required="true"
                aria-invalid=move || error.get().map(|_| "true")
                aria-describedby=described
            />
            <FieldError id=name error />
        </div>
    }
}

/// What describes the field of an id to a screen reader: its hint, and what is wrong with it. Both bear the field's id in theirs: a
/// name alone may stand on the page several times.
pub fn described_by(id: &str, hint: bool, error: Signal<Option<FieldCode>>) -> impl Fn() -> Option<String> + use<> {
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    move || match (hint, error.get().is_some()) {
        (true, true) => Some(format!("{error_id} {hint_id}")),
        (false, true) => Some(error_id.clone()),
        (true, false) => Some(hint_id.clone()),
        (false, false) => None,
    }
}

/// What is wrong with a field, beside it.
#[component]
pub fn FieldError(
    /// The field's id.
    #[prop(into)]
    id: String,
    /// The rule that was broken.
    error: Signal<Option<FieldCode>>,
) -> impl IntoView {
    view! {
        <p class="field-error" id=format!("{id}-error") hidden=move || error.get().is_none()>
            {move || error.get().map(|code| texts::field(current_locale(), code))}
        </p>
    }
}

/// The field of a recharge code: groups as one types, takes any paste, warns of a wrong check character.
#[component]
pub fn RechargeField(
    /// What was typed before.
    #[prop(optional)]
    value: String,
    /// The rule that was broken.
    #[prop(into)]
    error: Signal<Option<FieldCode>>,
) -> impl IntoView {
    const NAME: &str = "charge_code";
    super::form::label(NAME, NAME, tr!(wallet.code));
    let mistyped = RwSignal::new(false);
    let typed = move |event: ev::Targeted<ev::Event, web_sys::HtmlInputElement>| {
        let input = event.target();
        let text = input.value();
        mistyped.set(text.parse::<ChargeCode>().is_ok_and(|code| code.looks_mistyped()));
        let Some(grouped) = group(&text).filter(|grouped| *grouped != text) else { return };
        let caret = input.selection_start().ok().flatten().unwrap_or_default() as usize;
        let kept = text.encode_utf16().take(caret).collect::<Vec<_>>();
        let caret = group(&String::from_utf16_lossy(&kept)).map_or(grouped.len(), |before| before.len());
        input.set_value(&grouped);
        let caret = u32::try_from(caret).unwrap_or_default();
        _ = input.set_selection_range(caret, caret);
    };
    let described = described_by(NAME, true, error);
    view! {
        <div class="field code-field" class:bad=move || error.get().is_some()>
            <label for=NAME>{tr!(wallet.code)}</label>
            <p class="hint" id="charge_code-hint">
                {tr!(wallet.code_hint)}
            </p>
            <input
                id=NAME
                name=NAME
                type="text"
                inputmode="text"
                autocomplete="off"
                autocapitalize="characters"
                spellcheck="false"
                dir="ltr"
                placeholder="ABCD-EFGH-JKLM-NPQR"
                value=value
                aria-required="true"
                aria-invalid=move || error.get().map(|_| "true")
                aria-describedby=described
                on:input:target=typed
            />
            <p class="field-warning" role="status">
                // A code that the server has refused is told so in one place.
                {move || (mistyped.get() && error.get().is_none()).then(|| tr!(wallet.mistyped))}
            </p>
            <FieldError id=NAME error />
        </div>
    }
}

/// A code as it is printed: capitals in groups of four. `None` when it holds what no code has, which stays as it was typed.
fn group(text: &str) -> Option<String> {
    let mut grouped = String::new();
    let mut count = 0;
    for character in shared::text::fold_digits(text).chars() {
        if character.is_ascii_alphanumeric() {
            if count > 0 && count % 4 == 0 {
                grouped.push('-');
            }
            grouped.push(character.to_ascii_uppercase());
            count += 1;
        } else if !(character.is_whitespace()
            || matches!(character, '-' | '_' | '.' | '‐' | '‑' | '–' | '—')
            || shared::text::is_invisible(character))
        {
            return None;
        }
    }
    (count <= 32).then_some(grouped)
}

#[cfg(test)]
mod tests {
    use super::group;

    #[test]
    fn groups_what_is_typed_or_pasted() {
        assert_eq!(group("abcd").as_deref(), Some("ABCD"));
        assert_eq!(group("abcde").as_deref(), Some("ABCD-E"));
        assert_eq!(group(" ab-cd ef٢٣\u{200F}").as_deref(), Some("ABCD-EF23"));
        assert_eq!((group("رمز"), group("")), (None, Some(String::new())));
    }
}
