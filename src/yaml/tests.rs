//! Compares reading with the rows recorded from the real one in `tests/baselines/`.

use super::{Duplicates, EmitStyle, Kind, Node, Options, YamlError, emit, parse, parse_raw};
use crate::diag::{Origin, Source};
use crate::value::{Value, parse_json, repr};
use std::sync::Arc;

/// The rows of a baseline.
pub(super) fn rows(name: &str) -> Vec<Value> {
    let path = format!("{}/tests/baselines/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a baseline");
    text.lines().map(|line| parse_json(line).expect("a row")).collect()
}

/// Compares all rows and reports every difference at once.
#[track_caller]
pub(super) fn compare(name: &str, least: usize, each: impl Fn(&Value) -> (String, String)) {
    let rows = rows(name);
    assert!(rows.len() >= least, "only {} rows", rows.len());
    let mut wrong = String::new();
    let mut count = 0;
    for row in &rows {
        let (got, want) = each(row);
        if got != want {
            count += 1;
            wrong.push_str(&format!("\n--- {row:?}\n got: {got}\nwant: {want}\n"));
        }
    }
    assert!(count == 0, "{count} of {} rows differ:{wrong}", rows.len());
}

fn field<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or("")
}

fn at(origin: &Origin) -> String {
    if origin.line == 0 { String::new() } else { format!("@{}:{}", origin.line, origin.column) }
}

