//! Executable inventories: a program that prints JSON for `--list` and, without `_meta`, `--host NAME`.

use super::source::Reading;
use super::{NewHost, Notice};
use crate::config::Surroundings;
use crate::diag::{Error, Origin, Result};
use crate::value::{Dict, Text, Value, parse_json, str_repr};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Runs an inventory program and takes in what it prints.
pub(super) fn parse(reading: &mut Reading<'_>, path: &str) -> Result<()> {
    let origin = format!("<inventory script output from {}>", str_repr(path));
    let output = run(&reading.config.around, path, &["--list"])?;
    let help = output.help();
    let add_help = |error: Error| match &help {
        Some(text) => error.help(text.clone()),
        None => error,
    };
    let data = parse_json(&output.text).map_err(|e| {
        let not_json = Error::user(e.to_string()).context("Value could not be parsed as JSON.");
        add_help(not_json.context("Unable to get JSON decoder for inventory script result."))
    })?;
    let Some(groups) = data.as_dict() else {
        let wrong = Error::user(format!("Value is '{}' instead of 'dict'.", data.type_name()));
        return Err(add_help(wrong.context("Unable to get JSON decoder for inventory script result.")));
    };
    if !output.errors.trim().is_empty() && reading.config.settings.flag("script.always_show_stderr") {
        reading.notices.push(Notice::Error(output.errors.clone()));
    }
    let origin = Origin::described(origin);
    let mut hosts: Vec<String> = Vec::new();
    let mut meta: Option<&Dict> = None;
    for (name, group) in groups {
        let name = name.to_text();
        if name == "_meta" {
            let vars = group.get("hostvars").unwrap_or(&Value::Null);
            meta = Some(expect_dict(vars, "_meta.hostvars")?);
        } else {
            parse_group(reading, path, &name, group, &origin, &mut hosts)?;
        }
    }
    if meta.is_none() {
        reading.deprecated(
            "Inventory scripts should always provide 'meta.hostvars'. Host variables will be collected by running the \
             inventory script with the '--host' option for each host.",
            "script",
            &origin,
        );
    }
    for host in hosts {
        let vars = match meta {
            Some(meta) => meta.get(&host).cloned().unwrap_or_else(|| Value::Dict(Dict::new())),
            None => host_vars(reading, path, &host)?,
        };
        let Value::Dict(vars) = trusted(&vars, &origin) else {
            return Err(Error::parser(format!(
                "Invalid data from file, expected dictionary and got:\n\n{}",
                vars.to_text()
            )));
        };
        for (key, value) in &vars {
            reading.inventory.set_variable(&host, &key_text(key), value.clone(), reading.notices)?;
        }
    }
    Ok(())
}

fn parse_group(
    reading: &mut Reading<'_>,
    path: &str,
    name: &str,
    data: &Value,
    origin: &Origin,
    all_hosts: &mut Vec<String>,
) -> Result<()> {
    let group = reading.inventory.add_group(name, reading.notices)?;
    let shown = str_repr(&group);
    let data = match data {
        Value::Dict(data) if ["hosts", "vars", "children"].iter().any(|k| data.contains(k)) => data.clone(),
        Value::Dict(data) => {
            reading.deprecated(
                &format!(
                    "Treating malformed group {shown} as the sole host of that group. Variables provided in this \
                     manner cannot be templated."
                ),
                "script",
                origin,
            );
            let hosts = Value::list([Value::from(group.clone())]);
            [(Value::str("hosts"), hosts), (Value::str("vars"), data.clone().into())].into_iter().collect()
        }
        other => {
            let kind = other.type_name();
            reading.deprecated(&format!("Group {shown} was converted to 'dict' from '{kind}'."), "script", origin);
            [(Value::str("hosts"), other.clone())].into_iter().collect()
        }
    };
    if let Some(hosts) = data.get("hosts") {
        let Some(hosts) = hosts.as_list() else {
            return Err(wrong_type(&format!("{group}.hosts"), hosts, "list"));
        };
        for host in hosts {
            let host = host.to_text();
            let new = NewHost { source: Some(path), port: None };
            reading.inventory.add_host(&host, Some(&group), new, reading.notices)?;
            all_hosts.push(host);
        }
    }
    if let Some(vars) = data.get("vars") {
        for (key, value) in expect_dict(vars, &format!("{group}.vars"))? {
            let value = trusted(value, origin);
            reading.inventory.set_variable(&group, &key_text(key), value, reading.notices)?;
        }
    }
    let children = match data.get("children") {
        Some(Value::List(children)) => children.clone(),
        Some(Value::Dict(children)) => Arc::new(children.keys().cloned().collect()),
        _ => Arc::default(),
    };
    for child in children.iter() {
        let child = reading.inventory.add_group(&child.to_text(), reading.notices)?;
        reading.inventory.add_child(&group, &child)?;
    }
    Ok(())
}

