//! The task debugger: `debugger:`, the setting `enable_task_debugger`, the strategy `debug`.
//!
//! Once a result is told, a person may look at the task, its variables and the result, change arguments and
//! variables, and have the task run again. Ansible's debugger runs Python there; this one has the expressions
//! of templates in its place, and assignments to and `del` of items of `task.args` and `task_vars`.

mod command;
mod pretty;

use super::batch::Batch;
use super::host_task::{Done, HostTask, Note};
use super::include::Includes;
use super::keywords::Keywords;
use super::lockstep::Start;
use crate::diag::{Error, Kind};
use crate::event::{Event, TaskInfo};
use crate::playbook::Task;
use crate::template::{Scope, Var};
use crate::value::{Dict, Text, Value, repr};
use crate::vars::HostScope;
use command::{Command, Path};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::mpsc::unbounded_channel;

/// What a person wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Continue,
    Redo,
    Quit,
}

pub(super) const VALUES: [&str; 5] = ["on_skipped", "on_unreachable", "on_failed", "always", "never"];

impl Batch {
    /// Takes in a result, and lets the debugger have the task as often as it wants.
    pub(super) async fn settle(
        &mut self,
        start: &Start<'_>,
        done: Done,
        all: Option<&[Arc<str>]>,
        includes: &mut Includes,
    ) {
        let (task, info) = (start.task, start.info);
        let Some(when) = self.debugger(task, &done.host) else {
            self.finish(task, info, done, all, includes);
            return;
        };
        let host = done.host.clone();
        let mut session = Session::new(task, info, self.scope(&host).for_task(task, &start.layers));
        let mut done = done;
        loop {
            // All hosts': they share the result of what runs once.
            let before = (self.hosts.clone(), self.bad.len(), self.counted.clone(), self.vars.removed());
            let wanted = when.wants(&done);
            session.result = done.outcome.result.clone();
            self.finish(task, info, done, all, includes);
            if !wanted || self.fatal.is_some() {
                return;
            }
            // Boxed: hardly any result needs room for these.
            match Box::pin(session.ask(self)).await {
                Next::Continue => return,
                Next::Quit => return self.shared.cancel.cancel(),
                Next::Redo => {
                    self.hosts = before.0;
                    self.bad.truncate(before.1);
                    self.counted = before.2;
                    // Its own name stays gone from `ansible_play_hosts`, as with ansible-core.
                    self.vars.set_removed(before.3.into_iter().chain([host.clone()]).collect());
                    includes.forget(&host);
                    done = Box::pin(self.redo(start, &session)).await;
                }
            }
        }
    }

    /// When the debugger is to have a task; None where it never does.
    fn debugger(&mut self, task: &Arc<Task>, host: &Arc<str>) -> Option<When> {
        let settings = &self.shared.settings;
        let everywhere = settings.flag("ENABLE_TASK_DEBUGGER") || self.debugs;
        let written = task.keyword(|c| c.debugger.as_ref());
        if !everywhere && written.is_none() {
            return None;
        }
        let scope = self.scope(host).for_task(task, &HostTask::layers(task));
        let keywords = Keywords { shared: &self.shared, task, scope: &scope };
        let name = keywords.text(|c| c.debugger.as_ref()).unwrap_or(None).unwrap_or_default();
        // Any other value is the task's own failure.
        if !name.is_empty() && !VALUES.contains(&name.as_str()) {
            return None;
        }
        Some(When { name, everywhere, lenient: settings.flag("TASK_DEBUGGER_IGNORE_ERRORS") })
    }

    /// Runs a task again as the session has changed it, on its host alone.
    async fn redo(&self, start: &Start<'_>, session: &Session) -> Done {
        let task = Arc::new(Task { args: session.args.clone(), ..(**start.task).clone() });
        let host = session.scope.host.clone();
        let (notes, mut inbox) = unbounded_channel();
        let scope = self.scope(&host).for_task(&task, &start.layers).with(&session.changed);
        let job = HostTask {
            shared: self.shared.clone(),
            task,
            checks: start.checks.clone(),
            info: start.info.clone(),
            scope,
            notes,
            away: AtomicBool::new(false),
        };
        job.run().await;
        while let Some(note) = inbox.recv().await {
            match note {
                Note::Done(done) => return *done,
                other => self.tell(start.info, other),
            }
        }
        Done::broken(host)
    }
}

/// When the debugger is wanted.
struct When {
    /// The keyword's value; empty where there is none.
    name: String,
    everywhere: bool,
    /// Whether failures that are ignored are no failures to it.
    lenient: bool,
}

impl When {
    fn wants(&self, done: &Done) -> bool {
        let failed = done.outcome.is_failed() && !(self.lenient && done.ignore_errors);
        match self.name.as_str() {
            "always" => true,
            "never" => false,
            "on_skipped" if done.outcome.is_skipped() => true,
            "on_failed" if failed => true,
            "on_unreachable" if done.outcome.is_unreachable() => true,
            _ => self.everywhere && (failed || done.outcome.is_unreachable()),
        }
    }
}

/// A task in the debugger.
struct Session {
    task: Arc<Task>,
    info: Arc<TaskInfo>,
    scope: HostScope,
    result: Dict,
    /// The arguments, as the next run has them.
    args: Dict,
    /// Variables that were changed.
    changed: Dict,
    /// The last line, which an empty one repeats.
    last: String,
}

impl Session {
    fn new(task: &Arc<Task>, info: &Arc<TaskInfo>, scope: HostScope) -> Self {
        Self {
            task: task.clone(),
            info: info.clone(),
            scope,
            result: Dict::new(),
            args: task.args.clone(),
            changed: Dict::new(),
            last: String::new(),
        }
    }

