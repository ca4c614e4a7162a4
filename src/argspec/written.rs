//! Specs that a file brings: a role's `meta/argument_specs.yml`, the arguments of `validate_argument_spec`.
//!
//! They are the same [`SpecOf`]s as those of modules, borrowed from what was read. Since an argument borrows the
//! spec of its own options, a spec is built from the inside out: each step hands what it has on to the next,
//! and the check itself is the last one.

use super::check::{Checked, Host, check};
use super::{ArgOf, DefaultOf, Kind, RequiredIfOf, SpecOf, boolean};
use crate::value::{Dict, Value};

/// Checks arguments against a spec that was read; unknown types are taken as `raw`.
pub fn check_written(options: &Dict, given: &Dict, host: Host<'_>) -> Checked {
    let mut checked = Checked::default();
    level(options, &Dict::new(), &mut |spec| checked = check(spec, "", given, host));
    checked
}

/// What is done with a spec.
type Then<'t> = &'t mut dyn FnMut(&SpecOf<'_>);

/// The spec of some options, with the rules that stand beside them.
fn level(options: &Dict, rules: &Dict, then: Then<'_>) {
    let entries: Vec<Entry> = options.iter().map(|(name, attributes)| Entry::new(name, attributes)).collect();
    with_args(&entries, Vec::new(), rules, then);
}

/// One option as it is written.
struct Entry {
    name: String,
    attributes: Dict,
    choices: Vec<String>,
    aliases: Vec<String>,
}

impl Entry {
    fn new(name: &Value, attributes: &Value) -> Self {
        let attributes = attributes.as_dict().cloned().unwrap_or_default();
        let (choices, aliases) = (texts(attributes.get("choices")), texts(attributes.get("aliases")));
        Self { name: name.to_text(), attributes, choices, aliases }
    }

    fn kind(&self, key: &str) -> Option<Kind> {
        let name = self.attributes.get(key)?.to_text();
        Some(Kind::named(&name).unwrap_or(Kind::Raw))
    }

    fn flag(&self, key: &str) -> bool {
        self.attributes.get(key).and_then(boolean).unwrap_or(false)
    }

    fn arg<'a>(&'a self, choices: &'a [&'a str], aliases: &'a [&'a str]) -> ArgOf<'a> {
        let default = self.attributes.get("default").filter(|value| !value.is_null());
        ArgOf {
            elements: self.kind("elements"),
            default: default.map_or(DefaultOf::None, DefaultOf::Value),
            required: self.flag("required"),
            choices,
            aliases,
            no_log: self.flag("no_log"),
            apply_defaults: self.flag("apply_defaults"),
            ..ArgOf::new(&self.name, self.kind("type").unwrap_or(Kind::Str))
        }
    }
}

fn with_args<'a>(left: &'a [Entry], done: Vec<ArgOf<'a>>, rules: &'a Dict, then: Then<'_>) {
    let Some((first, rest)) = left.split_first() else { return with_rules(&done, rules, then) };
    let choices: Vec<&str> = first.choices.iter().map(String::as_str).collect();
    let aliases: Vec<&str> = first.aliases.iter().map(String::as_str).collect();
    let arg = first.arg(&choices, &aliases);
    let mut add = |options: Option<&SpecOf<'_>>| {
        let mut done = done.clone();
        done.push(ArgOf { options, ..arg });
        with_args(rest, done, rules, &mut *then);
    };
    match first.attributes.get("options").and_then(Value::as_dict) {
        Some(options) => level(options, &first.attributes, &mut |spec| add(Some(spec))),
        None => add(None),
    }
}

