//! The layers of variables that a play and a task bring, put in order once and shared by all hosts.

use crate::playbook::{Play, Role, Task};
use crate::value::{Dict, Value};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, RwLock};

/// What a play gives to its hosts' variables.
#[derive(Debug, Default)]
pub struct PlayVars {
    /// The rendered name.
    pub name: String,
    /// The folder of the playbook.
    pub basedir: String,
    /// `vars` of the play.
    pub vars: Dict,
    /// Answers to `vars_prompt`.
    pub prompts: Dict,
    /// The contents of `vars_files` for each host, the last file first.
    pub files: RwLock<HashMap<Arc<str>, Vec<Dict>>>,
    /// `vars/` of the roles of the play, the last role first.
    pub role_vars: RwLock<Vec<Dict>>,
    /// `defaults/` of the roles of the play, the last role first.
    pub role_defaults: RwLock<Vec<Dict>>,
    /// The names of the roles of the play.
    pub role_names: RwLock<Vec<String>>,
    /// The names of the roles they depend on.
    pub dependent_role_names: Vec<String>,
    /// All hosts of the play that matched, then those that it added.
    pub hosts_all: RwLock<Vec<Arc<str>>>,
    /// The hosts of this batch that matched.
    pub batch: RwLock<Vec<Arc<str>>>,
    /// The hosts that the play goes on without.
    pub removed: RwLock<HashSet<Arc<str>>>,
}

impl PlayVars {
    /// The layers of a play with its roles.
    ///
    /// `basedir` is the folder of the playbook named on the command line, whichever file the play is in.
    pub fn new(play: &Play, basedir: &str) -> Self {
        let mut vars = Self { basedir: basedir.to_owned(), vars: play.common().vars.clone(), ..Self::default() };
        for used in &play.roles {
            vars.dependent_role_names.extend(used.role.all_dependencies().iter().map(|dep| dep.full_name()));
        }
        for used in play.all_roles() {
            vars.add_role(&used.role, used.role.data.public);
        }
        vars
    }

    /// Whether these are the variables of no play.
    pub(super) fn is_none(&self) -> bool {
        self.name.is_empty()
    }

    /// Says which hosts the play is for: all that matched, and those of them that earlier plays left.
    pub fn set_hosts(&self, all: &[Arc<str>], left: &[Arc<str>]) {
        *write(&self.hosts_all) = all.to_vec();
        *write(&self.batch) = left.to_vec();
    }

    /// Says which hosts the batch has, and which of all are lost already.
    pub fn set_batch(&self, batch: &[Arc<str>], lost: impl IntoIterator<Item = Arc<str>>) {
        *write(&self.removed) = lost.into_iter().collect();
        *write(&self.batch) = batch.to_vec();
    }

    /// Says that the play goes on without a host, which `ansible_play_hosts` then lacks.
    pub fn remove(&self, host: &Arc<str>) {
        write(&self.removed).insert(host.clone());
    }

    /// The hosts that the play has gone on without.
    pub fn removed(&self) -> HashSet<Arc<str>> {
        read(&self.removed).clone()
    }

    /// Says which those are, where a task is taken back.
    pub fn set_removed(&self, hosts: HashSet<Arc<str>>) {
        *write(&self.removed) = hosts;
    }

    /// All hosts of the play that matched.
    pub fn all_hosts(&self) -> Vec<Arc<str>> {
        read(&self.hosts_all).clone()
    }

    /// Says which hosts the play's patterns match by now.
    pub fn set_all_hosts(&self, all: Vec<Arc<str>>) {
        *write(&self.hosts_all) = all;
    }

    /// A host that the play added counts as one of its own until the patterns are matched again, though no task runs on it.
    pub fn add_host(&self, name: &str) {
        let mut all = write(&self.hosts_all);
        if !all.iter().any(|host| **host == *name) {
            all.push(name.into());
        }
    }

    /// Those of the hosts that the play has not gone on without.
    pub(super) fn present(&self, hosts: &RwLock<Vec<Arc<str>>>) -> Vec<Arc<str>> {
        let removed = read(&self.removed);
        read(hosts).iter().filter(|host| !removed.contains(*host)).cloned().collect()
    }

    /// Forgets the `vars_files` of a host.
    pub fn clear_files(&self, host: &Arc<str>) {
        write(&self.files).remove(host);
    }

    /// Adds a file of `vars_files` for a host; a later one wins.
    pub fn add_file(&self, host: &Arc<str>, file: Dict) {
        write(&self.files).entry(host.clone()).or_default().insert(0, file);
    }

    /// Makes a role's variables seen by the whole play, where it is public, and its name in any case.
    pub fn add_role(&self, role: &Role, public: bool) {
        write(&self.role_names).push(role.full_name());
        if public {
            let layers = role.exported_layers();
            write(&self.role_vars).splice(0..0, layers.into_iter().rev().cloned());
            let layers = role.default_layers();
            write(&self.role_defaults).splice(0..0, layers.into_iter().rev().cloned());
        }
    }
}

/// The layers of a task, each the highest first.
#[derive(Debug, Default)]
pub struct TaskLayers {
    /// Includes' variables and role parameters, above what the run has learned.
    pub high: Vec<Dict>,
    /// The task's, its blocks' and its role's variables, below what the run has learned.
    pub low: Vec<Dict>,
    /// The defaults of its role.
    pub defaults: Vec<Dict>,
}

impl TaskLayers {
    /// The layers of a task.
    pub fn new(task: &Task) -> Self {
        let mut layers = Self::default();
        let down = |layers: Vec<&Dict>| layers.into_iter().rev().filter(|d| !d.is_empty()).cloned().collect::<Vec<_>>();
        layers.high = down(task.include_layers());
        layers.low = down(task.var_layers());
        if let Some(role) = &task.role {
            layers.high.extend(down(role.parents.iter().map(|p| &p.params).chain([&role.data.params]).collect()));
            layers.low.extend(down(role.var_layers()));
            layers.defaults = down(role.default_layers());
        }
        layers
    }

    /// The first layer's value under a name.
    pub fn find<'a>(layers: &'a [Dict], name: &str) -> Option<&'a Value> {
        layers.iter().find_map(|layer| layer.get(name))
    }
}

/// Locks for writing; a lock poisoned by a panic elsewhere still holds whole values.
pub(super) fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Locks for reading; a lock poisoned by a panic elsewhere still holds whole values.
pub(super) fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}
