//! Changing an inventory: what sources, `add_host` and `group_by` do to it.
//!
//! Every change goes through [`Inventory::data`], which copies what other clones share and forgets
//! what was cached.

use super::snapshot::{Cache, Data};
use super::{Group, Host, Inventory, LOCALHOST, Notice, Transform};
use crate::diag::{Error, Result};
use crate::value::{Dict, Text, Value, repr};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a host that is new gets at first.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewHost<'a> {
    /// The inventory source that names it: `inventory_file`, `inventory_dir`.
    pub source: Option<&'a str>,
    /// Its port: `ansible_port`.
    pub port: Option<u32>,
}

impl Inventory {
    fn data(&mut self) -> &mut Data {
        let data = Arc::make_mut(&mut self.0);
        data.cache = Cache::default();
        data
    }

    /// Says which Python the implicit localhost has.
    pub fn set_python(&mut self, path: Option<&str>) {
        self.data().python = path.map(Arc::from);
    }

    /// Adds a group unless it is there; returns the name it has.
    pub fn add_group(&mut self, name: &str, notices: &mut Vec<Notice>) -> Result<Arc<str>> {
        if name.is_empty() {
            return Err(Error::user("Invalid empty/false group name provided: "));
        }
        if let Some(known) = self.group(name) {
            return Ok(known.name.clone());
        }
        let safe: Arc<str> = safe_group_name(name, self.rules().transform, notices).into();
        if self.group(&safe).is_none() {
            self.data().groups.insert(safe.clone(), Arc::new(Group::new(safe.clone())));
        }
        Ok(safe)
    }

    /// Adds a host unless it is there, and makes it a member of a group.
    ///
    /// A new one gets `inventory_file` and `inventory_dir` of the source that names it.
    pub fn add_host(
        &mut self,
        name: &str,
        group: Option<&str>,
        new: NewHost<'_>,
        notices: &mut Vec<Notice>,
    ) -> Result<()> {
        if name.is_empty() {
            return Err(Error::user("Invalid empty host name provided: "));
        }
        if let Some(group) = group.filter(|g| self.group(g).is_none()) {
            return Err(Error::user(format!("Could not find group {group} in inventory")));
        }
        if self.host(name).is_none() {
            let mut host = Host::new(name);
            if let Some(port) = new.port.filter(|port| *port != 0) {
                host.vars.insert("ansible_port", port);
            }
            let data = self.data();
            if LOCALHOST.contains(&name) {
                match &data.localhost {
                    None => data.localhost = Some(host.name.clone()),
                    Some(first) => notices.push(Notice::Warning(format!(
                        "A duplicate localhost-like entry was found ({name}). First found localhost was {first}"
                    ))),
                }
            }
            data.hosts.insert(host.name.clone(), Arc::new(host));
            let file = Value::from(new.source.map(Value::str));
            let folder = Value::from(new.source.map(|s| Value::str(folder_of(s))));
            for (key, value) in [("inventory_file", file), ("inventory_dir", folder)] {
                // A group of the same name gets them, as from every source's variables.
                self.set_variable(name, &Text::data(key), value, notices)?;
            }
        }
        if let Some(group) = group {
            self.join(group, name);
        }
        Ok(())
    }

    /// Makes a host a member of a group; whether it was none before.
    fn join(&mut self, group: &str, host: &str) -> bool {
        if self.group(group).is_none_or(|g| g.hosts.contains(host)) {
            return false;
        }
        let data = self.data();
        let slot = data.hosts.get_mut(host).or_else(|| data.implicit.as_mut().filter(|h| *h.name == *host));
        let (Some(group), Some(slot)) = (data.groups.get_mut(group), slot) else {
            return false;
        };
        Arc::make_mut(group).hosts.insert(slot.name.clone());
        Arc::make_mut(slot).groups.insert(group.name.clone());
        true
    }

