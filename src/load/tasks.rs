//! Lists of tasks and blocks; `import_tasks` is replaced by what it imports.

use super::Reading;
use super::paths::find_relative;
use super::scope::{include_dir, text_of};
use crate::content::{dirname, join};
use crate::diag::{Error, Origin, Result};
use crate::playbook::{
    Block, Entry, Frame, FrameKind, Include, IncludeKind, Place, ReadTask, Role, Task, TaskPlace, check_keys,
    check_texts, class_name, read_common, read_task,
};
use crate::value::{Dict, Value};
use crate::yaml::{Kind, Node};
use std::path::Path;
use std::sync::Arc;

/// Where a list of tasks stands.
#[derive(Clone)]
pub(super) struct Within {
    /// What encloses it.
    pub frame: Arc<Frame>,
    /// The role that it is of.
    pub role: Option<Arc<Role>>,
    /// Whether it is of handlers.
    pub handlers: bool,
}

impl Within {
    /// The same inside another frame.
    pub fn inside(&self, frame: Arc<Frame>) -> Self {
        Self { frame, ..self.clone() }
    }
}

/// Wraps the error of a list that is none, with the place of what holds it.
pub(super) fn malformed(cause: Error, message: &str, holder: &Node) -> Error {
    cause.context(message).at(Some(&holder.origin))
}

/// The error of a list of tasks that is no list, still without the sentence before it.
pub(super) fn not_a_list(node: &Node) -> Error {
    Error::parser(format!("{} should be a list or None but is {}", node.to_value().to_text(), class_name(node)))
}

