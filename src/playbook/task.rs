//! A task or handler as data, and what it inherits.

use super::action::strip_builtin;
use super::{Common, Frame, FrameKind, Role};
use crate::content::{Action, ActionKind};
use crate::diag::Origin;
use crate::value::{Dict, Text, Value};
use std::sync::Arc;

/// A task or handler.
#[derive(Clone, Debug)]
pub struct Task {
    /// `name`, unrendered.
    pub name: Option<Value>,
    /// The action's name as written; may be a template.
    pub action: Text,
    /// What that name means; None where it is a template.
    pub resolved: Option<Action>,
    /// The arguments, free-form text as `_raw_params`, a template for all of them as
    /// `_variable_params`.
    pub args: Dict,
    /// Where those arguments begin that are lists or mappings, which cannot say so themselves.
    pub arg_places: Vec<(String, Origin)>,
    /// What it includes, where it is `include_tasks` or `include_role`.
    pub include: Option<Include>,
    /// `loop` or `with_…`.
    pub loop_: Option<Loop>,
    /// `loop_control`.
    pub loop_control: LoopControl,
    /// `register`.
    pub register: Option<Arc<str>>,
    /// Where that name stands.
    pub register_origin: Option<Origin>,
    /// `until`: expressions, all of which must hold.
    pub until: Vec<Value>,
    /// `retries`.
    pub retries: Option<Value>,
    /// `delay`.
    pub delay: Option<Value>,
    /// `changed_when`.
    pub changed_when: Vec<Value>,
    /// `failed_when`.
    pub failed_when: Vec<Value>,
    /// `async`, in seconds.
    pub async_: Option<Value>,
    /// `poll`, in seconds.
    pub poll: Option<Value>,
    /// `listen`: topics, those of a role's handler also with the role's names before them.
    pub listen: Vec<Text>,
    /// Whether it is a handler.
    pub handler: bool,
    /// Whether the engine's own needs put it there: flush_handlers between sections, say.
    pub implicit: bool,
    /// The keywords that it shares with blocks and plays.
    pub common: Common,
    /// What encloses it.
    pub frame: Arc<Frame>,
    /// The role that it is of.
    pub role: Option<Arc<Role>>,
    /// Where its mapping starts.
    pub origin: Option<Origin>,
}

/// A loop over items.
#[derive(Clone, Debug)]
pub struct Loop {
    /// The lookup of `with_<lookup>`; None for `loop`.
    pub lookup: Option<String>,
    /// The items, or the lookup's terms.
    pub items: Value,
    /// Where the items are written.
    pub origin: Option<Origin>,
}

/// How a loop is done and shown; None is the default.
#[derive(Clone, Debug, Default)]
pub struct LoopControl {
    /// `loop_var`, by default `item`.
    pub loop_var: Option<Value>,
    /// `index_var`.
    pub index_var: Option<Value>,
    /// `label`.
    pub label: Option<Value>,
    /// `pause`, in seconds.
    pub pause: Option<Value>,
    /// `extended`.
    pub extended: Option<Value>,
    /// `extended_allitems`, by default true.
    pub extended_allitems: Option<Value>,
    /// `break_when`.
    pub break_when: Vec<Value>,
}

/// What is included while a play runs.
#[derive(Clone, Debug)]
pub enum Include {
    /// `include_tasks`.
    Tasks {
        /// The file.
        file: Value,
        /// Keywords for a block around what is included.
        apply: Option<Arc<Common>>,
    },
    /// `include_role`.
    Role(Box<IncludeRole>),
}

/// The arguments of `include_role` and `import_role`.
#[derive(Clone, Debug, Default)]
pub struct IncludeRole {
    /// The role's name.
    pub name: Value,
    /// `tasks_from`.
    pub tasks_from: Option<Value>,
    /// `vars_from`.
    pub vars_from: Option<Value>,
    /// `defaults_from`.
    pub defaults_from: Option<Value>,
    /// `handlers_from`.
    pub handlers_from: Option<Value>,
    /// `public`.
    pub public: Option<Value>,
    /// `allow_duplicates`, by default true.
    pub allow_duplicates: Option<Value>,
    /// `rolespec_validate`, by default true.
    pub rolespec_validate: Option<Value>,
    /// Keywords for a block around what is included.
    pub apply: Option<Arc<Common>>,
}

