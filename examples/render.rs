//! Renders templates from standard input, one JSON object a line: how an embedder renders text without running
//! anything, and rplay's half of `tests/baselines/fuzz_templates.py`.
//!
//! A line `{"vars": {…}}` sets the variables, whose strings may be templates, with `"paths": […]` where files are
//! searched, and with `"environment": {…}` the environment; `{"source": "…"}` is rendered, with `"kind": "expression"` evaluated. The answer is `{"value": "<Python's repr>"}` or `{"error": "…"}`.
#![allow(clippy::print_stdout, reason = "a program that answers on standard output")]

use rplay::config::Settings;
use rplay::diag::{Error, Result};
use rplay::template::{Templar, Vars, World};
use rplay::value::{Dict, JsonStyle, Text, Value, parse_json, repr, write_json};
use std::io::{BufRead, Write};

/// The value as if the user had written it: its strings may be templates.
fn trusted(value: &Value) -> Value {
    match value {
        Value::Str(text) => Value::Str(Text::trusted(text.shared(), None)),
        Value::List(items) => Value::list(items.iter().map(trusted)),
        Value::Dict(dict) => Value::Dict(dict.iter().map(|(key, item)| (key.clone(), trusted(item))).collect()),
        other => other.clone(),
    }
}

fn answer(templar: &Templar, scope: &mut Vars, line: &str) -> Result<String> {
    let row = parse_json(line).map_err(|error| Error::user(error.to_string()))?;
    if let Some(Value::Dict(vars)) = row.get("vars").map(trusted) {
        scope.vars = vars;
        if let Some(paths) = row.get("paths").and_then(Value::as_list) {
            scope.paths = paths.iter().filter_map(|path| path.as_str().map(str::to_owned)).collect();
        }
        if let Some(Value::Dict(environment)) = row.get("environment") {
            scope.world.environment =
                environment.iter().map(|(name, value)| (name.to_text(), value.to_text())).collect();
        }
        return Ok(String::new());
    }
    let source = Text::trusted(row.get("source").and_then(Value::as_str).unwrap_or_default(), None);
    match row.get("kind").and_then(Value::as_str) {
        Some("expression") => templar.evaluate(&source, scope),
        _ => templar.render(&source, scope),
    }
    .map(|value| repr(&value))
}

fn main() -> std::io::Result<()> {
    let settings = Settings::default();
    let settings =
        settings.iter().map(|(s, value, from)| (s.name.to_owned(), (value.clone(), from.to_string()))).collect();
    let world = World { settings, cwd: "/".into(), ..World::default() };
    let (templar, mut scope) = (Templar::new(), Vars { world, ..Vars::default() });
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let told = match answer(&templar, &mut scope, &line?) {
            Ok(value) => Dict::from([("value", Value::str(value))]),
            Err(error) => Dict::from([("error", Value::str(error.line()))]),
        };
        templar.take_remarks();
        writeln!(out, "{}", write_json(&Value::Dict(told), JsonStyle::default()))?;
        out.flush()?;
    }
    Ok(())
}
