//! What failures do to hosts: who stops, who goes on with a `rescue`, when a play is over.
//!
//! As with ansible-core, `any_errors_fatal`, `run_once` and `max_fail_percentage` look at the results of one task, once all
//! hosts have it behind them, and what they stop has failed like any other: it does the `rescue` and `always` around. A host
//! that fails again before it went on loses the part that it was about to do.

use super::batch::Batch;
use super::flow::{Level, Part, Place, Waits};
use crate::event::Event;
use crate::playbook::Task;
use crate::value::Value;
use std::sync::Arc;

impl Batch {
    /// Whether a block around the running task rescues a failure of it.
    pub(super) fn is_rescuable(&self) -> bool {
        self.around.iter().any(|level| level.rescues())
    }

    /// Those of the batch's hosts that can be reached, whatever else became of them.
    pub(super) fn left(&self) -> Vec<Arc<str>> {
        self.hosts.reached(&self.members)
    }

    /// Makes a host fail, and with `run_once` all that share the result.
    pub(super) fn fail(&mut self, task: &Arc<Task>, host: &Arc<str>, shared: bool) {
        let rescuable = self.is_rescuable();
        let all = shared && !self.runs_for_all(task);
        let failing = if all { self.left() } else { vec![host.clone()] };
        for each in &failing {
            self.hosts.state(each).fail(&self.around);
            if each != host || !rescuable {
                self.vars.remove(each);
            }
        }
        if !self.goes_on(host) {
            self.counted.insert(host.clone());
        }
        self.fail_others(task, host);
    }

    /// Whether a host that failed has something of the blocks around still to do.
    fn goes_on(&mut self, host: &Arc<str>) -> bool {
        let state = self.hosts.state(host);
        let Waits { depth, part, .. } = state.waits;
        let notified = !state.notifications.is_empty() || !state.notified.is_empty();
        // A section ends with handlers, where there are any to run.
        let is_there = |level: &Level, part: Part| part != Part::Done && (!level.section || notified);
        let own = depth.checked_sub(1).and_then(|own| self.around.get(own));
        own.is_some_and(|own| is_there(own, part))
            || self.around.iter().take(depth.saturating_sub(1)).any(|level| is_there(level, level.after()))
    }

    /// Goes on without a host that cannot be reached.
    pub(super) fn lose(&mut self, task: &Arc<Task>, host: &Arc<str>) {
        let place = self.including.first().copied().unwrap_or_else(|| place_of(task));
        let state = self.hosts.state(host);
        state.unreachable = true;
        state.lost_at = Some(Place::Task(place));
        self.vars.remove(host);
    }

    /// Ends the play for a host.
    pub(super) fn end_host(&mut self, host: &Arc<str>) {
        self.hosts.state(host).end(&self.around);
        self.vars.remove(host);
    }

    /// Once a task is through: stops all hosts where one failure is to be everyone's, and the batch where there are too many.
    ///
    /// `left` are the hosts that could be reached before the task; `alone`, it ran on one of them only.
    pub(super) fn stop_where_fatal(&mut self, task: &Task, left: &[Arc<str>], alone: bool) {
        if self.apart.is_some() {
            return;
        }
        // As written, unrendered: any text counts.
        let written = |value: Option<&Value>| value.map(Value::truthy);
        let everyone = written(task.keyword(|c| c.any_errors_fatal.as_ref()));
        let everyone = everyone.unwrap_or(self.shared.settings.flag("ANY_ERRORS_FATAL"));
        let ignores = written(task.keyword(|c| c.ignore_errors.as_ref())).unwrap_or(false);
        if (everyone || alone) && !ignores && !self.bad.is_empty() {
            self.stop(left);
        }
        if self.has_failed_too_often() {
            self.stop(left);
            self.breaks = true;
            self.shared.emit(&Event::NoHostsRemaining);
        }
        if self.breaks && self.counted.len() >= left.len() {
            self.over = true;
            self.shared.emit(&Event::NoHostsRemaining);
        }
    }

    /// Makes all hosts fail but those that did so at the running task.
    fn stop(&mut self, hosts: &[Arc<str>]) {
        for host in hosts {
            if self.bad.iter().any(|(bad, failed)| *failed && bad == host) {
                continue;
            }
            self.hosts.state(host).fail(&self.around);
            self.counted.insert(host.clone());
            self.vars.remove(host);
        }
    }

    /// Whether more hosts of the batch have failed than `max_fail_percentage` allows.
    fn has_failed_too_often(&self) -> bool {
        let (Some(limit), Some(first)) = (&self.play.max_fail_percentage, self.members.first()) else { return false };
        let limit = self.shown(limit, first).trim_end_matches('%').parse::<f64>();
        limit.is_ok_and(|limit| self.counted.len() as f64 / self.members.len() as f64 > limit / 100.0)
    }

    /// Those of the hosts that take a task; others that are back do so once they have caught up with it.
    pub(super) fn at(&mut self, task: &Arc<Task>, hosts: &[Arc<str>]) -> Vec<Arc<str>> {
        hosts.iter().filter(|host| !self.hosts.state(host).is_past(place_of(task))).cloned().collect()
    }

    /// Whether hosts are back that have something to catch up with; they begin to, then.
    pub(super) fn begin_catching_up(&mut self) -> bool {
        let back = self.hosts.those(&self.members, |state| state.behind.is_some() && !state.ended);
        if !back.is_empty() {
            // The others have come to the end.
            for host in self.hosts.those(&self.members, |state| state.behind.is_none() && state.is_active()) {
                self.hosts.state(&host).ended = true;
            }
        }
        let mut any = false;
        for host in &back {
            let state = self.hosts.state(host);
            // Who did so already was lost where no way leads to.
            state.ended = state.catches_up;
            any |= !state.catches_up;
            state.catches_up = true;
        }
        any
    }
}

/// The place of a task in its play.
pub(super) fn place_of(task: &Arc<Task>) -> usize {
    Arc::as_ptr(task) as usize
}
