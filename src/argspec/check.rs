//! Checks given arguments against a spec, in the order in which `AnsibleModule` does.
//!
//! Every step runs even after an error, since `invocation` shows how far the arguments were coerced;
//! of the errors the first alone is told, as there. Unknown arguments are told last.

use super::coerce::{coerce, elements};
use super::secrets::Secrets;
use super::{ArgOf, Args, DefaultOf, Kind, SpecOf, rules};
use crate::value::{Dict, Value};

/// What the check asks of the host it runs on.
#[derive(Clone, Copy)]
pub struct Host<'a> {
    /// A variable of the environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The home of a user; of the running one for an empty name.
    pub home: &'a dyn Fn(&str) -> Option<String>,
}

/// An argument or alias that goes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecation {
    /// The text.
    pub msg: String,
    /// The version in which it goes.
    pub version: String,
    /// The collection of that version.
    pub collection: String,
}

/// The outcome of a check.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// The arguments, coerced and with defaults, under their names and the aliases that were used.
    ///
    /// After an error, as far as it went: what `invocation.module_args` shows.
    pub args: Args,
    /// The values of `no_log` arguments.
    pub secrets: Secrets,
    /// What to warn of.
    pub warnings: Vec<String>,
    /// What is deprecated.
    pub deprecations: Vec<Deprecation>,
    /// Why the module must not run, as `msg`.
    pub error: Option<String>,
    /// All that is wrong, in the order in which it was found.
    pub errors: Vec<String>,
}

/// Checks arguments; `module` is the name that the text about unknown arguments shows.
pub fn check(spec: &SpecOf<'_>, module: &str, given: &Dict, host: Host<'_>) -> Checked {
    let mut checker = Checker { host, errors: Vec::new(), unsupported: Vec::new(), out: Checked::default() };
    let mut params = given.clone();
    checker.level(spec, &mut params, &mut Vec::new(), "");
    checker.out.args = Args(params);
    let unsupported = checker.unsupported_text();
    let first = checker.errors.first().cloned();
    let of_module = |text: &String| format!("Unsupported parameters for ({module}) module: {text}");
    checker.out.error = first.or_else(|| unsupported.as_ref().map(of_module));
    checker.errors.extend(unsupported);
    checker.out.errors = checker.errors;
    checker.out
}

struct Checker<'a> {
    host: Host<'a>,
    errors: Vec<String>,
    /// Unknown names with their context, each with the text of what is known there.
    unsupported: Vec<(String, String)>,
    out: Checked,
}

