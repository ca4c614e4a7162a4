//! The `profile_roles` callback of `ansible.posix`: how long each role took; a task outside of roles
//! counts for its action.

use super::profile::{Clock, filled, row, since};
use super::{Callback, Screen};
use crate::event::{Event, TaskInfo};
use std::time::{Duration, SystemTime};

/// The columns of the table, however wide the terminal is.
const COLUMNS: usize = 79;

/// Shows the time at each task, and that of roles at the end.
#[derive(Debug)]
pub struct ProfileRoles {
    screen: Screen,
    clock: Clock,
    totals: Vec<(String, Duration)>,
    current: Option<(String, SystemTime)>,
}

impl ProfileRoles {
    /// One that writes to a screen.
    pub fn new(screen: Screen) -> Self {
        let clock = Clock::new(&screen);
        Self { screen, clock, totals: Vec::new(), current: None }
    }

    fn end_current(&mut self) {
        let Some((name, started)) = self.current.take() else { return };
        let took = since(self.clock.now(), started);
        match self.totals.iter_mut().find(|(known, _)| *known == name) {
            Some((_, total)) => *total += took,
            None => self.totals.push((name, took)),
        }
    }

    fn start(&mut self, task: &TaskInfo) {
        if !self.screen.settings().profile_roles_summary_only {
            self.screen.show(&self.clock.line(), None);
        }
        self.end_current();
        // The real one knows a collection's role by its last name alone.
        let role = task.role.as_deref().map(|role| role.rsplit('.').next().unwrap_or(role));
        self.current = Some((role.unwrap_or(&task.action).to_owned(), self.clock.now()));
    }

    fn recap(&mut self) {
        self.screen.banner("ROLES RECAP");
        self.screen.show(&self.clock.line(), None);
        self.screen.show(&filled("", '='), None);
        self.end_current();
        let total = self.totals.iter().map(|(_, took)| *took).sum();
        self.totals.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
        for (name, took) in &self.totals {
            self.screen.show(&row(name, *took, COLUMNS), None);
        }
        self.screen.show(&filled("", '~'), None);
        self.screen.show(&row("total", total, COLUMNS), None);
    }
}

impl Callback for ProfileRoles {
    fn event(&mut self, event: &Event) {
        match event {
            Event::TaskStart { task } => self.start(task),
            Event::Stats(_) => self.recap(),
            _ => {}
        }
    }
}
