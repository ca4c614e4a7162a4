//! A play on one batch of its hosts: the state that the strategy works on.

use super::apart::Apart;
use super::flow::{Hosts, Level};
use super::handlers::Handlers;
use super::shared::Shared;
use crate::diag::Error;
use crate::playbook::{Play, Task};
use crate::value::{Dict, Value};
use crate::vars::{HostScope, PlayVars};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// A play on a batch of hosts. It alone changes the hosts' states.
pub(super) struct Batch {
    pub shared: Arc<Shared>,
    pub play: Arc<Play>,
    pub vars: Arc<PlayVars>,
    /// The identity of the play in events.
    pub id: u64,
    /// The play's patterns of hosts.
    pub patterns: Arc<[String]>,
    /// The hosts of the batch.
    pub members: Vec<Arc<str>>,
    /// All hosts' states and counters.
    pub hosts: Hosts,
    /// The blocks around the running task.
    pub around: Vec<Level>,
    /// The places of the includes around the running task.
    pub including: Vec<usize>,
    /// The hosts that failed at the running task (true) or could not be reached, be that ignored or not.
    pub bad: Vec<(Arc<str>, bool)>,
    /// The hosts that count as failed: those that no `rescue` or `always` awaits, and those that others' failures stop.
    pub counted: HashSet<Arc<str>>,
    /// More hosts failed than `max_fail_percentage` allows: no play follows.
    pub breaks: bool,
    /// The task that gathers facts.
    pub gather: Arc<Task>,
    /// The handlers of the play and its roles, in their order.
    pub handlers: Handlers,
    /// Whether hosts that failed run their handlers too.
    pub force_handlers: bool,
    /// What ends the whole run, such as a handler that does not exist.
    pub fatal: Option<Error>,
    /// Too many hosts failed: nothing more is done.
    pub over: bool,
    /// `meta: end_play` was reached: no batch follows.
    pub ends_play: bool,
    /// Whether a task was found for `--start-at-task`, or none is asked for.
    pub started: bool,
    /// What `set_stats` gathered.
    pub custom_stats: Arc<Mutex<Dict>>,
    /// What it shares with those of other hosts, where each goes through the play alone.
    pub apart: Option<Arc<Apart>>,
    /// How many failures of a whole play apart it has taken part in.
    pub failures: u64,
    /// Whether its first task was begun.
    pub begun: bool,
    /// Whether its host has one of the forks for the whole play.
    pub pinned: bool,
    /// Whether the strategy gives every failed task to the debugger.
    pub debugs: bool,
}

impl Batch {
    /// Whether nothing more of the batch is to run.
    pub fn is_over(&self) -> bool {
        self.over
            || self.fatal.is_some()
            || self.shared.cancel.is_cancelled()
            || self.apart.as_ref().is_some_and(|apart| apart.is_over())
    }

    /// The variables of a host outside of any task.
    pub fn scope(&self, host: &Arc<str>) -> HostScope {
        HostScope::new(&self.shared.store, &self.vars, host)
    }

    /// A value rendered with a host's variables; as it is written where that fails.
    pub fn shown(&self, value: &Value, host: &Arc<str>) -> String {
        match self.shared.templar.render_value(value, &self.scope(host)) {
            Ok(Some(value)) => value.to_text(),
            _ => value.to_text(),
        }
    }
}
