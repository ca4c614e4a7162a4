//! `include_tasks` and `include_role`, while a play runs.

use super::roles::{User, parents_of};
use super::tasks::Within;
use super::{Included, Loader, Reading, Render};
use crate::content::dirname;
use crate::diag::{Error, Result};
use crate::playbook::{Common, Frame, FrameKind, IncludeRole, Play, RoleFiles, Task};
use crate::value::{Dict, Value};
use std::sync::Arc;

impl Loader {
    /// The file that an `include_tasks` means.
    pub fn include_path(&self, play: &Play, task: &Task, target: &str, render: &dyn Render) -> String {
        self.at(play, render).include_path(target, &around(task))
    }

    /// Includes a file of tasks that `include_path` has found.
    ///
    /// `target` is its name as rendered; `vars` are the loop's item and the like.
    pub fn include_tasks(
        &self,
        play: &Play,
        task: &Task,
        target: &str,
        path: &str,
        vars: &Dict,
        apply: Option<&Arc<Common>>,
        render: &dyn Render,
    ) -> Result<Included> {
        let data = self.read(path)?;
        if data.is_null() {
            return Ok(Included::default());
        }
        if data.as_list().is_none() {
            return Err(Error::user("included task files must contain a list of tasks").at(Some(&data.origin)));
        }
        let frame = include_frame(task, vars, dirname(target), apply);
        let mut reading = self.at(play, render);
        let entries = reading.list(&data, &around(task).inside(frame))?;
        Ok(Included { entries, roles: reading.imported })
    }

    /// Includes a role whose arguments are rendered.
    pub fn include_role(
        &self,
        play: &Play,
        task: &Task,
        role: &IncludeRole,
        vars: &Dict,
        render: &dyn Render,
    ) -> Result<Included> {
        let mut reading = self.at(play, render);
        let within = around(task);
        let text = |value: &Option<Value>| value.as_ref().filter(|v| !v.is_null()).map(Value::to_text);
        let from = RoleFiles {
            tasks: text(&role.tasks_from),
            vars: text(&role.vars_from),
            defaults: text(&role.defaults_from),
            handlers: text(&role.handlers_from),
        };
        let public = role.public.as_ref().filter(|v| !v.is_null()).map(super::metadata::boolean);
        let mut with_vars = task.clone();
        with_vars.common.vars.update(vars);
        let name = super::scope::text_of(&role.name);
        let wanted = reading.wanted(&with_vars, role, &name, from, public, false, &within)?;
        let frame = include_frame(task, vars, &wanted.found.path, role.apply.as_ref());
        let used = reading.role(wanted, User { frame: &frame, parents: parents_of(&within) })?;
        let entries = used.tasks.clone();
        let mut roles = reading.imported;
        roles.push(used);
        Ok(Included { entries, roles })
    }

    fn at<'a>(&'a self, play: &Play, render: &'a dyn Render) -> Reading<'a> {
        Reading::new(self, render, &play.basedir, play.frame.clone(), play.vars_files.clone())
    }
}

fn around(task: &Task) -> Within {
    Within { frame: task.frame.clone(), role: task.role.clone(), handlers: task.handler }
}

/// The frame of what an include brings, with a block for its `apply`.
fn include_frame(task: &Task, vars: &Dict, dir: &str, apply: Option<&Arc<Common>>) -> Arc<Frame> {
    let mut common = task.common.clone();
    common.vars.update(vars);
    let frame = Frame::within(FrameKind::Include { dir: dir.to_owned() }, common, task.origin.clone(), &task.frame);
    match apply {
        Some(apply) => Frame::within(FrameKind::Block, apply.as_ref().clone(), task.origin.clone(), &frame),
        None => frame,
    }
}