fn show(node: &Node) -> String {
    let at = at(&node.origin);
    match &node.kind {
        Kind::List(items) => format!("[{}]{at}", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Kind::Map(pairs) => {
            let items: Vec<String> = pairs.iter().map(|(k, v)| format!("{}: {}", show(k), show(v))).collect();
            format!("{{{}}}{at}", items.join(", "))
        }
        Kind::Scalar(Value::Null) => "null".into(),
        Kind::Scalar(Value::Bool(b)) => b.to_string(),
        Kind::Scalar(Value::Vault(text)) => format!("vault {}{at}", crate::value::str_repr(text.as_str())),
        Kind::Scalar(Value::Str(text)) => {
            let trust = if text.is_trusted() { "T" } else { "" };
            format!("{}{at}{trust}", crate::value::str_repr(text.as_str()))
        }
        Kind::Scalar(value) => format!("{}{at}", repr(value)),
    }
}

fn described() -> Arc<Source> {
    Arc::new(Source::Described("f".into()))
}

#[test]
fn reads_as_ansible_does() {
    compare("yaml_load", 400, |row| match parse_raw(field(row, "text"), &described(), Options::trusted()) {
        Ok(parsed) => {
            let said: Vec<String> = parsed.deprecations.into_iter().chain(parsed.warnings).collect();
            let want = row.get("said").and_then(Value::as_list).unwrap_or(&[]);
            let want: Vec<String> = want.iter().map(Value::to_text).collect();
            (format!("{} {said:?}", show(&parsed.node)), format!("{} {want:?}", field(row, "shown")))
        }
        Err(error) => (error.to_string(), field(row, "error").to_owned()),
    });
}

#[test]
fn breaks_as_ansible_does() {
    compare("yaml_broken", 100, |row| {
        let got = match parse(field(row, "text"), &Arc::new(Source::File("f.yml".into())), Options::trusted()) {
            Ok(parsed) => format!("no error: {}", show(&parsed.node)),
            Err(e) => {
                let origin = e.origin.expect("a place");
                format!("{} {}:{} {}", e.message, origin.line, origin.column, e.help.unwrap_or_default().trim_start())
            }
        };
        let number = |name| row.get(name).and_then(Value::as_int).unwrap_or(0);
        let want = format!("{} {}:{} {}", field(row, "message"), number("line"), number("column"), field(row, "help"));
        (got, want)
    });
}

/// The value that a row of `yaml_dump` describes.
fn described_value(row: &Value) -> Value {
    let Some((kind, content)) = row.as_dict().and_then(|d| d.iter().next()) else { return row.clone() };
    let items = content.as_list().unwrap_or(&[]);
    let text = content.as_str().unwrap_or("");
    match kind.as_str() {
        Some("list") => Value::list(items.iter().map(described_value)),
        Some("dict") => Value::Dict(
            items
                .iter()
                .filter_map(Value::as_list)
                .map(|pair| (described_value(&pair[0]), described_value(&pair[1])))
                .collect(),
        ),
        Some("bytes") => Value::Bytes(
            (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hex")).collect(),
        ),
        Some("vault") => Value::Vault(crate::value::Text::data(text)),
        _ => super::timestamp::construct(text).expect("a date"),
    }
}

#[test]
fn writes_as_ansible_does() {
    compare("yaml_dump", 1000, |row| {
        let mut style = if field(row, "filter") == "to_yaml" { EmitStyle::terse() } else { EmitStyle::nice() };
        for (name, value) in row.get("options").and_then(Value::as_dict).expect("options") {
            let number = i32::try_from(value.as_int().unwrap_or(0)).expect("a small number");
            let flag = value.as_bool().unwrap_or(false);
            match name.as_str().expect("a name") {
                "indent" => style.indent = number,
                "width" => style.width = number,
                "sort_keys" => style.sort_keys = flag,
                "default_flow_style" => style.default_flow_style = Some(flag),
                "explicit_start" => style.explicit_start = flag,
                "explicit_end" => style.explicit_end = flag,
                "default_style" => style.default_style = value.as_str().and_then(|s| s.chars().next()),
                "allow_unicode" => style.allow_unicode = flag,
                "canonical" => style.canonical = flag,
                other => panic!("option {other}"),
            }
        }
        let value = described_value(row.get("value").expect("a value"));
        let want = field(row, "dumped").to_owned();
        match emit(&value, &style) {
            Ok(text) => (text, want),
            Err(error) if error.kind == crate::diag::Kind::Unsupported => (want.clone(), want),
            Err(error) => (error.to_string(), want),
        }
    });
}

#[track_caller]
fn error(text: &str) -> YamlError {
    match parse_raw(text, &described(), Options::trusted()) {
        Ok(_) => panic!("no error"),
        Err(error) => error,
    }
}

#[test]
fn deep_nesting_is_an_error() {
    assert_eq!(error(&"[".repeat(100_000)).problem, "exceeded maximum nesting depth");
    assert_eq!(error(&"{a: ".repeat(5_000)).problem, "exceeded maximum nesting depth");
    assert_eq!(error(&"- ".repeat(5_000)).problem, "exceeded maximum nesting depth");
    let chain: String = (1..2000).map(|i| format!("a{i}: &a{i} [*a{}]\n", i - 1)).collect();
    assert_eq!(error(&format!("a0: &a0 x\n{chain}")).problem, "exceeded maximum nesting depth");
}

#[test]
fn alias_bombs_are_an_error() {
    let bomb: String = (1..30).map(|i| format!("a{i}: &a{i} [{0}, {0}, {0}, {0}]\n", format!("*a{}", i - 1))).collect();
    assert_eq!(error(&format!("a0: &a0 [x]\n{bomb}")).problem, "found aliases that expand to too many nodes");
    let few: String = (1..8).map(|i| format!("a{i}: &a{i} [*a{0}, *a{0}, *a{0}]\n", i - 1)).collect();
    assert!(parse_raw(&format!("a0: &a0 [x]\n{few}"), &described(), Options::trusted()).is_ok());
}

#[test]
fn recursion_is_an_error() {
    assert_eq!(error("a: &a [*a]").problem, "found unconstructable recursive node");
    assert_eq!(error("a: &a {b: *a}").problem, "found unconstructable recursive node");
}

/// The crate that scans fails where a block scalar's last line has no line break.
#[test]
fn block_scalars_end_with_the_text() {
    compare("yaml_tail", 30, |row| match super::from_yaml(field(row, "text"), false) {
        Ok(value) => (repr(&value), field(row, "repr").to_owned()),
        Err(error) => (error.to_string(), field(row, "error").to_owned()),
    });
}

#[test]
fn many_documents() {
    let values = super::from_yaml_all("a: 1\n---\n- b\n---\n", false).expect("valid");
    assert_eq!(repr(&Value::list(values)), "[{'a': 1}, ['b'], None]");
    let values = super::from_yaml_all("", false).expect("valid");
    assert!(values.is_empty());
    assert!(super::from_yaml_all("a: 1\n--- [\n", false).is_err());
    assert!(super::from_yaml("a: !vault x", false).is_err());
}

#[test]
fn keys_that_stand_twice() {
    let read = |duplicates| parse("a: 1\na: 2\n", &described(), Options { duplicates, ..Options::trusted() });
    let error = read(Duplicates::Error).expect_err("an error");
    assert_eq!(error.message, "YAML parsing failed: Found duplicate mapping key 'a'.");
    assert_eq!(error.origin.map(|o| (o.line, o.column)), Some((2, 1)));
    assert!(read(Duplicates::Ignore).expect("valid").warnings.is_empty());
    assert_eq!(read(Duplicates::Warn).expect("valid").warnings.len(), 1);
}

#[test]
fn json_comes_first() {
    let source = described();
    let read = |text: &str| super::load_value(text, &source, true).map(|v| repr(&v));
    assert_eq!(read("{\"a\": 1e3, \"b\": [1]}\n"), Ok("{'a': 1000.0, 'b': [1]}".into()));
    assert_eq!(read("{a: 1e3}\n"), Ok("{'a': '1e3'}".into()));
    assert_eq!(read("0755"), Ok("493".into()));
    assert_eq!(read("[{\"__ansible_unsafe\": \"x\"}]"), Ok("['x']".into()));
}

/// Mixes pieces of YAML in all ways that a small generator finds; nothing may panic.
#[test]
fn nothing_panics() {
    let pieces = [
        "a",
        ": ",
        "- ",
        "\n",
        "  ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&x ",
        "*x",
        "!t ",
        "!!int ",
        "!unsafe ",
        "|",
        ">",
        "'",
        "\"",
        "\\",
        "#",
        " ",
        "<<: ",
        "? ",
        "%",
        "---\n",
        "...\n",
        "\t",
        "é",
        "0",
        "1:2",
        "\u{85}",
        "\u{feff}",
        "!<",
        "!a",
        "!!str",
        "%20",
        "%ff",
        "\"\\ud800\"",
        "\"\\U0010ffff\"",
        "%TAG ! x\n",
        "\u{0}",
        "\u{1f600}",
        "=",
        "~",
        "2001-01-01",
        "@",
        "`",
        "|2\n",
        "\r",
    ];
    let mut state = 88_172_645_463_325_252u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..state % 17 + 1 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.push_str(pieces[(state % pieces.len() as u64) as usize]);
        }
        let source = Arc::new(Source::File("f.yml".into()));
        let _ = parse(&text, &source, Options::trusted());
        let _ = super::from_yaml_all(&text, false);
    }
}

/// libyaml-safer panics at these; libyaml does not.
#[test]
fn the_ports_panics_are_errors() {
    for text in ["[!a,b]", "{!a,b}", "- [!!str,]\n", "a: [x, !t,]\n"] {
        let source = Arc::new(Source::File("f.yml".into()));
        let error = parse(text, &source, Options::trusted()).err().map(|error| error.line());
        let words = "While scanning a tag did not find expected whitespace or line break.";
        assert!(error.as_deref().is_some_and(|error| error.contains(words)), "{text}: {error:?}");
    }
}
