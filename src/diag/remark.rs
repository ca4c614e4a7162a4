//! What there is to say to the user beside a result, gathered until somebody shows it.

use super::Error;
use std::sync::{Mutex, PoisonError};

/// A warning, or the notice that something will be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Its words, with the place and the help that are shown beside them.
    pub error: Error,
    /// The version of ansible-core without the thing, where it is to go away.
    pub gone_in: Option<String>,
    /// The plugin that the thing is of, by kind and full name: `lookup`, `ansible.builtin.url`.
    pub plugin: Option<(&'static str, &'static str)>,
}

impl Remark {
    /// A warning.
    pub fn warning(error: Error) -> Self {
        Self { error, gone_in: None, plugin: None }
    }

    /// The notice that a version of ansible-core will lack something.
    pub fn deprecation(error: Error, gone_in: impl Into<String>) -> Self {
        Self { error, gone_in: Some(gone_in.into()), plugin: None }
    }

    /// Says which plugin the thing is of.
    #[must_use]
    pub fn of(mut self, kind: &'static str, name: &'static str) -> Self {
        self.plugin = Some((kind, name));
        self
    }

    /// The words alone, as results have them.
    pub fn words(&self) -> String {
        self.error.line()
    }

    /// All of it: words, place, excerpt, help.
    pub fn text(&self) -> String {
        let mut error = self.error.clone();
        if let Some(version) = &self.gone_in {
            let whose = self.plugin.map_or(String::new(), |(kind, name)| {
                format!("{kind} plugin '{}' in ", name.rsplit('.').next().unwrap_or(name))
            });
            error.message += &format!(" This feature will be removed from {whose}ansible-core version {version}.");
        }
        error.to_string().trim_end().to_owned()
    }
}

/// Remarks, gathered from any thread; each is kept once.
#[derive(Debug, Default)]
pub struct Remarks(Mutex<Vec<Remark>>);

impl Remarks {
    /// Keeps one.
    pub fn add(&self, remark: Remark) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.contains(&remark) {
            kept.push(remark);
        }
    }

    /// Takes all there are, in order.
    pub fn take(&self) -> Vec<Remark> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
