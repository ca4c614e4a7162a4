//! The `jsonl` callback of `ansible.posix`: one line of JSON an event.

use super::json::{Run, stats_value, timestamp};
use super::{Callback, Screen};
use crate::event::{Event, Status};
use crate::value::{Dict, JsonStyle, Value, write_json};

/// Prints events as lines of JSON.
#[derive(Debug)]
pub struct Jsonl {
    screen: Screen,
    run: Run,
}

impl Jsonl {
    /// One that writes to a screen.
    pub fn new(screen: Screen) -> Self {
        Self { screen, run: Run::default() }
    }

    fn print(&self, name: &str, mut entry: Dict, now: &str) {
        entry.insert("_event", name);
        entry.insert("_timestamp", now);
        let indent = usize::try_from(self.screen.settings().json_indent.unwrap_or(0)).ok().filter(|n| *n > 0);
        let style = JsonStyle { indent, sort_keys: true, unicode: false };
        self.screen.show(&compact(&write_json(&Value::Dict(entry), style)), None);
    }
}

/// The text with `,` and `:` alone between items.
fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut quoted, mut escaped, mut skip) = (false, false, false);
    for c in json.chars() {
        if std::mem::take(&mut skip) && c == ' ' {
            continue;
        }
        if quoted {
            quoted = escaped || c != '"';
            escaped = c == '\\' && !escaped;
        } else {
            quoted = c == '"';
            skip = matches!(c, ',' | ':');
        }
        out.push(c);
    }
    out
}

impl Callback for Jsonl {
    fn event(&mut self, event: &Event) {
        let now = timestamp((self.screen.settings().now)());
        let (name, entry) = match event {
            Event::PlayStart { play } => {
                self.run.play(play, &now);
                ("v2_playbook_on_play_start", Some(self.run.last_play()))
            }
            Event::TaskStart { task } => {
                let name = if task.handler { "v2_playbook_on_handler_task_start" } else { "v2_playbook_on_task_start" };
                (name, self.run.task(task, &now))
            }
            Event::HostStart { task, host } => ("v2_runner_on_start", self.run.host(task, host, &now)),
            Event::Result(result) => {
                let name = match result.status {
                    Status::Ok | Status::Changed => "v2_runner_on_ok",
                    Status::Skipped => "v2_runner_on_skipped",
                    Status::Failed { .. } => "v2_runner_on_failed",
                    Status::Unreachable { .. } => "v2_runner_on_unreachable",
                };
                (name, self.run.result(result, &now, false))
            }
            Event::Stats(stats) => ("v2_playbook_on_stats", Some(stats_value(&self.screen, stats))),
            other => {
                self.screen.common(other);
                return;
            }
        };
        if let Some(entry) = entry {
            self.print(name, entry, &now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn spaces_within_strings_stay() {
        assert_eq!(compact(r#"{"a": "x, \": y", "b": [1, 2]}"#), r#"{"a":"x, \": y","b":[1,2]}"#);
    }
}
