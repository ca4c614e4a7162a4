//! What the name of an action means.
//!
//! Follows ansible-core's search: a full name is looked up in its collection, a short one in the
//! collections of the `collections` keyword, in `library/` folders, in ansible.builtin, and
//! through ansible.builtin's redirects.

use super::collections::{Collections, Routed};
use super::filters::Rejected;
use super::installed::{Installation, Installed};
use super::names;
use super::{Action, ActionKind};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Actions that the engine itself does.
const ENGINE: &[&str] = &["import_playbook", "import_role", "import_tasks", "include_role", "include_tasks", "meta"];

/// All names of actions and what they mean.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// The short name by which the layers above know an action, by full name.
    native: HashMap<String, &'static str>,
    /// Those of them that have a controller's half and no module of their own, by full name.
    halves: HashSet<String>,
    /// Native modules that are not to be used: their Python files run instead.
    unwanted: Unwanted,
    /// Short names that are to mean nothing.
    rejected: Rejected,
    /// The collections that are installed.
    collections: Collections,
    /// Folders of modules: the setting `library`.
    library: Vec<String>,
    /// Folders of action plugins in Python: `action_plugins/` of playbooks and roles, and the setting's.
    plugins: Arc<Mutex<Vec<String>>>,
    /// The ansible-core whose modules run where there is no native one.
    installed: Installation,
}

/// Native modules that stand back for those in Python.
#[derive(Clone, Debug, Default)]
enum Unwanted {
    #[default]
    None,
    All,
    Some(Vec<String>),
}

impl Unwanted {
    fn has(&self, full: &str, short: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Some(names) => names.iter().any(|name| name == full || name == short),
        }
    }
}

/// What kept a name from being found.
#[derive(Debug)]
enum Trouble {
    /// The collection, where it is not installed; the name.
    NotThere(String, String),
    /// The name; what is wrong with what its collection says.
    Text(String, String),
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

    /// Lets these short names mean nothing.
    #[must_use]
    pub fn without(mut self, rejected: Rejected) -> Self {
        self.rejected = rejected;
        self
    }

    /// Searches these folders too: those that hold `ansible_collections/`, and those of modules.
    #[must_use]
    pub fn with_paths(mut self, collections: Vec<PathBuf>, library: Vec<String>) -> Self {
        self.collections = Collections::new(collections);
        self.library = library;
        self
    }

    /// Says which of the native ones have a controller's half alone: the module of that name is another thing.
    #[must_use]
    pub fn with_halves(mut self, halves: impl IntoIterator<Item = &'static str>) -> Self {
        let halves: HashSet<&str> = halves.into_iter().collect();
        self.halves = self.native.iter().filter(|(_, short)| halves.contains(*short)).map(|(f, _)| f.clone()).collect();
        self
    }

    /// Runs an installed ansible-core's modules where there is no native one.
    #[must_use]
    pub fn with_installed(mut self, installed: Installation) -> Self {
        self.installed = installed;
        self
    }

    /// Leaves native modules to their Python files: names with commas between them, or `all`. Those with a
    /// controller's half of rplay's own stay, since the two halves belong together.
    #[must_use]
    pub fn without_native(mut self, names: &str) -> Self {
        let names: Vec<String> = names.split([',', ' ']).filter(|n| !n.is_empty()).map(str::to_owned).collect();
        self.unwanted = match names.as_slice() {
            [] => Unwanted::None,
            [all] if all == "all" => Unwanted::All,
            _ => Unwanted::Some(names),
        };
        self
    }

    /// The file of the module that a native one stands for, ansible-core's or a collection's; given by the native
    /// one's name.
    pub fn file_of(&self, name: &str) -> Option<Arc<str>> {
        let full = self.native.iter().find(|(_, short)| **short == name).map(|(full, _)| full.as_str());
        let (collection, short) = full.and_then(split).unwrap_or(("ansible.builtin", name));
        match self.python_file(collection, short, true)? {
            ActionKind::Python(path) => Some(path),
            _ => None,
        }
    }

