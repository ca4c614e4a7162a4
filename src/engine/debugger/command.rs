//! The lines that the debugger takes.

use crate::value::{Dict, Value};
use std::fmt;

/// What a line asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    Nothing,
    Continue,
    Redo,
    Quit,
    UpdateTask,
    Help(String),
    /// `p`: a value, laid out.
    Print(String),
    /// An expression alone.
    Evaluate(String),
    /// `path = expression`.
    Set(Path, String),
    /// `del path`.
    Delete(Path),
    Unknown(String),
}

/// The commands with what they do, as `help` tells it.
const HELP: &[(&str, &str)] = &[
    ("EOF", "Quit"),
    ("c", "Continue to next result"),
    ("continue", "Continue to next result"),
    ("h", "List available commands with \"help\" or detailed help with \"help cmd\"."),
    ("help", "List available commands with \"help\" or detailed help with \"help cmd\"."),
    ("p", "Pretty Print"),
    ("pprint", "Pretty Print"),
    ("q", "Quit"),
    ("quit", "Quit"),
    ("r", "Schedule task for re-execution. The re-execution may not be the next result"),
    ("redo", "Schedule task for re-execution. The re-execution may not be the next result"),
    ("u", "Recreate the task from ``task._ds``, and template with updated ``task_vars``"),
    ("update_task", "Recreate the task from ``task._ds``, and template with updated ``task_vars``"),
];

/// What `help` shows, of all or of one command.
pub(super) fn help(topic: &str) -> String {
    if topic.is_empty() {
        let names: Vec<&str> = HELP.iter().map(|(name, _)| *name).collect();
        let title = "Documented commands (type help <topic>):";
        return format!("\n{title}\n{}\n{}\n", "=".repeat(title.len()), names.join("  "));
    }
    let found = HELP.iter().find(|(name, _)| *name == topic);
    found.map_or_else(|| format!("*** No help on {topic}"), |(_, text)| (*text).to_owned())
}

/// Reads a line.
pub(super) fn parse(line: &str) -> Command {
    let line = line.trim();
    let (word, rest) = line.split_at(line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(line.len()));
    let rest = rest.trim();
    match word {
        "" if line.is_empty() => Command::Nothing,
        "" if line.starts_with('?') => Command::Help(line[1..].trim().to_owned()),
        "c" | "continue" if rest.is_empty() => Command::Continue,
        "r" | "redo" if rest.is_empty() => Command::Redo,
        "q" | "quit" | "EOF" if rest.is_empty() => Command::Quit,
        "u" | "update_task" if rest.is_empty() => Command::UpdateTask,
        "h" | "help" if !rest.starts_with('=') => Command::Help(rest.to_owned()),
        "p" | "pprint" if !rest.starts_with('=') || rest.starts_with("==") => Command::Print(rest.to_owned()),
        "del" => path(rest).map_or_else(|| Command::Unknown(line.to_owned()), Command::Delete),
        _ => match assignment(line) {
            Some((left, right)) => match path(left) {
                Some(path) => Command::Set(path, right.to_owned()),
                None => Command::Unknown(format!("cannot assign to {left} here")),
            },
            None => Command::Evaluate(line.to_owned()),
        },
    }
}

/// The two sides of an assignment: at a `=` that is part of no other operator, outside quotes and brackets.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let bytes = line.as_bytes();
    let (mut quote, mut depth) = (None, 0);
    for (at, &byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if byte == open && bytes[at - 1] != b'\\' => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'[' | b'(' | b'{') => depth += 1,
            (None, b']' | b')' | b'}') => depth -= 1,
            (None, b'=') if depth == 0 => {
                let before = at.checked_sub(1).map(|at| bytes[at]);
                let double = bytes.get(at + 1) == Some(&b'=') || matches!(before, Some(b'=' | b'!' | b'<' | b'>'));
                return (!double).then(|| (line[..at].trim(), line[at + 1..].trim()));
            }
            _ => {}
        }
    }
    None
}

/// A place within the task's arguments or its variables.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    /// Whether it is of `task.args`, else of `task_vars`.
    pub of_args: bool,
    steps: Vec<Value>,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.of_args { "task.args" } else { "task_vars" })?;
        self.steps.iter().try_for_each(|step| write!(f, "[{}]", crate::value::repr(step)))
    }
}

