//! What the name of an action means.
//!
//! Follows ansible-core's search: a full name is looked up in its collection, a short one in the
//! collections of the `collections` keyword, in `library/` folders, in ansible.builtin, and
//! through ansible.builtin's redirects.

use super::names;
use super::{Action, ActionKind};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Actions that the engine itself does.
const ENGINE: &[&str] = &["import_playbook", "import_role", "import_tasks", "include_role", "include_tasks", "meta"];

/// How many redirects are followed one after another.
const REDIRECTS: usize = 8;

/// All names of actions and what they mean.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// The short name by which the layers above know an action, by full name.
    native: HashMap<String, &'static str>,
    /// Folders that hold `ansible_collections/`.
    collections: Vec<PathBuf>,
    /// Folders of modules: the setting `library`.
    library: Vec<String>,
}

/// What came of looking a name up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It means this.
    Found(Action),
    /// It meant something once; the text says what to use now.
    Removed(String),
    /// It means nothing.
    Unknown,
}

impl Catalogue {
    /// The catalogue where rplay itself can run these, given by short name or, where that has no
    /// redirect in ansible.builtin, by full name.
    pub fn new(native: impl IntoIterator<Item = &'static str>) -> Self {
        // Looked up once: the lines of the table of modules are long to search for each name anew.
        let builtin: HashSet<&str> = names::modules("ansible.builtin").into_iter().flatten().collect();
        let native = native.into_iter().chain(ENGINE.iter().copied()).map(|name| {
            let full = if is_full(name) {
                name.to_owned()
            } else if builtin.contains(name) {
                format!("ansible.builtin.{name}")
            } else {
                names::redirect(name).unwrap_or_else(|| format!("ansible.builtin.{name}"))
            };
            (full, name)
        });
        Self { native: native.collect(), ..Self::default() }
    }

    /// Searches these folders too: those that hold `ansible_collections/`, and those of modules.
    #[must_use]
    pub fn with_paths(mut self, collections: Vec<PathBuf>, library: Vec<String>) -> Self {
        self.collections = collections;
        self.library = library;
        self
    }

    /// Where collections are searched.
    pub fn collection_paths(&self) -> &[PathBuf] {
        &self.collections
    }

    /// What a name means in a task that has these `collections` and `library/` folders.
    pub fn resolve(&self, name: &str, collections: &[Arc<str>], library: &[String]) -> Lookup {
        match name.strip_prefix("ansible.legacy.") {
            Some(short) => return self.short(short, library),
            None if is_full(name) => return self.full(name),
            None => {}
        }
        for collection in collections {
            match &**collection {
                "ansible.legacy" => break,
                "ansible.builtin" => return self.short(name, &[]),
                _ => {}
            }
            if let found @ Lookup::Found(_) = self.full(&format!("{collection}.{name}")) {
                return found;
            }
        }
        self.short(name, library)
    }

    fn short(&self, name: &str, library: &[String]) -> Lookup {
        if let Some(path) = library.iter().chain(&self.library).find_map(|dir| module_file(Path::new(dir), name)) {
            return Lookup::Found(Action {
                fqcn: name.into(),
                name: name.into(),
                kind: ActionKind::Python(path.into()),
            });
        }
        self.full(&format!("ansible.builtin.{name}"))
    }

    fn full(&self, name: &str) -> Lookup {
        let mut full = name.to_owned();
        for _ in 0..REDIRECTS {
            if let Some(&short) = self.native.get(&full) {
                return found(&full, short, ActionKind::Native);
            }
            let Some((collection, short)) = split(&full) else { return Lookup::Unknown };
            if names::has_module(collection, short) {
                return found(&full, short, ActionKind::Lacking);
            }
            if let Some(path) = self.in_collection(collection, short) {
                return found(&full, short, ActionKind::Python(path.into()));
            }
            let key = if collection == "ansible.builtin" { short } else { &full };
            match names::redirect(key) {
                Some(target) => full = target,
                None => break,
            }
        }
        match full.strip_prefix("ansible.builtin.") {
            Some("include") => Lookup::Removed(
                "The 'ansible.builtin.include' action plugin has been removed. Use include_tasks or import_tasks \
                 instead. This feature was removed from ansible-core in a release after 2023-05-16."
                    .into(),
            ),
            _ => Lookup::Unknown,
        }
    }

