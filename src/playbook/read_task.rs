//! Reads a task or handler.

use super::action::{ActionForm, may_be_template, read_action};
use super::keywords::{Place, check_key, check_keys, check_texts, class_name};
use super::read::{IncludeKind, Surroundings, as_list, check_variable_name, include_kind, read_common, texts};
use super::{Common, Frame, Include, IncludeRole, Loop, LoopControl, Role, Task};
use crate::content::{Action, Lookup, names};
use crate::diag::{Error, Origin, Result};
use crate::value::{Dict, Text, Value};
use crate::yaml::{Kind, Node};
use std::sync::Arc;

/// Where a task is read.
#[derive(Clone, Copy, Debug)]
pub struct TaskPlace<'a> {
    /// What encloses it.
    pub frame: &'a Arc<Frame>,
    /// The role that it is of.
    pub role: Option<&'a Arc<Role>>,
    /// Whether it is a handler.
    pub handler: bool,
}

/// A task that was read, and which include or import it is.
#[derive(Debug)]
pub struct ReadTask {
    /// The task.
    pub task: Task,
    /// The include or import, with its arguments.
    pub include: Option<(IncludeKind, Include)>,
}

/// Reads a task from its mapping.
pub fn read_task(node: &Node, place: TaskPlace<'_>, around: Surroundings<'_>) -> Result<ReadTask> {
    let form = read_action(node, around.notes)?;
    let kind = include_kind(form.name.as_str());
    if place.handler && matches!(kind, Some(IncludeKind::ImportRole | IncludeKind::IncludeRole)) {
        let message = format!("Using '{}' as a handler is not supported.", form.name.as_str());
        return Err(Error::parser(message).at(Some(&node.origin)));
    }
    let own = if place.handler { Place::Handler } else { Place::Task };
    let resolved = resolve(node, &form, place.frame, around)?;
    let loop_ = read_loop(node)?;
    check_task_keys(node, &form, own, kind)?;
    let mut common = read_common(node, own, around)?;
    if form.local {
        common.delegate_to = Some(Value::str("localhost"));
    }
    let (register, loop_control) = (read_register(node)?, read_loop_control(node)?);
    check_texts(node)?;
    let value = |name: &str| node.get(name).map(Node::to_value);
    let arg_places = places_of_args(node, form.name.as_str());
    let mut task = Task {
        name: node.get("name").filter(|n| !n.is_null()).map(Node::to_value),
        action: form.name,
        resolved,
        args: form.args,
        arg_places,
        include: None,
        loop_,
        loop_control,
        register,
        register_origin: node.get("register").map(|register| register.origin.clone()),
        until: node.get("until").map(as_list).unwrap_or_default(),
        retries: value("retries"),
        delay: value("delay"),
        changed_when: node.get("changed_when").map(conditions).unwrap_or_default(),
        failed_when: node.get("failed_when").map(conditions).unwrap_or_default(),
        async_: value("async"),
        poll: value("poll"),
        listen: read_listen(node, place)?,
        handler: place.handler,
        implicit: false,
        common,
        frame: place.frame.clone(),
        role: place.role.cloned(),
        origin: Some(node.origin.clone()),
    };
    let include = match kind {
        Some(kind) => Some((kind, read_include(kind, node, &mut task.args, task.action.as_str(), around)?)),
        None => None,
    };
    check_end_role(&task)?;
    Ok(ReadTask { task, include })
}

/// `changed_when` and `failed_when`: one condition, or a list.
fn conditions(node: &Node) -> Vec<Value> {
    match node.to_value() {
        Value::List(items) => items.to_vec(),
        value => vec![value],
    }
}

fn resolve(node: &Node, form: &ActionForm, frame: &Frame, around: Surroundings<'_>) -> Result<Option<Action>> {
    if !form.as_key && may_be_template(form.name.as_str()) {
        return Ok(None);
    }
    let own = match node.get("collections") {
        Some(list) => super::read::read_collections(list)?,
        None => None,
    };
    let collections = own.unwrap_or_else(|| frame.collections().to_vec());
    match around.catalogue.resolve(form.name.as_str(), &collections, around.library) {
        Lookup::Found(action) => Ok(Some(action)),
        _ if !form.as_key => Ok(None),
        Lookup::Removed(message) => Err(Error::user(message).at(Some(&node.origin))),
        Lookup::Unknown => {
            let message = format!(
                "couldn't resolve module/action '{}'. This often indicates a misspelling, missing collection, or incorrect \
                 module path.",
                form.name.as_str()
            );
            Err(Error::parser(message).at(Some(&node.origin)))
        }
    }
}

