//! An ansible-core that is installed on the controller, used as files alone: its modules, its
//! `module_utils`, the collections beside it.
//!
//! It is looked for when it is first needed. Python is asked only where it is no plain program: a script that
//! switches versions, say.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

/// The oldest release whose modules speak as rplay understands them.
const OLDEST: (u32, u32) = (2, 19);

/// An ansible-core's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    site: PathBuf,
    version: String,
}

/// The ansible-core of a controller, looked for once.
#[derive(Clone, Debug, Default)]
pub struct Installation(Option<Arc<Lazy>>);

#[derive(Debug)]
struct Lazy {
    environment: Vec<(String, String)>,
    home: String,
    found: OnceLock<Option<Arc<Installed>>>,
}

impl Installation {
    /// That of an environment; `RPLAY_ANSIBLE` in it names a folder.
    pub fn of(environment: &[(String, String)], home: &str) -> Self {
        let lazy = Lazy { environment: environment.to_vec(), home: home.to_owned(), found: OnceLock::new() };
        Self(Some(Arc::new(lazy)))
    }

    /// The ansible-core, if there is one.
    pub fn get(&self) -> Option<&Arc<Installed>> {
        let lazy = self.0.as_deref()?;
        lazy.found.get_or_init(|| lazy.find().map(Arc::new)).as_ref()
    }
}

impl Lazy {
    fn find(&self) -> Option<Installed> {
        let named = self.variable("RPLAY_ANSIBLE").filter(|path| !path.is_empty());
        let places = Places { named, path: self.variable("PATH").unwrap_or_default(), home: &self.home };
        if named.is_some() {
            return Installed::find(places);
        }
        let of_env = self.variable("PYTHONPATH").into_iter().flat_map(|paths| paths.split(':'));
        let found = of_env.filter(|path| !path.is_empty()).find_map(|path| Installed::at(Path::new(path)));
        found.or_else(|| Installed::find(places)).or_else(|| self.ask(&places))
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Asks a Python that is a script where its ansible-core is.
    fn ask(&self, places: &Places<'_>) -> Option<Installed> {
        let python = places.programs("python3").into_iter().next()?;
        if std::fs::read(&python).ok()?.get(..2)? != b"#!" {
            return None;
        }
        let question = "import importlib.util as u; s = u.find_spec('ansible'); print(s.origin if s else '')";
        let mut command = Command::new(python);
        command.args(["-c", question]).env_clear().envs(self.environment.iter().map(|(n, v)| (n, v)));
        let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        let origin = String::from_utf8(output.stdout).ok()?;
        Installed::at(Path::new(origin.trim()).parent()?.parent()?)
    }
}

/// Where to look for one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places<'a> {
    /// A folder that the user named: the package `ansible`, or what holds it.
    pub named: Option<&'a str>,
    /// The search path of programs.
    pub path: &'a str,
    /// The user's home.
    pub home: &'a str,
}

impl Places<'_> {
    fn programs(&self, name: &str) -> Vec<PathBuf> {
        let folders = self.path.split(':').filter(|folder| !folder.is_empty()).map(Path::new);
        folders.map(|folder| folder.join(name)).filter(|path| path.is_file()).collect()
    }
}

impl Installed {
    /// The one that the user named; else that of the first `python3` of the path; else that of the first
    /// `ansible-playbook` which has one.
    pub fn find(places: Places<'_>) -> Option<Self> {
        if let Some(named) = places.named {
            let named = Path::new(named);
            let inside = named.file_name().is_some_and(|name| name == "ansible") && named.join("release.py").is_file();
            return Self::at(if inside { named.parent()? } else { named });
        }
        let mut prefixes: Vec<PathBuf> = Vec::new();
        if let Some(python) = places.programs("python3").first() {
            let links = links(python);
            prefixes.extend(links.iter().take(1).filter_map(|link| prefix(link)));
            prefixes.push(Path::new(places.home).join(".local"));
            prefixes.extend(links.iter().skip(1).filter_map(|link| prefix(link)));
            prefixes.extend(["/usr/local", "/usr"].map(PathBuf::from));
        }
        for program in places.programs("ansible-playbook") {
            prefixes.extend(links(&program).iter().filter_map(|link| prefix(link)));
        }
        prefixes.iter().flat_map(|prefix| sites(prefix)).find_map(|site| Self::at(&site))
    }

