//! How a template sees the world.
//!
//! The layer of variables implements [`Scope`]; nothing in `template` names a layer above it.

use crate::diag::{Remarks, Result};
use crate::value::{Dict, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// The variables and surroundings of one rendering: those of a task on a host, say.
pub trait Scope {
    /// A variable by its name, unrendered: text in it is rendered when it is used.
    fn get(&self, name: &str) -> Result<Option<Var>>;

    /// The names of all variables.
    fn names(&self) -> Vec<Arc<str>>;

    /// Where relative paths of a lookup are searched, most specific first: the role's folders, the
    /// task file's folder, the playbook's.
    fn search_paths(&self) -> Vec<String>;

    /// The name of the running task's action as it is written, where there is one: `with_first_found`
    /// searches another folder for `template` than for `copy`.
    fn action(&self) -> Option<String> {
        None
    }

    /// The hosts that patterns match, and what there is to warn of.
    ///
    /// A scope without an inventory has none.
    fn hosts(&self, _patterns: &[String]) -> Result<(Vec<Arc<str>>, Vec<String>)> {
        Ok((Vec::new(), Vec::new()))
    }

    /// Where remarks of renderings are kept; None leaves them to the templar.
    fn remarks(&self) -> Option<&Remarks> {
        None
    }

    /// Plain facts about the run that filters and lookups need.
    fn world(&self) -> &World;
}

/// What filters and lookups need beside variables; the same for a whole run.
#[derive(Debug, Default)]
pub struct World {
    /// The controller's working directory when the run began.
    pub cwd: String,
    /// The controller's home directory.
    pub home: String,
    /// The controller's environment.
    pub environment: Vec<(String, String)>,
    /// The secrets that decrypt vaulted text.
    pub vault: crate::vault::Secrets,
    /// The settings by name, a plugin's as `ssh.port`: each with where it comes from, as `ansible-config dump`
    /// has it.
    pub settings: HashMap<String, (Value, String)>,
}

/// Variables and nothing else: what it takes to render text without running anything.
///
/// ```
/// use rplay::template::{Templar, Vars};
/// use rplay::value::{Text, Value};
///
/// let mut scope = Vars::default();
/// scope.vars.insert("name", "world");
/// let source = Text::trusted("Hello {{ name | upper }}", None);
/// assert_eq!(Templar::new().render(&source, &scope)?, Value::str("Hello WORLD"));
/// # Ok::<(), rplay::diag::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Vars {
    /// The variables.
    pub vars: Dict,
    /// What filters and lookups need beside them.
    pub world: World,
    /// Where relative paths of lookups are searched.
    pub paths: Vec<String>,
}

impl Scope for Vars {
    fn get(&self, name: &str) -> Result<Option<Var>> {
        Ok(self.vars.get(name).cloned().map(Var::Value))
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.vars.keys().filter_map(|key| key.as_str().map(Arc::from)).collect()
    }

    fn search_paths(&self) -> Vec<String> {
        self.paths.clone()
    }

    fn world(&self) -> &World {
        &self.world
    }
}

/// A variable's content.
#[derive(Clone)]
pub enum Var {
    /// A value, whose trusted strings are rendered in this scope.
    Value(Value),
    /// A mapping that is read item by item: `hostvars`, `vars`.
    Map(Arc<dyn VarMap>),
}

/// A mapping too large or too changeable to be built as a value.
pub trait VarMap: Send + Sync {
    /// The item of a key.
    fn get(&self, key: &str) -> Result<Option<Var>>;

    /// The keys in order.
    fn keys(&self) -> Vec<Arc<str>>;

    /// The scope in which text of the items is rendered; None is that of the template.
    fn scope(&self) -> Option<Arc<dyn Scope + Send + Sync>>;

    /// What its type is called in errors.
    fn type_name(&self) -> &'static str {
        "HostVarsVars"
    }

    /// What is said of an item that it lacks, by Python's repr of its key; None for the words for any object.
    fn lacks(&self, _key: &str) -> Option<String> {
        None
    }
}
