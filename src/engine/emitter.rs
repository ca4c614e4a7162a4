//! Where events go.

use crate::diag::Error;
use crate::event::Event;
use crate::inventory::Notice;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A function that hears every event, in their order.
pub(super) type Listener = Box<dyn FnMut(&Event) + Send>;

/// Hands events to the listener, one at a time.
pub(super) struct Emitter {
    listener: Mutex<Listener>,
    warned: Mutex<HashSet<String>>,
    verbosity: u8,
    debugs: bool,
}

impl Emitter {
    /// One for a listener; `debugs` is the setting DEFAULT_DEBUG.
    pub fn new(listener: Listener, verbosity: u8, debugs: bool) -> Self {
        Self { listener: Mutex::new(listener), warned: Mutex::default(), verbosity, debugs }
    }

    /// Whether the engine says what it does (DEFAULT_DEBUG).
    pub fn debugs(&self) -> bool {
        self.debugs
    }

    /// Says what the engine does, where that is asked for.
    pub fn debug(&self, text: impl FnOnce() -> String) {
        if self.debugs {
            self.emit(&Event::Debug(text()));
        }
    }

    /// Tells the listener that something happened.
    pub fn emit(&self, event: &Event) {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        listener(event);
    }

    /// Warns, once for each text.
    pub fn warn(&self, text: impl Into<String>) {
        let text = text.into();
        let new = self.warned.lock().unwrap_or_else(PoisonError::into_inner).insert(text.clone());
        if new {
            self.emit(&Event::Warning(text));
        }
    }

    /// Says something that is shown from a verbosity on.
    pub fn verbose(&self, level: u8, host: Option<&Arc<str>>, text: impl FnOnce() -> String) {
        if self.verbosity >= level {
            self.emit(&Event::Verbose { level, host: host.cloned(), text: text() });
        }
    }

    /// Says what reading or changing the inventory had to say.
    pub fn notices(&self, notices: Vec<Notice>) {
        for notice in notices {
            match notice {
                Notice::Warning(text) => self.warn(text),
                Notice::Deprecated(text) => self.emit(&Event::Deprecated(text)),
                Notice::Error(text) => self.emit(&Event::Error(Box::new(Error::user(text)))),
                Notice::Verbose(level, text) => self.verbose(level, None, || text),
            }
        }
    }
}