impl Task {
    /// A task that nobody wrote, with its action alone.
    pub fn implicit(action: &str, frame: Arc<Frame>) -> Self {
        let name = strip_builtin(action);
        Self {
            name: None,
            action: Text::data(action),
            resolved: Some(Action {
                fqcn: format!("ansible.builtin.{name}").into(),
                name: name.into(),
                kind: ActionKind::Native,
            }),
            args: Dict::new(),
            include: None,
            loop_: None,
            loop_control: LoopControl::default(),
            register: None,
            arg_places: Vec::new(),
            register_origin: None,
            until: Vec::new(),
            retries: None,
            delay: None,
            changed_when: Vec::new(),
            failed_when: Vec::new(),
            async_: None,
            poll: None,
            listen: Vec::new(),
            handler: false,
            implicit: true,
            common: Common::default(),
            frame,
            role: None,
            origin: None,
        }
    }

    /// Its mapping, as far as one that nobody wrote has any.
    pub fn as_written(&self) -> Value {
        let mut written = Dict::from([("action", Value::Str(self.action.clone())), ("args", self.args.clone().into())]);
        if let Some(name) = &self.name {
            written.insert("name", name.clone());
        }
        if !self.common.tags.is_empty() {
            written.insert("tags", self.common.tags.clone());
        }
        written.into()
    }

    /// The role whose name stands before the task's in output; `include_role` shows none.
    pub fn shown_role(&self) -> Option<&Arc<Role>> {
        self.role.as_ref().filter(|_| !self.implicit && !matches!(self.include, Some(Include::Role(_))))
    }

    /// The shared keywords of the task and of what it inherits from, the innermost first.
    pub fn commons(&self) -> impl Iterator<Item = &Common> {
        let frames = self.frame.outward().filter(|frame| frame.passes_keywords());
        std::iter::once(&self.common).chain(frames.map(|frame| &frame.common))
    }

    /// A keyword's value: the task's own, or that of the innermost thing around it that has one.
    pub fn keyword(&self, get: impl Fn(&Common) -> Option<&Value>) -> Option<&Value> {
        self.commons().find_map(get)
    }

    /// All conditions, the play's side first.
    pub fn when(&self) -> Vec<&Value> {
        self.outermost_first(|common| &common.when)
    }

    /// All tags: its own and those of everything around it.
    pub fn tags(&self) -> Vec<&Value> {
        self.commons().flat_map(|common| &common.tags).collect()
    }

    /// The dictionaries of `environment`; a later one wins.
    pub fn environment(&self) -> Vec<&Value> {
        self.outermost_first(|common| &common.environment)
    }

    /// The dictionaries of `module_defaults`; a later one wins.
    pub fn module_defaults(&self) -> Vec<&Dict> {
        self.outermost_first(|common| &common.module_defaults)
    }

    /// The `vars` of blocks, imports and includes around it and its own; a later one wins.
    pub fn var_layers(&self) -> Vec<&Dict> {
        let frames = self.frame.outward().filter(|frame| frame.passes_vars());
        let mut layers: Vec<&Dict> =
            std::iter::once(&self.common.vars).chain(frames.map(|frame| &frame.common.vars)).collect();
        layers.reverse();
        layers.retain(|dict| !dict.is_empty());
        layers
    }

    /// The `vars` of the dynamic includes around it, which win over most others; a later one wins.
    pub fn include_layers(&self) -> Vec<&Dict> {
        let mut layers: Vec<&Dict> = self
            .frame
            .outward()
            .filter(|frame| matches!(frame.kind, FrameKind::Include { .. }))
            .map(|frame| &frame.common.vars)
            .collect();
        layers.reverse();
        layers
    }

    /// The folders in which files are searched: its role's and those of the roles that brought
    /// it, then its own file's.
    pub fn search_path(&self) -> Vec<String> {
        let mut paths = Vec::new();
        if let Some(role) = &self.role {
            paths.push(role.data.path.clone());
            paths.extend(role.parents.iter().rev().map(|parent| parent.path.clone()));
        }
        let own = self.origin.as_ref().and_then(Origin::path).and_then(|path| path.rsplit_once('/'));
        if let Some((folder, _)) = own.filter(|(folder, _)| !paths.iter().any(|path| path == folder)) {
            paths.push(folder.to_owned());
        }
        paths
    }

    fn outermost_first<T>(&self, get: impl Fn(&Common) -> &Vec<T>) -> Vec<&T> {
        let mut groups: Vec<&[T]> = self.commons().map(|common| get(common).as_slice()).collect();
        groups.reverse();
        groups.into_iter().flatten().collect()
    }
}
