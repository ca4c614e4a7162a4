//! Files to plays: static imports, roles and their dependencies, import_playbook.
//!
//! The same code serves `include_tasks` and `include_role` while a play runs. Templates in the
//! names of what is imported are rendered by a callback, with the variables that ansible-core has
//! at that time: extra vars, the play's, its vars files', and those of roles and blocks around.

mod files;
mod include;
mod lacking;
#[cfg(test)]
mod listed;
mod metadata;
mod paths;
mod plays;
#[cfg(test)]
mod recorded;
mod roles;
mod scope;
mod tasks;

use crate::config::Config;
use crate::content::{Catalogue, Installation, Mismatch, Said};
use crate::diag::{Error, Result};
use crate::playbook::{Frame, Note, Notes, RoleUse, Surroundings};
use crate::value::{Dict, Text, Value};
use crate::vault::Secrets;
use crate::yaml::{Duplicates, Node};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

pub use include::{IncludeRequest, Loaded};
pub use lacking::{Lacking, lacking};
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
    /// The collection of the playbook that was loaded last, if it is in one.
    default_collection: Mutex<Option<Arc<str>>>,
    /// What the settings say that nothing can be loaded with.
    refused: Option<Error>,
    /// The `library/` folders of the playbooks and roles seen so far: as with ansible-core, what
    /// one role has there is known to all that come later.
    library: Mutex<Vec<String>>,
    /// The same of `module_utils/`.
    module_utils: Mutex<Vec<String>>,
    /// Files that were read, as they were then: ansible-core too reads each once a run.
    files: Mutex<HashMap<String, Node>>,
}

impl Loader {
    /// A loader that follows ansible.cfg; `actions` are the names of what the controller can do
    /// beside the native modules.
    pub fn new(config: &Config, actions: impl IntoIterator<Item = &'static str>) -> Self {
        let texts = |name: &str| -> Vec<String> { config.settings.list(name).into_iter().map(str::to_owned).collect() };
        let actions: Vec<&'static str> = actions.into_iter().collect();
        let halves = actions.clone().into_iter().filter(|name| crate::modules::find(name).is_none());
        let native = actions.into_iter().chain(crate::modules::MODULES.iter().map(|module| module.name));
        let around = &config.around;
        let collections = texts("COLLECTIONS_PATHS").into_iter().map(PathBuf::from).collect();
        let mut catalogue = Catalogue::new(native)
            .with_paths(collections, texts("DEFAULT_MODULE_PATH"))
            .with_halves(halves)
            .with_installed(Installation::of(&around.env, &around.home))
            .without_native(around.var("RPLAY_PYTHON_MODULES").unwrap_or_default());
        if config.settings.flag("COLLECTIONS_SCAN_SYS_PATH") {
            catalogue = catalogue.with_python_path();
        }
        texts("DEFAULT_ACTION_PLUGIN_PATH").iter().for_each(|folder| catalogue.add_plugins(folder));
        catalogue.collections().validate_groups(config.settings.flag("VALIDATE_ACTION_GROUP_METADATA"));
        catalogue.collections().mind_versions(match config.settings.text("COLLECTIONS_ON_ANSIBLE_VERSION_MISMATCH") {
            Some("error") => Mismatch::Refuse,
            Some("ignore") => Mismatch::Ignore,
            _ => Mismatch::Warn,
        });
        let notes = Notes::default();
        let filters = config.settings.text("PLUGIN_FILTERS_CFG");
        let mut refused = None;
        match crate::content::rejected(filters, &mut |text| notes.warn(text)) {
            Ok(rejected) => catalogue = catalogue.without(rejected),
            Err(error) => refused = Some(error),
        }
        let settings = Settings {
            cwd: config.around.cwd.clone(),
            home: config.around.home.clone(),
            roles_path: texts("DEFAULT_ROLES_PATH"),
            duplicates: match config.settings.text("DUPLICATE_YAML_DICT_KEY") {
                Some("error") => Duplicates::Error,
                Some("ignore") => Duplicates::Ignore,
                _ => Duplicates::Warn,
            },
            private_role_vars: config
                .settings
                .is_set("DEFAULT_PRIVATE_ROLE_VARS")
                .then(|| config.settings.flag("DEFAULT_PRIVATE_ROLE_VARS")),
            secrets: Secrets::default(),
        };
        Self { notes, refused, ..Self::with(catalogue, settings) }
    }

    /// A loader with settings of one's own.
    pub fn with(catalogue: Catalogue, settings: Settings) -> Self {
        Self {
            catalogue: Arc::new(catalogue),
            settings,
            notes: Notes::default(),
            default_collection: Mutex::default(),
            refused: None,
            library: Mutex::default(),
            module_utils: Mutex::default(),
            files: Mutex::default(),
        }
    }

    /// The same, which decrypts vaulted files with these secrets.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Secrets) -> Self {
        self.settings.secrets = secrets;
        self
    }

    /// The names of actions.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// Takes out what there was to say since this was last called.
    pub fn notes(&self) -> Vec<Note> {
        for said in self.catalogue.collections().take_notices() {
            self.notes.add(match said {
                Said::Deprecated(text) => Note::Deprecated(text),
                Said::Warning(text) => Note::Warning(text),
            });
        }
        self.notes.take()
    }

    /// The `library/` and `module_utils/` folders beside the playbooks and in the roles seen so far.
    pub fn own_folders(&self) -> (Vec<String>, Vec<String>) {
        let utils = self.module_utils.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (self.library(), utils)
    }

    /// Looks for modules, and what they import, in a playbook's or role's folder too, after those seen before.
    fn add_library(&self, folder: &str) {
        self.catalogue.add_plugins(&format!("{folder}/action_plugins"));
        for (list, name) in [(&self.library, "library"), (&self.module_utils, "module_utils")] {
            let path = format!("{folder}/{name}");
            let mut known = list.lock().unwrap_or_else(PoisonError::into_inner);
            if !known.contains(&path) && std::path::Path::new(&path).is_dir() {
                known.push(path);
            }
        }
    }

    fn default_collection(&self) -> Option<Arc<str>> {
        self.default_collection.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
    /// The play's frame; None while a play runs, when the renderer knows all variables.
    play: Option<Arc<Frame>>,
    /// The play's `vars_files`.
    vars_files: Vec<Value>,
    /// The variables of those files, once they were needed.
    file_vars: Option<Dict>,
    /// `library/` folders.
    library: Vec<String>,
    /// Roles that `import_role` brought.
    imported: Vec<RoleUse>,
    /// The folders of the roles that are being read, and which of their tasks, to notice circles.
    under_way: Vec<(String, Option<String>)>,
    /// The files of `import_tasks` that are being read.
    importing: Vec<String>,
}

impl<'a> Reading<'a> {
    fn new(
        loader: &'a Loader,
        render: &'a dyn Render,
        basedir: &str,
        play: Option<Arc<Frame>>,
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
