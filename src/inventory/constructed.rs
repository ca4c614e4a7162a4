//! `constructed` sources: variables and groups that expressions make of the inventory so far.
//!
//! Expressions see what the sources before this one say of a host, with facts of the cache; neither
//! `hostvars` nor `groups` exist yet. Unless the source is `strict`, one that fails makes nothing.

use super::keyed;
use super::plugin::{configuration, wrong_option};
use super::reader::world;
use super::source::Reading;
use super::{Host, Transform, VarsFiles, combine, safe_group_name, yaml_file};
use crate::config::is_true;
use crate::diag::{Error, Result};
use crate::template::Vars;
use crate::value::{Dict, Value, str_repr};
use std::sync::Arc;

/// What a source asks for.
#[derive(Debug)]
pub(super) struct Options {
    compose: Dict,
    groups: Dict,
    pub keyed: Vec<Value>,
    pub strict: bool,
    pub leading_separator: bool,
    extra: bool,
    vars_plugins: bool,
}

impl Options {
    fn read(reading: &Reading<'_>, plugin: &str, config: &Dict) -> Result<Self> {
        let flag = |name: &str, default: bool| config.get(name).map_or(default, |value| is_true(&value.to_text()));
        let dict = |name: &str| match config.get(name) {
            None | Some(Value::Null) => Ok(Dict::new()),
            Some(Value::Dict(dict)) => Ok(dict.clone()),
            Some(other) => Err(wrong_option(name, plugin, "dict", other)),
        };
        let keyed = match config.get("keyed_groups") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::List(entries)) => entries.to_vec(),
            Some(Value::Str(text)) => text.as_str().split(',').map(|part| Value::str(part.trim())).collect(),
            Some(other) => return Err(wrong_option("keyed_groups", plugin, "list", other)),
        };
        let settings = &reading.config.settings;
        Ok(Self {
            compose: dict("compose")?,
            groups: dict("groups")?,
            keyed,
            strict: flag("strict", false),
            leading_separator: flag("leading_separator", true),
            extra: flag("use_extra_vars", settings.flag("constructed.use_extra_vars")),
            vars_plugins: flag("use_vars_plugins", false),
        })
    }
}

/// Adds what a source makes of the hosts that are there.
pub(super) fn parse(reading: &mut Reading<'_>, plugin: &str, path: &str) -> Result<()> {
    let config = configuration(reading, plugin, path)?;
    let options = Options::read(reading, plugin, &config)?;
    let hosts: Vec<Arc<str>> = reading.inventory.hosts().keys().cloned().collect();
    let files = VarsFiles::new(if options.vars_plugins { &reading.done } else { &[] }, reading.config, reading.secrets);
    let mut scope = Vars { world: world(reading.config, reading.secrets), ..Vars::default() };
    let made = hosts.iter().try_for_each(|host| constructed(reading, &options, &files, &mut scope, host));
    reading.notices.extend(files.take_notices());
    made.map_err(|error| error.context(format!("Failed to parse {}.", str_repr(path))))
}

fn constructed(
    reading: &mut Reading<'_>,
    options: &Options,
    files: &VarsFiles,
    scope: &mut Vars,
    host: &str,
) -> Result<()> {
    let facts = match &reading.reader.facts {
        Some(facts) => facts(host).map_err(Error::user)?.unwrap_or_default(),
        None => Dict::new(),
    };
    scope.vars = with_extra(reading, options, known(reading, files, host, &facts)?);
    for (name, expression) in &options.compose {
        match expressed(reading, expression, scope) {
            Ok(value) => {
                let name = super::script::key_text(name);
                reading.inventory.set_variable(host, &name, value, reading.notices)?;
            }
            Err(error) => strictly(options, error, |why| {
                Error::user(format!("Could not set {} for host {host}: {why}", name.to_text()))
            })?,
        }
    }
    // What was composed is there for the groups.
    let vars = known(reading, files, host, &facts)?;
    scope.vars = vars.clone();
    for (name, condition) in &options.groups {
        let Value::Str(text) = name else {
            let class = yaml_file::class_name(name);
            return Err(Error::user(format!("expected string or bytes-like object, got '{class}'")));
        };
        let group = safe_group_name(text.as_str(), Transform::Silently, reading.notices);
        match reading.reader.templar.condition(condition, scope) {
            Ok(true) => {
                let group = reading.inventory.add_group(&group, reading.notices)?;
                reading.inventory.add_child(&group, host)?;
            }
            Ok(false) => {}
            Err(error) => strictly(options, error, |why| {
                Error::parser(format!("Could not add host {host} to group {group}: {why}"))
            })?,
        }
    }
    scope.vars = with_extra(reading, options, vars);
    keyed::add(reading, options, scope, host)
}

fn with_extra(reading: &Reading<'_>, options: &Options, vars: Dict) -> Dict {
    match &reading.reader.extra {
        Ok(extra) if options.extra => combine(&vars, extra, reading.inventory.rules().merge),
        _ => vars,
    }
}

/// The value of an expression.
pub(super) fn expressed(reading: &Reading<'_>, expression: &Value, scope: &Vars) -> Result<Value> {
    match expression {
        Value::Str(text) => reading.reader.templar.evaluate(text, scope),
        other => {
            let class = yaml_file::class(other);
            Err(Error::user(format!("Expressions must be <class 'str'>, got {class}.")))
        }
    }
}

/// Fails where the source is strict, with the text of what failed.
pub(super) fn strictly(options: &Options, error: Error, told: impl FnOnce(String) -> Error) -> Result<()> {
    if options.strict { Err(told(error.line()).apart()) } else { Ok(()) }
}

/// What is known of a host so far.
fn known(reading: &Reading<'_>, files: &VarsFiles, name: &str, facts: &Dict) -> Result<Dict> {
    let inventory = &reading.inventory;
    let merge = inventory.rules().merge;
    let nobody = Arc::new(Host::new(name));
    let host = inventory.host(name).unwrap_or(&nobody);
    let groups = inventory.groups_so_far(host);
    let mut vars = Dict::new();
    for group in &groups {
        vars = combine(&vars, &group.vars, merge);
    }
    for folder in files.sources() {
        for group in &groups {
            vars = combine(&vars, &*folder.group(&group.name)?, merge);
        }
    }
    vars = combine(&vars, &host.vars, merge);
    vars.insert("inventory_hostname", Value::str(name));
    vars.insert("inventory_hostname_short", Value::str(host.short_name()));
    vars.insert("group_names", Value::list(inventory.group_names(host).into_iter().map(Value::from)));
    for folder in files.sources() {
        vars = combine(&vars, &*folder.host(name)?, merge);
    }
    Ok(combine(&vars, facts, merge))
}
