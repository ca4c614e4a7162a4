//! What a task does: its action's name and arguments, out of all the forms they can have.
//!
//! `copy: src=a`, `copy: {src: a}`, `action: copy src=a`, `local_action: …`, `args:`.

use super::keywords::{class_name, find};
use super::kv::parse_kv;
use super::notes::Notes;
use super::read::include_kind;
use super::split::split_args;
use crate::diag::{Error, Result};
use crate::value::{Dict, Text, Value, str_repr};
use crate::yaml::{Kind, Node};

/// Modules whose free-form text is a command.
const COMMANDS: &[&str] = &["command", "raw", "script", "shell", "win_command", "win_shell"];

/// A task's action as written.
#[derive(Clone, Debug)]
pub struct ActionForm {
    /// The name.
    pub name: Text,
    /// The arguments.
    pub args: Dict,
    /// Whether it was the task's own key, so that its name must be known when it is loaded.
    pub as_key: bool,
    /// Whether it was `local_action`.
    pub local: bool,
}

/// Reads a task's action.
pub fn read_action(task: &Node, notes: &Notes) -> Result<ActionForm> {
    Reader { task, notes }.read()
}

/// Whether a name is one of an engine action's, with or without its collection.
pub fn is_builtin(name: &str, short: &str) -> bool {
    strip_builtin(name) == short
}

/// A name without `ansible.builtin.` or `ansible.legacy.`.
pub fn strip_builtin(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name)
}

/// Whether a text may hold a template.
pub fn may_be_template(text: &str) -> bool {
    text.starts_with("#jinja2:") || ["{{", "{%", "{#"].iter().any(|start| text.contains(start))
}

/// Whether a text looks like a template as a whole.
pub fn may_be_all_template(text: &str) -> bool {
    text.starts_with("#jinja2:")
        || [("{{", "}}"), ("{%", "%}"), ("{#", "#}")].iter().any(|(a, b)| text.starts_with(a) && text.ends_with(b))
}

/// Whether a text alone, without `k=v`, means something to an action.
pub fn takes_text(name: &str) -> bool {
    takes_command(name)
        || include_kind(name).is_some()
        || matches!(strip_builtin(name), "include_vars" | "meta" | "add_host" | "group_by" | "set_fact")
}

fn takes_command(name: &str) -> bool {
    let short = name
        .strip_prefix("ansible.windows.win_")
        .map_or_else(|| strip_builtin(name).to_owned(), |w| format!("win_{w}"));
    COMMANDS.contains(&&*short)
}

struct Reader<'a> {
    task: &'a Node,
    notes: &'a Notes,
}

