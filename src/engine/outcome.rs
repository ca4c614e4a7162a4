//! What becomes of a module's result before conditions look at it, before it is registered, and before it is shown.

use crate::diag::{Error, Kind, Remark};
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// Puts the words of what was said before the module's own warnings and deprecations.
pub(super) fn add_remarks(outcome: &mut Outcome, remarks: &[Remark]) {
    let (gone, warned): (Vec<&Remark>, Vec<&Remark>) = remarks.iter().partition(|remark| remark.gone_in.is_some());
    let mut put = |key: &str, said: Vec<Value>| {
        if !said.is_empty() {
            let own = outcome.get(key).and_then(Value::as_list).unwrap_or_default().to_vec();
            let own = own.into_iter().filter(|value| !said.contains(value));
            outcome.set(key, said.iter().cloned().chain(own).collect::<Vec<_>>());
        }
    };
    put("warnings", warned.iter().map(|remark| Value::from(remark.words())).collect());
    put("deprecations", gone.iter().map(|remark| deprecation(remark)).collect());
}

/// What ansible-core says beside some of its own deprecations; the results of modules do not carry it.
const HELP: &[(&str, &str)] = &[
    ("Passing `warnings` to `exit_json` or `fail_json` is deprecated.", "Use `AnsibleModule.warn` instead."),
    ("Passing `deprecations` to `exit_json` or `fail_json` is deprecated.", "Use `AnsibleModule.deprecate` instead."),
];

/// What is said beside the words of a module's deprecations.
pub(super) fn help(outcome: &Outcome) -> Vec<Remark> {
    let Some(Value::List(said)) = outcome.get("deprecations") else { return Vec::new() };
    let words = said.iter().filter_map(|value| value.get("msg").and_then(Value::as_str));
    let helped = words.filter_map(|words| HELP.iter().find(|(msg, _)| *msg == words));
    helped.map(|(words, help)| Remark::deprecation(Error::user(*words).help(*help), "")).collect()
}

/// A deprecation as results have it.
fn deprecation(remark: &Remark) -> Value {
    if let Some(mark) = &remark.mark {
        let kind = mark.kind.as_deref().map(Value::from).unwrap_or_default();
        let by = Dict::from([("resolved_name", Value::str(mark.name.as_str())), ("type", kind)]);
        let mut told =
            Dict::from([("msg", Value::from(remark.words())), ("collection_name", mark.collection().into())]);
        for (key, when) in [("version", &mark.version), ("date", &mark.date)] {
            if let Some(when) = when {
                told.insert(key, when.as_str());
            }
        }
        told.insert("deprecator", by);
        return Value::Dict(told);
    }
    let (kind, name) = remark.plugin.map_or((Value::Null, "ansible.builtin"), |(kind, name)| (kind.into(), name));
    let by = Dict::from([("resolved_name", Value::str(name)), ("type", kind)]);
    Value::Dict(Dict::from([
        ("msg", Value::from(remark.words())),
        ("collection_name", Value::str("ansible.builtin")),
        ("version", remark.gone_in.as_deref().map(Value::from).unwrap_or_default()),
        ("deprecator", by.into()),
    ]))
}

/// Python's `str.splitlines`, for the `stdout_lines` beside `stdout`.
pub(super) fn lines(text: &str) -> Value {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let breaks = ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
        match rest.find(breaks) {
            None => {
                lines.push(Value::str(rest));
                break;
            }
            Some(at) => {
                lines.push(Value::str(&rest[..at]));
                let end = &rest[at..];
                let width = if end.starts_with("\r\n") { 2 } else { end.chars().next().map_or(1, char::len_utf8) };
                rest = &end[width..];
            }
        }
    }
    lines.into()
}

/// Adds what Ansible adds to what a module printed: `stdout_lines`, `stderr_lines`.
pub(super) fn add_lines(outcome: &mut Outcome) {
    for (text, key) in [("stdout", "stdout_lines"), ("stderr", "stderr_lines")] {
        if let Some(Value::Str(value)) = outcome.get(text)
            && outcome.get(key).is_none()
        {
            let lines = lines(value.as_str());
            outcome.set(key, lines);
        }
    }
}

/// Adds what every result has: `failed`, `changed`.
pub(super) fn complete(outcome: &mut Outcome) {
    if outcome.get("failed").is_none() {
        let failed = outcome.get("rc").is_some_and(|rc| *rc != Value::Int(0) && rc.as_str() != Some("0"));
        outcome.set("failed", failed);
    }
    outcome.result.set_default("changed", false);
}

