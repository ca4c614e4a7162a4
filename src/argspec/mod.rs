//! Argument specs as data, and what follows from them.
//!
//! A module declares its arguments once, as a static [`Spec`]. From it come coercion,
//! Ansible's own error texts, defaults, `invocation` and which values are secret.
//! Follows `AnsibleModule(argument_spec=…)` as the Ansible documentation describes it.

use crate::value::{Dict, Value};

mod args;
mod check;
mod coerce;
mod expand;
mod literal;
mod rules;
mod secrets;
mod size;
#[cfg(test)]
mod tests;
mod written;

pub use args::Args;
pub use check::{Checked, Deprecation, Host, check};
pub use coerce::{boolean, int};
pub use expand::expand_path;
pub use secrets::Secrets;
pub use written::check_written;

/// A module's own spec, which is there as long as the program.
pub type Spec = SpecOf<'static>;
/// An argument of such a spec.
pub type Arg = ArgOf<'static>;
/// A constant value in such a spec.
pub type Default = DefaultOf<'static>;
/// A rule of such a spec.
pub type RequiredIf = RequiredIfOf<'static>;

/// The declared arguments of a module and the rules among them.
#[derive(Debug, Default)]
pub struct SpecOf<'a> {
    /// The arguments, in the order of their documentation.
    pub args: &'a [ArgOf<'a>],
    /// Whether `mode`, `owner`, `group`, `seuser` … of files belong to it (`add_file_common_args`).
    pub file_common: bool,
    /// Sets of which at most one may be given.
    pub mutually_exclusive: &'a [&'a [&'a str]],
    /// Sets of which all or none must be given.
    pub required_together: &'a [&'a [&'a str]],
    /// Sets of which at least one must be given.
    pub required_one_of: &'a [&'a [&'a str]],
    /// Arguments that a value of another one demands.
    pub required_if: &'a [RequiredIfOf<'a>],
    /// Arguments that the presence of another one demands.
    pub required_by: &'a [(&'a str, &'a [&'a str])],
}

impl<'a> SpecOf<'a> {
    /// No arguments and no rules, for `..Spec::EMPTY`.
    pub const EMPTY: Self = Self {
        args: &[],
        file_common: false,
        mutually_exclusive: &[],
        required_together: &[],
        required_one_of: &[],
        required_if: &[],
        required_by: &[],
    };

    /// Arguments without rules among them.
    pub const fn new(args: &'a [ArgOf<'a>]) -> Self {
        Self { args, ..Self::EMPTY }
    }

    /// Every argument: its own, then the common ones of files that it does not define itself.
    pub fn all(&self) -> impl Iterator<Item = &'a ArgOf<'a>> + use<'a> {
        let own = self.args;
        let common: &'a [ArgOf<'a>] = if self.file_common { FILE_COMMON } else { &[] };
        own.iter().chain(common.iter().filter(move |arg| !own.iter().any(|a| a.name == arg.name)))
    }

    /// The argument of a name, or of an alias.
    pub fn find(&self, name: &str) -> Option<&'a ArgOf<'a>> {
        self.all().find(|arg| arg.name == name || arg.aliases.contains(&name))
    }
}

/// The arguments that modules which write files share (`add_file_common_args`).
pub static FILE_COMMON: &[Arg] = &[
    Arg::new("mode", Kind::Raw),
    Arg::new("owner", Kind::Str),
    Arg::new("group", Kind::Str),
    Arg::new("seuser", Kind::Str),
    Arg::new("serole", Kind::Str),
    Arg::new("selevel", Kind::Str),
    Arg::new("setype", Kind::Str),
    Arg::new("attributes", Kind::Str).aliases(&["attr"]),
    Arg::new("unsafe_writes", Kind::Bool).default(Default::Bool(false)).env(&["ANSIBLE_UNSAFE_WRITES"]),
];

/// When `arg` has this value, others are required.
#[derive(Debug)]
pub struct RequiredIfOf<'a> {
    /// The argument looked at.
    pub arg: &'a str,
    /// Its value.
    pub value: DefaultOf<'a>,
    /// What is then required.
    pub needs: &'a [&'a str],
    /// Whether one of `needs` is enough.
    pub any: bool,
}

/// One argument.
#[derive(Clone, Copy, Debug)]
pub struct ArgOf<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type.
    pub kind: Kind,
    /// The type of a list's elements.
    pub elements: Option<Kind>,
    /// What it is when it is not given.
    pub default: DefaultOf<'a>,
    /// Whether it must be given.
    pub required: bool,
    /// The allowed values; empty allows all.
    pub choices: &'a [&'a str],
    /// Other names for it.
    pub aliases: &'a [&'a str],
    /// Whether its value is secret.
    pub no_log: bool,
    /// The arguments within a dict, or within each dict of a list.
    pub options: Option<&'a SpecOf<'a>>,
    /// Whether a dict that is not given has the defaults of its options.
    pub apply_defaults: bool,
    /// Variables of the host's environment that stand in when it is not given.
    pub env: &'a [&'a str],
    /// Aliases that go away, each with the version and the collection of that.
    pub deprecated_aliases: &'a [(&'a str, &'a str, &'a str)],
    /// The version and the collection in which it goes away.
    pub removed_in: Option<(&'a str, &'a str)>,
}

