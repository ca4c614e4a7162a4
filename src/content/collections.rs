//! The collections that are installed, and what their `meta/runtime.yml` says of names.

use super::catalogue::split;
use super::installed::Installation;
use super::requires::satisfies;
use crate::diag::Mark;
use crate::value::{Dict, Value, repr};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a collection says of one of its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Routed {
    /// Nothing but, perhaps, that it will go.
    Here(Option<String>),
    /// It is in another place now.
    Elsewhere(String, Option<String>),
    /// It is gone; the text says why.
    Gone(String),
    /// Where it is now is said in a way that nobody may; the text says so.
    Misled(String, Option<String>),
}

/// The installed collections; read when they are first asked for.
#[derive(Clone, Debug, Default)]
pub struct Collections {
    state: Arc<Mutex<State>>,
    /// Python's own path, which comes last.
    installed: Option<Installation>,
}

#[derive(Debug, Default)]
struct State {
    /// Folders that hold `ansible_collections/`: those beside playbooks, then the setting's, then Python's.
    paths: Vec<PathBuf>,
    /// How many of them stand beside playbooks.
    beside: usize,
    known: HashMap<String, Option<Arc<Collection>>>,
    /// Action groups that were asked for, each with its members.
    groups: HashMap<String, Option<Arc<Vec<String>>>>,
    /// What nobody was told of yet.
    notices: Vec<Said>,
    /// Whether the `metadata` of action groups is looked at.
    validates: bool,
    /// What becomes of collections that are not for this release.
    mismatch: Mismatch,
}

/// What becomes of a collection whose `requires_ansible` is another release (`collections_on_ansible_version_mismatch`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mismatch {
    /// It is used.
    #[default]
    Ignore,
    /// It is used, with a warning.
    Warn,
    /// Nothing of it is used.
    Refuse,
}

/// The release that collections are for where no ansible-core is installed.
const RELEASE: &str = "2.19.14";

/// What looking for a name had to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A name that was used will go.
    Deprecated(String),
    /// Something to warn of.
    Warning(String),
}

/// A collection.
#[derive(Debug)]
struct Collection {
    folder: PathBuf,
    runtime: Value,
    /// Why nothing of it is used.
    refused: Option<String>,
}

impl Collections {
    /// Those in folders that hold `ansible_collections/`, or that are such a folder themselves.
    pub fn new(paths: Vec<PathBuf>) -> Self {
        let holds = |path: PathBuf| match path.file_name() {
            Some(name) if name == "ansible_collections" => path.parent().map_or(path.clone(), Path::to_owned),
            _ => path,
        };
        let paths = paths.into_iter().map(holds).collect();
        Self { state: Arc::new(Mutex::new(State { paths, ..State::default() })), installed: None }
    }

    /// Searches beside an installed ansible-core as well.
    #[must_use]
    pub fn with_installed(mut self, installed: Installation) -> Self {
        self.installed = Some(installed);
        self
    }

