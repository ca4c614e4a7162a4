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
        self.value(name).as_int()
    }

    /// An integer; 0 where it was not given.
    pub fn int(&self, name: &str) -> i64 {
        self.opt_int(name).unwrap_or(0)
    }

    /// A list's strings, where it was given.
    pub fn opt_list(&self, name: &str) -> Option<Vec<String>> {
        self.value(name).as_list().map(|items| items.iter().map(Value::to_text).collect())
    }
}
