//! Paths by their text alone, as Python's `os.path` treats them.

use std::path::{Component, Path, PathBuf};

/// Joins two paths; an absolute second one stands alone.
pub fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') || folder.is_empty() {
        return path.to_owned();
    }
    format!("{}/{path}", folder.strip_suffix('/').unwrap_or(folder))
}

/// A path without `.`, `..` and doubled slashes, by its text alone.
pub fn normal(path: &str) -> String {
    let mut out = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            Component::ParentDir if out.has_root() => {}
            other => out.push(other),
        }
    }
    out.to_string_lossy().into_owned()
}

/// The folder of a path; empty where it has none.
pub fn dirname(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((folder, _)) => folder,
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(normal("/a/./b//../c"), "/a/c");
        assert_eq!(normal("/../a"), "/a");
        assert_eq!(join("/a", "b"), "/a/b");
        assert_eq!(join("/a", "/b"), "/b");
        assert_eq!((dirname("a/b.yml"), dirname("b.yml"), dirname("/b")), ("a", "", "/"));
    }
}
