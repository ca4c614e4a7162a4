//! A host of the inventory.

use crate::value::Dict;
use indexmap::IndexSet;
use std::sync::Arc;

/// The names that mean the controller itself where no inventory has them.
pub const LOCALHOST: [&str; 3] = ["127.0.0.1", "localhost", "::1"];

/// A host with the variables that its inventory source gives it.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Its name in the inventory.
    pub name: Arc<str>,
    /// The variables of inventory sources; host_vars folders are not among them.
    pub vars: Dict,
    /// The groups it is a member of itself, in the order it was added to them.
    pub groups: IndexSet<Arc<str>>,
    /// Whether it is the localhost that no source names.
    pub implicit: bool,
}

impl Host {
    /// A host without variables and groups.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The localhost that no source names: reached without a connection, with the controller's Python.
    pub fn implicit(name: impl Into<Arc<str>>, python: Option<&Arc<str>>) -> Self {
        let mut vars = Dict::new();
        if let Some(python) = python {
            vars.insert("ansible_python_interpreter", python.clone());
        }
        vars.insert("ansible_connection", "local");
        Self { name: name.into(), vars, implicit: true, ..Self::default() }
    }

    /// `inventory_hostname_short`: the name up to its first dot, an address whole.
    pub fn short_name(&self) -> &str {
        match self.name.parse::<std::net::IpAddr>() {
            Ok(_) => &self.name,
            Err(_) => self.name.split('.').next().unwrap_or_default(),
        }
    }
}
