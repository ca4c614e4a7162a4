//! Rows recorded from ansible-core by tests/baselines/record_templates.py, all compared.

use super::{Overrides, Templar, Vars, World};
use crate::diag::{Error, Result};
use crate::value::{Dict, Text, Value, parse_json, repr};

const ROWS: &str = include_str!("../../tests/baselines/templates.jsonl");

/// Random templates, recorded by tests/baselines/fuzz_templates.py.
const FUZZED: &str = include_str!("../../tests/baselines/fuzzed.jsonl");

/// A template for each difference that random ones have shown, by the same script.
const MENDED: &str = include_str!("../../tests/baselines/mended.jsonl");

/// Of the random ones, those that differ, by their number, and why.
const KNOWN_FUZZED: &[(usize, &str)] = &[(973, "what urlsplit makes of None is a mistake of Python's")];

/// Rows that differ, and why.
const KNOWN: &[(&str, &str)] = &[
    ("{{ +'a' }}", "a unary plus is dropped before minijinja parses"),
    ("{% include 'loopy.j2' %}", "CPython says where it noticed"),
    ("{{ loop1 }}", "CPython says where it noticed"),
];

fn trust(value: &Value) -> Value {
    match value {
        Value::Str(text) => Value::Str(Text::trusted(text.shared(), None)),
        Value::List(items) => Value::list(items.iter().map(trust)),
        Value::Dict(dict) => Value::Dict(dict.iter().map(|(k, v)| (k.clone(), trust(v))).collect()),
        other => other.clone(),
    }
}

fn run(templar: &Templar, kind: &str, source: &Value, scope: &Vars) -> Result<String> {
    let text = Text::trusted(source.as_str().unwrap_or_default(), None);
    match kind {
        "template" => templar.render(&text, scope).map(|v| repr(&v)),
        "expression" => templar.evaluate(&text, scope).map(|v| repr(&v)),
        "condition" => templar.condition(&trust(source), scope).map(|b| repr(&Value::Bool(b))),
        "file" => templar.render_text(text.as_str(), None, &Overrides::default(), true, scope).map(|v| repr(&v)),
        other => Err(Error::user(format!("unknown kind {other}"))),
    }
}

#[test]
fn rows() {
    let mut lines = ROWS.lines();
    let head = parse_json(lines.next().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in head.get("files").and_then(Value::as_dict).unwrap() {
        std::fs::write(folder.path().join(name.as_str().unwrap()), text.as_str().unwrap()).unwrap();
    }
    let Value::Dict(vars) = trust(head.get("vars").unwrap()) else { panic!() };
    let path = folder.path().display().to_string();
    let scope = Vars { vars, world: World::default(), paths: vec![path.clone()] };
    let templar = Templar::new();
    let mut wrong = Vec::new();
    for line in lines {
        let row = parse_json(line).unwrap();
        let (kind, source) = (row.get("kind").unwrap().as_str().unwrap(), row.get("source").unwrap());
        let want = match row.get("value") {
            Some(value) => value.as_str().unwrap().to_owned(),
            None => format!("! {}", row.get("error").unwrap().as_str().unwrap()),
        };
        let got = run(&templar, kind, source, &scope).unwrap_or_else(|e| format!("! {}", e.line()));
        let got = got.replace(&path, "$DIR");
        let known = KNOWN.iter().any(|(known, _)| source.as_str() == Some(known));
        if known && got == want {
            wrong.push(format!("{kind} {} is right now: no longer a known difference", repr(source)));
        }
        if got != want && !known {
            wrong.push(format!("{kind} {}\n   want {want}\n   got  {got}", repr(source)));
        }
    }
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn random_templates() {
    compare_with(FUZZED, KNOWN_FUZZED);
}

#[test]
fn mended_templates() {
    compare_with(MENDED, &[]);
}

fn compare_with(rows: &str, known: &[(usize, &str)]) {
    let templar = Templar::new();
    let mut scope = Vars { vars: Dict::new(), world: World::default(), paths: vec!["/".into()] };
    let mut wrong = Vec::new();
    for (number, line) in rows.lines().enumerate() {
        let row = parse_json(line).unwrap();
        if let Some(Value::Dict(vars)) = row.get("vars").map(trust) {
            scope.vars = vars;
            continue;
        }
        let want = match row.get("value") {
            Some(value) => value.as_str().unwrap().to_owned(),
            None => format!("! {}", row.get("error").unwrap().as_str().unwrap()),
        };
        let source = row.get("source").unwrap();
        let got = run(&templar, "template", source, &scope).unwrap_or_else(|e| format!("! {}", e.line()));
        if got != want && !known.iter().any(|(known, _)| *known == number + 1) {
            wrong.push(format!("{} {}\n   want {want}\n   got  {got}", number + 1, repr(source)));
        }
    }
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_method_has_rows() {
    let missing: Vec<&str> =
        super::methods::names().filter(|name| !name.starts_with("__") && !ROWS.contains(&format!(".{name}"))).collect();
    assert!(missing.is_empty(), "methods without rows: {missing:?}");
}

/// What a template can say beside filters, tests, lookups and methods, as the rows have it.
const STATEMENTS: &[&str] = &[
    "{% autoescape",
    "{% block",
    "{% break",
    "{% call",
    "{% continue",
    "{% debug",
    "{% do ",
    "{% elif",
    "{% else",
    "{% extends",
    "{% filter",
    "{% for",
    "{% from",
    "{% if",
    "{% import",
    "{% include",
    "{% macro",
    "{% raw",
    "{% set",
    "{% trans",
    "{% with",
    "endset",
    " ignore missing",
    " recursive ",
    " required ",
    " scoped ",
    " with context",
    " without context",
    "super()",
    "self.",
    "caller(",
    "varargs",
    "kwargs",
    "loop.",
    "ns.",
    "{#",
    "-%}",
    "+%}",
    "{%-",
    "{%+",
];

/// The operators.
const OPERATORS: &[&str] = &[
    " + ", " - ", " * ", " / ", " // ", " % ", " ** ", " ~ ", " == ", " != ", " < ", " <= ", " > ", " >= ", " in ",
    " not in ", " and ", " or ", "not ", " if ", " is ", " is not ", "(-", "[1:]", "*l", "**d",
];

#[test]
fn every_statement_operator_and_global_has_rows() {
    let rows = ROWS.replace("\\\"", "\"");
    let globals = super::globals::names()
        .map(|name| format!("{name}("))
        .chain(["omit".to_owned()])
        .map(|name| name.replace("lipsum(", "lipsum"));
    let options = ["wantlist=", "allow_unsafe=", "errors='ignore'", "errors='warn'"].map(str::to_owned);
    let missing: Vec<String> = (STATEMENTS.iter().chain(OPERATORS).map(|part| (*part).to_owned()))
        .chain(globals)
        .chain(options)
        .filter(|part| !rows.contains(part.as_str()))
        .collect();
    assert!(missing.is_empty(), "without rows: {missing:?}");
}
