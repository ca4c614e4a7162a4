//! Where files are that playbooks and roles name.

pub use crate::content::normal;
use crate::content::{dirname, join};
use std::path::Path;

/// The extensions of a role's files.
const EXTENSIONS: [&str; 3] = [".yml", ".yaml", ".json"];

/// Where the folders of [`find_relative`] begin.
#[derive(Clone, Copy, Debug)]
pub struct Bases<'a> {
    /// The folder of the playbook.
    pub basedir: &'a str,
    /// The controller's working directory.
    pub cwd: &'a str,
    /// The controller's home.
    pub home: &'a str,
}

impl Bases<'_> {
    /// An absolute path: relative ones are in the playbook's folder.
    pub fn absolute(&self, path: &str) -> String {
        let path = crate::playbook::unquote(path);
        normal(&join(self.basedir, &self.expand(path)))
    }

    fn expand(&self, path: &str) -> String {
        match path.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", self.home),
            _ => path.to_owned(),
        }
    }

    fn in_cwd(&self, path: &str) -> String {
        normal(&join(self.cwd, path))
    }
}

/// Finds a file named in a role's or playbook's folder, first in its subfolder `kind`.
///
/// Where there is none, the last place that was tried.
pub fn find_relative(bases: Bases<'_>, folder: &str, kind: &str, source: &str, is_role: bool) -> String {
    if source.starts_with('/') || source.starts_with('~') {
        return normal(&bases.expand(source));
    }
    let is_role = is_role || looks_like_role(folder);
    let in_tasks = folder.trim_end_matches('/').rsplit('/').next() == Some("tasks");
    let base = if is_role && in_tasks { bases.in_cwd(dirname(folder)) } else { bases.in_cwd(folder) };
    let in_kind = join(kind, source);
    let mut tried = vec![join(&join(folder, kind), source), normal(&join(&base, &in_kind))];
    if is_role && !source.ends_with(kind) {
        tried.push(normal(&join(&base, &join("tasks", source))));
    }
    tried.push(bases.in_cwd(&in_kind));
    tried.push(normal(&join(&base, source)));
    tried.push(bases.absolute(&in_kind));
    tried.push(bases.absolute(source));
    let last = tried.last().cloned().unwrap_or_default();
    tried.into_iter().find(|path| Path::new(path).exists()).map_or(last, |path| normal(&path))
}

/// Whether a folder is a role's, or a role's `tasks`, as far as its files tell.
fn looks_like_role(folder: &str) -> bool {
    let mains = ["main.yml", "main.yaml", "main"];
    let has = |base: &Path| mains.iter().any(|main| base.join(main).exists());
    let path = Path::new(folder);
    let in_tasks = folder.trim_end_matches('/').rsplit('/').next() == Some("tasks");
    let parent = path.parent().unwrap_or(path);
    (in_tasks && has(path)) || [path, parent].iter().any(|base| has(&base.join("tasks")) || has(&base.join("meta")))
}

/// The files of a role's subfolder: `main`, or the one that was asked for, with any extension.
///
/// Where that is a folder, and `deep` allows one, all files in it, sorted.
pub(super) fn role_files(folder: &str, main: Option<&str>, deep: bool) -> Vec<String> {
    let mut extensions: Vec<&str> = EXTENSIONS.to_vec();
    let at = if main.is_some() { 0 } else { extensions.len() };
    extensions.insert(at, "");
    named_files(folder, main.unwrap_or("main"), &extensions, deep)
}

/// The files of variables for a name in a folder: a folder of files, or a file with any extension.
pub fn vars_files(folder: &str, name: &str) -> Vec<String> {
    named_files(folder, name, &["", ".yml", ".yaml", ".json"], true)
}

fn named_files(folder: &str, name: &str, extensions: &[&str], deep: bool) -> Vec<String> {
    for extension in extensions {
        let path = format!("{}{extension}", join(folder, name));
        let found = Path::new(&path);
        if found.is_dir() {
            if deep {
                return files_within(&path, extensions);
            }
        } else if found.exists() {
            return vec![path];
        }
    }
    Vec::new()
}

fn files_within(folder: &str, extensions: &[&str]) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let mut files = Vec::new();
    for name in names.iter().filter(|name| !name.starts_with('.') && !name.ends_with('~')) {
        let path = format!("{folder}/{name}");
        let extension = Path::new(name).extension().map(|e| format!(".{}", e.to_string_lossy()));
        if Path::new(&path).is_dir() {
            if extension.is_none() {
                files.extend(files_within(&path, extensions));
            }
        } else if extension.is_none_or(|e| extensions.contains(&&*e)) {
            files.push(path);
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_variables() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().to_string_lossy().into_owned();
        std::fs::create_dir_all(dir.path().join("main/sub")).unwrap();
        for name in ["main/b.yml", "main/a", "main/.hidden.yml", "main/c.yml~", "main/d.txt", "main/sub/e.json"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let names = |files: Vec<String>| -> Vec<String> {
            files.iter().map(|f| f.strip_prefix(&format!("{base}/")).unwrap().to_owned()).collect()
        };
        assert_eq!(names(role_files(&base, None, true)), ["main/a", "main/b.yml", "main/sub/e.json"]);
        assert!(role_files(&base, None, false).is_empty());
        std::fs::write(dir.path().join("main.yaml"), "").unwrap();
        assert_eq!(names(role_files(&base, None, true)), ["main.yaml"]);
        assert_eq!(names(role_files(&base, Some("main"), false)), ["main.yaml"]);
    }
}
