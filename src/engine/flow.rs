//! The state of the hosts of a batch, and which of them go on.

use crate::event::HostStats;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A part of a block, in the order in which hosts come to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Part {
    Tasks,
    Rescue,
    Always,
    /// None: the block is behind.
    #[default]
    Done,
}

/// A block around the running task: which of its parts runs, and which it has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    pub part: Part,
    pub rescue: bool,
    pub always: bool,
    /// It is a section of the play, which ends with handlers whatever failed.
    pub section: bool,
}

impl Level {
    /// Where a host goes on that fails in the part that runs.
    pub fn after(self) -> Part {
        match self.part {
            Part::Tasks if self.rescue => Part::Rescue,
            Part::Tasks | Part::Rescue if self.always => Part::Always,
            _ => Part::Done,
        }
    }

    /// Whether a failure in the part that runs is rescued.
    pub fn rescues(self) -> bool {
        self.part == Part::Tasks && self.rescue
    }
}

/// Where a host that failed goes on: in a part of the block that it failed in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waits {
    /// How many blocks are around, that one counted.
    pub depth: usize,
    pub part: Part,
    always: bool,
}

impl Waits {
    /// What a failure leads to within these blocks.
    pub fn within(around: &[Level]) -> Self {
        let own = around.last();
        Self {
            depth: around.len(),
            part: own.map_or(Part::Done, |own| own.after()),
            always: own.is_some_and(|own| own.always),
        }
    }

    /// It failed again before it went on: one part is lost.
    pub fn fail_again(&mut self) {
        self.part = match self.part {
            Part::Rescue if self.always => Part::Always,
            _ => Part::Done,
        };
    }

    /// Whether it goes on with a part of the block at a depth, or of those within, that have none for it.
    pub fn takes(&self, depth: usize, part: Part) -> bool {
        self.depth > depth || (self.depth == depth && self.part == part)
    }
}

/// Where a host was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Before the play.
    Start,
    /// At a task, by its address, which the play keeps.
    Task(usize),
}

/// How a host stands in a play.
#[derive(Clone, Debug, Default)]
pub(super) struct HostState {
    /// It failed, and no rescue has caught that yet.
    pub failed: bool,
    /// Where it goes on once it has failed.
    pub waits: Waits,
    /// Its failure was forgiven; it goes on with the next rescue or `always` around, and no sooner.
    pub forgiven: bool,
    /// It failed, and does the `always` of the blocks around before that counts again.
    pub held: bool,
    /// It could not be reached; nothing can rescue that.
    pub unreachable: bool,
    /// Where it was lost.
    pub lost_at: Option<Place>,
    /// It is back, and does what it has missed since this place once all others are through.
    pub behind: Option<Place>,
    /// The others are through.
    pub catches_up: bool,
    /// `meta: end_host` or `end_play`: done.
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
        if std::mem::take(&mut self.unreachable) {
            self.behind = self.lost_at.take();
            self.catches_up = false;
        }
    }

    /// Makes a failure of it, where its tasks are within these blocks.
    pub fn fail(&mut self, around: &[Level]) {
        if self.ended {
            return;
        }
        if self.failed || self.forgiven {
            self.waits.fail_again();
        } else {
            self.waits = Waits::within(around);
        }
        self.failed = true;
        self.forgiven = false;
    }

    /// Ends the play for it, where its tasks are within these blocks: what a rescue would have caught is no failure.
    pub fn end(&mut self, around: &[Level]) {
        self.failed = match self.failed {
            true => self.waits.depth < 2 && self.waits.part != Part::Rescue,
            false => self.held && around.len() < 2,
        };
        self.ended = true;
    }

    /// Whether a task is behind it; where a host catches up, one is not.
    pub fn is_past(&mut self, task: usize) -> bool {
        let behind = self.behind;
        if behind == Some(Place::Start) || behind == Some(Place::Task(task)) {
            self.behind = None;
        }
        !matches!(behind, None | Some(Place::Start))
    }

    /// Whether it takes the next task.
    pub fn is_active(&self) -> bool {
        !self.failed && !self.forgiven && !self.unreachable && !self.ended && (self.behind.is_none() || self.catches_up)
    }
}

/// The hosts of a run by name, with their counters.
#[derive(Clone, Debug, Default)]
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

    /// Those of the hosts that take the next task.
    pub fn active(&self, hosts: &[Arc<str>]) -> Vec<Arc<str>> {
        hosts.iter().filter(|host| self.is_active(host)).cloned().collect()
    }

    /// Those of the hosts that were not lost.
    pub fn reached(&self, hosts: &[Arc<str>]) -> Vec<Arc<str>> {
        hosts.iter().filter(|host| self.states.get(*host).is_none_or(|state| !state.unreachable)).cloned().collect()
    }

    /// Those of the hosts that a state holds of.
    pub fn those(&self, hosts: &[Arc<str>], holds: impl Fn(&HostState) -> bool) -> Vec<Arc<str>> {
        hosts.iter().filter(|host| self.states.get(*host).is_some_and(&holds)).cloned().collect()
    }

    /// Makes the hosts of a batch start afresh; those lost before stay lost.
    pub fn begin(&mut self, hosts: &[Arc<str>], standing: &Standing) {
        for host in hosts {
            let failed = standing.failed.contains(host);
            let unreachable = standing.unreachable.contains(host);
            let lost_at = unreachable.then_some(Place::Start);
            let state = HostState { failed, ended: failed, unreachable, lost_at, ..HostState::default() };
            self.states.insert(host.clone(), state);
        }
    }
}

/// What a run knows of its hosts between plays.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Those that failed: no play goes on with them.
    pub failed: HashSet<Arc<str>>,
    /// Those that could not be reached.
    pub unreachable: HashSet<Arc<str>>,
    /// Those that could not be reached in a batch that is over. What a play forgives them holds for that play.
    pub gone: HashSet<Arc<str>>,
    /// The exit status, as the last batch left it.
    pub status: u8,
}

impl Standing {
    /// How many are lost, those twice that both failed and could not be reached.
    pub fn lost(&self) -> usize {
        self.failed.len() + self.unreachable.len()
    }

    /// Whether a host is lost.
    pub fn has_lost(&self, host: &Arc<str>) -> bool {
        self.failed.contains(host) || self.unreachable.contains(host)
    }
}
