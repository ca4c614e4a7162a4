//! `include_tasks` and `include_role`, while a play runs; names that templates give then.

use super::paths::Bases;
use super::roles::{User, parents_of};
use super::scope::text_of;
use super::tasks::Within;
use super::{Loader, Reading, Render, metadata};
use crate::content::{Action, Lookup, dirname, join};
use crate::diag::{Error, Result};
use crate::playbook::{Common, Entry, Frame, FrameKind, Include, IncludeRole, Role, RoleFiles, RoleUse, Task};
use crate::value::{Dict, Value};
use std::path::Path;
use std::sync::Arc;

/// What is to be included.
#[derive(Clone, Copy, Debug)]
pub struct IncludeRequest<'a> {
    /// The task that includes.
    pub task: &'a Arc<Task>,
    /// Its arguments, rendered.
    pub args: &'a Dict,
    /// Variables for what is included: the loop's item and the like.
    pub vars: &'a Dict,
}

/// What was included.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The file, or the role's name, for events.
    pub shown: String,
    /// The tasks.
    pub entries: Vec<Entry>,
    /// Handlers that the play has from now on.
    pub handlers: Vec<Entry>,
    /// The role that was included, and whether the whole play sees its variables.
    pub role: Option<(Arc<Role>, bool)>,
    /// Roles that `import_role` brought within what was included.
    pub imported: Vec<Arc<Role>>,
}

impl Loader {
    /// Loads what a task includes.
    pub fn include(&self, request: &IncludeRequest<'_>, render: &dyn Render) -> Result<Loaded> {
        match &request.task.include {
            Some(Include::Tasks { apply, .. }) => self.include_tasks(request, apply.as_ref(), render),
            Some(Include::Role(role)) => self.include_role(request, role.apply.as_ref(), render),
            None => Err(Error::user(format!("{} includes nothing", request.task.action.as_str()))),
        }
    }

    fn include_tasks(
        &self,
        request: &IncludeRequest<'_>,
        apply: Option<&Arc<Common>>,
        render: &dyn Render,
    ) -> Result<Loaded> {
        let task = request.task;
        let target = request.args.get("_raw_params").or_else(|| request.args.get("file")).map(Value::to_text);
        let target = target.filter(|target| !target.is_empty());
        let target = target.ok_or_else(|| Error::user(format!("No file specified for {}", task.action.as_str())))?;
        let within = around(task);
        let mut reading = self.running(task, render);
        let path = reading.include_path(&target, &within, true);
        let data = self.read(&path)?;
        let shown = path;
        if data.is_null() {
            return Ok(Loaded { shown, ..Loaded::default() });
        }
        if data.as_list().is_none() {
            return Err(Error::user("included task files must contain a list of tasks"));
        }
        let frame = include_frame(request, dirname(&target), apply);
        let entries = reading.list(&data, &within.inside(frame))?;
        let (handlers, imported) = brought(reading.imported);
        Ok(Loaded { shown, entries, handlers, role: None, imported })
    }

    fn include_role(
        &self,
        request: &IncludeRequest<'_>,
        apply: Option<&Arc<Common>>,
        render: &dyn Render,
    ) -> Result<Loaded> {
        let (task, args) = (request.task, request.args);
        let text = |name: &str| args.get(name).filter(|v| !v.is_null()).map(Value::to_text);
        let name = args.get("name").or_else(|| args.get("role")).cloned().unwrap_or_default();
        let from = RoleFiles {
            tasks: text("tasks_from"),
            vars: text("vars_from"),
            defaults: text("defaults_from"),
            handlers: text("handlers_from"),
        };
        let role = IncludeRole {
            allow_duplicates: args.get("allow_duplicates").cloned(),
            rolespec_validate: args.get("rolespec_validate").cloned(),
            ..IncludeRole::default()
        };
        let public = args.get("public").filter(|v| !v.is_null()).map(metadata::boolean);
        let within = around(task);
        let mut reading = self.running(task, render);
        let mut with_vars = task.as_ref().clone();
        with_vars.common.vars.update(request.vars);
        let wanted = reading.wanted(&with_vars, &role, &text_of(&name), from, public, false, &within)?;
        let found = &wanted.found;
        let shown = match &found.collection {
            Some(collection) => format!("{collection}.{}", found.name),
            None => found.name.clone(),
        };
        let frame = include_frame(request, &wanted.found.path, apply);
        let used = reading.role(wanted, User { frame: &frame, parents: parents_of(&within) })?;
        let (mut handlers, imported) = brought(reading.imported);
        handlers.extend(used.handlers);
        let public = used.role.data.public;
        Ok(Loaded { shown, entries: used.tasks, handlers, role: Some((used.role, public)), imported })
    }

    /// What an action's name means that a template gave.
    pub fn resolve(&self, name: &str, task: &Task) -> Result<Action> {
        let collections = task.common.collections.as_deref().unwrap_or_else(|| task.frame.collections());
        match self.catalogue.resolve(name, collections, &self.library()) {
            Lookup::Found(action) => Ok(action),
            Lookup::Removed(message) => Err(Error::user(message)),
            Lookup::Unknown => {
                let name = crate::value::str_repr(name);
                Err(Error::user(format!("Cannot resolve {name} to an action or module.")).at(task.action.origin()))
            }
        }
    }

    /// What a name means as a module that an action of a task runs.
    pub fn module(&self, name: &str, task: &Task) -> Option<Action> {
        let collections = task.common.collections.as_deref().unwrap_or_else(|| task.frame.collections());
        match self.catalogue.module(name, collections, &self.library()) {
            Lookup::Found(action) => Some(action),
            _ => None,
        }
    }

    /// The variables of a vars file, which is searched in folders and their `vars/`; None where there is none.
    pub fn vars_file(&self, name: &str, folders: &[String]) -> Result<Option<Dict>> {
        let settings = &self.settings;
        let bases = Bases { basedir: &settings.cwd, cwd: &settings.cwd, home: &settings.home };
        let places: Vec<String> = if name.starts_with(['/', '~']) {
            vec![bases.absolute(name)]
        } else {
            let in_vars = |folder: &String| [join(folder, &format!("vars/{name}")), join(folder, name)];
            folders.iter().flat_map(in_vars).collect()
        };
        match places.iter().find(|path| Path::new(path).exists()) {
            Some(path) => self.read_vars(path).map(Some),
            None => Ok(None),
        }
    }

    fn running<'a>(&'a self, task: &Task, render: &'a dyn Render) -> Reading<'a> {
        Reading::new(self, render, task.frame.basedir(), None, Vec::new())
    }
}

fn around(task: &Task) -> Within {
    Within { frame: task.frame.clone(), role: task.role.clone(), handlers: task.handler }
}

/// The handlers and roles of what was imported.
fn brought(roles: Vec<RoleUse>) -> (Vec<Entry>, Vec<Arc<Role>>) {
    let mut handlers = Vec::new();
    let mut all = Vec::new();
    for used in roles {
        handlers.extend(used.handlers);
        all.push(used.role);
    }
    (handlers, all)
}

/// The frame of what an include brings, with a block for its `apply`.
fn include_frame(request: &IncludeRequest<'_>, dir: &str, apply: Option<&Arc<Common>>) -> Arc<Frame> {
    let task = request.task;
    let mut common = task.common.clone();
    common.vars.update(request.vars);
    let frame = Frame::within(FrameKind::Include { dir: dir.to_owned() }, common, task.origin.clone(), &task.frame);
    match apply {
        Some(apply) => Frame::within(FrameKind::Block, apply.as_ref().clone(), task.origin.clone(), &frame),
        None => frame,
    }
}
