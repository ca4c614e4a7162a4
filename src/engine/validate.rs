//! Keywords whose values are of no use, told before a play begins or a task does anything.
//!
//! Follows ansible-core's validation, in its order: a play's keywords end the run, a task's are its failure once its
//! conditions hold. What stands fast and is right is found so once for all hosts.

use super::debugger::VALUES;
use super::keywords::{Keywords, place};
use super::shared::Shared;
use crate::argspec::boolean;
use crate::diag::{Error, Kind, Result};
use crate::playbook::{Common, Play, Task};
use crate::template::{Scope, Templar};
use crate::value::{Value, repr};

/// What a keyword is made into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    /// Anything that can be rendered.
    Any,
    Bool,
    Int,
    Float,
    Percent,
    /// Patterns, none of them empty: an empty one would mean every host.
    Hosts,
    /// A list whose items are texts.
    Texts,
    /// One of the debugger's words.
    Debugger,
}

impl Type {
    /// Why a rendered value is none of this type.
    fn refusal(self, value: &Value) -> Option<String> {
        let wanted = match self {
            Self::Any | Self::Hosts | Self::Texts => return None,
            Self::Debugger => {
                let known = value.as_str().is_none_or(|word| VALUES.contains(&word));
                let text = || {
                    format!("{} is not a valid value for debugger. Must be one of {}", repr(value), VALUES.join(", "))
                };
                return (!known).then(text);
            }
            Self::Bool => boolean(value).is_none().then_some("bool"),
            Self::Int => whole(value).is_none().then_some("int"),
            Self::Float => number(value).is_none().then_some("float"),
            Self::Percent => percent(value).is_none().then_some("percent"),
        };
        let wanted = wanted.filter(|_| !value.is_null())?;
        Some(format!("The value {} could not be converted to '{wanted}'.", repr(value)))
    }
}

pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Str(text) => text.as_str().trim().parse().ok(),
        _ => None,
    }
}

pub(super) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Str(text) => text.as_str().trim().parse().ok(),
        other => number(other).filter(|number| number.fract() == 0.0).map(|number| number as i64),
    }
}

fn percent(value: &Value) -> Option<f64> {
    match value {
        Value::Str(text) => text.as_str().trim().trim_end_matches('%').parse().ok(),
        other => number(other),
    }
}

/// A keyword's text cannot be rendered.
pub(super) fn unrendered(name: &str, raw: &Value, error: Error) -> Error {
    let origin = place(Some(raw));
    error.at(origin).context(format!("Error processing keyword '{name}'.")).at(origin)
}

/// A keyword's value is none of its type.
pub(super) fn mistyped(name: &str, raw: &Value, error: Error) -> Error {
    let origin = place(Some(raw));
    error.at(origin).apart().context(format!("Error processing keyword '{name}'.")).at(origin)
}

type Get = for<'a> fn(&'a Common) -> Option<&'a Value>;

/// The keywords that are looked at before the arguments, in ansible-core's order.
const EARLY: &[(&str, Type, Get)] = &[
    ("remote_user", Type::Any, |c| c.remote_user.as_ref()),
    ("no_log", Type::Bool, |c| c.no_log.as_ref()),
    ("check_mode", Type::Bool, |c| c.check_mode.as_ref()),
    ("diff", Type::Bool, |c| c.diff.as_ref()),
    ("become", Type::Bool, |c| c.become_.as_ref()),
    ("become_method", Type::Any, |c| c.become_method.as_ref()),
    ("become_user", Type::Any, |c| c.become_user.as_ref()),
    ("delegate_facts", Type::Bool, |c| c.delegate_facts.as_ref()),
    ("notify", Type::Any, |c| c.notify.as_ref()),
    ("connection", Type::Any, |c| c.connection.as_ref()),
    ("port", Type::Int, |c| c.port.as_ref()),
    ("ignore_errors", Type::Bool, |c| c.ignore_errors.as_ref()),
    ("ignore_unreachable", Type::Bool, |c| c.ignore_unreachable.as_ref()),
    ("run_once", Type::Bool, |c| c.run_once.as_ref()),
    ("any_errors_fatal", Type::Bool, |c| c.any_errors_fatal.as_ref()),
    ("timeout", Type::Int, |c| c.timeout.as_ref()),
    ("debugger", Type::Debugger, |c| c.debugger.as_ref()),
    ("become_exe", Type::Any, |c| c.become_exe.as_ref()),
    ("become_flags", Type::Any, |c| c.become_flags.as_ref()),
];

