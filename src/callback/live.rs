//! A line on a terminal that says which hosts a long task still waits for.
//!
//! Not in ansible-core. Shown only once a task takes more than two seconds, overwritten by the
//! next message, and never there when output is not a terminal (the cli doesn't make one then).

use super::{Callback, Screen};
use crate::event::Event;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a task runs before the line is shown.
const PATIENCE: Duration = Duration::from_secs(2);

/// Keeps the line. Put it after the callback that writes the output, and call [`Live::tick`] about once a second.
#[derive(Debug)]
pub struct Live {
    screen: Screen,
    running: HashMap<(u64, Arc<str>), Instant>,
}

impl Live {
    /// One that writes to a screen.
    pub fn new(screen: Screen) -> Self {
        Self { screen, running: HashMap::new() }
    }

    /// Draws the line anew.
    pub fn tick(&self) {
        self.draw(Instant::now());
    }

    fn draw(&self, now: Instant) {
        self.screen.live(self.line(now).as_deref());
    }

    /// `3 hosts still running after 12s: web1, web2, web3`, cut to the screen.
    fn line(&self, now: Instant) -> Option<String> {
        let longest = self.running.values().map(|start| now.saturating_duration_since(*start)).max()?;
        if longest < PATIENCE {
            return None;
        }
        let mut waiting: Vec<(&Instant, &str)> = self.running.iter().map(|((_, host), at)| (at, &**host)).collect();
        waiting.sort_unstable();
        let names: Vec<&str> = waiting.iter().map(|(_, host)| *host).collect();
        let count = match names.len() {
            1 => "1 host".to_owned(),
            n => format!("{n} hosts"),
        };
        let text = format!("{count} still running after {}: {}", time(longest), names.join(", "));
        let columns = self.screen.settings().columns;
        if text.chars().count() <= columns {
            return Some(text);
        }
        let cut: String = text.chars().take(columns.saturating_sub(1)).collect();
        Some(cut + "…")
    }
}

fn time(duration: Duration) -> String {
    match duration.as_secs() {
        s if s < 60 => format!("{s}s"),
        s if s < 3600 => format!("{}m{:02}s", s / 60, s % 60),
        s => format!("{}h{:02}m", s / 3600, s / 60 % 60),
    }
}

impl Callback for Live {
    fn event(&mut self, event: &Event) {
        match event {
            Event::HostStart { task, host } => {
                self.running.insert((task.id, host.clone()), Instant::now());
            }
            Event::Result(result) => {
                self.running.remove(&(result.task.id, result.host.clone()));
            }
            Event::PlayStart { .. } | Event::NoHostsRemaining | Event::Stats(_) => {
                self.running.clear();
                self.screen.live(None);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Captured, Settings};
    use super::*;
    use crate::event::TaskInfo;

    #[test]
    fn after_two_seconds_it_says_who_is_late() {
        let mut live = Live::new(Screen::new(Settings { columns: 40, ..Settings::default() }, Captured::default()));
        let task = Arc::new(TaskInfo::default());
        for host in ["b", "a"] {
            live.event(&Event::HostStart { task: task.clone(), host: host.into() });
        }
        let now = Instant::now();
        assert_eq!(live.line(now), None);
        let later = now + Duration::from_secs(65);
        assert_eq!(live.line(later).as_deref(), Some("2 hosts still running after 1m05s: b, a"));
        live.event(&Event::HostStart { task, host: "a-host-of-a-long-name".into() });
        assert_eq!(live.line(later).map(|l| l.chars().count()), Some(40));
    }
}
