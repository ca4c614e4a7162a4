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
use std::time::Duration;

pub use message::{Bytes, Content, FromAgent, Hello, PROTOCOL, ToAgent};
pub use outcome::Outcome;
pub use python::{FileKind, FileModule, printed_text};

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
    /// Where the states of background jobs are kept on the host, `~` not expanded; None where it does not matter.
    #[serde(default)]
    pub async_dir: Option<String>,
    /// Whether output that is no UTF-8 is taken as it can be (MODULE_STRICT_UTF8_RESPONSE is off).
    #[serde(default)]
    pub lenient_text: bool,
    /// The limit of open files for what the module runs, 0 to leave it; None is as variables and settings say.
    #[serde(default)]
    pub nofile: Option<u64>,
    /// Set where the module is to run in the background.
    #[serde(default)]
    pub background: Option<Background>,
}

/// How a module runs in the background (`async`): the answer is only that it was started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Background {
    /// The start of the job's id; the host adds the process id to it.
    pub id: String,
    /// Seconds after which the job is ended; None is no limit.
    pub limit: Option<u64>,
}

/// Ansible looks at the time of a job only as often as this, in seconds.
const STEP: u64 = 5;

impl Background {
    /// How long the job may take at most: above five seconds to their next multiple, as with Ansible.
    pub fn lasts(&self) -> Option<Duration> {
        let limit = self.limit?;
        Some(Duration::from_secs(if limit > STEP { limit.div_ceil(STEP).saturating_mul(STEP) } else { limit }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_last_as_long_as_ansibles() {
        let lasts = |limit| Background { id: String::new(), limit }.lasts().map(|time| time.as_secs());
        assert_eq!([3, 5, 6, 60].map(|limit| lasts(Some(limit))), [Some(3), Some(5), Some(10), Some(60)]);
        assert_eq!(lasts(None), None);
    }
}
