//! All group_vars and host_vars of a run, and their place among the variables of the inventory.
//!
//! The order is that of the setting `VARIABLE_PRECEDENCE`; above all groups stand the host's own
//! variables: the inventory's, then host_vars beside the sources, then beside the playbook.

use super::{Host, Inventory, Notice, VarsFolder, combine};
use crate::config::Config;
use crate::diag::Result;
use crate::value::Dict;
use crate::vault::Secrets;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// The folders with variables beside the inventory sources and beside the playbook.
#[derive(Debug)]
pub struct VarsFiles {
    config: Config,
    secrets: Secrets,
    sources: Vec<VarsFolder>,
    playbook: RwLock<Arc<Vec<VarsFolder>>>,
}

impl VarsFiles {
    /// Those beside the inventory sources.
    pub fn new(sources: &[String], config: &Config, secrets: &Secrets) -> Self {
        let sources = if are_read(config) { sources } else { &[] };
        let folders = sources.iter().filter_map(|source| folder_of(source));
        let sources = folders.map(|folder| VarsFolder::new(&folder, config, secrets)).collect();
        Self { config: config.clone(), secrets: secrets.clone(), sources, playbook: RwLock::default() }
    }

    /// Takes a playbook's folders instead of those of the one before; later ones win.
    pub fn set_playbook(&self, folders: &[&str]) {
        let folders = if are_read(&self.config) { folders } else { &[] };
        let new = folders.iter().map(|folder| VarsFolder::new(folder, &self.config, &self.secrets)).collect();
        *self.playbook.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
    }

    /// The folders beside the inventory sources, in the order of the sources.
    pub fn sources(&self) -> &[VarsFolder] {
        &self.sources
    }

    /// The folders beside the playbook.
    pub fn playbook(&self) -> Arc<Vec<VarsFolder>> {
        self.playbook.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What inventory sources, group_vars and host_vars say of a host, merged; unknown hosts have what `all` has.
    pub fn merged(&self, inventory: &Inventory, host: &str) -> Result<Dict> {
        let host = inventory.find(host).unwrap_or_else(|| Arc::new(Host::new(host)));
        let merge = inventory.rules().merge;
        let playbook = self.playbook();
        let groups = inventory.groups_of(&host);
        let (all, others): (Vec<_>, Vec<_>) = groups.iter().partition(|group| &*group.name == "all");
        let mut vars = Dict::new();
        let mut add = |new: &Dict| vars = combine(&vars, new, merge);
        for layer in self.config.settings.list("VARIABLE_PRECEDENCE") {
            let groups = if layer.starts_with("all_") { &all } else { &others };
            let folders = match layer {
                "all_inventory" | "groups_inventory" => {
                    groups.iter().for_each(|group| add(&group.vars));
                    continue;
                }
                "all_plugins_inventory" | "groups_plugins_inventory" => &self.sources,
                "all_plugins_play" | "groups_plugins_play" => &*playbook,
                _ => continue,
            };
            for folder in folders {
                for group in groups {
                    add(&*folder.group(&group.name)?);
                }
            }
        }
        add(&host.vars);
        for folder in self.sources.iter().chain(playbook.iter()) {
            add(&*folder.host(&host.name)?);
        }
        Ok(vars)
    }

    /// What there was to say since this was last asked.
    pub fn take_notices(&self) -> Vec<Notice> {
        let playbook = self.playbook();
        self.sources.iter().chain(playbook.iter()).flat_map(VarsFolder::take_notices).collect()
    }
}

/// Whether group_vars and host_vars are read: their plugin is one of those that are enabled.
fn are_read(config: &Config) -> bool {
    let enabled = config.settings.list("VARIABLE_PLUGINS_ENABLED");
    enabled.iter().any(|name| name.strip_prefix("ansible.builtin.").unwrap_or(name) == "host_group_vars")
}

/// Where the variables of a source are: beside it, or in it where it is a folder; a list of hosts has none.
fn folder_of(source: &str) -> Option<String> {
    let path = Path::new(source);
    if source.is_empty() || (source.contains(',') && !path.exists()) {
        return None;
    }
    let folder = if path.is_dir() { path } else { path.parent()? };
    Some(folder.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{NewHost, Reader};

    #[test]
    fn precedence_as_documented() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().to_string_lossy().into_owned();
        // Every layer sets the variables of those from itself on upward.
        let layers = [
            (
                "inv/hosts",
                "[g]\nh\n[all:vars]\na=1\nb=1\nc=1\nd=1\ne=1\nf=1\ni=1\n[g:vars]\nb=2\nc=2\nd=2\ne=2\nf=2\ni=2\n",
            ),
            ("inv/group_vars/all", "c: 3\nd: 3\ne: 3\nf: 3\ni: 3"),
            ("play/group_vars/all.yml", "d: 4\ne: 4\nf: 4\ni: 4"),
            ("inv/group_vars/g.yml", "e: 5\nf: 5\ni: 5"),
            ("play/group_vars/g.yml", "f: 6\ni: 6"),
            ("inv/host_vars/h", "i: 7"),
        ];
        for (path, text) in layers {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let config = Config::default();
        let (secrets, notices) = (Secrets::default(), &mut Vec::new());
        let loaded = Reader::new(&config, secrets.clone(), vec![format!("{base}/inv/hosts")]).load(notices).unwrap();
        let files = VarsFiles::new(&loaded.sources, &config, &secrets);
        files.set_playbook(&[&format!("{base}/play")]);
        let vars = files.merged(&loaded.inventory, "h").unwrap();
        let got: Vec<i64> =
            ["a", "b", "c", "d", "e", "f", "i"].iter().map(|n| vars.get(n).unwrap().as_int().unwrap()).collect();
        assert_eq!(got, [1, 2, 3, 4, 5, 6, 7]);
        let local = files.merged(&loaded.inventory, "localhost").unwrap();
        assert_eq!(local.get("d").unwrap().as_int(), Some(4));
        assert_eq!(local.get("ansible_connection").unwrap().as_str(), Some("local"));
    }

    #[test]
    fn ten_thousand_hosts() {
        let mut inventory = Inventory::default();
        let notices = &mut Vec::new();
        inventory.add_group("g", notices).unwrap();
        for i in 0..10_000 {
            inventory.add_host(&format!("h{i}"), Some("g"), NewHost::default(), notices).unwrap();
        }
        inventory.reconcile(notices).unwrap();
        assert_eq!(inventory.members("all").len(), 10_000);
    }
}
