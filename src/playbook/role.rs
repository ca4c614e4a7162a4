//! A role in use: its variables and where it is; its tasks stand apart.

use super::{Common, Entry};
use crate::diag::Origin;
use crate::value::{Dict, Value};
use std::sync::Arc;

/// What is known of a role before its dependencies and tasks are.
#[derive(Clone, Debug, Default)]
pub struct RoleData {
    /// Its name without collection.
    pub name: String,
    /// Its collection, `namespace.name`.
    pub collection: Option<String>,
    /// Its folder.
    pub path: String,
    /// The variables of `defaults/`.
    pub defaults: Dict,
    /// The variables of `vars/`.
    pub vars: Dict,
    /// What is given beside keywords where it is used: `{ role: web, port: 80 }`.
    pub params: Dict,
    /// The keywords where it is used; its `vars` among them.
    pub common: Common,
    /// The collections in which its tasks' short names are searched.
    pub collections: Vec<Arc<str>>,
    /// `allow_duplicates` of its metadata, or of the import or include.
    pub allow_duplicates: bool,
    /// Whether `import_role` or `include_role` brought it.
    pub from_include: bool,
    /// Whether its variables are seen by the whole play.
    pub public: bool,
    /// Whether it was known before the run: not by `include_role`.
    pub is_static: bool,
    /// `tasks_from`, `vars_from` and the like.
    pub from: RoleFiles,
    /// Where it is used.
    pub origin: Option<Origin>,
}

/// Which files of a role are used in place of `main`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleFiles {
    /// `tasks_from`.
    pub tasks: Option<String>,
    /// `vars_from`.
    pub vars: Option<String>,
    /// `defaults_from`.
    pub defaults: Option<String>,
    /// `handlers_from`.
    pub handlers: Option<String>,
}

/// A role in use, with its place among others.
#[derive(Clone, Debug)]
pub struct Role {
    /// The role itself.
    pub data: Arc<RoleData>,
    /// The roles that brought it, the outermost first.
    pub parents: Vec<Arc<RoleData>>,
    /// The roles it depends on directly, in the order in which they run.
    pub dependencies: Vec<Arc<Role>>,
    /// Equal for uses that ansible-core takes for the same role: where one is complete on a
    /// host, the other does not run unless duplicates are allowed.
    pub identity: u64,
}

/// A role in use with all that it runs, its dependencies first.
#[derive(Clone, Debug)]
pub struct RoleUse {
    /// The role.
    pub role: Arc<Role>,
    /// The tasks of its dependencies and its own; each role's end with `meta: role_complete`.
    pub tasks: Vec<Entry>,
    /// The handlers of its dependencies and its own.
    pub handlers: Vec<Entry>,
}

impl RoleData {
    /// The name with its collection.
    pub fn full_name(&self) -> String {
        match &self.collection {
            Some(collection) => format!("{collection}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

impl Role {
    /// The name with its collection.
    pub fn full_name(&self) -> String {
        self.data.full_name()
    }

    /// All roles it depends on, in the order in which they run.
    pub fn all_dependencies(&self) -> Vec<&Arc<Role>> {
        let mut all = Vec::new();
        for dependency in &self.dependencies {
            all.extend(dependency.all_dependencies());
            all.push(dependency);
        }
        all
    }

    /// The default variables that its tasks see, from low to high precedence.
    pub fn default_layers(&self) -> Vec<&Dict> {
        let dependencies = self.all_dependencies().into_iter().flat_map(|dep| dep.default_layers());
        dependencies.chain(self.parents.iter().map(|p| &p.defaults)).chain([&self.data.defaults]).collect()
    }

    /// The role variables that its tasks see, from low to high precedence.
    ///
    /// Parents' first, then what dependencies export, its own `vars/`, parameters, its use's `vars`.
    pub fn var_layers(&self) -> Vec<&Dict> {
        let mut layers: Vec<&Dict> = self.parents.iter().flat_map(|p| [&p.common.vars, &p.vars]).collect();
        layers.extend(self.exported_layers());
        layers.extend(self.parents.iter().map(|p| &p.params));
        layers.push(&self.data.params);
        layers.push(&self.data.common.vars);
        layers
    }

    /// The variables that it gives to roles depending on it and, where it is public, to the play.
    pub fn exported_layers(&self) -> Vec<&Dict> {
        let mut layers: Vec<&Dict> = self.all_dependencies().into_iter().map(|dep| &dep.data.vars).collect();
        layers.push(&self.data.vars);
        layers
    }

    /// A keyword's list of the names of the roles that brought it, the outermost first.
    pub fn parent_names(&self) -> Vec<Value> {
        self.parents.iter().rev().map(|p| Value::str(p.full_name())).collect()
    }
}