impl Path {
    /// The first step, where it is a name.
    pub fn first(&self) -> Option<String> {
        self.steps.first().map(Value::to_text)
    }

    /// A value with another one, or none, at the end of the path; None where the path leads nowhere.
    pub fn put(&self, value: &Value, new: Option<Value>) -> Option<Value> {
        put(value, &self.steps, new)
    }
}

fn put(value: &Value, steps: &[Value], new: Option<Value>) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else { return new };
    match value {
        Value::Dict(dict) => {
            let mut dict: Dict = dict.clone();
            match (rest.is_empty(), &new) {
                (true, None) => drop(dict.remove(step.as_str()?)?),
                (true, Some(new)) => drop(dict.insert(step.clone(), new.clone())),
                (false, _) => drop(dict.insert(step.clone(), put(dict.get_value(step)?, rest, new)?)),
            }
            Some(dict.into())
        }
        Value::List(items) => {
            let mut items = items.to_vec();
            let wanted = step.as_int()?;
            let at = if wanted < 0 { wanted + i64::try_from(items.len()).ok()? } else { wanted };
            let at = usize::try_from(at).ok().filter(|at| *at < items.len())?;
            match (rest.is_empty(), new) {
                (true, None) => drop(items.remove(at)),
                (_, new) => items[at] = put(&items[at], rest, new)?,
            }
            Some(items.into())
        }
        _ => None,
    }
}

/// Reads `task.args['a'][0].b` or `task_vars[…]`.
fn path(text: &str) -> Option<Path> {
    let (of_args, mut left) = match (text.strip_prefix("task.args"), text.strip_prefix("task_vars")) {
        (Some(left), _) => (true, left),
        (None, left) => (false, left?),
    };
    let mut steps = Vec::new();
    while !left.is_empty() {
        if let Some(name) = left.strip_prefix('.') {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            steps.push(Value::str(&name[..end]));
            left = &name[end..];
            continue;
        }
        let inside = left.strip_prefix('[')?;
        let quote = inside.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let end = match quote {
            Some(quote) => inside[1..].find(quote)? + 2,
            None => inside.find(']')?,
        };
        let step = match quote {
            Some(_) => Value::str(&inside[1..end - 1]),
            None => Value::Int(inside[..end].trim().parse().ok()?),
        };
        steps.push(step);
        left = inside[end..].trim_start().strip_prefix(']')?;
    }
    Some(Path { of_args, steps })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lines() {
        assert_eq!(parse("  r "), Command::Redo);
        assert_eq!(parse("p task.args"), Command::Print("task.args".into()));
        assert_eq!(parse("result._result.rc == 1"), Command::Evaluate("result._result.rc == 1".into()));
        let args = Path { of_args: true, steps: vec!["that".into()] };
        assert_eq!(parse("task.args[\"that\"] = []"), Command::Set(args.clone(), "[]".into()));
        assert_eq!(parse("del task.args['that']"), Command::Delete(args));
        let deep = Path { of_args: false, steps: vec!["a".into(), Value::Int(-1), "b".into()] };
        assert_eq!(parse("task_vars['a'][-1].b='x == y'"), Command::Set(deep, "'x == y'".into()));
        assert!(matches!(parse("foo = 1"), Command::Unknown(_)));
        assert_eq!(parse("? p"), Command::Help("p".into()));
    }

    #[test]
    fn changes_what_is_deep_within() {
        let Ok(value) = crate::value::parse_json(r#"{"a": [1, {"b": 2}]}"#) else { panic!() };
        let Command::Set(path, _) = parse("task_vars['a'][-1].b = 1") else { panic!() };
        let put = path.put(&value, Some(Value::str("x"))).map(|value| value.to_text());
        assert_eq!(put.as_deref(), Some("{'a': [1, {'b': 'x'}]}"));
        let Command::Delete(path) = parse("del task_vars['a'][0]") else { panic!() };
        assert_eq!(path.put(&value, None).map(|value| value.to_text()).as_deref(), Some("{'a': [{'b': 2}]}"));
        let Command::Delete(path) = parse("del task_vars['z']") else { panic!() };
        assert_eq!(path.put(&value, None), None);
    }
}
