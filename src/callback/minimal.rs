//! The `minimal` callback: one block a host, as `ansible` prints for single modules.

use super::diff::diff_text;
use super::dump::dump;
use super::result::{cleaned, is_command, messages, reduced};
use super::{Callback, Role, Screen, Stream};
use crate::event::{Event, Status, TaskResult};
use crate::value::{Dict, Value};

/// Prints each result on its own.
#[derive(Debug)]
pub struct Minimal {
    screen: Screen,
}

impl Minimal {
    /// One that writes to a screen.
    pub fn new(screen: Screen) -> Self {
        Self { screen }
    }

    fn result(&self, result: &TaskResult) {
        let with_diff = matches!(result.status, Status::Ok | Status::Changed) && result.task.diff;
        if let Some(diff) = result.result.get("diff").filter(|diff| with_diff && diff.truthy()) {
            self.screen.show(&diff_text(&self.screen, diff), None);
        }
        // Of a loop that failed in its items, only what they have done is told.
        if result.result.contains("results") {
            messages(&self.screen, &TaskResult { error: None, ..result.clone() }, Stream::Out);
        } else {
            messages(&self.screen, result, Stream::Out);
        }
        let host = &result.host;
        let plain = |without: &str| is_command(result) && !result.result.contains(without);
        let (text, role) = match result.status {
            Status::Skipped => (format!("{host} | SKIPPED"), Role::Skip),
            Status::Unreachable { .. } => {
                (format!("{host} | UNREACHABLE! => {}", self.dump(&reduced(result))), Role::Unreachable)
            }
            Status::Failed { .. } if plain("module_stderr") => (command_text(result, "FAILED"), Role::Error),
            Status::Failed { .. } => (format!("{host} | FAILED! => {}", self.dump(&reduced(result))), Role::Error),
            Status::Ok | Status::Changed => {
                let (word, role) = word(result.status);
                if plain("ansible_job_id") {
                    (command_text(result, word), role)
                } else {
                    (format!("{host} | {word} => {}", self.dump(&cleaned(result))), role)
                }
            }
        };
        self.screen.show(&text, role);
    }

    fn dump(&self, dict: &Dict) -> String {
        dump(self.screen.settings(), dict, Some(4))
    }
}

/// `CHANGED` or `SUCCESS`.
pub fn word(status: Status) -> (&'static str, Role) {
    if status == Status::Changed { ("CHANGED", Role::Changed) } else { ("SUCCESS", Role::Ok) }
}

/// The exit code of a command, as text.
pub fn rc(result: &TaskResult) -> String {
    result.result.get("rc").map_or_else(|| "-1".into(), Value::to_text)
}

fn command_text(result: &TaskResult, caption: &str) -> String {
    let text = |key: &str| result.result.get(key).map(Value::to_text).unwrap_or_default();
    let (stdout, stderr, msg) = (text("stdout"), text("stderr"), text("msg"));
    format!("{} | {caption} | rc={} >>\n{stdout}{stderr}{msg}\n", result.host, rc(result))
}

impl Callback for Minimal {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Result(result) => self.result(result),
            other => {
                self.screen.common(other);
            }
        }
    }
}
