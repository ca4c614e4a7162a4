//! Items of a loop whose requests are sent ahead: while the host works on one, the next ones are under way
//! already, so that a loop costs one latency and not one an item.
//!
//! Everything is as if the items went one by one. Their requests leave in the items' order, and the host starts each
//! when the one before it has ended. What an item is rendered from must not come from an item before it: the
//! registered variable is watched, and an item that reads it is done again in its turn, as are all after it.

use super::attempt::Attempt;
use super::host_task::HostTask;
use crate::connection::{Lane, Target, Transport};
use crate::content::{Action, ActionKind};
use crate::diag::{Error, Kind};
use crate::value::{Dict, Value};
use crate::vars::Watched;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Poll;
use tokio::sync::oneshot;

/// How many items are under way at once.
const WINDOW: usize = 16;

/// Actions whose every item is one request, or says so itself.
const ACTIONS: [&str; 2] = ["copy", "template"];

/// Modules that give facts, which items after them may read.
const FACTS: [&str; 3] = ["getent", "hostname", "setup"];

/// The place of an item among those under way.
#[derive(Debug)]
pub(super) struct Place {
    pub lane: Arc<Lane>,
    target: Arc<OnceLock<Target>>,
    watched: Option<Arc<Watched>>,
    before: tokio::sync::Mutex<Option<oneshot::Receiver<bool>>>,
    next: Mutex<Option<oneshot::Sender<bool>>>,
    /// Whether it turned out that this item cannot be ahead.
    stale: AtomicBool,
}

impl Place {
    /// Waits until the requests of the items before have left; false where this item must be done again.
    pub async fn turn(&self, target: Option<&Target>) -> bool {
        let mut before = self.before.lock().await;
        if let Some(before) = before.take()
            && !before.await.unwrap_or(false)
        {
            self.stale.store(true, Ordering::Relaxed);
        }
        // Another way to the host, or another user there, knows nothing of this order.
        let same = target.is_none_or(|target| self.target.get_or_init(|| target.clone()) == target);
        let read = self.watched.as_ref().is_some_and(|watched| watched.was_read());
        if !same || (read && !self.has_left()) {
            self.stale.store(true, Ordering::Relaxed);
        }
        !self.stale.load(Ordering::Relaxed)
    }

    /// The item's only request has left: the next item's may follow.
    pub fn leave(&self) {
        self.pass(true);
    }

    /// The item is over; whether what came of it counts.
    async fn end(&self) -> bool {
        let counts = self.has_left() || self.turn(None).await;
        self.pass(counts);
        counts
    }

    fn has_left(&self) -> bool {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn pass(&self, go: bool) {
        if let Some(next) = self.next.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // The last item has nobody after it.
            let _ = next.send(go);
        }
    }

    /// The error of an item that is done again; nobody sees it.
    pub fn again() -> Error {
        Error::new(Kind::Internal, "an item that was ahead of what it reads")
    }
}

/// The items that are under way.
#[derive(Default)]
pub(super) struct Ahead<'a> {
    items: VecDeque<Item<'a>>,
    lane: Arc<Lane>,
    target: Arc<OnceLock<Target>>,
    last: Option<oneshot::Receiver<bool>>,
    /// How many items have been put under way.
    started: usize,
}

struct Item<'a> {
    running: Pin<Box<dyn Future<Output = Option<Attempt>> + Send + 'a>>,
    done: Option<Option<Attempt>>,
}

impl<'a> Ahead<'a> {
    /// Puts items under way as long as there is room; `variables` are those of an item.
    pub fn fill(&mut self, task: &'a HostTask, items: &[Value], variables: impl Fn(usize) -> Dict) {
        while self.started < items.len() && self.items.len() < WINDOW {
            self.start(task, variables(self.started));
            self.started += 1;
        }
    }

    fn start(&mut self, task: &'a HostTask, overlay: Dict) {
        let (next, before) = oneshot::channel();
        let before = self.last.replace(before);
        let watched = match (&before, &task.task.register) {
            (Some(_), Some(name)) => Some(Arc::new(Watched::new(name))),
            _ => None,
        };
        let place = Place {
            lane: self.lane.clone(),
            target: self.target.clone(),
            watched,
            before: tokio::sync::Mutex::new(before),
            next: Mutex::new(Some(next)),
            stale: AtomicBool::new(false),
        };
        let running = Box::pin(async move {
            let mut scope = task.scope.with(&overlay);
            scope.watched = place.watched.clone();
            let attempt = task.once(scope, None, Some(&place)).await;
            place.end().await.then_some(attempt)
        });
        self.items.push_back(Item { running, done: None });
    }

    /// What came of the first item; None where it, and all after it, must be done again.
    pub async fn next(&mut self) -> Option<Attempt> {
        let first = poll_fn(|cx| {
            for item in self.items.iter_mut().filter(|item| item.done.is_none()) {
                if let Poll::Ready(attempt) = item.running.as_mut().poll(cx) {
                    item.done = Some(attempt);
                }
            }
            match self.items.front_mut().map(|item| item.done.take()) {
                Some(None) => Poll::Pending,
                Some(Some(attempt)) => Poll::Ready(attempt),
                None => Poll::Ready(None),
            }
        })
        .await;
        self.items.pop_front();
        first
    }
}

impl HostTask {
    /// Whether items may be sent ahead: each is one request to a distant host, and nothing of the task says
    /// what is to happen between two.
    pub(super) fn may_send_ahead(&self) -> bool {
        let task = &self.task;
        let between = !task.until.is_empty()
            || task.retries.is_some()
            || task.include.is_some()
            || !task.loop_control.break_when.is_empty()
            || task.loop_control.pause.is_some()
            || task.keyword(|c| c.delegate_to.as_ref()).is_some()
            || task.keyword(|c| c.timeout.as_ref()).is_some()
            || self.shared.settings.int("TASK_TIMEOUT") > 0
            || task.keyword(|c| c.debugger.as_ref()).is_some()
            || task.async_.is_some();
        let is_one = |action: &Action| {
            matches!(action.kind, ActionKind::Native)
                && !FACTS.contains(&&*action.name)
                && (self.shared.action(&action.name).is_none() || ACTIONS.contains(&&*action.name))
        };
        !between && task.resolved.as_ref().is_some_and(is_one)
    }
}

/// Whether a host is far enough for it.
pub(super) fn is_distant(target: &Target) -> bool {
    target.transport != Transport::Local
}
