//! Who answers `--step` and the debugger: whoever is at standard input, a terminal or not.

use super::batch::Batch;
use super::shared::Shared;
use crate::event::{Answer, Event, Prompt, TaskInfo};
use std::sync::atomic::Ordering;

impl Shared {
    /// Asks for a line; None at the end of input, without anybody to ask, and where the run is ended meanwhile.
    pub(super) async fn ask_line(&self, text: String) -> Option<String> {
        let console = self.console.clone()?;
        let (sender, answer) = tokio::sync::oneshot::channel();
        // A thread of its own: the run would not end before one of the runtime's.
        let thread = std::thread::Builder::new().name("console".into()).spawn(move || {
            // Nobody may be waiting any longer.
            let _ = sender.send(console.ask(&Prompt { text, secret: false, timeout: None }));
        });
        thread.ok()?;
        let answer = tokio::select! {
            answer = answer => answer.ok()?,
            () = self.cancel.cancelled() => return None,
        };
        match answer {
            Answer::Line(line) => Some(line),
            Answer::TimedOut | Answer::Closed => None,
        }
    }
}

impl Batch {
    /// Whether a task is to run, which with `--step` is asked before each.
    pub(super) async fn takes_step(&self, info: &TaskInfo) -> bool {
        let shared = &self.shared;
        if !shared.options.step || shared.unstepped.load(Ordering::Relaxed) {
            return true;
        }
        let question = format!("Perform task: TASK: {} (N)o/(y)es/(c)ontinue: ", info.name);
        let answer = shared.ask_line(question.clone()).await.unwrap_or_default().to_lowercase();
        shared.emit(&Event::Banner(question));
        match answer.as_str() {
            "y" | "yes" => true,
            "c" | "continue" => {
                shared.unstepped.store(true, Ordering::Relaxed);
                true
            }
            _ => false,
        }
    }
}
