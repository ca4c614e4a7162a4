//! The arguments of one module run, coerced.

use crate::value::{Dict, Value};

/// Coerced arguments, complete with defaults; an argument that was not given is null.
///
/// The getters of a type give that type's zero where the spec allowed null.
#[derive(Clone, Debug, Default)]
pub struct Args(pub Dict);

impl Args {
    /// The value, null where it was not given.
    pub fn value(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// A string or path, where it was given.
    pub fn opt_str(&self, name: &str) -> Option<&str> {
        self.value(name).as_str()
    }

    /// A string or path; empty where it was not given.
    pub fn str(&self, name: &str) -> &str {
        self.opt_str(name).unwrap_or("")
    }

    /// A boolean; false where it was not given.
    pub fn bool(&self, name: &str) -> bool {
        self.opt_bool(name).unwrap_or(false)
    }

    /// A boolean, where it was given.
    pub fn opt_bool(&self, name: &str) -> Option<bool> {
        self.value(name).as_bool()
    }

    /// An integer, where it was given.
    pub fn opt_int(&self, name: &str) -> Option<i64> {
        match self.value(name) {
            // Python's bool is an int, and passes as one.
            Value::Bool(b) => Some(i64::from(*b)),
            other => other.as_int(),
        }
    }

    /// An integer; 0 where it was not given.
    pub fn int(&self, name: &str) -> i64 {
        self.opt_int(name).unwrap_or(0)
    }

    /// A float, where it was given.
    pub fn opt_float(&self, name: &str) -> Option<f64> {
        match self.value(name) {
            Value::Float(f) => Some(*f),
            _ => self.opt_int(name).map(|i| i as f64),
        }
    }

    /// A dictionary, where it was given.
    pub fn opt_dict(&self, name: &str) -> Option<&Dict> {
        self.value(name).as_dict()
    }

    /// Whether it was given, or has a default.
    pub fn has(&self, name: &str) -> bool {
        !self.value(name).is_null()
    }

    /// Sets one, as modules do that fill in what was left out: `invocation` then shows it.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name, value);
    }

    /// A list's strings, where it was given.
    pub fn opt_list(&self, name: &str) -> Option<Vec<String>> {
        self.value(name).as_list().map(|items| items.iter().map(Value::to_text).collect())
    }
}
