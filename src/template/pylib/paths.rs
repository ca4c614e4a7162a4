//! `posixpath` and the parts of `ntpath` that filters use.

/// `os.path.basename`.
pub fn basename(path: &str) -> &str {
    path.rfind('/').map_or(path, |i| &path[i + 1..])
}

/// `os.path.dirname`.
pub fn dirname(path: &str) -> &str {
    let head = path.rfind('/').map_or("", |i| &path[..=i]);
    let trimmed = head.trim_end_matches('/');
    if trimmed.is_empty() { head } else { trimmed }
}

/// `os.path.join`: an absolute part starts anew.
pub fn join<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut out: Option<String> = None;
    for part in parts {
        out = Some(match out {
            None => part.to_owned(),
            Some(_) if part.starts_with('/') => part.to_owned(),
            Some(so_far) if so_far.is_empty() || so_far.ends_with('/') => so_far + part,
            Some(so_far) => so_far + "/" + part,
        });
    }
    out.unwrap_or_default()
}

/// `os.path.normpath`.
pub fn normpath(path: &str) -> String {
    if path.is_empty() {
        return ".".into();
    }
    // POSIX gives exactly two leading slashes a meaning of their own.
    let slashes = match path.bytes().take_while(|b| *b == b'/').count() {
        0 => 0,
        2 => 2,
        _ => 1,
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|p| !p.is_empty() && *p != ".") {
        if part != ".." || (slashes == 0 && parts.is_empty()) || parts.last() == Some(&"..") {
            parts.push(part);
        } else {
            parts.pop();
        }
    }
    let text = "/".repeat(slashes) + &parts.join("/");
    if text.is_empty() { ".".into() } else { text }
}

/// `os.path.abspath` from a working directory.
pub fn abspath(path: &str, cwd: &str) -> String {
    normpath(&join(["/", cwd, path]))
}

/// `os.path.realpath` from a working directory: links are followed, missing parts kept.
pub fn realpath(path: &str, cwd: &str) -> String {
    let mut pending: Vec<String> = join([cwd, path]).split('/').rev().map(str::to_owned).collect();
    let mut out = String::new();
    let mut links = 0;
    while let Some(part) = pending.pop() {
        match part.as_str() {
            "" | "." => {}
            ".." => out.truncate(out.rfind('/').unwrap_or(0)),
            name => {
                let next = format!("{out}/{name}");
                match std::fs::read_link(&next) {
                    Ok(target) if links < 40 => {
                        links += 1;
                        let target = target.to_string_lossy().into_owned();
                        if target.starts_with('/') {
                            out.clear();
                        }
                        pending.extend(target.split('/').rev().map(str::to_owned));
                    }
                    _ => out = next,
                }
            }
        }
    }
    if out.is_empty() { "/".into() } else { out }
}

/// `os.path.relpath`.
pub fn relpath(path: &str, start: &str, cwd: &str) -> Result<String, String> {
    if path.is_empty() {
        return Err("no path specified".into());
    }
    let (start, path) = (abspath(start, cwd), abspath(path, cwd));
    let split = |p: &str| p.split('/').filter(|x| !x.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (split(&start), split(&path));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut parts = vec!["..".to_owned(); from.len() - common];
    parts.extend(to.into_iter().skip(common));
    Ok(if parts.is_empty() { ".".into() } else { parts.join("/") })
}

/// `os.path.splitext`.
pub fn splitext(path: &str) -> (&str, &str) {
    let name = path.rfind('/').map_or(0, |i| i + 1);
    let Some(dot) = path.rfind('.').filter(|d| *d > name) else {
        return (path, "");
    };
    if path[name..dot].bytes().all(|b| b == b'.') {
        return (path, "");
    }
    path.split_at(dot)
}

/// `os.path.expanduser`: `~` with a home; `~name` from the passwd file's text.
pub fn expanduser(path: &str, home: &str, passwd: impl Fn() -> String) -> String {
    let Some(rest) = path.strip_prefix('~') else {
        return path.to_owned();
    };
    let (user, tail) = rest.find('/').map_or((rest, ""), |i| rest.split_at(i));
    let dir = if user.is_empty() {
        home.to_owned()
    } else {
        let text = passwd();
        let found = text.lines().map(|l| l.split(':').collect::<Vec<_>>()).find(|f| f.first() == Some(&user));
        match found.as_ref().and_then(|f| f.get(5)) {
            Some(dir) => (*dir).to_owned(),
            None => return path.to_owned(),
        }
    };
    let text = dir.trim_end_matches('/').to_owned() + tail;
    if text.is_empty() { "/".into() } else { text }
}

/// `os.path.expandvars`: `$name` and `${name}`; what is unknown stays.
pub fn expandvars(path: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, length) = match after.strip_prefix('{').and_then(|a| a.split_once('}')) {
            Some((name, _)) => (name, name.len() + 2),
            None => {
                let length = after.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
                (&after[..length], length)
            }
        };
        match variable(name).filter(|_| !name.is_empty()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[at..at + 1 + length]),
        }
        rest = &after[length..];
    }
    out + rest
}

