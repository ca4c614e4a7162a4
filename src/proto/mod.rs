//! What the controller and the agent say to each other.
//!
//! A [`Request`] asks for one module run on a host, an [`Outcome`] answers it. How both are framed on
//! the pipe stands in `frame`; nothing here knows which connection carries it.

pub mod frame;
mod message;
mod outcome;
mod python;

use crate::value::Dict;
use serde::{Deserialize, Serialize};

pub use message::{Bytes, Content, FromAgent, Hello, PROTOCOL, ToAgent};
pub use outcome::Outcome;
pub use python::{FileKind, FileModule};

/// One run of a module on a host.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Request {
    /// The module's name without its collection: `command`.
    pub module: String,
    /// The name that its messages show, as the user or an action wrote it; `module` where it is empty.
    #[serde(default)]
    pub shown: String,
    /// The arguments as the user gave them, rendered; coercion is the agent's.
    pub args: Dict,
    /// What surrounds the task.
    pub context: Context,
}

/// The surroundings of a task that a module may look at.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Context {
    /// Check mode: say what would change, change nothing.
    pub check: bool,
    /// Diff mode: say how it changes.
    pub diff: bool,
    /// Whether results are to be kept from logs.
    pub no_log: bool,
    /// The verbosity of the run, 0 to 5.
    pub verbosity: u8,
    /// The task's `environment`.
    pub environment: Vec<(String, String)>,
    /// Seconds after which the task is ended.
    pub timeout: Option<u64>,
    /// Where modules may put temporary files; None is the agent's own choice.
    pub remote_tmp: Option<String>,
    /// The shell for command lines, where it is not /bin/sh.
    #[serde(default)]
    pub shell: Option<String>,
    /// The Python that the inventory names (`ansible_python_interpreter`), for modules that need one.
    #[serde(default)]
    pub python: Option<String>,
}
