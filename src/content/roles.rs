//! Where a role is.
//!
//! A role of a collection first, then the playbook's `roles/`, the configured paths, the folder
//! beside the role that wants it, the playbook's folder, and a path as it is.

use super::is_full;
use super::paths::{join, normal};
use crate::diag::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where roles are searched.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "a function has none")]
pub struct RoleSearch<'a> {
    /// The folder of the playbook.
    pub basedir: &'a str,
    /// The setting `roles_path`.
    pub roles_path: &'a [String],
    /// The folder that holds the role which wants this one.
    pub beside: Option<&'a str>,
    /// Folders that hold `ansible_collections/`.
    pub collection_paths: &'a [PathBuf],
    /// Whether a collection is not to be used.
    pub refused: &'a dyn Fn(&str) -> bool,
    /// The collections in which a short name is searched.
    pub collections: &'a [Arc<str>],
    /// The controller's home, for `~`.
    pub home: &'a str,
    /// The controller's working directory.
    pub cwd: &'a str,
}

/// A role that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRole {
    /// Its name without collection.
    pub name: String,
    /// Its folder.
    pub path: String,
    /// Its collection.
    pub collection: Option<String>,
}

impl RoleSearch<'_> {
    /// Finds a role by its name or path.
    pub fn find(&self, name: &str) -> Result<FoundRole> {
        if let Some(role) = self.in_collections(name) {
            return Ok(role);
        }
        let mut folders = vec![join(self.basedir, "roles")];
        folders.extend(self.roles_path.iter().cloned());
        folders.extend(self.beside.map(str::to_owned));
        folders.push(self.basedir.to_owned());
        for folder in &folders {
            let path = self.absolute(&join(folder, name));
            if Path::new(&path).exists() {
                return Ok(FoundRole { name: name.to_owned(), path, collection: None });
            }
        }
        let path = self.absolute(name);
        if Path::new(&path).exists() {
            let base = name.rsplit('/').next().unwrap_or(name).to_owned();
            return Ok(FoundRole { name: base, path, collection: None });
        }
        let searched: Vec<&str> =
            self.collections.iter().map(|c| &**c).chain(folders.iter().map(String::as_str)).collect();
        Err(Error::user(format!("the role '{name}' was not found in {}", searched.join(":"))))
    }

    fn in_collections(&self, name: &str) -> Option<FoundRole> {
        if is_full(name) {
            let mut parts = name.splitn(3, '.');
            let collection = format!("{}.{}", parts.next()?, parts.next()?);
            return self.in_collection(&collection, parts.next()?);
        }
        self.collections.iter().find_map(|collection| self.in_collection(collection, name))
    }

    fn in_collection(&self, collection: &str, name: &str) -> Option<FoundRole> {
        let (namespace, rest) = collection.split_once('.')?;
        if name.contains('/') {
            return None;
        }
        self.collection_paths.iter().find_map(|path| {
            let folder = path.join("ansible_collections").join(namespace).join(rest).join("roles");
            let folder = folder.join(name.replace('.', "/"));
            (folder.is_dir() && !(self.refused)(collection)).then(|| FoundRole {
                name: name.to_owned(),
                path: folder.to_string_lossy().into_owned(),
                collection: Some(collection.to_owned()),
            })
        })
    }

    /// An absolute path without `.` and `..`.
    fn absolute(&self, path: &str) -> String {
        let path = match path.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", self.home),
            _ => path.to_owned(),
        };
        normal(&join(self.cwd, &path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_roles_and_says_where_it_looked() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().to_string_lossy().into_owned();
        std::fs::create_dir_all(dir.path().join("roles/web")).unwrap();
        std::fs::create_dir_all(dir.path().join("c/ansible_collections/a/b/roles/db")).unwrap();
        let paths = [dir.path().join("c")];
        let search = RoleSearch {
            basedir: &base,
            roles_path: &["/etc/nope".to_owned()],
            beside: None,
            collection_paths: &paths,
            refused: &|_| false,
            collections: &[],
            home: "/root",
            cwd: &base,
        };
        assert_eq!(search.find("web").unwrap().path, format!("{base}/roles/web"));
        let full = search.find(&format!("{base}/roles/web")).unwrap();
        assert_eq!(
            (full.name.as_str(), full.path.as_str()),
            (&*format!("{base}/roles/web"), &*format!("{base}/roles/web"))
        );
        assert_eq!(search.find("a.b.db").unwrap().collection.as_deref(), Some("a.b"));
        let error = search.find("nope").unwrap_err();
        assert_eq!(error.message, format!("the role 'nope' was not found in {base}/roles:/etc/nope:{base}"));
    }
}
