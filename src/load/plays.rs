//! Playbook files: plays and `import_playbook`.

use super::roles::User;
use super::tasks::{Within, malformed, not_a_list};
use super::{Loader, Reading, Render};
use crate::content::{dirname, join, normal};
use crate::diag::{Error, Result};
use crate::playbook::{
    Common, Entry, Frame, FrameKind, Place, Play, PlayHead, RoleUse, Surroundings, check_keys, check_play, check_texts,
    class_name, may_be_template, read_common, read_play_head,
};
use crate::value::{Dict, Value};
use crate::yaml::{Kind, Node};
use std::sync::{Arc, PoisonError};

/// The names of the one action that stands in place of a play.
const IMPORTS: [&str; 3] = ["import_playbook", "ansible.builtin.import_playbook", "ansible.legacy.import_playbook"];

/// How deep playbooks may import others.
const DEPTH: usize = 100;

/// What `import_playbook` gives to the plays it brings.
#[derive(Clone, Default)]
struct Given {
    vars: Dict,
    tags: Vec<Value>,
    when: Vec<Value>,
    /// The conditions of the outermost import that has some.
    gather_when: Vec<Value>,
    depth: usize,
}

impl Loader {
    /// Loads a playbook file with all that it imports; a relative path is in the working directory.
    pub fn playbook(&self, path: &str, render: &dyn Render) -> Result<Vec<Play>> {
        if let Some(error) = &self.refused {
            return Err(error.clone());
        }
        let path = normal(&join(&self.settings.cwd, path));
        self.file(&path, render, &Given::default())
    }

    fn file(&self, path: &str, render: &dyn Render, given: &Given) -> Result<Vec<Play>> {
        let basedir = dirname(path);
        self.enter(path, given.depth);
        let node = self.read(path)?;
        let entries = match &node.kind {
            Kind::Scalar(Value::Null) => {
                return Err(Error::parser(format!("Empty playbook, nothing to do: {path}")));
            }
            Kind::List(entries) if entries.is_empty() => {
                return Err(Error::parser(format!("A playbook must contain at least one play: {path}")));
            }
            Kind::List(entries) => entries,
            _ => {
                let class = class_name(&node);
                let message = format!("A playbook must be a list of plays, got a {class} instead: {path}");
                return Err(Error::parser(message).at(Some(&node.origin)));
            }
        };
        let mut plays = Vec::new();
        for entry in entries.iter() {
            if entry.as_map().is_none() {
                let message = "playbook entries must be either valid plays or 'import_playbook' statements";
                return Err(Error::parser(message).at(Some(&entry.origin)));
            }
            if IMPORTS.iter().any(|name| entry.get(name).is_some()) {
                plays.extend(self.import_playbook(entry, basedir, render, given)?);
            } else {
                plays.push(self.play(entry, basedir, render, given)?);
            }
        }
        Ok(plays)
    }

    fn import_playbook(&self, node: &Node, basedir: &str, render: &dyn Render, given: &Given) -> Result<Vec<Play>> {
        let node = &renamed_import(node)?;
        check_keys(node, Place::ImportPlaybook)?;
        let library = self.library();
        let around = Surroundings { catalogue: &self.catalogue, library: &library, notes: &self.notes };
        let common = read_common(node, Place::ImportPlaybook, around)?;
        check_texts(node)?;
        let Some(target) = node.get("import_playbook").filter(|n| !n.is_null()) else {
            let message = "The field 'import_playbook' is required but was not set.";
            return Err(Error::parser(message).at(Some(&node.origin)));
        };
        let name = match target.to_value() {
            Value::Str(text) if may_be_template(text.as_str()) => render
                .render(&text, &common.vars)
                .map_err(|cause| field_error("import_playbook", cause).at(Some(&target.origin)))?
                .to_text(),
            other => other.to_text(),
        };
        if given.depth >= DEPTH {
            return Err(Error::parser("Playbooks import each other without end.").at(Some(&target.origin)));
        }
        let path = self.collection_playbook(&name).unwrap_or_else(|| normal(&join(basedir, &name)));
        self.file(&path, render, &given.with(common))
    }

    /// The file of a collection's playbook, where a name means one: `namespace.collection.playbook`.
    pub fn collection_playbook(&self, name: &str) -> Option<String> {
        self.catalogue.collections().playbook(name).map(|path| path.to_string_lossy().into_owned())
    }

    /// Lets short names be searched first in the collection that a playbook is in, if in one it is.
    fn enter(&self, path: &str, depth: usize) {
        let collection = self.catalogue.collections().holding(path);
        match &collection {
            Some(name) => {
                self.notes.add(crate::playbook::Note::Verbose(1, format!("running playbook inside collection {name}")));
            }
            None => {
                self.add_library(dirname(path));
                self.catalogue.collections().add_beside(dirname(path));
                // What is imported from elsewhere changes nothing for those that import.
                if depth > 0 {
                    return;
                }
            }
        }
        *self.default_collection.lock().unwrap_or_else(PoisonError::into_inner) = collection;
    }

