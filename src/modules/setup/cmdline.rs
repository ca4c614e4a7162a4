//! `cmdline` and `proc_cmdline`: the kernel's command line, the second with repeated names as lists.

use super::{Host, read};
use crate::value::{Dict, Value};

/// The facts.
pub fn facts(_: &Host<'_>) -> Dict {
    let Some(text) = read::text("/proc/cmdline") else { return Dict::new() };
    let (mut last, mut all) = (Dict::new(), Dict::new());
    for word in words(&text) {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Value::from(value)),
            None => (word.as_str(), true.into()),
        };
        last.insert(name, value.clone());
        let both = match (all.get(name), &value) {
            (Some(Value::List(items)), Value::Str(_)) => Value::list(items.iter().cloned().chain([value])),
            (Some(first), Value::Str(_)) => Value::list([first.clone(), value]),
            _ => value,
        };
        all.insert(name, both);
    }
    Dict::from([("cmdline", last), ("proc_cmdline", all)])
}

/// Words at spaces; quotes keep spaces together and stay, as in Python's `shlex.split(posix=False)`.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(q) => quote = (c != q).then_some(q),
            None if c.is_ascii_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            None if (c == '"' || c == '\'') && word.is_empty() => quote = Some(c),
            None => {}
        }
        word.push(c);
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}
