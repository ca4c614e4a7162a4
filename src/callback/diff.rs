//! The `diff` of a result as text, as shown with `--diff`.

use super::dump::yaml_block;
use super::{ResultFormat, Role, Screen, Settings};
use crate::value::{Dict, JsonStyle, Value, diff_lines, unified, write_json};

/// All diffs of a result; empty where there is nothing to show.
pub fn diff_text(screen: &Screen, diff: &Value) -> String {
    let one = [diff.clone()];
    let diffs = diff.as_list().unwrap_or(&one);
    diffs.iter().filter_map(Value::as_dict).map(|diff| one_text(screen, diff)).collect()
}

fn one_text(screen: &Screen, diff: &Dict) -> String {
    let mut out = String::new();
    for (key, text) in [
        ("dst_binary", "destination file appears to be binary"),
        ("src_binary", "source file appears to be binary"),
        ("dst_larger", "destination file size is greater than "),
        ("src_larger", "source file size is greater than "),
    ] {
        if let Some(value) = diff.get(key) {
            let size = if text.ends_with(' ') { value.to_text() } else { String::new() };
            out.push_str(&format!("diff skipped: {text}{size}\n"));
        }
    }
    if let (Some(before), Some(after)) = (diff.get("before"), diff.get("after")) {
        let names = ["before", "after"].map(|side| match diff.get(&format!("{side}_header")) {
            Some(header) => format!("{side}: {}", header.to_text()),
            None => side.to_owned(),
        });
        let settings = screen.settings();
        let (before, after) = (diff_lines(&side_text(settings, before)), diff_lines(&side_text(settings, after)));
        let lines = unified(&before, &after, [&names[0], &names[1]], screen.settings().diff_context);
        let changed = !lines.is_empty();
        out.extend(lines.into_iter().map(|line| match line.as_bytes().first() {
            Some(b'+') => screen.paint(&line, Role::DiffAdd),
            Some(b'-') => screen.paint(&line, Role::DiffRemove),
            Some(b'@') => screen.paint(&line, Role::DiffLines),
            _ => line,
        }));
        if changed {
            out.push('\n');
        }
    }
    if let Some(prepared) = diff.get("prepared") {
        out.push_str(&prepared.to_text());
    }
    out
}

fn side_text(settings: &Settings, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Dict(dict) if settings.result_format == ResultFormat::Yaml => {
            yaml_block(&Value::Dict(dict.clone()), Some(4), settings.pretty != Some(false)) + "\n"
        }
        Value::Dict(_) => write_json(value, JsonStyle { indent: Some(4), sort_keys: true, unicode: false }) + "\n",
        other => other.to_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Captured;
    use super::*;

    #[track_caller]
    fn check(diff: impl Into<Value>, color: bool, want: &str) {
        let screen = Screen::new(Settings { color, ..Settings::default() }, Captured::default());
        assert_eq!(diff_text(&screen, &diff.into()), want);
    }

    #[test]
    fn recorded() {
        check(
            Dict::from([("before", ""), ("after", "a\nb\nc"), ("after_header", "/out")]),
            false,
            "--- before\n+++ after: /out\n@@ -0,0 +1,3 @@\n+a\n+b\n+c\n\\ No newline at end of file\n\n",
        );
        let state = |state: &str| Value::from(Dict::from([("path", "/d"), ("state", state)]));
        check(
            Dict::from([("before", state("absent")), ("after", state("directory"))]),
            false,
            "--- before\n+++ after\n@@ -1,4 +1,4 @@\n {\n     \"path\": \"/d\",\n-    \"state\": \"absent\"\n+    \
             \"state\": \"directory\"\n }\n\n",
        );
        check(Dict::from([("before", "a\n"), ("after", "a\n")]), false, "");
        check(vec![Dict::from([("prepared", "as is\n")]).into()], false, "as is\n");
        check(Dict::from([("dst_larger", 104)]), false, "diff skipped: destination file size is greater than 104\n");
    }

    #[test]
    fn in_colour_the_newline_is_wrapped_too() {
        check(
            Dict::from([("before", "a\n"), ("after", "")]),
            true,
            "\x1b[0;31m--- before\x1b[0m\n\x1b[0;31m\x1b[0m\x1b[0;32m+++ after\x1b[0m\n\x1b[0;32m\x1b[0m\x1b[0;36m@@ -1 \
             +0,0 @@\x1b[0m\n\x1b[0;36m\x1b[0m\x1b[0;31m-a\x1b[0m\n\x1b[0;31m\x1b[0m\n",
        );
    }
}
