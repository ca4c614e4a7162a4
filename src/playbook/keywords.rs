//! The keywords of playbooks: where each may stand, what it takes, whether rplay has it.
//!
//! One sorted table. A mapping with a key that is not allowed is refused in ansible-core's
//! words; a keyword that ansible-core has and rplay lacks is refused by its name.

use crate::diag::{Error, Result};
use crate::yaml::{Kind, Node};

/// A keyword.
#[derive(Debug)]
pub struct Keyword {
    /// Its name.
    pub name: &'static str,
    /// Where it may stand.
    pub places: &'static [Place],
    /// What it takes.
    pub takes: Takes,
    /// Whether rplay has it.
    pub support: Support,
}

/// Something that keywords are given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A play.
    Play,
    /// A role in a play's `roles` or in the dependencies of another.
    Role,
    /// A block.
    Block,
    /// A task.
    Task,
    /// A handler.
    Handler,
    /// `include_tasks` and `include_role`.
    Include,
    /// `import_playbook`.
    ImportPlaybook,
    /// A role's `meta/main.yml`.
    Meta,
    /// `loop_control`.
    LoopControl,
}

/// What a keyword takes, as far as that is checked before a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Text: lists and dictionaries are refused.
    Text,
    /// Anything; what reads it checks it.
    Any,
}

/// Whether rplay has a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It does.
    Full,
    /// It does not: playbooks that have it are refused.
    Refused,
}

use Place::{Block, Handler, ImportPlaybook, Include, LoopControl, Meta, Play, Role, Task};
use Support::{Full, Refused};
use Takes::{Any, Text};

const EVERYWHERE: &[Place] = &[Play, Role, Block, Task, Handler, ImportPlaybook, Meta];
const AND_INCLUDE: &[Place] = &[Play, Role, Block, Task, Handler, Include, ImportPlaybook, Meta];
const SEARCHING: &[Place] = &[Play, Role, Block, Task, Handler, Include, Meta];
const TAGGED: &[Place] = &[Play, Role, Block, Task, Handler, Include, ImportPlaybook];
const CONDITIONAL: &[Place] = &[Role, Block, Task, Handler, Include, ImportPlaybook];
const DELEGATED: &[Place] = &[Role, Block, Task, Handler];
const NOTIFYING: &[Place] = &[Block, Task, Handler];
const TASKS: &[Place] = &[Task, Handler];
const INCLUDES: &[Place] = &[Task, Handler, Include];
const PLAYS: &[Place] = &[Play];
const BLOCKS: &[Place] = &[Block];
const METAS: &[Place] = &[Meta];
const LOOPS: &[Place] = &[LoopControl];

const fn keyword(name: &'static str, places: &'static [Place], takes: Takes, support: Support) -> Keyword {
    Keyword { name, places, takes, support }
}

/// The keywords, sorted by name.
pub static KEYWORDS: &[Keyword] = &[
    keyword("action", INCLUDES, Any, Full),
    keyword("allow_duplicates", METAS, Any, Full),
    keyword("always", BLOCKS, Any, Full),
    keyword("any_errors_fatal", EVERYWHERE, Any, Full),
    keyword("args", INCLUDES, Any, Full),
    keyword("argument_specs", METAS, Any, Full),
    keyword("async", TASKS, Any, Full),
    keyword("become", EVERYWHERE, Any, Full),
    keyword("become_exe", EVERYWHERE, Text, Full),
    keyword("become_flags", EVERYWHERE, Text, Full),
    keyword("become_method", EVERYWHERE, Text, Full),
    keyword("become_user", EVERYWHERE, Text, Full),
    keyword("block", BLOCKS, Any, Full),
    keyword("break_when", LOOPS, Any, Full),
    keyword("changed_when", TASKS, Any, Full),
    keyword("check_mode", EVERYWHERE, Any, Full),
    keyword("collections", SEARCHING, Any, Full),
    keyword("connection", EVERYWHERE, Text, Full),
    keyword("debugger", AND_INCLUDE, Text, Full),
    keyword("delay", TASKS, Any, Full),
    keyword("delegate_facts", DELEGATED, Any, Full),
    keyword("delegate_to", DELEGATED, Text, Full),
    keyword("dependencies", METAS, Any, Full),
    keyword("diff", EVERYWHERE, Any, Full),
    keyword("environment", EVERYWHERE, Any, Full),
    keyword("extended", LOOPS, Any, Full),
    keyword("extended_allitems", LOOPS, Any, Full),
    keyword("fact_path", PLAYS, Text, Full),
    keyword("failed_when", TASKS, Any, Full),
    keyword("force_handlers", PLAYS, Any, Full),
    keyword("galaxy_info", METAS, Any, Full),
    keyword("gather_facts", PLAYS, Any, Full),
    keyword("gather_subset", PLAYS, Any, Full),
    keyword("gather_timeout", PLAYS, Any, Full),
    keyword("handlers", PLAYS, Any, Full),
    keyword("hosts", PLAYS, Any, Full),
    keyword("ignore_errors", AND_INCLUDE, Any, Full),
    keyword("ignore_unreachable", EVERYWHERE, Any, Full),
    keyword("import_playbook", &[ImportPlaybook], Text, Full),
    keyword("index_var", LOOPS, Text, Full),
    keyword("label", LOOPS, Text, Full),
    keyword("listen", &[Handler], Any, Full),
    keyword("local_action", INCLUDES, Any, Full),
    keyword("loop", INCLUDES, Any, Full),
    keyword("loop_control", INCLUDES, Any, Full),
    keyword("loop_var", LOOPS, Text, Full),
    keyword("max_fail_percentage", PLAYS, Any, Full),
    keyword("module_defaults", EVERYWHERE, Any, Full),
    keyword("name", AND_INCLUDE, Text, Full),
    keyword("no_log", AND_INCLUDE, Any, Full),
    keyword("notify", NOTIFYING, Any, Full),
    keyword("order", PLAYS, Text, Full),
    keyword("pause", LOOPS, Any, Full),
    keyword("poll", TASKS, Any, Full),
    keyword("port", EVERYWHERE, Any, Full),
    keyword("post_tasks", PLAYS, Any, Full),
    keyword("pre_tasks", PLAYS, Any, Full),
    keyword("register", INCLUDES, Any, Full),
    keyword("remote_user", EVERYWHERE, Text, Full),
    keyword("rescue", BLOCKS, Any, Full),
    keyword("retries", TASKS, Any, Full),
    keyword("role", &[Role], Text, Full),
    keyword("roles", PLAYS, Any, Full),
    keyword("run_once", AND_INCLUDE, Any, Full),
    keyword("serial", PLAYS, Any, Full),
    keyword("strategy", PLAYS, Text, Full),
    keyword("tags", TAGGED, Any, Full),
    keyword("tasks", PLAYS, Any, Full),
    keyword("throttle", EVERYWHERE, Any, Full),
    keyword("timeout", AND_INCLUDE, Any, Full),
    keyword("until", TASKS, Any, Full),
    keyword("user", PLAYS, Any, Full),
    keyword("vars", AND_INCLUDE, Any, Full),
    keyword("vars_files", PLAYS, Any, Full),
    keyword("vars_prompt", PLAYS, Any, Full),
    keyword("when", CONDITIONAL, Any, Full),
];

