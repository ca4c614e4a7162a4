//! Argument specs as data, and what follows from them.
//!
//! A module declares its arguments once, as a static [`Spec`]. From it come coercion,
//! Ansible's own error texts, defaults, `invocation` and which values are secret.
//! Follows `AnsibleModule(argument_spec=…)` as the Ansible documentation describes it.

mod args;

pub use args::Args;

/// The declared arguments of a module and the rules among them.
#[derive(Debug, Default)]
pub struct Spec {
    /// The arguments, in the order of their documentation.
    pub args: &'static [Arg],
    /// Whether `mode`, `owner`, `group`, `seuser` … of files belong to it (`add_file_common_args`).
    pub file_common: bool,
    /// Sets of which at most one may be given.
    pub mutually_exclusive: &'static [&'static [&'static str]],
    /// Sets of which all or none must be given.
    pub required_together: &'static [&'static [&'static str]],
    /// Sets of which at least one must be given.
    pub required_one_of: &'static [&'static [&'static str]],
    /// Arguments that a value of another one demands.
    pub required_if: &'static [RequiredIf],
    /// Arguments that the presence of another one demands.
    pub required_by: &'static [(&'static str, &'static [&'static str])],
}

/// When `arg` has this value, others are required.
#[derive(Debug)]
pub struct RequiredIf {
    /// The argument looked at.
    pub arg: &'static str,
    /// Its value.
    pub value: Default,
    /// What is then required.
    pub needs: &'static [&'static str],
    /// Whether one of `needs` is enough.
    pub any: bool,
}

/// One argument.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// The type of a list's elements.
    pub elements: Option<Kind>,
    /// What it is when it is not given.
    pub default: Default,
    /// Whether it must be given.
    pub required: bool,
    /// The allowed values; empty allows all.
    pub choices: &'static [&'static str],
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// Whether its value is secret.
    pub no_log: bool,
    /// The arguments within a dict, or within each dict of a list.
    pub options: Option<&'static Spec>,
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
pub enum Default {
    /// None.
    None,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string.
    Str(&'static str),
    /// A list of strings.
    List(&'static [&'static str]),
    /// An empty dictionary.
    EmptyDict,
}

impl Arg {
    /// An argument of a type that may be left out.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            elements: None,
            default: Default::None,
            required: false,
            choices: &[],
            aliases: &[],
            no_log: false,
            options: None,
        }
    }

    /// Must be given.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Has a value when it is not given.
    pub const fn default(mut self, default: Default) -> Self {
        self.default = default;
        self
    }

    /// Takes these values alone.
    pub const fn choices(mut self, choices: &'static [&'static str]) -> Self {
        self.choices = choices;
        self
    }

    /// Has other names.
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
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
    pub const fn options(mut self, options: &'static Spec) -> Self {
        self.options = Some(options);
        self
    }
}
