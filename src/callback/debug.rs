//! The `debug` callback of `ansible.posix`: `default`, with output and messages below the result.

use super::default::Default;
use super::dump::dump;
use super::{Screen, Settings};
use crate::value::{Dict, Value};

/// Keys that are taken out of a result, and whether they are shown below it.
const TAKEN: &[(&str, bool)] = &[
    ("stdout", true),
    ("stdout_lines", false),
    ("stderr", true),
    ("stderr_lines", false),
    ("msg", true),
    ("module_stdout", true),
    ("module_stderr", true),
];

/// The callback, writing to a screen.
pub fn new(screen: Screen) -> Default {
    Default::with_dump(screen, debug_dump)
}

fn debug_dump(settings: &Settings, result: &Dict, _indent: Option<usize>) -> String {
    let mut rest = result.clone();
    rest.insert("_ansible_verbose_always", true);
    let taken: Vec<(&str, bool, Option<Value>)> =
        TAKEN.iter().map(|(key, shown)| (*key, *shown, rest.remove(key))).collect();
    let mut text = dump(settings, &rest, None);
    for (key, shown, value) in taken {
        if let Some(value) = value.filter(|value| shown && value.truthy()) {
            text.push_str(&format!("\n\n{}:\n\n{}\n", key.to_uppercase(), value.to_text()));
        }
    }
    text
}