    /// Takes commands until one says how to go on.
    async fn ask(&mut self, batch: &Batch) -> Next {
        let shared = &batch.shared;
        let show = |text: &str| shared.emit(&Event::Message(text.to_owned()));
        loop {
            let prompt = format!("[{}] TASK: {} (debug)> ", self.scope.host, self.info.name);
            let line = match shared.ask_line(prompt).await {
                Some(line) if line.trim().is_empty() => self.last.clone(),
                Some(line) => line,
                None => "quit".into(),
            };
            self.last.clone_from(&line);
            match command::parse(&line) {
                Command::Nothing => {}
                Command::Continue => return Next::Continue,
                Command::Redo => return Next::Redo,
                Command::Quit => {
                    show("User interrupted execution");
                    return Next::Quit;
                }
                Command::Help(topic) => show(&command::help(&topic)),
                Command::UpdateTask => self.args = self.task.args.clone(),
                Command::Print(expression) => match self.value(batch, &expression) {
                    Ok(value) if matches!(&*expression, "host" | "task") => show(&value.to_text()),
                    Ok(value) => show(&pretty::pformat(&value)),
                    Err(error) => show(&told(&error, &expression)),
                },
                Command::Evaluate(expression) => match self.value(batch, &expression) {
                    Ok(Value::Null) => {}
                    Ok(value) if matches!(&*expression, "host" | "task") => show(&value.to_text()),
                    Ok(value) => show(&repr(&value)),
                    Err(error) => show(&told(&error, &expression)),
                },
                Command::Set(path, expression) => {
                    let set = self.value(batch, &expression).and_then(|value| self.change(batch, &path, Some(value)));
                    set.unwrap_or_else(|error| show(&told(&error, &expression)));
                }
                Command::Delete(path) => {
                    self.change(batch, &path, None).unwrap_or_else(|error| show(&told(&error, "")));
                }
                Command::Unknown(text) => show(&format!("***SyntaxError:SyntaxError({})", repr(&Value::str(text)))),
            }
        }
    }

    /// The value of an expression over `task`, `task_vars`, `host` and `result`.
    fn value(&self, batch: &Batch, expression: &str) -> crate::diag::Result<Value> {
        match expression {
            "task" => return Ok(Value::str(format!("TASK: {}", self.info.name))),
            "host" => return Ok(Value::str(&*self.scope.host)),
            _ => {}
        }
        let keywords = Keywords { shared: &batch.shared, task: &self.task, scope: &self.scope };
        let mut task = keywords.as_variable(&self.info);
        task.insert("args", Value::Dict(self.args.clone()).untrusted());
        let result = Value::Dict(self.result.clone()).untrusted();
        let names = Dict::from([
            ("task", Value::Dict(task).untrusted()),
            ("host", Value::str(&*self.scope.host)),
            ("task_vars", self.variables(batch).into()),
            ("result", Dict::from([("_return_data", result)]).into()),
        ]);
        batch.shared.templar.evaluate(&Text::trusted(expression, None), &self.scope.with(&names))
    }

    /// The variables of the task, rendered as far as they can be.
    fn variables(&self, batch: &Batch) -> Dict {
        let scope = self.scope.with(&self.changed);
        let mut all = Dict::new();
        for name in scope.names() {
            if let Ok(Some(Var::Value(value))) = scope.get(&name) {
                let rendered = batch.shared.templar.render_value(&value, &scope).ok().flatten();
                all.insert(&*name, rendered.unwrap_or_else(|| value.untrusted()));
            }
        }
        all
    }

    /// Sets an item of the arguments or variables, or takes it away.
    fn change(&mut self, batch: &Batch, path: &Path, new: Option<Value>) -> crate::diag::Result<()> {
        let wrong = || Error::user(format!("only items of task.args and task_vars can be changed here, not {}", path));
        if path.of_args {
            let args = path.put(&Value::Dict(self.args.clone()), new).and_then(|value| value.as_dict().cloned());
            self.args = args.ok_or_else(wrong)?;
            return Ok(());
        }
        let Some(name) = path.first() else { return Err(wrong()) };
        let mut known = self.variables(batch);
        if let Some(value) = self.changed.get(&name) {
            known.insert(name.as_str(), value.clone());
        }
        let known = path.put(&Value::Dict(known), new).ok_or_else(wrong)?;
        match known.get(&name) {
            Some(value) => drop(self.changed.insert(name, value.clone())),
            None => drop(self.changed.remove(&name)),
        }
        Ok(())
    }
}

/// An error as Python tells it: its class, and the same with its text.
fn told(error: &Error, expression: &str) -> String {
    let line = error.line();
    let text = line.trim_end_matches('.');
    let object = if expression.starts_with("result.") { "_RawTaskResult" } else { "Task" };
    let of_object = expression.starts_with("result.") || expression.starts_with("task.");
    let missing = text.strip_prefix("object of type 'dict' has no attribute ");
    let (class, text) = match (text.strip_suffix(" is undefined"), missing) {
        (Some(name), _) if error.kind == Kind::Undefined => ("NameError", format!("name {name} is not defined")),
        (_, Some(name)) if of_object => ("AttributeError", format!("'{object}' object has no attribute {name}")),
        (_, Some(name)) => ("KeyError", name.trim_matches('\'').to_owned()),
        _ => ("Exception", text.to_owned()),
    };
    format!("***{class}:{class}({})", repr(&Value::str(text)))
}
