//! `glob.glob` and `fnmatch`.

use super::paths;
use crate::re::{Flags, Pattern, escape};

/// Whether a text has characters that `glob` treats as special.
pub fn is_magic(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// `fnmatch.translate`, without its anchors.
pub fn translate(pattern: &str) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut i = 0;
    while let Some(&c) = chars.get(i) {
        i += 1;
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => {
                let negated = chars.get(i) == Some(&'!');
                let first = i + usize::from(negated);
                let end = (first + 1..chars.len()).find(|j| chars.get(*j) == Some(&']'));
                match end {
                    Some(end) => {
                        let body: String = chars[first..end].iter().collect();
                        let body = body.replace('\\', "\\\\").replace('[', "\\[").replace('^', "\\^");
                        out.push_str(&format!("[{}{body}]", if negated { "^" } else { "" }));
                        i = end + 1;
                    }
                    None => out.push_str("\\["),
                }
            }
            other => out.push_str(&escape(&other.to_string())),
        }
    }
    out
}

/// `fnmatch.fnmatchcase`.
pub fn matches(name: &str, pattern: &str) -> bool {
    let flags = Flags { dot_all: true, ..Flags::default() };
    Pattern::anchored(&translate(pattern), flags, true)
        .and_then(|p| p.search(name, 0))
        .is_ok_and(|found| found.is_some())
}

/// The paths that match, below a working directory where they are relative; sorted, where Python's
/// order is the directory's.
pub fn glob(pattern: &str, cwd: &str) -> Vec<String> {
    // No path of a real system has so many parts, and each costs a level of the stack.
    if pattern.matches('/').count() > 512 {
        return Vec::new();
    }
    let exists = |path: &str| std::fs::symlink_metadata(paths::join([cwd, path])).is_ok();
    if !is_magic(pattern) {
        return if exists(pattern) { vec![pattern.to_owned()] } else { Vec::new() };
    }
    let (dir, name) = match pattern.rfind('/') {
        Some(at) => (&pattern[..at], &pattern[at + 1..]),
        None => ("", pattern),
    };
    let dir = if dir.is_empty() && pattern.starts_with('/') { "/" } else { dir };
    let dirs = if is_magic(dir) { glob(dir, cwd) } else { vec![dir.to_owned()] };
    let mut out = Vec::new();
    for dir in dirs {
        let join = |name: &str| if dir.is_empty() { name.to_owned() } else { paths::join([dir.as_str(), name]) };
        if !is_magic(name) {
            out.extend(Some(join(name)).filter(|p| exists(p)));
            continue;
        }
        let listed = std::fs::read_dir(paths::join([cwd, dir.as_str()]));
        let mut names: Vec<String> = listed
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|n| (name.starts_with('.') || !n.starts_with('.')) && matches(n, name))
            .collect();
        names.sort();
        out.extend(names.iter().map(|n| join(n)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(matches("a.yml", "*.yml"));
        assert!(matches("b1", "b[0-9]"));
        assert!(!matches("ba", "b[!a]"));
    }
}
