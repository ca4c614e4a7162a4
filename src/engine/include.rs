//! `include_tasks` and `include_role`: what hosts include is loaded and run in place, a file at a time.

use super::batch::Batch;
use super::host_task::Included;
use crate::diag::{Error, Result};
use crate::event::{Event, Status, TaskInfo, TaskResult};
use crate::load::{self, find_relative};
use crate::playbook::{Include, IncludeRole, Task};
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

/// What was loaded, and how it is shown.
struct Loaded {
    shown: String,
    included: load::Included,
}

impl Batch {
    /// Runs what hosts included, each with the hosts that included it.
    pub(super) async fn run_includes(&mut self, task: &Arc<Task>, includes: Vec<(Vec<Arc<str>>, Included)>) {
        for (hosts, included) in includes {
            let hosts = self.hosts.active(&hosts);
            let Some(first) = hosts.first().cloned() else { continue };
            match self.load(task, &included, &first) {
                Ok(Loaded { shown, included: loaded }) => {
                    let label = included.label.as_ref().map(Value::to_text);
                    self.shared.emit(&Event::Include { file: shown, hosts: hosts.clone(), label });
                    for host in &hosts {
                        self.hosts.stats(host).ok += 1;
                    }
                    for used in &loaded.roles {
                        self.vars.add_role(&used.role, used.role.data.public);
                        self.add_handlers(&used.handlers);
                    }
                    self.tell_notes();
                    self.list(&loaded.entries, &hosts).await;
                }
                Err(error) => self.fail_include(task, &hosts, &included, &error),
            }
        }
    }

    fn load(&self, task: &Arc<Task>, included: &Included, host: &Arc<str>) -> Result<Loaded> {
        let scope = self.scope(host).for_task(task, &super::host_task::HostTask::layers(task)).with(&included.vars);
        let rendering = Rendering { templar: &self.shared.templar, scope };
        let loader = &self.shared.loader;
        match &task.include {
            Some(Include::Role(role)) => {
                let role = rendered_role(role, &included.args);
                let shown = role.name.to_text();
                let loaded = loader.include_role(&self.play, task, &role, &included.vars, &rendering)?;
                Ok(Loaded { shown, included: loaded })
            }
            Some(Include::Tasks { apply, .. }) => {
                let target = included.args.get("_raw_params").map(Value::to_text).unwrap_or_default();
                if target.is_empty() {
                    return Err(Error::user("No include file was specified to the include"));
                }
                let path = loader.include_path(&self.play, task, &target, &rendering);
                let vars = &included.vars;
                let loaded = loader.include_tasks(&self.play, task, &target, &path, vars, apply.as_ref(), &rendering)?;
                Ok(Loaded { shown: path, included: loaded })
            }
            None => Err(Error::new(crate::diag::Kind::Internal, "a task that includes nothing was included")),
        }
    }

    /// Appends handlers; blocks among them count by their tasks.
    pub(super) fn add_handlers(&mut self, entries: &[crate::playbook::Entry]) {
        for entry in entries {
            entry.each_task(&mut |task| self.handlers.push(task.clone()));
        }
    }

    fn fail_include(&mut self, task: &Arc<Task>, hosts: &[Arc<str>], included: &Included, error: &Error) {
        self.shared.emit(&Event::Error(Box::new(error.clone())));
        let Some(first) = hosts.first() else { return };
        let info = Arc::new(TaskInfo { ..self.describe(task, first) });
        for host in hosts {
            let mut result = Dict::from([
                ("changed", Value::Bool(false)),
                ("failed", Value::Bool(true)),
                ("reason", Value::str(error.line())),
            ]);
            if let Some(file) = included.args.get("_raw_params") {
                result.insert("include", file.clone());
            }
            if self.rescuable > 0 {
                self.hosts.stats(host).rescued += 1;
            } else {
                self.hosts.stats(host).failed += 1;
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
            })));
        }
    }

    /// Says what loading had to say.
    pub(super) fn tell_notes(&self) {
        self.shared.tell_notes();
    }

    /// The file of variables that a name in a play's `vars_files` means; None where there is none.
    pub(super) fn vars_file(&self, name: &str) -> Result<Option<Dict>> {
        let shared = &self.shared;
        let bases = shared.bases(&self.vars.basedir);
        let path = find_relative(bases, &self.play.basedir, "vars", name, false);
        if !std::path::Path::new(&path).exists() {
            return Ok(None);
        }
        let read = shared.loader.read_vars(&path)?;
        read.map(Some).ok_or_else(|| Error::user(format!("{path} must be stored as a dictionary/hash")))
    }
}

/// The arguments of `include_role` as rendered for a host.
fn rendered_role(role: &IncludeRole, args: &Dict) -> IncludeRole {
    let given = |name: &str, written: &Option<Value>| written.as_ref().map(|w| args.get(name).unwrap_or(w).clone());
    IncludeRole {
        name: args.get("name").or_else(|| args.get("role")).cloned().unwrap_or_else(|| role.name.clone()),
        tasks_from: given("tasks_from", &role.tasks_from),
        vars_from: given("vars_from", &role.vars_from),
        defaults_from: given("defaults_from", &role.defaults_from),
        handlers_from: given("handlers_from", &role.handlers_from),
        public: given("public", &role.public),
        allow_duplicates: given("allow_duplicates", &role.allow_duplicates),
        rolespec_validate: given("rolespec_validate", &role.rolespec_validate),
        apply: role.apply.clone(),
    }
}
