//! YAML inventories: groups as mappings of `hosts`, `children` and `vars`.

use super::ini_file::expand_pattern;
use super::script::key_text;
use super::source::Reading;
use super::{NewHost, Notice};
use crate::diag::{Error, Result};
use crate::value::{Dict, Value, repr};

/// Reads a YAML inventory's document into the inventory.
pub(super) fn parse(reading: &mut Reading<'_>, data: &Value, path: &str) -> Result<()> {
    if !data.truthy() {
        return Err(Error::parser("Parsed empty YAML file"));
    }
    let Some(groups) = data.as_dict() else {
        return Err(Error::parser(format!(
            "YAML inventory has invalid structure, it should be a dictionary, got: {}",
            class(data)
        )));
    };
    if groups.get("plugin").is_some_and(Value::truthy) {
        return Err(Error::parser("Plugin configuration YAML file, not YAML inventory"));
    }
    for (name, group) in groups {
        parse_group(reading, name, group, path, 0)?;
    }
    Ok(())
}

/// How deep groups may nest.
const DEPTH: usize = 200;

fn parse_group(reading: &mut Reading<'_>, name: &Value, data: &Value, path: &str, depth: usize) -> Result<String> {
    let entries = match data {
        Value::Dict(entries) => entries.clone(),
        Value::Null => Dict::new(),
        _ => {
            reading.warn(format!("Skipping '{}' as this is not a valid group definition", name.to_text()));
            return Ok(name.to_text());
        }
    };
    if depth > DEPTH {
        return Err(Error::parser("maximum recursion depth exceeded"));
    }
    let group = add_group(reading, name)?;
    for (key, value) in sections(&entries, &group)? {
        match (key.as_str().unwrap_or_default(), &value) {
            (_, Value::Null) => {
                reading
                    .notices
                    .push(Notice::Verbose(3, format!("Skipping empty key ({}) in group ({group})", key.to_text())));
            }
            ("vars", Value::Dict(vars)) => {
                for (var, value) in vars {
                    reading.inventory.set_variable(&group, &key_text(var), value.clone(), reading.notices)?;
                }
            }
            ("children", Value::Dict(children)) => {
                for (child, data) in children {
                    let child = parse_group(reading, child, data, path, depth + 1)?;
                    reading.inventory.add_child(&group, &child)?;
                }
            }
            ("hosts", Value::Dict(hosts)) => {
                for (pattern, vars) in hosts {
                    add_hosts(reading, &group, pattern, vars, path)?;
                }
            }
            (_, Value::Dict(_)) => reading.warn(format!(
                "Skipping unexpected key ({}) in group ({group}), only \"vars\", \"children\" and \"hosts\" are valid",
                key.to_text()
            )),
            (_, other) => reading.warn(format!(
                "Skipping key ({}) in group ({group}) as it is not a mapping, it is a {}",
                key.to_text(),
                class(other)
            )),
        }
    }
    Ok(group)
}

/// The entries of a group; text in place of a mapping is its one key.
fn sections<'e>(entries: &'e Dict, group: &str) -> Result<Vec<(&'e Value, Value)>> {
    let mut sections = Vec::new();
    for (key, value) in entries {
        let known = key.as_str().filter(|k| ["vars", "children", "hosts"].contains(k));
        let value = match (known, value) {
            (Some(_), Value::Str(_)) => Value::Dict([(value.clone(), Value::Null)].into_iter().collect()),
            (Some(section), other) if !matches!(other, Value::Dict(_) | Value::Null) => {
                return Err(Error::parser(format!(
                    "Invalid \"{section}\" entry for \"{group}\" group, requires a dictionary, found \"{}\" instead.",
                    class(other)
                )));
            }
            _ => value.clone(),
        };
        sections.push((key, value));
    }
    Ok(sections)
}

fn add_group(reading: &mut Reading<'_>, name: &Value) -> Result<String> {
    let failed = |why: &str| Error::parser(format!("Unable to add group {}: {why}", name.to_text()));
    if !name.truthy() {
        return Err(failed(&format!("Invalid empty/false group name provided: {}", name.to_text())));
    }
    let Some(text) = name.as_str() else {
        let shown = name.to_text();
        let class = class(name);
        return Err(failed(&format!("Invalid group name supplied, expected a string but got {class} for {shown}")));
    };
    let added = reading.inventory.add_group(text, reading.notices).map_err(|e| failed(&e.message))?;
    Ok(added.to_string())
}

fn add_hosts(reading: &mut Reading<'_>, group: &str, pattern: &Value, vars: &Value, path: &str) -> Result<()> {
    let Some(text) = pattern.as_str() else {
        return Err(Error::parser(format!(
            "Host pattern {} must be a string. Enclose integers/floats in quotation marks.",
            pattern.to_text()
        )));
    };
    let (names, port) = expand_pattern(text)?;
    let empty = Dict::new();
    let vars = match vars {
        Value::Dict(vars) => vars,
        falsy if !falsy.truthy() => &empty,
        other => {
            let shown = other.to_text();
            return Err(Error::parser(format!("Invalid data from file, expected dictionary and got:\n\n{shown}")));
        }
    };
    for name in names {
        let new = NewHost { source: Some(path), port };
        reading.inventory.add_host(&name, Some(group), new, reading.notices)?;
        for (key, value) in vars {
            reading.inventory.set_variable(&name, &key_text(key), value.clone(), reading.notices)?;
        }
    }
    Ok(())
}

/// Python's name of a value's class, as ansible-core's YAML loader makes it.
pub(super) fn class_name(value: &Value) -> String {
    match value {
        Value::Null => "NoneType".into(),
        Value::Bool(_) => "bool".into(),
        other => {
            let name = other.type_name();
            let mut chars = name.chars();
            let title: String = chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect();
            format!("_AnsibleTagged{title}")
        }
    }
}

/// The same as Python shows the class itself.
pub(super) fn class(value: &Value) -> String {
    let name = class_name(value);
    let package = if name.starts_with('_') { "ansible.module_utils._internal._datatag." } else { "" };
    format!("<class '{package}{name}'>")
}

/// What a YAML plugin's configuration names as its plugin.
pub(super) fn plugin_of(data: &Value) -> Option<String> {
    data.get("plugin").filter(|p| p.truthy()).map(|p| p.as_str().map_or_else(|| repr(p), str::to_owned))
}
