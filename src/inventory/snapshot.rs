//! The inventory as one value, and what can be asked of it.
//!
//! Invariant: group and host name each other (`group.hosts`, `host.groups`; `parents`, `children`), and
//! the groups `all` and `ungrouped` exist. Changes are in `change.rs`.

use super::{Group, Host, LOCALHOST};
use crate::value::{Dict, Value};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A snapshot of hosts and groups; a clone is a reference.
#[derive(Clone, Debug)]
pub struct Inventory(pub(super) Arc<Data>);

/// How names and variables are taken in; from the settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// What happens with characters of group names that no variable may have.
    pub transform: Transform,
    /// Whether dicts are merged where a variable is set twice (`hash_behaviour = merge`).
    pub merge: bool,
}

/// The setting `TRANSFORM_INVALID_GROUP_CHARS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transform {
    /// Keep them, with a warning.
    #[default]
    Never,
    /// Keep them.
    Ignore,
    /// Replace them with `_`, with a warning.
    Always,
    /// Replace them with `_`.
    Silently,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Data {
    pub hosts: IndexMap<Arc<str>, Arc<Host>>,
    pub groups: IndexMap<Arc<str>, Arc<Group>>,
    /// The first host that a source gave one of the names of localhost.
    pub localhost: Option<Arc<str>>,
    /// The localhost that no source names, once it is a member of a group.
    pub implicit: Option<Arc<Host>>,
    /// The controller's Python, where it has one: that of the implicit localhost.
    pub python: Option<Arc<str>>,
    pub rules: Rules,
    pub cache: Cache,
}

type Members = Arc<[Arc<Host>]>;

/// What was asked before; a changed copy starts without.
#[derive(Debug, Default)]
pub(super) struct Cache {
    members: Mutex<HashMap<Arc<str>, Members>>,
    dict: OnceLock<Dict>,
}

impl Clone for Cache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Default for Inventory {
    fn default() -> Self {
        Self::new(Rules::default())
    }
}

impl Inventory {
    /// An inventory with the groups `all` and `ungrouped` alone.
    pub fn new(rules: Rules) -> Self {
        let mut all = Group::new("all");
        let mut ungrouped = Group::new("ungrouped");
        all.children.insert(ungrouped.name.clone());
        ungrouped.parents.insert(all.name.clone());
        ungrouped.depth = 1;
        let groups = [all, ungrouped].into_iter().map(|g| (g.name.clone(), Arc::new(g))).collect();
        Self(Arc::new(Data { groups, rules, ..Data::default() }))
    }

    /// The hosts that sources name, in their order.
    pub fn hosts(&self) -> &IndexMap<Arc<str>, Arc<Host>> {
        &self.0.hosts
    }

    /// The groups, in their order; `all` and `ungrouped` are the first.
    pub fn groups(&self) -> &IndexMap<Arc<str>, Arc<Group>> {
        &self.0.groups
    }

    /// A host that a source names.
    pub fn host(&self, name: &str) -> Option<&Arc<Host>> {
        self.0.hosts.get(name)
    }

    /// A group.
    pub fn group(&self, name: &str) -> Option<&Arc<Group>> {
        self.0.groups.get(name)
    }

    /// A host by its name, where `localhost`, `127.0.0.1` and `::1` always are one.
    pub fn find(&self, name: &str) -> Option<Arc<Host>> {
        let known = self.host(name).cloned();
        known.or_else(|| LOCALHOST.contains(&name).then(|| self.localhost_as(name)))
    }

    fn localhost_as(&self, name: &str) -> Arc<Host> {
        let named = self.0.localhost.as_ref().and_then(|name| self.host(name));
        let known = named.or(self.0.implicit.as_ref()).cloned();
        known.unwrap_or_else(|| Arc::new(Host::implicit(name, self.0.python.as_ref())))
    }

    /// The groups of a host in the order in which their variables are merged: `all` first, then by
    /// depth, priority and name.
    pub fn groups_of(&self, host: &Host) -> Vec<Arc<Group>> {
        self.above(host, Some("all"))
    }

    /// The same while sources are read: without `all` where nothing has put the host below it yet.
    pub(super) fn groups_so_far(&self, host: &Host) -> Vec<Arc<Group>> {
        self.above(host, None)
    }

    fn above(&self, host: &Host, also: Option<&str>) -> Vec<Arc<Group>> {
        let mut seen: HashSet<&str> = HashSet::new();
        let mut found: Vec<&Arc<Group>> = Vec::new();
        let mut next: Vec<&str> = host.groups.iter().map(|g| &**g).collect();
        next.extend(also);
        while let Some(name) = next.pop() {
            if let Some(group) = self.group(name).filter(|_| seen.insert(name)) {
                found.push(group);
                next.extend(group.parents.iter().map(|p| &**p));
            }
        }
        found.sort_by(|a, b| a.rank().cmp(&b.rank()));
        found.into_iter().cloned().collect()
    }

    /// The variable `group_names`: the groups of a host but `all`, sorted.
    pub fn group_names(&self, host: &Host) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> =
            self.groups_of(host).iter().map(|g| g.name.clone()).filter(|name| &**name != "all").collect();
        names.sort();
        names
    }

    /// All hosts of a group, in it and in the groups below it, level by level; none for an unknown name.
    pub fn members(&self, group: &str) -> Arc<[Arc<Host>]> {
        let mut cache = self.0.cache.members.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cache.get(group) {
            return known.clone();
        }
        let members: Arc<[Arc<Host>]> = self.collect_members(group).into();
        cache.insert(group.into(), members.clone());
        members
    }

    fn collect_members(&self, group: &str) -> Vec<Arc<Host>> {
        let mut hosts = Vec::new();
        let mut seen: HashSet<&str> = HashSet::new();
        for below in self.below(group) {
            for name in below.hosts.iter().filter(|name| seen.insert(name)) {
                let implicit = || self.0.implicit.as_ref().filter(|host| host.name == *name && group != "all");
                hosts.extend(self.host(name).or_else(implicit).cloned());
            }
        }
        hosts
    }

    /// A group and all groups below it, level by level.
    pub fn below(&self, group: &str) -> Vec<&Arc<Group>> {
        let mut found: IndexMap<&str, &Arc<Group>> = IndexMap::new();
        let mut level: Vec<&Arc<Group>> = self.group(group).into_iter().collect();
        while !level.is_empty() {
            let fresh: Vec<_> = level.into_iter().filter(|g| found.insert(&g.name, g).is_none()).collect();
            level = fresh.iter().flat_map(|g| &g.children).filter_map(|child| self.group(child)).collect();
        }
        found.into_values().collect()
    }

    /// The variable `groups`: every group's name with the names of all its hosts.
    pub fn groups_dict(&self) -> &Dict {
        self.0.cache.dict.get_or_init(|| {
            let names = |group: &str| Value::list(self.members(group).iter().map(|h| Value::from(h.name.clone())));
            self.groups().keys().map(|group| (Value::from(group.clone()), names(group))).collect()
        })
    }

    /// How names and variables are taken in.
    pub fn rules(&self) -> Rules {
        self.0.rules
    }
}
