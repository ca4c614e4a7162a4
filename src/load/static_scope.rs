//! A template's view of the variables that are known before a run.

use crate::diag::Result;
use crate::template::{Scope, Var, World};
use crate::value::Dict;
use std::sync::Arc;

/// Variables in dictionaries, for rendering the names of static imports.
#[derive(Debug)]
pub struct StaticScope<'a> {
    /// The run's surroundings.
    pub world: &'a World,
    /// What loading knows.
    pub vars: &'a Dict,
    /// Extra vars, which win.
    pub extra: &'a Dict,
}

impl Scope for StaticScope<'_> {
    fn get(&self, name: &str) -> Result<Option<Var>> {
        Ok(self.extra.get(name).or_else(|| self.vars.get(name)).cloned().map(Var::Value))
    }

    fn names(&self) -> Vec<Arc<str>> {
        let mut all = self.vars.clone();
        all.update(self.extra);
        all.keys().map(|name| name.to_text().into()).collect()
    }

    fn search_paths(&self) -> Vec<String> {
        self.vars.get("playbook_dir").map(|dir| dir.to_text()).into_iter().collect()
    }

    fn world(&self) -> &World {
        self.world
    }
}
