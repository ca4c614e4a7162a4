//! Where the files are that a module imports: in `module_utils/` folders, in the installed ansible-core, in collections.

use crate::content::{Collections, Installed};
use crate::value::Value;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A name in its parts: `ansible.module_utils.basic`.
pub type Name = Vec<String>;

/// Something that was found under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The name of what was found, which is shorter than what was asked for where the rest is something in it.
    pub name: Name,
    /// Whether it is a package.
    pub package: bool,
    /// Whether it is in another place now.
    pub redirected: bool,
    /// Its text.
    pub source: Source,
}

/// The text of what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a file.
    File(PathBuf),
    /// Made here.
    Made(String),
}

/// What is searched.
#[derive(Debug)]
pub struct Places {
    /// `module_utils/` folders beside playbooks and in roles, and those of the setting; ansible-core's come last.
    pub utils: Vec<PathBuf>,
    /// The ansible-core.
    pub installed: Arc<Installed>,
    /// The collections.
    pub collections: Collections,
    /// The redirects of ansible-core's own `module_utils`, read once one is needed.
    pub moved: Arc<OnceLock<Value>>,
}

/// Why what was asked for is not to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It was not found: all names that were tried.
    NotFound(Vec<String>),
    /// Its collection is not there; the whole text.
    NoCollection(String),
    /// It is gone, or nobody can tell where it is; the whole text.
    Refused(String),
}

impl Places {
    /// Finds what a name means; one that is `ambiguous` may be something inside of what it names.
    pub fn find(&self, name: &[String], ambiguous: bool, child_moved: bool) -> Result<Located, Trouble> {
        let of_core = name.first().is_some_and(|first| first == "ansible");
        let depth = if of_core { 2 } else { 5 };
        let six = of_core && name.get(2).is_some_and(|third| third == "six");
        let mut candidates = vec![if six { name[..3].to_vec() } else { name.to_vec() }];
        if ambiguous && !six && name.len() > depth + 1 {
            candidates.push(name[..name.len() - 1].to_vec());
        }
        for candidate in &candidates {
            let found = if of_core { self.of_core(candidate)? } else { self.of_collection(candidate)? };
            if let Some(found) = found {
                return Ok(found);
            }
        }
        if child_moved && let Some(name) = candidates.pop() {
            return Ok(Located { name, package: true, redirected: false, source: Source::Made(String::new()) });
        }
        Err(Trouble::NotFound(candidates.iter().map(|parts| parts.join(".")).collect()))
    }

    /// The user's own files come before redirects.
    fn of_core(&self, name: &[String]) -> Result<Option<Located>, Trouble> {
        let Some(rest) = name.get(2..).filter(|rest| !rest.is_empty()) else { return Ok(None) };
        let core = self.installed.package().join("module_utils");
        let within = |folder: &PathBuf| rest.iter().fold(folder.clone(), |path, part| path.join(part));
        let found = self.utils.iter().chain([&core]).find_map(|folder| in_folder(&within(folder), name));
        if found.is_some() {
            return Ok(found);
        }
        let routing = self.moved().get("plugin_routing").and_then(|routing| routing.get("module_utils"));
        let entry = routing.and_then(|routing| routing.get(&rest.join("."))).and_then(|entry| entry.get("redirect"));
        entry.map(|target| moved(name, &target.to_text())).transpose()
    }

