//! Files to plays: static imports, roles and their dependencies, import_playbook.
//!
//! The same code serves `include_tasks` and `include_role` while a play runs. Templates in the
//! names of what is imported are rendered by a callback, with the variables that ansible-core has
//! at that time: extra vars, the play's, its vars files', and those of roles and blocks around.

mod files;
mod include;
mod metadata;
mod paths;
mod plays;
#[cfg(test)]
mod recorded;
mod roles;
mod scope;
mod tasks;

use crate::content::Catalogue;
use crate::diag::Result;
use crate::playbook::{Entry, Frame, Note, Notes, RoleUse, Surroundings};
use crate::value::{Dict, Text, Value};
use crate::vault::Secrets;
use crate::yaml::Duplicates;
use std::sync::{Arc, Mutex, PoisonError};

pub use paths::{Bases, find_relative, normal, vars_files};

/// Renders a template while playbooks are loaded.
///
/// It is given the variables known by then, apart from extra vars, which win over them.
pub trait Render {
    /// The value of a text that may be a template.
    fn render(&self, text: &Text, vars: &Dict) -> Result<Value>;
}

impl<F: Fn(&Text, &Dict) -> Result<Value>> Render for F {
    fn render(&self, text: &Text, vars: &Dict) -> Result<Value> {
        self(text, vars)
    }
}

/// Settings that loading follows.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The controller's working directory.
    pub cwd: String,
    /// The controller's home directory.
    pub home: String,
    /// `roles_path`.
    pub roles_path: Vec<String>,
    /// What happens where a mapping has a key twice.
    pub duplicates: Duplicates,
    /// `private_role_vars`, where it was set.
    pub private_role_vars: Option<bool>,
    /// The secrets that decrypt vaulted files.
    pub secrets: Secrets,
}

/// Loads playbooks, task files and roles.
#[derive(Debug)]
pub struct Loader {
    catalogue: Arc<Catalogue>,
    settings: Settings,
    notes: Notes,
    /// The `library/` folders of the playbooks and roles seen so far: as with ansible-core, what
    /// one role has there is known to all that come later.
    library: Mutex<Vec<String>>,
}

/// What was included while a play runs.
#[derive(Clone, Debug, Default)]
pub struct Included {
    /// The tasks.
    pub entries: Vec<Entry>,
    /// Roles that were included or imported, with handlers that the play has from now on.
    pub roles: Vec<RoleUse>,
}

impl Loader {
    /// A loader.
    pub fn new(catalogue: Arc<Catalogue>, settings: Settings) -> Self {
        Self { catalogue, settings, notes: Notes::default(), library: Mutex::default() }
    }

    /// The names of actions.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// Takes out what there was to say since this was last called.
    pub fn notes(&self) -> Vec<Note> {
        self.notes.take()
    }

    fn add_library(&self, folder: &str) {
        let library = format!("{folder}/library");
        let mut known = self.library.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(&library) && std::path::Path::new(&library).is_dir() {
            known.insert(0, library);
        }
    }

    fn library(&self) -> Vec<String> {
        self.library.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One play, or one include, being read.
struct Reading<'a> {
    loader: &'a Loader,
    render: &'a dyn Render,
    /// The folder of the playbook file.
    basedir: String,
    /// The play's frame.
    play: Arc<Frame>,
    /// The play's `vars_files`.
    vars_files: Vec<Value>,
    /// The variables of those files, once they were needed.
    file_vars: Option<Dict>,
    /// `library/` folders.
    library: Vec<String>,
    /// Roles that `import_role` brought.
    imported: Vec<RoleUse>,
    /// The folders of the roles that are being read, to notice circles.
    under_way: Vec<String>,
    /// The files of `import_tasks` that are being read.
    importing: Vec<String>,
}

impl<'a> Reading<'a> {
    fn new(
        loader: &'a Loader,
        render: &'a dyn Render,
        basedir: &str,
        play: Arc<Frame>,
        vars_files: Vec<Value>,
    ) -> Self {
        Self {
            loader,
            render,
            basedir: basedir.to_owned(),
            play,
            vars_files,
            file_vars: None,
            library: loader.library(),
            imported: Vec::new(),
            under_way: Vec::new(),
            importing: Vec::new(),
        }
    }

    fn around(&self) -> Surroundings<'_> {
        Surroundings { catalogue: &self.loader.catalogue, library: &self.library, notes: &self.loader.notes }
    }
}
