//! Variable precedence and lazy resolution.
//!
//! A host's variables are a chain of layers that is asked by name, never one merged dictionary; text
//! is rendered where it is used. The order is that of "Understanding variable precedence" in
//! Ansible's documentation; `scope` has it as code.

mod cache;
mod extra;
mod hostvars;
mod layers;
mod magic;
mod plain;
mod restricted;
mod scope;
mod store;
mod typed;

pub use cache::{CachePlugin, FactCache};
pub use extra::parse_extra_vars;
pub use layers::{PlayVars, TaskLayers};
pub use plain::PlainScope;
pub use restricted::is_restricted;
pub use scope::{HostScope, Reached, Watched};
pub use store::{ANSIBLE_VERSION, Facts, Fixed, GATHERED, Learned, Store};
pub use typed::{from_value, to_value};
