//! Reads the shared keywords of a play, role, block or task.

use super::Common;
use super::action::strip_builtin;
use super::keywords::Place;
use super::notes::Notes;
use crate::content::{Catalogue, Lookup};
use crate::diag::{Error, Origin, Result};
use crate::value::{Dict, Value};
use crate::yaml::{Kind, Node};
use std::sync::Arc;

/// What reading needs to know beside the file.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// What names of actions mean.
    pub catalogue: &'a Catalogue,
    /// The `library/` folders seen so far.
    pub library: &'a [String],
    /// Where warnings go.
    pub notes: &'a Notes,
}

/// Reads the shared keywords out of a mapping; its keys are checked already.
pub fn read_common(node: &Node, place: Place, around: Surroundings<'_>) -> Result<Common> {
    let mut common = Common { vars: read_vars(node.get("vars"), place)?, ..Common::default() };
    for (key, value) in node.as_map().unwrap_or_default() {
        let Some(name) = key.as_str() else { continue };
        match name {
            "collections" => common.collections = read_collections(value)?,
            "environment" => common.environment = as_list(value),
            "module_defaults" => common.module_defaults = read_module_defaults(value, around)?,
            "tags" => common.tags = read_tags(value)?,
            "when" => common.when = as_list(value),
            // Of a task it is the module.
            "user" if matches!(place, Place::Play) => common.remote_user = Some(value.to_value()),
            _ => {
                if let Some(slot) = slot(&mut common, name) {
                    *slot = Some(value.to_value());
                }
            }
        }
    }
    Ok(common)
}

fn slot<'a>(common: &'a mut Common, name: &str) -> Option<&'a mut Option<Value>> {
    Some(match name {
        "any_errors_fatal" => &mut common.any_errors_fatal,
        "become" => &mut common.become_,
        "become_exe" => &mut common.become_exe,
        "become_flags" => &mut common.become_flags,
        "become_method" => &mut common.become_method,
        "become_user" => &mut common.become_user,
        "check_mode" => &mut common.check_mode,
        "connection" => &mut common.connection,
        "debugger" => &mut common.debugger,
        "delegate_facts" => &mut common.delegate_facts,
        "delegate_to" => &mut common.delegate_to,
        "diff" => &mut common.diff,
        "ignore_errors" => &mut common.ignore_errors,
        "ignore_unreachable" => &mut common.ignore_unreachable,
        "no_log" => &mut common.no_log,
        "notify" => &mut common.notify,
        "port" => &mut common.port,
        "remote_user" => &mut common.remote_user,
        "run_once" => &mut common.run_once,
        "throttle" => &mut common.throttle,
        "timeout" => &mut common.timeout,
        _ => return None,
    })
}

/// A list's items, or one value as a list; null is none.
pub fn as_list(node: &Node) -> Vec<Value> {
    match node.to_value() {
        Value::Null => Vec::new(),
        Value::List(items) => items.iter().filter(|item| !item.is_null()).cloned().collect(),
        value => vec![value],
    }
}

/// Reads `vars`; the names must be Python identifiers.
pub fn read_vars(node: Option<&Node>, place: Place) -> Result<Dict> {
    let Some(node) = node else { return Ok(Dict::new()) };
    match &node.kind {
        Kind::Map(pairs) => {
            for (key, _) in pairs.iter() {
                check_variable_name(&key.to_value(), Some(&key.origin))?;
            }
            Ok(node.to_value().as_dict().cloned().unwrap_or_default())
        }
        Kind::Scalar(Value::Null) => Ok(Dict::new()),
        _ => {
            let message = format!("Vars in a {} must be specified as a dictionary.", place.class());
            Err(Error::parser(message).at(Some(&node.origin)))
        }
    }
}

