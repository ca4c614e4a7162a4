//! What all tasks of a run share.

use super::Options;
use crate::config::Settings;
use crate::connection::Pool;
use crate::event::{Event, Terminal};
use crate::load::Loader;
use crate::template::Templar;
use crate::vars::Store;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, watch};

/// Where events go.
pub(super) type Listener = Box<dyn FnMut(&Event) + Send>;

/// The parts of a run that every task uses; none of them changes but through its own lock.
pub(super) struct Shared {
    pub store: Arc<Store>,
    pub templar: Arc<Templar>,
    pub settings: Arc<Settings>,
    pub options: Options,
    pub loader: Arc<Loader>,
    pub pool: Arc<Pool>,
    pub terminal: Option<Arc<dyn Terminal>>,
    pub cancel: Cancel,
    pub forks: Arc<Semaphore>,
    pub actions: Vec<&'static crate::actions::ActionDef>,
    listener: Mutex<Listener>,
    warned: Mutex<HashSet<String>>,
    ids: AtomicU64,
}

impl Shared {
    #[expect(clippy::too_many_arguments, reason = "one call, which names every part of a run")]
    pub fn new(
        store: Arc<Store>,
        templar: Arc<Templar>,
        settings: Arc<Settings>,
        options: Options,
        loader: Arc<Loader>,
        pool: Arc<Pool>,
        terminal: Option<Arc<dyn Terminal>>,
        cancel: Cancel,
        actions: Vec<&'static crate::actions::ActionDef>,
        listener: Listener,
        forks: usize,
    ) -> Self {
        Self {
            store,
            templar,
            settings,
            options,
            loader,
            pool,
            terminal,
            cancel,
            actions,
            forks: Arc::new(Semaphore::new(forks.max(1))),
            listener: Mutex::new(listener),
            warned: Mutex::default(),
            ids: AtomicU64::new(1),
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
        if self.options.verbosity >= level {
            self.emit(&Event::Verbose { level, host: host.cloned(), text: text() });
        }
    }

    /// A number that no other play or task of the run has.
    pub fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// The action of a name: an embedder's own first.
    pub fn action(&self, name: &str) -> Option<&'static crate::actions::ActionDef> {
        self.actions.iter().find(|action| action.name == name).copied().or_else(|| crate::actions::find(name))
    }
}

/// Ends a run from outside: nothing new starts, and what runs on the hosts is ended.
#[derive(Clone, Debug)]
pub struct Cancel(Arc<watch::Sender<bool>>);

impl Default for Cancel {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Cancel {
    /// Ends the run.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether the run is to end.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the run is to end.
    pub async fn cancelled(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives as long as self, so waiting cannot fail.
        let _ = receiver.wait_for(|cancelled| *cancelled).await;
    }
}
