//! Hosts and groups that tasks add to the inventory.
//!
//! Whether that changed anything is known only once the inventory has them: until then, results of such
//! tasks say no, and their items are not told. Then `changed_when` is asked again.

use super::batch::Batch;
use super::host_task::{Done, HostTask};
use super::outcome;
use super::shared::Added;
use crate::actions::Effect;
use crate::event::{Event, Status};
use crate::playbook::Task;
use crate::value::{Dict, Value};
use std::sync::{Arc, PoisonError};

impl Added {
    /// What an effect adds; the effect itself where it adds nothing.
    pub fn of(effect: Effect, host: &Arc<str>) -> Result<Self, Effect> {
        match effect {
            Effect::AddHost { name, groups, vars } => Ok(Self::Host { name, groups, vars }),
            Effect::AddGroup { name, parents } => Ok(Self::Group { host: host.clone(), name, parents }),
            other => Err(other),
        }
    }
}

impl Batch {
    /// Adds what a task wants added, says in its result what changed, and tells the items that waited for it.
    pub(super) fn add_all(&mut self, task: &Arc<Task>, done: &mut Done) {
        if done.additions.is_empty() {
            return;
        }
        let verdicts = self.add_to_inventory(std::mem::take(&mut done.additions));
        for (item, changed) in verdicts {
            match item.and_then(|item| item_of(done, item)) {
                Some(mut result) => {
                    self.judge_again(task, &done.host, &mut result, changed);
                    set_item(done, item.unwrap_or_default(), result);
                }
                None => {
                    let mut result = std::mem::take(&mut done.outcome.result);
                    self.judge_again(task, &done.host, &mut result, changed);
                    done.outcome.result = result;
                }
            }
        }
        let items = done.outcome.get("results").and_then(Value::as_list).unwrap_or_default();
        if items.iter().any(|item| item.get("changed").is_some_and(Value::truthy)) {
            done.outcome.set("changed", true);
        }
        for (item, mut told) in std::mem::take(&mut done.waiting) {
            let changed = item_of(done, item).is_some_and(|result| result.get("changed").is_some_and(Value::truthy));
            if matches!(told.status, Status::Ok | Status::Changed) {
                told.result.insert("changed", changed);
                told.status = if changed { Status::Changed } else { Status::Ok };
            }
            self.shared.emit(&Event::Item(told));
        }
    }

    /// Adds to a copy of the inventory, which then takes its place; for each whether it changed anything.
    fn add_to_inventory(&mut self, additions: Vec<(Option<usize>, Added)>) -> Vec<(Option<usize>, bool)> {
        let mut inventory = (*self.shared.store.inventory()).clone();
        let mut notices = Vec::new();
        let mut verdicts = Vec::with_capacity(additions.len());
        let mut kept = Vec::new();
        for (item, added) in additions {
            let changed = added.apply(&mut inventory, &mut notices).unwrap_or_else(|error| {
                self.fatal.get_or_insert(error);
                false
            });
            if changed {
                if let Added::Host { name, .. } = &added {
                    self.vars.add_host(name);
                }
                kept.push(added);
            }
            verdicts.push((item, changed));
        }
        if !kept.is_empty() {
            self.shared.store.set_inventory(inventory);
            self.shared.added.lock().unwrap_or_else(PoisonError::into_inner).append(&mut kept);
        }
        self.shared.tell_notices(notices);
        verdicts
    }

    /// Matches the play's hosts again, since the inventory is another one.
    pub(super) fn match_again(&self) {
        if let Ok((all, _)) = self.shared.select(&self.patterns) {
            self.vars.set_all_hosts(all);
        }
    }

    /// Says whether a result changed something: what `changed_when` says now, where the task has it.
    fn judge_again(&self, task: &Arc<Task>, host: &Arc<str>, result: &mut Dict, changed: bool) {
        result.insert("changed", changed);
        if task.changed_when.is_empty() {
            return;
        }
        let mut overlay = Dict::new();
        for name in ["ansible_loop_var", "ansible_index_var"] {
            if let Some(name) = result.get(name).and_then(Value::as_str)
                && let Some(value) = result.get(name)
            {
                overlay.insert(name, value.clone());
            }
        }
        if let Some(name) = &task.register {
            overlay.insert(name.clone(), outcome::registered(result));
        }
        let scope = self.scope(host).for_task(task, &HostTask::layers(task)).with(&overlay);
        // That a condition cannot be rendered was told when it was first asked.
        let holds = |condition: &Value| self.shared.templar.condition(condition, &scope).unwrap_or(false);
        result.insert("changed", task.changed_when.iter().all(holds));
    }
}

fn item_of(done: &Done, item: usize) -> Option<Dict> {
    done.outcome.get("results")?.as_list()?.get(item)?.as_dict().cloned()
}

fn set_item(done: &mut Done, item: usize, result: Dict) {
    let mut items = done.outcome.get("results").and_then(Value::as_list).unwrap_or_default().to_vec();
    if let Some(place) = items.get_mut(item) {
        *place = result.into();
    }
    done.outcome.set("results", items);
}