    /// Makes a group or a host a member of a group; whether it was none before.
    pub fn add_child(&mut self, group: &str, child: &str) -> Result<bool> {
        if self.group(group).is_none() {
            return Err(Error::user(format!("{group} is not a known group")));
        }
        if self.group(child).is_none() {
            return match self.host(child) {
                Some(_) => Ok(self.join(group, child)),
                None => Err(Error::user(format!("{child} is not a known host nor group"))),
            };
        }
        if group == child {
            return Err(Error::user("can't add group to itself"));
        }
        if self.group(group).is_some_and(|g| g.children.contains(child)) {
            return Ok(false);
        }
        if self.below(child).iter().any(|g| &*g.name == group) {
            let message = format!("Adding group '{child}' as child to '{group}' creates a recursive dependency loop.");
            return Err(Error::user(message));
        }
        let data = self.data();
        if let Some(parent) = data.groups.get_mut(group) {
            let parent = Arc::make_mut(parent);
            parent.children.insert(child.into());
            let (name, depth) = (parent.name.clone(), parent.depth);
            if let Some(child) = data.groups.get_mut(child) {
                Arc::make_mut(child).parents.insert(name);
            }
            self.deepen(child, depth + 1);
        }
        Ok(true)
    }

    /// Puts a group and those below it at least so deep.
    fn deepen(&mut self, group: &str, depth: u32) {
        let mut next = vec![(Arc::<str>::from(group), depth)];
        while let Some((name, depth)) = next.pop() {
            if let Some(group) = self.data().groups.get_mut(&name).filter(|g| g.depth < depth) {
                Arc::make_mut(group).depth = depth;
                next.extend(group.children.iter().map(|child| (child.clone(), depth + 1)));
            }
        }
    }

    /// Sets a variable of a group or, where no group has that name, of a host.
    pub fn set_variable(&mut self, entity: &str, key: &Text, value: Value, notices: &mut Vec<Notice>) -> Result<()> {
        check_name(key, notices);
        let merge = self.rules().merge;
        let data = self.data();
        if let Some(group) = data.groups.get_mut(entity) {
            let group = Arc::make_mut(group);
            if key.as_str() == "ansible_group_priority" {
                group.priority = priority(&value)?;
            } else {
                set(&mut group.vars, key, value, merge);
            }
        } else if let Some(host) = data.hosts.get_mut(entity) {
            set(&mut Arc::make_mut(host).vars, key, value, merge);
        } else {
            return Err(Error::user(format!("Could not identify group or host named {entity}")));
        }
        Ok(())
    }

    /// Puts everything below `all`, and hosts without a group into `ungrouped`; after every change.
    pub fn reconcile(&mut self, notices: &mut Vec<Notice>) -> Result<()> {
        let orphans: Vec<Arc<str>> = self
            .groups()
            .values()
            .filter(|g| g.parents.is_empty() && &*g.name != "all")
            .map(|g| g.name.clone())
            .collect();
        for group in orphans {
            self.add_child("all", &group)?;
        }
        let special = |name: &str| name == "all" || name == "ungrouped";
        let (mut grouped, mut loose) = (BTreeSet::new(), Vec::new());
        for host in self.hosts().values() {
            if host.groups.iter().any(|g| !special(g)) {
                if host.groups.contains("ungrouped") {
                    grouped.insert(host.name.clone());
                }
            } else if !host.groups.contains("ungrouped") {
                loose.push(host.name.clone());
            }
        }
        if !grouped.is_empty() {
            self.leave_ungrouped(&grouped);
        }
        for host in loose {
            self.join("ungrouped", &host);
        }
        let both = self.groups().keys().filter(|name| self.host(name).is_some());
        notices.extend(both.map(|n| Notice::Warning(format!("Found both group and host with same name: {n}"))));
        Ok(())
    }

    fn leave_ungrouped(&mut self, hosts: &BTreeSet<Arc<str>>) {
        let data = self.data();
        if let Some(group) = data.groups.get_mut("ungrouped") {
            Arc::make_mut(group).hosts.retain(|name| !hosts.contains(name));
        }
        for name in hosts {
            if let Some(host) = data.hosts.get_mut(name) {
                Arc::make_mut(host).groups.shift_remove("ungrouped");
            }
        }
    }

