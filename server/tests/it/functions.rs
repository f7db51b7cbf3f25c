//! The server functions as their source writes them: at run time nothing tells what they take.

use std::{fs, path::Path};

use leptos::server_fn::axum::server_fn_paths;

/// A server function.
pub struct Function {
    pub path: String,
    /// Its arguments: name and type.
    pub takes: Vec<(String, String)>,
}

/// All that are registered; one that is not found in the source fails the test.
pub fn functions() -> Vec<Function> {
    let mut found = Vec::new();
    for folder in ["../app/src/api", "../app/dashboard/src/calls"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            found.extend(text.split("#[server(prefix = \"").skip(1).map(read));
        }
    }
    found.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    let mut registered: Vec<&str> = server_fn_paths().map(|(path, _)| path).collect();
    registered.sort_unstable();
    assert_eq!(found.iter().map(|function| function.path.as_str()).collect::<Vec<_>>(), registered);
    found
}

/// Reads what follows the beginning of the macro.
fn read(text: &str) -> Function {
    let (prefix, rest) = text.split_once("\", endpoint = \"").expect("the prefix, then the endpoint");
    let (name, rest) = rest.split_once("\")]").expect("nothing after the endpoint");
    let (_, rest) = rest.split_once("pub async fn ").expect("a function");
    let (_, rest) = rest.split_once('(').expect("its arguments");
    let (arguments, _) = rest.split_once(") ->").expect("their end");
    let arguments = arguments.split(',').map(|argument| argument.trim().trim_start_matches("#[server(default)]").trim());
    let takes = arguments.filter(|argument| !argument.is_empty()).map(|argument| {
        let (name, kind) = argument.split_once(": ").expect("a name and a type");
        (name.to_owned(), kind.to_owned())
    });
    Function { path: format!("{prefix}/{name}"), takes: takes.collect() }
}
