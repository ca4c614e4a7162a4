//! A group of the inventory.

use crate::value::Dict;
use indexmap::IndexSet;
use std::sync::Arc;

/// A group with the variables that its inventory sources give it.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: Arc<str>,
    /// The longest way down to it from a group without parents.
    pub depth: u32,
    /// `ansible_group_priority`: among groups of one depth the greater comes later and wins.
    pub priority: i64,
    /// The variables of inventory sources; group_vars folders are not among them.
    pub vars: Dict,
    /// The groups directly above it.
    pub parents: IndexSet<Arc<str>>,
    /// The groups directly in it.
    pub children: IndexSet<Arc<str>>,
    /// The names of the hosts directly in it.
    pub hosts: IndexSet<Arc<str>>,
}

impl Group {
    /// A group without members.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            depth: 0,
            priority: 1,
            vars: Dict::new(),
            parents: IndexSet::new(),
            children: IndexSet::new(),
            hosts: IndexSet::new(),
        }
    }

    /// What groups are sorted by: those that come later win.
    pub fn rank(&self) -> (u32, i64, &str) {
        (self.depth, self.priority, &self.name)
    }
}
