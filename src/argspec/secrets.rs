//! Hides the values of `no_log` arguments in a result.
//!
//! A text that is a secret becomes `VALUE_SPECIFIED_IN_NO_LOG_PARAMETER`, one that holds a secret has
//! `********` in its place; numbers too; keys stay. Top-level booleans and nulls are never hidden.

use crate::value::{Dict, Value};

/// What stands for a value that is itself a secret.
pub const HIDDEN: &str = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER";

/// The secret texts of one module run, the longest first.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the texts and numbers of a value; booleans and nulls are no secrets.
    pub fn add(&mut self, value: &Value) {
        match value {
            Value::List(items) => items.iter().for_each(|item| self.add(item)),
            Value::Dict(dict) => dict.values().for_each(|item| self.add(item)),
            Value::Null | Value::Bool(_) => {}
            other => {
                let text = other.to_text();
                if !text.is_empty() && !self.0.contains(&text) {
                    self.0.push(text);
                    self.0.sort_by_key(|text| std::cmp::Reverse(text.chars().count()));
                }
            }
        }
    }

    /// The value without secrets.
    pub fn mask(&self, value: &Value) -> Value {
        if self.0.is_empty() {
            return value.clone();
        }
        match value {
            Value::Str(text) => {
                let masked = self.mask_text(text.as_str());
                if masked == text.as_str() { value.clone() } else { masked.into() }
            }
            Value::List(items) => Value::list(items.iter().map(|item| self.mask(item))),
            Value::Dict(dict) => self.mask_dict(dict).into(),
            Value::Int(_) | Value::BigInt(_) | Value::Float(_) => {
                let text = value.to_text();
                if self.0.iter().any(|secret| text.contains(secret.as_str())) { HIDDEN.into() } else { value.clone() }
            }
            Value::Bytes(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                let masked = self.mask_text(&text);
                if masked == text { value.clone() } else { Value::Bytes(masked.into_bytes().into()) }
            }
            other => other.clone(),
        }
    }

    /// A dictionary whose values are without secrets.
    pub fn mask_dict(&self, dict: &Dict) -> Dict {
        dict.iter().map(|(key, value)| (key.clone(), self.mask(value))).collect()
    }

    /// A text without secrets.
    pub fn mask_text(&self, text: &str) -> String {
        if self.0.iter().any(|secret| secret == text) {
            return HIDDEN.to_owned();
        }
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "********"))
    }
}
