//! Keywords of a task, inherited and rendered for one host.

use super::outcome;
use super::shared::Shared;
use super::validate::{self, mistyped, unrendered};
use crate::argspec::boolean;
use crate::diag::{Error, Result};
use crate::event::TaskInfo;
use crate::playbook::{Common, Task};
use crate::template::{Scope, Var};
use crate::value::{Dict, Value};

/// Renders keywords in a scope.
pub(super) struct Keywords<'a> {
    pub shared: &'a Shared,
    pub task: &'a Task,
    pub scope: &'a (dyn Scope + Sync),
}

impl Keywords<'_> {
    /// A value rendered; None where there is none or it is omitted.
    pub fn render(&self, value: Option<&Value>) -> Result<Option<Value>> {
        match value {
            None => Ok(None),
            Some(value) => self.shared.templar.render_value(value, self.scope),
        }
    }

    /// A shared keyword, inherited and rendered. Where one is omitted, what is around it counts.
    pub fn value(&self, get: impl Fn(&Common) -> Option<&Value>) -> Result<Option<Value>> {
        for raw in self.task.commons().filter_map(get) {
            if let Some(value) = self.render(Some(raw))? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// A shared keyword that is text.
    pub fn text(&self, get: impl Fn(&Common) -> Option<&Value>) -> Result<Option<String>> {
        Ok(self.value(get)?.filter(|v| !v.is_null()).map(|v| v.to_text()))
    }

    /// A shared keyword that is a boolean.
    pub fn bool(&self, name: &str, get: impl Fn(&Common) -> Option<&Value>) -> Result<Option<bool>> {
        for raw in self.task.commons().filter_map(get) {
            let Some(value) = self.render(Some(raw)).map_err(|error| unrendered(name, raw, error))? else {
                // Omitted: what is around it counts.
                continue;
            };
            if value.is_null() {
                break;
            }
            return boolean(&value).map(Some).ok_or_else(|| {
                let text = format!("The value {} could not be converted to 'bool'.", crate::value::repr(&value));
                mistyped(name, raw, Error::user(text))
            });
        }
        Ok(None)
    }

    /// A keyword that is a number.
    pub fn number(&self, name: &str, value: Option<&Value>) -> Result<Option<f64>> {
        self.converted(name, "float", value, validate::number)
    }

    /// A keyword that is a whole number, told by its name in ansible-core.
    pub fn integer(&self, name: &str, value: Option<&Value>) -> Result<Option<i64>> {
        self.converted(name, "int", value, validate::whole)
    }

    fn converted<T>(
        &self,
        name: &str,
        wanted: &str,
        raw: Option<&Value>,
        convert: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(raw) = raw else { return Ok(None) };
        match self.render(Some(raw)).map_err(|error| unrendered(name, raw, error))? {
            None | Some(Value::Null) => Ok(None),
            Some(value) => convert(&value).map(Some).ok_or_else(|| {
                let text = format!("The value {} could not be converted to '{wanted}'.", crate::value::repr(&value));
                mistyped(name, raw, Error::user(text))
            }),
        }
    }

    /// The task's `environment`: all dictionaries from the play inward.
    pub fn environment(&self) -> Result<Vec<(String, String)>> {
        let mut all = Dict::new();
        for value in self.task.environment() {
            // What is plain text is left out; what a template gives has to fit.
            if value.as_str().is_some_and(|text| !text.is_empty() && !self.shared.templar.is_template(text)) {
                let shown = crate::value::repr(&Value::list([value.clone()]));
                self.shared.warn(format!("could not parse environment value, skipping: {shown}"));
                continue;
            }
            let rendered = match self.render(Some(value)) {
                Err(error) if self.awaits_facts(&error) => Some(self.without_facts(value).into()),
                Err(error) => return Err(self.environment_failed(error)),
                Ok(rendered) => rendered,
            };
            match rendered {
                Some(Value::Dict(dict)) => all.update(&dict),
                Some(Value::Str(text)) if text.as_str().is_empty() => {}
                None | Some(Value::Null) => {}
                Some(other) => {
                    let text = format!(
                        "environment must be a dictionary, received {} ({})",
                        other.to_text(),
                        other.type_name()
                    );
                    return Err(Error::user(text).at(place(Some(value))));
                }
            }
        }
        Ok(all.iter().map(|(name, value)| (name.to_text(), value.to_text())).collect())
    }

    /// An error of the whole keyword, which has no place of its own: the real one shows its value instead.
    fn environment_failed(&self, error: Error) -> Error {
        let all = crate::value::repr(&Value::list(self.task.environment().into_iter().cloned()));
        let nowhere = crate::diag::Origin::described("<unknown>");
        error.context("Error processing keyword 'environment'.").at(Some(&nowhere)).help(outcome::shortened(&all))
    }

    /// Whether an error is that of a fact which this very task is to gather.
    fn awaits_facts(&self, error: &Error) -> bool {
        let gathers = self.task.resolved.as_ref().is_some_and(|a| matches!(&*a.name, "setup" | "gather_facts"));
        gathers && error.kind == crate::diag::Kind::Undefined && error.line().contains("'ansible_env'")
    }

    /// The variables of an environment that can be rendered before facts are known.
    fn without_facts(&self, value: &Value) -> Dict {
        let pairs = value.as_dict().into_iter().flatten();
        pairs.filter_map(|(name, value)| Some((name.clone(), self.render(Some(value)).ok()??))).collect()
    }

    /// The Python that the inventory or a setting names by its path; modes such as `auto` name none.
    pub fn interpreter(&self) -> Result<Option<String>> {
        let given = match self.scope.get("ansible_python_interpreter")? {
            Some(Var::Value(value)) => self.render(Some(&value))?.map(|v| v.to_text()),
            _ => None,
        };
        let given = given.or_else(|| self.shared.settings.text("INTERPRETER_PYTHON").map(str::to_owned));
        Ok(given.filter(|path| path.contains('/')))
    }

    /// The task as the variable `ansible_failed_task` has it: its keywords, rendered as far as they can be.
    pub fn as_variable(&self, info: &TaskInfo) -> Dict {
        let shared = |get: fn(&Common) -> Option<&Value>| self.value(get).ok().flatten().unwrap_or_default();
        let tags = Value::list(info.tags.iter().map(|tag| Value::str(tag.as_str())));
        let when = Value::list(self.task.when().into_iter().map(Value::untrusted));
        let name = self.task.name.as_ref().map_or(Value::str(""), |_| {
            Value::str(info.name.rsplit_once(" : ").map_or(info.name.as_str(), |(_, name)| name))
        });
        Dict::from([
            ("_resolved_action", Value::str(info.fqcn.as_str())),
            ("action", Value::str(info.action.as_str())),
            ("args", info.args.clone().into()),
            ("become", shared(|c| c.become_.as_ref())),
            ("become_method", shared(|c| c.become_method.as_ref())),
            ("become_user", shared(|c| c.become_user.as_ref())),
            ("check_mode", info.check.into()),
            ("delegate_to", shared(|c| c.delegate_to.as_ref())),
            ("diff", info.diff.into()),
            ("ignore_errors", shared(|c| c.ignore_errors.as_ref())),
            ("name", name),
            ("no_log", info.no_log.into()),
            ("notify", shared(|c| c.notify.as_ref())),
            ("register", self.task.register.as_deref().map(Value::from).unwrap_or_default()),
            ("run_once", shared(|c| c.run_once.as_ref())),
            ("tags", tags),
            ("vars", self.task.common.vars.clone().into()),
            ("when", when),
        ])
    }
}

/// Where a value is written, where it is text.
pub(super) fn place(value: Option<&Value>) -> Option<&crate::diag::Origin> {
    match value {
        Some(Value::Str(text)) => text.origin(),
        _ => None,
    }
}
