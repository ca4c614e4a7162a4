//! Reads what a play is apart from its tasks and roles.

use super::keywords::{Place, check_keys, check_texts};
use super::read::{Surroundings, as_list, read_common};
use super::{Common, VarsPrompt};
use crate::diag::{Error, Result};
use crate::value::Value;
use crate::yaml::{Kind, Node};

/// A play without its tasks, handlers and roles.
#[derive(Debug)]
pub struct PlayHead {
    /// `name`.
    pub name: Option<Value>,
    /// `hosts`.
    pub hosts: Vec<Value>,
    /// `vars_files`.
    pub vars_files: Vec<Value>,
    /// `vars_prompt`.
    pub vars_prompt: Vec<VarsPrompt>,
    /// `serial`.
    pub serial: Vec<Value>,
    /// The shared keywords.
    pub common: Common,
}

/// Reads a play's own keywords.
pub fn read_play_head(node: &Node, around: Surroundings<'_>) -> Result<PlayHead> {
    if node.get("user").is_some() && node.get("remote_user").is_some() {
        let message = "both 'user' and 'remote_user' are set for this play. The use of 'user' is deprecated, and should be \
                       removed";
        return Err(Error::parser(message).at(Some(&node.origin)));
    }
    check_keys(node, Place::Play)?;
    let common = read_common(node, Place::Play, around)?;
    Ok(PlayHead {
        name: node.get("name").filter(|n| !n.is_null()).map(Node::to_value),
        hosts: Vec::new(),
        vars_files: read_vars_files(node)?,
        vars_prompt: read_vars_prompt(node.get("vars_prompt"))?,
        serial: node.get("serial").map(as_list).unwrap_or_default(),
        common,
    })
}

/// What ansible-core checks once a play's tasks are read: its hosts, and that text is text.
pub fn check_play(node: &Node) -> Result<Vec<Value>> {
    let hosts = read_hosts(node)?;
    check_texts(node)?;
    Ok(hosts)
}

fn read_hosts(node: &Node) -> Result<Vec<Value>> {
    let Some(hosts) = node.get("hosts") else {
        return Err(Error::parser("The field 'hosts' is required but was not set.").at(Some(&node.origin)));
    };
    if !hosts.to_value().truthy() {
        return Err(Error::parser("Hosts list cannot be empty. Please check your playbook"));
    }
    match &hosts.kind {
        Kind::Scalar(value @ (Value::Str(_) | Value::Vault(_))) => Ok(vec![value.clone()]),
        Kind::List(items) => items.iter().map(read_host).collect(),
        _ => Err(Error::parser("Hosts list must be a sequence or string. Please check your playbook.")),
    }
}

fn read_host(item: &Node) -> Result<Value> {
    match item.to_value() {
        Value::Null => Err(Error::parser("Hosts list cannot contain values of 'None'. Please check your playbook")),
        text @ Value::Str(_) => Ok(text),
        other => Err(Error::parser(format!("Hosts list contains an invalid host value: '{}'", other.to_text()))),
    }
}

fn read_vars_prompt(node: Option<&Node>) -> Result<Vec<VarsPrompt>> {
    let Some(list) = node.filter(|n| !n.is_null()) else { return Ok(Vec::new()) };
    let items: Vec<&Node> = match &list.kind {
        Kind::List(items) => items.iter().collect(),
        _ => vec![list],
    };
    items.into_iter().map(|item| read_prompt(item, list)).collect()
}

fn read_prompt(item: &Node, list: &Node) -> Result<VarsPrompt> {
    let invalid =
        |what: String| Error::parser(format!("Invalid vars_prompt data structure, {what}")).at(Some(&list.origin));
    let Some(pairs) = item.as_map() else {
        return Err(Error::parser("Invalid variable file contents.")
            .help("Variable files must contain either a dictionary of variables, or a list of dictionaries.")
            .at(Some(&list.origin)));
    };
    let Some(name) = item.get("name") else { return Err(invalid("missing 'name' key".into())) };
    let mut prompt = VarsPrompt { name: name.to_value(), ..VarsPrompt::default() };
    for (key, value) in pairs {
        let key = key.to_value().to_text();
        let slot = match key.as_str() {
            "name" => continue,
            "prompt" => &mut prompt.prompt,
            "default" => &mut prompt.default,
            "private" => &mut prompt.private,
            "confirm" => &mut prompt.confirm,
            "encrypt" => &mut prompt.encrypt,
            "salt_size" => &mut prompt.salt_size,
            "salt" => &mut prompt.salt,
            "unsafe" => &mut prompt.unsafe_,
            _ => return Err(invalid(format!("found unsupported key '{key}'"))),
        };
        *slot = Some(value.to_value());
    }
    Ok(prompt)
}

/// `vars_files`: names, and lists of names of which the first that is there counts.
fn read_vars_files(node: &Node) -> Result<Vec<Value>> {
    let Some(files) = node.get("vars_files") else { return Ok(Vec::new()) };
    let is_wrong = |entry: &Node| !entry.is_null() && entry.as_str().is_none() && entry.as_list().is_none();
    let wrong = match files.as_list() {
        Some(entries) => entries.iter().find(|entry| is_wrong(entry)),
        None => Some(files).filter(|entry| is_wrong(entry)),
    };
    match wrong {
        None => Ok(as_list(files)),
        Some(entry) => {
            let kind = entry.to_value().type_name();
            Err(Error::parser(format!("Invalid `vars_files` value of type '{kind}'."))
                .help("A `vars_files` value should either be a string or list of strings.")
                .at(Some(&entry.origin)))
        }
    }
}
