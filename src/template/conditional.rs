//! Conditionals: `when`, `until`, `changed_when`, `failed_when`.
//!
//! As in ansible-core 2.19 they are bare expressions and must be boolean.

use super::Templar;
use super::cache::Mode;
use super::scope::Scope;
use crate::diag::{Error, Kind, Remark, Result};
use crate::value::{Text, Value};

const BROKEN_ALLOWED: &str = "Broken conditionals are currently allowed because the `ALLOW_BROKEN_CONDITIONALS` \
                              configuration option is enabled.";

const BROKEN_HELP: &str =
    "Broken conditionals can be temporarily allowed with the `ALLOW_BROKEN_CONDITIONALS` configuration option.";

impl Templar {
    /// Whether a conditional holds.
    pub fn condition(&self, condition: &Value, scope: &dyn Scope) -> Result<bool> {
        let origin = match condition {
            Value::Str(text) => text.origin().cloned(),
            _ => None,
        };
        let result = match self.conditional_value(condition, scope) {
            Err(error) if error.kind == Kind::Undefined => {
                return Err(error.context("Error while evaluating conditional.").at(origin.as_ref()));
            }
            other => other?,
        };
        if let Value::Bool(verdict) = result {
            return Ok(verdict);
        }
        let truth = result.truthy();
        let place = match &result {
            Value::Str(text) => text.origin().or(origin.as_ref()),
            // Nothing comes from nowhere.
            Value::Null => None,
            _ => origin.as_ref(),
        };
        let place = place.map_or_else(|| "<unknown>".to_owned(), ToString::to_string);
        let text = format!(
            "Conditional result ({}) was derived from value of type '{}' at '{place}'. Conditionals must have a \
             boolean result.",
            if truth { "True" } else { "False" },
            result.type_name()
        );
        let error = Error::user(text).at(origin.as_ref());
        if self.broken_conditionals {
            self.remark(scope, Remark::warning(error.help(BROKEN_ALLOWED)));
            return Ok(truth);
        }
        Err(error.help(BROKEN_HELP))
    }

    /// The value of a conditional, of any type.
    fn conditional_value(&self, condition: &Value, scope: &dyn Scope) -> Result<Value> {
        let text = match condition {
            Value::Bool(b) => return Ok(Value::Bool(*b)),
            Value::Null => return self.empty(condition, scope),
            Value::Str(text) => text.with_text(text.as_str().trim()),
            other if self.broken_conditionals => {
                return Ok(self.render_value(other, scope)?.unwrap_or_default());
            }
            _ => return Err(Error::user("Conditional expressions must be strings.")),
        };
        if text.as_str().is_empty() {
            return self.empty(condition, scope);
        }
        if !self.syntax.is_all_template(text.as_str()) {
            return self.evaluate_as(&text, scope, Mode::Conditional);
        }
        // A template that gives another expression is allowed; one that gives the verdict itself is on
        // its way out.
        match self.render(&text, scope)? {
            Value::Str(inner) => {
                let inner = inner.with_text(inner.as_str().trim());
                if inner.as_str().is_empty() {
                    return self.empty(&Value::Str(inner), scope);
                }
                self.evaluate_as(&inner, scope, Mode::Conditional)
            }
            Value::Null => self.empty(&Value::Null, scope),
            verdict => {
                let text = "Conditionals should not be surrounded by templating delimiters such as {{ }} or {% %}.";
                let origin = match condition {
                    Value::Str(text) => text.origin().cloned(),
                    _ => None,
                };
                self.remark(scope, Remark::deprecation(Error::user(text).at(origin.as_ref()), "2.23"));
                Ok(verdict)
            }
        }
    }

    fn empty(&self, condition: &Value, scope: &dyn Scope) -> Result<Value> {
        let origin = match condition {
            Value::Str(text) => Text::origin(text).cloned(),
            _ => None,
        };
        if self.broken_conditionals {
            let warning = Error::user("Empty conditional expression was evaluated as True.").at(origin.as_ref());
            self.remark(scope, Remark::warning(warning.help(BROKEN_ALLOWED)));
            return Ok(Value::Bool(true));
        }
        Err(Error::user("Empty conditional expressions are not allowed.").at(origin.as_ref()))
    }
}
