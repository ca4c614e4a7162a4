//! Inventory sources: folders, files, programs and lists of hosts, each tried with every plugin in turn.
//!
//! As in ansible-core, what a plugin took in before it failed stays, and a source that no plugin can read
//! is a warning unless the settings say otherwise.

use super::plugin::{self, Enabled, Plugin};
use super::{Inventory, Notice, Reader, Rules, Transform};
use crate::config::Config;
use crate::diag::{Error, Kind, Origin, Result, Source};
use crate::value::{Value, str_repr};
use crate::vault::Secrets;
use crate::{vault, yaml};
use std::path::Path;
use std::sync::Arc;

/// An inventory with the sources it was read from.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Hosts and groups.
    pub inventory: Inventory,
    /// The sources, paths made absolute: `ansible_inventory_sources`, and beside them lie group_vars and host_vars.
    pub sources: Vec<String>,
}

/// What a plugin works with.
pub(super) struct Reading<'a> {
    pub inventory: Inventory,
    pub reader: &'a Reader,
    pub config: &'a Config,
    pub secrets: &'a Secrets,
    pub notices: &'a mut Vec<Notice>,
    /// The sources that were read so far.
    pub done: Vec<String>,
}

impl<'a> Reading<'a> {
    /// For the sources of a reader, nothing read yet.
    pub fn new(reader: &'a Reader, notices: &'a mut Vec<Notice>) -> Self {
        let config = &reader.config;
        let mut inventory = Inventory::new(Rules::of(config));
        inventory.set_python(config.around.find_program("python3").as_deref());
        Self { inventory, reader, config, secrets: &reader.secrets, notices, done: Vec::new() }
    }

    pub fn warn(&mut self, text: impl Into<String>) {
        self.notices.push(Notice::Warning(text.into()));
    }

    /// A message for those who ask for more of them.
    pub fn say(&mut self, verbosity: u8, text: String) {
        self.notices.push(Notice::Verbose(verbosity, text));
    }

    /// A deprecation of an inventory plugin's.
    pub fn deprecated(&mut self, text: &str, plugin: &str, origin: &Origin) {
        let text = format!(
            "{text} This feature will be removed from inventory plugin '{plugin}' in ansible-core version 2.23.\n\
             Origin: {origin}\n"
        );
        self.notices.push(Notice::Deprecated(text));
    }
}

impl Rules {
    /// What the settings say.
    pub fn of(config: &Config) -> Self {
        let transform = match config.settings.text("TRANSFORM_INVALID_GROUP_CHARS") {
            Some("ignore") => Transform::Ignore,
            Some("always") => Transform::Always,
            Some("silently") => Transform::Silently,
            _ => Transform::Never,
        };
        Self { transform, merge: config.settings.text("DEFAULT_HASH_BEHAVIOUR") == Some("merge") }
    }
}

/// Reads all sources in order into one inventory.
pub(super) fn load(reader: &Reader, notices: &mut Vec<Notice>) -> Result<Loaded> {
    let sources = reader.sources();
    let mut reading = Reading::new(reader, notices);
    let mut parsed = false;
    for source in &sources {
        parsed |= reading.source(source)?;
    }
    let settings = &reader.config.settings;
    if parsed {
        let Reading { mut inventory, notices, .. } = reading;
        inventory.reconcile(notices)?;
        return Ok(Loaded { inventory, sources });
    }
    if settings.flag("INVENTORY_UNPARSED_IS_FAILED") {
        return Err(Error::user("No inventory was parsed, please check your configuration and options."));
    }
    if settings.flag("INVENTORY_UNPARSED_WARNING") {
        reading.warn("No inventory was parsed, only implicit localhost is available");
    }
    Ok(Loaded { inventory: reading.inventory, sources })
}

