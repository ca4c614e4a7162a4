//! What all hosts of a run share, and what the run has learned of each.

use super::cache::FactCache;
use super::layers::{read, write};
use super::magic;
use super::restricted::is_restricted;
use crate::diag::Result;
use crate::inventory::{Inventory, Notice, VarsFiles};
use crate::template::World;
use crate::value::{Dict, Value};
use foldhash::HashMap;
use std::collections::BTreeSet;
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
    /// Whether dictionaries of several layers are merged.
    merge: bool,
    inventory: RwLock<Arc<Inventory>>,
    files: VarsFiles,
    learned: RwLock<HashMap<Arc<str>, Arc<Learned>>>,
    base: RwLock<HashMap<Arc<str>, Arc<Dict>>>,
    cache: Option<FactCache>,
    cache_notices: RwLock<Vec<Notice>>,
}

/// The fact that says that facts were gathered, as `gathering = smart` asks.
pub const GATHERED: &str = "_ansible_facts_gathered";

/// What a run has learned of a host.
#[derive(Debug, Default)]
pub struct Learned {
    /// Facts.
    pub facts: RwLock<Facts>,
    /// `set_fact` and `register`.
    pub vars: RwLock<Dict>,
    /// `include_vars`, which the others win over.
    pub included: RwLock<Dict>,
}

/// The facts of a host.
#[derive(Debug, Default)]
pub struct Facts {
    /// Without `ansible_` before their names, as in `ansible_facts`.
    pub shown: Dict,
    /// Those that have the same name as variables, without `ansible_`.
    bare: BTreeSet<String>,
}

impl Facts {
    /// Adds facts under the names that they have as variables.
    fn add(&mut self, facts: &Dict) {
        for (name, value) in facts {
            let name = name.to_text();
            match name.strip_prefix("ansible_").filter(|_| name != "ansible_local") {
                Some(short) => {
                    self.bare.remove(short);
                    self.shown.insert(short, value.clone());
                }
                None => {
                    self.shown.insert(name.as_str(), value.clone());
                    self.bare.insert(name);
                }
            }
        }
    }

    /// A fact by the name that it has as a variable.
    fn variable(&self, name: &str) -> Option<&Value> {
        if self.bare.contains(name) {
            return self.shown.get(name);
        }
        name.strip_prefix("ansible_")
            .filter(|short| !self.bare.contains(*short))
            .and_then(|short| self.shown.get(short))
    }

    /// All facts under the names that they have as variables.
    fn variables(&self) -> Dict {
        let named = |name: &Value| match name.as_str() {
            Some(bare) if self.bare.contains(bare) => name.clone(),
            _ => Value::str(format!("ansible_{}", name.to_text())),
        };
        self.shown.iter().map(|(name, value)| (named(name), value.clone())).collect()
    }
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
            merge: false,
            inventory: RwLock::new(Arc::new(inventory)),
            files,
            learned: RwLock::default(),
            base: RwLock::default(),
            cache: None,
            cache_notices: RwLock::default(),
        }
    }

    /// The same, where dictionaries of several layers are merged (`hash_behaviour = merge`).
    #[must_use]
    pub fn with_merging(mut self, merge: bool) -> Self {
        self.merge = merge;
        self
    }

    /// Whether dictionaries of several layers are merged.
    pub(super) fn merges(&self) -> bool {
        self.merge
    }

    /// The same with facts that outlive the run.
    #[must_use]
    pub fn with_cache(mut self, cache: Option<FactCache>) -> Self {
        self.cache = cache;
        self
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

    /// What there was to say of `group_vars/`, `host_vars/` and the fact cache since this was last asked.
    pub fn take_notices(&self) -> Vec<Notice> {
        let mut notices = self.files.take_notices();
        if self.cache.is_some() {
            notices.append(&mut write(&self.cache_notices));
        }
        notices
    }

    /// What the run has learned of a host.
    pub fn learned(&self, host: &Arc<str>) -> Arc<Learned> {
        if let Some(learned) = read(&self.learned).get(host) {
            return learned.clone();
        }
        // Read before the lock is taken; where two do so at once, the first one's counts.
        let learned = Arc::new(self.remembered(host));
        write(&self.learned).entry(host.clone()).or_insert(learned).clone()
    }

    /// What the fact cache knows of a host.
    fn remembered(&self, host: &str) -> Learned {
        let learned = Learned::default();
        match self.cache.as_ref().map(|cache| cache.load(host)) {
            Some(Ok(Some(facts))) => write(&learned.facts).add(&facts),
            Some(Err(text)) => write(&self.cache_notices).push(Notice::Warning(text)),
            Some(Ok(None)) | None => {}
        }
        learned
    }

    /// Adds facts of a host; names keep or lose `ansible_` as `ansible_facts` has them.
    pub fn add_facts(&self, host: &Arc<str>, facts: &Dict) {
        let learned = self.learned(host);
        let mut known = write(&learned.facts);
        known.add(facts);
        if let Some(cache) = &self.cache
            && let Err(text) = cache.save(host, &known.variables())
        {
            write(&self.cache_notices).push(Notice::Warning(text));
        }
    }

    /// Whether facts of a host were gathered, in this run or one that the fact cache remembers.
    pub fn has_facts(&self, host: &Arc<str>) -> bool {
        read(&self.learned(host).facts).shown.get(GATHERED).is_some_and(Value::truthy)
    }

    /// Forgets a host's facts (`meta: clear_facts`, `--flush-cache`).
    pub fn clear_facts(&self, host: &Arc<str>) {
        if let Some(cache) = &self.cache {
            cache.delete(host);
        }
        *write(&self.learned(host).facts) = Facts::default();
    }

    /// Sets variables of a host as `set_fact` and `register` do.
    pub fn set_vars(&self, host: &Arc<str>, vars: &Dict) {
        write(&self.learned(host).vars).update(vars);
    }

    /// Sets variables of a host as `include_vars` does.
    pub fn include_vars(&self, host: &Arc<str>, vars: &Dict) {
        let learned = self.learned(host);
        let mut included = write(&learned.included);
        if self.merge {
            let merged = crate::inventory::combine(&included, vars, true);
            *included = merged;
        } else {
            included.update(vars);
        }
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
        // Outside of any host.
        if host.is_empty() {
            return Ok(Arc::default());
        }
        if let Some(vars) = read(&self.base).get(host) {
            return Ok(vars.clone());
        }
        let vars = Arc::new(self.files.merged(&self.inventory(), host)?);
        write(&self.base).insert(host.clone(), vars.clone());
        Ok(vars)
    }

    /// A fact that is a variable of its own: `ansible_distribution`.
    pub(super) fn fact(&self, learned: &Learned, name: &str) -> Option<Value> {
        if !self.inject_facts || is_restricted(name) {
            return None;
        }
        read(&learned.facts).variable(name).cloned()
    }

    /// All facts under the names that they have as variables.
    pub(super) fn injected(&self, learned: &Learned) -> Dict {
        if !self.inject_facts {
            return Dict::new();
        }
        let mut facts = read(&learned.facts).variables();
        facts.retain(|name, _| !name.as_str().is_some_and(is_restricted));
        facts
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
