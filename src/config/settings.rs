//! The values of all settings, with where each one comes from.
//!
//! Invariant: every value has the type that its [`Setting`] names, or is null.

use super::setting::{Default, Kind, Setting};
use super::{Ini, PLUGIN_SETTINGS, SETTINGS, Surroundings};
use crate::diag::{Error, Result};
use crate::value::{Value, repr};
use foldhash::HashMap;
use std::fmt;

/// Where a setting's value comes from; shown by `ansible-config dump`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// Nothing sets it.
    #[default]
    Default,
    /// An environment variable.
    Env(&'static str),
    /// ansible.cfg, by its path.
    File(String),
    /// An option of the command line.
    Cli(String),
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Env(name) => write!(f, "env: {name}"),
            Self::File(path) => f.write_str(path),
            Self::Cli(option) => write!(f, "cli: {option}"),
        }
    }
}

/// The values of all settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// In the order of the tables: core first, then the plugins'.
    values: Vec<(Value, From)>,
    /// Where each is: tasks ask for dozens.
    places: HashMap<&'static str, usize>,
}

impl std::default::Default for Settings {
    /// What holds without environment and ansible.cfg, paths unexpanded.
    fn default() -> Self {
        Self::of(tables().map(|s| (plain(&s.default), From::Default)).collect())
    }
}

impl Settings {
    /// Resolves every setting: the environment before ansible.cfg before the default.
    pub fn resolve(around: &Surroundings, cfg: Option<(&str, &Ini)>) -> Result<Self> {
        let resolver = Resolver { around, cfg };
        let home = SETTINGS.iter().find(|s| s.name == "ANSIBLE_HOME").map(|s| resolver.value(s, "")).transpose()?;
        let home = home.map(|(value, _)| value.to_text()).unwrap_or_default();
        Ok(Self::of(tables().map(|s| resolver.value(s, &home)).collect::<Result<_>>()?))
    }

    fn of(values: Vec<(Value, From)>) -> Self {
        Self { values, places: tables().map(|setting| setting.name).zip(0..).collect() }
    }

    fn entry(&self, name: &str) -> Option<&(Value, From)> {
        self.values.get(*self.places.get(name)?)
    }

    /// A setting's value; null for an unknown name.
    pub fn get(&self, name: &str) -> &Value {
        let entry = self.entry(name);
        debug_assert!(entry.is_some(), "no setting is called {name}");
        entry.map_or(&Value::Null, |(value, _)| value)
    }

    /// Whether there is a setting of this name.
    pub fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// Where a setting's value comes from.
    pub fn origin(&self, name: &str) -> From {
        self.entry(name).map(|(_, from)| from.clone()).unwrap_or_default()
    }

    /// Whether anything but the default sets it.
    pub fn is_set(&self, name: &str) -> bool {
        self.entry(name).is_some_and(|(_, from)| *from != From::Default)
    }

    /// Sets a value, as the command line does; false for an unknown name.
    pub fn set(&mut self, name: &str, value: impl Into<Value>, from: From) -> bool {
        let slot = self.places.get(name).and_then(|place| self.values.get_mut(*place));
        slot.map(|slot| *slot = (value.into(), from)).is_some()
    }

    /// Whether a setting is on.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).truthy()
    }

    /// An integer; 0 where it is unset.
    pub fn int(&self, name: &str) -> i64 {
        self.get(name).as_int().unwrap_or_default()
    }

    /// A string or path; None where it is unset.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str()
    }

    /// A list's strings.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.get(name).as_list().unwrap_or_default().iter().filter_map(Value::as_str).collect()
    }

    /// All settings in the order of the tables: core first, then the plugins'.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Setting, &Value, &From)> {
        tables().zip(&self.values).map(|(setting, (value, from))| (setting, value, from))
    }
}

fn tables() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().chain(PLUGIN_SETTINGS)
}

