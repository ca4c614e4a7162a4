//! Packs a module with all that it imports.
//!
//! What a pack holds follows ansible-core: the module, what it and its `module_utils` import out of `module_utils`, the
//! packages around those, and what every module needs to be run. Files are read and looked through once a run.

use super::extensions::Extensions;
use super::imports::{Import, imports};
use super::locate::{Located, Name, Places, Source, Trouble};
use super::metadata::Profile;
use super::zip::{Entry, archive};
use crate::diag::{Error, Result};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What every module needs, beside what it imports itself.
const ALWAYS: [&str; 4] = [
    "ansible.module_utils._internal._ansiballz._loader",
    "ansible.module_utils._internal._json._profiles._module_legacy_c2m",
    "ansible.module_utils._internal._json._profiles._module_legacy_m2c",
    "ansible.module_utils.basic",
];

/// A module, ready to be sent.
#[derive(Debug)]
pub struct Pack {
    /// The hash of all that it holds.
    pub id: String,
    /// The hash of what every module imports.
    pub base: String,
    /// The module's name, to be imported.
    pub import: String,
    /// How arguments and results are written.
    pub profile: Profile,
    files: BTreeMap<String, Arc<File>>,
}

/// What is to be packed.
#[derive(Debug)]
pub struct Module<'a> {
    /// The name by which it is imported.
    pub import: &'a str,
    /// Where its file is.
    pub path: &'a Path,
    /// Its text, in whatever encoding it is.
    pub text: &'a [u8],
    /// How it wants arguments and results written.
    pub profile: Profile,
}

/// A file of packs.
#[derive(Debug)]
struct File {
    path: Option<PathBuf>,
    content: Vec<u8>,
    hash: [u8; 32],
    entry: OnceLock<Entry>,
    imports: OnceLock<Vec<Import>>,
}

impl File {
    fn new(content: Vec<u8>) -> Arc<Self> {
        Self::at(None, content)
    }

    fn at(path: Option<PathBuf>, content: Vec<u8>) -> Arc<Self> {
        let hash = Sha256::digest(&content).into();
        Arc::new(Self { path, content, hash, entry: OnceLock::new(), imports: OnceLock::new() })
    }

    fn imports(&self) -> &[Import] {
        self.imports.get_or_init(|| imports(&String::from_utf8_lossy(&self.content)))
    }
}

impl Pack {
    /// The zip file.
    pub fn zip(&self) -> Vec<u8> {
        archive(
            self.files.iter().map(|(name, file)| (name.as_str(), file.entry.get_or_init(|| Entry::new(&file.content)))),
        )
    }

    /// Where its files come from, with their names in it.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.files.iter().filter_map(|(name, file)| Some((file.path.as_ref()?.to_str()?, name.as_str())))
    }

    /// The names of what it holds.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

/// Packs modules, and remembers what it has read.
#[derive(Debug, Default)]
pub struct Packer {
    files: Mutex<HashMap<PathBuf, Arc<File>>>,
}

/// A name that is still to be found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wanted {
    name: Name,
    ambiguous: bool,
    child_moved: bool,
    optional: bool,
}

impl Packer {
    /// Packs a module with what its profile and extensions need.
    pub fn pack(&self, module: &Module<'_>, extensions: &Extensions, places: &Places) -> Result<Pack> {
        let Module { import, path, text, profile } = *module;
        let mut files = self.always(places)?;
        let base = digest(&files);
        let module = File::at(Some(path.to_owned()), text.to_vec());
        let profiles = ["c2m", "m2c"]
            .map(|way| format!("ansible.module_utils._internal._json._profiles._module_{}_{way}", profile.name()));
        let beside = profiles.into_iter().chain(extensions.modules()).map(|name| wanted(&name)).collect();
        self.gather(import, beside, places, &mut files)?;
        let parts: Name = import.split('.').map(str::to_owned).collect();
        self.gather(import, wanted_by(module.imports(), &parts, false), places, &mut files)?;
        // The packages on the way to the module; those of ansible are there.
        for end in 1..parts.len() {
            let package = format!("{}/__init__.py", parts[..end].join("/"));
            files.entry(package).or_insert_with(|| File::new(Vec::new()));
        }
        files.insert(format!("{}.py", parts.join("/")), module);
        Ok(Pack { id: digest(&files), base, import: import.to_owned(), profile, files })
    }