fn with_rules(args: &[ArgOf<'_>], rules: &Dict, then: Then<'_>) {
    let sets = |key: &str| texts_of_texts(rules.get(key));
    let [exclusive, together, one_of] = ["mutually_exclusive", "required_together", "required_one_of"].map(sets);
    let [exclusive, together, one_of] = [&exclusive, &together, &one_of].map(|sets| borrowed(sets));
    let [exclusive, together, one_of] =
        [&exclusive, &together, &one_of].map(|sets| sets.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let conditions: Vec<Condition> =
        rules.get("required_if").and_then(Value::as_list).unwrap_or_default().iter().filter_map(condition).collect();
    let needs: Vec<Vec<&str>> = conditions.iter().map(|c| c.needs.iter().map(String::as_str).collect()).collect();
    let required_if: Vec<RequiredIfOf<'_>> = conditions
        .iter()
        .zip(&needs)
        .map(|(c, needs)| RequiredIfOf { arg: &c.arg, value: DefaultOf::Value(&c.value), needs, any: c.any })
        .collect();
    let by: Vec<(String, Vec<String>)> = match rules.get("required_by") {
        Some(Value::Dict(dict)) => dict.iter().map(|(name, needs)| (name.to_text(), texts(Some(needs)))).collect(),
        _ => Vec::new(),
    };
    let by: Vec<(&str, Vec<&str>)> =
        by.iter().map(|(name, needs)| (name.as_str(), needs.iter().map(String::as_str).collect())).collect();
    let required_by: Vec<(&str, &[&str])> = by.iter().map(|(name, needs)| (*name, needs.as_slice())).collect();
    then(&SpecOf {
        args,
        file_common: false,
        mutually_exclusive: &exclusive,
        required_together: &together,
        required_one_of: &one_of,
        required_if: &required_if,
        required_by: &required_by,
    });
}

/// A line of `required_if`: an argument, its value, what it needs, whether one of these is enough.
struct Condition {
    arg: String,
    value: Value,
    needs: Vec<String>,
    any: bool,
}

fn condition(line: &Value) -> Option<Condition> {
    let [arg, value, needs, rest @ ..] = line.as_list()? else { return None };
    let any = rest.first().is_some_and(Value::truthy);
    Some(Condition { arg: arg.to_text(), value: value.clone(), needs: texts(Some(needs)), any })
}

/// A list's texts; a single value is a list of one.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(items)) => items.iter().map(Value::to_text).collect(),
        Some(other) => vec![other.to_text()],
    }
}

/// Sets of names; a plain list of names is one set.
fn texts_of_texts(value: Option<&Value>) -> Vec<Vec<String>> {
    let Some(items) = value.and_then(Value::as_list) else { return Vec::new() };
    if items.iter().all(|item| item.as_list().is_none()) && !items.is_empty() {
        return vec![texts(value)];
    }
    items.iter().map(|item| texts(Some(item))).collect()
}

fn borrowed(sets: &[Vec<String>]) -> Vec<Vec<&str>> {
    sets.iter().map(|set| set.iter().map(String::as_str).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse_json;

    fn dict(json: &str) -> Dict {
        match parse_json(json) {
            Ok(Value::Dict(dict)) => dict,
            other => panic!("{other:?}"),
        }
    }

    fn checked(spec: &str, given: &str) -> Checked {
        let host = Host { env: &|_| None, home: &|_| None };
        check_written(&dict(spec), &dict(given), host)
    }

    #[test]
    fn tells_all_that_is_wrong() {
        let spec = r#"{"a": {"type": "int", "required": true}, "b": {"choices": ["x", "y"]}, "c": {"type": "dict",
            "options": {"d": {"required": true}, "e": {"type": "bool"}}, "mutually_exclusive": [["d", "e"]]}}"#;
        let errors = checked(spec, r#"{"b": "z", "c": {"e": 3}}"#).errors;
        assert_eq!(errors[0], "missing required arguments: a");
        assert_eq!(errors[1], "value of b must be one of: x, y, got: z");
        assert_eq!(errors[2], "missing required arguments: d found in c");
        assert!(errors[3].starts_with("argument 'e' is of type int found in 'c'."), "{errors:?}");
        assert_eq!(errors.len(), 4);
        let errors = checked(spec, r#"{"a": 1, "c": {"d": 1, "e": 1}}"#).errors;
        assert_eq!(errors, ["parameters are mutually exclusive: d|e found in c"]);
    }

    #[test]
    fn fills_in_defaults() {
        let spec = r#"{"a": {"type": "list", "elements": "int", "default": [1]}, "b": {"aliases": ["bb"]}}"#;
        let ok = checked(spec, r#"{"bb": 5}"#);
        assert!(ok.errors.is_empty(), "{:?}", ok.errors);
        assert_eq!(ok.args.value("b"), &Value::str("5"));
        assert_eq!(ok.args.value("a"), &Value::list([Value::Int(1)]));
    }
}