    /// A module or action plugin of a collection that is installed.
    fn in_collection(&self, collection: &str, name: &str) -> Option<String> {
        let (namespace, rest) = collection.split_once('.')?;
        self.collections.iter().find_map(|path| {
            let plugins = path.join("ansible_collections").join(namespace).join(rest).join("plugins");
            let name = name.replace('.', "/");
            module_file(&plugins.join("modules"), &name).or_else(|| module_file(&plugins.join("action"), &name))
        })
    }
}

fn found(full: &str, name: &str, kind: ActionKind) -> Lookup {
    Lookup::Found(Action { fqcn: full.into(), name: name.into(), kind })
}

/// Whether a name has a collection before it, as ansible-core tells by its dots.
pub fn is_full(name: &str) -> bool {
    let part = |p: &str| {
        p.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && p.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    name.matches('.').count() >= 2 && name.split('.').all(part)
}

/// The collection and the rest of a full name.
fn split(full: &str) -> Option<(&str, &str)> {
    let first = full.find('.')?;
    let second = first + 1 + full.get(first + 1..)?.find('.')?;
    Some((&full[..second], &full[second + 1..]))
}

/// A module's file of any extension in a folder.
fn module_file(folder: &Path, name: &str) -> Option<String> {
    if name.is_empty() || name.starts_with('/') || name.split('/').any(|part| part == "..") {
        return None;
    }
    ["", ".py", ".ps1", ".sh", ".pl", ".rb"].iter().find_map(|extension| {
        let path = folder.join(format!("{name}{extension}"));
        path.is_file().then(|| path.to_string_lossy().into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        Catalogue::new(["copy", "ini_file", "debug"])
    }

    #[track_caller]
    fn check(name: &str, fqcn: &str, kind: ActionKind) {
        match catalogue().resolve(name, &[], &[]) {
            Lookup::Found(action) => assert_eq!((&*action.fqcn, action.kind), (fqcn, kind), "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn names_as_ansible_resolves_them() {
        check("copy", "ansible.builtin.copy", ActionKind::Native);
        check("ansible.builtin.copy", "ansible.builtin.copy", ActionKind::Native);
        check("ansible.legacy.copy", "ansible.builtin.copy", ActionKind::Native);
        check("ini_file", "community.general.ini_file", ActionKind::Native);
        check("community.general.ini_file", "community.general.ini_file", ActionKind::Native);
        check("yum", "ansible.builtin.dnf", ActionKind::Lacking);
        check("synchronize", "ansible.posix.synchronize", ActionKind::Lacking);
        check("include_tasks", "ansible.builtin.include_tasks", ActionKind::Native);
    }

    #[test]
    fn unknown_and_removed() {
        let catalogue = catalogue();
        assert_eq!(catalogue.resolve("foo", &[], &[]), Lookup::Unknown);
        assert_eq!(catalogue.resolve("a.b.c", &[], &[]), Lookup::Unknown);
        assert_eq!(catalogue.resolve("a.b", &[], &[]), Lookup::Unknown);
        assert_eq!(catalogue.resolve("", &[], &[]), Lookup::Unknown);
        assert!(matches!(catalogue.resolve("include", &[], &[]), Lookup::Removed(_)));
    }

    #[test]
    fn collections_come_first() {
        let list = ["ansible.posix".into(), "ansible.legacy".into()];
        assert!(matches!(catalogue().resolve("acl", &list, &[]), Lookup::Found(a) if &*a.fqcn == "ansible.posix.acl"));
        assert!(
            matches!(catalogue().resolve("copy", &list, &[]), Lookup::Found(a) if &*a.fqcn == "ansible.builtin.copy")
        );
    }

    #[test]
    fn a_module_beside_the_playbook() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("mine.py"), "").unwrap();
        let library = [dir.path().to_string_lossy().into_owned()];
        let Lookup::Found(action) = catalogue().resolve("mine", &[], &library) else { panic!() };
        assert!(matches!(action.kind, ActionKind::Python(_)));
        assert_eq!(catalogue().resolve("../mine", &[], &library), Lookup::Unknown);
    }
}
