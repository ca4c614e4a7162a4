//! The order in which hosts' results are told.
//!
//! What hosts do at a distance is told as it comes. What they do without leaving the controller — conditions that do
//! not hold, `debug`, `set_fact`, includes — is told in the hosts' order, as with ansible-core, however many of them
//! are evaluated at once.

use super::host_task::Note;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The notes of one task's hosts, in order.
#[derive(Default)]
pub(super) struct Order {
    hosts: Vec<Arc<str>>,
    places: HashMap<Arc<str>, usize>,
    /// How many of the hosts are over or away, from the first on.
    passed: usize,
    /// The hosts that are over or away, whose notes wait for nobody.
    free: HashSet<Arc<str>>,
    held: HashMap<Arc<str>, Vec<Note>>,
}

impl Order {
    /// An order of these hosts.
    pub fn of(hosts: &[Arc<str>]) -> Self {
        let places = hosts.iter().cloned().zip(0..).collect();
        Self { hosts: hosts.to_vec(), places, ..Self::default() }
    }

    /// Takes a note in, or the end of them; gives those whose turn has come.
    pub fn take(&mut self, note: Option<Note>) -> Vec<Note> {
        match note {
            Some(note) => self.pass(note),
            None => self.rest(),
        }
    }

    fn pass(&mut self, note: Note) -> Vec<Note> {
        let host = note.host().clone();
        let ends = matches!(note, Note::Away(_) | Note::Done(_));
        let waits = self.places.get(&host).is_some_and(|place| *place > self.passed);
        let mut out = Vec::new();
        if matches!(note, Note::Started(_)) || !waits {
            out.push(note);
        } else {
            self.held.entry(host.clone()).or_default().push(note);
        }
        if ends {
            self.free.insert(host);
            while let Some(host) = self.hosts.get(self.passed) {
                out.extend(self.held.remove(host).into_iter().flatten());
                if !self.free.contains(host) {
                    break;
                }
                self.passed += 1;
            }
        }
        out
    }

    /// What is left where the task of a host was lost.
    fn rest(&mut self) -> Vec<Note> {
        self.hosts.iter().filter_map(|host| self.held.remove(host)).flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::host_task::Done;

    fn hosts(names: &[&str]) -> Vec<Arc<str>> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    fn done(host: &str) -> Note {
        Note::Done(Box::new(Done { host: host.into(), ..Done::default() }))
    }

    fn names(notes: &[Note]) -> Vec<String> {
        notes.iter().map(|note| note.host().to_string()).collect()
    }

    #[test]
    fn what_stays_here_is_told_in_order() {
        let mut order = Order::of(&hosts(&["a", "b", "c"]));
        assert!(order.pass(done("c")).is_empty());
        assert_eq!(names(&order.pass(done("a"))), ["a"]);
        assert_eq!(names(&order.pass(done("b"))), ["b", "c"]);
    }

    #[test]
    fn who_is_away_holds_up_nobody() {
        let mut order = Order::of(&hosts(&["a", "b", "c"]));
        assert!(order.pass(done("b")).is_empty());
        assert_eq!(names(&order.pass(Note::Away("a".into()))), ["a", "b"]);
        assert_eq!(names(&order.pass(done("c"))), ["c"]);
        assert_eq!(names(&order.pass(done("a"))), ["a"]);
    }

    #[test]
    fn nothing_is_lost_with_a_host() {
        let mut order = Order::of(&hosts(&["a", "b", "c"]));
        assert!(order.pass(done("c")).is_empty());
        assert!(order.pass(done("b")).is_empty());
        assert_eq!(names(&order.rest()), ["b", "c"]);
    }
}
