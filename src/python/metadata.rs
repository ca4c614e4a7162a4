//! The METADATA of a module: by which profile it and the controller write what they say to each other.
//!
//! An experiment of ansible-core's, which reads it only where the setting `_MODULE_METADATA` is on.

use super::imports::assigned;
use crate::diag::{Error, Result};
use crate::value::{Dict, Value};
use crate::yaml;

/// How arguments and results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Plain JSON, in which a date is its text.
    #[default]
    Legacy,
    /// Dates and times are objects that say their type.
    Modern,
}

impl Profile {
    /// Its name on the host.
    pub fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        }
    }
}

/// The profile that a module's text asks for.
pub fn profile(source: &str) -> Result<Profile> {
    let literals = assigned(source, "METADATA");
    let literal = match literals.as_slice() {
        [] => return Ok(Profile::Legacy),
        [one] => one,
        _ => return Err(Error::user("Module METADATA must defined only once.")),
    };
    let text = text_of(literal).ok_or_else(|| Error::user("Module METADATA must be <class 'str'>."))?;
    let parsed = yaml::from_yaml(text, false);
    let parsed =
        parsed.map_err(|error| Error::user(error.to_string()).context("Module METADATA must be valid YAML."))?;
    let Value::Dict(mut metadata) = parsed else {
        let text = format!("Module METADATA must parse to <class 'dict'> not <class '{}'>.", parsed.type_name());
        return Err(Error::user(text));
    };
    match metadata.remove("schema_version") {
        Some(Value::Int(1)) => {}
        other => {
            let version = other.unwrap_or_default().to_text();
            return Err(Error::user(format!("Module METADATA schema_version {version} is unknown.")));
        }
    }
    let profile = metadata.remove("serialization_profile");
    match (profile.as_ref().and_then(Value::as_str), metadata.is_empty()) {
        (Some("legacy"), true) => Ok(Profile::Legacy),
        (Some("modern"), true) => Ok(Profile::Modern),
        _ => Err(Error::user("Module METADATA is invalid.")),
    }
}

/// What is between the quotes of a text that stands alone; None for anything else, as one with escapes.
fn text_of(literal: &str) -> Option<&str> {
    let (raw, quoted) = match literal.strip_prefix(['r', 'R']) {
        Some(rest) => (true, rest),
        None => (false, literal.strip_prefix(['u', 'U']).unwrap_or(literal)),
    };
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| quoted.starts_with(quote))?;
    let (text, rest) = quoted[quote.len()..].split_once(quote)?;
    let rest = rest.trim_start();
    ((raw || !text.contains('\\')) && (rest.is_empty() || rest.starts_with('#'))).then_some(text)
}

/// A value in which dates and times say their type, as a modern module reads them.
pub fn modern(value: &Value) -> Value {
    let of = |name: &str, text: String, folds: bool| {
        let mut dict = Dict::from([("iso8601", Value::from(text))]);
        if folds {
            dict.insert("fold", 0);
        }
        dict.insert(super::result::TYPE, name);
        Value::Dict(dict)
    };
    match value {
        Value::Date(date) => of("AnsibleSerializableDate", date.to_string(), false),
        Value::Time(time) => of("AnsibleSerializableTime", time.to_string(), true),
        Value::DateTime(time) => of("AnsibleSerializableDateTime", time.isoformat(), true),
        Value::List(items) => Value::list(items.iter().map(modern)),
        Value::Dict(dict) => Value::Dict(dict.iter().map(|(key, value)| (key.clone(), modern(value))).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_names_a_profile() {
        let of = |text: &str| profile(text).map_err(|error| error.message);
        assert_eq!(of("import x\n"), Ok(Profile::Legacy));
        let modern = "# x\nMETADATA = \"\"\"\nschema_version: 1\nserialization_profile: modern\n\"\"\"\nimport x\n";
        assert_eq!(of(modern), Ok(Profile::Modern));
        assert_eq!(of("def f():\n    METADATA = 'x'\n"), Ok(Profile::Legacy));
        assert_eq!(of("DOC = '''\nMETADATA = 'x'\n'''\n"), Ok(Profile::Legacy));
        for (text, want) in [
            ("METADATA = 'a: 1'", "Module METADATA schema_version None is unknown."),
            ("METADATA = 'schema_version: 2'", "Module METADATA schema_version 2 is unknown."),
            ("METADATA = '{schema_version: 1, serialization_profile: odd}'", "Module METADATA is invalid."),
            ("METADATA = 'x'\nMETADATA = 'y'", "Module METADATA must defined only once."),
            ("METADATA = f()", "Module METADATA must be <class 'str'>."),
            ("METADATA = 'x'", "Module METADATA must parse to <class 'dict'> not <class 'str'>."),
        ] {
            assert_eq!(of(text), Err(want.to_owned()), "{text}");
        }
    }

    #[test]
    fn dates_say_their_type() {
        let date = yaml::from_yaml("[2024-01-02, 1]", false).unwrap();
        let want = "[{'iso8601': '2024-01-02', '__ansible_type': 'AnsibleSerializableDate'}, 1]";
        assert_eq!(crate::value::repr(&modern(&date)), want);
    }
}