/// The keywords of one task that every host has to look at, in order.
#[derive(Debug, Default)]
pub(super) struct Checks {
    early: Vec<(&'static str, Type, Get)>,
    late: Vec<(&'static str, Type)>,
}

impl Checks {
    /// Those of a task's keywords that have templates in them, or are wrong as they stand.
    pub fn of(task: &Task, templar: &Templar) -> Self {
        let doubtful = |type_: Type, value: &Value| match value {
            Value::Str(text) if text.is_trusted() && templar.is_template(text.as_str()) => true,
            Value::List(_) | Value::Dict(_) => true,
            other => type_.refusal(other).is_some(),
        };
        let early = EARLY.iter().filter(|(_, type_, get)| task.keyword(get).is_some_and(|v| doubtful(*type_, v)));
        let late = [("async_val", Type::Int), ("delay", Type::Float), ("poll", Type::Int), ("retries", Type::Int)];
        let is_late = |(name, type_): &(&str, Type)| late_value(task, name).is_some_and(|v| doubtful(*type_, v));
        Self { early: early.copied().collect(), late: late.into_iter().filter(is_late).collect() }
    }
}

/// A keyword of the task alone.
fn late_value<'a>(task: &'a Task, name: &str) -> Option<&'a Value> {
    match name {
        "async_val" => task.async_.as_ref(),
        "delay" => task.delay.as_ref(),
        "poll" => task.poll.as_ref(),
        _ => task.retries.as_ref(),
    }
}

impl Keywords<'_> {
    /// Checks what is looked at before the arguments.
    pub fn check_early(&self, checks: &Checks) -> Result<()> {
        for (name, type_, get) in &checks.early {
            for raw in self.task.commons().filter_map(get) {
                if self.checked(name, *type_, raw)? {
                    break;
                }
                // Omitted: what is around it counts.
            }
        }
        Ok(())
    }

    /// Checks what is looked at after the arguments.
    pub fn check_late(&self, checks: &Checks) -> Result<()> {
        for (name, type_) in &checks.late {
            if let Some(raw) = late_value(self.task, name) {
                self.checked(name, *type_, raw)?;
            }
        }
        Ok(())
    }

    /// Whether there is a value, which is right.
    fn checked(&self, name: &str, type_: Type, raw: &Value) -> Result<bool> {
        let rendered = self.render(Some(raw)).map_err(|error| unrendered(name, raw, error))?;
        let Some(value) = rendered else { return Ok(false) };
        let Some(text) = type_.refusal(&value) else { return Ok(true) };
        if type_ == Type::Debugger {
            let (task, origin) = (self.task.origin.as_ref(), place(Some(raw)));
            let context = format!("Error processing keyword '{name}'.");
            return Err(Error::user(text).at(task).apart().context(context).at(origin));
        }
        Err(mistyped(name, raw, Error::user(text)))
    }
}

/// Checks the keywords of a play itself.
pub(super) fn play(shared: &Shared, play: &Play, scope: &dyn Scope) -> Result<()> {
    let title = play.title();
    let hosts = Value::list(play.hosts.iter().cloned());
    let serial = Value::list(play.serial.iter().cloned());
    let all = [
        ("name", Type::Any, Some(&title)),
        ("hosts", Type::Hosts, Some(&hosts)),
        ("gather_facts", Type::Bool, play.gather_facts.as_ref()),
        ("gather_subset", Type::Texts, play.gather_subset.as_ref()),
        ("gather_timeout", Type::Int, play.gather_timeout.as_ref()),
        ("fact_path", Type::Any, play.fact_path.as_ref()),
        ("force_handlers", Type::Bool, play.force_handlers.as_ref()),
        ("max_fail_percentage", Type::Percent, play.max_fail_percentage.as_ref()),
        ("serial", Type::Any, Some(&serial)),
        ("strategy", Type::Any, play.strategy.as_ref()),
        ("order", Type::Any, play.order.as_ref()),
    ];
    for (name, type_, raw) in all {
        let Some(raw) = raw else { continue };
        play_keyword(shared, name, type_, raw, scope)
            .map_err(|error| Error { kind: Kind::Parser, ..error.at(play.origin.as_ref()) })?;
    }
    Ok(())
}

/// Whether a pattern is empty.
fn has_empty(patterns: &Value) -> bool {
    match patterns {
        Value::List(items) => items.iter().any(has_empty),
        one => one.as_str().is_some_and(|text| text.trim().is_empty()),
    }
}

fn play_keyword(shared: &Shared, name: &str, type_: Type, raw: &Value, scope: &dyn Scope) -> Result<()> {
    let at = match raw {
        Value::List(items) if items.len() == 1 => items.first().unwrap_or(raw),
        other => other,
    };
    let rendered = shared.templar.render_value(raw, scope).map_err(|error| unrendered(name, at, error))?;
    let Some(value) = rendered else { return Ok(()) };
    if type_ == Type::Hosts && has_empty(&value) {
        let text = "Keyword 'hosts' is required, and cannot have empty values.";
        return Err(unrendered(name, at, Error::user(text)));
    }
    if type_ == Type::Texts {
        let items = value.as_list().unwrap_or(std::slice::from_ref(&value));
        return match items.iter().find(|item| item.as_str().is_none() && !item.is_null()) {
            Some(item) => {
                let kind = item.type_name();
                let text = format!("Keyword '{name}' items must be of type 'str', not '{kind}'.");
                Err(unrendered(name, at, Error::user(text)))
            }
            None => Ok(()),
        };
    }
    match type_.refusal(&value) {
        Some(text) => Err(mistyped(name, raw, Error::user(text))),
        None => Ok(()),
    }
}