fn check_task_keys(node: &Node, form: &ActionForm, own: Place, kind: Option<IncludeKind>) -> Result<()> {
    let dynamic = matches!(kind, Some(IncludeKind::IncludeTasks | IncludeKind::IncludeRole));
    if dynamic && form.local {
        return Err(not_for_include("delegate_to", node));
    }
    for (key, value) in node.as_map().unwrap_or_default() {
        let name = key.to_value().to_text();
        if (form.as_key && name == form.name.as_str()) || is_loop(&name) {
            continue;
        }
        check_key(key, value, own)?;
        let listens = own == Place::Handler && name == "listen";
        if dynamic && !listens && !super::keywords::find(&name).is_some_and(|k| k.allowed(Place::Include)) {
            return Err(not_for_include(&name, node));
        }
    }
    Ok(())
}

fn not_for_include(name: &str, node: &Node) -> Error {
    let message = format!("'{name}' is not a valid attribute for a {}", Place::Include.class());
    Error::parser(message).at(Some(&node.origin))
}

fn is_loop(key: &str) -> bool {
    key.strip_prefix("with_").is_some_and(names::has_lookup)
}

fn read_loop(node: &Node) -> Result<Option<Loop>> {
    let mut found: Option<Loop> = None;
    for (key, value) in node.as_map().unwrap_or_default() {
        if key.as_str() == Some("loop") && !value.is_null() {
            // After a `with_` its items count, and they are looked up as those would have been.
            let lookup = found.and_then(|found| found.lookup);
            found = Some(Loop { lookup, items: value.to_value(), origin: Some(value.origin.clone()) });
            continue;
        }
        let Some(lookup) = key.as_str().filter(|k| is_loop(k)).and_then(|k| k.strip_prefix("with_")) else { continue };
        if found.is_some() {
            return Err(Error::user(format!("duplicate loop in task: {lookup}")).at(Some(&node.origin)));
        }
        if value.is_null() {
            let message = format!("you must specify a value when using with_{lookup}");
            return Err(Error::user(message).at(Some(&node.origin)));
        }
        found =
            Some(Loop { lookup: Some(lookup.to_owned()), items: value.to_value(), origin: Some(value.origin.clone()) });
    }
    Ok(found)
}

fn read_loop_control(node: &Node) -> Result<LoopControl> {
    let Some(control) = node.get("loop_control") else { return Ok(LoopControl::default()) };
    if control.as_map().is_none() {
        let message = "the `loop_control` value must be specified as a dictionary and cannot be a variable itself \
                       (though it can contain variables)";
        return Err(Error::parser(message).at(Some(&control.origin)));
    }
    check_keys(control, Place::LoopControl)?;
    check_texts(control)?;
    let value = |name: &str| control.get(name).filter(|n| !n.is_null()).map(Node::to_value);
    Ok(LoopControl {
        loop_var: value("loop_var"),
        index_var: value("index_var"),
        label: value("label"),
        pause: value("pause"),
        extended: value("extended"),
        extended_allitems: value("extended_allitems"),
        break_when: control.get("break_when").map(as_list).unwrap_or_default(),
    })
}

fn read_register(node: &Node) -> Result<Option<Arc<str>>> {
    let Some(register) = node.get("register").filter(|n| !n.is_null()) else { return Ok(None) };
    check_variable_name(&register.to_value(), Some(&register.origin)).map_err(|cause| {
        let mut error = Error::parser("Invalid 'register' specified.").at(Some(&register.origin));
        error.cause = Some(Box::new(cause));
        error
    })?;
    Ok(register.as_str().map(Into::into))
}

/// The topics of a handler; each also with the names of its role before it.
fn read_listen(node: &Node, place: TaskPlace<'_>) -> Result<Vec<Text>> {
    let Some(listen) = node.get("listen").filter(|_| place.handler) else { return Ok(Vec::new()) };
    let topics: Vec<Text> = texts(listen, "listen")?
        .into_iter()
        .filter_map(|topic| match topic {
            Value::Str(text) => Some(text),
            _ => None,
        })
        .collect();
    let mut all = topics.clone();
    if let Some(role) = place.role {
        for topic in &topics {
            for name in [role.full_name(), role.data.name.clone()] {
                all.push(topic.with_text(format!("{name} : {}", topic.as_str())));
            }
        }
    }
    Ok(all)
}

fn check_end_role(task: &Task) -> Result<()> {
    let end = super::action::is_builtin(task.action.as_str(), "meta")
        && task.args.get("_raw_params").and_then(Value::as_str) == Some("end_role");
    let message = match (end, task.handler, &task.role) {
        (true, true, _) => "Cannot execute 'end_role' from a handler",
        (true, false, None) => "Cannot execute 'end_role' from outside of a role",
        _ => return Ok(()),
    };
    Err(Error::parser(message).at(Some(&Origin::described("<unknown>"))).help("TASK: meta (end_role)"))
}

