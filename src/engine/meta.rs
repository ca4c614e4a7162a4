//! `meta` tasks, which act on the engine itself.

use super::batch::Batch;
use super::keywords::Keywords;
use super::tags;
use crate::diag::Error;
use crate::event::{Event, Status, TaskInfo, TaskResult};
use crate::playbook::Task;
use crate::value::{Dict, Value};
use std::sync::Arc;

/// The actions that are run for each host, not once for all.
const BY_HOST: &[&str] = &["end_host", "end_role", "flush_handlers", "noop", "reset_connection"];
/// The actions that do not look at `when`.
const UNCONDITIONAL: &[&str] = &["noop", "refresh_inventory", "reset_connection"];

impl Batch {
    /// Runs a `meta` task.
    pub(super) async fn meta(&mut self, task: &Arc<Task>, hosts: &[Arc<str>]) {
        let Some(first) = hosts.first() else { return };
        let action = task.args.get("_raw_params").map(Value::to_text).unwrap_or_default();
        if action == "role_complete" {
            self.complete_role(task, hosts);
            return;
        }
        let info = Arc::new(self.describe(task, first));
        // What acts on all hosts asks only the first of them.
        let asked = if BY_HOST.contains(&&*action) { hosts } else { &hosts[..1] };
        let mut flushing = Vec::new();
        for host in asked {
            if !task.implicit {
                self.shared.emit(&Event::TaskStart { task: info.clone() });
            }
            match self.is_wanted(task, &action, host) {
                Ok(true) => {}
                Ok(false) => {
                    self.tell_skipped(task, &info, host, &action);
                    continue;
                }
                Err(error) => self.fatal = Some(error.context("Task failed.").at(task.origin.as_ref())),
            }
            if self.fatal.is_none() {
                match &*action {
                    "flush_handlers" if !task.handler => {
                        self.resolve_notifications(host);
                        flushing.push(host.clone());
                    }
                    action => self.act_on_engine(task, action, host).await,
                }
            }
            if self.fatal.is_some() {
                return;
            }
            self.say(task, &action, host);
        }
        self.run_notified(&flushing).await;
    }

    async fn act_on_engine(&mut self, task: &Arc<Task>, action: &str, host: &Arc<str>) {
        match action {
            "noop" => {}
            "flush_handlers" => {
                self.fatal = Some(Error::user("flush_handlers cannot be used as a handler").at(task.origin.as_ref()));
            }
            "refresh_inventory" => match self.shared.read_inventory() {
                Ok(inventory) => {
                    self.shared.store.set_inventory(inventory);
                    self.match_again();
                }
                Err(error) => self.fatal = Some(error),
            },
            "clear_facts" => self.vars.all_hosts().iter().for_each(|host| self.shared.store.clear_facts(host)),
            "clear_host_errors" => {
                for host in self.members.clone() {
                    self.hosts.state(&host).clear_errors();
                    self.counted.remove(&host);
                }
                if let Some(apart) = &self.apart {
                    apart.clear_errors();
                }
            }
            "end_host" => self.end_host(host),
            "end_batch" | "end_play" => {
                for host in self.left() {
                    self.end_host(&host);
                }
                if let Some(apart) = &self.apart {
                    apart.end();
                }
                self.ends_play |= action == "end_play";
            }
            "end_role" => self.hosts.state(host).ended_role = task.role.is_some(),
            "reset_connection" => self.reset_connection(task, host).await,
            other => {
                let text = format!("invalid meta action requested: {other}");
                self.fatal = Some(Error::user(text).at(task.origin.as_ref()));
            }
        }
    }

    /// Whether a task's conditions hold for a host; some actions have none.
    fn is_wanted(&self, task: &Arc<Task>, action: &str, host: &Arc<str>) -> crate::diag::Result<bool> {
        if UNCONDITIONAL.contains(&action) {
            if !task.when().is_empty() {
                self.shared.warn(format!("{action} task does not support when conditional"));
            }
            return Ok(true);
        }
        self.holds(task, host)
    }

