//! Strategies `free` and `host_pinned`: each host goes through the play alone.
//!
//! A host has a [`Batch`] of its own, with itself as its only member, and nobody waits for it. What hosts
//! do share is here: the identities of tasks, so that a callback sees that two hosts ran the same one;
//! `throttle`; and what ends the play for all. As with ansible-core, what needs all hosts in step is
//! warned of and not done (`any_errors_fatal`, `max_fail_percentage`, `run_once`), and actions that run
//! once for all hosts are refused. A failure with `run_once` is that of all hosts all the same.

use super::batch::Batch;
use super::flow::Hosts;
use super::keywords::Keywords;
use crate::diag::{Error, Kind};
use crate::event::Event;
use crate::playbook::{Entry, Task};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const NO_ANY_ERRORS_FATAL: &str =
    "Using any_errors_fatal with the free strategy is not supported, as tasks are executed independently on each host";
const NO_MAX_FAIL: &str = "Using max_fail_percentage with the free strategy is not supported, as tasks are executed independently on each host";
const NO_RUN_ONCE: &str = "Using run_once with the free strategy is not currently supported. This task will still be executed for every host in the inventory list.";

/// What the hosts of a play share that go through it apart from each other.
#[derive(Debug, Default)]
pub(super) struct Apart {
    /// The identities of the play's own tasks, by their addresses: the play keeps them in their places.
    ids: HashMap<usize, u64>,
    /// How many hosts may run a task at a time, for those that say so.
    throttles: Mutex<HashMap<usize, Arc<Semaphore>>>,
    /// Nobody goes on: the play was ended, or an error ends the run.
    over: AtomicBool,
    /// How often `meta: clear_host_errors` was reached.
    clears: AtomicU64,
    /// How many tasks with `run_once` failed: each fails all hosts of the play, although it ran on each.
    failures: AtomicU64,
}

impl Apart {
    fn new(batch: &Batch) -> Self {
        let mut apart = Self::default();
        let mut add = |task: &Arc<Task>| {
            apart.ids.insert(address(task), batch.shared.next_id());
        };
        add(&batch.gather);
        let play = &batch.play;
        let handlers = batch.handlers.all();
        let tasks = play.pre_tasks.iter().chain(&play.tasks).chain(&play.post_tasks);
        let roles = play.roles.iter().flat_map(|used| &used.tasks);
        tasks.chain(roles).for_each(|entry: &Entry| entry.each_task(&mut add));
        handlers.iter().for_each(add);
        apart
    }

    /// The identity of a task that all hosts know; None of one that a host has included for itself.
    pub fn id(&self, task: &Arc<Task>) -> Option<u64> {
        self.ids.get(&address(task)).copied()
    }

    /// The places that a `throttle` gives to a task of all hosts.
    pub fn throttle(&self, task: &Arc<Task>, limit: usize) -> Arc<Semaphore> {
        if self.id(task).is_none() {
            return Arc::new(Semaphore::new(limit));
        }
        let mut throttles = self.throttles.lock().unwrap_or_else(PoisonError::into_inner);
        throttles.entry(address(task)).or_insert_with(|| Arc::new(Semaphore::new(limit))).clone()
    }

    /// Whether the play is over for all hosts.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Ends the play for all hosts.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Forgives the failures of all hosts so far.
    pub fn clear_errors(&self) {
        self.clears.fetch_add(1, Ordering::Relaxed);
    }

    fn clears(&self) -> u64 {
        self.clears.load(Ordering::Relaxed)
    }
}

fn address(task: &Arc<Task>) -> usize {
    Arc::as_ptr(task) as usize
}

impl Batch {
    /// Runs the play on each host alone; `pinned`, no more hosts have begun it than there are forks.
    pub(super) async fn run_apart(&mut self, pinned: bool) {
        if self.play.max_fail_percentage.is_some() {
            self.shared.warn(NO_MAX_FAIL);
        }
        let apart = Arc::new(Apart::new(self));
        let mut running = JoinSet::new();
        for host in self.members.clone() {
            let turn = if pinned { self.shared.forks.clone().acquire_owned().await.ok() } else { None };
            let mut own = self.split(&host, &apart, pinned);
            if pinned {
                // Who has not begun has no block around that could rescue it.
                own.fail_with_others();
            }
            let apart = apart.clone();
            running.spawn(async move {
                own.sections().await;
                if own.fatal.is_some() {
                    apart.end();
                }
                drop(turn);
                (own, apart.clears())
            });
        }
        while let Some(joined) = running.join_next().await {
            match joined {
                Ok((own, clears)) => self.take_back(own, clears < apart.clears()),
                Err(error) => {
                    apart.end();
                    let text = format!("rplay's own code for a host broke off: {error}");
                    self.fatal.get_or_insert(Error::new(Kind::Internal, text));
                }
            }
        }
        let lost = |hosts: &mut Hosts, host: &Arc<str>| hosts.state(host).unreachable;
        if !self.members.is_empty() && self.members.iter().all(|host| lost(&mut self.hosts, host)) {
            self.shared.emit(&Event::NoHostsRemaining);
        }
    }

