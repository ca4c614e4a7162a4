//! The `tree` callback: the last result of each host in a file of its name.

use super::dump::dump;
use super::result::reduced;
use super::{Callback, Screen, Settings};
use crate::event::{Event, Status, TaskResult};
use std::path::Path;

/// Writes results to files.
#[derive(Debug)]
pub struct Tree {
    screen: Screen,
    /// The options of `default` are none of its own: results are written as they are without any.
    plain: Settings,
}

impl Tree {
    /// One that warns on a screen.
    pub fn new(screen: Screen) -> Self {
        screen.deprecated(
            "The tree callback plugin is deprecated. This feature will be removed from ansible-core version 2.23.",
        );
        let plain = Settings { verbosity: screen.settings().verbosity, ..Settings::default() };
        Self { screen, plain }
    }

    fn write(&self, result: &TaskResult) {
        let folder = &self.screen.settings().tree_directory;
        if let Err(error) = std::fs::create_dir_all(folder) {
            let text = format!("Unable to access or create the configured directory '{folder}'.: {error}");
            self.screen.warning(&text);
        }
        let path = Path::new(folder).join(&*result.host);
        if let Err(error) = std::fs::write(path, dump(&self.plain, &reduced(result), None)) {
            self.screen.warning(&format!("Unable to write to '{}''s file.: {error}", result.host));
        }
    }
}

impl Callback for Tree {
    fn event(&mut self, event: &Event) {
        if let Event::Result(result) = event
            && result.status != Status::Skipped
        {
            self.write(result);
        }
    }
}
