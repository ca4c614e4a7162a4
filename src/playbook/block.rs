//! A block of tasks, and what a list of tasks is made of.

use super::{Frame, Task};
use crate::diag::Origin;
use crate::value::Value;
use std::sync::Arc;

/// A list's item: a task or a block.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A block.
    Block(Arc<Block>),
    /// A task.
    Task(Arc<Task>),
}

/// Tasks that belong together, with what happens when one fails and what happens in any case.
#[derive(Clone, Debug)]
pub struct Block {
    /// `name`, unrendered.
    pub name: Option<Value>,
    /// The tasks.
    pub block: Vec<Entry>,
    /// What runs where one of them failed.
    pub rescue: Vec<Entry>,
    /// What runs in any case.
    pub always: Vec<Entry>,
    /// Its own frame: its keywords, and what encloses it.
    pub frame: Arc<Frame>,
    /// Where its mapping starts.
    pub origin: Option<Origin>,
}

impl Block {
    /// Its entries of all three lists, in order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.block.iter().chain(&self.rescue).chain(&self.always)
    }
}

impl Entry {
    /// Calls a function for every task in it, in order.
    pub fn each_task<'a>(&'a self, call: &mut dyn FnMut(&'a Arc<Task>)) {
        match self {
            Self::Task(task) => call(task),
            Self::Block(block) => block.entries().for_each(|entry| entry.each_task(call)),
        }
    }
}
