//! The `profile_tasks` callback of `ansible.posix`: how long each task took.
//!
//! A task that starts again in the next batch (`serial`) adds to its time.

use super::default::path_and_line;
use super::profile::{Clock, dashes, filled, row, since};
use super::{Callback, Screen};
use crate::event::{Event, TaskInfo};
use std::time::{Duration, SystemTime};

/// Shows the time at each task, and the longest tasks at the end.
#[derive(Debug)]
pub struct ProfileTasks {
    screen: Screen,
    clock: Clock,
    limit: Option<i64>,
    tasks: Vec<Row>,
    current: Option<usize>,
}

#[derive(Debug)]
struct Row {
    id: u64,
    name: String,
    path: Option<String>,
    started: SystemTime,
    took: Duration,
}

impl ProfileTasks {
    /// One that writes to a screen; none where its limit is no number.
    pub fn new(screen: Screen) -> Option<Self> {
        let limit = match screen.settings().profile_tasks_limit.trim() {
            "all" => None,
            text => match text.parse() {
                Ok(limit) => Some(limit),
                Err(_) => {
                    screen.warning(&format!(
                        "Failed to load callback plugin 'profile_tasks': invalid literal for int() with base \
                         10: '{text}'"
                    ));
                    return None;
                }
            },
        };
        let clock = Clock::new(&screen);
        Some(Self { screen, clock, limit, tasks: Vec::new(), current: None })
    }

    fn end_current(&mut self) {
        let now = self.clock.now();
        if let Some(row) = self.current.and_then(|index| self.tasks.get_mut(index)) {
            row.took += since(now, row.started);
        }
    }

    fn start(&mut self, task: &TaskInfo) {
        let settings = self.screen.settings();
        if !settings.profile_tasks_summary_only {
            self.screen.show(&self.clock.line(), None);
        }
        let path = (settings.verbosity >= 2).then(|| path_and_line(task.origin.as_ref()).unwrap_or_default());
        self.end_current();
        let started = self.clock.now();
        let known = self.tasks.iter().position(|row| row.id == task.id);
        if let Some(row) = known.and_then(|index| self.tasks.get_mut(index)) {
            row.started = started;
        } else {
            self.tasks.push(Row { id: task.id, name: task.name.clone(), path, started, took: Duration::ZERO });
        }
        self.current = known.or(self.tasks.len().checked_sub(1));
    }

    fn recap(&mut self) {
        self.screen.banner("TASKS RECAP");
        self.screen.show(&self.clock.line(), None);
        self.screen.show(&filled("", '='), None);
        self.end_current();
        self.current = None;
        match self.screen.settings().profile_tasks_order.as_str() {
            "ascending" => self.tasks.sort_by_key(|row| row.took),
            "none" => {}
            _ => self.tasks.sort_by_key(|row| std::cmp::Reverse(row.took)),
        }
        let columns = self.screen.settings().columns;
        for task in self.tasks.iter().take(shown(self.limit, self.tasks.len())) {
            let mut text = row(&task.name, task.took, columns);
            if let Some(path) = &task.path {
                text.push_str(&format!("\n{}", dashes(path, columns)));
            }
            self.screen.show(&text, None);
        }
    }
}

/// How many a Python slice up to a limit has: a negative one counts from the end.
fn shown(limit: Option<i64>, len: usize) -> usize {
    match limit {
        None => len,
        Some(limit) => match usize::try_from(limit) {
            Ok(limit) => limit,
            Err(_) => len.saturating_sub(usize::try_from(limit.unsigned_abs()).unwrap_or(usize::MAX)),
        },
    }
}

impl Callback for ProfileTasks {
    fn event(&mut self, event: &Event) {
        match event {
            Event::TaskStart { task } => self.start(task),
            Event::Stats(_) => self.recap(),
            _ => {}
        }
    }
}
