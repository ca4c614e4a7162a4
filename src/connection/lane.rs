//! Requests that are sent before those before them are answered, and still run one after another.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The order of such requests: each starts on its host once the one before it has ended.
#[derive(Debug, Default)]
pub struct Lane(Mutex<Option<u64>>);

impl Lane {
    /// The last request that went this way; held while the next one is sent.
    pub(super) fn last(&self) -> MutexGuard<'_, Option<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