/// The keyword of a name.
pub fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.binary_search_by(|k| k.name.cmp(name)).ok().and_then(|i| KEYWORDS.get(i))
}

impl Keyword {
    /// Whether it may stand at a place.
    pub fn allowed(&self, place: Place) -> bool {
        self.places.contains(&place)
    }
}

impl Place {
    /// The name of ansible-core's class, which its error texts have.
    pub fn class(self) -> &'static str {
        match self {
            Play => "Play",
            Role => "RoleInclude",
            Block => "Block",
            Task => "Task",
            Handler => "Handler",
            Include => "TaskInclude",
            ImportPlaybook => "PlaybookInclude",
            Meta => "RoleMetadata",
            LoopControl => "LoopControl",
        }
    }
}

/// Checks a mapping's keys: each must be a keyword that may stand there, and that rplay has.
pub fn check_keys(node: &Node, place: Place) -> Result<()> {
    for (key, value) in node.as_map().unwrap_or_default() {
        check_key(key, value, place)?;
    }
    Ok(())
}

/// Checks one key.
pub fn check_key(key: &Node, value: &Node, place: Place) -> Result<()> {
    let name = key.to_value().to_text();
    match find(&name).filter(|keyword| keyword.allowed(place)) {
        None => {
            let hint = match place {
                Task | Handler => {
                    "\nThis error can be suppressed as a warning using the \"invalid_task_attribute_failed\" configuration"
                }
                _ => "",
            };
            let message = format!("'{name}' is not a valid attribute for a {}{hint}", place.class());
            Err(Error::parser(message).at(Some(&key.origin)))
        }
        Some(keyword) if keyword.support == Refused && !value.is_null() => {
            Err(Error::unsupported(format!("rplay does not support the keyword '{name}' yet.")).at(Some(&key.origin)))
        }
        Some(_) => Ok(()),
    }
}

/// Checks that keywords which take text have no list or dictionary.
pub fn check_texts(node: &Node) -> Result<()> {
    for (key, value) in node.as_map().unwrap_or_default() {
        let text = key.as_str().and_then(find).is_some_and(|keyword| keyword.takes == Text);
        if text && matches!(value.kind, Kind::List(_) | Kind::Map(_)) {
            let message = format!(
                "The field '{}' is supposed to be a string type, however the incoming data structure is a {}",
                key.as_str().unwrap_or_default(),
                class_name(value)
            );
            return Err(Error::parser(message).at(Some(&node.origin)));
        }
    }
    Ok(())
}

/// The Python class of a loaded value, as ansible-core's error texts show it.
pub fn class_name(node: &Node) -> String {
    let name = node.type_name();
    if matches!(name, "NoneType" | "bool") {
        return format!("<class '{name}'>");
    }
    let mut chars = name.chars();
    let first: String = chars.next().map(|c| c.to_ascii_uppercase()).into_iter().collect();
    format!("<class 'ansible.module_utils._internal._datatag._AnsibleTagged{first}{}'>", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_unique() {
        for pair in KEYWORDS.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} {}", pair[0].name, pair[1].name);
        }
    }

    #[track_caller]
    fn allowed(name: &str, place: Place, want: bool) {
        assert_eq!(find(name).is_some_and(|k| k.allowed(place)), want, "{name} {place:?}");
    }

    #[test]
    fn places() {
        allowed("when", Play, false);
        allowed("notify", Role, false);
        allowed("delegate_to", Role, true);
        allowed("become", Include, false);
        allowed("listen", Task, false);
        allowed("loop", Block, false);
        allowed("tags", Meta, false);
    }
}
