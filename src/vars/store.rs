//! What all hosts of a run share, and what the run has learned of each.

use super::layers::{read, write};
use super::magic;
use crate::diag::Result;
use crate::inventory::{Inventory, Notice, VarsFiles};
use crate::template::World;
use crate::value::{Dict, Value};
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// The version of ansible-core that rplay behaves as, and says it is.
pub const ANSIBLE_VERSION: &str = "2.19.14";

/// The variables of a run: inventory, extra variables, and what it learns as it goes.
pub struct Store {
    /// Environment, home and vault secrets for templates.
    pub world: World,
    /// `-e`.
    pub extra: Dict,
    /// Magic variables that are the same for all hosts.
    pub fixed: Dict,
    /// Whether facts are variables of their own beside `ansible_facts` (INJECT_FACTS_AS_VARS).
    inject_facts: bool,
    inventory: RwLock<Arc<Inventory>>,
    files: VarsFiles,
    learned: RwLock<HashMap<Arc<str>, Arc<Learned>>>,
    base: RwLock<HashMap<Arc<str>, Arc<Dict>>>,
}

/// What a run has learned of a host.
#[derive(Debug, Default)]
pub struct Learned {
    /// Facts, without `ansible_` before their names, as in `ansible_facts`.
    pub facts: RwLock<Dict>,
    /// `set_fact` and `register`.
    pub vars: RwLock<Dict>,
    /// `include_vars`, which the others win over.
    pub included: RwLock<Dict>,
}

/// What is the same for all hosts of a run and known when it starts.
#[derive(Debug, Default)]
pub struct Fixed {
    /// Whether it runs in check mode.
    pub check: bool,
    /// Whether it runs in diff mode.
    pub diff: bool,
    /// How many hosts at a time.
    pub forks: usize,
    /// The verbosity.
    pub verbosity: u8,
    /// The inventory sources as given.
    pub sources: Vec<String>,
    /// `--limit`.
    pub limit: Option<String>,
    /// `--tags`.
    pub run_tags: Vec<String>,
    /// `--skip-tags`.
    pub skip_tags: Vec<String>,
    /// The ansible.cfg in use.
    pub config_file: Option<String>,
    /// A Python of the controller, if it has one.
    pub python: Option<String>,
}

impl Fixed {
    fn variables(&self) -> Dict {
        let strings = |items: &[String]| Value::list(items.iter().map(|s| Value::str(s.as_str())));
        let mut vars = Dict::from([
            ("ansible_version", magic::version(ANSIBLE_VERSION)),
            ("ansible_check_mode", self.check.into()),
            ("ansible_diff_mode", self.diff.into()),
            ("ansible_forks", self.forks.into()),
            ("ansible_verbosity", i64::from(self.verbosity).into()),
            ("ansible_inventory_sources", strings(&self.sources)),
            ("ansible_run_tags", strings(&self.run_tags)),
            ("ansible_skip_tags", strings(&self.skip_tags)),
            ("ansible_config_file", self.config_file.clone().into()),
        ]);
        if let Some(limit) = &self.limit {
            vars.insert("ansible_limit", limit.as_str());
        }
        if let Some(python) = &self.python {
            vars.insert("ansible_playbook_python", python.as_str());
        }
        vars
    }
}

impl Store {
    /// The variables at the start of a run.
    pub fn new(
        world: World,
        extra: Dict,
        fixed: &Fixed,
        inject_facts: bool,
        inventory: Inventory,
        files: VarsFiles,
    ) -> Self {
        Self {
            world,
            extra,
            fixed: fixed.variables(),
            inject_facts,
            inventory: RwLock::new(Arc::new(inventory)),
            files,
            learned: RwLock::default(),
            base: RwLock::default(),
        }
    }

    /// The inventory as it is now.
    pub fn inventory(&self) -> Arc<Inventory> {
        read(&self.inventory).clone()
    }

    /// Replaces the inventory: a host or group was added, or it was read again.
    pub fn set_inventory(&self, inventory: Inventory) {
        *write(&self.inventory) = Arc::new(inventory);
        write(&self.base).clear();
    }

    /// Says where the playbook is, beside which `group_vars/` and `host_vars/` may be.
    pub fn set_playbook(&self, folder: &str) {
        self.files.set_playbook(&[folder]);
        write(&self.base).clear();
    }

    /// What there was to say of `group_vars/` and `host_vars/` since this was last asked.
    pub fn take_notices(&self) -> Vec<Notice> {
        self.files.take_notices()
    }

    /// What the run has learned of a host.
    pub fn learned(&self, host: &Arc<str>) -> Arc<Learned> {
        if let Some(learned) = read(&self.learned).get(host) {
            return learned.clone();
        }
        write(&self.learned).entry(host.clone()).or_default().clone()
    }

    /// Adds facts of a host; names keep or lose `ansible_` as `ansible_facts` has them.
    pub fn add_facts(&self, host: &Arc<str>, facts: &Dict) {
        let learned = self.learned(host);
        let mut known = write(&learned.facts);
        for (name, value) in facts {
            let name = name.to_text();
            let short = name.strip_prefix("ansible_").filter(|_| name != "ansible_local").unwrap_or(&name);
            known.insert(short, value.clone());
        }
    }

    /// Whether facts of a host are known.
    pub fn has_facts(&self, host: &Arc<str>) -> bool {
        !read(&self.learned(host).facts).is_empty()
    }

    /// Forgets a host's facts (`meta: clear_facts`).
    pub fn clear_facts(&self, host: &Arc<str>) {
        *write(&self.learned(host).facts) = Dict::new();
    }

    /// Sets variables of a host as `set_fact` and `register` do.
    pub fn set_vars(&self, host: &Arc<str>, vars: &Dict) {
        write(&self.learned(host).vars).update(vars);
    }

    /// Sets variables of a host as `include_vars` does.
    pub fn include_vars(&self, host: &Arc<str>, vars: &Dict) {
        write(&self.learned(host).included).update(vars);
    }

    /// A host by its name, with those that are only implied.
    pub fn host_name(&self, name: &str) -> Option<Arc<str>> {
        self.inventory().find(name).map(|host| host.name.clone())
    }

    /// The names of all hosts of the inventory.
    pub fn host_names(&self) -> Vec<Arc<str>> {
        self.inventory().hosts().keys().cloned().collect()
    }

    /// What the inventory, group_vars/ and host_vars/ say of a host, merged once for each host in use.
    pub fn inventory_vars(&self, host: &Arc<str>) -> Result<Arc<Dict>> {
        if let Some(vars) = read(&self.base).get(host) {
            return Ok(vars.clone());
        }
        let vars = Arc::new(self.files.merged(&self.inventory(), host)?);
        write(&self.base).insert(host.clone(), vars.clone());
        Ok(vars)
    }

    /// A fact that is a variable of its own: `ansible_distribution`.
    pub(super) fn fact(&self, learned: &Learned, name: &str) -> Option<Value> {
        if !self.inject_facts {
            return None;
        }
        let facts = read(&learned.facts);
        name.strip_prefix("ansible_").and_then(|short| facts.get(short)).or_else(|| facts.get(name)).cloned()
    }

    /// All facts under the names that they have as variables.
    pub(super) fn injected(&self, learned: &Learned) -> Dict {
        if !self.inject_facts {
            return Dict::new();
        }
        let facts = read(&learned.facts);
        facts.iter().map(|(name, value)| (Value::str(format!("ansible_{}", name.to_text())), value.clone())).collect()
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