    fn of_collection(&self, name: &[String]) -> Result<Option<Located>, Trouble> {
        if name.len() < 6 {
            return Ok(Some(Located {
                name: name.to_vec(),
                package: true,
                redirected: false,
                source: Source::Made(String::new()),
            }));
        }
        let collection = format!("{}.{}", name[1], name[2]);
        let full = name.join(".");
        let Some(folder) = self.collections.folder(&collection) else {
            return Err(Trouble::NoCollection(format!(
                "error processing module_util {full} loading redirected collection {collection}: unable to locate \
                 collection {collection}"
            )));
        };
        let target = self.collections.module_util(&collection, &name[5..].join("."), &full);
        if let Some(target) = target.map_err(Trouble::Refused)? {
            return moved(name, &target).map(Some);
        }
        let path = name[3..].iter().fold(folder, |path, part| path.join(part));
        // A folder is a package in a collection, even without a file that says so, and comes before a module.
        let bare = is_name(name) && path.is_dir() && !path.join("__init__.py").is_file();
        if bare {
            let source = Source::Made(String::new());
            return Ok(Some(Located { name: name.to_vec(), package: true, redirected: false, source }));
        }
        Ok(in_folder(&path, name))
    }

    fn moved(&self) -> &Value {
        self.moved.get_or_init(|| {
            let path = self.installed.package().join("config/ansible_builtin_runtime.yml");
            let text = std::fs::read_to_string(path).unwrap_or_default();
            crate::yaml::from_yaml(&text, false).unwrap_or_default()
        })
    }
}

/// A package or a module at a path without extension.
fn in_folder(path: &Path, name: &[String]) -> Option<Located> {
    if !is_name(name) {
        return None;
    }
    let located = |file: PathBuf, package| {
        file.is_file().then(|| Located { name: name.to_vec(), package, redirected: false, source: Source::File(file) })
    };
    located(path.join("__init__.py"), true).or_else(|| {
        let mut file = path.as_os_str().to_owned();
        file.push(".py");
        located(file.into(), false)
    })
}

/// Whether each part is a word, which leads nowhere else.
fn is_name(name: &[String]) -> bool {
    !name.iter().any(|part| part.is_empty() || part.contains(['/', '.', '*']))
}

/// A package that stands for another one.
fn moved(name: &[String], target: &str) -> Result<Located, Trouble> {
    let target = if target.starts_with("ansible_collections") {
        target.to_owned()
    } else {
        let mut parts = target.splitn(3, '.');
        let (Some(namespace), Some(collection), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Trouble::Refused(format!("invalid redirect for {}: {target}", name.join("."))));
        };
        format!("ansible_collections.{namespace}.{collection}.plugins.module_utils.{rest}")
    };
    let source = format!("import sys\nimport {target}\nsys.modules[__name__] = sys.modules['{target}']\n");
    Ok(Located { name: name.to_vec(), package: true, redirected: true, source: Source::Made(source) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_a_collection_is_a_package() {
        let dir = tempfile::tempdir().unwrap();
        let utils = dir.path().join("ansible_collections/a/b/plugins/module_utils");
        std::fs::create_dir_all(utils.join("kind")).unwrap();
        std::fs::write(utils.join("kind/user.py"), "").unwrap();
        std::fs::write(utils.join("kind.py"), "").unwrap();
        std::fs::create_dir_all(dir.path().join("ansible")).unwrap();
        std::fs::write(dir.path().join("ansible/release.py"), "__version__ = '2.19.14'").unwrap();
        let site = dir.path().to_string_lossy().into_owned();
        let places = crate::content::Places { named: Some(&site), ..crate::content::Places::default() };
        let places = Places {
            utils: Vec::new(),
            installed: Arc::new(Installed::find(places).unwrap()),
            collections: Collections::new(vec![dir.path().to_owned()]),
            moved: Arc::default(),
        };
        let name = |last: &str| -> Name {
            format!("ansible_collections.a.b.plugins.module_utils.{last}").split('.').map(str::to_owned).collect()
        };
        let package = places.find(&name("kind"), false, false).unwrap();
        assert!(package.package && package.source == Source::Made(String::new()), "{package:?}");
        let module = places.find(&name("kind.user"), true, false).unwrap();
        assert!(!module.package && module.source == Source::File(utils.join("kind/user.py")), "{module:?}");
        assert!(places.find(&name("none"), false, false).is_err());
    }
}
