//! Reading the same inventory sources again: `meta: refresh_inventory`.

use super::{Inventory, Notice, VarsFiles, load_sources};
use crate::config::Config;
use crate::diag::Result;
use crate::vault::Secrets;

/// The sources of a run with what reading them takes.
#[derive(Clone, Debug)]
pub struct Reader {
    config: Config,
    secrets: Secrets,
    sources: Vec<String>,
}

impl Reader {
    /// For the sources of the command line or the setting `inventory`.
    pub fn new(config: &Config, secrets: Secrets, sources: Vec<String>) -> Self {
        Self { config: config.clone(), secrets, sources }
    }

    /// Reads all sources.
    pub fn read(&self, notices: &mut Vec<Notice>) -> Result<Inventory> {
        load_sources(&self.config, &self.secrets, &self.sources, notices).map(|loaded| loaded.inventory)
    }

    /// The variable files beside the sources.
    pub fn vars_files(&self) -> VarsFiles {
        let around = &self.config.around;
        let resolved = self.sources.iter().filter(|s| !s.is_empty());
        let resolved: Vec<String> =
            resolved.map(|s| if s.contains(',') { s.clone() } else { around.resolve(s, None) }).collect();
        VarsFiles::new(&resolved, &self.config, &self.secrets)
    }
}
