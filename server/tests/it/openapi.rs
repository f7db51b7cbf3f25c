//! The OpenAPI document and its committed copy.

use server::api::OPENAPI;

use crate::{on_both, world::json_of};

/// `khazna openapi > docs/openapi.json` brings the copy up to date.
#[test]
fn the_committed_copy_is_the_one_that_is_served() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json")).unwrap_or_default();
    assert!(committed == *OPENAPI, "docs/openapi.json differs from the handlers: khazna openapi > docs/openapi.json");
}

on_both!(is_served, |world| {
    let (status, document) = json_of(world.get("/api/v1/openapi.json")).await;
    assert_eq!(status, 200);
    assert_eq!(document["openapi"], "3.1.0");
    for name in document.to_string().split("#/components/schemas/").skip(1) {
        let name = name.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} is referred to, and not there");
    }
    // Words are named as they are sent.
    let enums =
        document["components"]["schemas"].as_object().unwrap().iter().filter_map(|(name, schema)| Some((name, schema["enum"].as_array()?)));
    for (name, word) in enums.flat_map(|(name, words)| words.iter().map(move |word| (name, word))) {
        assert!(word.as_str().unwrap().chars().all(|letter| letter.is_ascii_lowercase() || matches!(letter, '_' | '-')), "{name}: {word}");
    }
    assert_eq!(document["components"]["schemas"]["FileKind"]["enum"][0], "pdf");
    assert!(document["paths"].as_object().unwrap().keys().all(|path| path.starts_with("/api/v1/") && path.ends_with('/')));
});
