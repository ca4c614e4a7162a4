//! Results as text: JSON with sorted keys, or YAML.
//!
//! Internal keys (`_ansible_*`), messages that are shown on their own, and below -vvv the
//! invocation and the diff are left out.

use super::{ResultFormat, Settings};
use crate::value::{Dict, JsonStyle, Value, write_json};

/// A result as it stands behind ` => `.
pub fn dump(settings: &Settings, result: &Dict, indent: Option<usize>) -> String {
    let always = result.get("_ansible_verbose_always").is_some_and(Value::truthy);
    let yaml = settings.result_format == ResultFormat::Yaml;
    let pretty = always || settings.verbosity > 2 || settings.pretty.unwrap_or(yaml);
    let indent = match settings.pretty {
        Some(false) => None,
        _ => indent.filter(|n| *n > 0).or(if pretty { Some(4) } else { indent }),
    };
    let mut shown = Dict::new();
    for (key, value) in result {
        if !is_left_out(settings, key) {
            shown.insert(key.clone(), without_internal(value));
        }
    }
    let style = JsonStyle { indent, sort_keys: true, unicode: true };
    write_json(&Value::Dict(shown), style)
}

fn is_left_out(settings: &Settings, key: &Value) -> bool {
    match key.as_str() {
        Some("exception" | "warnings" | "deprecations") => true,
        Some("invocation" | "diff") => settings.verbosity < 3,
        Some(key) => key.starts_with("_ansible_"),
        None => false,
    }
}

/// The value without the internal keys at any depth.
pub fn without_internal(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::list(items.iter().map(without_internal)),
        Value::Dict(dict) => {
            let kept = |key: &Value| key.as_str().is_none_or(|key| !key.starts_with("_ansible_"));
            Value::Dict(dict.iter().filter(|(k, _)| kept(k)).map(|(k, v)| (k.clone(), without_internal(v))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(settings: Settings, want: &str) {
        let inner = Dict::from([("_ansible_x", 1), ("é", 2)]);
        let mut dict = Dict::from([("b", Value::from(inner)), ("a", 1.into()), ("invocation", 2.into())]);
        dict.insert("_ansible_no_log", false);
        assert_eq!(dump(&settings, &dict, None), want);
    }

    #[test]
    fn hides_and_sorts() {
        check(Settings::default(), r#"{"a": 1, "b": {"é": 2}}"#);
        check(Settings { pretty: Some(false), ..Settings::default() }, r#"{"a": 1, "b": {"é": 2}}"#);
        let want = "{\n    \"a\": 1,\n    \"b\": {\n        \"é\": 2\n    }\n}";
        check(Settings { pretty: Some(true), ..Settings::default() }, want);
        let want = "{\n    \"a\": 1,\n    \"b\": {\n        \"é\": 2\n    },\n    \"invocation\": 2\n}";
        check(Settings { verbosity: 3, ..Settings::default() }, want);
    }
}
