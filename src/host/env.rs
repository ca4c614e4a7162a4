//! The environment of one task: the login's, with the task's `environment` over it.

use super::accounts;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where programs are looked for beside PATH, as `get_bin_path` does.
const SYSTEM: [&str; 3] = ["/sbin", "/usr/sbin", "/usr/local/sbin"];

/// The variables that a task's children get.
#[derive(Clone, Debug, Default)]
pub struct Env {
    over: BTreeMap<String, String>,
    /// Where children start that are told no other place; else it is the agent's.
    folder: Option<PathBuf>,
    /// How many files children may have open; 0 is as many as the agent.
    nofile: u64,
}

impl Env {
    /// The login's environment with some variables set.
    pub fn new(over: &[(String, String)]) -> Self {
        Self { over: over.iter().cloned().collect(), folder: None, nofile: 0 }
    }

    /// Lets children start in a folder.
    pub fn start_in(&mut self, folder: &Path) {
        self.folder = Some(folder.to_owned());
    }

    /// Limits how many files children may have open; 0 leaves it.
    pub fn limit_open_files(&mut self, most: u64) {
        self.nofile = most;
    }

    /// The limit of open files that children get, where it is another than the agent's.
    pub fn nofile(&self) -> Option<u64> {
        let limits = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        let wanted = limits.maximum.map_or(self.nofile, |most| self.nofile.min(most));
        (self.nofile > 0 && limits.current != Some(wanted)).then_some(wanted)
    }

    /// The folder in which children start.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<String> {
        self.over.get(name).cloned().or_else(|| login(name))
    }

    /// All variables, sorted by name.
    pub fn all(&self) -> BTreeMap<String, String> {
        let mut all = login_all();
        all.extend(self.over.clone());
        all
    }

    /// The variables that differ from the login's.
    pub fn over(&self) -> &BTreeMap<String, String> {
        &self.over
    }

    /// The same, with one more variable set.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.over.insert(name.to_owned(), value.into());
        self
    }

    /// The home of a user, or the running user's for an empty name, as Python's `expanduser` finds it.
    pub fn home(&self, user: &str) -> Option<String> {
        if user.is_empty() {
            return self
                .get("HOME")
                .or_else(|| accounts::user_by_id(rustix::process::getuid().as_raw()).map(|user| user.home));
        }
        accounts::user_by_name(user).map(|user| user.home)
    }

    /// The path of a program in PATH or the system's folders, executable.
    pub fn find_program(&self, name: &str) -> Option<PathBuf> {
        self.find_program_in(name, &[])
    }

    /// The same, with folders that are looked in before.
    pub fn find_program_in(&self, name: &str, before: &[&str]) -> Option<PathBuf> {
        if name.contains('/') {
            return executable(Path::new(name)).then(|| name.into());
        }
        let path = self.get("PATH").unwrap_or_default();
        let folders = before.iter().copied().chain(path.split(':')).chain(SYSTEM).filter(|folder| !folder.is_empty());
        folders.map(|folder| Path::new(folder).join(name)).find(|path| executable(path))
    }

    /// A folder for temporary files: TMPDIR, else /tmp and the like.
    pub fn temp_dir(&self) -> PathBuf {
        let named = ["TMPDIR", "TEMP", "TMP"].into_iter().filter_map(|name| self.get(name));
        let known = ["/tmp", "/var/tmp", "/usr/tmp"].into_iter().map(str::to_owned);
        named.chain(known).map(PathBuf::from).find(|path| path.is_dir()).unwrap_or_else(|| "/".into())
    }

    /// `~` or `~user` at the start of a path, expanded.
    pub fn expand_home(&self, path: &str) -> String {
        let (first, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
        match first.strip_prefix('~').and_then(|user| self.home(user)) {
            Some(home) => format!("{}{rest}", home.trim_end_matches('/')),
            None => path.to_owned(),
        }
    }

    /// `~` and variables of a path, expanded.
    pub fn expand(&self, path: &str) -> String {
        let env = |name: &str| self.get(name);
        let home = |user: &str| self.home(user);
        crate::argspec::expand_path(path, crate::argspec::Host { env: &env, home: &home })
    }
}

#[expect(clippy::disallowed_methods, reason = "on the host the login's environment is an input of modules")]
fn login(name: &str) -> Option<String> {
    // Rust panics on such names.
    if name.is_empty() || name.contains(['=', '\0']) {
        return None;
    }
    std::env::var_os(name).map(OsString::into_string).map(|text| text.unwrap_or_else(|os| os.to_string_lossy().into()))
}

#[expect(clippy::disallowed_methods, reason = "on the host the login's environment is an input of modules")]
fn login_all() -> BTreeMap<String, String> {
    let text = |os: OsString| os.into_string().unwrap_or_else(|os| os.to_string_lossy().into());
    std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

/// Whether a path is a file that anyone may execute.
pub fn executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| !meta.is_dir() && meta.permissions().mode() & 0o111 != 0)
}
