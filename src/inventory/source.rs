//! Inventory sources: folders, files, programs and lists of hosts, each tried with every plugin in turn.
//!
//! As in ansible-core, what a plugin took in before it failed stays, and a source that no plugin can read
//! is a warning unless the settings say otherwise.

use super::{Inventory, NewHost, Notice, Rules, Transform, ini_file, parse_address, script, yaml_file};
use crate::config::Config;
use crate::diag::{Error, Kind, Origin, Result, Source};
use crate::value::{Value, str_repr};
use crate::vault::Secrets;
use crate::{vault, yaml};
use rustix::fs::Access;
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
    pub config: &'a Config,
    pub secrets: &'a Secrets,
    pub notices: &'a mut Vec<Notice>,
}

impl Reading<'_> {
    pub fn warn(&mut self, text: impl Into<String>) {
        self.notices.push(Notice::Warning(text.into()));
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

/// Reads all sources in order into one inventory: the command line's `-i`, else the setting `inventory`.
pub fn load_sources(
    config: &Config,
    secrets: &Secrets,
    sources: &[String],
    notices: &mut Vec<Notice>,
) -> Result<Loaded> {
    let sources: Vec<String> = sources
        .iter()
        .filter(|s| !s.is_empty())
        .map(|s| if s.contains(',') { s.clone() } else { config.around.resolve(s, None) })
        .collect();
    let mut reading = Reading { inventory: Inventory::new(Rules::of(config)), config, secrets, notices };
    reading.inventory.set_python(config.around.find_program("python3").as_deref());
    let mut parsed = false;
    for source in &sources {
        parsed |= reading.source(source)?;
    }
    if parsed {
        let Reading { mut inventory, notices, .. } = reading;
        inventory.reconcile(notices)?;
        return Ok(Loaded { inventory, sources });
    }
    if config.settings.flag("INVENTORY_UNPARSED_IS_FAILED") {
        return Err(Error::user("No inventory was parsed, please check your configuration and options."));
    }
    if config.settings.flag("INVENTORY_UNPARSED_WARNING") {
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
        let mut failures = Vec::new();
        let mut known = false;
        for name in self.config.settings.list("INVENTORY_ENABLED") {
            let Some(plugin) = Plugin::named(name) else {
                self.warn(format!("Failed to load inventory plugin, skipping {name}"));
                continue;
            };
            known = true;
            if !plugin.wants(self, source) {
                self.notices.push(Notice::Verbose(
                    3,
                    format!("{name} declined parsing {source} as it did not pass its verify_file() method"),
                ));
                continue;
            }
            match plugin.parse(self, source) {
                Ok(()) => {
                    let text = format!("Parsed {source} inventory source with {name} plugin");
                    self.notices.push(Notice::Verbose(3, text));
                    return Ok(true);
                }
                Err(error) if error.kind == Kind::Unsupported => return Err(error),
                Err(error) => failures.push((name, error)),
            }
        }
        if !known {
            return Err(Error::user(
                "No inventory plugins available to generate inventory, make sure you have at least one enabled.",
            ));
        }
        if source != "/etc/ansible/hosts" || Path::new(source).exists() {
            self.failed(source, failures)?;
        }
        Ok(false)
    }

    fn failed(&mut self, source: &str, failures: Vec<(&str, Error)>) -> Result<()> {
        for (plugin, error) in failures {
            let (plugin, shown) = (str_repr(plugin), str_repr(source));
            let place = Origin::described(format!("<inventory plugin {plugin} with source {shown}>"));
            let error = match error.place() {
                Some(_) => error,
                None => error.at(Some(&place)),
            };
            let message = format!("Failed to parse inventory with {plugin} plugin.");
            let summary = error.clone().context(message.clone()).line();
            self.warn(format!("{summary}\n\n{message}\n\n<<< caused by >>>\n\n{error}"));
        }
        if self.config.settings.flag("INVENTORY_ANY_UNPARSED_IS_FAILED") {
            return Err(Error::user(format!("Completely failed to parse inventory source {source}")));
        }
        self.warn(format!("Unable to parse {source} as an inventory source"));
        Ok(())
    }

    fn yaml(&mut self, path: &str) -> Result<Value> {
        let text = read_text(path, self.secrets)?;
        let source = Arc::new(Source::File(path.to_owned()));
        let parsed = yaml::load(&text, &source, yaml_options(self.config))?;
        self.notices.extend(parsed.warnings.into_iter().map(Notice::Warning));
        self.notices.extend(parsed.deprecations.into_iter().map(Notice::Deprecated));
        Ok(parsed.node.to_value())
    }

    fn host_list(&mut self, source: &str, ranges: bool) -> Result<()> {
        for entry in source.split(',').map(str::trim).filter(|e| !e.is_empty()) {
            let plain = parse_address(entry).filter(|(host, _)| !host.contains('['));
            let (names, port) = if ranges {
                ini_file::expand_pattern(entry)?
            } else {
                let (host, port) = plain.unwrap_or((entry, None));
                (vec![host.to_owned()], port)
            };
            for name in names {
                if self.inventory.host(&name).is_none() {
                    let new = NewHost { source: Some(source), port };
                    self.inventory.add_host(&name, Some("ungrouped"), new, self.notices)?;
                }
            }
        }
        Ok(())
    }

    fn auto(&mut self, path: &str) -> Result<()> {
        let data = self.yaml(path)?;
        match yaml_file::plugin_of(&data) {
            None => Err(Error::parser(format!(
                "no root 'plugin' key found, {} is not a valid YAML inventory plugin config file",
                str_repr(path)
            ))),
            Some(plugin) => {
                Err(Error::unsupported(format!("The inventory plugin {} is not supported yet.", str_repr(&plugin)))
                    .at(Some(&Origin::file(path))))
            }
        }
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

/// The inventory plugins that are built in.
#[derive(Clone, Copy)]
enum Plugin {
    AdvancedHostList,
    Auto,
    HostList,
    Ini,
    Script,
    Toml,
    Yaml,
    /// In ansible-core, not here.
    Missing,
}

impl Plugin {
    fn named(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("ansible.builtin.").unwrap_or(name) {
            "advanced_host_list" => Self::AdvancedHostList,
            "auto" => Self::Auto,
            "host_list" => Self::HostList,
            "ini" => Self::Ini,
            "script" => Self::Script,
            "toml" => Self::Toml,
            "yaml" => Self::Yaml,
            "constructed" | "generator" => Self::Missing,
            _ => return None,
        })
    }

    /// Whether a source looks like this plugin's.
    fn wants(self, reading: &Reading<'_>, source: &str) -> bool {
        let readable = rustix::fs::access(source, Access::READ_OK).is_ok();
        let name = source.rsplit('/').next().unwrap_or_default();
        let ext = name.rfind('.').filter(|at| *at > 0).map_or("", |at| &name[at..]);
        match self {
            Self::AdvancedHostList | Self::HostList => !Path::new(source).exists() && source.contains(','),
            Self::Auto => readable && (source.ends_with(".yml") || source.ends_with(".yaml")),
            Self::Ini => readable && ext != ".toml",
            Self::Script => readable && rustix::fs::access(source, Access::EXEC_OK).is_ok(),
            Self::Toml => readable && ext == ".toml",
            Self::Yaml => {
                readable && (ext.is_empty() || reading.config.settings.list("yaml.yaml_extensions").contains(&ext))
            }
            // Such a file names its plugin, and `auto` or `yaml` says what is missing.
            Self::Missing => false,
        }
    }

    fn parse(self, reading: &mut Reading<'_>, source: &str) -> Result<()> {
        match self {
            Self::AdvancedHostList => reading.host_list(source, true),
            Self::Auto => reading.auto(source),
            Self::HostList => reading.host_list(source, false),
            Self::Ini => {
                let text = read_text(source, reading.secrets)
                    .map_err(|e| e.context("Failed to parse inventory.").at(Some(&Origin::file(source))))?;
                ini_file::parse(reading, &text, source)
            }
            Self::Script => script::parse(reading, source),
            Self::Yaml => {
                // The plugin keeps the message of a syntax error and drops its place.
                let data = reading.yaml(source).map_err(|e| Error::parser(e.line()))?;
                yaml_file::parse(reading, &data, source)
            }
            Self::Toml | Self::Missing => {
                Err(Error::unsupported(format!("TOML inventories are not supported yet: {}", str_repr(source))))
            }
        }
    }
}
