//! How much fits under the limit of open files: an operator's shell allows 1024, and each host takes some for the
//! whole run.
//!
//! Connections that nobody uses make place for others; they come back when they are needed.

use super::pipe::Future_;
use rustix::process::{Resource, getrlimit};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What the process itself needs: standard streams, the runtime, the callback's files.
const OWN: usize = 32;
/// What a task may have open beside its connection.
const TASK: usize = 4;
/// What a login takes, with the sessions of two identities.
const LOGIN: usize = 12;

/// How long a login waits for a place when all others are at work; they may be waiting for this one.
const MOST_WAITING: Duration = Duration::from_secs(10);
/// How often it looks whether one has become idle.
const LOOK: Duration = Duration::from_millis(50);

/// How many hosts may run a task at once: no more than `forks`.
pub fn most_forks(forks: usize) -> usize {
    forks_within(forks, limit())
}

fn forks_within(forks: usize, limit: usize) -> usize {
    forks.min(limit.saturating_sub(OWN) / (TASK + LOGIN)).max(1)
}

fn logins_within(forks: usize, limit: usize) -> usize {
    let forks = forks_within(forks, limit);
    (limit.saturating_sub(OWN + TASK * forks) / LOGIN).clamp(1, Semaphore::MAX_PERMITS)
}

fn limit() -> usize {
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

/// The places for logins.
#[derive(Debug)]
pub(super) struct Room(Arc<Semaphore>);

/// A login's place, given back when it is dropped.
pub(super) type Place = OwnedSemaphorePermit;

impl Room {
    /// The room beside so many tasks at once.
    pub fn new(forks: usize) -> Self {
        Self(Arc::new(Semaphore::new(logins_within(forks, limit()))))
    }

    /// A place; `free` ends a connection that nobody uses, or says that there is none.
    ///
    /// None after a while in which all were in use: whoever goes on then may still find something open to spare.
    pub async fn place(&self, mut free: impl FnMut() -> Future_<bool>) -> Option<Place> {
        let until = Instant::now() + MOST_WAITING;
        loop {
            if let Ok(place) = Arc::clone(&self.0).try_acquire_owned() {
                return Some(place);
            }
            let freed = free().await;
            if freed {
                continue;
            }
            if let Ok(place) = tokio::time::timeout(LOOK, Arc::clone(&self.0).acquire_owned()).await {
                return place.ok();
            }
            if Instant::now() > until {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_and_logins_fit_under_the_limit() {
        for limit in [64, 128, 256, 1024, 4096] {
            for forks in [1, 5, 50, 500] {
                let (tasks, logins) = (forks_within(forks, limit), logins_within(forks, limit));
                assert!(tasks >= 1 && tasks <= forks);
                // Each task has its login.
                assert!(logins >= tasks, "{limit} {forks}: {tasks} {logins}");
                assert!(OWN + tasks * TASK + logins * LOGIN <= limit);
            }
        }
        assert_eq!(forks_within(5, 8), 1);
        assert_eq!(logins_within(5, 8), 1);
        assert_eq!(forks_within(50, usize::MAX), 50);
        assert_eq!(logins_within(50, usize::MAX), Semaphore::MAX_PERMITS);
    }

    #[tokio::test]
    async fn an_idle_one_makes_place() {
        let room = Room(Arc::new(Semaphore::new(1)));
        let mut held = room.place(|| Box::pin(async { false })).await;
        assert!(held.is_some());
        let free = || -> Future_<bool> {
            let freed = held.take().is_some();
            Box::pin(async move { freed })
        };
        assert!(room.place(free).await.is_some());
    }
}