impl Checker<'_> {
    fn level<'s>(&mut self, spec: &SpecOf<'s>, params: &mut Dict, context: &mut Vec<&'s str>, prefix: &str) {
        self.fallbacks(spec, params);
        self.aliases(spec, params, prefix);
        self.secrets(spec, params);
        self.errors.extend(no_dictionary(spec, params, self.host).err());
        self.deprecated(spec, params, context);
        self.unknown(spec, params, context);
        self.rule(rules::mutually_exclusive(spec, params), context);
        self.defaults(spec, params, false);
        self.rule(rules::required(spec, params), context);
        for arg in spec.all() {
            self.convert(arg, params, context);
        }
        for arg in spec.all() {
            self.choice(arg, params, context);
        }
        self.rule(rules::required_together(spec, params), context);
        self.rule(rules::required_one_of(spec, params), context);
        self.rule(rules::required_if(spec, params), context);
        self.rule(rules::required_by(spec, params), context);
        self.defaults(spec, params, true);
        for arg in spec.all() {
            self.options(arg, params, context, prefix);
        }
    }

    fn rule(&mut self, broken: Option<String>, context: &[&str]) {
        if let Some(text) = broken {
            self.errors.push(found_in(text, context));
        }
    }

    fn fallbacks(&mut self, spec: &SpecOf<'_>, params: &mut Dict) {
        for arg in spec.all().filter(|arg| !arg.env.is_empty()) {
            if params.contains(arg.name) {
                continue;
            }
            if let Some(value) = arg.env.iter().find_map(|name| (self.host.env)(name)) {
                if arg.no_log {
                    self.out.secrets.add(&Value::from(value.as_str()));
                }
                params.insert(arg.name, value);
            }
        }
    }

    fn aliases(&mut self, spec: &SpecOf<'_>, params: &mut Dict, prefix: &str) {
        for arg in spec.all() {
            for (alias, version, collection) in arg.deprecated_aliases {
                if params.contains(alias) {
                    self.out.deprecations.push(Deprecation {
                        msg: format!("Alias '{prefix}{alias}' is deprecated. See the module docs for more information"),
                        version: (*version).to_owned(),
                        collection: (*collection).to_owned(),
                    });
                }
            }
            for alias in arg.aliases {
                let Some(value) = params.get(alias).cloned() else { continue };
                if params.contains(arg.name) {
                    self.out
                        .warnings
                        .push(format!("Both option {prefix}{} and its alias {prefix}{alias} are set.", arg.name));
                }
                params.insert(arg.name, value);
            }
        }
    }

    fn secrets(&mut self, spec: &SpecOf<'_>, params: &Dict) {
        for arg in spec.all().filter(|arg| arg.no_log) {
            if let Some(value) = params.get(arg.name).filter(|value| value.truthy()) {
                self.out.secrets.add(value);
            }
        }
    }

    fn deprecated(&mut self, spec: &SpecOf<'_>, params: &Dict, context: &[&str]) {
        for arg in spec.all() {
            let Some((version, collection)) = arg.removed_in else { continue };
            if params.contains(arg.name) {
                let mut name = String::new();
                for part in context.iter().chain([&arg.name]) {
                    name = if name.is_empty() { (*part).to_owned() } else { format!("{name}[\"{part}\"]") };
                }
                self.out.deprecations.push(Deprecation {
                    msg: format!("Param '{name}' is deprecated. See the module docs for more information"),
                    version: version.to_owned(),
                    collection: collection.to_owned(),
                });
            }
        }
    }

    fn unknown(&mut self, spec: &SpecOf<'_>, params: &Dict, context: &[&str]) {
        for key in params.keys() {
            let name = key.to_text();
            if spec.find(&name).is_some() {
                continue;
            }
            let full = context.iter().copied().chain([name.as_str()]).collect::<Vec<_>>().join(".");
            self.unsupported.push((full, supported(spec)));
        }
    }

    fn unsupported_text(&mut self) -> Option<String> {
        self.unsupported.sort();
        let (_, known) = self.unsupported.last()?;
        let mut names: Vec<&str> = self.unsupported.iter().map(|(name, _)| name.as_str()).collect();
        // Each dictionary of a list may have it.
        names.dedup();
        Some(format!("{}. Supported parameters include: {known}.", names.join(", ")))
    }

    fn defaults(&mut self, spec: &SpecOf<'_>, params: &mut Dict, all: bool) {
        for arg in spec.all() {
            if (all || arg.default != DefaultOf::None) && !params.contains(arg.name) {
                let value = arg.default.value();
                if arg.no_log && value.truthy() {
                    self.out.secrets.add(&value);
                }
                params.insert(arg.name, value);
            }
        }
    }

    fn convert(&mut self, arg: &ArgOf<'_>, params: &mut Dict, context: &[&str]) {
        let Some(value) = params.get(arg.name).cloned() else { return };
        if value.is_null() && !arg.required && arg.default == DefaultOf::None {
            return;
        }
        match coerce(arg.kind, &value, self.host) {
            Ok(mut new) => {
                if let (Some(kind), Value::List(items)) = (arg.elements, &new) {
                    new = elements(arg.name, kind, items, context, self.host, &mut self.errors);
                }
                params.insert(arg.name, new);
            }
            Err(why) => {
                let place = place(context);
                self.errors.push(format!(
                    "argument '{}' is of type {}{place} and we were unable to convert to {}: {why}",
                    arg.name,
                    value.type_name(),
                    arg.kind.name()
                ));
            }
        }
    }

    fn choice(&mut self, arg: &ArgOf<'_>, params: &mut Dict, context: &[&str]) {
        if arg.choices.is_empty() {
            return;
        }
        let Some(value) = params.get(arg.name).cloned() else { return };
        let allowed = |v: &Value| !v.is_null() && arg.choices.contains(&v.to_text().as_str());
        if let Value::List(items) = &value {
            let bad: Vec<String> = items.iter().filter(|v| !allowed(v)).map(Value::to_text).collect();
            if !bad.is_empty() {
                let text = format!(
                    "value of {} must be one or more of: {}. Got no match for: {}",
                    arg.name,
                    arg.choices.join(", "),
                    bad.join(", ")
                );
                self.errors.push(found_in(text, context));
            }
        } else if !allowed(&value) {
            if let Some(word) = unambiguous(&value, arg.choices) {
                params.insert(arg.name, word);
                return;
            }
            let text =
                format!("value of {} must be one of: {}, got: {}", arg.name, arg.choices.join(", "), value.to_text());
            self.errors.push(found_in(text, context));
        }
    }

    fn options<'s>(&mut self, arg: &ArgOf<'s>, params: &mut Dict, context: &mut Vec<&'s str>, prefix: &str) {
        let Some(spec) = arg.options else { return };
        let listed = arg.kind == Kind::List && arg.elements == Some(Kind::Dict);
        if !listed && arg.kind != Kind::Dict {
            return;
        }
        let mut value = params.get(arg.name).cloned().unwrap_or_default();
        if value.is_null() {
            if !arg.apply_defaults {
                return;
            }
            value = Dict::new().into();
        }
        context.push(arg.name);
        let checked = match &value {
            Value::List(items) => Value::list(items.iter().enumerate().map(|(i, item)| {
                let prefix =
                    if listed { format!("{prefix}{}[{i}].", arg.name) } else { format!("{prefix}{}.", arg.name) };
                self.option(arg, spec, item, context, &prefix)
            })),
            other => {
                let prefix =
                    if listed { format!("{prefix}{}[0].", arg.name) } else { format!("{prefix}{}.", arg.name) };
                self.option(arg, spec, other, context, &prefix)
            }
        };
        params.insert(arg.name, checked);
        context.pop();
    }

    fn option<'s>(
        &mut self,
        arg: &ArgOf<'_>,
        spec: &SpecOf<'s>,
        value: &Value,
        context: &mut Vec<&'s str>,
        prefix: &str,
    ) -> Value {
        let Value::Dict(dict) = value else {
            self.errors.push(format!("value of '{}' must be of type dict or list of dicts", arg.name));
            return value.clone();
        };
        let mut dict = dict.clone();
        self.level(spec, &mut dict, context, prefix);
        dict.into()
    }
}