impl Reading<'_> {
    /// The list of a play, a role or a file: null is empty, null items are passed over.
    pub(super) fn list(&mut self, node: &Node, within: &Within) -> Result<Vec<Entry>> {
        let items = node.as_list().unwrap_or_default();
        let mut entries = Vec::new();
        for (at, item) in items.iter().enumerate() {
            if item.is_null() {
                continue;
            }
            if is_block(item) {
                entries.push(self.block(item, within)?);
            } else if item.as_map().is_some() {
                entries.extend(self.task(item, within)?);
            } else {
                return Err(not_a_dict(items, at));
            }
        }
        Ok(entries)
    }

    fn block(&mut self, node: &Node, within: &Within) -> Result<Entry> {
        check_keys(node, Place::Block)?;
        let common = read_common(node, Place::Block, self.around())?;
        let frame = Frame::within(FrameKind::Block, common, Some(node.origin.clone()), &within.frame);
        let inner = within.inside(frame.clone());
        let always = self.nested(node, "always", "A malformed block was encountered while loading always", &inner)?;
        let block = self.nested(node, "block", "A malformed block was encountered while loading a block", &inner)?;
        let rescue = self.nested(node, "rescue", "A malformed block was encountered while loading rescue.", &inner)?;
        for (name, list) in [("always", &always), ("rescue", &rescue)] {
            if block.is_empty() && !list.is_empty() {
                let message = format!("'{name}' keyword cannot be used without 'block'");
                return Err(Error::parser(message).at(Some(&node.origin)));
            }
        }
        check_texts(node)?;
        let name = node.get("name").filter(|n| !n.is_null()).map(Node::to_value);
        Ok(Entry::Block(Arc::new(Block { name, block, rescue, always, frame, origin: Some(node.origin.clone()) })))
    }

    /// One of a block's lists, in which nothing but tasks and blocks may stand.
    fn nested(&mut self, block: &Node, key: &str, message: &str, within: &Within) -> Result<Vec<Entry>> {
        let Some(node) = block.get(key) else { return Ok(Vec::new()) };
        let shown = || node.to_value().to_text();
        let Kind::List(items) = &node.kind else {
            let cause = format!("The ds ({}) should be a list but was a {}", shown(), class_name(node));
            return Err(malformed(Error::parser(cause), message, block));
        };
        let mut entries = Vec::new();
        for item in items.iter() {
            if item.as_map().is_none() {
                let cause = format!("The ds ({}) should be a dict but was a {}", shown(), class_name(node));
                return Err(malformed(Error::parser(cause), message, block));
            }
            if item.get("block").is_none() {
                entries.extend(self.task(item, within)?);
            } else if within.handlers {
                let message = "Using a block as a handler is not supported.";
                return Err(Error::parser(message).at(Some(&item.origin)));
            } else {
                entries.push(self.block(item, within)?);
            }
        }
        Ok(entries)
    }

    /// A task, or what a static import puts in its place.
    fn task(&mut self, node: &Node, within: &Within) -> Result<Vec<Entry>> {
        let place = TaskPlace { frame: &within.frame, role: within.role.as_ref(), handler: within.handlers };
        let ReadTask { mut task, include } = read_task(node, place, self.around())?;
        match include {
            Some((IncludeKind::ImportTasks, Include::Tasks { file, .. })) => {
                self.static_import(&task, "import_tasks", "include_tasks")?;
                self.import_tasks(&task, &file, within)
            }
            Some((IncludeKind::ImportRole, Include::Role(role))) => {
                self.static_import(&task, "import_role", "include_role")?;
                self.import_role(&task, &role, within)
            }
            Some((_, include)) => {
                task.include = Some(include);
                Ok(vec![Entry::Task(Arc::new(task))])
            }
            None => Ok(vec![Entry::Task(Arc::new(task))]),
        }
    }

    fn static_import(&self, task: &Task, name: &str, instead: &str) -> Result<()> {
        if task.loop_.is_none() {
            return Ok(());
        }
        let message = format!("You cannot use loops on '{name}' statements. You should use '{instead}' instead.");
        Err(Error::parser(message).at(task.origin.as_ref()))
    }

    fn import_tasks(&mut self, task: &Task, file: &Value, within: &Within) -> Result<Vec<Entry>> {
        let target = self.rendered(file, &within.frame, &task.common.vars).map_err(|cause| {
            let shown = crate::value::str_repr(&file.to_text());
            let mut error = Error::parser(format!("Error when evaluating variable in import path {shown}."))
                .at(task.origin.as_ref())
                .help(
                    "When using static imports, ensure that any variables used in their names are defined in \
                     vars/vars_files\nor extra-vars passed in from the command line. Static imports cannot use variables \
                     from facts or inventory\nsources like group or host vars.",
                );
            error.cause = Some(Box::new(cause));
            error
        })?;
        let target = text_of(&target);
        let path = self.include_path(target.as_str(), within, false);
        if self.importing.contains(&path) {
            return Err(Error::parser(format!("The file '{path}' imports itself.")).at(task.origin.as_ref()));
        }
        let data = self.loader.read(&path)?;
        if !data.to_value().truthy() {
            self.loader.notes.warn(format!("file {path} is empty and had no tasks to include"));
            return Ok(Vec::new());
        }
        if data.as_list().is_none() {
            return Err(Error::parser("included task files must contain a list of tasks").at(Some(&data.origin)));
        }
        self.loader.notes.add(crate::playbook::Note::Verbose(2, format!("statically imported: {path}")));
        let kind = FrameKind::Import { dir: dirname(target.as_str()).to_owned() };
        let frame = Frame::within(kind, task.common.clone(), task.origin.clone(), &within.frame);
        self.importing.push(path);
        let entries = self.list(&data, &within.inside(frame));
        self.importing.pop();
        let entries = entries?;
        Ok(if within.handlers { unblocked(entries) } else { entries })
    }

    /// Where an imported or included file is: relative to the file that includes it, and to
    /// those that include that one, before the role's `tasks` or the playbook's folder. What is included
    /// while a play runs is searched in the role's folder before all that, as with ansible-core.
    pub(super) fn include_path(&self, target: &str, within: &Within, dynamic: bool) -> String {
        let subdir = if within.handlers { "handlers" } else { "tasks" };
        let role = within.role.as_ref().map(|role| role.data.path.as_str());
        let mut folder: Option<String> = None;
        for dir in within.frame.outward().filter_map(include_dir) {
            let relative = match folder.take() {
                Some(inner) => join(dir, &inner),
                None => dir.to_owned(),
            };
            let path = match role {
                Some(role) => {
                    let base = join(&join(role, subdir), &relative);
                    let of_role = dynamic.then(|| find_relative(self.bases(), role, subdir, target, true));
                    of_role
                        .filter(|path| Path::new(path).exists())
                        .unwrap_or_else(|| find_relative(self.bases(), &base, subdir, target, dynamic))
                }
                None => find_relative(self.bases(), &self.basedir, &relative, target, false),
            };
            if Path::new(&path).exists() {
                return path;
            }
            folder = Some(relative);
        }
        match role {
            Some(role) => find_relative(self.bases(), role, subdir, target, dynamic),
            None => self.bases().absolute(target),
        }
    }

    /// A `meta` task of the engine's own.
    pub(super) fn implicit_meta(&self, what: &str, frame: &Arc<Frame>, role: Option<&Arc<Role>>) -> Entry {
        let mut task = Task::implicit("meta", frame.clone());
        task.args = Dict::from([("_raw_params", what)]);
        task.role = role.cloned();
        task.common.tags = vec![Value::str("always")];
        Entry::Task(Arc::new(task))
    }
}

/// Handlers stand for themselves: those of blocks are taken out of them.
fn unblocked(entries: Vec<Entry>) -> Vec<Entry> {
    entries
        .into_iter()
        .flat_map(|entry| match entry {
            Entry::Block(block) => block.block.clone(),
            task => vec![task],
        })
        .collect()
}

fn is_block(node: &Node) -> bool {
    ["block", "rescue", "always"].iter().any(|key| node.get(key).is_some())
}

/// The error of an item that is no dictionary, which shows it with the tasks beside it.
fn not_a_dict(items: &[Node], at: usize) -> Error {
    let alone = |item: &Node| item.is_null() || is_block(item);
    let start = items[..at].iter().rposition(alone).map_or(0, |before| before + 1);
    let end = items[at..].iter().position(alone).map_or(items.len(), |after| at + after);
    let group = Value::list(items[start..end].iter().map(Node::to_value));
    let cause = format!("The ds ({}) should be a dict but was a <class 'list'>", group.to_text());
    // ansible-core shows the values themselves where the list around them has no place.
    let error = Error::parser(cause).context("A malformed block was encountered while loading a block");
    error.at(Some(&Origin::described("<unknown>"))).help(group.to_text())
}
