//! The state of the hosts of a batch, and which of them go on.

use crate::event::HostStats;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How a host stands in a play.
#[derive(Clone, Debug, Default)]
pub(super) struct HostState {
    /// It failed, and no rescue has caught that yet.
    pub failed: bool,
    /// Its failure was forgiven; it goes on with the next rescue or `always` around, and no sooner.
    pub forgiven: bool,
    /// It failed, and does the `always` of the blocks around before that counts again.
    pub held: bool,
    /// It could not be reached; nothing can rescue that.
    pub unreachable: bool,
    /// `meta: end_host` or `end_play`: done without failing.
    pub ended: bool,
    /// `meta: end_role`: tasks are left out up to the next end of a role.
    pub ended_role: bool,
    /// Names and topics notified since handlers were last run.
    pub notifications: Vec<String>,
    /// Handlers that are to run, by their place in the play's list.
    pub notified: HashSet<usize>,
    /// The roles that are complete, by their identity.
    pub completed_roles: HashSet<u64>,
    /// Those of which it ran a task, be it without success, by the role's identity.
    pub began_roles: HashSet<u64>,
}

impl HostState {
    /// Forgives its failures.
    pub fn clear_errors(&mut self) {
        self.forgiven |= self.failed;
        self.failed = false;
        self.held = false;
        self.unreachable = false;
    }

    /// Whether it takes the next task.
    pub fn is_active(&self) -> bool {
        !self.failed && !self.forgiven && !self.unreachable && !self.ended
    }
}

/// The hosts of a run by name, with their counters.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    states: HashMap<Arc<str>, HostState>,
    /// Counters of all plays so far.
    pub stats: HashMap<Arc<str>, HostStats>,
}

impl Hosts {
    /// The state of a host.
    pub fn state(&mut self, host: &Arc<str>) -> &mut HostState {
        self.states.entry(host.clone()).or_default()
    }

    /// What is known of a host, on its own.
    pub fn take(&mut self, host: &Arc<str>) -> Self {
        let mut own = Self::default();
        own.states.extend(self.states.remove_entry(host));
        own.stats.extend(self.stats.remove_entry(host));
        own
    }

    /// What became of hosts that were taken.
    pub fn put_back(&mut self, own: Self) {
        self.states.extend(own.states);
        self.stats.extend(own.stats);
    }

    /// The counters of a host.
    pub fn stats(&mut self, host: &Arc<str>) -> &mut HostStats {
        self.stats.entry(host.clone()).or_default()
    }

    /// Whether a host takes the next task.
    pub fn is_active(&self, host: &Arc<str>) -> bool {
        self.states.get(host).is_none_or(HostState::is_active)
    }

    /// Whether a host has neither failed nor been lost, even if it is done.
    pub fn is_left(&self, host: &Arc<str>) -> bool {
        self.states.get(host).is_none_or(|state| !state.failed && !state.unreachable)
    }

    /// Those of the hosts that take the next task.
    pub fn active(&self, hosts: &[Arc<str>]) -> Vec<Arc<str>> {
        hosts.iter().filter(|host| self.is_active(host)).cloned().collect()
    }

    /// Those of the hosts that were not lost.
    pub fn reached(&self, hosts: &[Arc<str>]) -> Vec<Arc<str>> {
        hosts.iter().filter(|host| self.states.get(*host).is_none_or(|state| !state.unreachable)).cloned().collect()
    }

    /// The hosts that failed (true) or could not be reached (false).
    pub fn lost(&self) -> Vec<(Arc<str>, bool)> {
        let lost = self.states.iter().filter(|(_, state)| state.failed || state.unreachable);
        lost.map(|(host, state)| (host.clone(), !state.unreachable)).collect()
    }

    /// Makes the hosts of a new play start afresh; those lost before stay lost.
    pub fn begin(&mut self, hosts: &[Arc<str>]) {
        for host in hosts {
            self.states.insert(host.clone(), HostState::default());
        }
    }
}