    /// Where collections are searched.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.lock().paths.clone()
    }

    /// The same, Python's path too.
    pub fn all_paths(&self) -> Vec<PathBuf> {
        let site = self.installed.as_ref().and_then(Installation::get).map(|found| found.site().to_owned());
        self.paths().into_iter().chain(site).collect()
    }

    /// Searches the `collections/` beside a playbook before all other places.
    pub fn add_beside(&self, basedir: &str) {
        let path = Path::new(basedir).join("collections");
        let mut state = self.lock();
        if path.is_dir() && !state.paths.contains(&path) {
            let at = state.beside;
            state.paths.insert(at, path);
            state.beside += 1;
            state.known.clear();
            state.groups.clear();
        }
    }

    /// The folder of a collection, where it is installed.
    pub fn folder(&self, name: &str) -> Option<PathBuf> {
        self.find(name).map(|found| found.folder.clone())
    }

    /// The file of a collection's playbook, given by its full name, with or without `.yml`.
    pub fn playbook(&self, name: &str) -> Option<PathBuf> {
        let name = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml")).unwrap_or(name);
        if !super::is_full(name) {
            return None;
        }
        let dot = name.match_indices('.').nth(1)?.0;
        let (collection, rest) = name.split_at(dot);
        let folder = self.folder(collection)?.join("playbooks");
        let files = [".yml", ".yaml"].map(|end| folder.join(format!("{}{end}", rest[1..].replace('.', "/"))));
        files.into_iter().find(|file| file.exists())
    }

    /// The name of the collection that a file is in, where it is the one that the name means.
    pub fn holding(&self, path: &str) -> Option<Arc<str>> {
        let path = std::fs::canonicalize(path).ok()?;
        let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
        let mut marks = parts.iter().enumerate().filter(|(_, part)| *part == "ansible_collections").map(|(at, _)| at);
        let (Some(at), None) = (marks.next(), marks.next()) else { return None };
        let name = format!("{}.{}", parts.get(at + 1)?, parts.get(at + 2)?);
        let folder = std::fs::canonicalize(self.folder(&name)?).ok()?;
        path.starts_with(folder).then(|| name.into())
    }

    /// Says what becomes of collections that are for other releases.
    pub fn mind_versions(&self, mismatch: Mismatch) {
        self.lock().mismatch = mismatch;
    }

    /// Why a collection is not used though it is installed.
    pub fn refused(&self, name: &str) -> Option<String> {
        self.load(name)?.refused.clone()
    }

    /// Looks whether a collection is for this release; the text that refuses it otherwise.
    fn check_release(&self, name: &str, runtime: &Value, state: &mut State) -> Option<String> {
        let wanted = runtime.get("requires_ansible").filter(|wanted| wanted.truthy())?;
        let version = self.installed.as_ref().and_then(Installation::get).map_or(RELEASE, |found| found.version());
        let fits = match wanted.as_str() {
            Some(wanted) => satisfies(version, wanted),
            None => Err(format!("'{}' object has no attribute 'split'", wanted.type_name())),
        };
        let text = format!("Collection {name} does not support Ansible version {version}");
        match (fits, state.mismatch) {
            (Ok(true), _) | (_, Mismatch::Ignore) => None,
            (Err(why), _) => {
                let text = "Error parsing collection metadata requires_ansible value from collection";
                state.notices.push(Said::Warning(format!("{text} {name}: {why}")));
                None
            }
            (Ok(false), Mismatch::Warn) => {
                state.notices.push(Said::Warning(text));
                None
            }
            (Ok(false), Mismatch::Refuse) => Some(text),
        }
    }

    /// Where a collection has put one of its `module_utils`, whose name in Python is `full`; that the name will go is
    /// kept as a deprecation, that it is gone is an error.
    pub fn module_util(&self, collection: &str, name: &str, full: &str) -> Result<Option<String>, String> {
        let Some(found) = self.find(collection) else { return Ok(None) };
        let routing = found.runtime.get("plugin_routing").and_then(|routing| routing.get("module_utils"));
        let Some(entry) = routing.and_then(|routing| routing.get(name)) else { return Ok(None) };
        let said = |of: &Value, removed| {
            let why = of.get("warning_text").filter(|why| why.truthy()).map(Value::to_text);
            let why = why.map_or_else(|| ".".to_owned(), |why| format!(" ({why})"));
            sentence(of, format!("module_util {full} has been removed{why}"), collection, removed)
        };
        match (entry.get("tombstone"), entry.get("deprecation")) {
            (Some(stone), _) if stone.truthy() => return Err(said(stone, true)),
            (None | Some(Value::Null), Some(old)) if old.truthy() => self.notice(vec![said(old, false)]),
            _ => {}
        }
        Ok(entry.get("redirect").map(Value::to_text))
    }

    /// The members of an action group, by full names, with those of the groups that it extends; None where the
    /// collection is not installed or has no such group.
    pub fn group(&self, full: &str) -> Option<Arc<Vec<String>>> {
        if let Some(known) = self.lock().groups.get(full) {
            return known.clone();
        }
        let mut seen = Vec::new();
        let mut members = Vec::new();
        let found = self.gather(full, &mut seen, &mut members).then(|| Arc::new(members));
        self.lock().groups.insert(full.to_owned(), found.clone());
        found
    }

    fn gather(&self, full: &str, seen: &mut Vec<String>, members: &mut Vec<String>) -> bool {
        if seen.iter().any(|known| known == full) {
            return true;
        }
        seen.push(full.to_owned());
        if let Some(words) = super::names::group(full) {
            for word in words {
                match word.strip_prefix('+') {
                    // Those of collections that are not installed have no members.
                    Some(group) => drop(self.gather(group, seen, members)),
                    None => members.push(word.to_owned()),
                }
            }
            return true;
        }
        let Some((collection, name)) = split(full) else { return false };
        let Some(found) = self.find(collection) else { return false };
        let groups = found.runtime.get("action_groups");
        let Some(items) = groups.and_then(|groups| groups.get(full).or_else(|| groups.get(name))) else { return false };
        let complete = |name: &str| match super::is_full(name) {
            true => name.to_owned(),
            false => format!("{collection}.{name}"),
        };
        let mut extends = Vec::new();
        let mut had_metadata = false;
        for item in items.as_list().unwrap_or_default() {
            match item {
                Value::Str(name) => members.push(self.member(complete(name.as_str()))),
                other => {
                    self.check_metadata(full, other, had_metadata);
                    let Some(Value::Dict(metadata)) = other.get("metadata") else { continue };
                    had_metadata = true;
                    // As with ansible-core, the last one counts.
                    extends = match metadata.get("extend_group") {
                        Some(Value::List(names)) => names.iter().map(Value::to_text).collect(),
                        Some(Value::Str(name)) => vec![name.as_str().to_owned()],
                        _ => Vec::new(),
                    };
                }
            }
        }
        for group in extends {
            self.gather(&complete(&group), seen, members);
        }
        true
    }

    /// The name that a member of a group has now.
    fn member(&self, mut full: String) -> String {
        let mut seen = Vec::new();
        while let Some((collection, name)) = split(&full) {
            match self.route(collection, name, true) {
                Routed::Elsewhere(target, _) if !seen.contains(&target) => {
                    seen.push(std::mem::replace(&mut full, target))
                }
                Routed::Misled(text, _) => {
                    self.warn_of(&full, &text);
                    break;
                }
                _ => break,
            }
        }
        full
    }

    /// Warns of what a group's `metadata` must not be, where the setting asks for that.
    fn check_metadata(&self, group: &str, item: &Value, had_one: bool) {
        if !self.lock().validates {
            return;
        }
        let mut wrong = Vec::new();
        match item.as_dict() {
            Some(dict) if dict.len() == 1 && dict.contains("metadata") => {
                if had_one {
                    wrong.push("The group contains multiple metadata entries.".to_owned());
                }
                match dict.get("metadata") {
                    Some(Value::Dict(metadata)) => wrong.extend(wrong_metadata(metadata)),
                    other => {
                        let shown = other.map(repr).unwrap_or_default();
                        wrong.push(format!("The metadata is not a dictionary. Got {shown}"));
                    }
                }
            }
            Some(dict) => {
                let mut keys: Vec<String> = dict.keys().map(Value::to_text).collect();
                keys.sort();
                wrong.push(format!("The only expected key is metadata, but got keys: {}", keys.join(", ")));
            }
            None => return,
        }
        if !wrong.is_empty() {
            let head = format!("Invalid metadata was found for action_group {group} while loading module_defaults.");
            self.lock().notices.push(Said::Warning(format!("{head} {}", wrong.join(" "))));
        }
    }

    /// Lets the `metadata` of action groups be looked at, or not: the setting `validate_action_group_metadata`.
    pub fn validate_groups(&self, wanted: bool) {
        self.lock().validates = wanted;
    }

    /// Keeps deprecations for whoever takes them.
    pub(super) fn notice(&self, texts: Vec<String>) {
        if !texts.is_empty() {
            self.lock().notices.extend(texts.into_iter().map(Said::Deprecated));
        }
    }

    /// Warns of what kept a name from being found.
    pub(super) fn warn_of(&self, name: &str, text: &str) {
        self.lock().notices.push(Said::Warning(format!("Error loading plugin '{name}': {text}")));
    }

    /// Warns where a name is sought in a collection that is not installed, as Python's import says it.
    pub(super) fn warn_of_missing(&self, collection: &str, name: &str) {
        if collection == "ansible.builtin" || self.find(collection).is_some() {
            return;
        }
        let Some((namespace, _)) = collection.split_once('.') else { return };
        let known = self.all_paths().iter().any(|path| path.join("ansible_collections").join(namespace).is_dir());
        let lacking = if known { collection } else { namespace };
        self.warn_of(name, &format!("No module named 'ansible_collections.{lacking}'"));
    }

    /// Takes out what looking for names had to say.
    pub fn take_notices(&self) -> Vec<Said> {
        std::mem::take(&mut self.lock().notices)
    }

    /// What a collection says of the name of a module, and unless it is `bare` of the action plugin of that name.
    pub(super) fn route(&self, collection: &str, name: &str, bare: bool) -> Routed {
        let Some(found) = self.find(collection) else { return Routed::Here(None) };
        let routing = found.runtime.get("plugin_routing");
        let kinds = if bare { &["modules"][..] } else { &["action", "modules"] };
        let entries = kinds.iter().map(|kind| (*kind, routing.and_then(|r| r.get(kind)).and_then(|k| k.get(name))));
        let full = format!("{collection}.{name}");
        let mut notice = None;
        for (kind, entry) in entries.filter_map(|(kind, entry)| Some((kind, entry?))) {
            if let Some(stone) = entry.get("tombstone").filter(|stone| stone.truthy()) {
                let kind = if kind == "modules" { "module" } else { "action plugin" };
                return Routed::Gone(told(stone, &format!("The '{full}' {kind} has been removed."), collection, true));
            }
            if let Some(old) = entry.get("deprecation").filter(|old| old.truthy()) {
                notice = Some(told(old, &format!("{full} has been deprecated."), collection, false));
            }
            let target = entry.get("redirect").filter(|target| target.truthy());
            if let Some(target) = target.map(Value::to_text).filter(|target| !super::is_full(target)) {
                let text = format!(
                    "Collection {collection} contains invalid redirect for {full}: {target}. Redirects must use fully \
                     qualified collection names."
                );
                return Routed::Misled(text, notice);
            }
            if let Some(target) = target.filter(|target| kind == "modules" || self.has_action(&target.to_text())) {
                return Routed::Elsewhere(target.to_text(), notice);
            }
        }
        Routed::Here(notice)
    }

    /// The action plugin that runs a module, where its collection names one.
    pub(super) fn action_of(&self, collection: &str, name: &str) -> Option<String> {
        let found = self.find(collection)?;
        let entry = found.runtime.get("plugin_routing")?.get("modules")?.get(name)?;
        entry.get("action_plugin").filter(|action| action.truthy()).map(Value::to_text)
    }

    /// Where the full name of a plugin of a kind (`filter`, `callback`, `lookup`, …) leads: the last name on the way
    /// and the marks of those that will go; a text where it is gone.
    pub fn plugin(&self, kind: &str, full: &str) -> Result<(String, Vec<Mark>), String> {
        let mut marks = Vec::new();
        let mut path = vec![full.to_owned()];
        let mut full = full.to_owned();
        loop {
            let Some((collection, name)) = split(&full) else { return Ok((full, marks)) };
            if let Some(text) = self.refused(collection) {
                return Err(text);
            }
            let Some(found) = self.find(collection) else { return Ok((full, marks)) };
            let routing = found.runtime.get("plugin_routing").and_then(|routing| routing.get(kind));
            let Some(entry) = routing.and_then(|routing| routing.get(name)) else { return Ok((full, marks)) };
            if let Some(stone) = entry.get("tombstone").filter(|stone| stone.truthy()) {
                let first = format!("The '{full}' {kind} plugin has been removed.");
                return Err(told(stone, &first, collection, true));
            }
            if let Some(old) = entry.get("deprecation").filter(|old| old.truthy()) {
                marks.push(mark(old, kind, &full, collection));
            }
            let target = entry.get("redirect").filter(|target| target.truthy()).map(Value::to_text);
            let Some(target) = target.filter(|target| super::is_full(target)) else { return Ok((full, marks)) };
            if path.contains(&target) {
                let shown: Vec<String> = path.iter().map(|name| crate::value::str_repr(name)).collect();
                let first = &path[0];
                return Err(format!("plugin redirect loop resolving {first} (path: [{}])", shown.join(", ")));
            }
            path.push(target.clone());
            full = target;
        }
    }

    /// Whether a full name is that of an action plugin: where there is none, its redirect leads to nothing.
    fn has_action(&self, full: &str) -> bool {
        let Some((collection, short)) = split(full) else { return false };
        let file = || Some(self.folder(collection)?.join("plugins/action").join(format!("{short}.py")));
        collection == "ansible.builtin" || file().is_some_and(|file| file.is_file())
    }

    fn find(&self, name: &str) -> Option<Arc<Collection>> {
        self.load(name).filter(|found| found.refused.is_none())
    }

    fn load(&self, name: &str) -> Option<Arc<Collection>> {
        if name == "ansible.builtin" || name == "ansible.legacy" {
            return None;
        }
        let mut state = self.lock();
        if let Some(known) = state.known.get(name) {
            return known.clone();
        }
        let found = name.split_once('.').and_then(|(namespace, rest)| {
            let folders = state.paths.iter().map(|path| path.join("ansible_collections").join(namespace).join(rest));
            let of_python = || {
                let site = self.installed.as_ref()?.get()?.site();
                Some(site.join("ansible_collections").join(namespace).join(rest)).filter(|folder| folder.is_dir())
            };
            let folder = folders.into_iter().find(|folder| folder.is_dir()).or_else(of_python)?;
            let runtime = std::fs::read_to_string(folder.join("meta/runtime.yml")).unwrap_or_default();
            let runtime = crate::yaml::from_yaml(&runtime, false).unwrap_or_default();
            Some((folder, runtime))
        });
        let found = found.map(|(folder, runtime)| {
            let refused = self.check_release(name, &runtime, &mut state);
            Arc::new(Collection { folder, runtime, refused })
        });
        state.known.insert(name.to_owned(), found.clone());
        found
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wrong_metadata(metadata: &Dict) -> Vec<String> {
    let mut wrong = Vec::new();
    let others: Vec<String> = metadata.keys().map(Value::to_text).filter(|key| key != "extend_group").collect();
    if !others.is_empty() {
        wrong.push(format!("The metadata contains unexpected keys: {}", others.join(", ")));
    }
    if let Some(value) = metadata.get("extend_group").filter(|v| !matches!(v, Value::List(_) | Value::Str(_))) {
        let shown = repr(value);
        let text = "The metadata contains unexpected key types: extend_group is";
        wrong.push(format!("{text} {shown} (expected type list)"));
    }
    wrong
}

/// A plugin's deprecation; filters and tests are told otherwise than the rest.
fn mark(entry: &Value, kind: &str, full: &str, collection: &str) -> Mark {
    let text = |key: &str| entry.get(key).filter(|v| v.truthy()).map(Value::to_text);
    let mut msg = match kind {
        "filter" => format!("Filter \"{full}\" has been deprecated."),
        "test" => format!("Test \"{full}\" has been deprecated."),
        _ => format!("{full} has been deprecated."),
    };
    if let Some(why) = text("warning_text") {
        msg.push_str(&format!(" {}", why.trim_end()));
    }
    let (date, version) = (text("removal_date"), text("removal_version"));
    Mark { msg, date, version, name: collection.to_owned(), ..Mark::default() }
}

/// A tombstone's or deprecation's text, in ansible-core's words.
fn told(entry: &Value, first: &str, collection: &str, removed: bool) -> String {
    let text = |key: &str| entry.get(key).filter(|v| !v.is_null()).map(Value::to_text);
    let mut said = first.to_owned();
    if let Some(why) = text("warning_text").filter(|why| !why.is_empty()) {
        said.push(' ');
        said.push_str(why.trim_end());
    }
    sentence(entry, said, collection, removed)
}

/// The same, with words of its own.
fn sentence(entry: &Value, mut said: String, collection: &str, removed: bool) -> String {
    let text = |key: &str| entry.get(key).filter(|v| !v.is_null()).map(Value::to_text);
    if !said.ends_with(['.', '!', '?']) {
        said.push('.');
    }
    let when = match (text("removal_date"), text("removal_version")) {
        (Some(date), _) => format!(" in a release after {date}"),
        (None, Some(version)) => format!(" version {version}"),
        (None, None) if removed => String::new(),
        (None, None) => " in a future release".to_owned(),
    };
    let verb = if removed { "was" } else { "will be" };
    format!("{said} This feature {verb} removed from collection '{collection}'{when}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtime_yml_says_where_names_are() {
        let dir = tempfile::tempdir().unwrap();
        let meta = dir.path().join("ansible_collections/a/b/meta");
        std::fs::create_dir_all(&meta).unwrap();
        let text = "requires_ansible: '>=2.30'\n\
                    plugin_routing:\n  modules:\n    gone: {tombstone: {removal_version: 2.0.0, warning_text: Use x.}}\n\
                    \x20   old: {deprecation: {removal_version: '3.0'}}\n    moved: {redirect: c.d.e}\n\
                    action_groups:\n  g: [one, c.d.two, {metadata: {extend_group: [h]}}]\n  h: [three]\n";
        std::fs::write(meta.join("runtime.yml"), text).unwrap();
        let collections = Collections::new(vec![dir.path().to_owned()]);
        assert_eq!(
            collections.route("a.b", "gone", false),
            Routed::Gone(
                "The 'a.b.gone' module has been removed. Use x. This feature was removed from collection 'a.b' \
                 version 2.0.0."
                    .into()
            )
        );
        assert_eq!(
            collections.route("a.b", "old", false),
            Routed::Here(Some(
                "a.b.old has been deprecated. This feature will be removed from collection 'a.b' version 3.0.".into()
            ))
        );
        assert_eq!(collections.route("a.b", "moved", false), Routed::Elsewhere("c.d.e".into(), None));
        assert_eq!(collections.route("x.y", "moved", false), Routed::Here(None));
        assert_eq!(collections.take_notices(), []);
        let refusing = Collections::new(vec![dir.path().to_owned()]);
        refusing.mind_versions(Mismatch::Refuse);
        assert_eq!(refusing.folder("a.b"), None);
        let text = "Collection a.b does not support Ansible version 2.19.14";
        assert_eq!(refusing.refused("a.b").as_deref(), Some(text));
        let warning = Collections::new(vec![dir.path().to_owned()]);
        warning.mind_versions(Mismatch::Warn);
        assert!(warning.folder("a.b").is_some() && warning.folder("a.b").is_some());
        assert_eq!(warning.take_notices(), [Said::Warning(text.into())]);
        assert_eq!(*collections.group("a.b.g").unwrap(), ["a.b.one", "c.d.two", "a.b.three"]);
        assert_eq!(*collections.group("ansible.builtin.testlegacy").unwrap(), ["ansible.legacy.legacy_ping"]);
        assert_eq!(collections.group("a.b.nope"), None);
    }
}
