//! Magic variables: what Ansible's "Special Variables" lists beside facts and connection variables.

use super::HostScope;
use super::layers::read;
use crate::diag::Result;
use crate::playbook::Role;
use crate::template::Scope;
use crate::value::{Dict, Value};
use indexmap::IndexSet;
use std::sync::Arc;

/// The names, sorted; `fixed` ones of the run come on top.
const NAMES: &[&str] = &[
    "ansible_collection_name",
    "ansible_dependent_role_names",
    "ansible_facts",
    "ansible_parent_role_names",
    "ansible_parent_role_paths",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_name",
    "ansible_play_role_names",
    "ansible_role_name",
    "ansible_role_names",
    "ansible_search_path",
    "environment",
    "group_names",
    "groups",
    "hostvars",
    "inventory_hostname",
    "inventory_hostname_short",
    "play_hosts",
    "playbook_dir",
    "role_name",
    "role_names",
    "role_path",
    "role_uuid",
    "vars",
];

impl HostScope {
    /// The value of a magic variable; None where it is none, or has no meaning here.
    pub(super) fn magic(&self, name: &str) -> Result<Option<Value>> {
        if NAMES.binary_search(&name).is_err() {
            return Ok(self.store.fixed.get(name).cloned());
        }
        let inventory = self.store.inventory();
        Ok(match name {
            "inventory_hostname" | "inventory_hostname_short" if self.host.is_empty() => None,
            "inventory_hostname" => Some(Value::str(self.host.clone())),
            "inventory_hostname_short" => Some(Value::str(self.host.split('.').next().unwrap_or(&self.host))),
            "group_names" => inventory.find(&self.host).map(|host| names(&inventory.group_names(&host))),
            "groups" => Some(inventory.groups_dict().clone().into()),
            "ansible_facts" => Some(Value::Dict(read(&self.learned().facts).shown.clone())),
            "environment" => self.task.as_ref().map(|task| Value::list(task.environment().into_iter().cloned())),
            _ => self.magic_of_play(name).or_else(|| self.magic_of_role(name)),
        })
    }

    /// The names of all magic variables that have a value here.
    pub(super) fn magic_names(&self) -> Vec<Arc<str>> {
        let fixed = self.store.fixed.keys().filter_map(Value::as_str);
        let present =
            |name: &&str| matches!(*name, "hostvars" | "vars") || self.magic(name).is_ok_and(|value| value.is_some());
        NAMES.iter().copied().filter(present).chain(fixed).map(Arc::from).collect()
    }

    fn magic_of_play(&self, name: &str) -> Option<Value> {
        let play = &self.play;
        if play.is_none() && name != "playbook_dir" {
            return None;
        }
        Some(match name {
            "playbook_dir" => Value::str(play.basedir.as_str()),
            "ansible_play_name" => Value::str(play.name.as_str()),
            "ansible_play_hosts" => names(&play.present(&play.hosts_all)),
            "ansible_play_hosts_all" => names(&read(&play.hosts_all)),
            "ansible_play_batch" | "play_hosts" => names(&play.present(&play.batch)),
            "ansible_play_role_names" | "role_names" => strings(read(&play.role_names).iter()),
            "ansible_dependent_role_names" => strings(play.dependent_role_names.iter()),
            "ansible_role_names" => {
                let role_names = read(&play.role_names);
                let all: IndexSet<&String> = play.dependent_role_names.iter().chain(role_names.iter()).collect();
                strings(all.into_iter())
            }
            "ansible_search_path" if self.task.is_some() => strings(self.search_paths().iter()),
            _ => return None,
        })
    }

    fn magic_of_role(&self, name: &str) -> Option<Value> {
        let role: &Role = self.task.as_ref()?.role.as_deref()?;
        Some(match name {
            "role_name" => Value::str(role.data.name.as_str()),
            "ansible_role_name" => Value::str(role.full_name()),
            "role_path" => Value::str(role.data.path.as_str()),
            "role_uuid" => Value::str(format!("{:016x}", role.identity)),
            "ansible_collection_name" => Value::str(role.data.collection.clone()?),
            "ansible_parent_role_names" if !role.parents.is_empty() => Value::list(role.parent_names()),
            "ansible_parent_role_paths" if !role.parents.is_empty() => {
                strings(role.parents.iter().rev().map(|p| &p.path))
            }
            _ => return None,
        })
    }
}

fn names(hosts: &[Arc<str>]) -> Value {
    Value::list(hosts.iter().map(|h| Value::str(h.clone())))
}

fn strings<'a>(items: impl Iterator<Item = &'a String>) -> Value {
    Value::list(items.map(|s| Value::str(s.as_str())))
}

/// The magic variables that are the same for all hosts of a run, such as `ansible_version`.
pub(super) fn version(full: &str) -> Value {
    let mut parts = full.split('.').map(|part| Value::Int(part.parse().unwrap_or(0)));
    let mut next = || parts.next().unwrap_or(Value::Int(0));
    Dict::from([
        ("string", Value::str(full)),
        ("full", Value::str(full)),
        ("major", next()),
        ("minor", next()),
        ("revision", next()),
    ])
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted() {
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn version_has_its_parts() {
        let version = version("2.19.14");
        assert_eq!(version.get("minor"), Some(&Value::Int(19)));
        assert_eq!(version.get("full"), Some(&Value::str("2.19.14")));
    }
}
