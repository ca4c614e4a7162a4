//! `keyed_groups` of constructed sources: groups that are named after the value of an expression.

use super::constructed::{Options, expressed, strictly};
use super::source::Reading;
use super::{NewHost, Transform, safe_group_name, yaml_file};
use crate::diag::{Error, Result};
use crate::template::Vars;
use crate::value::{Dict, Value, repr};

/// Makes a host a member of the groups that the entries name for it.
pub(super) fn add(reading: &mut Reading<'_>, options: &Options, scope: &Vars, host: &str) -> Result<()> {
    for entry in &options.keyed {
        match entry.as_dict().filter(|entry| !entry.is_empty()) {
            Some(entry) => add_entry(reading, options, scope, host, entry)?,
            None => {
                let shown = entry.to_text();
                return Err(Error::parser(format!("Invalid keyed group entry, it must be a dictionary: {shown} ")));
            }
        }
    }
    Ok(())
}

fn add_entry(reading: &mut Reading<'_>, options: &Options, scope: &Vars, host: &str, entry: &Dict) -> Result<()> {
    let source = entry.get("key").unwrap_or(&Value::Null);
    let shown = source.to_text();
    let key = match expressed(reading, source, scope) {
        Ok(key) => key,
        Err(error) => {
            return strictly(options, error, |why| {
                Error::parser(format!("Could not generate group for host {host} from {shown} entry: {why}"))
            });
        }
    };
    let given = |name: &str| entry.get(name).filter(|value| !value.is_null());
    if given("trailing_separator").is_some() && given("default_value").is_some() {
        let text = "parameters are mutually exclusive for keyed groups: default_value|trailing_separator";
        return Err(Error::parser(text));
    }
    if !(key.truthy() || is_empty(&key) && given("default_value").is_some()) {
        // Of empty lists and dictionaries, there is nothing to be made.
        if options.strict && !matches!(key, Value::List(_) | Value::Dict(_)) {
            let text = format!("No key or key resulted empty for {shown} in host {host}, invalid entry");
            return Err(Error::parser(text));
        }
        return Ok(());
    }
    let Some(parent) = parent(reading, options, scope, entry, &key)? else { return Ok(()) };
    let prefix = entry.get("prefix").map(Value::to_text).unwrap_or_default();
    let separator = entry.get("separator").map_or_else(|| "_".to_owned(), Value::to_text);
    let leading = if prefix.is_empty() && !options.leading_separator { "" } else { &separator };
    for name in names(&key, entry, &separator)? {
        let name = safe_group_name(&format!("{prefix}{leading}{name}"), Transform::Silently, reading.notices);
        let group = reading.inventory.add_group(&name, reading.notices)?;
        reading.inventory.add_host(host, Some(&group), NewHost::default(), reading.notices)?;
        if !parent.is_empty() {
            let parent = safe_group_name(&parent, Transform::Silently, reading.notices);
            let parent = reading.inventory.add_group(&parent, reading.notices)?;
            reading.inventory.add_child(&parent, &group)?;
        }
    }
    Ok(())
}

/// Whether a value is one that `default_value` stands in for.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// The name of the group above, empty without one; None where it cannot be told, which leaves out the entry.
fn parent(reading: &Reading<'_>, options: &Options, scope: &Vars, entry: &Dict, key: &Value) -> Result<Option<String>> {
    let template = entry.get("parent_group").unwrap_or(&Value::Null);
    match reading.reader.templar.render_value(template, scope) {
        Ok(name) => Ok(Some(name.filter(Value::truthy).map(|name| name.to_text()).unwrap_or_default())),
        Err(error) if options.strict => {
            let (parent, group) = (repr(template), repr(key));
            let text = format!("Could not generate parent group {parent} for group {group}: {}", error.line());
            Err(error.context(text))
        }
        Err(_) => Ok(None),
    }
}

/// What the groups of a key are called, without prefix.
fn names(key: &Value, entry: &Dict, separator: &str) -> Result<Vec<String>> {
    let default = entry.get("default_value").filter(|value| !value.is_null());
    let or_default = |value: &Value| match default {
        Some(default) if is_empty(value) => default.to_text(),
        _ => value.to_text(),
    };
    Ok(match key {
        empty if is_empty(empty) => vec![or_default(empty)],
        Value::Str(text) => vec![text.as_str().to_owned()],
        Value::List(items) => items.iter().map(or_default).collect(),
        Value::Dict(items) => {
            let bare = entry.get("trailing_separator") == Some(&Value::Bool(false));
            let named = items.iter().map(|(name, value)| match name.to_text() {
                name if bare && is_empty(value) => name,
                name => format!("{name}{separator}{}", or_default(value)),
            });
            named.collect()
        }
        other => {
            let class = yaml_file::class(other);
            let text = "Invalid group name format, expected a string or a list of them or dictionary, got:";
            return Err(Error::parser(format!("{text} {class}")));
        }
    })
}
