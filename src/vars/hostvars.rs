//! `hostvars` and `vars`: mappings that are read item by item, never built whole.

use super::HostScope;
use crate::diag::Result;
use crate::template::{Scope, Var, VarMap};
use crate::value::Value;
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

    fn type_name(&self) -> &'static str {
        "HostVars"
    }

    fn lacks(&self, key: &str) -> Option<String> {
        Some(format!("hostvars[{key}]"))
    }
}

/// `ansible_delegated_vars`: the variables of the host that a task is delegated to, by its name.
pub(super) struct DelegatedVars {
    scope: HostScope,
    name: Arc<str>,
}

impl DelegatedVars {
    /// The mapping for a running task; None where it is not delegated.
    pub fn of(scope: &HostScope) -> Option<Self> {
        let name = scope.reached.as_ref()?.delegated.as_deref()?;
        Some(Self { scope: scope.clone(), name: name.into() })
    }
}

impl VarMap for DelegatedVars {
    fn get(&self, key: &str) -> Result<Option<Var>> {
        if *key != *self.name {
            return Ok(None);
        }
        // A host that the inventory lacks has the variables of all.
        let host = self.scope.store.host_name(key).unwrap_or_else(|| self.name.clone());
        let scope = self.scope.for_host(&host);
        Ok(Some(Var::Map(Arc::new(Delegate { vars: HostVars::of(scope), task_host: self.scope.host.clone() }))))
    }

    fn keys(&self) -> Vec<Arc<str>> {
        vec![self.name.clone()]
    }

    fn scope(&self) -> Option<Arc<dyn Scope + Send + Sync>> {
        None
    }
}

/// The variables of the host that is delegated to; they name the task's own host.
struct Delegate {
    vars: HostVars,
    task_host: Arc<str>,
}

impl VarMap for Delegate {
    fn get(&self, key: &str) -> Result<Option<Var>> {
        let text = |text: &Arc<str>| Some(Var::Value(Value::str(text.clone())));
        Ok(match key {
            "inventory_hostname" => text(&self.task_host),
            "ansible_host" => self.vars.get(key)?.or_else(|| text(&self.vars.scope.host)),
            _ => self.vars.get(key)?,
        })
    }

    fn keys(&self) -> Vec<Arc<str>> {
        self.vars.keys()
    }

    fn scope(&self) -> Option<Arc<dyn Scope + Send + Sync>> {
        self.vars.scope()
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
            "hostvars" if !self.other => self.scope.get(key),
            "ansible_delegated_vars" | "hostvars" | "vars" => Ok(None),
            _ => self.scope.get(key),
        }
    }

    fn keys(&self) -> Vec<Arc<str>> {
        let has = |name: &str| match name {
            "ansible_delegated_vars" | "ansible_search_path" | "vars" => false,
            "hostvars" => !self.other,
            _ => true,
        };
        self.scope.names().into_iter().filter(|name| has(name)).collect()
    }

    fn scope(&self) -> Option<Arc<dyn Scope + Send + Sync>> {
        self.other.then(|| Arc::new(self.scope.clone()) as _)
    }

    fn type_name(&self) -> &'static str {
        if self.other { "HostVarsVars" } else { "dict" }
    }
}
