//! The variables of a host, as a template sees them.
//!
//! `get` asks the layers from the highest precedence down; the first that has the name wins.

use super::hostvars::{AllVars, DelegatedVars, HostVars};
use super::layers::read;
use super::store::Learned;
use super::{PlayVars, Store, TaskLayers};
use crate::diag::{Remarks, Result};
use crate::inventory::combine;
use crate::inventory::{Mismatch, Notice};
use crate::playbook::Task;
use crate::template::{Scope, Var, World};
use crate::value::{Dict, Value};
use indexmap::IndexSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The variables of a host, in a play, for a task; cheap to clone.
#[derive(Clone, Debug)]
pub struct HostScope {
    /// What the whole run shares.
    pub store: Arc<Store>,
    /// What the play brings.
    pub play: Arc<PlayVars>,
    /// The host's inventory name.
    pub host: Arc<str>,
    /// What the run has learned of the host, once somebody asked: its cached facts are read then.
    learned: OnceLock<Arc<Learned>>,
    /// The task; None outside of one, as for `hostvars`.
    pub task: Option<Arc<Task>>,
    /// The layers of the task.
    pub layers: Arc<TaskLayers>,
    /// How the task reaches its host, once it runs.
    pub reached: Option<Arc<Reached>>,
    /// Above all: the item of a loop and what else lives as long as one run of a task.
    pub overlay: Dict,
    /// Where what renderings say is kept for the result; None leaves it to the templar.
    pub remarks: Option<Arc<Remarks>>,
    /// A variable of which it is to be known whether it was read from below the overlay.
    pub watched: Option<Arc<Watched>>,
}

/// Notices whether a variable is read.
#[derive(Debug)]
pub struct Watched {
    name: String,
    read: AtomicBool,
}

impl Watched {
    /// Watches a variable.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), read: AtomicBool::new(false) }
    }

    /// Whether it was read, or all variables were.
    pub fn was_read(&self) -> bool {
        self.read.load(Ordering::Relaxed)
    }

    fn notice(&self, name: &str) {
        if name == self.name || matches!(name, "hostvars" | "vars") {
            self.notice_all();
        }
    }

    fn notice_all(&self) {
        self.read.store(true, Ordering::Relaxed);
    }
}

impl HostScope {
    /// A host's variables outside of any task.
    pub fn new(store: &Arc<Store>, play: &Arc<PlayVars>, host: &Arc<str>) -> Self {
        Self {
            store: store.clone(),
            play: play.clone(),
            host: host.clone(),
            learned: OnceLock::new(),
            task: None,
            layers: Arc::default(),
            reached: None,
            overlay: Dict::new(),
            remarks: None,
            watched: None,
        }
    }

