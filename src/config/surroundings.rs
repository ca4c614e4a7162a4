//! The controller's environment, home, working directory and user, read once.
//!
//! Alone in the library asks the operating system for them; everything else is given this struct, so
//! that an embedder can run with other surroundings than its process has.

use std::path::{Component, Path, PathBuf};

/// What a run takes from the process it runs in.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The environment, in its order.
    pub env: Vec<(String, String)>,
    /// The home directory, without a slash at its end.
    pub home: String,
    /// The working directory.
    pub cwd: String,
    /// The login name.
    pub user: String,
    /// Whether standard input is a terminal.
    pub stdin_tty: bool,
    /// Whether standard output is a terminal.
    pub stdout_tty: bool,
    /// Whether standard error is a terminal.
    pub stderr_tty: bool,
    /// The user's id is root's.
    pub is_root: bool,
    /// How many files a process may have open, if there is a limit.
    pub open_files: Option<u64>,
}

impl Surroundings {
    /// Those of this process. Text that is no UTF-8 is read with replacement characters.
    #[expect(clippy::disallowed_methods, reason = "the one place that may ask the process")]
    pub fn of_process() -> Self {
        use std::io::IsTerminal;
        let env: Vec<(String, String)> = std::env::vars_os()
            .map(|(k, v)| (k.to_string_lossy().into_owned(), v.to_string_lossy().into_owned()))
            .collect();
        let uid = rustix::process::getuid();
        let passwd = passwd_entry(uid.as_raw());
        let home = lookup(&env, "HOME").map(str::to_owned).or_else(|| passwd.as_ref().map(|p| p.1.clone()));
        let user = ["LOGNAME", "USER", "LNAME", "USERNAME"]
            .iter()
            .find_map(|name| lookup(&env, name).filter(|v| !v.is_empty()))
            .map(str::to_owned)
            .or_else(|| passwd.as_ref().map(|p| p.0.clone()));
        Self {
            home: trim_slash(home.unwrap_or_else(|| "/".into())),
            cwd: std::env::current_dir().map_or_else(|_| "/".into(), |p| p.to_string_lossy().into_owned()),
            user: user.unwrap_or_else(|| uid.as_raw().to_string()),
            stdin_tty: std::io::stdin().is_terminal(),
            stdout_tty: std::io::stdout().is_terminal(),
            stderr_tty: std::io::stderr().is_terminal(),
            is_root: uid.is_root(),
            open_files: rustix::process::getrlimit(rustix::process::Resource::Nofile).current,
            env,
        }
    }

    /// The words of the command line, the program's own name first.
    pub fn args() -> Vec<String> {
        std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    /// The path of this program's file.
    pub fn executable() -> Option<String> {
        std::env::current_exe().ok().map(|path| path.to_string_lossy().into_owned())
    }

    /// The file of a program that `PATH` finds.
    pub fn find_program(&self, name: &str) -> Option<String> {
        let folders = self.var("PATH")?.split(':').filter(|folder| !folder.is_empty());
        folders.map(|folder| format!("{folder}/{name}")).find(|path| {
            Path::new(path).is_file() && rustix::fs::access(path.as_str(), rustix::fs::Access::EXEC_OK).is_ok()
        })
    }

    /// An environment variable.
    pub fn var(&self, name: &str) -> Option<&str> {
        lookup(&self.env, name)
    }

    /// A path made absolute and plain: variables and `~` expanded, relative to `base` (a folder, or a
    /// file whose folder counts; None is the working directory), `.` and `..` resolved by text alone.
    pub fn resolve(&self, path: &str, base: Option<&str>) -> String {
        let expanded = self.expand_user(&self.expand_vars(path));
        let joined = if expanded.starts_with('/') {
            PathBuf::from(expanded)
        } else {
            let base = Path::new(base.unwrap_or(&self.cwd));
            let folder = if base.is_file() { base.parent().unwrap_or(base) } else { base };
            folder.join(expanded)
        };
        normalize(&joined)
    }

    /// Replaces `$name` and `${name}`; unknown ones stay, as Python's `expandvars`.
    pub fn expand_vars(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let (name, end) = match after.strip_prefix('{') {
                Some(braced) => match braced.find('}') {
                    Some(close) => (&braced[..close], close + 2),
                    None => ("", 0),
                },
                None => {
                    let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
                    (&after[..end], end)
                }
            };
            match self.var(name).filter(|_| !name.is_empty()) {
                Some(value) => out.push_str(value),
                None => out.push_str(&rest[at..=at + end]),
            }
            rest = &after[end..];
        }
        out + rest
    }

    /// Replaces a leading `~` or `~user` with the home directory.
    pub fn expand_user(&self, path: &str) -> String {
        let Some(after) = path.strip_prefix('~') else {
            return path.to_owned();
        };
        let (name, rest) = after.split_at(after.find('/').unwrap_or(after.len()));
        let home = if name.is_empty() { Some(self.home.clone()) } else { home_of(name) };
        match home {
            Some(home) if home == "/" && !rest.is_empty() => rest.to_owned(),
            Some(home) => home + rest,
            None => path.to_owned(),
        }
    }
}

fn lookup<'a>(env: &'a [(String, String)], name: &str) -> Option<&'a str> {
    env.iter().rev().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
}

fn trim_slash(path: String) -> String {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/".into() } else { trimmed.to_owned() }
}

/// `.` and `..` resolved by the text alone, as Python's `normpath`.
pub fn normalize(path: &Path) -> String {
    let mut parts: Vec<&std::ffi::OsStr> = Vec::new();
    let mut absolute = false;
    for part in path.components() {
        match part {
            Component::RootDir => absolute = true,
            Component::ParentDir if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            Component::ParentDir if absolute => {}
            Component::ParentDir | Component::Normal(_) => parts.push(part.as_os_str()),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    let joined = parts.iter().map(|p| p.to_string_lossy()).collect::<Vec<_>>().join("/");
    match (absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}

/// Name and home of a user id in /etc/passwd.
fn passwd_entry(uid: u32) -> Option<(String, String)> {
    passwd(|fields| fields.get(2).is_some_and(|f| *f == uid.to_string()))
}

fn home_of(user: &str) -> Option<String> {
    passwd(|fields| fields.first() == Some(&user)).map(|(_, home)| trim_slash(home))
}

fn passwd(wanted: impl Fn(&[&str]) -> bool) -> Option<(String, String)> {
    let text = std::fs::read_to_string("/etc/passwd").ok()?;
    text.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let home = fields.get(5).filter(|_| wanted(&fields))?;
        Some(((*fields.first()?).to_owned(), (*home).to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(cwd: &str) -> Surroundings {
        Surroundings {
            env: vec![("A".into(), "x".into()), ("B_1".into(), "y/z".into())],
            home: "/home/me".into(),
            cwd: cwd.into(),
            ..Surroundings::default()
        }
    }

    #[track_caller]
    fn resolves(path: &str, want: &str) {
        assert_eq!(at("/work/dir").resolve(path, None), want);
    }

    #[test]
    fn paths_as_python_resolves_them() {
        resolves("a/b", "/work/dir/a/b");
        resolves("../a/./b//c/", "/work/a/b/c");
        resolves("~/x", "/home/me/x");
        resolves("~", "/home/me");
        resolves("~no-such-user/x", "/work/dir/~no-such-user/x");
        resolves("$A/${B_1}/$NOPE/${NOPE}/${A", "/work/dir/x/y/z/$NOPE/${NOPE}/${A");
        resolves("/../..", "/");
        resolves("$", "/work/dir/$");
        resolves("${}", "/work/dir/${}");
    }
}
