//! The variables of a host, as a template sees them.
//!
//! `get` asks the layers from the highest precedence down; the first that has the name wins.

use super::hostvars::{AllVars, HostVars};
use super::layers::read;
use super::{PlayVars, Store, TaskLayers};
use crate::diag::Result;
use crate::playbook::Task;
use crate::template::{Scope, Var, World};
use crate::value::{Dict, Value};
use indexmap::IndexSet;
use std::sync::Arc;

/// The variables of a host, in a play, for a task; cheap to clone.
#[derive(Clone, Debug)]
pub struct HostScope {
    /// What the whole run shares.
    pub store: Arc<Store>,
    /// What the play brings.
    pub play: Arc<PlayVars>,
    /// The host's inventory name.
    pub host: Arc<str>,
    /// The task; None outside of one, as for `hostvars`.
    pub task: Option<Arc<Task>>,
    /// The layers of the task.
    pub layers: Arc<TaskLayers>,
    /// Above all: the item of a loop and what else lives as long as one run of a task.
    pub overlay: Dict,
}

impl HostScope {
    /// A host's variables outside of any task.
    pub fn new(store: &Arc<Store>, play: &Arc<PlayVars>, host: &Arc<str>) -> Self {
        Self {
            store: store.clone(),
            play: play.clone(),
            host: host.clone(),
            task: None,
            layers: Arc::default(),
            overlay: Dict::new(),
        }
    }

    /// The same host's variables for a task.
    #[must_use]
    pub fn for_task(&self, task: &Arc<Task>, layers: &Arc<TaskLayers>) -> Self {
        Self { task: Some(task.clone()), layers: layers.clone(), ..self.clone() }
    }

    /// The same variables with others above them.
    #[must_use]
    pub fn with(&self, overlay: &Dict) -> Self {
        let mut scope = self.clone();
        scope.overlay.update(overlay);
        scope
    }

    /// Another host's variables in the same play, outside of any task.
    #[must_use]
    pub fn of_host(&self, host: &Arc<str>) -> Self {
        Self::new(&self.store, &self.play, host)
    }

    /// Another host's variables as `hostvars` has them: without what the play brings.
    pub(super) fn outside_of_play(&self, host: &Arc<str>) -> Self {
        let none = PlayVars { basedir: self.play.basedir.clone(), ..PlayVars::default() };
        Self::new(&self.store, &Arc::new(none), host)
    }

    /// The variable as it is written, of whichever layer has it first; magic variables left out.
    fn layered(&self, name: &str) -> Result<Option<Value>> {
        if let Some(value) = self.store.extra.get(name).or_else(|| TaskLayers::find(&self.layers.high, name)) {
            return Ok(Some(value.clone()));
        }
        let learned = self.store.learned(&self.host);
        let set = read(&learned.vars).get(name).cloned().or_else(|| read(&learned.included).get(name).cloned());
        if let Some(value) = set.or_else(|| TaskLayers::find(&self.layers.low, name).cloned()) {
            return Ok(Some(value));
        }
        if let Some(value) = self.of_play(name) {
            return Ok(Some(value));
        }
        if let Some(value) = self.store.fact(&learned, name) {
            return Ok(Some(value));
        }
        if let Some(value) = self.store.inventory_vars(&self.host)?.get(name) {
            return Ok(Some(value.clone()));
        }
        if let Some(value) = TaskLayers::find(&self.layers.defaults, name) {
            return Ok(Some(value.clone()));
        }
        Ok(TaskLayers::find(&read(&self.play.role_defaults), name).cloned())
    }

    fn of_play(&self, name: &str) -> Option<Value> {
        let play = &self.play;
        TaskLayers::find(&read(&play.role_vars), name)
            .cloned()
            .or_else(|| read(&play.files).get(&self.host).and_then(|files| TaskLayers::find(files, name)).cloned())
            .or_else(|| play.prompts.get(name).cloned())
            .or_else(|| play.vars.get(name).cloned())
    }
}

impl Scope for HostScope {
    fn get(&self, name: &str) -> Result<Option<Var>> {
        if let Some(value) = self.overlay.get(name) {
            return Ok(Some(Var::Value(value.clone())));
        }
        match name {
            "hostvars" => return Ok(Some(Var::Map(Arc::new(AllVars::new(self))))),
            "vars" => return Ok(Some(Var::Map(Arc::new(HostVars::current(self))))),
            _ => {}
        }
        if let Some(value) = self.magic(name)? {
            return Ok(Some(Var::Value(value)));
        }
        Ok(self.layered(name)?.map(Var::Value))
    }

    fn names(&self) -> Vec<Arc<str>> {
        let mut names = IndexSet::new();
        let mut add = |dict: &Dict| names.extend(dict.keys().filter_map(|k| k.as_str().map(Arc::<str>::from)));
        let play = &self.play;
        read(&play.role_defaults).iter().for_each(&mut add);
        self.layers.defaults.iter().for_each(&mut add);
        if let Ok(vars) = self.store.inventory_vars(&self.host) {
            add(&vars);
        }
        let learned = self.store.learned(&self.host);
        add(&self.store.injected(&learned));
        add(&play.vars);
        add(&play.prompts);
        read(&play.files).get(&self.host).into_iter().flatten().for_each(&mut add);
        read(&play.role_vars).iter().for_each(&mut add);
        self.layers.low.iter().for_each(&mut add);
        add(&read(&learned.included));
        add(&read(&learned.vars));
        self.layers.high.iter().for_each(&mut add);
        add(&self.store.extra);
        add(&self.overlay);
        names.extend(self.magic_names());
        names.into_iter().collect()
    }

    fn search_paths(&self) -> Vec<String> {
        let mut paths = self.task.as_ref().map(|task| task.search_path()).unwrap_or_default();
        if !paths.contains(&self.play.basedir) {
            paths.push(self.play.basedir.clone());
        }
        paths
    }

    fn action(&self) -> Option<String> {
        self.task.as_ref().map(|task| task.action.as_str().to_owned())
    }

    fn world(&self) -> &World {
        &self.store.world
    }
}
