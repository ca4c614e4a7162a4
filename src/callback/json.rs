//! The `json` callback of `ansible.posix`: the whole run as one JSON document at its end.
//!
//! Keys are sorted, as there. Where a task has no place in lockstep (`free`, `host_pinned`), each
//! host's result has a task entry of its own.

use super::default::path_and_line;
use super::result::reduced;
use super::{Callback, Screen};
use crate::event::{Event, HostStats, PlayInfo, Stats, Status, TaskInfo, TaskResult};
use crate::value::{Dict, JsonStyle, Value, write_json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

/// Gathers a run, and prints it as JSON at its end.
#[derive(Debug)]
pub struct Json {
    screen: Screen,
    run: Run,
}

impl Json {
    /// One that writes to a screen.
    pub fn new(screen: Screen) -> Self {
        Self { screen, run: Run::default() }
    }

    fn print(&self, stats: &Stats) {
        let mut out = stats_value(&self.screen, stats);
        out.insert("plays", Value::list(self.run.plays.iter().map(Play::value)));
        let indent = self.screen.settings().json_indent.unwrap_or(4);
        let indent = usize::try_from(indent).ok().filter(|n| *n > 0);
        let style = JsonStyle { indent, sort_keys: true, unicode: false };
        self.screen.show(&write_json(&Value::Dict(out), style), None);
    }
}

impl Callback for Json {
    fn event(&mut self, event: &Event) {
        let now = timestamp((self.screen.settings().now)());
        match event {
            Event::PlayStart { play } => self.run.play(play, &now),
            Event::TaskStart { task } => {
                self.run.task(task, &now);
            }
            Event::HostStart { task, host } => {
                self.run.host(task, host, &now);
            }
            Event::Result(result) => {
                self.run.result(result, &now, true);
            }
            Event::Stats(stats) => self.print(stats),
            other => {
                self.screen.common(other);
            }
        }
    }
}

/// The plays and tasks of a run with their times.
#[derive(Debug, Default)]
pub struct Run {
    plays: Vec<Play>,
    lockstep: bool,
    of_host: HashMap<(u64, Arc<str>), usize>,
}

#[derive(Debug)]
struct Play {
    head: Dict,
    tasks: Vec<(Dict, Dict)>,
}

impl Play {
    fn value(&self) -> Value {
        let tasks = self.tasks.iter().map(|(head, hosts)| task_value(head, hosts.clone()).into());
        Dict::from([("play", Value::from(self.head.clone())), ("tasks", Value::list(tasks))]).into()
    }
}

fn task_value(head: &Dict, hosts: Dict) -> Dict {
    Dict::from([("task", head.clone()), ("hosts", hosts)])
}

impl Run {
    /// Notes the start of a play.
    pub fn play(&mut self, play: &PlayInfo, now: &str) {
        self.lockstep = matches!(play.strategy.as_str(), "linear" | "debug" | "");
        self.of_host.clear();
        let path = path_and_line(play.origin.as_ref());
        self.plays.push(Play { head: head(&play.name, play.id, path, now), tasks: Vec::new() });
    }

    /// The last play as it is.
    pub fn last_play(&self) -> Dict {
        self.plays.last().and_then(|play| play.value().as_dict().cloned()).unwrap_or_default()
    }

    /// Notes the start of a task, where tasks run in lockstep.
    pub fn task(&mut self, task: &TaskInfo, now: &str) -> Option<Dict> {
        if self.lockstep { self.start(task, now) } else { None }
    }

    /// Notes the start of a task on a host, where each host goes its own way.
    pub fn host(&mut self, task: &TaskInfo, host: &Arc<str>, now: &str) -> Option<Dict> {
        if self.lockstep {
            return None;
        }
        let entry = self.start(task, now);
        let index = self.plays.last().map_or(0, |play| play.tasks.len().saturating_sub(1));
        self.of_host.insert((task.id, host.clone()), index);
        entry
    }

    fn start(&mut self, task: &TaskInfo, now: &str) -> Option<Dict> {
        let head = head(&task.name, task.id, path_and_line(task.origin.as_ref()), now);
        self.plays.last_mut()?.tasks.push((head.clone(), Dict::new()));
        Some(task_value(&head, Dict::new()))
    }

    /// Notes a result, and gives the task's entry with it; `keep` keeps it for the end.
    pub fn result(&mut self, result: &TaskResult, now: &str, keep: bool) -> Option<Dict> {
        let index = self.of_host.remove(&(result.task.id, result.host.clone()));
        let play = self.plays.last_mut()?;
        set_end(&mut play.head, now);
        let index = index.unwrap_or(play.tasks.len().checked_sub(1)?);
        let (head, hosts) = play.tasks.get_mut(index)?;
        set_end(head, now);
        let mut all = hosts.clone();
        all.insert(result.host.clone(), host_value(result));
        if keep {
            *hosts = all.clone();
        }
        Some(task_value(head, all))
    }
}

fn head(name: &str, id: u64, path: Option<String>, now: &str) -> Dict {
    Dict::from([
        ("name", Value::from(name)),
        ("id", format!("00000000-0000-0000-0000-{id:012x}").into()),
        ("path", path.unwrap_or_default().into()),
        ("duration", Dict::from([("start", now)]).into()),
    ])
}

fn set_end(head: &mut Dict, now: &str) {
    if let Some(Value::Dict(duration)) = head.get_mut("duration") {
        duration.insert("end", now);
    }
}

fn host_value(result: &TaskResult) -> Dict {
    const SHOWN: &[&str] =
        &["_ansible_item_label", "_ansible_no_log", "_ansible_verbose_always", "_ansible_verbose_override"];
    let mut dict = reduced(result);
    let delegated = dict.remove("_ansible_delegated_vars");
    dict.retain(|key, _| key.as_str().is_none_or(|k| !k.starts_with("_ansible_") || SHOWN.contains(&k)));
    if let Some(Value::Dict(mut vars)) = delegated {
        vars.remove("ansible_delegated_host");
        dict.insert("_ansible_delegated_vars", vars);
    }
    // The sum of a loop has it in its items; a loop that never began has none.
    if !result.task.looped || !dict.contains("results") {
        dict.set_default("_ansible_no_log", false);
    }
    if matches!(result.status, Status::Failed { .. }) {
        dict.insert("failed", true);
    }
    if result.status == Status::Skipped {
        dict.insert("skipped", true);
    }
    dict.insert("action", result.task.action.as_str());
    dict
}

/// The counters and custom stats.
pub fn stats_value(screen: &Screen, stats: &Stats) -> Dict {
    let counts: Dict = stats.hosts.iter().map(|(h, c)| (Value::from(h.clone()), counts_value(c).into())).collect();
    let mut custom = Dict::new();
    let mut global = Value::from(Dict::new());
    if screen.settings().show_custom_stats {
        custom = stats.custom.clone();
        global = custom.remove("_run").unwrap_or(global);
    }
    Dict::from([("stats", Value::from(counts)), ("custom_stats", custom.into()), ("global_custom_stats", global)])
}

fn counts_value(counts: &HostStats) -> Dict {
    Dict::from([
        ("ok", counts.ok),
        ("failures", counts.failed),
        ("unreachable", counts.unreachable),
        ("changed", counts.changed),
        ("skipped", counts.skipped),
        ("rescued", counts.rescued),
        ("ignored", counts.ignored),
    ])
}

/// A time in UTC as Python's `isoformat` with a `Z`: no fraction where it is zero.
pub fn timestamp(time: SystemTime) -> String {
    let time = chrono::DateTime::<chrono::Utc>::from(time);
    let fraction = if time.timestamp_subsec_micros() == 0 { "" } else { "%.6f" };
    time.format(&format!("%Y-%m-%dT%H:%M:%S{fraction}Z")).to_string()
}