fn host_vars(reading: &Reading<'_>, path: &str, host: &str) -> Result<Value> {
    let output = run(&reading.config.around, path, &["--host", host])?;
    if output.text.trim().is_empty() {
        return Ok(Value::Dict(Dict::new()));
    }
    parse_json(&output.text).map_err(|e| {
        let message = format!("Inventory script result for host {} could not be parsed as JSON.", str_repr(host));
        let error = Error::user(format!("JSON parsing failed: {}", e.message)).context(message);
        match output.help() {
            Some(help) => error.help(help),
            None => error,
        }
    })
}

fn expect_dict<'v>(value: &'v Value, name: &str) -> Result<&'v Dict> {
    value.as_dict().ok_or_else(|| wrong_type(name, value, "dict"))
}

fn wrong_type(name: &str, value: &Value, wanted: &str) -> Error {
    Error::user(format!("Value contains '{name}' which is '{}' instead of '{wanted}'.", value.type_name()))
}

/// A variable's name.
pub(super) fn key_text(key: &Value) -> Text {
    match key {
        Value::Str(text) => text.clone(),
        other => Text::data(other.to_text()),
    }
}

/// The same value whose strings may be templates.
fn trusted(value: &Value, origin: &Origin) -> Value {
    match value {
        Value::Str(text) => Value::Str(Text::trusted(text.shared(), Some(origin.clone()))),
        Value::List(items) => Value::list(items.iter().map(|item| trusted(item, origin))),
        Value::Dict(dict) => Value::Dict(dict.iter().map(|(k, v)| (k.clone(), trusted(v, origin))).collect()),
        other => other.clone(),
    }
}

struct Output {
    text: String,
    errors: String,
}

impl Output {
    fn help(&self) -> Option<String> {
        let shown = !self.errors.trim().is_empty();
        shown.then(|| format!("Standard error from inventory script:\n{}", self.errors))
    }
}

fn run(around: &Surroundings, path: &str, options: &[&str]) -> Result<Output> {
    let started = Command::new(path)
        .args(options)
        .env_clear()
        .envs(around.env.iter().map(|(k, v)| (k, v)))
        .current_dir(&around.cwd)
        .stdin(Stdio::inherit())
        .output();
    let output = started.map_err(|e| {
        let words: Vec<&str> = std::iter::once(path).chain(options.iter().copied()).collect();
        let command = shlex::try_join(words).unwrap_or_else(|_| path.to_owned());
        let number = e.raw_os_error().unwrap_or_default();
        let text = e.to_string();
        let text = text.split(" (os error").next().unwrap_or_default();
        let why = Error::user(format!("[Errno {number}] {text}: {}", str_repr(path)));
        why.context(format!("Failed to execute inventory script command {}.", str_repr(&command)))
    })?;
    let mut errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if !errors.is_empty() && !errors.ends_with('\n') {
        errors.push('\n');
    }
    if !output.status.success() {
        use std::os::unix::process::ExitStatusExt;
        let code = output.status.code().unwrap_or_else(|| -output.status.signal().unwrap_or_default());
        let error = Error::user(format!("Inventory script returned non-zero exit code {code}."));
        let help = Output { text: String::new(), errors }.help();
        return Err(match help {
            Some(help) => error.help(help),
            None => error,
        });
    }
    match String::from_utf8(output.stdout) {
        Ok(text) => Ok(Output { text, errors }),
        Err(_) => Err(Error::user("Inventory script result contained characters that cannot be interpreted as UTF-8.")),
    }
}
