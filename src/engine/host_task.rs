//! One task on one host: its conditions, loop, attempts, and what comes of them.
//!
//! Runs beside those of other hosts and changes no state of the run: what it wants changed is in
//! its [`Done`].

use super::shared::{Added, Shared};
use super::validate::Checks;
use crate::actions::Effect;
use crate::diag::{Error, Remark};
use crate::event::{AsyncStage, TaskInfo, TaskResult};
use crate::playbook::Task;
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use crate::vars::{HostScope, TaskLayers};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc::UnboundedSender;

/// A task that is to run on a host.
pub(super) struct HostTask {
    pub shared: Arc<Shared>,
    pub task: Arc<Task>,
    pub checks: Arc<Checks>,
    pub info: Arc<TaskInfo>,
    pub scope: HostScope,
    pub notes: UnboundedSender<Note>,
    /// Whether it has left the controller.
    pub away: AtomicBool,
}

/// What a running task tells the strategy.
pub(super) enum Note {
    /// It began: it has one of the forks.
    Started(Arc<str>),
    /// An item is done.
    Item(Box<TaskResult>),
    /// It is tried again.
    Retry(Box<TaskResult>, u64),
    /// It leaves the controller, or sleeps: other hosts need not wait for it.
    Away(Arc<str>),
    /// Its job in the background was looked at.
    Async(AsyncStage, Box<TaskResult>),
    /// It is over.
    Done(Box<Done>),
}

impl Note {
    /// The host that it is about.
    pub fn host(&self) -> &Arc<str> {
        match self {
            Self::Started(host) | Self::Away(host) => host,
            Self::Item(result) | Self::Retry(result, _) | Self::Async(_, result) => &result.host,
            Self::Done(done) => &done.host,
        }
    }
}

/// What came of a task on a host.
#[derive(Default)]
pub(super) struct Done {
    pub host: Arc<str>,
    /// The result, with all items' under `results` where it has a loop.
    pub outcome: Outcome,
    /// What to change, with the host that it is about.
    pub effects: Vec<(Arc<str>, Effect)>,
    /// What to add to the inventory, with the item of the loop that does.
    pub additions: Vec<(Option<usize>, Added)>,
    /// Items that are told once it is known what the additions changed.
    pub waiting: Vec<(usize, Box<TaskResult>)>,
    /// The error behind a failure.
    pub error: Option<Error>,
    /// What is said beside the result.
    pub remarks: Vec<Remark>,
    /// The host it was delegated to.
    pub delegated: Option<String>,
    /// What it includes, with the loop's variables for each.
    pub includes: Vec<Included>,
    /// The handlers it notifies, where something changed.
    pub notify: Vec<String>,
    /// Whether results are secret.
    pub no_log: bool,
    /// Whether failures are ignored.
    pub ignore_errors: bool,
    /// Whether an unreachable host is ignored.
    pub ignore_unreachable: bool,
}

/// A file or role that a host includes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Included {
    /// The rendered arguments.
    pub args: Dict,
    /// The variables of the loop's item.
    pub vars: Dict,
    /// The item's label.
    pub label: Option<Value>,
}

impl HostTask {
    /// Says that it leaves the controller, or sleeps.
    pub fn go_away(&self) {
        if !self.away.swap(true, Ordering::Relaxed) {
            // Where the strategy is gone, the run is over.
            let _ = self.notes.send(Note::Away(self.scope.host.clone()));
        }
    }

    /// Runs it and tells all that happens.
    pub async fn run(self) {
        let started = Note::Started(self.scope.host.clone());
        // The strategy listens until the last task is done; where it is gone, the run is over.
        let _ = self.notes.send(started);
        let named = || format!("TaskExecutor() for {}/TASK: {}", self.scope.host, self.info.name);
        self.shared.emitter.debug(|| format!("running {}", named()));
        let done = self.perform().await;
        self.shared.emitter.debug(|| format!("done running {}", named()));
        let _ = self.notes.send(Note::Done(Box::new(done)));
    }

    /// The layers of the task's variables, for hosts that run it too.
    pub fn layers(task: &Task) -> Arc<TaskLayers> {
        Arc::new(TaskLayers::new(task))
    }
}
