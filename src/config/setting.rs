//! What a setting is: its names in ansible.cfg and the environment, its type and its default.
//!
//! Data only. The names, types and defaults are ansible-core 2.19's (`ansible-config list`); the
//! default of `DEFAULT_FORKS` alone is rplay's own.

/// One setting of ansible.cfg and the environment.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The name that `ansible-config` shows; a plugin's option is `plugin.option`.
    pub name: &'static str,
    /// How its text is read.
    pub kind: Kind,
    /// What it is where nothing sets it.
    pub default: Default,
    /// Its places in ansible.cfg, `section.key`, separated by spaces; the last one that is set counts.
    pub ini: &'static str,
    /// Its environment variables, separated by spaces; the last one that is set counts.
    pub env: &'static str,
    /// The values it may have; any where empty.
    pub choices: &'static [&'static str],
    /// What it does, in one line.
    pub about: &'static str,
}

/// How a setting's text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `yes`, `true`, `on`, `1`, `y`, `t` are true, all else is false.
    Bool,
    /// An integer.
    Int,
    /// A floating point number.
    Float,
    /// A string; quotes around it are dropped where it comes from ansible.cfg.
    Text,
    /// Strings separated by commas.
    List,
    /// A path: `~` and variables expanded, relative to ansible.cfg's folder.
    Path,
    /// Paths separated by commas.
    PathList,
    /// Paths separated by colons.
    PathSpec,
}

/// What a setting is where nothing sets it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// Nothing.
    Unset,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating point number.
    Float(f64),
    /// Text; `{home}` stands for the setting `ANSIBLE_HOME`.
    Text(&'static str),
    /// A list.
    List(&'static [&'static str]),
}

impl Setting {
    const fn new(name: &'static str, kind: Kind, default: Default, [ini, env, about]: [&'static str; 3]) -> Self {
        Self { name, kind, default, ini, env, choices: &[], about }
    }

    pub(super) const fn one_of(mut self, choices: &'static [&'static str]) -> Self {
        self.choices = choices;
        self
    }
}

pub(super) const fn flag(name: &'static str, on: bool, words: [&'static str; 3]) -> Setting {
    Setting::new(name, Kind::Bool, Default::Bool(on), words)
}

pub(super) const fn maybe(name: &'static str, words: [&'static str; 3]) -> Setting {
    Setting::new(name, Kind::Bool, Default::Unset, words)
}

pub(super) const fn int(name: &'static str, value: i64, words: [&'static str; 3]) -> Setting {
    Setting::new(name, Kind::Int, Default::Int(value), words)
}

pub(super) const fn number(name: &'static str, words: [&'static str; 3]) -> Setting {
    Setting::new(name, Kind::Int, Default::Unset, words)
}

pub(super) const fn float(name: &'static str, value: f64, words: [&'static str; 3]) -> Setting {
    Setting::new(name, Kind::Float, Default::Float(value), words)
}

pub(super) const fn text(name: &'static str, value: &'static str, words: [&'static str; 3]) -> Setting {
    Setting::new(name, Kind::Text, Default::Text(value), words)
}

pub(super) const fn word(name: &'static str, words: [&'static str; 3]) -> Setting {
    Setting::new(name, Kind::Text, Default::Unset, words)
}

pub(super) const fn list(name: &'static str, items: &'static [&'static str], words: [&'static str; 3]) -> Setting {
    Setting::new(name, Kind::List, Default::List(items), words)
}

pub(super) const fn path(name: &'static str, value: &'static str, words: [&'static str; 3]) -> Setting {
    let default = if value.is_empty() { Default::Unset } else { Default::Text(value) };
    Setting::new(name, Kind::Path, default, words)
}

pub(super) const fn paths(name: &'static str, value: &'static str, words: [&'static str; 3]) -> Setting {
    Setting::new(name, Kind::PathSpec, Default::Text(value), words)
}

pub(super) const fn path_list(name: &'static str, items: &'static [&'static str], words: [&'static str; 3]) -> Setting {
    Setting::new(name, Kind::PathList, Default::List(items), words)
}

/// Text whose default is no text; ansible-core gives such settings no type.
pub(super) const fn raw(name: &'static str, value: Default, words: [&'static str; 3]) -> Setting {
    Setting::new(name, Kind::Text, value, words)
}
