//! A task on all hosts that take it, side by side; then the next.

use super::batch::Batch;
use super::host_task::{Done, HostTask, Note};
use super::include::Includes;
use super::keywords::{self, Keywords};
use super::order::Order;
use super::shared::Cancel;
use super::tags;
use super::validate::Checks;
use crate::actions::Run;
use crate::diag::{Error, Kind, Result};
use crate::event::{Event, TaskInfo};
use crate::playbook::Task;
use crate::value::Value;
use crate::vars::{HostScope, TaskLayers};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

impl Batch {
    /// Runs a task on hosts, with what it includes.
    pub(super) async fn task(&mut self, task: &Arc<Task>, hosts: &[Arc<str>]) {
        // Who notified a handler was selected; the handler need not be.
        if !task.implicit && !task.handler && (!self.is_selected(task) || !self.has_started(task, hosts)) {
            return;
        }
        self.fail_with_others();
        let hosts = match self.apart {
            Some(_) => self.at(task, &self.hosts.active(hosts)),
            None => self.at(task, hosts),
        };
        let hosts = self.of_role(task, &hosts);
        let Some(first) = hosts.first() else { return };
        if task.resolved.as_ref().is_some_and(|action| &*action.name == "meta") {
            if self.apart.is_some() && !task.implicit {
                self.warn_of_run_once(task, first);
            }
            self.meta(task, &hosts).await;
            return;
        }
        if self.apart.is_some() && !self.may_run_apart(task, first) {
            return;
        }
        self.warn_of_task(task);
        let info = Arc::new(self.describe(task, first));
        self.shared.tell_templates();
        if !Box::pin(self.takes_step(&info)).await {
            return;
        }
        let alone = match self.is_run_once(task, first) {
            Ok(once) => self.apart.is_none() && once,
            Err(error) => {
                self.fatal.get_or_insert(error);
                return;
            }
        };
        self.shared.emit(&Event::TaskStart { task: info.clone() });
        let left = self.left();
        self.bad.clear();
        let on = if alone { &hosts[..1] } else { &hosts[..] };
        // What one host learns for all, those learn too that do not run what is included.
        let all = if alone { Some(self.members.clone()) } else { None };
        let includes = self.run_on(task, &info, on, all.as_deref()).await;
        let loaded = self.load_includes(task, &info, includes);
        self.stop_where_fatal(task, &left, alone);
        self.run_includes(task, loaded).await;
    }

    /// Runs a task on hosts, and what comes of it is done: state, variables, events.
    ///
    /// `all` are the hosts that share the result, where only one of them runs it.
    pub(super) async fn run_on(
        &mut self,
        task: &Arc<Task>,
        info: &Arc<TaskInfo>,
        hosts: &[Arc<str>],
        all: Option<&[Arc<str>]>,
    ) -> Includes {
        let (notes, mut inbox) = unbounded_channel();
        let limits = match self.limits(task, hosts) {
            Ok(limits) => limits,
            Err(error) => {
                self.fatal.get_or_insert(error);
                return Includes::default();
            }
        };
        let checks = Arc::new(Checks::of(task, &self.shared.templar));
        let start = Start { layers: HostTask::layers(task), checks, limits, task, info };
        let mut notes = Some(notes);
        let together = self.how_many_together(task, hosts.len());
        let mut running = JoinSet::new();
        let mut to_start = hosts.iter();
        let mut includes = Includes::default();
        let mut waiting: HashSet<Arc<str>> = hosts.iter().cloned().collect();
        let mut order = Order::of(hosts);
        loop {
            if to_start.as_slice().is_empty() {
                // The last sender among the running tasks closes the channel.
                notes = None;
            }
            tokio::select! {
                biased;
                note = inbox.recv() => {
                    let is_last = note.is_none();
                    for note in order.take(note) {
                        match note {
                            Note::Done(done) => {
                                waiting.remove(&done.host);
                                // Boxed: the futures of a run are deep enough.
                                Box::pin(self.settle(&start, *done, all, &mut includes)).await;
                            }
                            note => self.tell(info, note),
                        }
                    }
                    if is_last {
                        break;
                    }
                },
                turn = start.limits.turn(), if notes.is_some() => {
                    if let Some(notes) = &notes {
                        let of = to_start.by_ref().take(together);
                        let jobs = of.map(|host| self.job(&start, host, notes.clone())).collect();
                        running.spawn(unless_cancelled(jobs, self.shared.cancel.clone(), turn));
                    }
                }
            }
        }
        while running.join_next().await.is_some() {}
        if !self.shared.cancel.is_cancelled() {
            for host in waiting {
                self.finish(task, info, Done::broken(host), all, &mut includes);
            }
        }
        includes
    }