    fn at(site: &Path) -> Option<Self> {
        let release = std::fs::read_to_string(site.join("ansible/release.py")).ok()?;
        let version = release.lines().find_map(|line| {
            let value = line.strip_prefix("__version__")?.trim_start().strip_prefix('=')?.trim();
            Some(value.trim_matches(['\'', '"']).to_owned())
        })?;
        let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let found = (numbers.next()?, numbers.next().unwrap_or(0));
        (found >= OLDEST).then(|| Self { site: site.to_owned(), version })
    }

    /// The folder that holds the package `ansible`, and `ansible_collections` where those are installed.
    pub fn site(&self) -> &Path {
        &self.site
    }

    /// The package's folder.
    pub fn package(&self) -> PathBuf {
        self.site.join("ansible")
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// What a program in `bin` was installed under.
fn prefix(program: &Path) -> Option<PathBuf> {
    program.parent()?.parent().map(Path::to_owned)
}

/// A program's path, and those that it is a link to, one after the other.
fn links(program: &Path) -> Vec<PathBuf> {
    let mut all = vec![program.to_owned()];
    while let Some(target) = all.last().and_then(|last| Some(last.parent()?.join(std::fs::read_link(last).ok()?))) {
        if all.len() > 20 {
            break;
        }
        all.push(target);
    }
    all
}

/// The folders of Python packages under a prefix, those of newer Pythons first.
fn sites(prefix: &Path) -> Vec<PathBuf> {
    let lib = prefix.join("lib");
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(&lib)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let minor = name.strip_prefix("python3")?;
            let minor = minor.strip_prefix('.').map_or(Some(0), |minor| minor.parse().ok())?;
            Some((minor, entry.path()))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().flat_map(|(_, path)| [path.join("site-packages"), path.join("dist-packages")]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(prefix: &Path, version: &str) {
        let package = prefix.join("lib/python3.11/site-packages/ansible");
        std::fs::create_dir_all(&package).unwrap();
        std::fs::write(package.join("release.py"), format!("__version__ = '{version}'\n")).unwrap();
        std::fs::create_dir_all(prefix.join("bin")).unwrap();
    }

    #[test]
    fn is_found_beside_python_and_beside_the_program() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_string_lossy().into_owned();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        install(&one, "2.19.14");
        install(&two, "2.20.1");
        std::fs::write(two.join("bin/ansible-playbook"), "").unwrap();
        let path = format!("{}:{}", one.join("bin").display(), two.join("bin").display());
        let found = Installed::find(Places { named: None, path: &path, home: &home }).unwrap();
        assert_eq!(found.version(), "2.20.1");
        std::fs::write(one.join("bin/python3"), "").unwrap();
        let found = Installed::find(Places { named: None, path: &path, home: &home }).unwrap();
        assert_eq!(found.version(), "2.19.14");
        let named = two.join("lib/python3.11/site-packages/ansible").to_string_lossy().into_owned();
        let found = Installed::find(Places { named: Some(&named), path: &path, home: &home }).unwrap();
        assert_eq!(found.version(), "2.20.1");
    }

    #[test]
    fn an_older_one_is_none() {
        let dir = tempfile::tempdir().unwrap();
        install(dir.path(), "2.16.3");
        let named = dir.path().join("lib/python3.11/site-packages").to_string_lossy().into_owned();
        assert_eq!(Installed::find(Places { named: Some(&named), ..Places::default() }), None);
    }
}