    /// What `add_host` does: adds or changes a host; whether anything changed.
    pub fn add_dynamic_host(
        &mut self,
        name: &str,
        groups: &[&str],
        vars: &Dict,
        notices: &mut Vec<Notice>,
    ) -> Result<bool> {
        let mut changed = self.host(name).is_none();
        if changed {
            self.add_host(name, Some("all"), NewHost::default(), notices)?;
        }
        let old = self.host(name).map(|host| host.vars.clone()).unwrap_or_default();
        let new = combine(&old, vars, self.rules().merge);
        if new != old {
            changed = true;
            if let Some(host) = self.data().hosts.get_mut(name) {
                Arc::make_mut(host).vars = new;
            }
        }
        for group in groups {
            changed |= self.group(group).is_none();
            let group = self.add_group(group, notices)?;
            changed |= self.join(&group, name);
        }
        if changed {
            self.reconcile(notices)?;
        }
        Ok(changed)
    }

    /// What `group_by` does: adds a host to a group, which may be new; whether anything changed.
    pub fn add_dynamic_group(
        &mut self,
        host: &str,
        group: &str,
        parents: &[&str],
        notices: &mut Vec<Notice>,
    ) -> Result<bool> {
        let Some(host) = self.find(host) else {
            return Err(Error::user(format!("{host} cannot be matched in inventory")));
        };
        if host.implicit && self.0.implicit.is_none() {
            self.data().implicit = Some(host.clone());
        }
        let group = self.add_group(group, notices)?;
        let mut changed = false;
        for parent in parents {
            changed |= self.group(parent).is_none();
            let parent = self.add_group(parent, notices)?;
            changed |= self.add_child(&parent, &group)?;
        }
        if !self.members(&group).iter().any(|member| member.name == host.name) {
            changed |= self.join(&group, &host.name);
        }
        if changed {
            self.reconcile(notices)?;
        }
        Ok(changed)
    }
}

/// Sets a variable, whose name keeps the place where it was first written.
fn set(vars: &mut Dict, key: &Text, value: Value, merge: bool) {
    let merged = match (vars.get(key.as_str()), &value) {
        (Some(Value::Dict(old)), Value::Dict(new)) if merge => Some(combine(old, new, true)),
        _ => None,
    };
    vars.insert(Value::Str(key.clone()), merged.map_or(value, Value::Dict));
}

/// Variables over variables: the second win, dicts are merged to any depth where asked to.
pub fn combine(low: &Dict, high: &Dict, merge: bool) -> Dict {
    let mut out = low.clone();
    if !merge {
        out.update(high);
        return out;
    }
    for (key, value) in high {
        let both = match (out.get_value(key), value) {
            (Some(Value::Dict(old)), Value::Dict(new)) => Some(combine(old, new, true)),
            _ => None,
        };
        out.insert(key.clone(), both.map_or_else(|| value.clone(), Value::Dict));
    }
    out
}

fn priority(value: &Value) -> Result<i64> {
    let number = match value {
        Value::Int(i) => Some(*i),
        Value::Bool(b) => Some(i64::from(*b)),
        Value::Float(f) => Some(f.trunc() as i64),
        Value::Str(text) => text.as_str().trim().parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| Error::user(format!("invalid literal for int() with base 10: {}", repr(value))))
}

/// The folder of a file, a folder being its own; a list of hosts has the text `None`.
fn folder_of(source: &str) -> String {
    let path = std::path::Path::new(source);
    let folder = if path.is_dir() { Some(path) } else { path.parent().filter(|_| path.is_file()) };
    folder.map_or_else(|| "None".to_owned(), |folder| folder.to_string_lossy().into_owned())
}

/// A group's name as the settings want it.
pub fn safe_group_name(name: &str, transform: Transform, notices: &mut Vec<Notice>) -> String {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let bad = |(i, c): (usize, char)| !word(c) || (i == 0 && c.is_numeric());
    let found: BTreeSet<char> = name.chars().enumerate().filter(|p| bad(*p)).map(|(_, c)| c).collect();
    if found.is_empty() {
        return name.to_owned();
    }
    let shown: Vec<String> = found.iter().map(|c| crate::value::str_repr(&c.to_string())).collect();
    let what = format!("invalid character(s) \"{{{}}}\" in group name ({name})", shown.join(", "));
    let warn = |text: &str| {
        Notice::Warning(format!("Invalid characters were found in group names {text}, use -vvvv to see details"))
    };
    match transform {
        Transform::Never => {
            notices.push(Notice::Verbose(4, format!("Not replacing {what}")));
            notices.push(warn("but not replaced"));
        }
        Transform::Always => {
            notices.push(Notice::Verbose(4, format!("Replacing {what}")));
            notices.push(warn("and automatically replaced"));
        }
        Transform::Ignore | Transform::Silently => {}
    }
    if matches!(transform, Transform::Never | Transform::Ignore) {
        return name.to_owned();
    }
    name.chars().enumerate().map(|p| if bad(p) { '_' } else { p.1 }).collect()
}

