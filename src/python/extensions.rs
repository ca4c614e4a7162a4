//! What runs beside a module in Python: a debugger, or the measuring of coverage.
//!
//! As ansible-core's own settings for it (`_ANSIBALLZ_…`, for internal use, it says), each with options that go to
//! the host as they are.

use crate::diag::{Error, Result};
use crate::value::{Dict, JsonStyle, Value, parse_json, write_json};

/// The extensions by their settings, in the order in which they begin.
pub const EXTENSIONS: [(&str, &str); 3] = [
    ("_ANSIBALLZ_DEBUGPY_CONFIG", "_debugpy"),
    ("_ANSIBALLZ_PYDEVD_CONFIG", "_pydevd"),
    ("_ANSIBALLZ_COVERAGE_CONFIG", "_coverage"),
];

/// Those of one run of a module, with their options.
#[derive(Clone, Debug, Default)]
pub struct Extensions(Vec<(&'static str, Dict)>);

impl Extensions {
    /// Those for which `setting` has options: a dictionary, or JSON of one.
    pub fn of(setting: impl Fn(&str) -> Option<Value>) -> Result<Self> {
        let mut all = Vec::new();
        for (name, extension) in EXTENSIONS {
            let options = match setting(name) {
                None | Some(Value::Null) => continue,
                Some(Value::Dict(options)) => options,
                Some(Value::Str(text)) => match parse_json(text.as_str()) {
                    Ok(Value::Dict(options)) => options,
                    Ok(_) => return Err(Error::user(format!("{name} must be a dictionary of options"))),
                    Err(error) => return Err(Error::user(format!("{name} is no JSON: {error}"))),
                },
                Some(_) => return Err(Error::user(format!("{name} must be a dictionary of options"))),
            };
            all.push((extension, options));
        }
        Ok(Self(all))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of their modules.
    pub fn modules(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, _)| format!("ansible.module_utils._internal._ansiballz._extensions.{name}"))
    }

    /// Their options as JSON. A debugger is told where each file of the pack is on the controller: `sources` has
    /// its path there, and its name in the pack.
    pub fn told<'a>(&self, sources: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> String {
        let mut told = Dict::new();
        for (name, options) in &self.0 {
            let mut options = options.clone();
            if *name != "_coverage" {
                let given = options.get("source_mapping").and_then(Value::as_dict).cloned().unwrap_or_default();
                let mapped = sources.clone().map(|(path, inside)| (Value::from(foreign(path, &given)), inside.into()));
                options.insert("source_mapping", Value::Dict(mapped.collect()));
            }
            told.insert(*name, options);
        }
        write_json(&told.into(), JsonStyle::default())
    }
}

/// A path of the controller as the debugger's machine has it.
fn foreign(path: &str, given: &Dict) -> String {
    for (theirs, ours) in given {
        if let Some(rest) = path.strip_prefix(&ours.to_text()) {
            return format!("{}{rest}", theirs.to_text());
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_go_along_with_the_places_of_files() {
        let setting = |name: &str| match name {
            "_ANSIBALLZ_PYDEVD_CONFIG" => Some(Value::from(r#"{"module": "m", "source_mapping": {"/ide": "/here"}}"#)),
            "_ANSIBALLZ_COVERAGE_CONFIG" => Some(Value::Dict(Dict::from([("config", Value::from("c"))]))),
            _ => None,
        };
        let extensions = Extensions::of(setting).unwrap();
        let told = extensions.told([("/here/a.py", "ansible/a.py"), ("/b.py", "b.py")].into_iter());
        assert_eq!(
            told,
            r#"{"_pydevd": {"module": "m", "source_mapping": {"/ide/a.py": "ansible/a.py", "/b.py": "b.py"}}, "#
                .to_owned()
                + r#""_coverage": {"config": "c"}}"#
        );
        assert!(extensions.modules().next().unwrap().ends_with("_extensions._pydevd"));
        assert!(Extensions::of(|_| Some(Value::from("x"))).is_err());
    }
}