    /// Tells what happens while a task runs.
    pub(super) fn tell(&self, info: &Arc<TaskInfo>, note: Note) {
        self.shared.emit(&match note {
            Note::Started(host) => Event::HostStart { task: info.clone(), host },
            Note::Item(result) => {
                self.shared.tell_templates();
                Event::Item(result)
            }
            Note::Retry(result, left) => Event::Retry { result, left },
            Note::Async(stage, result) => Event::Async { stage, result },
            // What is over is taken in, not told.
            Note::Away(_) | Note::Done(_) => return,
        });
    }

    fn job(&self, start: &Start<'_>, host: &Arc<str>, notes: UnboundedSender<Note>) -> HostTask {
        HostTask {
            shared: self.shared.clone(),
            task: start.task.clone(),
            checks: start.checks.clone(),
            info: start.info.clone(),
            scope: self.scope(host).for_task(start.task, &start.layers),
            notes,
            away: AtomicBool::new(false),
        }
    }

    /// How many hosts take a task one after the other: many, where it waits for nothing and takes less time than
    /// starting it does.
    fn how_many_together(&self, task: &Task, hosts: usize) -> usize {
        // An embedder's own action may wait for anything.
        let built_in = |name: &str| {
            let own = self.shared.actions.iter().any(|action| action.name == name);
            crate::actions::find(name).filter(|_| !own)
        };
        let action = task.resolved.as_ref().and_then(|action| built_in(&action.name));
        let stays = task.include.is_some() || action.is_some_and(|action| !action.connects && action.name != "pause");
        let waits = !task.until.is_empty() || task.retries.is_some() || task.loop_control.pause.is_some();
        if stays && !waits { (hosts / 16).clamp(1, 64) } else { 1 }
    }

    /// Whether `--tags` and `--skip-tags` select a task.
    pub(super) fn is_selected(&self, task: &Task) -> bool {
        let options = &self.shared.options;
        let tags = self.tags(task);
        tags::selected(&tags, &options.tags, &options.skip_tags)
    }