    /// A batch of one host.
    fn split(&mut self, host: &Arc<str>, apart: &Arc<Apart>, pinned: bool) -> Self {
        Self {
            shared: self.shared.clone(),
            play: self.play.clone(),
            vars: self.vars.clone(),
            id: self.id,
            patterns: self.patterns.clone(),
            members: vec![host.clone()],
            hosts: self.hosts.take(host),
            around: Vec::new(),
            including: Vec::new(),
            bad: Vec::new(),
            counted: HashSet::new(),
            breaks: false,
            gather: self.gather.clone(),
            handlers: self.handlers.clone(),
            force_handlers: self.force_handlers,
            fatal: None,
            over: false,
            ends_play: false,
            started: self.started,
            custom_stats: self.custom_stats.clone(),
            apart: Some(apart.clone()),
            failures: 0,
            begun: false,
            pinned,
            debugs: self.debugs,
        }
    }

    /// Takes in what became of a host's batch; `cleared` where its errors were forgiven since.
    fn take_back(&mut self, own: Self, cleared: bool) {
        self.hosts.put_back(own.hosts);
        self.counted.extend(own.counted);
        if cleared {
            for host in &own.members {
                self.hosts.state(host).clear_errors();
                self.counted.remove(host);
            }
        }
        self.ends_play |= own.ends_play;
        self.started |= own.started;
        if let Some(error) = own.fatal {
            self.fatal.get_or_insert(error);
        }
    }

    /// Fails all other hosts of the play too, where a task that was to run once failed.
    pub(super) fn fail_others(&mut self, task: &Arc<Task>, host: &Arc<str>) {
        if let Some(apart) = &self.apart
            && self.asks_to_run_once(task, host)
        {
            apart.failures.fetch_add(1, Ordering::Relaxed);
            // It is its own already.
            self.failures += 1;
        }
    }

    /// Takes part in the failures of others since the last task.
    ///
    /// Under `free` all hosts get their first task at once, whatever comes of it elsewhere.
    pub(super) fn fail_with_others(&mut self) {
        let begun = std::mem::replace(&mut self.begun, true);
        let Some(apart) = self.apart.as_ref().filter(|_| begun || self.pinned) else { return };
        let failures = apart.failures.load(Ordering::Relaxed);
        for _ in std::mem::replace(&mut self.failures, failures)..failures {
            for host in self.left() {
                self.hosts.state(&host).fail(&self.around);
                self.vars.remove(&host);
            }
        }
    }

    /// Warns of a task that was to run once.
    pub(super) fn warn_of_run_once(&self, task: &Arc<Task>, host: &Arc<str>) {
        if self.asks_to_run_once(task, host) {
            self.shared.warn(NO_RUN_ONCE);
        }
    }

    fn asks_to_run_once(&self, task: &Arc<Task>, host: &Arc<str>) -> bool {
        let scope = self.scope(host);
        let keywords = Keywords { shared: &self.shared, task, scope: &scope };
        keywords.bool("run_once", |c| c.run_once.as_ref()).unwrap_or(None).unwrap_or(false)
    }

    /// What a task asks for that hosts apart from each other cannot do; false where that ends the run.
    pub(super) fn may_run_apart(&mut self, task: &Arc<Task>, host: &Arc<str>) -> bool {
        if let Err(error) = self.throttle(task, host) {
            self.fatal.get_or_insert(error);
            return false;
        }
        if self.runs_for_all(task) {
            let text = format!(
                "The '{}' module bypasses the host loop, which is currently not supported in the free strategy and would instead execute for every host in the inventory list.",
                task.action.as_str()
            );
            self.fatal.get_or_insert(Error::user(text).at(task.origin.as_ref()));
            return false;
        }
        self.warn_of_run_once(task, host);
        // As written, unrendered: any text counts.
        let fatal = task.keyword(|c| c.any_errors_fatal.as_ref()).map(crate::value::Value::truthy);
        if fatal.unwrap_or(self.shared.settings.flag("ANY_ERRORS_FATAL")) {
            self.shared.warn(NO_ANY_ERRORS_FATAL);
        }
        true
    }
}