    /// The ansible-core that is installed here, if one was found.
    pub fn installed(&self) -> Option<&Arc<Installed>> {
        self.installed.get()
    }

    /// The collections.
    pub fn collections(&self) -> &Collections {
        &self.collections
    }

    /// Where collections are searched.
    pub fn collection_paths(&self) -> Vec<PathBuf> {
        self.collections.all_paths()
    }

    /// Knows of action plugins in another folder, after those known before.
    pub fn add_plugins(&self, folder: &str) {
        let mut known = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.iter().any(|path| path == folder) && Path::new(folder).is_dir() {
            known.push(folder.to_owned());
        }
    }

    /// Searches collections beside the installed ansible-core as well.
    #[must_use]
    pub fn with_python_path(mut self) -> Self {
        self.collections = self.collections.with_installed(self.installed.clone());
        self
    }

    /// What a name means in a task that has these `collections` and `library/` folders.
    pub fn resolve(&self, name: &str, collections: &[Arc<str>], library: &[String]) -> Lookup {
        self.search(name, collections, library, false)
    }

    /// What a name means as a module, where an action runs it: no other controller's half is looked for.
    pub fn module(&self, name: &str, collections: &[Arc<str>], library: &[String]) -> Lookup {
        self.search(name, collections, library, true)
    }

    fn search(&self, name: &str, collections: &[Arc<str>], library: &[String], bare: bool) -> Lookup {
        match name.strip_prefix("ansible.legacy.") {
            Some(short) => return self.short(short, library, bare),
            None if is_full(name) => return self.full(name, library, bare),
            None => {}
        }
        let mut missing = Vec::new();
        let found = self.of_list(name, collections, library, bare, &mut missing);
        // They are told last, whether or not another collection had it.
        missing.iter().for_each(|trouble| self.warn_of(trouble));
        found
    }

    fn of_list(
        &self,
        name: &str,
        collections: &[Arc<str>],
        library: &[String],
        bare: bool,
        missing: &mut Vec<Trouble>,
    ) -> Lookup {
        let mut core = false;
        for collection in collections {
            let found = match &**collection {
                "ansible.legacy" => self.short(name, library, bare),
                "ansible.builtin" => self.full(&format!("ansible.builtin.{name}"), library, bare),
                _ => self.full_as(&format!("{collection}.{name}"), name, library, bare, missing),
            };
            if found != Lookup::Unknown {
                return found;
            }
            core |= matches!(&**collection, "ansible.builtin" | "ansible.legacy");
        }
        // Whoever names one of ansible-core's own has said where it comes.
        if core || self.rejected.contains(name) { Lookup::Unknown } else { self.short(name, library, bare) }
    }

    fn short(&self, name: &str, library: &[String], bare: bool) -> Lookup {
        let plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let plugin = |dir: &String| Some(Path::new(dir).join(format!("{name}.py"))).filter(|path| path.is_file());
        if !bare
            && !name.contains('/')
            && let Some(path) = plugins.iter().find_map(plugin)
        {
            let kind = ActionKind::PythonAction(path.to_string_lossy().into());
            return Lookup::Found(Action { fqcn: name.into(), name: name.into(), kind });
        }
        if let Some(path) = library.iter().chain(&self.library).find_map(|dir| module_file(Path::new(dir), name)) {
            return Lookup::Found(Action {
                fqcn: name.into(),
                name: name.into(),
                kind: ActionKind::Python(path.into()),
            });
        }
        self.full(&format!("ansible.builtin.{name}"), library, bare)
    }

    fn full(&self, name: &str, library: &[String], bare: bool) -> Lookup {
        let mut missing = Vec::new();
        let found = self.full_as(name, name, library, bare, &mut missing);
        missing.iter().for_each(|trouble| self.warn_of(trouble));
        found
    }

