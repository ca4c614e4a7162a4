//! What reading inventory sources takes; also reading them again: `meta: refresh_inventory`.

use super::{Inventory, Loaded, Notice, VarsFiles, source};
use crate::config::Config;
use crate::diag::{Error, Result};
use crate::template::{Templar, World};
use crate::value::Dict;
use crate::vault::Secrets;
use std::fmt;
use std::sync::Arc;

/// The facts of a host that a run before this one has left, where there are any.
type Facts = dyn Fn(&str) -> std::result::Result<Option<Dict>, String> + Send + Sync;

/// The sources of a run with what reading them takes.
#[derive(Clone)]
pub struct Reader {
    pub(super) config: Config,
    pub(super) secrets: Secrets,
    sources: Vec<String>,
    /// The extra variables, or why there are none: every plugin takes them along.
    pub(super) extra: Result<Dict>,
    pub(super) templar: Arc<Templar>,
    pub(super) facts: Option<Arc<Facts>>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Reader {
    /// For the sources of the command line's `-i` or the setting `inventory`.
    pub fn new(config: &Config, secrets: Secrets, sources: Vec<String>) -> Self {
        let (config, templar) = (config.clone(), Arc::new(Templar::new()));
        Self { config, secrets, sources, extra: Ok(Dict::new()), templar, facts: None }
    }

    /// With the extra variables of the run, which `constructed` sources may use; an error is that of each source.
    #[must_use]
    pub fn with_extra(mut self, extra: Result<Dict, Error>) -> Self {
        self.extra = extra;
        self
    }

    /// With the renderer of expressions in `constructed` and `generator` sources.
    #[must_use]
    pub fn with_templar(mut self, templar: Arc<Templar>) -> Self {
        self.templar = templar;
        self
    }

    /// With facts that are known already, which `constructed` sources see.
    #[must_use]
    pub fn with_facts(
        mut self,
        facts: impl Fn(&str) -> std::result::Result<Option<Dict>, String> + Send + Sync + 'static,
    ) -> Self {
        self.facts = Some(Arc::new(facts));
        self
    }

    /// Reads all sources in order into one inventory.
    ///
    /// # Errors
    ///
    /// What the settings make an error of, and sources for plugins that rplay lacks.
    pub fn load(&self, notices: &mut Vec<Notice>) -> Result<Loaded> {
        source::load(self, notices)
    }

    /// The same, for a run that knows the sources already.
    ///
    /// # Errors
    ///
    /// As for [`Reader::load`].
    pub fn read(&self, notices: &mut Vec<Notice>) -> Result<Inventory> {
        self.load(notices).map(|loaded| loaded.inventory)
    }

    /// The sources, paths made absolute.
    pub(super) fn sources(&self) -> Vec<String> {
        let around = &self.config.around;
        let given = self.sources.iter().filter(|s| !s.is_empty());
        given.map(|s| if s.contains(',') { s.clone() } else { around.resolve(s, None) }).collect()
    }

    /// The variable files beside the sources.
    pub fn vars_files(&self) -> VarsFiles {
        VarsFiles::new(&self.sources(), &self.config, &self.secrets)
    }
}

/// What filters and lookups need beside variables.
pub fn world(config: &Config, secrets: &Secrets) -> World {
    let settings = config.settings.iter();
    World {
        cwd: config.around.cwd.clone(),
        home: config.around.home.clone(),
        environment: config.around.env.clone(),
        vault: secrets.clone(),
        settings: settings
            .map(|(setting, value, from)| (setting.name.to_owned(), (value.clone(), from.to_string())))
            .collect(),
    }
}
