//! `include_tasks` and `include_role`: what hosts include is loaded and run in place, a file at a time.

use super::batch::Batch;
use super::host_task::Included;
use crate::diag::{Error, Kind, Result};
use crate::event::{Event, Status, TaskInfo, TaskResult};
use crate::load::{self, IncludeRequest, Loaded};
use crate::playbook::Task;
use crate::template::Templar;
use crate::value::{Dict, Text, Value};
use crate::vars::HostScope;
use std::sync::Arc;

/// Renders what is loaded while a play runs, with the variables of the first host that includes it.
struct Rendering<'a> {
    templar: &'a Templar,
    scope: HostScope,
}

impl load::Render for Rendering<'_> {
    fn render(&self, text: &Text, vars: &Dict) -> Result<Value> {
        self.templar.render(text, &self.scope.with(vars))
    }
}

impl Batch {
    /// Runs what hosts included, each with the hosts that included it.
    pub(super) async fn run_includes(
        &mut self,
        task: &Arc<Task>,
        info: &Arc<TaskInfo>,
        includes: Vec<(Vec<Arc<str>>, Included)>,
    ) {
        let mut loaded = Vec::new();
        for (hosts, included) in includes {
            let hosts = self.hosts.active(&hosts);
            let Some(first) = hosts.first() else { continue };
            match self.load(task, &included, first) {
                Ok(found) => {
                    self.take_in(&found, &hosts, &included);
                    loaded.push((hosts, found));
                }
                // What cannot be read as tasks ends the run, as with ansible-core; no rescue helps.
                Err(error) if error.kind == Kind::Parser => {
                    self.shared.tell_notes();
                    self.fatal.get_or_insert(error);
                    return;
                }
                Err(error) => {
                    self.fail_include(info, &hosts, &included, &error);
                    self.stop_all_where_fatal(task, &hosts, false);
                }
            }
        }
        // All are told before the first of them runs.
        for (hosts, found) in loaded {
            self.list(&found.entries, &hosts).await;
        }
    }

    /// Counts what was loaded, and lets the play have its roles and handlers.
    fn take_in(&mut self, found: &Loaded, hosts: &[Arc<str>], included: &Included) {
        let label = included.label.as_ref().map(Value::to_text);
        self.shared.emit(&Event::Include { file: found.shown.clone(), hosts: hosts.to_vec(), label });
        for host in hosts {
            self.hosts.stats(host).ok += 1;
        }
        if let Some((role, public)) = &found.role {
            self.shared.warn_of_role(role);
            self.vars.add_role(role, *public);
        }
        for role in &found.imported {
            self.shared.warn_of_role(role);
            self.vars.add_role(role, role.data.public);
        }
        self.handlers.add(&found.handlers);
        self.shared.tell_notes();
    }

    fn load(&self, task: &Arc<Task>, included: &Included, host: &Arc<str>) -> Result<Loaded> {
        let scope = self.scope(host).for_task(task, &super::host_task::HostTask::layers(task)).with(&included.vars);
        let rendering = Rendering { templar: &self.shared.templar, scope };
        let request = IncludeRequest { task, args: &included.args, vars: &included.vars };
        self.shared.loader.include(&request, &rendering)
    }

    /// A file that is not there is told with the name that was asked for.
    fn unreadable_include(&self, included: &Included, error: &Error) -> Error {
        let missing = error.message.starts_with("Unable to retrieve file contents.");
        let Some(path) = error.message.rsplit_once("No such file or directory: '").map(|(_, path)| path) else {
            // What a file says is told twice, at first without its place.
            let nested = error.origin.is_some() && included.args.get("_raw_params").is_some();
            return if nested { error.clone().context(error.message.as_str()) } else { error.clone() };
        };
        if !missing || included.args.get("_raw_params").is_none() {
            return error.clone();
        }
        let path = path.trim_end_matches('\'');
        error.clone().context(format!("Could not find or access '{path}' on the Ansible Controller."))
    }

    fn fail_include(&mut self, info: &Arc<TaskInfo>, hosts: &[Arc<str>], included: &Included, error: &Error) {
        let error = self.unreadable_include(included, error);
        self.shared.emit(&Event::Error(Box::new(error.clone())));
        for host in hosts {
            let mut result = Dict::from([
                ("changed", Value::Bool(false)),
                ("failed", Value::Bool(true)),
                ("reason", Value::str(error.line())),
            ]);
            if let Some(file) = included.args.get("_raw_params") {
                result.insert("include", file.clone());
            }
            // It counts as a failure even where a rescue follows.
            self.hosts.stats(host).failed += 1;
            if self.rescuable == 0 {
                self.vars.remove(host);
            }
            self.hosts.state(host).failed = true;
            self.shared.emit(&Event::Result(Box::new(TaskResult {
                task: info.clone(),
                host: host.clone(),
                delegated: None,
                status: Status::Failed { ignored: false },
                result,
                label: None,
                error: None,
                remarks: Vec::new(),
            })));
        }
    }
}