    /// The variables of a play outside of any host: no inventory name, no inventory variables, no facts.
    pub fn of_nobody(store: &Arc<Store>, play: &Arc<PlayVars>) -> Self {
        Self::new(store, play, &Arc::from(""))
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

    /// The same variables without those that only say how the running task reaches its host.
    #[must_use]
    pub fn as_written(&self) -> Self {
        Self { reached: None, ..self.clone() }
    }

    /// Another host's variables in the same play and task.
    #[must_use]
    pub(super) fn for_host(&self, host: &Arc<str>) -> Self {
        Self { host: host.clone(), learned: OnceLock::new(), reached: None, ..self.clone() }
    }

    /// The variables of the host that the task is delegated to: the task's own are among them, those of its loop are not.
    #[must_use]
    pub fn delegated_to(&self, host: &Arc<str>) -> Self {
        Self { overlay: Dict::new(), ..self.for_host(host) }
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

    /// What the run has learned of the host so far, and goes on learning.
    pub(super) fn learned(&self) -> &Learned {
        self.learned.get_or_init(|| self.store.learned(&self.host))
    }

    /// A variable that is no magic one, such as those of connections, as it is written.
    pub fn plain(&self, name: &str) -> Result<Option<Value>> {
        if let Some(watched) = &self.watched {
            watched.notice(name);
        }
        match self.overlay.get(name) {
            Some(value) => Ok(Some(value.clone())),
            None => self.layered(name),
        }
    }

    /// The variable as it is written, magic variables left out: of the highest layer that has it, or,
    /// where dictionaries are merged (`hash_behaviour`), of all layers down to the first that has no dictionary.
    fn layered(&self, name: &str) -> Result<Option<Value>> {
        let mut found: Vec<Value> = Vec::new();
        let merge = self.store.merges();
        self.visit(name, &mut |value| {
            let go_on = merge && matches!(value, Value::Dict(_));
            if found.is_empty() || matches!(value, Value::Dict(_)) {
                found.push(value.clone());
            }
            if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let Some(lowest) = found.pop() else { return Ok(None) };
        Ok(Some(found.into_iter().rev().fold(lowest, |low, high| match (low, high) {
            (Value::Dict(low), Value::Dict(high)) => combine(&low, &high, true).into(),
            (_, high) => high,
        })))
    }

    /// Shows a variable of each layer, the highest precedence first, until it is enough.
    fn visit(&self, name: &str, enough: &mut dyn FnMut(&Value) -> ControlFlow<()>) -> Result<()> {
        // What is enough ends the search, whichever layer it comes from.
        let mut each = |values: &mut dyn Iterator<Item = &Value>| {
            for value in values {
                if enough(value).is_break() {
                    return true;
                }
            }
            false
        };
        fn named<'a>(layers: &'a [Dict], name: &'a str) -> impl Iterator<Item = &'a Value> {
            layers.iter().filter_map(move |layer| layer.get(name))
        }
        let (learned, play) = (self.learned(), &self.play);
        let found = each(&mut self.store.extra.get(name).into_iter())
            || each(&mut named(&self.layers.high, name))
            || each(&mut read(&learned.vars).get(name).into_iter())
            || each(&mut read(&learned.included).get(name).into_iter())
            || each(&mut named(&self.layers.low, name))
            || each(&mut named(&read(&play.role_vars), name))
            || each(&mut read(&play.files).get(&self.host).into_iter().flat_map(|files| named(files, name)))
            || each(&mut play.prompts.get(name).into_iter())
            || each(&mut play.vars.get(name).into_iter())
            || each(&mut self.store.fact(learned, name).iter())
            || each(&mut self.store.inventory_vars(&self.host)?.get(name).into_iter())
            || each(&mut named(&self.layers.defaults, name));
        if !found {
            each(&mut named(&read(&play.role_defaults), name));
        }
        Ok(())
    }
}

/// What keywords and options say of the connection of a running task.
///
/// ansible-core gives a running task connection variables that nothing sets, from these: `ansible_host` is
/// always there.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    /// The host that the task is delegated to.
    pub delegated: Option<String>,
    /// The user to log in as.
    pub user: Option<String>,
    /// The connection plugin.
    pub connection: Option<String>,
    /// The private key.
    pub private_key_file: Option<String>,
}

impl HostScope {
    /// A connection variable that nothing sets; None outside of a running task.
    fn connection_variable(&self, name: &str) -> Result<Option<Value>> {
        let Some(reached) = &self.reached else { return Ok(None) };
        let setting = |name: &str| self.store.world.settings.get(name).map(|(value, _)| value.clone());
        Ok(match name {
            "ansible_host" | "ansible_ssh_host" => Some(self.address(reached)?),
            "ansible_user" | "ansible_ssh_user" => reached.user.as_deref().map(Value::str),
            "ansible_connection" => reached.connection.as_deref().map(Value::str),
            "ansible_private_key_file" | "ansible_ssh_private_key_file" => {
                reached.private_key_file.as_deref().map(Value::str)
            }
            "ansible_timeout" | "ansible_ssh_timeout" => setting("DEFAULT_TIMEOUT"),
            "ansible_pipelining" | "ansible_ssh_pipelining" => setting("ANSIBLE_PIPELINING"),
            "ansible_shell_executable" => setting("DEFAULT_EXECUTABLE"),
            "ansible_module_compression" => setting("DEFAULT_MODULE_COMPRESSION"),
            _ => None,
        })
    }

    fn address(&self, reached: &Reached) -> Result<Value> {
        let delegated = reached.delegated.as_deref();
        let host = match delegated {
            Some(name) => self.store.host_name(name).unwrap_or_else(|| Arc::from(name)),
            None => self.host.clone(),
        };
        let of_host = delegated.map(|_| self.of_host(&host));
        let scope = of_host.as_ref().unwrap_or(self);
        for name in ["ansible_host", "ansible_ssh_host"] {
            if let Some(value) = scope.layered(name)? {
                return Ok(value);
            }
        }
        Ok(Value::str(host))
    }
}

impl Scope for HostScope {
    fn get(&self, name: &str) -> Result<Option<Var>> {
        if let Some(value) = self.overlay.get(name) {
            return Ok(Some(Var::Value(value.clone())));
        }
        if let Some(watched) = &self.watched {
            watched.notice(name);
        }
        match name {
            "hostvars" if !self.host.is_empty() => return Ok(Some(Var::Map(Arc::new(AllVars::new(self))))),
            "vars" => return Ok(Some(Var::Map(Arc::new(HostVars::current(self))))),
            "ansible_delegated_vars" => {
                if let Some(vars) = DelegatedVars::of(self) {
                    return Ok(Some(Var::Map(Arc::new(vars))));
                }
            }
            _ => {}
        }
        if let Some(value) = self.magic(name)? {
            return Ok(Some(Var::Value(value)));
        }
        match self.layered(name)? {
            Some(value) => Ok(Some(Var::Value(value))),
            None => Ok(self.connection_variable(name)?.map(Var::Value)),
        }
    }

    fn names(&self) -> Vec<Arc<str>> {
        if let Some(watched) = &self.watched {
            watched.notice_all();
        }
        let mut names = IndexSet::new();
        let mut add = |dict: &Dict| names.extend(dict.keys().filter_map(|k| k.as_str().map(Arc::<str>::from)));
        let play = &self.play;
        read(&play.role_defaults).iter().for_each(&mut add);
        self.layers.defaults.iter().for_each(&mut add);
        if let Ok(vars) = self.store.inventory_vars(&self.host) {
            add(&vars);
        }
        let learned = self.learned();
        add(&self.store.injected(learned));
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
        names.extend(DelegatedVars::of(self).map(|_| Arc::from("ansible_delegated_vars")));
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

    fn hosts(&self, patterns: &[String]) -> Result<(Vec<Arc<str>>, Vec<String>)> {
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let mut notices = Vec::new();
        let hosts = self.store.inventory().select(&patterns, None, Mismatch::Warning, &mut notices)?;
        let warnings = notices.into_iter().filter_map(|notice| match notice {
            Notice::Warning(text) => Some(text),
            _ => None,
        });
        Ok((hosts.iter().map(|host| host.name.clone()).collect(), warnings.collect()))
    }

    fn remarks(&self) -> Option<&Remarks> {
        self.remarks.as_deref()
    }

    fn world(&self) -> &World {
        &self.store.world
    }
}
