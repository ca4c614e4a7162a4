//! What a result changes: counters, states, variables, handlers; in the order of results.

use super::batch::Batch;
use super::host_task::Done;
use super::include::Includes;
use super::keywords::Keywords;
use super::outcome;
use crate::actions::Effect;
use crate::event::{Event, Status, TaskInfo, TaskResult};
use crate::playbook::Task;
use crate::value::{Dict, Value};
use crate::vars::{GATHERED, is_restricted};
use std::sync::{Arc, PoisonError};

impl Batch {
    /// Takes in what came of a task on a host.
    pub(super) fn finish(
        &mut self,
        task: &Arc<Task>,
        info: &Arc<TaskInfo>,
        mut done: Done,
        all: Option<&[Arc<str>]>,
        includes: &mut Includes,
    ) {
        let host = done.host.clone();
        let sharing: Vec<Arc<str>> = all.map_or_else(|| vec![host.clone()], |all| self.hosts.reached(all));
        for included in std::mem::take(&mut done.includes) {
            // What is included once is included for the one host that said so.
            includes.add(&host, included);
        }
        self.apply(task, &mut done, &sharing);
        self.shared.tell_templates();
        self.add_all(task, &mut done);
        let status = self.count(task, &done, all.is_some());
        if let (Some(role), Status::Ok | Status::Changed | Status::Failed { .. }) = (&task.role, status) {
            // A role of which nothing ran may run where it is used again.
            self.hosts.state(&host).began_roles.insert(role.identity);
        }
        // What a host or group added changed is known only now.
        if let Some(name) = &task.register {
            let value = outcome::registered(&done.outcome.result);
            self.shared.warn_of_reserved_name(name, task.register_origin.as_ref());
            for host in &sharing {
                self.shared.store.set_vars(host, &Dict::from([(name.clone(), value.clone())]));
            }
        }
        if done.outcome.is_changed() && !done.outcome.is_failed() && !done.outcome.is_unreachable() {
            // Even where all hosts share the result, one has notified.
            self.notify(task, std::slice::from_ref(&host), &done.notify);
        }
        if self.fatal.is_some() {
            // A handler that does not exist ends the run before the result is told.
            return;
        }
        if matches!(status, Status::Failed { ignored: false }) {
            self.note_failure(task, info, &host, &done);
        }
        self.shared.emit(&Event::Result(Box::new(self.told(info, &done, status))));
    }

    /// Counts a result and sets the state of its host, or of all hosts where it is `shared`.
    fn count(&mut self, task: &Arc<Task>, done: &Done, shared: bool) -> Status {
        let host = &done.host;
        let outcome = &done.outcome;
        if outcome.is_failed() {
            self.bad.push((host.clone(), true));
            let stats = self.hosts.stats(host);
            if done.ignore_errors {
                stats.ok += 1;
                stats.ignored += 1;
                stats.changed += u64::from(outcome.is_changed());
                return Status::Failed { ignored: true };
            }
            if self.is_rescuable() {
                self.hosts.stats(host).rescued += 1;
            } else {
                self.hosts.stats(host).failed += 1;
            }
            self.fail(task, host, shared);
            return Status::Failed { ignored: false };
        }
        let stats = self.hosts.stats(host);
        if outcome.is_unreachable() {
            self.bad.push((host.clone(), false));
            if done.ignore_unreachable {
                stats.ok += 1;
                stats.ignored += 1;
                return Status::Unreachable { ignored: true };
            }
            stats.unreachable += 1;
            self.lose(task, host);
            return Status::Unreachable { ignored: false };
        }
        if outcome.is_skipped() {
            stats.skipped += 1;
            return Status::Skipped;
        }
        // What an include brings is counted once it has been loaded.
        stats.ok += u64::from(task.include.is_none());
        if outcome.is_changed() {
            stats.changed += 1;
            return Status::Changed;
        }
        Status::Ok
    }

