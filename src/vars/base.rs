//! What the inventory and the files beside it say of a host, in one dictionary.
//!
//! From low to high, as `VARIABLE_PRECEDENCE` has it by default: the group `all` of the inventory and of
//! `group_vars/`, then the other groups, then the host itself and `host_vars/`; within each, files beside
//! the inventory before those beside the playbook.

use super::layers::read;
use crate::diag::Result;
use crate::inventory::{Inventory, VarsFiles, combine};
use crate::value::Dict;
use std::sync::{Arc, RwLock};

/// The folders in which `group_vars/` and `host_vars/` are.
#[derive(Debug, Default)]
pub struct Folders {
    /// Beside each inventory source.
    pub inventory: Vec<VarsFiles>,
    /// Beside the playbook.
    pub playbook: RwLock<Option<Arc<VarsFiles>>>,
}

impl Folders {
    /// The variables of a host.
    pub fn merged(&self, inventory: &Inventory, name: &str) -> Result<Dict> {
        let merge = inventory.rules().merge;
        let mut vars = Dict::new();
        let mut add = |layer: &Dict| {
            if !layer.is_empty() {
                vars = combine(&vars, layer, merge);
            }
        };
        let playbook = read(&self.playbook).clone();
        let Some(host) = inventory.find(name) else { return Ok(vars) };
        let groups = inventory.groups_of(&host);
        let (all, others): (Vec<_>, Vec<_>) = groups.iter().partition(|group| &*group.name == "all");
        let beside = |name: &str| -> Result<(Vec<Arc<Dict>>, Option<Arc<Dict>>)> {
            let inventory = self.inventory.iter().map(|files| files.group(name)).collect::<Result<Vec<_>>>()?;
            Ok((inventory, playbook.as_ref().map(|files| files.group(name)).transpose()?))
        };
        all.iter().for_each(|group| add(&group.vars));
        others.iter().for_each(|group| add(&group.vars));
        for set in [&all, &others] {
            let mut later = Vec::new();
            for group in set {
                let (inventory, playbook) = beside(&group.name)?;
                inventory.iter().for_each(|files| add(files));
                later.extend(playbook);
            }
            later.iter().for_each(|files| add(files));
        }
        add(&host.vars);
        for files in &self.inventory {
            add(&*files.host(name)?);
        }
        if let Some(files) = &playbook {
            add(&*files.host(name)?);
        }
        Ok(vars)
    }
}
