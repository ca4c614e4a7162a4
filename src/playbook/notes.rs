//! What there is to say while playbooks are loaded.

use crate::diag::{Error, Origin};
use std::sync::Mutex;

/// Something to say that is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The text after `[WARNING]: `.
    Warning(String),
    /// The text after `[DEPRECATION WARNING]: `.
    Deprecated(String),
    /// A text for a verbosity.
    Verbose(u8, String),
}

/// Gathers notes, in their order; each is there once.
#[derive(Debug, Default)]
pub struct Notes(Mutex<Vec<Note>>);

impl Notes {
    /// Adds one.
    pub fn add(&self, note: Note) {
        let mut notes = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// Adds a warning.
    pub fn warn(&self, text: impl Into<String>) {
        self.add(Note::Warning(text.into()));
    }

    /// Adds a warning of something that ansible-core 2.23 will not have.
    pub fn deprecate(&self, message: &str, help: &str, origin: Option<&Origin>) {
        let message = format!("{message} This feature will be removed from ansible-core version 2.23.");
        let text = Error::user(message).help(help).at(origin).to_string();
        self.add(Note::Deprecated(text.trim_end().to_owned()));
    }

    /// Takes all of them out.
    pub fn take(&self) -> Vec<Note> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}
