//! The `oneline` callback: one line a host, as `ansible --one-line` prints.

use super::dump::dump;
use super::minimal::{rc, word};
use super::result::{is_command, reduced};
use super::{Callback, Role, Screen};
use crate::event::{Event, Status, TaskResult};
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// Prints each result as a line.
#[derive(Debug)]
pub struct Oneline {
    screen: Screen,
}

impl Oneline {
    /// One that writes to a screen; says first that it is deprecated.
    pub fn new(screen: Screen) -> Self {
        screen.deprecated(
            "The oneline callback plugin is deprecated. This feature will be removed from ansible-core version 2.23.",
        );
        Self { screen }
    }

    fn result(&self, result: &TaskResult) {
        let host = &result.host;
        let msg = || result.result.get("msg").map(Value::to_text).unwrap_or_default();
        let (text, role) = match result.status {
            Status::Skipped => (format!("{host} | SKIPPED"), Role::Skip),
            Status::Unreachable { .. } => (format!("{host} | UNREACHABLE!: {}", msg()), Role::Unreachable),
            Status::Failed { .. } => {
                self.failure(result);
                (format!("{host} | FAILED! => {}", self.dump(&reduced(result))), Role::Error)
            }
            Status::Ok | Status::Changed => {
                let (word, role) = word(result.status);
                if is_command(result) && !result.result.contains("ansible_job_id") {
                    (command_text(result, word), role)
                } else {
                    (format!("{host} | {word} => {}", self.dump(&reduced(result))), role)
                }
            }
        };
        self.screen.show(&text, role);
    }

    /// What stands before the line of a failure.
    fn failure(&self, result: &TaskResult) {
        let of_items = result.result.contains("results");
        if of_items || !result.result.contains("exception") && result.error.is_none() {
            return;
        }
        if is_command(result) && !result.result.contains("module_stderr") {
            return self.screen.show(&command_text(result, "FAILED"), Role::Error);
        }
        if self.screen.settings().verbosity < 3 {
            let text =
                "An exception occurred during task execution. To see the full traceback, use -vvv. The error was: ";
            self.screen.show(&format!("{text}{}", Outcome::NO_TRACE), Role::Error);
        } else {
            let text = "An exception occurred during task execution. The full traceback is:\n";
            self.screen.show(&format!("{text}{}", Outcome::NO_TRACE), Role::Error);
        }
    }

    fn dump(&self, dict: &Dict) -> String {
        dump(self.screen.settings(), dict, Some(0)).replace('\n', "")
    }
}

fn command_text(result: &TaskResult, caption: &str) -> String {
    let line = |key: &str| {
        let text = result.result.get(key).map(Value::to_text).unwrap_or_default();
        text.replace('\n', "\\n").replace('\r', "\\r")
    };
    let (stdout, stderr) = (line("stdout"), line("stderr"));
    let start = format!("{} | {caption} | rc={} | (stdout) {stdout}", result.host, rc(result));
    if stderr.is_empty() { start } else { format!("{start} (stderr) {stderr}") }
}

impl Callback for Oneline {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Result(result) => self.result(result),
            other => {
                self.screen.common(other);
            }
        }
    }
}
