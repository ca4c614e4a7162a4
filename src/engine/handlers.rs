//! Handlers: who notified them, and when they run.
//!
//! Notifications are kept by name until handlers are flushed. Then handlers run in the order of their
//! definition; one that a handler notifies runs in the same flush if it comes later, else in the next.

use super::batch::Batch;
use super::host_task::HostTask;
use crate::diag::Error;
use crate::event::Event;
use crate::playbook::{Entry, Role, Task};
use crate::vars::HostScope;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The handlers of a play, to which roles that are included add theirs.
#[derive(Clone, Debug, Default)]
pub(super) struct Handlers(Arc<Mutex<Vec<Known>>>);

/// A handler, with the number of the list that it is in: that of a role, or the play's own.
#[derive(Clone, Debug)]
struct Known {
    task: Arc<Task>,
    list: usize,
}

impl Handlers {
    fn lock(&self) -> MutexGuard<'_, Vec<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of them so far, in the order in which they run.
    pub fn all(&self) -> Vec<Arc<Task>> {
        self.lock().iter().map(|known| known.task.clone()).collect()
    }

    /// The one at a place.
    pub fn get(&self, index: usize) -> Option<Arc<Task>> {
        self.lock().get(index).map(|known| known.task.clone())
    }

    /// Appends handlers; blocks among them count by their tasks.
    pub fn add(&self, entries: &[Entry]) {
        let mut known = self.lock();
        let mut list = known.last().map_or(0, |last| last.list + 1);
        let mut role: Option<&Arc<Role>> = None;
        let mut first = true;
        for entry in entries {
            entry.each_task(&mut |task| {
                let same = match (role, &task.role) {
                    (Some(a), Some(b)) => Arc::ptr_eq(a, b),
                    (a, b) => a.is_none() && b.is_none(),
                };
                if !first && !same {
                    list += 1;
                }
                first = false;
                role = task.role.as_ref();
                known.push(Known { task: task.clone(), list });
            });
        }
    }

    /// With their places, in the order in which one is searched by its name: the last list first, in it the
    /// first handler.
    fn by_precedence(&self) -> Vec<(usize, Arc<Task>)> {
        let mut found: Vec<(usize, usize, Arc<Task>)> =
            self.lock().iter().enumerate().map(|(index, known)| (known.list, index, known.task.clone())).collect();
        found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        found.into_iter().map(|(_, index, task)| (index, task)).collect()
    }
}

impl Batch {
    /// Keeps what a changed task notifies.
    pub(super) fn notify(&mut self, task: &Arc<Task>, hosts: &[Arc<str>], names: &[String]) {
        for name in names {
            let found = self.find_handlers(name);
            if found.is_empty() {
                let text = format!(
                    "The requested handler '{name}' was not found in either the main handlers list nor in the listening handlers list"
                );
                if self.shared.settings.flag("ERROR_ON_MISSING_HANDLER") {
                    self.fatal.get_or_insert(Error::user(text));
                } else {
                    self.shared.warn(text);
                }
                continue;
            }
            for host in hosts {
                if task.handler {
                    // Handlers are running: those still to come run now.
                    self.mark(&found, host);
                } else {
                    let state = self.hosts.state(host);
                    if !state.notifications.contains(name) {
                        state.notifications.push(name.clone());
                    }
                    self.shared.verbose(2, None, || format!("Notification for handler {name} has been saved."));
                }
            }
        }
    }

    /// Runs the handlers that hosts have notified.
    pub(super) async fn flush_handlers(&mut self, hosts: &[Arc<str>]) {
        for host in hosts {
            self.resolve_notifications(host);
            self.debug_flush(host);
        }
        self.run_notified(hosts).await;
    }

    /// Makes of the names that a host notified the handlers that it is to run.
    pub(super) fn resolve_notifications(&mut self, host: &Arc<str>) {
        for name in std::mem::take(&mut self.hosts.state(host).notifications) {
            let found = self.find_handlers(&name);
            self.mark(&found, host);
        }
    }

    /// Runs the handlers that hosts are to run.
    pub(super) async fn run_notified(&mut self, hosts: &[Arc<str>]) {
        for index in 0.. {
            let Some(handler) = self.handlers.get(index) else { break };
            let mut on = Vec::new();
            for host in self.hosts.active(hosts) {
                if self.hosts.state(&host).notified.remove(&index) {
                    on.push(host);
                }
            }
            if !on.is_empty() {
                self.list(&[Entry::Task(handler)], &on).await;
            }
            if self.is_over() {
                break;
            }
        }
    }

    fn mark(&mut self, handlers: &[usize], host: &Arc<str>) {
        for index in handlers {
            let new = self.hosts.state(host).notified.insert(*index);
            if new && self.shared.options.verbosity >= 2 {
                let name = self
                    .handlers
                    .get(*index)
                    .map(|task| self.title(&task, &self.scope(host).for_task(&task, &HostTask::layers(&task))))
                    .unwrap_or_default();
                self.shared.emit(&Event::Notified { handler: name, host: host.clone() });
            }
        }
    }

    /// The handlers that a name or topic means: one of that name, and all that listen; of those with one name
    /// but the first.
    fn find_handlers(&self, name: &str) -> Vec<usize> {
        let mut found = Vec::new();
        let handlers = self.handlers.by_precedence();
        for (index, handler) in &handlers {
            let Some(own) = self.handler_name(handler) else { continue };
            let named = own == name
                || handler.role.as_ref().is_some_and(|role| {
                    format!("{} : {own}", role.data.name) == name || format!("{} : {own}", role.full_name()) == name
                });
            if named {
                found.push(*index);
                break;
            }
        }
        let mut seen: Vec<String> = Vec::new();
        for (index, handler) in &handlers {
            if !handler.listen.iter().any(|topic| topic.as_str() == name) {
                continue;
            }
            if let Some(own) = self.handler_name(handler) {
                if seen.contains(&own) {
                    continue;
                }
                seen.push(own);
            }
            if !found.contains(index) {
                found.push(*index);
            }
        }
        found
    }

    /// The name of a handler, in which the play's and the role's variables may stand, but no host's.
    ///
    /// One that cannot be rendered is warned of, unless there are topics by which the handler can be found.
    fn handler_name(&self, handler: &Arc<Task>) -> Option<String> {
        let name = handler.name.as_ref().filter(|name| name.truthy())?;
        if !name.has_trusted() {
            return Some(name.to_text());
        }
        let scope = HostScope::of_nobody(&self.shared.store, &self.vars).for_task(handler, &HostTask::layers(handler));
        match self.shared.templar.render_value(name, &scope) {
            Ok(value) => value.map(|value| value.to_text()),
            Err(error) => {
                if handler.listen.is_empty() {
                    let text = format!(
                        "Handler '{}' is unusable because it has no listen topics and the name could not be templated (host-specific variables are not supported in handler names). The error: {}",
                        name.to_text(),
                        error.line()
                    );
                    self.shared.warn(text);
                }
                None
            }
        }
    }
}
