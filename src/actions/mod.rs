//! The controller's half of modules, and actions that need no host at all.
//!
//! An action gets its arguments rendered. It may ask its host for a module run, a raw command,
//! bytes put or got, a connection reset, and nothing else. What it changes beyond its result it
//! returns as typed [`Effect`]s, which the engine alone applies.

mod add_host;
mod assemble;
mod assert;
pub mod async_status;
mod call;
mod copy;
mod debug;
mod dnf;
mod fail;
mod fetch;
mod gather_facts;
mod group_by;
mod include_vars;
mod package;
mod patch;
mod pause;
mod raw;
mod reboot;
mod script;
mod service;
mod set_fact;
mod set_stats;
mod shell;
mod shutdown;
mod synchronize;
mod system;
mod template;
mod unarchive;
mod uri;
mod validate_argument_spec;
mod wait_for_connection;

pub use call::{Acted, ActionCall, BoxFuture, Effect, Person, Remote};

use crate::diag::Result;

/// An action: what its task's arguments may be, and the function that runs it.
#[derive(Debug)]
pub struct ActionDef {
    /// The name without collection: `set_fact`.
    pub name: &'static str,
    /// Its full name: `ansible.builtin.set_fact`.
    pub fqcn: &'static str,
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// Arguments that it gets as written, to render them itself.
    pub raw_args: &'static [&'static str],
    /// Whether it needs a connection to its host.
    pub connects: bool,
    /// How often it runs.
    pub run: Run,
}

/// How an action runs.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// For each host.
    Host(RunFn),
    /// Once for all hosts, like `add_host`, which changes what all of them share.
    Once(RunFn),
    /// By the engine itself, which alone can: `meta`, `include_tasks`.
    Engine,
}

/// The function that runs an action.
pub type RunFn = for<'a> fn(&'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>>;

/// The actions, sorted by name.
pub static ACTIONS: &[&ActionDef] = &[
    &add_host::ACTION,
    &assemble::ACTION,
    &assert::ACTION,
    &async_status::ACTION,
    &shutdown::ACTION,
    &copy::ACTION,
    &debug::ACTION,
    &dnf::ACTION,
    &fail::ACTION,
    &fetch::ACTION,
    &gather_facts::ACTION,
    &group_by::ACTION,
    &include_vars::ACTION,
    &package::ACTION,
    &patch::ACTION,
    &pause::ACTION,
    &raw::ACTION,
    &reboot::ACTION,
    &script::ACTION,
    &service::ACTION,
    &set_fact::ACTION,
    &set_stats::ACTION,
    &shell::ACTION,
    &synchronize::ACTION,
    &template::ACTION,
    &unarchive::ACTION,
    &uri::ACTION,
    &validate_argument_spec::ACTION,
    &wait_for_connection::ACTION,
];

/// The action of a name without collection.
pub fn find(name: &str) -> Option<&'static ActionDef> {
    ACTIONS.binary_search_by(|action| action.name.cmp(name)).ok().map(|i| ACTIONS[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_sorted_and_unique() {
        assert!(ACTIONS.is_sorted_by(|a, b| a.name < b.name));
    }
}
