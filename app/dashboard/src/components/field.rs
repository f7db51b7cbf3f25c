//! Fields of the dashboard's forms: label, hint, and the rule that was broken, beside one another.

use app::components::{FieldError, described_by, label as say_label};
use leptos::{ev, prelude::*};
use shared::FieldCode;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlInputElement, HtmlTextAreaElement};

use crate::locale::tr;

/// What is typed into a field; decides keyboard, direction and what the browser may fill in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// Any words.
    #[default]
    Text,
    /// Letters and digits that run from left to right: names of accounts, codes, addresses.
    Code,
    /// A whole number.
    Number,
    /// A day.
    Date,
    /// The own user name.
    Username,
    /// The own password.
    Password,
    /// A new password.
    NewPassword,
    /// Digits that are good once.
    Digits,
}

impl Kind {
    /// `type`, `inputmode`, `autocomplete`, `dir` of the input.
    fn attributes(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Text => ("text", "text", "off", "auto"),
            Self::Code => ("text", "text", "off", "ltr"),
            Self::Number => ("text", "numeric", "off", "ltr"),
            Self::Date => ("date", "none", "off", "ltr"),
            Self::Username => ("text", "text", "username", "ltr"),
            Self::Password => ("password", "text", "current-password", "ltr"),
            Self::NewPassword => ("password", "text", "new-password", "ltr"),
            Self::Digits => ("text", "numeric", "one-time-code", "ltr"),
        }
    }
}

/// A labelled field of one line. Its rules are the server's.
#[component]
pub fn TextField(
    /// Name, as the server function calls it.
    name: &'static str,
    /// Id, where the name alone would stand on the page twice.
    #[prop(optional, into)]
    id: Option<String>,
    /// What it asks for.
    label: &'static str,
    /// How to answer.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// What is typed.
    #[prop(optional)]
    kind: Kind,
    /// What stands in it.
    #[prop(optional, into)]
    value: String,
    /// May be left empty.
    #[prop(optional)]
    optional: bool,
    /// The rule that was broken.
    #[prop(into)]
    error: Signal<Option<FieldCode>>,
) -> impl IntoView {
    let (input, mode, autocomplete, dir) = kind.attributes();
    let id = id.unwrap_or_else(|| name.to_owned());
    say_label(name, &id, label);
    let described = described_by(&id, hint.is_some(), error);
    let hint_id = format!("{id}-hint");
    view! {
        <div class="field" class:bad=move || error.get().is_some()>
            <label for=id.clone()>{label}</label>
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
            <input
                id=id.clone()
                name=name
                type=input
                inputmode=mode
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                dir=dir
                value=value
                aria-required=(!optional).then_some("true")
                aria-invalid=move || error.get().map(|_| "true")
                aria-describedby=described
            />
            <FieldError id error />
        </div>
    }
}

/// A labelled field of several lines.
#[component]
pub fn Area(
    /// Name, as the server function calls it.
    name: &'static str,
    /// What it asks for.
    label: &'static str,
    /// How to answer.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// How many lines are seen.
    #[prop(default = 4)]
    rows: u32,
    /// The text may come from a file of the reader's device.
    #[prop(optional)]
    from_file: bool,
    /// What stands in it.
    #[prop(optional, into)]
    value: String,
    /// The rule that was broken.
    #[prop(into)]
    error: Signal<Option<FieldCode>>,
) -> impl IntoView {
    say_label(name, name, label);
    view! {
        <div class="field" class:bad=move || error.get().is_some()>
            <label for=name>{label}</label>
            {hint.map(|hint| view! { <p class="hint" id=format!("{name}-hint")>{hint}</p> })}
            <textarea
                id=name
                name=name
                rows=rows
                dir="auto"
                aria-invalid=move || error.get().map(|_| "true")
                aria-describedby=described_by(name, hint.is_some(), error)
            >
                {value}
            </textarea>
            <FieldError id=name error />
        </div>
        {from_file.then(|| view! { <FromFile name /> })}
    }
}

/// Reads a file of the reader's device into a field, where it can be looked at before it is sent.
#[component]
fn FromFile(name: &'static str) -> impl IntoView {
    let read = move |event: ev::Event| {
        let input: Option<HtmlInputElement> = event.target().and_then(|target| target.dyn_into().ok());
        let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) else { return };
        leptos::task::spawn_local(async move {
            let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
            let area = document().get_element_by_id(name).and_then(|area| area.dyn_into::<HtmlTextAreaElement>().ok());
            if let (Some(text), Some(area)) = (text, area) {
                area.set_value(&text);
            }
        });
    };
    view! {
        <div class="field js-only">
            <label for=format!("{name}-file")>{tr!(list.from_file)}</label>
            <input id=format!("{name}-file") type="file" accept=".csv,text/csv,text/plain" on:change=read />
        </div>
    }
}

/// A choice of one among few.
#[component]
pub fn Choice(
    /// Name, as the server function calls it.
    name: &'static str,
    /// Id, where the name alone would stand on the page twice.
    #[prop(optional, into)]
    id: Option<String>,
    /// What it asks for.
    label: &'static str,
    /// What can be chosen: value and words.
    options: Vec<(String, String)>,
    /// The value that is chosen.
    #[prop(optional, into)]
    value: String,
    /// The rule that was broken.
    #[prop(optional, into)]
    error: Signal<Option<FieldCode>>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| name.to_owned());
    say_label(name, &id, label);
    let described = described_by(&id, false, error);
    let options = options.into_iter().map(|(option, words)| {
        let selected = option == value;
        view! {
            <option value=option selected=selected>
                {words}
            </option>
        }
    });
    view! {
        <div class="field" class:bad=move || error.get().is_some()>
            <label for=id.clone()>{label}</label>
            <select
                id=id.clone()
                name=name
                aria-invalid=move || error.get().map(|_| "true")
                aria-describedby=described
            >
                {options.collect_view()}
            </select>
            <FieldError id error />
        </div>
    }
}
