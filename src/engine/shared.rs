//! What all tasks of a run share.

use super::Options;
use super::emitter::Emitter;
use super::python::FileModules;
use crate::actions::ActionDef;
use crate::config::{Settings, Surroundings};
use crate::connection::Pool;
use crate::diag::{Error, Remark, Result};
use crate::event::{Event, Terminal};
use crate::inventory::{Inventory, Mismatch, Notice, Reader};
use crate::load::Loader;
use crate::playbook::Note;
use crate::template::Templar;
use crate::value::Dict;
use crate::vars::Store;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, watch};

/// The parts of a run that every task uses; none of them changes but through its own lock.
pub(super) struct Shared {
    pub store: Arc<Store>,
    pub templar: Arc<Templar>,
    pub settings: Arc<Settings>,
    pub around: Surroundings,
    pub options: Options,
    pub loader: Arc<Loader>,
    pub reader: Reader,
    /// `--limit`, split into its patterns.
    pub limit: Option<Vec<String>>,
    pub pool: Pool,
    pub terminal: Option<Arc<dyn Terminal>>,
    /// Who answers `--step` and the debugger.
    pub console: Option<Arc<dyn Terminal>>,
    /// Whether somebody has had enough of `--step`.
    pub unstepped: AtomicBool,
    pub cancel: Cancel,
    pub forks: Arc<Semaphore>,
    /// Actions of the embedder's own.
    pub actions: Vec<&'static ActionDef>,
    pub emitter: Arc<Emitter>,
    pub ids: AtomicU64,
    /// What is known of modules that are files.
    pub file_modules: FileModules,
    /// What `add_host` and `group_by` added, to be added again where the inventory is read anew.
    pub added: Mutex<Vec<Added>>,
}

/// A host or group that a task added to the inventory.
#[derive(Clone, Debug)]
pub(super) enum Added {
    Host { name: String, groups: Vec<String>, vars: Dict },
    Group { host: Arc<str>, name: String, parents: Vec<String> },
}

impl Added {
    /// Adds it; whether anything changed.
    pub fn apply(&self, inventory: &mut Inventory, notices: &mut Vec<Notice>) -> Result<bool> {
        fn texts(items: &[String]) -> Vec<&str> {
            items.iter().map(String::as_str).collect()
        }
        match self {
            Self::Host { name, groups, vars } => inventory.add_dynamic_host(name, &texts(groups), vars, notices),
            Self::Group { host, name, parents } => inventory.add_dynamic_group(host, name, &texts(parents), notices),
        }
    }
}

impl Shared {
    /// Tells the listener that something happened.
    pub fn emit(&self, event: &Event) {
        self.emitter.emit(event);
    }

    /// Warns, once for each text.
    pub fn warn(&self, text: impl Into<String>) {
        self.emitter.warn(text);
    }

    /// Says something that is shown from a verbosity on.
    pub fn verbose(&self, level: u8, host: Option<&Arc<str>>, text: impl FnOnce() -> String) {
        self.emitter.verbose(level, host, text);
    }

    /// A number that no other play or task of the run has.
    pub fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// Says what loading had to say.
    pub fn tell_notes(&self) {
        for note in self.loader.notes() {
            match note {
                Note::Warning(text) => self.warn(text),
                Note::Deprecated(text) => self.emit(&Event::Deprecated(text)),
                Note::Verbose(level, text) => self.verbose(level, None, || text),
            }
        }
        self.tell_notices(self.store.take_notices());
        self.tell_templates();
    }

    /// The name that a plugin's full name leads to, by what installed collections say of it.
    pub fn plugin(&self, kind: &str, name: &str) -> Result<String> {
        if !crate::content::is_full(name) || name.starts_with("ansible.") {
            return Ok(name.to_owned());
        }
        let (target, marks) = self.loader.catalogue().collections().plugin(kind, name).map_err(Error::user)?;
        for mark in marks {
            self.emit(&Event::Deprecated(Remark::marked(&Arc::new(mark), None).text()));
        }
        Ok(target)
    }

    /// Says what rendering had to say.
    pub fn tell_templates(&self) {
        for remark in self.templar.take_remarks() {
            match remark.gone_in {
                Some(_) => self.emit(&Event::Deprecated(remark.text())),
                None => self.warn(remark.text()),
            }
        }
    }

    /// Says what reading or changing the inventory had to say.
    pub fn tell_notices(&self, notices: Vec<Notice>) {
        self.emitter.notices(notices);
    }

    /// Reads the inventory sources anew.
    pub fn read_inventory(&self) -> Result<Inventory> {
        let mut notices = Vec::new();
        let read = self.reader.read(&mut notices).and_then(|mut inventory| {
            for added in self.added.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                match added {
                    // The host that was put into a group may be gone.
                    Added::Group { host, .. } if inventory.find(host).is_none() => {}
                    added => {
                        added.apply(&mut inventory, &mut notices)?;
                    }
                }
            }
            Ok(inventory)
        });
        self.tell_notices(notices);
        read
    }

    /// The hosts that patterns and `--limit` match; no patterns match none.
    pub fn matched(&self, patterns: &[String]) -> Result<Vec<Arc<str>>> {
        let (hosts, notices) = self.select(patterns)?;
        self.tell_notices(notices);
        Ok(hosts)
    }

    /// The same, with what is to be said of the patterns.
    pub fn select(&self, patterns: &[String]) -> Result<(Vec<Arc<str>>, Vec<Notice>)> {
        let mut notices = Vec::new();
        if patterns.is_empty() {
            return Ok((Vec::new(), notices));
        }
        let mismatch = Mismatch::named(self.settings.text("HOST_PATTERN_MISMATCH").unwrap_or_default());
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let hosts = self.store.inventory().select(&patterns, self.limit.as_deref(), mismatch, &mut notices);
        match hosts {
            Ok(hosts) => Ok((hosts.iter().map(|host| host.name.clone()).collect(), notices)),
            Err(error) => {
                self.tell_notices(notices);
                Err(error)
            }
        }
    }

    /// The action of a name: an embedder's own first.
    pub fn action(&self, name: &str) -> Option<&'static ActionDef> {
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
