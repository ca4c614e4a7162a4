//! The inventory plugins that are built in: what sources each wants, and how it reads one.
//!
//! They are tried in the order of the setting `INVENTORY_ENABLED`. Plugins written in Python are refused by
//! name where a source would be theirs.

use super::source::{Reading, read_text};
use super::{NewHost, constructed, generator, ini_file, parse_address, script, toml_file, yaml_file};
use crate::content::{Collections, Installation};
use crate::diag::{Error, Origin, Result};
use crate::value::{Dict, Value, str_repr};
use rustix::fs::Access;
use std::path::Path;

/// A plugin that is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plugin {
    AdvancedHostList,
    Auto,
    Constructed,
    Generator,
    HostList,
    Ini,
    Script,
    Toml,
    Yaml,
}

/// Their names, sorted.
pub static PLUGINS: &[&str] =
    &["advanced_host_list", "auto", "constructed", "generator", "host_list", "ini", "script", "toml", "yaml"];

/// The plugins in the order of their names.
const ALL: [Plugin; 9] = [
    Plugin::AdvancedHostList,
    Plugin::Auto,
    Plugin::Constructed,
    Plugin::Generator,
    Plugin::HostList,
    Plugin::Ini,
    Plugin::Script,
    Plugin::Toml,
    Plugin::Yaml,
];

/// The plugins that are enabled.
#[derive(Debug, Default)]
pub(super) struct Enabled<'c> {
    /// Those that are built in, by the names that the settings have for them.
    pub plugins: Vec<(&'c str, Plugin)>,
    /// The names of those that are written in Python.
    pub foreign: Vec<&'c str>,
}

/// The plugins that the settings enable.
pub(super) fn enabled<'c>(reading: &mut Reading<'c>) -> Result<Enabled<'c>> {
    let Enabled { mut plugins, mut foreign } = Enabled::default();
    for name in reading.config.settings.list("INVENTORY_ENABLED") {
        match Plugin::named(name) {
            Some(plugin) => plugins.push((name, plugin)),
            None if is_installed(reading, name) => foreign.push(name),
            None => reading.warn(format!("Failed to load inventory plugin, skipping {name}")),
        }
    }
    if plugins.is_empty() && foreign.is_empty() {
        return Err(Error::user(
            "No inventory plugins available to generate inventory, make sure you have at least one enabled.",
        ));
    }
    Ok(Enabled { plugins, foreign })
}

/// Whether there is a plugin of this name, in Python.
fn is_installed(reading: &Reading<'_>, name: &str) -> bool {
    let (settings, around) = (&reading.config.settings, &reading.config.around);
    let Some((collection, plugin)) = name.rsplit_once('.') else {
        let folders = settings.list("DEFAULT_INVENTORY_PLUGIN_PATH");
        return folders.iter().any(|folder| Path::new(folder).join(format!("{name}.py")).is_file());
    };
    let paths = settings.list("COLLECTIONS_PATHS").iter().map(Into::into).collect();
    let collections = Collections::new(paths).with_installed(Installation::of(&around.env, &around.home));
    let folder = collections.folder(collection);
    folder.is_some_and(|folder| folder.join(format!("plugins/inventory/{plugin}.py")).is_file())
}

/// Says that a plugin is none of those that are built in.
pub(super) fn foreign(name: &str) -> Error {
    Error::unsupported(format!("rplay has no inventory plugin {}; those written in Python do not run", str_repr(name)))
}

impl Plugin {
    pub fn named(name: &str) -> Option<Self> {
        let short = ["ansible.builtin.", "ansible.legacy."].iter().find_map(|prefix| name.strip_prefix(prefix));
        let at = PLUGINS.binary_search(&short.unwrap_or(name)).ok()?;
        ALL.get(at).copied()
    }

    /// Whether a source looks like this plugin's.
    pub fn wants(self, reading: &Reading<'_>, source: &str) -> bool {
        let settings = &reading.config.settings;
        let readable = rustix::fs::access(source, Access::READ_OK).is_ok();
        let name = source.rsplit('/').next().unwrap_or_default();
        let ext = name.rfind('.').filter(|at| *at > 0).map_or("", |at| &name[at..]);
        match self {
            Self::AdvancedHostList | Self::HostList => !Path::new(source).exists() && source.contains(','),
            Self::Auto => readable && (source.ends_with(".yml") || source.ends_with(".yaml")),
            Self::Constructed | Self::Generator => {
                let known = || settings.list("YAML_FILENAME_EXTENSIONS").contains(&ext);
                readable && (ext.is_empty() || ext == ".config" || known())
            }
            Self::Ini => readable && ext != ".toml",
            Self::Script => readable && rustix::fs::access(source, Access::EXEC_OK).is_ok(),
            Self::Toml => readable && ext == ".toml",
            Self::Yaml => readable && (ext.is_empty() || settings.list("yaml.yaml_extensions").contains(&ext)),
        }
    }

