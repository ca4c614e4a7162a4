//! `meta` tasks, which act on the engine itself.

use super::batch::Batch;
use super::keywords::Keywords;
use crate::diag::Error;
use crate::event::{Event, Status, TaskInfo, TaskResult};
use crate::playbook::Task;
use crate::value::{Dict, Value};
use std::sync::Arc;

/// The actions that are run for each host, not once for all.
const BY_HOST: &[&str] = &["end_host", "end_role", "flush_handlers", "noop", "reset_connection"];

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
        let mut on = Vec::new();
        for host in hosts {
            // What acts on each host by itself is told for each, as the linear strategy of ansible-core does.
            if !task.implicit && (host == first || BY_HOST.contains(&&*action)) {
                self.shared.emit(&Event::TaskStart { task: info.clone() });
            }
            match self.holds(task, host) {
                Ok(true) => on.push(host.clone()),
                Ok(false) => self.tell_skipped(task, &info, host, &action),
                Err(error) => self.fatal = Some(error.context("Task failed.").at(task.origin.as_ref())),
            }
        }
        if on.is_empty() || self.fatal.is_some() {
            return;
        }
        self.say(task, &action, &on);
        self.act_on_engine(task, &action, &on).await;
        self.update_active();
    }

    async fn act_on_engine(&mut self, task: &Arc<Task>, action: &str, on: &[Arc<str>]) {
        match action {
            "noop" => {}
            "flush_handlers" if task.handler => {
                self.fatal = Some(Error::user("flush_handlers cannot be used as a handler").at(task.origin.as_ref()));
            }
            "flush_handlers" => {
                self.flush_handlers(on).await;
            }
            "refresh_inventory" => match self.shared.read_inventory() {
                Ok(inventory) => self.shared.store.set_inventory(inventory),
                Err(error) => self.fatal = Some(error),
            },
            "clear_facts" => on.iter().for_each(|host| self.shared.store.clear_facts(host)),
            "clear_host_errors" => {
                for host in self.members.clone() {
                    let state = self.hosts.state(&host);
                    state.failed = false;
                    state.held = false;
                    state.unreachable = false;
                }
            }
            "end_host" => on.iter().for_each(|host| self.hosts.state(host).ended = true),
            "end_batch" | "end_play" => {
                for host in self.members.clone() {
                    if self.hosts.is_active(&host) {
                        self.hosts.state(&host).ended = true;
                    }
                }
                self.ends_play |= action == "end_play";
            }
            "end_role" => {
                if let Some(role) = &task.role {
                    on.iter().for_each(|host| self.hosts.state(host).ended_role = Some(role.identity));
                }
            }
            "reset_connection" => self.reset_connections(task, on).await,
            other => {
                let text = format!("invalid meta action requested: {other}");
                self.fatal = Some(Error::user(text).at(task.origin.as_ref()));
            }
        }
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

    /// Says at -vv what a task does, once for each host that it is about.
    fn say(&self, task: &Task, action: &str, on: &[Arc<str>]) {
        for host in on.iter().filter(|_| !task.implicit) {
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
            if matches!(
                action,
                "noop" | "refresh_inventory" | "clear_facts" | "clear_host_errors" | "end_batch" | "end_play"
            ) {
                break;
            }
        }
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
            ("changed", Value::Bool(false)),
            ("skip_reason", Value::str(reason)),
        ]);
        self.hosts.stats(host).skipped += 1;
        self.shared.emit(&Event::Result(Box::new(TaskResult {
            task: info.clone(),
            host: host.clone(),
            delegated: None,
            status: Status::Skipped,
            result,
            label: None,
            error: None,
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
            state.ended_role = None;
        }
    }

    async fn reset_connections(&mut self, task: &Arc<Task>, on: &[Arc<str>]) {
        for host in on {
            let scope = self.scope(host);
            let keywords = Keywords { shared: &self.shared, task, scope: &scope };
            let target = keywords.target(&scope, None);
            match target {
                Ok(target) => self.shared.pool.connect(&target).reset().await,
                Err(error) => self.fatal = Some(error),
            }
        }
    }
}
