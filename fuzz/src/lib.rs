//! What each target does with an input.

use rplay::template::{Templar, Vars};
use rplay::value::{Dict, Text, Value};

/// A few variables of each type, one of them lazy, one undefined within.
fn vars() -> Vars {
    let text = |text: &str| Value::Str(Text::trusted(text, None));
    let list = Value::list([Value::Int(1), text("b"), Value::Null]);
    let vars = Dict::from([
        ("a", Value::Int(5)),
        ("i", Value::Int(7)),
        ("s", text("Hello World")),
        ("f", Value::Float(1.5)),
        ("t", Value::Bool(true)),
        ("n", Value::Null),
        ("l", list.clone()),
        ("d", Value::Dict(Dict::from([("a", Value::Int(1)), ("items", list)]))),
        ("lazy", text("{{ a + 1 }}")),
        ("again", text("{{ again }}")),
        ("partly", Value::list([Value::Int(1), text("{{ nope }}")])),
    ]);
    Vars { vars, ..Vars::default() }
}

/// Whether a template would touch what is outside: commands and files.
fn reaches_out(text: &str) -> bool {
    const WORDS: [&str; 16] = [
        "lookup", "query", "q(", "pipe", "lines", "file", "glob", "password", "unvault", "template", "include", "import",
        "extends", "realpath", "is_", "mount",
    ];
    WORDS.iter().any(|word| text.contains(word))
}

/// Renders the input as a template.
pub fn template(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if text.len() > 4096 || reaches_out(text) {
        return;
    }
    let (templar, scope) = (Templar::new(), vars());
    let source = Text::trusted(text, None);
    // Whether it gives a value or an error is all the same here.
    let _rendered = templar.render(&source, &scope);
    let _evaluated = templar.evaluate(&source, &scope);
}

/// Loads the input as YAML.
pub fn yaml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _documents = rplay::yaml::from_yaml_all(text, false);
    let _one = rplay::yaml::from_yaml(text, true);
}