fn plain(default: &Default) -> Value {
    match default {
        Default::Unset => Value::Null,
        Default::Bool(b) => Value::Bool(*b),
        Default::Int(i) => Value::Int(*i),
        Default::Float(f) => Value::Float(*f),
        Default::Text(text) => Value::str(*text),
        Default::List(items) => Value::list(items.iter().map(|i| Value::str(*i))),
    }
}

struct Resolver<'a> {
    around: &'a Surroundings,
    cfg: Option<(&'a str, &'a Ini)>,
}

impl Resolver<'_> {
    fn value(&self, setting: &Setting, home: &str) -> Result<(Value, From)> {
        let (text, from) = match self.found(setting) {
            Some(found) => found,
            None => return Ok((self.default(setting, home), From::Default)),
        };
        match self.coerced(setting.kind, &text, &from) {
            Some(value) => {
                check_choice(setting, &value)?;
                Ok((value, from))
            }
            // An empty environment variable leaves a setting that is no text at its default.
            None if text.is_empty() && matches!(from, From::Env(_)) => Ok((self.default(setting, home), From::Default)),
            None => {
                let kind = if setting.kind == Kind::Float { "float" } else { "integer" };
                let cause = Error::user(format!("Invalid value provided for '{kind}': {}", repr(&Value::str(text))));
                let mut error = cause.context(format!("Config '{}' from '{from}' has an invalid value.", setting.name));
                error.kind = crate::diag::Kind::Options;
                Err(error)
            }
        }
    }

    fn found(&self, setting: &Setting) -> Option<(String, From)> {
        let mut env =
            setting.env.split_whitespace().rev().filter_map(|n| Some((self.around.var(n)?.to_owned(), From::Env(n))));
        env.next().or_else(|| {
            let (path, ini) = self.cfg?;
            let mut places = setting.ini.split_whitespace().rev().filter_map(|place| place.rsplit_once('.'));
            let text = places.find_map(|(section, key)| ini.get(section, key))?;
            Some((text.to_owned(), From::File(path.to_owned())))
        })
    }

    fn default(&self, setting: &Setting, home: &str) -> Value {
        let value = plain(&setting.default);
        match (setting.kind, value.as_str()) {
            (Kind::Path, Some(text)) => Value::str(self.around.resolve(&text.replace("{home}", home), None)),
            (Kind::PathSpec, Some(text)) => {
                let parts = text.split(':').map(|p| Value::str(self.around.resolve(&p.replace("{home}", home), None)));
                Value::list(parts)
            }
            _ => value,
        }
    }

    /// The text as the setting's type; None where it is none.
    fn coerced(&self, kind: Kind, text: &str, from: &From) -> Option<Value> {
        let base = match from {
            From::File(path) => Some(path.as_str()),
            _ => None,
        };
        let resolve = |path: &str| Value::str(self.around.resolve(&path.replace("{{CWD}}", &self.around.cwd), base));
        let from_file = base.is_some();
        Some(match kind {
            Kind::Bool => Value::Bool(is_true(text)),
            Kind::Int => Value::Int(integer(text)?),
            Kind::Float => Value::Float(text.trim().replace('_', "").parse().ok()?),
            Kind::Text if from_file => Value::str(unquote(text)),
            Kind::Text => Value::str(text),
            Kind::List => Value::list(text.split(',').map(|item| Value::str(unquote(item.trim())))),
            Kind::Path => resolve(text),
            Kind::PathList => Value::list(text.split(',').map(|item| resolve(item.trim()))),
            Kind::PathSpec => Value::list(text.split(':').map(resolve)),
        })
    }
}

/// Ansible's boolean of a text: all but the words for true are false.
pub fn is_true(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "y" | "yes" | "on" | "1" | "true" | "t" | "1.0")
}

/// A whole number as Python's Decimal reads it: `5`, `5.0`, `1e2`.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let text = text.trim().replace('_', "");
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    })
}

/// Drops a pair of quotes around a text.
pub fn unquote(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)) {
            return if inner.ends_with('\\') { text } else { inner };
        }
    }
    text
}

