//! Variables without a host: while playbooks are loaded, and for an embedder's own rendering.

use super::Store;
use crate::diag::Result;
use crate::template::{Scope, Var, World};
use crate::value::Dict;
use std::sync::Arc;

/// Extra variables above others, and the magic variables that are the same for all hosts.
#[derive(Debug)]
pub struct PlainScope<'a> {
    /// What the whole run shares.
    pub store: &'a Store,
    /// The variables.
    pub vars: &'a Dict,
    /// Where relative paths of lookups are searched.
    pub paths: Vec<String>,
}

impl Scope for PlainScope<'_> {
    fn get(&self, name: &str) -> Result<Option<Var>> {
        let layers = [&self.store.extra, self.vars, &self.store.fixed];
        Ok(layers.iter().find_map(|layer| layer.get(name)).cloned().map(Var::Value))
    }

    fn names(&self) -> Vec<Arc<str>> {
        let layers = [&self.store.fixed, self.vars, &self.store.extra];
        layers.iter().flat_map(|layer| layer.keys()).filter_map(|k| k.as_str().map(Arc::from)).collect()
    }

    fn search_paths(&self) -> Vec<String> {
        self.paths.clone()
    }

    fn world(&self) -> &World {
        &self.store.world
    }
}