    /// The tags of a task, rendered, lists within the list flattened.
    pub(super) fn tags(&self, task: &Task) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        let mut add = |value: &Value| {
            for tag in value.to_text().split(',').map(str::trim).filter(|t| !t.is_empty()) {
                if !tags.iter().any(|t| t == tag) {
                    tags.push(tag.to_owned());
                }
            }
        };
        let scope = self.members.first().map(|host| self.scope(host));
        for tag in task.tags() {
            let rendered = match &scope {
                Some(scope) if tag.has_trusted() => self.shared.templar.render_value(tag, scope).ok().flatten(),
                _ => None,
            };
            match rendered.as_ref().unwrap_or(tag) {
                Value::List(items) => items.iter().for_each(&mut add),
                one => add(one),
            }
        }
        tags
    }

    /// Whether `--start-at-task` is behind us; a name may have `*` and `?` in it.
    fn has_started(&mut self, task: &Arc<Task>, hosts: &[Arc<str>]) -> bool {
        if self.started {
            return true;
        }
        self.started = !hosts.is_empty() && self.is_start(task);
        self.started
    }

    /// Whether it is the task that `--start-at-task` names.
    fn is_start(&self, task: &Task) -> bool {
        let Some(wanted) = &self.shared.options.start_at_task else { return false };
        // Names are compared as they are written.
        let name = titled(task, &task.name.as_ref().map(Value::to_text).unwrap_or_default());
        let plain = name.rsplit(" : ").next().unwrap_or(&name);
        crate::inventory::glob_match(wanted, &name) || crate::inventory::glob_match(wanted, plain)
    }

    /// Whether the run has begun, or begins in this play, as it is written.
    pub(super) fn begins_by_now(&self) -> bool {
        let play = &self.play;
        let roles = play.roles.iter().flat_map(|used| &used.tasks);
        let mut found = self.started;
        for entry in play.pre_tasks.iter().chain(roles).chain(&play.tasks).chain(&play.post_tasks) {
            entry.each_task(&mut |task| found = found || self.is_start(task));
        }
        found
    }

    /// Those of the hosts on which the task's role is still to run.
    fn of_role(&mut self, task: &Task, hosts: &[Arc<str>]) -> Vec<Arc<str>> {
        // A role's handlers run once its tasks are through, so "complete" says nothing about them.
        let Some(role) = task.role.as_ref().filter(|_| !task.handler) else { return hosts.to_vec() };
        let again = role.data.allow_duplicates;
        let mut on = Vec::with_capacity(hosts.len());
        for host in hosts {
            let state = self.hosts.state(host);
            let complete = state.completed_roles.contains(&role.identity) && !again;
            // An ended role is left at the next end of any role, as with ansible-core.
            if !complete && (task.implicit || !state.ended_role) {
                on.push(host.clone());
            }
        }
        on
    }

    /// The task's name as shown: rendered with its variables, its role before it.
    ///
    /// What cannot be rendered of it stands there in words, with a warning.
    pub(super) fn title(&self, task: &Arc<Task>, scope: &HostScope) -> String {
        let name = match &task.name {
            Some(Value::Str(text)) => self.shared.templar.render_shown(text, scope),
            other => other.as_ref().filter(|name| name.truthy()).map(Value::to_text).unwrap_or_default(),
        };
        titled(task, &name)
    }

    pub(super) fn describe(&self, task: &Arc<Task>, host: &Arc<str>) -> TaskInfo {
        let scope = self.scope(host).for_task(task, &HostTask::layers(task));
        let keywords = Keywords { shared: &self.shared, task, scope: &scope };
        let options = &self.shared.options;
        let flag = |value: Result<Option<bool>>, default| value.unwrap_or(None).unwrap_or(default);
        TaskInfo {
            id: self.apart.as_ref().and_then(|apart| apart.id(task)).unwrap_or_else(|| self.shared.next_id()),
            name: self.title(task, &scope),
            action: task.action.as_str().to_owned(),
            fqcn: task.resolved.as_ref().map_or_else(|| task.action.as_str().to_owned(), |a| a.fqcn.to_string()),
            handler: task.handler,
            check: flag(keywords.bool("check_mode", |c| c.check_mode.as_ref()), options.check),
            diff: flag(keywords.bool("diff", |c| c.diff.as_ref()), options.diff),
            no_log: flag(keywords.bool("no_log", |c| c.no_log.as_ref()), false),
            // The task that gathers facts stands where its play does, though its errors tell no place.
            origin: task.origin.clone().or_else(|| self.play.origin.clone()),
            args: task.args.clone(),
            tags: self.tags(task),
            play: self.id,
            role: task.role.as_ref().map(|role| role.full_name()),
            looped: task.loop_.is_some(),
        }
    }

    /// Whether a task's action runs once for all hosts, whatever the task says.
    pub(super) fn runs_for_all(&self, task: &Task) -> bool {
        let definition = task.resolved.as_ref().and_then(|action| self.shared.action(&action.name));
        definition.is_some_and(|definition| matches!(definition.run, Run::Once(_)))
    }

    /// Whether a task runs on one host alone; what is no boolean is a truth of its own until the task is checked.
    fn is_run_once(&self, task: &Arc<Task>, first: &Arc<str>) -> Result<bool> {
        let scope = self.scope(first).for_task(task, &HostTask::layers(task));
        let keywords = Keywords { shared: &self.shared, task, scope: &scope };
        if self.runs_for_all(task) {
            return Ok(true);
        }
        let value = keywords.value(|c| c.run_once.as_ref())?.unwrap_or_default();
        Ok(crate::argspec::boolean(&value).unwrap_or_else(|| value.truthy()))
    }

    fn limits(&self, task: &Arc<Task>, hosts: &[Arc<str>]) -> Result<Limits> {
        let throttle = match hosts.first() {
            Some(first) => self.throttle(task, first)?,
            None => 0,
        };
        Ok(Limits {
            forks: (!self.pinned).then(|| self.shared.forks.clone()),
            throttle: (throttle > 0).then(|| match &self.apart {
                Some(apart) => apart.throttle(task, throttle),
                None => Arc::new(Semaphore::new(throttle)),
            }),
        })
    }

    /// How many hosts may run a task at a time; 0 for as many as there are.
    pub(super) fn throttle(&self, task: &Arc<Task>, host: &Arc<str>) -> Result<usize> {
        let Some(written) = task.keyword(|c| c.throttle.as_ref()) else { return Ok(0) };
        let scope = self.scope(host).for_task(task, &HostTask::layers(task));
        let rendered = self.shared.templar.render_value(written, &scope);
        let number = rendered.and_then(|value| as_int(&value.unwrap_or_default()));
        let number = number.map_err(|error| {
            error.context("Failed to convert the throttle value to an integer.").at(keywords::place(Some(written)))
        })?;
        Ok(usize::try_from(number).unwrap_or(0).min(Semaphore::MAX_PERMITS))
    }
}

