//! Paths that match a pattern, as Python's `glob.glob` finds them: `*`, `?`, `[a-z]`, `[!a]`.

use std::path::{Path, PathBuf};

/// The existing paths that match; relative patterns start at `cwd`.
pub fn glob(pattern: &str, cwd: Option<&Path>) -> Vec<PathBuf> {
    let base = if pattern.starts_with('/') { PathBuf::from("/") } else { PathBuf::new() };
    let mut found = vec![base];
    let want_dir = pattern.ends_with('/');
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for path in found {
            if is_magic(part) {
                next.extend(entries(&path, part, cwd).into_iter().map(|name| path.join(name)));
            } else {
                next.push(path.join(part));
            }
        }
        found = next;
    }
    let exists = |path: &PathBuf| {
        let full = at(path, cwd);
        if want_dir { full.is_dir() } else { full.symlink_metadata().is_ok() }
    };
    found.retain(|path| !path.as_os_str().is_empty() && exists(path));
    found
}

fn at(path: &Path, cwd: Option<&Path>) -> PathBuf {
    match cwd {
        Some(cwd) => cwd.join(path),
        None if path.as_os_str().is_empty() => PathBuf::from("."),
        None => path.to_owned(),
    }
}

fn is_magic(part: &str) -> bool {
    part.contains(['*', '?', '['])
}

fn entries(path: &Path, pattern: &str, cwd: Option<&Path>) -> Vec<String> {
    let Ok(dir) = std::fs::read_dir(at(path, cwd)) else { return Vec::new() };
    let names = dir.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| (pattern.starts_with('.') || !name.starts_with('.')) && matches(pattern, name)).collect()
}

/// Whether a name matches a pattern, as `fnmatch` says.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // Where the last `*` was, and how much of the name it has taken so far.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some('?') => {
                (p, n) = (p + 1, n + 1);
                continue;
            }
            Some('[') => match class(&pattern[p..], name[n]) {
                Some((true, length)) => {
                    (p, n) = (p + length, n + 1);
                    continue;
                }
                None if name[n] == '[' => {
                    (p, n) = (p + 1, n + 1);
                    continue;
                }
                _ => {}
            },
            Some(c) if *c == name[n] => {
                (p, n) = (p + 1, n + 1);
                continue;
            }
            _ => {}
        }
        match star {
            Some((at, taken)) => {
                star = Some((at, taken + 1));
                (p, n) = (at + 1, taken + 1);
            }
            None => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Whether a character is in a class, and the class's length; None where there is no closing bracket.
fn class(pattern: &[char], c: char) -> Option<(bool, usize)> {
    let negated = pattern.get(1) == Some(&'!');
    let start = 1 + usize::from(negated);
    // A bracket right at the start is a member.
    let end = pattern.iter().enumerate().skip(start + 1).find(|(_, c)| **c == ']').map(|(i, _)| i)?;
    let members = &pattern[start..end];
    let mut found = false;
    let mut i = 0;
    while i < members.len() {
        if i + 2 < members.len() && members[i + 1] == '-' {
            found |= (members[i]..=members[i + 2]).contains(&c);
            i += 3;
        } else {
            found |= members[i] == c;
            i += 1;
        }
    }
    Some((found != negated, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, want) in [
            ("*.txt", "a.txt", true),
            ("*.txt", "a.txtx", false),
            ("a?c", "abc", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]", "]", true),
            ("a*b*c", "aXbYbZc", true),
            ("[", "[", true),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, name), want, "{pattern} {name}");
        }
    }

    #[test]
    fn finds_in_folders() {
        let dir = tempfile::tempdir().expect("dir");
        std::fs::create_dir(dir.path().join("d1")).expect("mkdir");
        std::fs::write(dir.path().join("d1/x.c"), "").expect("write");
        assert_eq!(glob("d*/*.c", Some(dir.path())), [PathBuf::from("d1/x.c")]);
        assert!(glob("d*/*.h", Some(dir.path())).is_empty());
        assert_eq!(glob("d1/x.c", Some(dir.path())).len(), 1);
    }
}
