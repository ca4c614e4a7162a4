//! A play on one batch of its hosts: the state that the strategy works on.

use super::flow::Hosts;
use super::shared::Shared;
use crate::diag::Error;
use crate::playbook::{Play, Task};
use crate::value::{Dict, Value};
use crate::vars::{HostScope, PlayVars};
use std::sync::Arc;

/// A play on a batch of hosts. It alone changes the hosts' states.
pub(super) struct Batch {
    pub shared: Arc<Shared>,
    pub play: Arc<Play>,
    pub vars: Arc<PlayVars>,
    /// The identity of the play in events.
    pub id: u64,
    /// The hosts of the batch.
    pub members: Vec<Arc<str>>,
    /// All hosts' states and counters.
    pub hosts: Hosts,
    /// How many blocks around the running task would rescue a failure of it.
    pub rescuable: usize,
    /// The handlers of the play and its roles, in their order.
    pub handlers: Vec<Arc<Task>>,
    /// Whether hosts that failed run their handlers too.
    pub force_handlers: bool,
    /// What ends the whole run, such as a handler that does not exist.
    pub fatal: Option<Error>,
    /// `meta: end_batch` or `end_play` was reached, or the last host was lost.
    pub over: bool,
    /// `meta: end_play` was reached: no batch follows.
    pub ends_play: bool,
    /// Whether a task was found for `--start-at-task`, or none is asked for.
    pub started: bool,
    /// What `set_stats` gathered.
    pub custom_stats: Dict,
}

impl Batch {
    /// Whether nothing more of the batch is to run.
    pub fn is_over(&self) -> bool {
        self.over || self.fatal.is_some() || self.shared.cancel.is_cancelled()
    }

    /// The variables of a host outside of any task.
    pub fn scope(&self, host: &Arc<str>) -> HostScope {
        HostScope::new(&self.shared.store, &self.vars, host)
    }

    /// Makes `ansible_play_hosts` say which hosts are left.
    pub fn update_active(&self) {
        let active = self.members.iter().filter(|host| self.hosts.is_left(host)).cloned().collect();
        self.vars.set_active(active);
    }

    /// A value rendered with a host's variables; as it is written where that fails.
    pub fn shown(&self, value: &Value, host: &Arc<str>) -> String {
        match self.shared.templar.render_value(value, &self.scope(host)) {
            Ok(Some(value)) => value.to_text(),
            _ => value.to_text(),
        }
    }
}