impl Reader<'_> {
    fn read(&self) -> Result<ActionForm> {
        let mut form: Option<ActionForm> = None;
        if let Some(thing) = self.task.get("action") {
            form = self.old_style(thing, false)?;
        }
        if let Some(thing) = self.task.get("local_action") {
            if form.is_some() {
                return Err(self.error("action and local_action are mutually exclusive"));
            }
            form = self.old_style(thing, true)?;
        }
        for (key, thing) in self.task.as_map().unwrap_or_default() {
            let name = key.to_value().to_text();
            if is_attribute(&name) || name.starts_with("with_") {
                continue;
            }
            if let Some(other) = &form {
                let message = format!("conflicting action statements: {}, {name}", other.name.as_str());
                return Err(self.error(message));
            }
            let text = match key.to_value() {
                Value::Str(text) => text,
                _ => Text::placed(name, Some(key.origin.clone())),
            };
            form = Some(self.new_style(text, thing)?);
        }
        form.ok_or_else(|| self.error("no module/action detected in task."))
    }

    fn error(&self, message: impl Into<String>) -> Error {
        Error::parser(message).at(Some(&self.task.origin))
    }

    /// `copy: …`.
    fn new_style(&self, name: Text, thing: &Node) -> Result<ActionForm> {
        let (mut args, additional) = self.additional()?;
        let given = match &thing.kind {
            Kind::Map(_) => to_dict(thing),
            Kind::Scalar(Value::Str(text)) => {
                let given = self.parse(text, takes_command(name.as_str()))?;
                if additional {
                    self.deprecate_merge(&given, thing);
                }
                given
            }
            Kind::Scalar(vaulted @ Value::Vault(_)) => Dict::from([("_raw_params", vaulted.clone())]),
            Kind::Scalar(Value::Null) => Dict::new(),
            _ => return Err(self.unexpected(thing)),
        };
        reserved(&given, name.as_str())?;
        args.update(&given);
        Ok(ActionForm { name, args, as_key: true, local: false })
    }

    /// `action: copy …`; None where a mapping names no module.
    fn old_style(&self, thing: &Node, local: bool) -> Result<Option<ActionForm>> {
        let (mut args, _) = self.additional()?;
        let (name, mut given) = match &thing.kind {
            Kind::Map(_) => {
                let help = "Use a string value for `action`.";
                self.notes.deprecate("Using a mapping for `action` is deprecated.", help, Some(&thing.origin));
                let Some(module) = thing.get("module") else { return Ok(None) };
                let Some(Value::Str(text)) = module.as_scalar() else { return Err(self.unexpected(module)) };
                let (name, rest) = self.name_and_rest(text)?;
                let mut given = to_dict(thing);
                given.update(&self.parse(&rest, takes_command(name.as_str()))?);
                given.remove("module");
                (name, given)
            }
            Kind::Scalar(Value::Str(text)) => {
                let (name, rest) = self.name_and_rest(text)?;
                let given = self.parse(&rest, takes_command(name.as_str()))?;
                (name, given)
            }
            _ => return Err(self.unexpected(thing)),
        };
        match given.remove("args") {
            Some(Value::Str(text)) => given.update(&self.parse(&text, false)?),
            Some(Value::Dict(more)) => given.update(&more),
            Some(other) => {
                let class = format!("<class '{}'>", other.type_name());
                return Err(self.error(format!("unexpected parameter type in action: {class}")));
            }
            None => {}
        }
        reserved(&given, name.as_str())?;
        args.update(&given);
        Ok(Some(ActionForm { name, args, as_key: false, local }))
    }

    /// The arguments of `args:`, and whether there is such a keyword.
    fn additional(&self) -> Result<(Dict, bool)> {
        let Some(node) = self.task.get("args") else { return Ok((Dict::new(), false)) };
        let help = "A mapping or template which resolves to a mapping is required.";
        let args = match &node.kind {
            Kind::Map(_) => to_dict(node),
            Kind::Scalar(Value::Str(text)) if may_be_all_template(text.as_str()) => {
                Dict::from([("_variable_params", Value::Str(text.clone()))])
            }
            Kind::Scalar(Value::Null) => {
                self.notes.deprecate("Ignoring empty task `args` keyword.", help, Some(&self.task.origin));
                Dict::new()
            }
            _ => {
                let error = Error::parser("The value of the task `args` keyword is invalid.");
                return Err(error.help(help).at(Some(&node.origin)));
            }
        };
        Ok((args, true))
    }

    fn parse(&self, text: &Text, raw: bool) -> Result<Dict> {
        parse_kv(text, raw).map_err(|error| self.unbalanced(error))
    }

    fn name_and_rest(&self, text: &Text) -> Result<(Text, Text)> {
        let words = split_args(text.as_str()).map_err(|error| self.unbalanced(error))?;
        let mut words = words.iter().map(String::as_str);
        let name = words.next().unwrap_or_default().trim();
        let rest = words.collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            return Err(self.error("no module/action detected in task."));
        }
        Ok((text.with_text(name), text.with_text(rest)))
    }

    fn unbalanced(&self, error: Error) -> Error {
        error.context("Error loading tasks.").at(Some(&self.task.origin))
    }

    fn unexpected(&self, thing: &Node) -> Error {
        self.error(format!("unexpected parameter type in action: {}", class_name(thing)))
    }

    fn deprecate_merge(&self, given: &Dict, thing: &Node) {
        let mut names: Vec<String> = given.keys().map(Value::to_text).filter(|name| name != "_raw_params").collect();
        if names.is_empty() {
            return;
        }
        names.sort();
        let names: Vec<String> = names.iter().map(|name| str_repr(name)).collect();
        self.notes.deprecate(
            &format!("Merging legacy k=v args ({}) into task args.", names.join(", ")),
            "Include all task args in the task `args` mapping.",
            Some(&thing.origin),
        );
    }
}

/// Whether a task's key is a keyword, and so no action.
fn is_attribute(name: &str) -> bool {
    use super::keywords::Place::{Handler, Task};
    name == "static" || find(name).is_some_and(|k| k.allowed(Task) || k.allowed(Handler))
}

/// Names with this prefix are for what Ansible itself passes to modules.
fn reserved(args: &Dict, action: &str) -> Result<()> {
    if takes_command(action) {
        return Ok(());
    }
    match args.keys().map(Value::to_text).find(|name| name.starts_with("_ansible_")) {
        Some(name) => Err(Error::user(format!(
            "Invalid parameter specified beginning with keyword '_ansible_' for action '{action}': '{name}'. The prefix \
             '_ansible_' is reserved for internal use only."
        ))),
        None => Ok(()),
    }
}

fn to_dict(node: &Node) -> Dict {
    match node.to_value() {
        Value::Dict(dict) => dict,
        _ => Dict::new(),
    }
}
