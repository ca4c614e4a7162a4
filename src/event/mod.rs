//! What happened in a run, as callbacks and embedders see it.
//!
//! The engine emits events in the order of the run; results are masked already where a task has
//! `no_log`. Nothing here can change the run.

mod terminal;

use crate::diag::{self, Origin};
use crate::value::{Dict, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

pub use terminal::{Answer, Keys, Pressed, Prompt, Terminal};

/// Something that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A playbook starts.
    PlaybookStart {
        /// Its path as given.
        path: String,
    },
    /// A play starts.
    PlayStart {
        /// What it is.
        play: Arc<PlayInfo>,
    },
    /// A play's pattern matched no host.
    NoHostsMatched,
    /// All hosts of a play have failed.
    NoHostsRemaining,
    /// A task or handler starts on the first of its hosts.
    TaskStart {
        /// What it is.
        task: Arc<TaskInfo>,
    },
    /// A task starts on a host.
    HostStart {
        /// The task.
        task: Arc<TaskInfo>,
        /// The host's inventory name.
        host: Arc<str>,
    },
    /// One item of a loop is done on a host.
    Item(Box<TaskResult>),
    /// A task is done on a host, with all its items.
    Result(Box<TaskResult>),
    /// A task failed on a host and is tried again (`until`).
    Retry {
        /// What came of the last attempt.
        result: Box<TaskResult>,
        /// How many attempts are left.
        left: u64,
    },
    /// A task that runs in the background (`async`) was looked at, or is over.
    Async {
        /// How far it is.
        stage: AsyncStage,
        /// What is known of it, with its `ansible_job_id`.
        result: Box<TaskResult>,
    },
    /// Tasks were included from a file for some hosts.
    Include {
        /// The file, or the role's name.
        file: String,
        /// The hosts that include it.
        hosts: Vec<Arc<str>>,
        /// The label of the item, where it was included in a loop.
        label: Option<String>,
    },
    /// A handler was notified; shown at -vv.
    Notified {
        /// The handler's name.
        handler: String,
        /// The host that notified it.
        host: Arc<str>,
    },
    /// A headline of the run's own.
    Banner(String),
    /// A message of a task's own, shown as it is.
    Message(String),
    /// A warning, shown once.
    Warning(String),
    /// A warning of something that will be gone.
    Deprecated(String),
    /// An error that no task's result carries.
    Error(Box<diag::Error>),
    /// A message shown from a verbosity on, with the host it is about.
    Verbose {
        /// The least verbosity.
        level: u8,
        /// The host.
        host: Option<Arc<str>>,
        /// The text.
        text: String,
    },
    /// What the engine does, for whoever looks for a fault in it (DEFAULT_DEBUG).
    Debug(String),
    /// The run is over.
    Stats(Arc<Stats>),
}

/// How far a task in the background is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsyncStage {
    /// It was asked for, and goes on.
    Poll,
    /// It succeeded.
    Ok,
    /// It failed, or took too long.
    Failed,
}

/// A play, as callbacks see it.
#[derive(Clone, Debug, Default)]
pub struct PlayInfo {
    /// Its name, or its hosts where it has none.
    pub name: String,
    /// Its identity within the run.
    pub id: u64,
    /// The hosts of this batch.
    pub hosts: Vec<Arc<str>>,
    /// Whether it runs in check mode.
    pub check: bool,
    /// The short name of its strategy: `linear`.
    pub strategy: String,
    /// Where it is written.
    pub origin: Option<Origin>,
}

/// A task, as callbacks see it.
#[derive(Clone, Debug, Default)]
pub struct TaskInfo {
    /// Its identity within the run.
    pub id: u64,
    /// Its rendered name with the role before it: `web : Start it`.
    pub name: String,
    /// The action's name as written.
    pub action: String,
    /// The action's full name.
    pub fqcn: String,
    /// Whether it is a handler.
    pub handler: bool,
    /// Whether it runs in check mode.
    pub check: bool,
    /// Whether it runs in diff mode.
    pub diff: bool,
    /// Whether its results are secret.
    pub no_log: bool,
    /// Where it is written.
    pub origin: Option<Origin>,
    /// Its arguments, rendered where they are the same for all hosts.
    pub args: Dict,
    /// Tags that it has.
    pub tags: Vec<String>,
    /// The play that it is of.
    pub play: u64,
    /// The role that it is of.
    pub role: Option<String>,
    /// Whether it has a loop, so that `Event::Result` only sums up its items.
    pub looped: bool,
}

/// How a task ended on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing changed.
    Ok,
    /// Something changed.
    Changed,
    /// Not run.
    Skipped,
    /// Failed.
    Failed {
        /// Whether `ignore_errors` holds.
        ignored: bool,
    },
    /// The host could not be reached.
    Unreachable {
        /// Whether `ignore_unreachable` holds.
        ignored: bool,
    },
}

/// What came of a task, or of one item of its loop, on a host.
#[derive(Clone, Debug)]
pub struct TaskResult {
    /// The task.
    pub task: Arc<TaskInfo>,
    /// The host's inventory name.
    pub host: Arc<str>,
    /// The name of the host that it was delegated to.
    pub delegated: Option<String>,
    /// How it ended.
    pub status: Status,
    /// The result's keys and values, masked where they are secret.
    pub result: Dict,
    /// The label of the item.
    pub label: Option<Value>,
    /// The error behind a failure, with its place in the user's files.
    pub error: Option<diag::Error>,
    /// What is said beside the result, in full: its `warnings` and `deprecations` hold the words alone.
    pub remarks: Vec<diag::Remark>,
}

/// The counters of a host, as the recap shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostStats {
    /// Tasks that succeeded, those that changed something included.
    pub ok: u64,
    /// Tasks that changed something.
    pub changed: u64,
    /// Times it could not be reached.
    pub unreachable: u64,
    /// Failed tasks.
    pub failed: u64,
    /// Skipped tasks.
    pub skipped: u64,
    /// Failures that a rescue caught.
    pub rescued: u64,
    /// Failures that were ignored.
    pub ignored: u64,
}

/// The counters of all hosts that ran anything.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// By inventory name, sorted.
    pub hosts: BTreeMap<Arc<str>, HostStats>,
    /// What `set_stats` gathered, by host; `_run` is for all.
    pub custom: Dict,
}