    /// What every pack holds.
    fn always(&self, places: &Places) -> Result<BTreeMap<String, Arc<File>>> {
        let open = "import pkgutil\n__path__ = pkgutil.extend_path(__path__, __name__)\n";
        let version = format!("{open}__version__ = '{}'\n__author__ = 'Ansible, Inc.'\n", places.installed.version());
        let mut files = BTreeMap::from([
            ("ansible/__init__.py".to_owned(), File::new(version.into_bytes())),
            ("ansible/module_utils/__init__.py".to_owned(), File::new(open.into())),
        ]);
        self.gather(ALWAYS[3], ALWAYS.map(wanted).into(), places, &mut files)?;
        Ok(files)
    }

    /// Adds what is wanted, and what that wants.
    fn gather(
        &self,
        asking: &str,
        mut wanted: Vec<Wanted>,
        places: &Places,
        files: &mut BTreeMap<String, Arc<File>>,
    ) -> Result<()> {
        while let Some(want) = wanted.pop() {
            if files.contains_key(&module_path(&want.name)) || files.contains_key(&package_path(&want.name)) {
                continue;
            }
            let located = match places.find(&want.name, want.ambiguous, want.child_moved) {
                Ok(located) => located,
                Err(Trouble::Refused(text)) => return Err(Error::user(text)),
                Err(_) if want.optional => continue,
                Err(Trouble::NoCollection(text)) => return Err(Error::user(text).apart()),
                Err(Trouble::NotFound(tried)) => {
                    let tried: Vec<String> = tried.iter().map(|name| format!("'{name}'")).collect();
                    let text = format!(
                        "Could not find imported module support code for {asking}. Looked for ([{}])",
                        tried.join(", ")
                    );
                    return Err(Error::user(text));
                }
            };
            let Located { name, package, redirected, source } = located;
            let path = if package { package_path(&name) } else { module_path(&name) };
            if files.contains_key(&path) {
                continue;
            }
            let file = match source {
                Source::File(path) => self.read(&path)?,
                Source::Made(text) => File::new(text.into_bytes()),
            };
            wanted.extend(wanted_by(file.imports(), &name, package));
            files.insert(path, file);
            for end in 1..name.len() {
                wanted.push(Wanted {
                    name: name[..end].to_vec(),
                    ambiguous: false,
                    child_moved: redirected,
                    optional: want.optional,
                });
            }
        }
        Ok(())
    }

    fn read(&self, path: &Path) -> Result<Arc<File>> {
        let mut known = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = known.get(path) {
            return Ok(Arc::clone(file));
        }
        let content = std::fs::read(path).map_err(|error| Error::action(format!("{}: {error}", path.display())))?;
        let file = File::at(Some(path.to_owned()), content);
        known.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }
}

/// A module that has to be there.
fn wanted(name: &str) -> Wanted {
    let name = name.split('.').map(str::to_owned).collect();
    Wanted { name, ambiguous: false, child_moved: false, optional: false }
}

fn module_path(name: &[String]) -> String {
    format!("{}.py", name.join("/"))
}

fn package_path(name: &[String]) -> String {
    format!("{}/__init__.py", name.join("/"))
}

/// Those of a file's imports that lead into `module_utils`.
fn wanted_by(imports: &[Import], own: &[String], package: bool) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = imports
        .iter()
        .filter_map(|import| {
            let name = if import.level == 0 {
                import.parts.clone()
            } else {
                // A package's own file stands for the package.
                let up = if package { import.level - 1 } else { import.level };
                let base = own.get(..own.len().checked_sub(up)?)?;
                base.iter().chain(&import.parts).cloned().collect()
            };
            leads_there(&name).then_some(Wanted {
                name,
                ambiguous: true,
                child_moved: false,
                optional: import.optional,
            })
        })
        .collect();
    wanted.sort();
    wanted.reverse();
    wanted
}

fn leads_there(name: &[String]) -> bool {
    let at = |index: usize| name.get(index).map(String::as_str);
    match at(0) {
        Some("ansible") => at(1) == Some("module_utils") && name.len() > 2,
        Some("ansible_collections") => at(3) == Some("plugins") && at(4) == Some("module_utils"),
        _ => false,
    }
}

fn digest(files: &BTreeMap<String, Arc<File>>) -> String {
    let mut hash = Sha256::new();
    for (name, file) in files {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update(file.hash);
    }
    hash.finalize().iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}
