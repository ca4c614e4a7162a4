//! How many logins are under way: a default sshd drops some of 30 at once (MaxStartups).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const MOST: usize = 8;
const MOST_THROUGH_ONE_JUMP: usize = 4;

/// Bounds the logins of a pool.
#[derive(Debug)]
pub(in crate::connection) struct Gate {
    all: Arc<Semaphore>,
    jumps: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// The right to log in, given back when it is dropped.
pub(super) struct Pass {
    all: Option<OwnedSemaphorePermit>,
    _jump: Option<OwnedSemaphorePermit>,
}

impl Pass {
    /// Lets another login begin: this one only waits for a host that is silent. A jump host still has it.
    pub(super) fn give_back(&mut self) {
        self.all = None;
    }
}

impl Gate {
    /// A gate that is never wider than the user's forks.
    pub fn new(forks: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(forks.clamp(1, MOST))), jumps: Mutex::default() }
    }

    /// Waits for the right to log in.
    pub(super) async fn enter(&self, jump: Option<&str>) -> Pass {
        let through = jump.map(|jump| {
            let mut jumps = self.jumps.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = jumps.entry(jump.to_owned());
            Arc::clone(entry.or_insert_with(|| Arc::new(Semaphore::new(MOST_THROUGH_ONE_JUMP))))
        });
        // The narrower one first: who waits for a jump host keeps nobody else from logging in.
        let jump = match through {
            Some(through) => through.acquire_owned().await.ok(),
            None => None,
        };
        Pass { _jump: jump, all: Arc::clone(&self.all).acquire_owned().await.ok() }
    }
}
