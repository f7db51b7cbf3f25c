//! Turns a crate's `locales` (the app's or the dashboard's) into the module `i18n`: one function a key, checked at compile time.

use std::{env, error::Error, fs, path::Path};

use leptos_i18n_parser::parse_locales::{
    options::{Config, ParseOptions},
    parse_locales,
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=locales");

    // Texts are wanted as strings, values put in: a page is in one language from beginning to end.
    let options = ParseOptions::new().interpolate_display(true);
    let locales = parse_locales(None, Config::new("ar")?.add_locale("en")?.add_locale("fr")?.parse_options(options))?;
    // A key that a language lacks would silently be shown in Arabic.
    let warnings = locales.diag.warnings().iter().map(ToString::to_string).collect::<Vec<_>>();
    if !warnings.is_empty() {
        return Err(format!("locales: {}", warnings.join("; ")).into());
    }

    let code = leptos_i18n_codegen::gen_code(&locales, None, false, None, false)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("i18n.rs"), code.to_string())?;
    Ok(())
}
