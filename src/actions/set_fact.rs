//! `set_fact`: sets variables of a host, and its facts too where they are `cacheable`.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Effect, Run};
use crate::argspec;
use crate::diag::{Error, Result};
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// `ansible.builtin.set_fact`.
pub static ACTION: ActionDef = ActionDef {
    name: "set_fact",
    fqcn: "ansible.builtin.set_fact",
    doc: "Sets host variables and facts.",
    raw_args: &[],
    connects: false,
    run: Run::Host(run),
};

const NAMING: &str = "Variable names must be strings starting with a letter or underscore character, and contain only letters, numbers and underscores.";

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { set_fact(call) })
}

fn set_fact(call: &ActionCall<'_>) -> Result<Acted> {
    let mut facts = Dict::new();
    for (key, value) in &call.args {
        if key.as_str() == Some("cacheable") {
            continue;
        }
        // Names may be templates, unlike any other key.
        let name = match key {
            Value::Str(text) => call.templar.render(text, call.scope)?,
            other => other.clone(),
        };
        let valid = name.as_str().is_some_and(is_variable_name);
        if !valid {
            let origin = match key {
                Value::Str(text) => text.origin(),
                _ => None,
            };
            return Err(Error::user(format!("Invalid variable name {}.", crate::value::repr(&name)))
                .help(NAMING)
                .at(origin));
        }
        facts.insert(name.to_text(), value.clone());
    }
    if facts.is_empty() {
        let text = "No key/value pairs provided, at least one is required for this action to succeed";
        return Err(Error::action(text));
    }
    let cacheable = call.args.get("cacheable").and_then(argspec::boolean).unwrap_or(false);
    let outcome = Outcome::changed(false)
        .with("ansible_facts", facts.clone())
        .with("_ansible_facts_cacheable", cacheable);
    let mut effects = vec![Effect::Vars(facts.clone())];
    if cacheable {
        effects.push(Effect::Facts(facts));
    }
    Ok(Acted { outcome, effects })
}

/// Whether a name can be a variable's: an identifier of Python's that is no keyword.
pub fn is_variable_name(name: &str) -> bool {
    let mut chars = name.chars();
    let first = chars.next().is_some_and(|c| c == '_' || c.is_ascii_alphabetic());
    first && chars.all(|c| c == '_' || c.is_ascii_alphanumeric()) && !PYTHON_KEYWORDS.contains(&name)
}

const PYTHON_KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(is_variable_name("_a1"));
        for bad in ["", "1a", "a-b", "a.b", "class", "é"] {
            assert!(!is_variable_name(bad), "{bad}");
        }
    }
}