    /// The same, for a name that was `said` otherwise; collections where it is not are gathered, with the name.
    fn full_as(&self, name: &str, said: &str, library: &[String], bare: bool, missing: &mut Vec<Trouble>) -> Lookup {
        let mut full = name.to_owned();
        let mut notices = Vec::new();
        let mut path: Vec<String> = Vec::new();
        loop {
            if path.contains(&full) {
                let path: Vec<String> = path.iter().map(|name| crate::value::str_repr(name)).collect();
                return Lookup::Removed(format!("plugin redirect loop resolving {said} (path: [{}])", path.join(", ")));
            }
            path.push(full.clone());
            if let Some(short) = full.strip_prefix("ansible.legacy.") {
                self.collections.notice(notices);
                return self.short(short, library, bare);
            }
            let Some((collection, short)) = split(&full) else { return Lookup::Unknown };
            if let Some(text) = self.collections.refused(collection) {
                return Lookup::Removed(text);
            }
            let said = if path.len() > 1 { full.as_str() } else { said };
            if let Some(&own) = self.native.get(&full)
                && self.is_native(&full, short, bare)
            {
                self.collections.notice(notices);
                return found(&full, own, ActionKind::Native);
            }
            match self.collections.route(collection, short, bare) {
                Routed::Gone(text) => return Lookup::Removed(text),
                Routed::Misled(text, notice) => {
                    self.collections.notice(notices.into_iter().chain(notice).collect());
                    missing.push(Trouble::Text(said.to_owned(), text));
                    return Lookup::Unknown;
                }
                Routed::Elsewhere(target, notice) => {
                    notices.extend(notice);
                    full = target;
                    continue;
                }
                Routed::Here(notice) => notices.extend(notice),
            }
            if let Some(kind) = self.kind(&full, collection, short, bare) {
                self.collections.notice(notices);
                return match self.native.get(&full) {
                    Some(&own) if kind == ActionKind::Native => found(&full, own, kind),
                    _ => found(&full, short, kind),
                };
            }
            let key = if collection == "ansible.builtin" { short } else { &full };
            match names::redirect(key) {
                Some(target) => full = target,
                None => {
                    missing.push(Trouble::NotThere(collection.to_owned(), said.to_owned()));
                    break;
                }
            }
        }
        self.collections.notice(notices);
        match full.strip_prefix("ansible.builtin.") {
            Some("include") => Lookup::Removed(
                "The 'ansible.builtin.include' action plugin has been removed. Use include_tasks or import_tasks \
                 instead. This feature was removed from ansible-core in a release after 2023-05-16."
                    .into(),
            ),
            _ => Lookup::Unknown,
        }
    }

    fn warn_of(&self, trouble: &Trouble) {
        match trouble {
            Trouble::NotThere(collection, name) => self.collections.warn_of_missing(collection, name),
            Trouble::Text(name, text) => self.collections.warn_of(name, text),
        }
    }

    /// Whether rplay's own is what runs, whatever files there are.
    fn is_native(&self, full: &str, short: &str, bare: bool) -> bool {
        self.native.contains_key(full) && !(bare && self.halves.contains(full)) && !self.unwanted.has(full, short)
    }

    /// Who runs what a full name means; None where it means nothing in its collection.
    fn kind(&self, full: &str, collection: &str, short: &str, bare: bool) -> Option<ActionKind> {
        let native = self.native.contains_key(full) && !(bare && self.halves.contains(full));
        let file = self.python_file(collection, short, bare);
        match (native, file) {
            // A native action's two halves belong together.
            (true, Some(kind @ ActionKind::Python(_))) => Some(kind),
            (true, _) => Some(ActionKind::Native),
            (false, Some(kind)) => Some(kind),
            (false, None) => names::has_module(collection, short).then_some(ActionKind::Lacking),
        }
    }