fn check_choice(setting: &Setting, value: &Value) -> Result<()> {
    let known = |v: &Value| v.as_str().is_none_or(|text| setting.choices.contains(&text));
    let good = setting.choices.is_empty() || value.as_list().map_or_else(|| known(value), |l| l.iter().all(known));
    if good {
        return Ok(());
    }
    let message = format!("Invalid value {} for config '{}'.", repr(value), setting.name);
    let error = Error::new(crate::diag::Kind::Options, message);
    Err(error.help(format!("Valid values are: {}", setting.choices.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(env: &[(&str, &str)]) -> Surroundings {
        Surroundings {
            env: env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            home: "/home/me".into(),
            cwd: "/srv".into(),
            ..Surroundings::default()
        }
    }

    #[track_caller]
    fn resolved(env: &[(&str, &str)], cfg: &str, name: &str, want: impl Into<Value>) {
        let ini = Ini::parse(cfg).unwrap();
        let settings = Settings::resolve(&around(env), Some(("/no/such/ansible.cfg", &ini))).unwrap();
        assert_eq!(repr(settings.get(name)), repr(&want.into()));
    }

    #[track_caller]
    fn refused(env: &[(&str, &str)], cfg: &str, want: &str) {
        let ini = Ini::parse(cfg).unwrap();
        let error = Settings::resolve(&around(env), Some(("/x/ansible.cfg", &ini))).unwrap_err();
        let help = error.help.clone().unwrap_or_default();
        assert_eq!(format!("{} {help}", error.line()).trim(), want);
    }

    #[test]
    fn coercions() {
        resolved(&[("ANSIBLE_FORKS", "5.0")], "", "DEFAULT_FORKS", 5);
        resolved(&[("ANSIBLE_FORKS", "")], "", "DEFAULT_FORKS", 50);
        resolved(&[("ANSIBLE_FORKS", "1e1")], "[defaults]\nforks=7", "DEFAULT_FORKS", 10);
        resolved(&[], "[defaults]\nhost_key_checking = maybe", "HOST_KEY_CHECKING", false);
        resolved(&[], "[defaults]\nremote_user = 'me'", "DEFAULT_REMOTE_USER", "me");
        resolved(&[("ANSIBLE_REMOTE_USER", "'me'")], "", "DEFAULT_REMOTE_USER", "'me'");
        resolved(
            &[],
            "[defaults]\nroles_path = a:~/b",
            "DEFAULT_ROLES_PATH",
            vec![Value::str("/no/such/ansible.cfg/a"), Value::str("/home/me/b")],
        );
        resolved(&[("ANSIBLE_INVENTORY", "a, /b")], "", "DEFAULT_HOST_LIST", vec!["/srv/a".into(), "/b".into()]);
        resolved(&[("ANSIBLE_HOME", "/h")], "", "DEFAULT_LOCAL_TMP", "/h/tmp");
        resolved(&[("NO_COLOR", "1")], "", "ANSIBLE_NOCOLOR", true);
        resolved(&[], "[ssh_connection]\nssh_args = -o A=b -o C='d e'", "ssh.ssh_args", "-o A=b -o C='d e'");
    }

    #[test]
    fn errors_in_the_words_of_ansible() {
        refused(
            &[],
            "[defaults]\nforks = abc",
            "Config 'DEFAULT_FORKS' from '/x/ansible.cfg' has an invalid value: Invalid value provided for 'integer': 'abc'",
        );
        refused(
            &[("ANSIBLE_GATHERING", "foo")],
            "",
            "Invalid value 'foo' for config 'DEFAULT_GATHERING'. Valid values are: implicit, explicit, smart",
        );
    }

    #[test]
    fn the_tables_are_sorted_and_documented() {
        for table in [SETTINGS, PLUGIN_SETTINGS] {
            for pair in table.windows(2) {
                assert!(pair[0].name < pair[1].name, "{} before {}", pair[0].name, pair[1].name);
            }
            for setting in table {
                assert!(!setting.about.is_empty() && setting.about.len() < 120, "{}", setting.name);
                assert!(setting.ini.split_whitespace().all(|place| place.contains('.')), "{}", setting.name);
            }
        }
    }
}
