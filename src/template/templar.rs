//! The templar: what the rest of rplay calls to render.

use super::World;
use super::cx::{Cx, Session};
use super::object::Obj;
use super::plugins::Plugins;
use super::scope::Scope;
use crate::diag::{Error, Result};
use crate::value::Text;
use std::sync::{Arc, Mutex, PoisonError};

/// Renders templates; keeps what it parsed. One serves a whole run, from any thread.
#[derive(Default)]
pub struct Templar {
    pub(super) plugins: Vec<Arc<dyn Plugins>>,
    warnings: Mutex<Vec<Error>>,
}

impl Templar {
    /// A templar with the built-in plugins.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source of plugins, asked before those already there.
    #[must_use]
    pub fn with_plugins(mut self, source: Arc<dyn Plugins>) -> Self {
        self.plugins.insert(0, source);
        self
    }

    /// Runs something in a rendering of its own, as filters run.
    pub fn with_cx<T>(&self, scope: &dyn Scope, what: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        let session = Session::new(self, scope);
        what(&mut Cx::new(&session, 0))
    }

    /// Keeps a warning for the user.
    pub(super) fn warn(&self, warning: Error) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// Takes the warnings that renderings gave so far.
    pub fn take_warnings(&self) -> Vec<Error> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a text may be a template: it holds delimiters or begins with a `#jinja2:` header.
    pub fn is_template(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        bytes.windows(2).any(|pair| pair[0] == b'{' && matches!(pair[1], b'{' | b'%' | b'#'))
            || text.starts_with("#jinja2:")
    }
}

/// Decrypts inline vaulted text.
pub(super) fn decrypt(_text: &Text, _world: &World) -> Result<Text> {
    Err(Error::unsupported("vaulted text in templates is not supported yet"))
}

impl Cx<'_> {
    pub(super) fn render_in(&mut self, text: &Text, _scope: usize) -> Obj {
        Obj::Str(text.clone())
    }
}