/// Python's `int()`, in its words.
fn as_int(value: &Value) -> Result<i64> {
    let text = match value {
        Value::Bool(flag) => return Ok(i64::from(*flag)),
        Value::Int(number) => return Ok(*number),
        Value::Float(number) => return Ok(*number as i64),
        Value::Str(text) => text.as_str(),
        other => {
            let kind = other.type_name();
            return Err(Error::user(format!(
                "int() argument must be a string, a bytes-like object or a real number, not '{kind}'"
            )));
        }
    };
    let plain = text.trim().replace('_', "");
    plain
        .parse()
        .map_err(|_| Error::user(format!("invalid literal for int() with base 10: {}", crate::value::repr(value))))
}

/// What starting a task on a host takes.
pub(super) struct Start<'a> {
    pub task: &'a Arc<Task>,
    pub info: &'a Arc<TaskInfo>,
    pub layers: Arc<TaskLayers>,
    pub checks: Arc<Checks>,
    limits: Limits,
}

/// How many hosts run a task at a time: the forks, and the task's own `throttle`.
struct Limits {
    /// None where the host has one of them already.
    forks: Option<Arc<Semaphore>>,
    throttle: Option<Arc<Semaphore>>,
}

/// One of the places that the limits give.
type Turn = (Option<OwnedSemaphorePermit>, Option<OwnedSemaphorePermit>);

impl Limits {
    /// Waits for a place. Neither semaphore is ever closed.
    async fn turn(&self) -> Turn {
        (place_of(self.throttle.as_ref()).await, place_of(self.forks.as_ref()).await)
    }
}

async fn place_of(limit: Option<&Arc<Semaphore>>) -> Option<OwnedSemaphorePermit> {
    match limit {
        Some(limit) => limit.clone().acquire_owned().await.ok(),
        None => None,
    }
}

/// Runs a task on hosts, one after the other, in their turn, unless the run ends first.
async fn unless_cancelled(jobs: Vec<HostTask>, cancel: Cancel, turn: Turn) {
    let all = async {
        for job in jobs {
            job.run().await;
        }
    };
    tokio::select! {
        () = all => {}
        () = cancel.cancelled() => {}
    }
    drop(turn);
}

impl Done {
    /// What stands for a task that ended without a word.
    pub(super) fn broken(host: Arc<str>) -> Self {
        let text = "Unexpected failure during task execution: rplay's own code for this task broke off";
        let error = Error::new(Kind::Internal, text);
        Self {
            host,
            outcome: crate::proto::Outcome::failed(text),
            error: Some(error.context("Task failed.")),
            ..Self::default()
        }
    }
}

/// A task's name with its role before it; the action's where it has none.
fn titled(task: &Task, name: &str) -> String {
    let name = if name.is_empty() {
        match task.args.get("name").or_else(|| task.args.get("role")) {
            Some(role) if task.action.as_str().rsplit('.').next() == Some("include_role") => {
                format!("{} : {}", task.action.as_str(), role.to_text())
            }
            _ => task.action.as_str().to_owned(),
        }
    } else {
        name.to_owned()
    };
    match task.shown_role() {
        Some(role) => format!("{} : {name}", role.full_name()),
        None => name,
    }
}