/// Whether a text is a Python identifier of ASCII characters.
pub fn is_variable_name(name: &str) -> bool {
    // Words that mean something to a template.
    let reserved = matches!(name, "False" | "None" | "True" | "false" | "none" | "not" | "true");
    !reserved
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Checks that a value can name a variable.
pub fn check_variable_name(value: &Value, origin: Option<&Origin>) -> Result<()> {
    let message = match value {
        Value::Str(text) if is_variable_name(text.as_str()) => return Ok(()),
        Value::Str(text) => format!("Invalid variable name {}.", crate::value::str_repr(text.as_str())),
        Value::List(_) | Value::Dict(_) => format!("Invalid variable name of type '{}'.", value.type_name()),
        other => format!("Invalid variable name '{}' of type '{}'.", other.to_text(), other.type_name()),
    };
    let help = "Variable names must be strings starting with a letter or underscore character, and contain only \
                letters, numbers and underscores.";
    Err(Error::user(message).help(help).at(origin))
}

fn read_tags(node: &Node) -> Result<Vec<Value>> {
    match &node.kind {
        Kind::List(_) => Ok(as_list(node)),
        Kind::Scalar(Value::Str(text)) => {
            Ok(text.as_str().split(',').map(|tag| Value::Str(text.with_text(tag.trim()))).collect())
        }
        _ => Err(Error::user("tags must be specified as a list").at(Some(&node.origin))),
    }
}

/// Reads `collections`; a list that is not empty ends with ansible.builtin or ansible.legacy.
pub fn read_collections(node: &Node) -> Result<Option<Vec<Arc<str>>>> {
    let mut list: Vec<Arc<str>> = texts(node, "collections")?.iter().map(|v| v.to_text().into()).collect();
    if list.is_empty() {
        return Ok(None);
    }
    if !list.iter().any(|c| matches!(&**c, "ansible.builtin" | "ansible.legacy")) {
        list.push("ansible.legacy".into());
    }
    Ok(Some(list))
}

/// The texts of a keyword that takes one text or a list of them.
pub fn texts(node: &Node, keyword: &str) -> Result<Vec<Value>> {
    let items: Vec<&Node> = match &node.kind {
        Kind::Scalar(Value::Null) => Vec::new(),
        Kind::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    for item in &items {
        if item.as_str().is_none() {
            let message = format!("Keyword '{keyword}' items must be of type 'str', not '{}'.", item.type_name());
            return Err(Error::parser(message).at(Some(&item.origin)));
        }
    }
    Ok(items.into_iter().map(Node::to_value).collect())
}

/// Reads `module_defaults`, naming actions by their full names.
fn read_module_defaults(node: &Node, around: Surroundings<'_>) -> Result<Vec<Dict>> {
    let items: Vec<&Node> = match &node.kind {
        Kind::Scalar(Value::Null) => return Ok(Vec::new()),
        Kind::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    let mut all = Vec::new();
    for item in items {
        let Some(pairs) = item.as_map() else {
            let message = "The field 'module_defaults' is supposed to be a dictionary or list of dictionaries, the keys \
                           of which must be static action, module, or group names. Only the values may contain \
                           templates. For example: {'ping': \"{{ ping_defaults }}\"}";
            return Err(Error::parser(message).at(Some(&item.origin)));
        };
        let mut dict = Dict::new();
        for (key, value) in pairs {
            dict.insert(full_name(&key.to_value().to_text(), around)?, value.to_value());
        }
        all.push(dict);
    }
    Ok(all)
}

fn full_name(name: &str, around: Surroundings<'_>) -> Result<String> {
    if let Some(group) = name.strip_prefix("group/") {
        let full = if group.matches('.').count() >= 2 { group.to_owned() } else { format!("ansible.builtin.{group}") };
        if around.catalogue.collections().group(&full).is_none() {
            return Err(Error::parser(format!(
                "Error loading module_defaults: could not resolve the module_defaults group {full}"
            )));
        }
        return Ok(format!("group/{full}"));
    }
    match around.catalogue.resolve(name, &[], around.library) {
        Lookup::Found(action) => Ok(action.fqcn.to_string()),
        Lookup::Removed(message) => Err(Error::user(message)),
        Lookup::Unknown => {
            let shown = if name.matches('.').count() < 2 { format!("ansible.legacy.{name}") } else { name.to_owned() };
            Err(Error::parser(format!("Could not resolve action {shown} in module_defaults")))
        }
    }
}

/// Whether an action's name means one of ansible-core's own includes and imports.
pub fn include_kind(action: &str) -> Option<IncludeKind> {
    Some(match strip_builtin(action) {
        "import_tasks" => IncludeKind::ImportTasks,
        "include_tasks" => IncludeKind::IncludeTasks,
        "import_role" => IncludeKind::ImportRole,
        "include_role" => IncludeKind::IncludeRole,
        _ => return None,
    })
}

/// Which of the includes and imports a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeKind {
    /// `import_tasks`.
    ImportTasks,
    /// `include_tasks`.
    IncludeTasks,
    /// `import_role`.
    ImportRole,
    /// `include_role`.
    IncludeRole,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_is_a_keyword_of_plays_alone() {
        let source = Arc::new(crate::diag::Source::Described("<test>".into()));
        let parsed = crate::yaml::load("user: {name: web}\n", &source, crate::yaml::Options::trusted()).unwrap();
        let catalogue = Catalogue::new(["user"]);
        let around = Surroundings { catalogue: &catalogue, library: &[], notes: &Notes::default() };
        let node = parsed.node;
        assert!(read_common(&node, Place::Play, around).unwrap().remote_user.is_some());
        assert!(read_common(&node, Place::Task, around).unwrap().remote_user.is_none());
    }
}