impl Reading<'_> {
    fn source(&mut self, source: &str) -> Result<bool> {
        if Path::new(source).is_dir() { self.folder(source) } else { self.single(source) }
    }

    fn folder(&mut self, folder: &str) -> Result<bool> {
        let entries = std::fs::read_dir(folder).map_err(|e| Error::user(format!("{e}: {}", str_repr(folder))))?;
        let mut names: Vec<String> =
            entries.filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned())).collect();
        names.sort();
        let mut parsed = false;
        for name in names {
            if !self.is_ignored(&name)? {
                parsed |= self.source(&format!("{}/{name}", folder.trim_end_matches('/')))?;
            }
        }
        Ok(parsed)
    }

    fn is_ignored(&self, name: &str) -> Result<bool> {
        let settings = &self.config.settings;
        if name.starts_with('.')
            || ["host_vars", "group_vars", "vars_plugins"].contains(&name)
            || settings.list("INVENTORY_IGNORE_EXTS").iter().any(|ext| name.ends_with(ext))
        {
            return Ok(true);
        }
        for pattern in settings.list("INVENTORY_IGNORE_PATTERNS") {
            let bad =
                |e| Error::user(format!("Invalid regular expression in inventory_ignore_patterns: {pattern}: {e}"));
            let regex = fancy_regex::Regex::new(pattern).map_err(bad)?;
            if regex.is_match(name).map_err(bad)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn single(&mut self, source: &str) -> Result<bool> {
        let Enabled { plugins, foreign } = plugin::enabled(self)?;
        let mut failures = Vec::new();
        for (name, plugin) in plugins {
            if !plugin.wants(self, source) {
                self.say(3, format!("{name} declined parsing {source} as it did not pass its verify_file() method"));
                continue;
            }
            match self.parsed(plugin, name, source) {
                Ok(()) => {
                    self.say(3, format!("Parsed {source} inventory source with {name} plugin"));
                    self.done.push(source.to_owned());
                    return Ok(true);
                }
                Err(error) if error.kind == Kind::Unsupported => return Err(error),
                Err(error) => failures.push((name, error)),
            }
        }
        // Whether it would have been one of theirs, they alone could say.
        if let Some(name) = foreign.first().filter(|_| Path::new(source).exists()) {
            return Err(plugin::foreign(name).at(Some(&Origin::file(source))));
        }
        if source != "/etc/ansible/hosts" || Path::new(source).exists() {
            self.failed(source, failures)?;
        }
        Ok(false)
    }

    fn parsed(&mut self, plugin: Plugin, name: &str, source: &str) -> Result<()> {
        // Every plugin takes the extra variables along, whether it has a use for them or not.
        self.reader.extra.as_ref().map_err(Clone::clone)?;
        plugin.parse(self, name, source)
    }

    fn failed(&mut self, source: &str, failures: Vec<(&str, Error)>) -> Result<()> {
        for (plugin, error) in failures {
            let (plugin, shown) = (str_repr(plugin), str_repr(source));
            let place = Origin::described(format!("<inventory plugin {plugin} with source {shown}>"));
            let message = format!("Failed to parse inventory with {plugin} plugin.");
            self.warn(error.at(Some(&place)).context(message).to_string());
        }
        if self.config.settings.flag("INVENTORY_ANY_UNPARSED_IS_FAILED") {
            return Err(Error::user(format!("Completely failed to parse inventory source {source}")));
        }
        self.warn(format!("Unable to parse {source} as an inventory source"));
        Ok(())
    }

    pub(super) fn yaml(&mut self, path: &str) -> Result<Value> {
        let text = read_text(path, self.secrets)?;
        let source = Arc::new(Source::File(path.to_owned()));
        let parsed = yaml::load(&text, &source, yaml_options(self.config))?;
        self.notices.extend(parsed.warnings.into_iter().map(Notice::Warning));
        self.notices.extend(parsed.deprecations.into_iter().map(Notice::Deprecated));
        Ok(parsed.node.to_value())
    }
}

/// How vars files and inventories are read.
pub(super) fn yaml_options(config: &Config) -> yaml::Options {
    let duplicates = match config.settings.text("DUPLICATE_YAML_DICT_KEY") {
        Some("error") => yaml::Duplicates::Error,
        Some("ignore") => yaml::Duplicates::Ignore,
        _ => yaml::Duplicates::Warn,
    };
    yaml::Options { duplicates, ..yaml::Options::trusted() }
}

/// A file's text, decrypted where it is vaulted.
pub(super) fn read_text(path: &str, secrets: &Secrets) -> Result<String> {
    let place = Origin::file(path);
    let bytes = std::fs::read(path).map_err(|e| {
        let text = e.to_string();
        let why = text.split(" (os error").next().unwrap_or_default();
        Error::user(format!("an error occurred while trying to read the file {}: {why}", str_repr(path)))
    })?;
    let bytes =
        if vault::is_vaulted(&bytes) { secrets.decrypt(&bytes).map_err(|e| e.at(Some(&place)))? } else { bytes };
    String::from_utf8(bytes).or_else(|e| {
        // Only the comments of an inventory may be in another encoding.
        let lines: Option<Vec<&str>> = e
            .as_bytes()
            .split(|b| *b == b'\n')
            .map(|line| {
                if line.starts_with(b"#") || line.starts_with(b";") { Some("") } else { std::str::from_utf8(line).ok() }
            })
            .collect();
        let at = e.utf8_error().valid_up_to();
        let byte = e.as_bytes().get(at).copied().unwrap_or_default();
        let bad = format!("'utf-8' codec can't decode byte {byte:#04x} in position {at}: invalid start byte");
        lines.map(|lines| lines.join("\n")).ok_or_else(|| Error::user(bad).at(Some(&place)))
    })
}
