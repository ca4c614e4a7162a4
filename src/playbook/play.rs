//! A play as data.

use super::{Common, Entry, Frame, RoleUse};
use crate::diag::Origin;
use crate::value::Value;
use std::sync::Arc;

/// A play: hosts, and what is done on them.
#[derive(Clone, Debug)]
pub struct Play {
    /// `name`, unrendered.
    pub name: Option<Value>,
    /// `hosts`: patterns, which may be templates.
    pub hosts: Vec<Value>,
    /// `vars_files`: a file each, or a list of which the first that exists is read.
    pub vars_files: Vec<Value>,
    /// `vars_prompt`.
    pub vars_prompt: Vec<VarsPrompt>,
    /// `pre_tasks`.
    pub pre_tasks: Vec<Entry>,
    /// `roles`.
    pub roles: Vec<RoleUse>,
    /// `tasks`.
    pub tasks: Vec<Entry>,
    /// `post_tasks`.
    pub post_tasks: Vec<Entry>,
    /// `handlers`; those of roles are with the roles.
    pub handlers: Vec<Entry>,
    /// Roles that `import_role` brought, wherever it stands, with their handlers.
    pub imported_roles: Vec<RoleUse>,
    /// `gather_facts`.
    pub gather_facts: Option<Value>,
    /// `gather_subset`.
    pub gather_subset: Option<Value>,
    /// `gather_timeout`.
    pub gather_timeout: Option<Value>,
    /// `fact_path`.
    pub fact_path: Option<Value>,
    /// `serial`: batch sizes, as numbers or percentages.
    pub serial: Vec<Value>,
    /// `max_fail_percentage`.
    pub max_fail_percentage: Option<Value>,
    /// `strategy`.
    pub strategy: Option<Value>,
    /// `order`.
    pub order: Option<Value>,
    /// `force_handlers`.
    pub force_handlers: Option<Value>,
    /// The conditions of the `import_playbook` statements that brought it; facts are gathered
    /// only where they hold.
    pub import_when: Vec<Value>,
    /// The folder of the playbook file that it is written in.
    pub basedir: String,
    /// Its frame: the shared keywords, `vars` among them.
    pub frame: Arc<Frame>,
    /// Where its mapping starts.
    pub origin: Option<Origin>,
}

/// A variable that a person is asked for.
#[derive(Clone, Debug, Default)]
pub struct VarsPrompt {
    /// `name`: the variable.
    pub name: Value,
    /// `prompt`: the text.
    pub prompt: Option<Value>,
    /// `default`.
    pub default: Option<Value>,
    /// `private`: whether what is typed stays hidden; by default it does.
    pub private: Option<Value>,
    /// `confirm`: whether it is asked twice.
    pub confirm: Option<Value>,
    /// `encrypt`: a hash's name.
    pub encrypt: Option<Value>,
    /// `salt_size`.
    pub salt_size: Option<Value>,
    /// `salt`.
    pub salt: Option<Value>,
    /// `unsafe`: whether the answer is no template.
    pub unsafe_: Option<Value>,
}

impl Play {
    /// The shared keywords.
    pub fn common(&self) -> &Common {
        &self.frame.common
    }

    /// Its name, or its hosts where it has none, unrendered.
    pub fn title(&self) -> Value {
        match &self.name {
            Some(name) if name.truthy() => name.clone(),
            _ => {
                let hosts: Vec<String> = self.hosts.iter().map(Value::to_text).collect();
                match self.hosts.first() {
                    Some(Value::Str(first)) => Value::Str(first.with_text(hosts.join(","))),
                    _ => Value::str(hosts.join(",")),
                }
            }
        }
    }

    /// All roles in use that were known before the run.
    pub fn all_roles(&self) -> impl Iterator<Item = &RoleUse> {
        self.roles.iter().chain(&self.imported_roles)
    }
}
