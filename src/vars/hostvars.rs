//! `hostvars` and `vars`: mappings that are read item by item, never built whole.

use super::HostScope;
use crate::diag::Result;
use crate::template::{Scope, Var, VarMap};
use std::sync::Arc;

/// `hostvars`: every host's variables by its name.
pub(super) struct AllVars(HostScope);

impl AllVars {
    /// The mapping as a host sees it.
    pub fn new(scope: &HostScope) -> Self {
        Self(scope.clone())
    }
}

impl VarMap for AllVars {
    fn get(&self, key: &str) -> Result<Option<Var>> {
        let host = self.0.store.host_name(key);
        Ok(host.map(|host| Var::Map(Arc::new(HostVars::of(self.0.outside_of_play(&host))))))
    }

    fn keys(&self) -> Vec<Arc<str>> {
        self.0.store.host_names()
    }

    fn scope(&self) -> Option<Arc<dyn Scope + Send + Sync>> {
        None
    }
}

/// One host's variables.
pub(super) struct HostVars {
    scope: HostScope,
    other: bool,
}

impl HostVars {
    /// Those of the template that asks.
    pub fn current(scope: &HostScope) -> Self {
        Self { scope: scope.clone(), other: false }
    }

    /// Those of a host by name, rendered with its own variables.
    pub fn of(scope: HostScope) -> Self {
        Self { scope, other: true }
    }
}

impl VarMap for HostVars {
    fn get(&self, key: &str) -> Result<Option<Var>> {
        match key {
            // Mappings that hold themselves would have no end.
            "hostvars" | "vars" => Ok(None),
            _ => self.scope.get(key),
        }
    }

    fn keys(&self) -> Vec<Arc<str>> {
        self.scope.names()
    }

    fn scope(&self) -> Option<Arc<dyn Scope + Send + Sync>> {
        self.other.then(|| Arc::new(self.scope.clone()) as _)
    }
}