fn read_include(
    kind: IncludeKind,
    node: &Node,
    args: &mut Dict,
    action: &str,
    around: Surroundings<'_>,
) -> Result<Include> {
    match kind {
        IncludeKind::ImportTasks | IncludeKind::IncludeTasks => {
            invalid_options(args, &["file", "_raw_params", "apply"], action, node)?;
            if !args.get("_raw_params").is_some_and(Value::truthy) {
                let file = args.remove("file").filter(Value::truthy);
                let missing = || Error::parser(format!("No file specified for {action}")).at(Some(&node.origin));
                args.insert("_raw_params", file.ok_or_else(missing)?);
            }
            let apply = read_apply(kind, node, args, action, around)?;
            Ok(Include::Tasks { file: args.get("_raw_params").cloned().unwrap_or_default(), apply })
        }
        IncludeKind::ImportRole | IncludeKind::IncludeRole => read_include_role(kind, node, args, action, around),
    }
}

fn read_include_role(
    kind: IncludeKind,
    node: &Node,
    args: &Dict,
    action: &str,
    around: Surroundings<'_>,
) -> Result<Include> {
    const FROM: [&str; 4] = ["tasks_from", "vars_from", "defaults_from", "handlers_from"];
    let name = args.get("name").or_else(|| args.get("role")).filter(|name| !name.is_null()).cloned();
    let Some(name) = name else {
        return Err(Error::parser(format!("'name' is a required field for {action}.")).at(Some(&node.origin)));
    };
    let mut valid = vec!["name", "role", "apply", "public", "allow_duplicates", "rolespec_validate"];
    valid.extend(FROM);
    invalid_options(args, &valid, action, node)?;
    for key in FROM {
        if let Some(value) = args.get(key).filter(|value| !matches!(value, Value::Str(_))) {
            let class = argument(node, key).map_or_else(|| format!("<class '{}'>", value.type_name()), class_name);
            return Err(Error::parser(format!("Expected a string for {key} but got {class} instead")));
        }
    }
    let apply = read_apply(kind, node, args, action, around)?;
    let get = |key: &str| args.get(key).cloned();
    Ok(Include::Role(Box::new(IncludeRole {
        name,
        tasks_from: get("tasks_from"),
        vars_from: get("vars_from"),
        defaults_from: get("defaults_from"),
        handlers_from: get("handlers_from"),
        public: get("public"),
        allow_duplicates: get("allow_duplicates"),
        rolespec_validate: get("rolespec_validate"),
        apply,
    })))
}

/// The places of a task's arguments that are lists or mappings; those of `args` give way to the action's own.
fn places_of_args(node: &Node, action: &str) -> Vec<(String, Origin)> {
    let pairs = [action, "action", "local_action", "args"].into_iter().filter_map(|key| node.get(key)?.as_map());
    let places = pairs.flatten().filter_map(|(key, value)| match value.kind {
        Kind::Scalar(_) => None,
        Kind::List(_) | Kind::Map(_) => Some((key.as_str()?.to_owned(), value.origin.clone())),
    });
    places.collect()
}

fn invalid_options(args: &Dict, valid: &[&str], action: &str, node: &Node) -> Result<()> {
    let bad: Vec<String> = args.keys().map(Value::to_text).filter(|key| !valid.contains(&key.as_str())).collect();
    if bad.is_empty() {
        return Ok(());
    }
    Err(Error::parser(format!("Invalid options for {action}: {}", bad.join(","))).at(Some(&node.origin)))
}

/// The node of one argument, where arguments are a mapping.
fn argument<'a>(task: &'a Node, name: &str) -> Option<&'a Node> {
    task.as_map()?
        .iter()
        .filter(|(key, _)| {
            let key = key.as_str().unwrap_or_default();
            include_kind(key).is_some() || key == "args"
        })
        .find_map(|(_, value)| value.get(name))
}

fn read_apply(
    kind: IncludeKind,
    node: &Node,
    args: &Dict,
    action: &str,
    around: Surroundings<'_>,
) -> Result<Option<Arc<Common>>> {
    let Some(value) = args.get("apply") else { return Ok(None) };
    if value.truthy() && !matches!(kind, IncludeKind::IncludeTasks | IncludeKind::IncludeRole) {
        return Err(Error::parser(format!("Invalid options for {action}: apply")).at(Some(&node.origin)));
    }
    let Some(apply) = argument(node, "apply").filter(|apply| apply.as_map().is_some()) else {
        let class = argument(node, "apply").map_or_else(|| format!("<class '{}'>", value.type_name()), class_name);
        return Err(Error::parser(format!("Expected a dict for apply but got {class} instead")).at(Some(&node.origin)));
    };
    check_keys(apply, Place::Block)?;
    check_texts(apply)?;
    Ok(Some(Arc::new(read_common(apply, Place::Block, around)?)))
}