/// What stands where a dictionary with options of its own should, of which ansible-core tells while it looks for secrets.
fn no_dictionary(spec: &SpecOf<'_>, params: &Dict, host: Host<'_>) -> Result<(), String> {
    for arg in spec.all() {
        let listed = arg.kind == Kind::List && arg.elements == Some(Kind::Dict);
        let (Some(options), Some(value)) = (arg.options, params.get(arg.name)) else { continue };
        if value.is_null() || !listed && arg.kind != Kind::Dict {
            continue;
        }
        for item in value.as_list().unwrap_or(std::slice::from_ref(value)) {
            let dict = if item.as_str().is_some() { coerce(Kind::Dict, item, host)? } else { item.clone() };
            let Some(dict) = dict.as_dict() else {
                return Err(format!(
                    "Value '{}' in the sub parameter field '{}' must be a {}, not '{}'",
                    item.to_text(),
                    arg.name,
                    arg.kind.name(),
                    item.type_name()
                ));
            };
            no_dictionary(options, dict, host)?;
        }
    }
    Ok(())
}

/// ` found in 'a -> b'.`, the full stop included, as the texts about types have it.
fn place(context: &[&str]) -> String {
    if context.is_empty() { String::new() } else { format!(" found in '{}'.", context.join(" -> ")) }
}

fn found_in(text: String, context: &[&str]) -> String {
    if context.is_empty() { text } else { format!("{text} found in {}", context.join(" -> ")) }
}

fn supported(spec: &SpecOf<'_>) -> String {
    let mut names: Vec<&str> = spec.all().map(|arg| arg.name).collect();
    let mut aliases: Vec<&str> = spec.all().flat_map(|arg| arg.aliases.iter().copied()).collect();
    names.sort_unstable();
    aliases.sort_unstable();
    aliases.dedup();
    let mut text = names.join(", ");
    if !aliases.is_empty() {
        text.push_str(&format!(" ({})", aliases.join(", ")));
    }
    text
}

/// YAML made a boolean of a word such as `no`; the choice it stood for, where only one can be meant.
fn unambiguous<'a>(value: &Value, choices: &[&'a str]) -> Option<&'a str> {
    let words: &[&str] = match value.as_str()? {
        "True" => &["y", "yes", "on", "1", "true", "t"],
        "False" => &["n", "no", "off", "0", "false", "f"],
        _ => return None,
    };
    let mut found = choices.iter().filter(|choice| words.contains(choice));
    let first = found.next()?;
    found.next().is_none().then_some(*first)
}
