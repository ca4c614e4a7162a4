//! Results as text: JSON with sorted keys, or YAML.
//!
//! Internal keys (`_ansible_*`), messages that are shown on their own, and below -vvv the
//! invocation and the diff are left out.

use super::{ResultFormat, Settings};
use crate::value::{Dict, JsonStyle, Value, write_json};
use crate::yaml::{EmitStyle, emit};

/// Writes a result's keys; a number of spaces to indent by may be given.
pub type Dump = fn(&Settings, &Dict, Option<usize>) -> String;

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
    if yaml {
        return yaml_text(shown, indent, settings.pretty != Some(false));
    }
    let style = JsonStyle { indent, sort_keys: true, unicode: true };
    write_json(&Value::Dict(shown), style)
}

/// A result as indented YAML on lines of its own; `lossy` bends text so that it can stand as a block.
fn yaml_text(mut shown: Dict, indent: Option<usize>, lossy: bool) -> String {
    for stream in ["stdout", "stderr"] {
        let lines = format!("{stream}_lines");
        if lossy && shown.contains(stream) && shown.contains(&lines) {
            shown.insert(lines, "<omitted>");
        }
    }
    format!("\n{}", yaml_block(&Value::Dict(shown), indent, lossy))
}

/// A value as YAML, each line indented.
pub fn yaml_block(value: &Value, indent: Option<usize>, lossy: bool) -> String {
    let value = if lossy { bent(value) } else { value.clone() };
    let width = indent.and_then(|n| i32::try_from(n).ok()).unwrap_or(0);
    let style = EmitStyle { indent: width, blocks: true, trims: lossy, ..EmitStyle::nice() };
    let margin = " ".repeat(indent.filter(|n| *n > 0).unwrap_or(4));
    match emit(&value, &style) {
        Ok(text) => {
            let lines = text.split_inclusive('\n');
            lines.map(|line| if line.trim().is_empty() { line.to_owned() } else { format!("{margin}{line}") }).collect()
        }
        // Nothing that a result can hold but nesting without end; JSON shows it all the same.
        Err(_) => write_json(&value, JsonStyle { indent: Some(4), sort_keys: true, unicode: true }),
    }
}

/// Text of several lines without what YAML forbids in blocks: tabs, space before a break or at the end,
/// characters that are not printed.
fn bent(value: &Value) -> Value {
    const BREAKS: [char; 4] = ['\n', '\u{85}', '\u{2028}', '\u{2029}'];
    match value {
        Value::Str(text) if text.as_str().contains(BREAKS) => {
            let text = expanded(text.as_str().trim_end());
            let shown = |c: &char| {
                matches!(*c, '\n' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
                    && *c != '\u{feff}'
            };
            let text: String = text.chars().filter(shown).collect();
            let lines = text.split_inclusive(BREAKS).map(|line| match line.chars().last() {
                Some(end) if BREAKS.contains(&end) => {
                    let body = line.strip_suffix(end).unwrap_or(line);
                    format!("{}{end}", body.trim_end_matches(' '))
                }
                _ => line.to_owned(),
            });
            let text: String = lines.collect();
            // It stays a block, even where one line is left.
            if text.contains(BREAKS) { text.into() } else { format!("{text}\n").into() }
        }
        Value::List(items) => Value::list(items.iter().map(bent)),
        Value::Dict(dict) => Value::Dict(dict.iter().map(|(k, v)| (k.clone(), bent(v))).collect()),
        other => other.clone(),
    }
}

/// Python's `expandtabs`: tabs to every eighth column.
pub(super) fn expanded(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' => {
                let spaces = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            }
            c => {
                out.push(c);
                column = if matches!(c, '\n' | '\r') { 0 } else { column + 1 };
            }
        }
    }
    out
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

    #[test]
    fn yaml_as_recorded() {
        let dict = Dict::from([
            ("changed", Value::from(true)),
            ("cmd", Value::list(["printf".into(), "a\\nb".into()])),
            ("delta", "0:00:00.009358".into()),
            ("msg", "".into()),
            ("stats", Dict::from([("data", Dict::from([("a", 1)]))]).into()),
            ("stdout", "a \nb\n".into()),
            ("stdout_lines", Value::list(["a".into()])),
        ]);
        let settings = Settings { result_format: ResultFormat::Yaml, ..Settings::default() };
        let want = "\n    changed: true\n    cmd:\n    - printf\n    - a\\nb\n    delta: '0:00:00.009358'\n    msg: ''\n    \
                    stats:\n        data:\n            a: 1\n    stdout: |-\n        a\n        b\n    stdout_lines: \
                    <omitted>\n";
        assert_eq!(dump(&settings, &dict, None), want);
    }
}