/// `os.path.commonpath`.
pub fn commonpath(paths: &[String]) -> Result<String, String> {
    if paths.is_empty() {
        return Err("commonpath() arg is an empty sequence".into());
    }
    let absolute = paths[0].starts_with('/');
    if paths.iter().any(|p| p.starts_with('/') != absolute) {
        return Err("Can't mix absolute and relative paths".into());
    }
    let split: Vec<Vec<&str>> =
        paths.iter().map(|p| p.split('/').filter(|x| !x.is_empty() && *x != ".").collect()).collect();
    let first = &split[0];
    let common = (0..first.len()).take_while(|i| split.iter().all(|s| s.get(*i) == Some(&first[*i]))).count();
    Ok(format!("{}{}", if absolute { "/" } else { "" }, first[..common].join("/")))
}

/// `ntpath.splitdrive`.
pub fn win_splitdrive(path: &str) -> (&str, &str) {
    let slash = |b: u8| b == b'\\' || b == b'/';
    let bytes = path.as_bytes();
    if bytes.len() >= 2 && slash(bytes[0]) && slash(bytes[1]) {
        // \\server\share, or \\?\UNC\server\share
        let unc = path.get(..8).is_some_and(|p| p.replace('/', "\\").eq_ignore_ascii_case("\\\\?\\UNC\\"));
        let start = if unc { 8 } else { 2 };
        let Some(server) = bytes[start..].iter().position(|b| slash(*b)).map(|i| i + start) else {
            return (path, "");
        };
        let Some(share) = bytes[server + 1..].iter().position(|b| slash(*b)).map(|i| i + server + 1) else {
            return (path, "");
        };
        return path.split_at(share);
    }
    if bytes.get(1) == Some(&b':') { path.split_at(2) } else { ("", path) }
}

/// `ntpath.split`.
fn win_split(path: &str) -> (String, &str) {
    let (drive, rest) = win_splitdrive(path);
    let at = rest.rfind(['\\', '/']).map_or(0, |i| i + 1);
    let (head, tail) = rest.split_at(at);
    let trimmed = head.trim_end_matches(['\\', '/']);
    (format!("{drive}{}", if trimmed.is_empty() { head } else { trimmed }), tail)
}

/// `ntpath.basename`.
pub fn win_basename(path: &str) -> &str {
    win_split(path).1
}

/// `ntpath.dirname`.
pub fn win_dirname(path: &str) -> String {
    win_split(path).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_posixpath() {
        assert_eq!(normpath("a/../b//c/./d"), "b/c/d");
        assert_eq!(normpath("/../a"), "/a");
        assert_eq!(normpath("//a"), "//a");
        assert_eq!(normpath("///a"), "/a");
        assert_eq!(normpath("../../a"), "../../a");
        assert_eq!(dirname("/a"), "/");
        assert_eq!(dirname("a//b"), "a");
        assert_eq!(basename("/a/"), "");
        assert_eq!(splitext("a.tar.gz"), ("a.tar", ".gz"));
        assert_eq!(splitext(".bashrc"), (".bashrc", ""));
        assert_eq!(splitext("..a.b"), ("..a", ".b"));
        assert_eq!(join(["a", "/b", "c"]), "/b/c");
        assert_eq!(relpath("/a/b", "/a/c", "/").unwrap(), "../b");
        assert_eq!(expandvars("$A/${B}/$C$", |n| (n == "A").then(|| "x".into())), "x/${B}/$C$");
        assert_eq!(commonpath(&["/a/b".into(), "/a/c".into()]).unwrap(), "/a");
        assert_eq!(win_splitdrive("C:\\a"), ("C:", "\\a"));
        assert_eq!(win_dirname("C:\\a\\b"), "C:\\a");
        assert_eq!(win_basename("C:\\a\\b"), "b");
    }
}