    fn holds(&self, task: &Arc<Task>, host: &Arc<str>) -> crate::diag::Result<bool> {
        let layers = super::host_task::HostTask::layers(task);
        let scope = self.scope(host).for_task(task, &layers);
        for condition in task.when() {
            if !self.shared.templar.condition(condition, &scope)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Says at -vv what a task did.
    fn say(&self, task: &Task, action: &str, host: &Arc<str>) {
        if task.implicit {
            return;
        }
        let role = task.role.as_ref().map(|role| role.full_name()).unwrap_or_default();
        self.shared.verbose(2, None, || match action {
            "flush_handlers" => format!("META: triggered running handlers for {host}"),
            "refresh_inventory" => "META: inventory successfully refreshed".into(),
            "clear_facts" => "META: facts cleared".into(),
            "clear_host_errors" => "META: cleared host errors".into(),
            "end_batch" => "META: ending batch".into(),
            "end_play" => "META: ending play".into(),
            "end_host" => format!("META: ending play for {host}"),
            "end_role" => format!("META: ending role {role} for {host}"),
            "reset_connection" => "META: reset connection".into(),
            other => format!("META: {other}"),
        });
    }

    /// Says what becomes of the handlers after a section of the play, as ansible-core's debugging does.
    pub(super) fn debug_flush(&mut self, host: &Arc<str>) {
        let own: Vec<String> = self.play.common().tags.iter().map(Value::to_text).collect();
        if !self.shared.emitter.debugs() || !tags::selected(&own, &[], &self.shared.options.skip_tags) {
            return;
        }
        let notified = !self.hosts.state(host).notified.is_empty();
        self.shared.emitter.debug(|| match notified {
            true => format!("META: triggered running handlers for {host}"),
            false => format!("No handler notifications for {host}, skipping."),
        });
    }

    fn tell_skipped(&mut self, task: &Task, info: &Arc<TaskInfo>, host: &Arc<str>, action: &str) {
        let role = task.role.as_ref().map(|role| role.full_name()).unwrap_or_default();
        let rest = match action {
            "flush_handlers" => format!(", not running handlers for {host}"),
            "clear_facts" => format!(", not clearing facts and fact cache for {host}"),
            "clear_host_errors" => format!(", not clearing host error state for {host}"),
            "end_batch" => ", continuing current batch".into(),
            "end_play" => ", continuing play".into(),
            // The missing comma is ansible-core's.
            "end_role" => format!("continuing role {role} for {host}"),
            _ => format!(", continuing execution for {host}"),
        };
        let reason = format!("{action} conditional evaluated to False{rest}");
        let message = match action {
            "end_host" => format!("end_host conditional evaluated to false, continuing execution for {host}"),
            _ => action.to_owned(),
        };
        self.shared.verbose(2, None, || format!("META: {reason}"));
        let result = Dict::from([
            ("msg", Value::str(message)),
            ("skipped", Value::Bool(true)),
            ("skip_reason", Value::str(reason)),
        ]);
        self.shared.emit(&Event::Result(Box::new(TaskResult {
            task: info.clone(),
            host: host.clone(),
            delegated: None,
            status: Status::Skipped,
            result,
            label: None,
            error: None,
            remarks: Vec::new(),
        })));
    }

    fn complete_role(&mut self, task: &Task, hosts: &[Arc<str>]) {
        let Some(role) = &task.role else { return };
        for host in hosts {
            let state = self.hosts.state(host);
            // A role of which nothing was selected may run where it is used again.
            if state.began_roles.contains(&role.identity) {
                state.completed_roles.insert(role.identity);
            }
            state.ended_role = false;
        }
    }

    async fn reset_connection(&mut self, task: &Arc<Task>, host: &Arc<str>) {
        let scope = self.scope(host);
        let keywords = Keywords { shared: &self.shared, task, scope: &scope };
        match keywords.target(&scope, None) {
            Ok(target) => self.shared.pool.connect(&target).reset().await,
            Err(error) => self.fatal = Some(error),
        }
    }
}
