//! Who follows the run, as a task's action may speak to.

use super::host_task::HostTask;
use crate::actions::{BoxFuture, Person};
use crate::diag::{Error, Kind, Result};
use crate::event::{Event, Keys, Pressed};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a terminal has to come back to its senses once nobody waits for keys.
const CALM: Duration = Duration::from_millis(400);

impl Person for HostTask {
    fn show(&self, text: &str) {
        self.shared.emit(&Event::Message(text.to_owned()));
    }

    fn verbose(&self, level: u8, text: &str) {
        self.shared.verbose(level, None, || text.to_owned());
    }

    fn has_keys(&self) -> bool {
        self.shared.terminal.as_ref().is_some_and(|terminal| terminal.has_keys())
    }

    fn keys(&self, keys: Keys) -> BoxFuture<'_, Result<Pressed>> {
        Box::pin(async move {
            let Some(terminal) = self.shared.terminal.clone() else { return Ok(Pressed::Typed(Vec::new())) };
            let waiting = Waiting { over: keys.over.clone(), calm: Arc::default() };
            let calm = waiting.calm.clone();
            // A thread of its own: the run would not end before one of the runtime's.
            let (sender, answer) = tokio::sync::oneshot::channel();
            let thread = std::thread::Builder::new().name("keys".into()).spawn(move || {
                let pressed = terminal.keys(&keys);
                calm.store(true, Ordering::Release);
                // Nobody may be waiting any longer.
                let _ = sender.send(pressed);
            });
            let failed = |text: String| Error::new(Kind::Internal, text);
            thread.map_err(|error| failed(error.to_string()))?;
            let pressed = answer.await.map_err(|error| failed(error.to_string()));
            drop(waiting);
            pressed
        })
    }
}

/// Ends the question when it is dropped, and lets the terminal be as before.
struct Waiting {
    over: Arc<AtomicBool>,
    calm: Arc<AtomicBool>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        let mut waited = Duration::ZERO;
        while !self.calm.load(Ordering::Acquire) && waited < CALM {
            std::thread::sleep(Duration::from_millis(10));
            waited += Duration::from_millis(10);
        }
    }
}
