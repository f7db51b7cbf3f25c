//! Serials, PINs and codes: isolated left-to-right, with a button that copies.

use leptos::{html, prelude::*};

use super::Icon;
use crate::{browser, locale::tr};

/// Copies a text and says so. Without JavaScript it is not shown.
#[component]
pub fn CopyButton(
    /// What to copy.
    text: String,
    /// What it is, for the button's name.
    label: &'static str,
    /// Where the text stands, to be selected when it can't be copied.
    shown: NodeRef<html::Bdi>,
) -> impl IntoView {
    let answer = RwSignal::new(None::<bool>);
    let press = move |_| {
        let text = text.clone();
        let element = shown.get_untracked().map(wasm_bindgen::JsCast::unchecked_into);
        leptos::task::spawn_local(async move {
            answer.set(Some(browser::copy(text, element).await));
            set_timeout(move || answer.set(None), std::time::Duration::from_secs(4));
        });
    };
    let said = move || match answer.get() {
        Some(true) => tr!(common.copied),
        Some(false) => tr!(common.copy_failed),
        None => "",
    };
    view! {
        <span class="copy js-only">
            <button type="button" class="button quiet small" on:click=press aria-label=format!("{} {label}", tr!(common.copy))>
                {move || if answer.get() == Some(true) { view! { <Icon name="check" /> } } else { view! { <Icon name="copy" /> } }}
                <span>{tr!(common.copy)}</span>
            </button>
            <span class="copy-said" role="status">
                {said}
            </span>
        </span>
    }
}

/// A serial, PIN or code with its label and a copy button.
#[component]
pub fn Secret(
    /// What it is.
    label: &'static str,
    /// The text.
    text: String,
    /// Name for tests.
    #[prop(optional)]
    testid: Option<&'static str>,
    /// Hidden until it is asked for.
    #[prop(optional)]
    hidden: bool,
) -> impl IntoView {
    let shown = NodeRef::<html::Bdi>::new();
    let code = view! {
        <bdi dir="ltr" class="code" data-testid=testid node_ref=shown>
            {text.clone()}
        </bdi>
    };
    let copy = view! { <CopyButton text label shown /> };
    if hidden {
        view! {
            <details class="secret">
                <summary class="button quiet small">
                    <Icon name="eye" />
                    <span class="when-closed">{tr!(common.show)}</span>
                    <span class="when-open">{tr!(common.hide)}</span>
                    <span class="visually-hidden">{format!(" {label}")}</span>
                </summary>
                <div class="secret-line">{code} {copy}</div>
            </details>
        }
        .into_any()
    } else {
        view! {
            <div class="secret">
                <span class="secret-label">{label}</span>
                <div class="secret-line">{code} {copy}</div>
            </div>
        }
        .into_any()
    }
}