    /// Reads a source; `name` is the name that it was enabled or asked for by.
    pub fn parse(self, reading: &mut Reading<'_>, name: &str, source: &str) -> Result<()> {
        match self {
            Self::AdvancedHostList => host_list(reading, source, true),
            Self::Auto => auto(reading, source),
            Self::Constructed => constructed::parse(reading, name, source),
            Self::Generator => generator::parse(reading, name, source),
            Self::HostList => host_list(reading, source, false),
            Self::Ini => {
                let text = read_text(source, reading.secrets)
                    .map_err(|e| e.context("Failed to parse inventory.").at(Some(&Origin::file(source))))?;
                ini_file::parse(reading, &text, source)
            }
            Self::Script => script::parse(reading, source),
            Self::Toml => toml_file::parse(reading, source),
            Self::Yaml => {
                // The plugin keeps the message of a syntax error and drops its place.
                let data = reading.yaml(source).map_err(|e| Error::parser(e.line()))?;
                yaml_file::parse(reading, &data, source)
            }
        }
    }
}

fn host_list(reading: &mut Reading<'_>, source: &str, ranges: bool) -> Result<()> {
    for entry in source.split(',').map(str::trim).filter(|e| !e.is_empty()) {
        let plain = parse_address(entry).filter(|(host, _)| !host.contains('['));
        // What is no range after all is a name.
        let expanded = ranges.then(|| ini_file::expand_pattern(entry).ok()).flatten();
        let (names, port) = expanded.unwrap_or_else(|| {
            let (host, port) = plain.unwrap_or((entry, None));
            (vec![host.to_owned()], port)
        });
        for name in names {
            if reading.inventory.host(&name).is_none() {
                let new = NewHost { source: Some(source), port };
                reading.inventory.add_host(&name, Some("ungrouped"), new, reading.notices)?;
            }
        }
    }
    Ok(())
}

/// Gives a source to the plugin that it names itself.
fn auto(reading: &mut Reading<'_>, path: &str) -> Result<()> {
    let data = reading.yaml(path)?;
    let Some(name) = yaml_file::plugin_of(&data) else {
        let shown = str_repr(path);
        let text = format!("no root 'plugin' key found, {shown} is not a valid YAML inventory plugin config file");
        return Err(Error::parser(text));
    };
    let Some(plugin) = Plugin::named(&name) else {
        return Err(foreign(&name).at(Some(&Origin::file(path))));
    };
    let (shown, plain) = (str_repr(path), str_repr(&name));
    if !plugin.wants(reading, path) {
        let text = format!("inventory source {shown} could not be verified by inventory plugin {plain}");
        return Err(Error::parser(text));
    }
    reading.say(1, format!("Using inventory plugin {plain} to process inventory source {shown}"));
    plugin.parse(reading, &name, path)
}

/// A source that configures the plugin which it names.
pub(super) fn configuration(reading: &mut Reading<'_>, plugin: &str, path: &str) -> Result<Dict> {
    let data = reading.yaml(path).map_err(|e| Error::parser(e.line()))?;
    if !data.truthy() {
        return Err(Error::parser(format!("{path} is empty")));
    }
    let Value::Dict(config) = data else {
        let class = yaml_file::class_name(&data);
        return Err(Error::user(format!("'{class}' object has no attribute 'get'")));
    };
    match config.get("plugin") {
        Some(Value::Str(name)) if name.as_str() == plugin => Ok(config),
        other => {
            let named = other.map_or_else(|| "none found".to_owned(), Value::to_text);
            Err(Error::parser(format!("Incorrect plugin name in file: {named}")))
        }
    }
}

/// An option's value that has the wrong type.
pub(super) fn wrong_option(option: &str, plugin: &str, wanted: &str, value: &Value) -> Error {
    let short = plugin.rsplit('.').next().unwrap_or(plugin);
    let cause = Error::user(format!("Invalid value provided for '{wanted}': {}", crate::value::repr(value)));
    cause.context(format!("Config '{option}' for '{short}' inventory plugin from 'Direct' has an invalid value."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(PLUGINS.is_sorted());
        for (name, plugin) in PLUGINS.iter().zip(ALL) {
            assert_eq!(Plugin::named(name), Some(plugin));
            assert_eq!(format!("{plugin:?}").to_lowercase(), name.replace('_', ""));
        }
        assert_eq!(Plugin::named("ansible.builtin.toml"), Some(Plugin::Toml));
        assert_eq!(Plugin::named("some.where.toml"), None);
    }
}
