//! The `yaml` callback of `community.general`: `default`, with results as YAML of its own form.
//!
//! Deprecated there in favour of `result_format=yaml`, which writes otherwise.

use super::default::Default;
use super::dump::{expanded, without_internal};
use super::{Screen, Settings};
use crate::value::{Dict, JsonStyle, Value, write_json};
use crate::yaml::{EmitStyle, emit};

const DEPRECATED: &str = "community.general.yaml has been deprecated. The plugin has been superseded by the option \
                          `result_format=yaml` in callback plugin ansible.builtin.default from ansible-core 2.13 \
                          onwards. This feature will be removed from collection 'community.general' version 12.0.0.";

const CENSORED: &str = "{\"censored\": \"The output has been hidden due to the fact that 'no_log: true' was specified \
                        for this result\"}";

/// The callback, writing to a screen.
pub fn new(screen: Screen) -> Default {
    screen.deprecated(DEPRECATED);
    Default::with_dump(screen, yaml_dump)
}

fn yaml_dump(settings: &Settings, result: &Dict, _indent: Option<usize>) -> String {
    if result.get("_ansible_no_log").is_some_and(Value::truthy) {
        return CENSORED.into();
    }
    let mut shown = without_internal(&Value::Dict(result.clone())).as_dict().cloned().unwrap_or_default();
    if settings.verbosity < 3 {
        shown.remove("invocation");
        shown.remove("diff");
    }
    for key in ["exception", "warnings", "deprecations"] {
        shown.remove(key);
    }
    let mut text = String::new();
    for key in ["changed", "skipped"] {
        if let Some(value) = shown.remove(key) {
            text.push_str(&format!("{key}={} ", value.to_text().to_lowercase()));
        }
    }
    for stream in ["stdout", "stderr"] {
        let lines = format!("{stream}_lines");
        if shown.contains(stream) && shown.contains(&lines) {
            shown.insert(lines, "<omitted>");
        }
    }
    if !shown.is_empty() {
        text.push('\n');
        text.push_str(&yaml_text(&bent(&Value::Dict(shown))));
    }
    text.replace('\n', "\n  ").trim_end().to_owned()
}

fn yaml_text(value: &Value) -> String {
    let style = EmitStyle { indent: 2, width: 1000, blocks: true, ..EmitStyle::nice() };
    emit(value, &style)
        // Nothing that a result can hold but nesting without end; JSON shows it all the same.
        .unwrap_or_else(|_| write_json(value, JsonStyle { indent: Some(4), sort_keys: true, unicode: true }))
}

/// Text of several lines without what would keep it from being a block.
fn bent(value: &Value) -> Value {
    const BREAKS: &[char] = &['\n', '\r', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
    match value {
        Value::Str(text) if text.as_str().contains(BREAKS) => {
            let printed = |c: &char| matches!(*c, '\t'..='\r' | ' '..='~' | '\u{a0}'..);
            let text: String = text.as_str().trim_end().chars().filter(printed).collect();
            let text = expanded(&text).replace(['\u{b}', '\u{c}', '\r'], "");
            let lines: Vec<&str> = text.split('\n').collect();
            let last = lines.len().saturating_sub(1);
            let trimmed =
                lines.iter().enumerate().map(|(i, line)| if i < last { line.trim_end_matches(' ') } else { line });
            trimmed.collect::<Vec<_>>().join("\n").into()
        }
        Value::List(items) => Value::list(items.iter().map(bent)),
        Value::Dict(dict) => Value::Dict(dict.iter().map(|(k, v)| (bent(k), bent(v))).collect()),
        other => other.clone(),
    }
}