    fn apply(&mut self, task: &Task, done: &mut Done, sharing: &[Arc<str>]) {
        // What failed, were it one of a loop's items, changes nothing but what it has done.
        if done.outcome.is_failed() || done.outcome.is_unreachable() {
            done.effects.clear();
            return;
        }
        for (about, effect) in std::mem::take(&mut done.effects) {
            let own = about == done.host;
            let targets = if own { sharing.to_vec() } else { vec![about] };
            match effect {
                Effect::Vars(vars) => {
                    self.shared.warn_of_reserved(&vars);
                    targets.iter().for_each(|host| self.shared.store.set_vars(host, &vars));
                }
                Effect::Included(vars) => {
                    self.shared.warn_of_reserved(&vars);
                    targets.iter().for_each(|host| self.shared.store.include_vars(host, &vars));
                }
                Effect::Facts(mut facts) => {
                    for name in facts.keys().filter_map(Value::as_str).filter(|name| is_restricted(name)) {
                        self.shared.warn(format!("Removed restricted key from module data: {name}"));
                    }
                    let gathers = task.resolved.as_ref().is_some_and(|a| &*a.fqcn == "ansible.builtin.gather_facts");
                    if gathers && !done.outcome.is_failed() {
                        facts.insert(GATHERED, true);
                    }
                    targets.iter().for_each(|host| self.shared.store.add_facts(host, &facts));
                    // A cache that took nothing.
                    self.shared.tell_notices(self.shared.store.take_notices());
                }
                // These are apart, see `add_all`.
                Effect::AddHost { .. } | Effect::AddGroup { .. } => {}
                Effect::Stats { data, per_host, aggregate } => {
                    let key = if per_host { done.host.to_string() } else { "_run".to_owned() };
                    let mut stats = self.custom_stats.lock().unwrap_or_else(PoisonError::into_inner);
                    let mut known = stats.get(&key).and_then(Value::as_dict).cloned().unwrap_or_default();
                    for (name, value) in &data {
                        let sum = match known.get_value(name) {
                            Some(before) if aggregate => added(before, value),
                            _ => value.clone(),
                        };
                        known.insert(name.clone(), sum);
                    }
                    stats.insert(key, known);
                }
            }
        }
    }

    /// What a rescue may look at.
    fn note_failure(&mut self, task: &Arc<Task>, info: &TaskInfo, host: &Arc<str>, done: &Done) {
        if !self.is_rescuable() {
            return;
        }
        let scope = self.scope(host);
        let keywords = Keywords { shared: &self.shared, task, scope: &scope };
        let result = outcome::of_failure(&done.outcome.result);
        let failed = Dict::from([
            ("ansible_failed_task", Value::Dict(keywords.as_variable(info))),
            ("ansible_failed_result", Value::Dict(result)),
        ]);
        self.shared.store.set_vars(host, &failed);
    }

    fn told(&self, info: &Arc<TaskInfo>, done: &Done, status: Status) -> TaskResult {
        let mut result = done.outcome.result.clone();
        if done.no_log {
            result = outcome::censored(&result);
        }
        TaskResult {
            task: info.clone(),
            host: done.host.clone(),
            delegated: done.delegated.clone(),
            status,
            result,
            label: None,
            error: done.error.clone(),
            remarks: done.remarks.clone(),
        }
    }
}

/// Python's `a + b` for what `set_stats` aggregates; the later value where they do not add.
fn added(a: &Value, b: &Value) -> Value {
    match (a, b) {
        (Value::Int(x), Value::Int(y)) => x.checked_add(*y).map_or_else(|| b.clone(), Value::Int),
        (Value::Float(x), Value::Float(y)) => Value::Float(x + y),
        (Value::Int(x), Value::Float(y)) | (Value::Float(y), Value::Int(x)) => Value::Float(*x as f64 + y),
        (Value::Str(x), Value::Str(y)) => Value::str(format!("{}{}", x.as_str(), y.as_str())),
        (Value::List(x), Value::List(y)) => Value::list(x.iter().chain(y.iter()).cloned()),
        (Value::Dict(x), Value::Dict(y)) => {
            let mut both = x.clone();
            both.update(y);
            both.into()
        }
        _ => b.clone(),
    }
}
