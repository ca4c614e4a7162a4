//! group_vars and host_vars beside one inventory source or playbook.
//!
//! Each name's files are read when they are first asked for. Of `name`, `name.yml`, `name.yaml` and
//! `name.json` the first that exists counts; a folder stands for all files in it, in sorted order.

use super::source::{read_text, yaml_options};
use super::{Notice, Rules, combine};
use crate::config::Config;
use crate::diag::{Error, Result, Source};
use crate::value::{Dict, Value, str_repr};
use crate::vault::Secrets;
use crate::yaml;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The variable files beside one inventory source or playbook; read once each.
#[derive(Debug)]
pub struct VarsFolder {
    folder: String,
    extensions: Vec<String>,
    merge: bool,
    options: yaml::Options,
    secrets: Secrets,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    read: HashMap<(&'static str, String), Arc<Dict>>,
    notices: Vec<Notice>,
}

impl VarsFolder {
    /// Those of `group_vars` and `host_vars` in a folder.
    pub fn new(folder: &str, config: &Config, secrets: &Secrets) -> Self {
        let real = std::fs::canonicalize(folder).map(|p| p.to_string_lossy().into_owned());
        Self {
            folder: real.unwrap_or_else(|_| folder.to_owned()),
            extensions: config.settings.list("YAML_FILENAME_EXTENSIONS").into_iter().map(str::to_owned).collect(),
            merge: Rules::of(config).merge,
            options: yaml_options(config),
            secrets: secrets.clone(),
            state: Mutex::default(),
        }
    }

    /// The folder that `group_vars` and `host_vars` are in.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// A group's variables; empty where it has no file.
    pub fn group(&self, name: &str) -> Result<Arc<Dict>> {
        self.vars("group_vars", name)
    }

    /// A host's variables; empty where it has no file.
    pub fn host(&self, name: &str) -> Result<Arc<Dict>> {
        self.vars("host_vars", name)
    }

    /// What there was to say since this was last asked.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.lock().notices)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn vars(&self, kind: &'static str, name: &str) -> Result<Arc<Dict>> {
        let key = (kind, name.to_owned());
        if let Some(known) = self.lock().read.get(&key) {
            return Ok(known.clone());
        }
        let vars = Arc::new(self.read(kind, name)?);
        self.lock().read.insert(key, vars.clone());
        Ok(vars)
    }

    fn read(&self, kind: &str, name: &str) -> Result<Dict> {
        let folder = format!("{}/{kind}", self.folder.trim_end_matches('/'));
        // A host that is a path is a chroot's.
        if name.starts_with('/') {
            return Ok(Dict::new());
        }
        let path = Path::new(&folder);
        if !path.is_dir() {
            if path.exists() {
                let text = format!("Found {kind} that is not a directory, skipping: {folder}");
                self.lock().notices.push(Notice::Warning(text));
            }
            return Ok(Dict::new());
        }
        let mut vars = Dict::new();
        for file in find_files(&folder, name, &self.extensions) {
            match self.load(&file)? {
                Value::Dict(new) => vars = combine(&vars, &new, self.merge),
                empty if !empty.truthy() => {}
                other => {
                    let class = format!("_AnsibleTagged{}", capitalized(other.type_name()));
                    let cause = Error::parser(format!(
                        "failed to combine variables, expected dicts but got a 'dict' and a '{class}'."
                    ));
                    return Err(cause.context(format!("Could not process {}.", str_repr(&file))));
                }
            }
        }
        Ok(vars)
    }

    fn load(&self, path: &str) -> Result<Value> {
        let text = read_text(path, &self.secrets)?;
        let source = Arc::new(Source::File(path.to_owned()));
        let parsed = yaml::load(&text, &source, self.options)?;
        let notices = parsed.warnings.into_iter().map(Notice::Warning);
        self.lock().notices.extend(notices.chain(parsed.deprecations.into_iter().map(Notice::Deprecated)));
        Ok(parsed.node.to_value())
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// The files that `name` stands for in a folder: itself, with one of the extensions, or a folder's content.
pub fn find_files(folder: &str, name: &str, extensions: &[String]) -> Vec<String> {
    let mut endings = vec![""];
    endings.extend(extensions.iter().map(String::as_str));
    for ending in endings {
        let dot = if ending.is_empty() || ending.contains('.') { "" } else { "." };
        let path = format!("{folder}/{name}{dot}{ending}");
        if Path::new(&path).is_dir() {
            let mut found = Vec::new();
            collect(&path, extensions, &mut found);
            return found;
        }
        if Path::new(&path).exists() {
            return vec![path];
        }
    }
    Vec::new()
}

fn collect(folder: &str, extensions: &[String], found: &mut Vec<String>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    for name in names.iter().filter(|n| !n.starts_with('.') && !n.ends_with('~')) {
        let ext = name.rfind('.').map_or("", |at| &name[at..]);
        let path = format!("{folder}/{name}");
        if Path::new(&path).is_dir() {
            if ext.is_empty() {
                collect(&path, extensions, found);
            }
        } else if Path::new(&path).is_file() && (ext.is_empty() || extensions.iter().any(|e| e == ext)) {
            found.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        for (path, text) in [
            ("group_vars/all.yml", "a: 1\nb: 1"),
            ("group_vars/web/b.yml", "b: 2"),
            ("group_vars/web/a.yml", "b: 1\nc: '{{ a }}'"),
            ("group_vars/web/sub/x", "d: 4"),
            ("group_vars/web/.hidden.yml", "e: 5"),
            ("group_vars/web/old.yml~", "e: 5"),
            ("group_vars/web/note.txt", "e: 5"),
            ("group_vars/web.yml", "e: 5"),
            ("host_vars/h.json", "{\"f\": 6}"),
            ("host_vars/list.yml", "- 1"),
        ] {
            let path = base.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let files = VarsFolder::new(&base.to_string_lossy(), &Config::default(), &Secrets::default());
        assert_eq!(files.group("all").unwrap().len(), 2);
        let web = files.group("web").unwrap();
        let names: Vec<String> = web.keys().map(Value::to_text).collect();
        assert_eq!(names, ["b", "c", "d"]);
        assert_eq!(web.get("b"), Some(&Value::Int(2)));
        assert!(web.get("c").unwrap().has_trusted());
        assert_eq!(files.host("h").unwrap().get("f"), Some(&Value::Int(6)));
        assert!(files.host("other").unwrap().is_empty());
        let error = files.host("list").unwrap_err().line();
        assert!(error.ends_with("expected dicts but got a 'dict' and a '_AnsibleTaggedList'."), "{error}");
    }
}
