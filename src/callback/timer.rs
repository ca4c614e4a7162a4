//! The `timer` callback of `ansible.posix`: how long the whole run took.

use super::{Callback, Screen};
use crate::event::Event;
use std::time::SystemTime;

/// Shows the time that passed since it was made.
#[derive(Debug)]
pub struct Timer {
    screen: Screen,
    start: SystemTime,
}

impl Timer {
    /// One that writes to a screen.
    pub fn new(screen: Screen) -> Self {
        let start = (screen.settings().now)();
        Self { screen, start }
    }
}

impl Callback for Timer {
    fn event(&mut self, event: &Event) {
        let Event::Stats(_) = event else { return };
        let took = (self.screen.settings().now)().duration_since(self.start).unwrap_or_default().as_secs();
        let (days, hours, minutes, seconds) = (took / 86400, took / 3600 % 24, took / 60 % 60, took % 60);
        self.screen.banner("PLAYBOOK RECAP");
        let text = format!("Playbook run took {days} days, {hours} hours, {minutes} minutes, {seconds} seconds\n\r");
        self.screen.show(&text, None);
    }
}
