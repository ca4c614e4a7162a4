//! Where the names of filters, tests and lookups lead: what the `meta/runtime.yml` of installed collections says.

use crate::content::Catalogue;
use crate::template::{Route, Routes};
use std::sync::Arc;

/// The routes of the collections that a run knows.
pub(super) struct Routed(pub Arc<Catalogue>);

impl Routes for Routed {
    fn route(&self, kind: &str, name: &str) -> Route {
        match self.0.collections().plugin(kind, name) {
            Ok((target, marks)) => Route { target: (target != name).then_some(target), gone: None, marks },
            Err(text) => Route { gone: Some(text), ..Route::default() },
        }
    }
}
