//! What callbacks show of a result: labels, the messages that come with it, the keys worth showing.

use super::{Screen, Stream};
use crate::diag::{Error, Remark};
use crate::event::{Status, TaskResult};
use crate::value::{Dict, Value};

/// `web1`, `web1 -> db1` or `web1 -> db1(10.0.0.2)`.
pub fn host_label(result: &TaskResult) -> String {
    let host = &*result.host;
    let Some(delegated) = result.delegated.as_deref().filter(|name| *name != host) else {
        return host.to_owned();
    };
    let vars = result.result.get("_ansible_delegated_vars");
    match vars.and_then(|vars| vars.get("ansible_host")).map(Value::to_text) {
        Some(address) if address != delegated => format!("{host} -> {delegated}({address})"),
        _ => format!("{host} -> {delegated}"),
    }
}

/// What stands for the item of a loop.
pub fn item_label(result: &TaskResult) -> String {
    let dict = &result.result;
    if dict.get("_ansible_no_log").is_some_and(Value::truthy) {
        return "(censored due to no_log)".into();
    }
    let label = result.label.as_ref().or_else(|| dict.get("_ansible_item_label")).or_else(|| dict.get("item"));
    label.unwrap_or(&Value::Null).to_text()
}

/// Whether the task is an include, which shows itself by an event of its own.
pub fn is_include(result: &TaskResult) -> bool {
    matches!(short(&result.task.fqcn), "include_tasks" | "include_role")
}

fn is_debug(result: &TaskResult) -> bool {
    short(&result.task.fqcn) == "debug"
}

fn short(fqcn: &str) -> &str {
    fqcn.strip_prefix("ansible.builtin.").or_else(|| fqcn.strip_prefix("ansible.legacy.")).unwrap_or(fqcn)
}

/// Whether an action's own output is the point of a command module: shown as it is by `minimal`.
pub fn is_command(result: &TaskResult) -> bool {
    matches!(short(&result.task.action), "command" | "win_command" | "ansible.windows.win_command")
        || matches!(short(&result.task.action), "shell" | "win_shell" | "ansible.windows.win_shell" | "raw")
}

/// The messages of the task run that come with the result, then the error behind a failure.
pub fn messages(screen: &Screen, result: &TaskResult, stream: Stream) {
    let mut remarks: Vec<&Remark> = result.remarks.iter().collect();
    // Each is shown with the place and the help that it was said with, once.
    let mut whole = |words: &str, gone: bool| {
        let at = remarks.iter().position(|r| r.words() == words && r.gone_in.is_some() == gone)?;
        Some(remarks.remove(at).error.clone())
    };
    for warning in list(&result.result, "warnings") {
        let words = warning.to_text();
        screen.warning(&whole(&words, false).map_or(words, |error| error.to_string()));
    }
    for deprecation in list(&result.result, "deprecations") {
        let said = deprecation.get("msg").and_then(|words| whole(&words.to_text(), true));
        let error = Error { message: deprecation_text(deprecation), ..said.unwrap_or_else(|| Error::user("")) };
        screen.deprecated(error.to_string().trim_end());
    }
    if let Some(error) = &result.error {
        screen.traced(error, traceback(&result.result), stream);
    }
}

/// A module's traceback, which its result has where `display_traceback` asks for those of errors.
fn traceback(result: &Dict) -> Option<&str> {
    result.get("exception").and_then(Value::as_str).filter(|text| text.starts_with("Traceback "))
}

fn list<'a>(dict: &'a Dict, key: &str) -> &'a [Value] {
    dict.get(key).and_then(Value::as_list).unwrap_or_default()
}

/// `The thing is old. This feature will be removed from ansible-core version 2.23.`
fn deprecation_text(value: &Value) -> String {
    let text = |key: &str| value.get(key).filter(|v| v.truthy()).map(Value::to_text);
    let Some(mut message) = text("msg") else {
        return value.to_text();
    };
    if !message.ends_with(['.', '!', '?']) {
        message.push('.');
    }
    let mut from = match text("collection_name").as_deref() {
        None => return format!("{message} This feature will be removed in the future."),
        Some("ansible.builtin") => "ansible-core".to_owned(),
        Some(collection) => format!("collection '{collection}'"),
    };
    // Who says it is a plugin of a kind.
    if let Some(by) = value.get("deprecator")
        && let (Some(name), Some(kind)) = (by.get("resolved_name"), by.get("type").filter(|kind| !kind.is_null()))
    {
        let (name, kind) = (name.to_text(), kind.to_text());
        let kind = if kind == "module" { kind } else { format!("{kind} plugin") };
        from = match name.rsplit_once('.') {
            Some((_, last)) if name != "ansible.builtin" => format!("{kind} '{last}' in {from}"),
            _ => format!("the {kind} API in {from}"),
        };
    }
    let when = match (text("date"), text("version")) {
        (Some(date), _) => format!("in a release after {date}"),
        (None, Some(version)) => format!("version {version}"),
        (None, None) => "in a future release".to_owned(),
    };
    format!("{message} This feature will be removed from {from} {when}.")
}

/// The keys of a result without those that the event says already; of `debug`, only what it is to show.
pub fn cleaned(result: &TaskResult) -> Dict {
    let mut dict = reduced(result);
    if !is_debug(result) || matches!(result.status, Status::Unreachable { .. }) {
        return dict;
    }
    if dict.contains("msg") {
        let shown =
            |key: &str| matches!(key, "msg" | "exception" | "warnings" | "deprecations") || key.starts_with('_');
        dict.retain(|key, _| key.as_str().is_none_or(shown));
    } else {
        for key in ["changed", "invocation", "skip_reason", "ansible_loop_var", "ansible_index_var", "ansible_loop"] {
            dict.remove(key);
        }
    }
    dict
}

/// The keys of a result without those that the event says already.
pub fn reduced(result: &TaskResult) -> Dict {
    let mut dict = result.result.clone();
    dict.remove("failed");
    dict.remove("skipped");
    if is_debug(result) {
        dict.remove("invocation");
    }
    dict
}

/// Whether a result's keys are shown beside its status.
pub fn is_verbose(screen: &Screen, result: &TaskResult, above: u8) -> bool {
    let flag = |key: &str| result.result.get(key) == Some(&Value::Bool(true));
    (screen.settings().verbosity > above || flag("_ansible_verbose_always")) && !flag("_ansible_verbose_override")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_traces_is_a_traceback() {
        let of = |text: &str| traceback(&Dict::from([("exception", Value::str(text))])).map(str::to_owned);
        assert_eq!(
            of("Traceback (most recent call last):\n  x"),
            Some("Traceback (most recent call last):\n  x".into())
        );
        assert_eq!(of("(traceback unavailable)"), None);
        assert_eq!(traceback(&Dict::new()), None);
    }

    #[track_caller]
    fn check(items: &[(&str, &str)], want: &str) {
        let dict: Dict = items.iter().map(|(k, v)| (Value::str(*k), Value::str(*v))).collect();
        assert_eq!(deprecation_text(&Value::Dict(dict)), want);
    }

    #[test]
    fn deprecations_say_when() {
        check(&[("msg", "Old"), ("version", "2.23")], "Old. This feature will be removed in the future.");
        check(
            &[("msg", "Old!"), ("version", "2.23"), ("collection_name", "ansible.builtin")],
            "Old! This feature will be removed from ansible-core version 2.23.",
        );
        check(
            &[("msg", "Old."), ("date", "2030-01-01"), ("collection_name", "a.b")],
            "Old. This feature will be removed from collection 'a.b' in a release after 2030-01-01.",
        );
    }
}
