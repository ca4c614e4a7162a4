//! `generator` sources: a host for each combination of layers, and the groups above it.
//!
//! Names of hosts and groups and the text of groups' variables are templates over the layers; what is no text
//! stays as it is written.

use super::plugin::configuration;
use super::source::Reading;
use super::{NewHost, yaml_file};
use crate::diag::{Error, Result};
use crate::inventory::reader::world;
use crate::template::Vars;
use crate::value::{Dict, Value, str_repr};

/// Makes the hosts and groups of a source.
pub(super) fn parse(reading: &mut Reading<'_>, plugin: &str, path: &str) -> Result<()> {
    let config = configuration(reading, plugin, path)?;
    let layers = layers(&config)?;
    let mut scope = Vars { world: world(reading.config, reading.secrets), ..Vars::default() };
    let mut chosen = vec![0; layers.len()];
    if layers.iter().any(|(_, values)| values.is_empty()) {
        return Ok(());
    }
    loop {
        scope.vars =
            layers.iter().zip(&chosen).map(|((name, values), at)| (name.clone(), values[*at].clone())).collect();
        host(reading, &config, &scope, path)?;
        // The last layer turns fastest.
        let Some(turn) = (0..layers.len()).rev().find(|i| chosen[*i] + 1 < layers[*i].1.len()) else {
            return Ok(());
        };
        chosen[turn] += 1;
        chosen[turn + 1..].fill(0);
    }
}

/// The layers with their values, of which text is its characters.
fn layers(config: &Dict) -> Result<Vec<(Value, Vec<Value>)>> {
    let layers = dict(required(config, "layers")?, "values")?;
    let mut found = Vec::new();
    for (name, values) in layers {
        let values: Vec<Value> = match values {
            Value::List(values) => values.to_vec(),
            Value::Dict(values) => values.keys().cloned().collect(),
            Value::Str(text) => text.as_str().chars().map(|c| Value::from(text.with_text(c.to_string()))).collect(),
            other => {
                let class = yaml_file::class_name(other);
                return Err(Error::user(format!("'{class}' object is not iterable")));
            }
        };
        found.push((name.clone(), values));
    }
    Ok(found)
}

fn required<'d>(dict: &'d Dict, key: &str) -> Result<&'d Value> {
    dict.get(key).ok_or_else(|| Error::user(str_repr(key)))
}

/// A mapping; `method` is what another value would be asked for.
fn dict<'v>(value: &'v Value, method: &str) -> Result<&'v Dict> {
    value.as_dict().ok_or_else(|| {
        let class = yaml_file::class_name(value);
        Error::user(format!("'{class}' object has no attribute '{method}'"))
    })
}

fn host(reading: &mut Reading<'_>, config: &Dict, scope: &Vars, path: &str) -> Result<()> {
    let hosts = dict(required(config, "hosts")?, "get")?;
    let name = rendered(reading, required(hosts, "name")?, scope)?;
    let name = named(&name, "host")?;
    reading.inventory.add_host(&name, None, NewHost { source: Some(path), port: None }, reading.notices)?;
    parents(reading, &name, hosts.get("parents"), scope, 0)
}

fn rendered(reading: &Reading<'_>, value: &Value, scope: &Vars) -> Result<Value> {
    match value {
        Value::Str(text) => reading.reader.templar.render(text, scope),
        other => Ok(other.clone()),
    }
}

fn named(name: &Value, what: &str) -> Result<String> {
    match name {
        empty if !empty.truthy() => {
            let shown = empty.to_text();
            let falsy = if what == "host" { "empty host name" } else { "empty/false group name" };
            Err(Error::user(format!("Invalid {falsy} provided: {shown}")))
        }
        Value::Str(text) => Ok(text.as_str().to_owned()),
        other => {
            let (class, shown) = (yaml_file::class(other), other.to_text());
            Err(Error::user(format!("Invalid {what} name supplied, expected a string but got {class} for {shown}")))
        }
    }
}

/// How deep parents may nest.
const DEPTH: usize = 200;

fn parents(reading: &mut Reading<'_>, child: &str, list: Option<&Value>, scope: &Vars, depth: usize) -> Result<()> {
    if depth > DEPTH {
        return Err(Error::parser("maximum recursion depth exceeded"));
    }
    for parent in list.and_then(Value::as_list).unwrap_or_default() {
        let parent = dict(parent, "get")?;
        let name = rendered(reading, parent.get("name").unwrap_or(&Value::Null), scope)?;
        if !name.truthy() {
            return Err(Error::parser(format!("Element {child} has a parent with no name.")));
        }
        let name = named(&name, "group")?;
        let group = reading.inventory.add_group(&name, reading.notices)?;
        for (key, value) in parent.get("vars").and_then(Value::as_dict).into_iter().flatten() {
            let value = rendered(reading, value, scope)?;
            reading.inventory.set_variable(&group, &super::script::key_text(key), value, reading.notices)?;
        }
        reading.inventory.add_child(&group, child)?;
        parents(reading, &group, parent.get("parents"), scope, depth + 1)?;
    }
    Ok(())
}
