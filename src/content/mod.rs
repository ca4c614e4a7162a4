//! Finds roles and collections; says what an action name means.
//!
//! Knows names and files only. What a name stands for is run by layers above, which say by a table of
//! names what they can run.

mod catalogue;
mod collections;
mod filters;
mod installed;
pub mod names;
mod paths;
mod requires;
mod roles;

use std::sync::Arc;

pub use catalogue::{Catalogue, Lookup, is_full};
pub use collections::{Collections, Mismatch, Said};
pub use filters::{Rejected, rejected};
pub use installed::{Installation, Installed, Places};
pub use paths::{dirname, join, normal};
pub use roles::{FoundRole, RoleSearch};

/// What the name of an action means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The full name: `ansible.builtin.copy`.
    pub fqcn: Arc<str>,
    /// The name by which the layers above know it: `copy`.
    pub name: Arc<str>,
    /// Who can run it.
    pub kind: ActionKind,
}

/// Who can run an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// rplay: an action of the controller's or a native module.
    Native,
    /// Nobody yet: Ansible has it and rplay lacks it, so its task fails by name where it runs.
    Lacking,
    /// A module in a file of its own, most likely Python.
    Python(Arc<str>),
    /// An action plugin in Python, which rplay does not run.
    PythonAction(Arc<str>),
}
