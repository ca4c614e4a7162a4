//! What `profile_tasks` and `profile_roles` have in common: the clock and its lines.
//!
//! Lines are 79 columns wide however wide the terminal is, as theirs.

use super::Screen;
use std::time::{Duration, SystemTime};

const WIDTH: usize = 79;

/// A clock that knows when the run and the current task began.
#[derive(Debug)]
pub struct Clock {
    now: fn() -> SystemTime,
    start: SystemTime,
    lap: SystemTime,
}

impl Clock {
    /// One that starts now.
    pub fn new(screen: &Screen) -> Self {
        let now = screen.settings().now;
        let start = now();
        Self { now, start, lap: start }
    }

    /// The time.
    pub fn now(&self) -> SystemTime {
        (self.now)()
    }

    /// The time, that since the last line and that since the start; begins the next lap.
    pub fn line(&mut self) -> String {
        let now = self.now();
        let date = chrono::DateTime::<chrono::Local>::from(now).format("%A %d %B %Y  %H:%M:%S %z");
        let text = format!("{date} ({})       {}", clock(since(now, self.lap)), clock(since(now, self.start)));
        self.lap = now;
        filled(&text, '*')
    }
}

/// How long it is from one time to a later one.
pub fn since(now: SystemTime, then: SystemTime) -> Duration {
    now.duration_since(then).unwrap_or_default()
}

fn clock(time: Duration) -> String {
    let ms = time.as_millis();
    format!("{}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

/// A text filled up with a character, and a space at the end.
pub fn filled(text: &str, fill: char) -> String {
    let text = if text.is_empty() { String::new() } else { format!("{text} ") };
    let count = WIDTH.saturating_sub(text.chars().count()).max(3);
    format!("{text}{} ", String::from(fill).repeat(count))
}

/// A name and the seconds that it took, with dashes between them.
pub fn row(name: &str, took: Duration, columns: usize) -> String {
    let seconds = format!(" {:.2}s", took.as_secs_f64());
    format!("{}{seconds:->9}", dashes(name, columns.saturating_sub(9)))
}

/// A text filled up with dashes.
pub fn dashes(text: &str, columns: usize) -> String {
    let text = format!("{text} ");
    format!("{text:-<columns$}")
}