/// The types of `argument_spec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string; other scalars are converted.
    Str,
    /// A list; a string is split at commas.
    List,
    /// A dictionary; a string is read as JSON or `k=v`.
    Dict,
    /// A boolean; `yes`, `on`, `1`, `true` and their kin.
    Bool,
    /// An integer.
    Int,
    /// A float.
    Float,
    /// A path; `~` and `$VAR` are expanded on the host.
    Path,
    /// Anything, as it is.
    Raw,
    /// A string of JSON.
    Jsonarg,
    /// A JSON-encoded value.
    Json,
    /// A number of bytes such as `10M`.
    Bytes,
    /// A number of bits such as `10Mb`.
    Bits,
}

/// A constant value in a spec.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DefaultOf<'a> {
    /// None.
    None,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string.
    Str(&'a str),
    /// A list of strings.
    List(&'a [&'a str]),
    /// A list of integers.
    Ints(&'a [i64]),
    /// An empty dictionary.
    EmptyDict,
    /// Any value, of a spec that was read from a file.
    Value(&'a Value),
}

impl<'a> ArgOf<'a> {
    /// An argument of a type that may be left out.
    pub const fn new(name: &'a str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            elements: None,
            default: DefaultOf::None,
            required: false,
            choices: &[],
            aliases: &[],
            no_log: false,
            options: None,
            apply_defaults: false,
            env: &[],
            deprecated_aliases: &[],
            removed_in: None,
        }
    }

    /// Must be given.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Has a value when it is not given.
    pub const fn default(mut self, default: DefaultOf<'a>) -> Self {
        self.default = default;
        self
    }

    /// Takes these values alone.
    pub const fn choices(mut self, choices: &'a [&'a str]) -> Self {
        self.choices = choices;
        self
    }

    /// Has other names.
    pub const fn aliases(mut self, aliases: &'a [&'a str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Is a list of a type.
    pub const fn elements(mut self, kind: Kind) -> Self {
        self.elements = Some(kind);
        self
    }

    /// Is secret.
    pub const fn no_log(mut self) -> Self {
        self.no_log = true;
        self
    }

    /// Has arguments of its own.
    pub const fn options(mut self, options: &'a SpecOf<'a>) -> Self {
        self.options = Some(options);
        self
    }

    /// Has the defaults of its options when it is not given.
    pub const fn apply_defaults(mut self) -> Self {
        self.apply_defaults = true;
        self
    }

    /// Falls back to variables of the host's environment.
    pub const fn env(mut self, names: &'a [&'a str]) -> Self {
        self.env = names;
        self
    }

    /// Has aliases that go away: name, version, collection.
    pub const fn deprecated_aliases(mut self, aliases: &'a [(&'a str, &'a str, &'a str)]) -> Self {
        self.deprecated_aliases = aliases;
        self
    }

    /// Goes away in a version of a collection.
    pub const fn removed_in(mut self, version: &'a str, collection: &'a str) -> Self {
        self.removed_in = Some((version, collection));
        self
    }
}

impl DefaultOf<'_> {
    /// The value; null for none.
    pub fn value(self) -> Value {
        match self {
            Self::None => Value::Null,
            Self::Bool(b) => b.into(),
            Self::Int(i) => i.into(),
            Self::Float(f) => f.into(),
            Self::Str(s) => s.into(),
            Self::List(items) => Value::list(items.iter().map(|item| Value::from(*item))),
            Self::Ints(items) => Value::list(items.iter().map(|item| Value::from(*item))),
            Self::EmptyDict => Dict::new().into(),
            Self::Value(value) => value.clone(),
        }
    }
}

impl Kind {
    /// The type of a name.
    pub fn named(name: &str) -> Option<Self> {
        const ALL: [Kind; 12] = [
            Kind::Str,
            Kind::List,
            Kind::Dict,
            Kind::Bool,
            Kind::Int,
            Kind::Float,
            Kind::Path,
            Kind::Raw,
            Kind::Jsonarg,
            Kind::Json,
            Kind::Bytes,
            Kind::Bits,
        ];
        ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name that specs and error texts use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::List => "list",
            Self::Dict => "dict",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Path => "path",
            Self::Raw => "raw",
            Self::Jsonarg => "jsonarg",
            Self::Json => "json",
            Self::Bytes => "bytes",
            Self::Bits => "bits",
        }
    }
}
