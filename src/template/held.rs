//! Containers of objects that come apart without recursion.
//!
//! A template can put a list into a list a million times. Dropping such a chain item by item, each from
//! within the one around it, would need more stack than there is.

use super::object::Obj;
use indexmap::{IndexMap, IndexSet};
use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

/// Where one of ansible-core's own containers is from.
///
/// Two of different kinds are none of them when they are added.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lazy {
    /// A variable, or what a plugin or a function was given.
    Variable,
    /// What a plugin or a function gave.
    Result,
    /// What the lookup `vars` rendered once more.
    Again,
}

/// A mutable container.
pub struct Shared<C: Contents> {
    contents: RefCell<C>,
    /// Which of ansible-core's own containers in Python it is, if any.
    lazy: Cell<Option<Lazy>>,
    /// Which of the first items of such a one were read: what was not, Python's own methods take for something else.
    read: Cell<u64>,
}

/// A container that does not change: a tuple.
pub struct Fixed {
    items: Vec<Obj>,
    /// Whether it is a group of `groupby`, which is of a class of its own.
    group: bool,
    lazy: bool,
}

impl PartialEq for Fixed {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl Eq for Fixed {}

impl Hash for Fixed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.items.hash(state);
    }
}

/// What is in a container.
pub trait Contents: Default {
    /// The objects that may hold others.
    fn spill(self, into: &mut Vec<Obj>);
    /// Whether there are any.
    fn nests(&self) -> bool;
}

impl<C: Contents> Shared<C> {
    pub(super) fn new(contents: C) -> Self {
        Self { contents: RefCell::new(contents), lazy: Cell::new(None), read: Cell::new(0) }
    }

    /// Whether it is a variable's container, or what a filter, a lookup or a call gave.
    ///
    /// ansible-core wraps those, and what a template writes itself it does not, which some errors tell of.
    pub fn is_lazy(&self) -> bool {
        self.lazy.get().is_some()
    }

    /// Which of those it is.
    pub(super) fn lazy(&self) -> Option<Lazy> {
        self.lazy.get()
    }

    /// Notes that an item was read; None for all of them.
    pub(super) fn note_read(&self, place: Option<usize>) {
        let bits = place.map_or(u64::MAX, |place| 1u64.checked_shl(u32::try_from(place).unwrap_or(64)).unwrap_or(0));
        self.read.set(self.read.get() | bits);
    }

    /// Whether an item was read.
    pub(super) fn was_read(&self, place: usize) -> bool {
        let read = self.read.get();
        read == u64::MAX || place < 64 && read >> place & 1 == 1
    }

    /// Makes it one of those, unless it is one.
    pub(super) fn make_lazy(&self, lazy: Lazy) {
        self.lazy.set(self.lazy.get().or(Some(lazy)));
    }
}

impl<C: Contents> From<C> for Shared<C> {
    fn from(contents: C) -> Self {
        Self::new(contents)
    }
}

impl Fixed {
    pub(super) fn new(items: Vec<Obj>) -> Self {
        Self { items, group: false, lazy: false }
    }

    /// A group of `groupby`: what its items have in common, and the items.
    pub(super) fn group(items: [Obj; 2]) -> Self {
        Self { items: items.into(), group: true, lazy: false }
    }

    /// The same as one of ansible-core's own tuples: a plugin gets such.
    pub(super) fn lazy(items: Vec<Obj>) -> Self {
        Self { items, group: false, lazy: true }
    }

    pub(super) fn is_group(&self) -> bool {
        self.group
    }

    pub(super) fn is_lazy(&self) -> bool {
        self.lazy
    }
}

impl<C: Contents> Deref for Shared<C> {
    type Target = RefCell<C>;

    fn deref(&self) -> &RefCell<C> {
        &self.contents
    }
}

impl Deref for Fixed {
    type Target = Vec<Obj>;

    fn deref(&self) -> &Vec<Obj> {
        &self.items
    }
}

impl<C: Contents> Drop for Shared<C> {
    fn drop(&mut self) {
        if self.contents.get_mut().nests() {
            take_apart(std::mem::take(self.contents.get_mut()));
        }
    }
}

impl Drop for Fixed {
    fn drop(&mut self) {
        if self.items.nests() {
            take_apart(std::mem::take(&mut self.items));
        }
    }
}

/// Whether an object may hold others.
fn holds(obj: &Obj) -> bool {
    matches!(obj, Obj::List(_) | Obj::Tuple(_) | Obj::Dict(_) | Obj::Set(_) | Obj::Iter(_) | Obj::Special(_))
}

impl Contents for Vec<Obj> {
    fn spill(self, into: &mut Vec<Obj>) {
        into.extend(self.into_iter().filter(holds));
    }

    fn nests(&self) -> bool {
        self.iter().any(holds)
    }
}

impl Contents for IndexMap<Obj, Obj> {
    fn spill(self, into: &mut Vec<Obj>) {
        into.extend(self.into_iter().flat_map(|(key, value)| [key, value]).filter(holds));
    }

    fn nests(&self) -> bool {
        self.iter().any(|(key, value)| holds(key) || holds(value))
    }
}

impl Contents for IndexSet<Obj> {
    fn spill(self, into: &mut Vec<Obj>) {
        into.extend(self.into_iter().filter(holds));
    }

    fn nests(&self) -> bool {
        self.iter().any(holds)
    }
}

fn take_apart(contents: impl Contents) {
    let mut rest = Vec::new();
    contents.spill(&mut rest);
    while let Some(obj) = rest.pop() {
        match obj {
            Obj::List(list) => empty(list, &mut rest),
            Obj::Dict(dict) => empty(dict, &mut rest),
            Obj::Set(set) => empty(set, &mut rest),
            Obj::Tuple(items) => {
                if let Some(mut items) = Rc::into_inner(items) {
                    std::mem::take(&mut items.items).spill(&mut rest);
                }
            }
            other => with_stack(move || drop(other)),
        }
    }
}

/// Empties a container that nothing else has.
fn empty<C: Contents>(container: Rc<Shared<C>>, rest: &mut Vec<Obj>) {
    if let Some(mut container) = Rc::into_inner(container) {
        std::mem::take(container.contents.get_mut()).spill(rest);
    }
}

/// Runs something that may recurse, on more stack where little is left.
///
/// What a source can nest (`depth`) fits into the least that is left.
pub(super) fn with_stack<T>(what: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(1024 * 1024, 4 * 1024 * 1024, what)
}

/// Runs something that surely recurses deeply.
pub(super) fn with_more_stack<T>(what: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(8 * 1024 * 1024, 8 * 1024 * 1024, what)
}