    /// A module of an installed collection, or of the installed ansible-core, in a file.
    fn python_file(&self, collection: &str, name: &str, bare: bool) -> Option<ActionKind> {
        if collection == "ansible.builtin" {
            let installed = self.installed.get()?;
            let path = module_file(&installed.package().join("modules"), name)?;
            let acts = !bare && module_file(&installed.package().join("plugins/action"), name).is_some();
            return Some(if acts { ActionKind::Lacking } else { ActionKind::Python(path.into()) });
        }
        let plugins = self.collections.folder(collection)?.join("plugins");
        let file = name.replace('.', "/");
        if !bare && let Some(action) = module_file(&plugins.join("action"), &file) {
            return Some(ActionKind::PythonAction(action.into()));
        }
        let module = module_file(&plugins.join("modules"), &file)?;
        match self.collections.action_of(collection, name).filter(|_| !bare) {
            Some(action) if action != "ansible.builtin.normal" => {
                let (collection, short) = split(&action).unwrap_or_default();
                let folder = self.collections.folder(collection);
                let file = folder.and_then(|folder| module_file(&folder.join("plugins/action"), short));
                // What is to run the module is none of rplay's own, whether or not it is there.
                Some(file.map_or(ActionKind::Lacking, |path| ActionKind::PythonAction(path.into())))
            }
            _ => Some(ActionKind::Python(module.into())),
        }
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
pub(super) fn split(full: &str) -> Option<(&str, &str)> {
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

    #[test]
    fn files_of_an_installed_ansible_core_and_plugins_beside_a_playbook() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "__version__ = '2.19.14'\n").unwrap();
        };
        write("site/ansible/release.py");
        for name in ["ping", "apt", "copy", "reboot", "package"] {
            write(&format!("site/ansible/modules/{name}.py"));
        }
        write("site/ansible/plugins/action/reboot.py");
        write("site/ansible/plugins/action/copy.py");
        write("site/ansible_collections/a/b/plugins/modules/m.py");
        write("site/ansible_collections/a/b/plugins/modules/both.py");
        write("site/ansible_collections/a/b/plugins/action/both.py");
        write("play/action_plugins/acts.py");
        let site = dir.path().join("site").to_string_lossy().into_owned();
        let installation = Installation::of(&[("RPLAY_ANSIBLE".to_owned(), site)], "/root");
        let catalogue = Catalogue::new(["copy", "package", "ping"])
            .with_halves(["package"])
            .with_installed(installation)
            .with_python_path();
        catalogue.add_plugins(&dir.path().join("play/action_plugins").to_string_lossy());
        let kind = |catalogue: &Catalogue, name: &str| match catalogue.resolve(name, &[], &[]) {
            Lookup::Found(action) => action.kind,
            other => panic!("{name}: {other:?}"),
        };
        assert!(matches!(kind(&catalogue, "apt"), ActionKind::Python(_)));
        assert!(matches!(kind(&catalogue, "a.b.m"), ActionKind::Python(_)));
        assert!(matches!(kind(&catalogue, "a.b.both"), ActionKind::PythonAction(_)));
        assert!(matches!(kind(&catalogue, "acts"), ActionKind::PythonAction(_)));
        assert_eq!(kind(&catalogue, "ping"), ActionKind::Native);
        assert_eq!(kind(&catalogue, "package"), ActionKind::Native);
        // Its controller's half is in Python, and none of rplay's own.
        assert_eq!(kind(&catalogue, "reboot"), ActionKind::Lacking);
        let bare = catalogue.module("ansible.legacy.package", &[], &[]);
        assert!(matches!(bare, Lookup::Found(action) if matches!(action.kind, ActionKind::Python(_))));
        let unwanted = catalogue.without_native("all");
        assert!(matches!(kind(&unwanted, "ping"), ActionKind::Python(_)));
        assert_eq!(kind(&unwanted, "copy"), ActionKind::Native);
    }
}
