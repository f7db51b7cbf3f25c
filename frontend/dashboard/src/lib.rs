//! The browser's entry point: takes over the page of the dashboard that the server wrote.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the page's script when the wasm is there.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(dashboard::App);
}