/// Takes out the message of a module that crashed: what looks at the result before the task has failed finds none.
pub(super) fn unsaid(outcome: &mut Outcome) -> Option<String> {
    let said = outcome.get("msg").and_then(Value::as_str)?;
    if !outcome.is_failed() || !said.starts_with("Task failed: Module failed") {
        return None;
    }
    outcome.result.remove("msg").map(|said| said.to_text())
}

/// A text in one line of at most 120 characters, cut between words, as Python's `textwrap.shorten` does it.
pub(super) fn shortened(text: &str) -> String {
    const WIDTH: usize = 120;
    const MORE: &str = " [...]";
    let words: Vec<&str> = text.split_whitespace().collect();
    let whole = words.join(" ");
    if whole.chars().count() <= WIDTH {
        return whole;
    }
    let mut kept = String::new();
    for word in words {
        let space = usize::from(!kept.is_empty());
        if kept.chars().count() + space + word.chars().count() + MORE.len() > WIDTH {
            break;
        }
        if space == 1 {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    // What begins with a word too long has no space before the rest.
    (kept + MORE).trim_start().to_owned()
}

/// The failed result that stands for an error.
///
/// What an action reports itself is the message as it is; anything else is told with its way up.
pub(super) fn of_error(error: &Error) -> Outcome {
    let mut outcome = Outcome::default().with("failed", true);
    match error.kind {
        Kind::Action | Kind::Unsupported | Kind::Arguments => {
            outcome.set("msg", error.line());
            outcome.set("changed", false);
        }
        _ => {
            outcome.set("msg", task_failed(error).line());
            outcome.set("changed", false);
        }
    }
    outcome
}

/// The error as it is told of a task.
pub(super) fn task_failed(error: &Error) -> Error {
    error.clone().context("Task failed.")
}

/// What `register` keeps of a result: everything but what is for the engine and callbacks alone.
pub(super) fn registered(result: &Dict) -> Dict {
    let mut kept = without_internal(result);
    kept.remove("invocation");
    kept
}

fn without_internal(result: &Dict) -> Dict {
    result.iter().filter(|(key, _)| !is_internal(key)).map(|(k, v)| (k.clone(), outer(v))).collect()
}

/// What `ansible_failed_result` keeps of a result.
pub(super) fn of_failure(result: &Dict) -> Dict {
    result.iter().filter(|(key, _)| !is_internal(key)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// A value without internal keys, those of a loop's items among them; most have none and are kept as they are.
fn outer(value: &Value) -> Value {
    match value {
        Value::Dict(dict) if has_internal(value) => Value::Dict(without_internal(dict)),
        Value::List(items) if has_internal(value) => Value::list(items.iter().map(outer)),
        other => other.clone(),
    }
}

fn has_internal(value: &Value) -> bool {
    match value {
        Value::Dict(dict) => dict.iter().any(|(key, value)| is_internal(key) || has_internal(value)),
        Value::List(items) => items.iter().any(has_internal),
        _ => false,
    }
}

/// The result of a task whose results are secret.
pub(super) fn censored(result: &Dict) -> Dict {
    let text = "the output has been hidden due to the fact that 'no_log: true' was specified for this result";
    let mut kept = Dict::from([("censored", Value::str(text))]);
    for key in [
        "attempts",
        "changed",
        "retries",
        "failed",
        "skipped",
        "unreachable",
        "_ansible_delegated_vars",
        "_ansible_no_log",
        "warnings",
        "deprecations",
    ] {
        if let Some(value) = result.get(key).filter(|value| key != "failed" || value.truthy()) {
            kept.insert(key, value.clone());
        }
    }
    // The shape stays, so that a callback sees that there was a loop.
    if let Some(items) = result.get("results").and_then(Value::as_list) {
        let censored_item =
            |item: &Value| item.as_dict().map_or_else(|| item.clone(), |item| Value::Dict(censored(item)));
        kept.insert("results", Value::list(items.iter().map(censored_item)));
    }
    kept
}

fn is_internal(key: &Value) -> bool {
    key.as_str().is_some_and(|name| name.starts_with("_ansible_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_lines_as_python_does() {
        assert_eq!(lines("a\r\nb\n\nc"), Value::list(["a", "b", "", "c"].map(Value::from)));
        assert_eq!(lines("a\n"), Value::list(["a"].map(Value::from)));
        assert_eq!(lines(""), Value::list([]));
    }

    #[test]
    fn a_result_with_a_bad_status_has_failed() {
        let mut outcome = Outcome::default().with("rc", 1).with("stdout", "x");
        complete(&mut outcome);
        add_lines(&mut outcome);
        assert!(outcome.is_failed());
        assert_eq!(outcome.get("stdout_lines"), Some(&Value::list([Value::from("x")])));
    }
}