/// Says so where a variable's name is none that templates could use.
fn check_name(key: &Text, notices: &mut Vec<Notice>) {
    let name = key.as_str();
    let good =
        name.chars().enumerate().all(|(i, c)| c == '_' || c.is_ascii_alphabetic() || (i > 0 && c.is_ascii_digit()));
    if !name.is_empty() && good && !RESERVED.contains(&name) {
        return;
    }
    let text = format!(
        "Accepting inventory variable with invalid name {}. This feature will be removed from ansible-core version 2.23.",
        crate::value::str_repr(name)
    );
    let help = "Variable names must be strings starting with a letter or underscore character, and contain only letters, \
                numbers and underscores.";
    notices.push(Notice::Deprecated(Error::user(text).at(key.origin()).help(help).to_string()));
}

/// Names that templates cannot use for variables.
const RESERVED: [&str; 7] = ["False", "None", "True", "false", "none", "not", "true"];

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory() -> Inventory {
        let mut inventory = Inventory::default();
        let notices = &mut Vec::new();
        for group in ["web", "db", "prod"] {
            inventory.add_group(group, notices).unwrap();
        }
        inventory.add_child("prod", "web").unwrap();
        inventory.add_host("w1", Some("web"), NewHost::default(), notices).unwrap();
        inventory.add_host("d1", Some("db"), NewHost::default(), notices).unwrap();
        inventory.add_host("lone", Some("ungrouped"), NewHost::default(), notices).unwrap();
        inventory.reconcile(notices).unwrap();
        inventory
    }

    fn names(inventory: &Inventory, group: &str) -> Vec<String> {
        inventory.members(group).iter().map(|h| h.name.to_string()).collect()
    }

    #[test]
    fn order_of_hosts_and_groups() {
        let inventory = inventory();
        assert_eq!(names(&inventory, "all"), ["lone", "d1", "w1"]);
        let w1 = inventory.host("w1").unwrap();
        let groups: Vec<String> = inventory.groups_of(w1).iter().map(|g| g.name.to_string()).collect();
        assert_eq!(groups, ["all", "prod", "web"]);
        assert_eq!(inventory.group_names(w1).len(), 2);
        assert_eq!(inventory.groups_dict().len(), 5);
    }

    #[test]
    fn a_change_leaves_clones_alone() {
        let old = inventory();
        let mut new = old.clone();
        let notices = &mut Vec::new();
        assert!(new.add_dynamic_host("lone", &["web"], &Dict::new(), notices).unwrap());
        assert!(!new.add_dynamic_host("lone", &["web"], &Dict::new(), notices).unwrap());
        assert_eq!(names(&new, "ungrouped"), Vec::<String>::new());
        assert_eq!(names(&new, "prod"), ["w1", "lone"]);
        assert_eq!(names(&old, "ungrouped"), ["lone"]);
    }

    #[test]
    fn localhost_is_always_there() {
        let mut inventory = inventory();
        assert!(inventory.find("127.0.0.1").unwrap().implicit);
        assert!(inventory.find("nope").is_none());
        let notices = &mut Vec::new();
        assert!(inventory.add_dynamic_group("localhost", "os_debian", &["os"], notices).unwrap());
        assert_eq!(names(&inventory, "os"), ["localhost"]);
        assert!(!names(&inventory, "all").contains(&"localhost".to_owned()));
    }

    #[test]
    fn loops_are_refused() {
        let mut inventory = inventory();
        let error = inventory.add_child("web", "prod").unwrap_err();
        assert_eq!(error.message, "Adding group 'prod' as child to 'web' creates a recursive dependency loop.");
    }
}