    fn play(&self, node: &Node, basedir: &str, render: &dyn Render, given: &Given) -> Result<Play> {
        let library = self.library();
        let around = Surroundings { catalogue: &self.catalogue, library: &library, notes: &self.notes };
        let mut head = read_play_head(node, around)?;
        given.give(&mut head.common);
        if let Some(collection) = self.default_collection() {
            let list = head.common.collections.get_or_insert_default();
            if !list.contains(&collection) {
                list.insert(0, collection);
            }
            if !list.iter().any(|name| matches!(&**name, "ansible.builtin" | "ansible.legacy")) {
                list.push("ansible.legacy".into());
            }
        }
        let origin = Some(node.origin.clone());
        let frame = Arc::new(Frame {
            kind: FrameKind::Play { basedir: basedir.into() },
            common: head.common.clone(),
            origin,
            parent: None,
        });
        let reading = Reading::new(self, render, basedir, Some(frame.clone()), head.vars_files.clone());
        reading.play(node, head, given, frame)
    }
}

impl Reading<'_> {
    fn play(mut self, node: &Node, head: PlayHead, given: &Given, frame: Arc<Frame>) -> Result<Play> {
        let inner = match given.when.is_empty() {
            true => frame.clone(),
            false => {
                let common = Common { when: given.when.clone(), ..Common::default() };
                Frame::within(FrameKind::ImportPlaybook, common, None, &frame)
            }
        };
        let roles = self.roles(node, &inner)?;
        let handlers = Within { frame: frame.clone(), role: None, handlers: true };
        let handlers = self.section(node, "handlers", &handlers)?;
        let tasks = Within { frame: inner, role: None, handlers: false };
        let pre_tasks = self.section(node, "pre_tasks", &tasks)?;
        let post_tasks = self.section(node, "post_tasks", &tasks)?;
        let tasks = self.section(node, "tasks", &tasks)?;
        let hosts = check_play(node)?;
        let value = |name: &str| node.get(name).map(Node::to_value);
        Ok(Play {
            name: head.name,
            hosts,
            vars_files: head.vars_files,
            vars_prompt: head.vars_prompt,
            pre_tasks,
            roles,
            tasks,
            post_tasks,
            handlers,
            imported_roles: self.imported,
            gather_facts: value("gather_facts"),
            gather_subset: value("gather_subset"),
            gather_timeout: value("gather_timeout"),
            fact_path: value("fact_path"),
            serial: head.serial,
            max_fail_percentage: value("max_fail_percentage"),
            strategy: value("strategy"),
            order: value("order"),
            force_handlers: value("force_handlers"),
            import_when: given.gather_when.clone(),
            basedir: self.basedir,
            frame,
            origin: Some(node.origin.clone()),
        })
    }

    fn roles(&mut self, node: &Node, frame: &Arc<Frame>) -> Result<Vec<RoleUse>> {
        let Some(list) = node.get("roles").filter(|n| !n.is_null()) else { return Ok(Vec::new()) };
        let Kind::List(items) = &list.kind else {
            let shown = list.to_value().to_text();
            let cause = Error::parser(format!("ds ({shown}) should be a list but was a {}", class_name(list)));
            return Err(malformed(cause, "A malformed role declaration was encountered.", node));
        };
        let collections = frame.collections().to_vec();
        items.iter().map(|item| self.role_use(item, User { frame, parents: Vec::new() }, None, &collections)).collect()
    }

    fn section(&mut self, play: &Node, key: &str, within: &Within) -> Result<Vec<Entry>> {
        let Some(node) = play.get(key).filter(|n| !n.is_null()) else { return Ok(Vec::new()) };
        if node.as_list().is_none() {
            let message = format!("A malformed block was encountered while loading {key}.");
            return Err(malformed(not_a_list(node), &message, play));
        }
        self.list(node, within)
    }
}

impl Given {
    /// What an import within these gives.
    fn with(&self, common: Common) -> Self {
        let mut vars = common.vars;
        vars.update(&self.vars);
        let mut when = self.when.clone();
        when.extend(common.when.iter().cloned());
        let mut tags = common.tags;
        tags.extend(self.tags.iter().cloned());
        let gather_when = if self.gather_when.is_empty() { common.when } else { self.gather_when.clone() };
        Self { vars, tags, when, gather_when, depth: self.depth + 1 }
    }

    /// Gives it to a play: variables win over the play's own.
    fn give(&self, common: &mut Common) {
        let mut vars = self.vars.clone();
        if let Some(tags) = vars.remove("tags") {
            common.tags.extend(tags.to_text().split(',').map(|tag| Value::str(tag.trim())));
        }
        common.vars.update(&vars);
        common.tags.extend(self.tags.iter().cloned());
    }
}

/// The error of a keyword that cannot be rendered.
fn field_error(name: &str, cause: Error) -> Error {
    let mut error = Error::parser(format!("Error processing keyword '{name}'."));
    error.cause = Some(Box::new(cause));
    error
}

/// An import whose key has no collection.
fn renamed_import(node: &Node) -> Result<Node> {
    let pairs = node.as_map().unwrap_or_default();
    let mut names: Vec<&str> =
        pairs.iter().filter_map(|(key, _)| key.as_str()).filter(|key| IMPORTS.contains(key)).collect();
    if names.len() > 1 {
        names.sort_unstable();
        return Err(Error::user(format!("Found conflicting import_playbook actions: {}", names.join(", "))));
    }
    let renamed = |key: &Node| match key.as_str() {
        Some(name) if IMPORTS.contains(&name) => {
            Node { origin: key.origin.clone(), kind: Kind::Scalar(Value::str("import_playbook")) }
        }
        _ => key.clone(),
    };
    let pairs = pairs.iter().map(|(key, value)| (renamed(key), value.clone())).collect();
    Ok(Node { origin: node.origin.clone(), kind: Kind::Map(Arc::new(pairs)) })
}
