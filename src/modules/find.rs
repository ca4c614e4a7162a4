//! `find`: the files below folders that pass all filters, in the order of the folders themselves.
//!
//! What stands in the way of one folder (a bad expression, bytes in no encoding) is a warning, and the
//! others are still looked at.

mod filters;

use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{accounts, digest, errors, mode};
use crate::proto::Outcome;
use crate::value::{Dict, Value, str_repr};
use filters::Filters;
use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "find",
    doc: "Return a list of files based on specific criteria.",
    spec: &Spec::new(&[
        Arg::new("paths", Kind::List).required().elements(Kind::Path).aliases(&["name", "path"]),
        Arg::new("patterns", Kind::List).default(Default::List(&[])).elements(Kind::Str).aliases(&["pattern"]),
        Arg::new("excludes", Kind::List).elements(Kind::Str).aliases(&["exclude"]),
        Arg::new("contains", Kind::Str),
        Arg::new("read_whole_file", Kind::Bool).default(Default::Bool(false)),
        Arg::new("file_type", Kind::Str).default(Default::Str("file")).choices(&["any", "directory", "file", "link"]),
        Arg::new("age", Kind::Str),
        Arg::new("age_stamp", Kind::Str).default(Default::Str("mtime")).choices(&["atime", "ctime", "mtime"]),
        Arg::new("size", Kind::Str),
        Arg::new("recurse", Kind::Bool).default(Default::Bool(false)),
        Arg::new("hidden", Kind::Bool).default(Default::Bool(false)),
        Arg::new("follow", Kind::Bool).default(Default::Bool(false)),
        Arg::new("get_checksum", Kind::Bool).default(Default::Bool(false)),
        Arg::new("checksum_algorithm", Kind::Str)
            .default(Default::Str("sha1"))
            .choices(&["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
            .aliases(&["checksum", "checksum_algo"]),
        Arg::new("use_regex", Kind::Bool).default(Default::Bool(false)),
        Arg::new("depth", Kind::Int),
        Arg::new("mode", Kind::Raw),
        Arg::new("exact_mode", Kind::Bool).default(Default::Bool(true)),
        Arg::new("encoding", Kind::Str),
        Arg::new("limit", Kind::Int),
    ]),
    check: Support::Full,
    diff: Support::None,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let mode = call.args.value("mode");
    if mode.truthy() && mode.as_str().is_none() {
        let kind = mode.type_name();
        return Err(Outcome::failed(format!(
            "argument 'mode' is not a string and conversion is not allowed, value is of type {kind}"
        )));
    }
    if call.args.opt_list("patterns").is_none_or(|list| list.is_empty()) {
        let all = if call.args.bool("use_regex") { ".*" } else { "*" };
        call.args.set("patterns", Value::list([all.into()]));
    }
    let filters = Filters::of(call)?;
    if let Some(limit) = call.args.opt_int("limit").filter(|limit| *limit <= 0) {
        return Err(Outcome::failed(format!("limit cannot be {limit} (use None for unlimited)")));
    }
    let limit = call.args.opt_int("limit").and_then(|limit| usize::try_from(limit).ok());
    let mut search =
        Search { call, filters, limit, files: Vec::new(), skipped: Dict::new(), looked: 0, limited: false };
    let mut warnings = Vec::new();
    for path in search.call.args.opt_list("paths").unwrap_or_default() {
        if let Err(why) = search.path(&path)? {
            warnings.push(format!("Skipped '{path}' path due to this access issue: {why}\n"));
            search.skipped.insert(path, why);
        }
    }
    let msg = match (warnings.is_empty(), search.limited) {
        (false, _) => "Not all paths examined, check warnings for details",
        (true, true) => "Limit of matches reached",
        (true, false) => "All paths examined",
    };
    let outcome = Outcome::changed(false)
        .with("msg", msg)
        .with("matched", search.files.len())
        .with("examined", search.looked)
        .with("skipped_paths", search.skipped)
        .with("files", Value::list(search.files));
    for text in warnings {
        call.warn(text);
    }
    Ok(outcome)
}

struct Search<'a, 'c> {
    call: &'a Call<'c>,
    filters: Filters,
    limit: Option<usize>,
    files: Vec<Value>,
    skipped: Dict,
    looked: usize,
    limited: bool,
}

/// Why a path was left before its end; the outer error ends the task.
type Left = Result<Result<(), String>, Outcome>;

impl Search<'_, '_> {
    fn path(&mut self, top: &str) -> Left {
        if !Path::new(top).is_dir() {
            return Ok(Err(format!("'{top}' is not a directory")));
        }
        let mut open = vec![top.to_owned()];
        while let Some(folder) = open.pop() {
            if self.call.is_cancelled() {
                return Err(Outcome::failed("The task was ended before it had finished."));
            }
            let (files, folders) = match list(&folder) {
                Ok(listed) => listed,
                Err(error) if matches!(error.raw_os_error(), Some(1 | 2 | 13)) => {
                    let why = errors::os_error(&error, &folder);
                    self.skipped.insert(folder, why);
                    continue;
                }
                Err(error) => return Ok(Err(errors::os_error(&error, &folder))),
            };
            self.looked += files.len() + folders.len();
            let (full, deeper) = match self.entries(top, &folder, files.iter().chain(&folders)) {
                Ok(seen) => seen,
                Err(why) => return Ok(Err(why)),
            };
            if full || !self.call.args.bool("recurse") {
                break;
            }
            if !deeper {
                continue;
            }
            let follow = self.call.args.bool("follow");
            let paths = folders.iter().rev().map(|name| join(&folder, name));
            open.extend(paths.filter(|path| follow || !Path::new(path).is_symlink()));
        }
        Ok(Ok(()))
    }

    /// Looks at what a folder holds; says whether the limit is reached, and whether to go deeper.
    fn entries<'n>(
        &mut self,
        top: &str,
        folder: &str,
        names: impl Iterator<Item = &'n String>,
    ) -> Result<(bool, bool), String> {
        let depth_limit = self.call.args.opt_int("depth").filter(|depth| *depth != 0);
        let top_slashes = slashes(top.trim_end_matches('/')) + 1;
        let mut deeper = true;
        let mut full = self.limit == Some(self.files.len());
        for name in names {
            let path = normal(&join(folder, name));
            if depth_limit.is_some_and(|limit| slashes(&path) - top_slashes + 1 > limit) {
                deeper = false;
                continue;
            }
            if name.starts_with('.') && !self.call.args.bool("hidden") {
                continue;
            }
            let meta = fs::symlink_metadata(&path).map_err(|error| {
                format!("Skipped entry {} due to access issue.: {}", str_repr(&path), errors::os_error(&error, &path))
            })?;
            if let Some(found) = self.found(name, &path, &meta)? {
                self.files.push(found.into());
            }
            full = self.limit == Some(self.files.len());
            if full {
                self.limited = true;
                break;
            }
        }
        Ok((full, deeper))
    }

    /// What the result says of a file, if it passes.
    fn found(&self, name: &str, path: &str, meta: &Metadata) -> Result<Option<Dict>, String> {
        let args = &self.call.args;
        let kind = args.str("file_type");
        let of_kind = match kind {
            "directory" => meta.is_dir(),
            "link" => meta.is_symlink(),
            "file" => meta.is_file(),
            _ => true,
        };
        if !of_kind || !self.filters.name(name)? || !self.filters.age(meta) {
            return Ok(None);
        }
        if kind == "file" && !(self.filters.size(meta) && self.filters.content(self.call, path)?) {
            return Ok(None);
        }
        if !self.filters.mode(meta)? {
            return Ok(None);
        }
        let mut dict = info(path, meta);
        if meta.is_file() && args.bool("get_checksum") {
            let sum = digest::of_file(Path::new(path), args.str("checksum_algorithm"));
            dict.insert("checksum", sum.map_err(|error| errors::os_error(&error, path))?);
        }
        let passes = kind != "any" || !meta.is_file() || self.filters.size(meta);
        Ok(passes.then_some(dict))
    }
}

/// The names in a folder: files and the like, then folders and links to them.
fn list(folder: &str) -> std::io::Result<(Vec<String>, Vec<String>)> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_link = entry.file_type()?.is_symlink();
        let is_dir = entry.file_type()?.is_dir() || (is_link && entry.path().is_dir());
        if is_dir { folders.push(name) } else { files.push(name) }
    }
    Ok((files, folders))
}

fn join(folder: &str, name: &str) -> String {
    if folder.ends_with('/') { format!("{folder}{name}") } else { format!("{folder}/{name}") }
}

fn slashes(path: &str) -> i64 {
    i64::try_from(path.bytes().filter(|byte| *byte == b'/').count()).unwrap_or(i64::MAX)
}

/// Python's `normpath`.
fn normal(path: &str) -> String {
    let root = match path.bytes().take_while(|byte| *byte == b'/').count() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match parts.last() {
            Some(&last) if part == ".." && last != ".." => drop(parts.pop()),
            None if part == ".." && !root.is_empty() => {}
            _ => parts.push(part),
        }
    }
    let path = format!("{root}{}", parts.join("/"));
    if path.is_empty() { ".".to_owned() } else { path }
}

fn info(path: &str, meta: &Metadata) -> Dict {
    let bits = meta.mode();
    let kind = meta.file_type();
    let mut dict = Dict::from([("path", path)]);
    dict.insert("mode", format!("{:04o}", bits & mode::BITS));
    for (key, is) in [
        ("isdir", kind.is_dir()),
        ("ischr", kind.is_char_device()),
        ("isblk", kind.is_block_device()),
        ("isreg", kind.is_file()),
        ("isfifo", kind.is_fifo()),
        ("islnk", kind.is_symlink()),
        ("issock", kind.is_socket()),
    ] {
        dict.insert(key, is);
    }
    dict.insert("uid", meta.uid());
    dict.insert("gid", meta.gid());
    for (key, number) in [("size", meta.size()), ("inode", meta.ino()), ("dev", meta.dev()), ("nlink", meta.nlink())] {
        dict.insert(key, number);
    }
    for (key, stamp) in [("atime", "atime"), ("mtime", "mtime"), ("ctime", "ctime")] {
        dict.insert(key, filters::stamp(meta, stamp));
    }
    dict.insert("gr_name", accounts::group_by_id(meta.gid()).map_or_else(String::new, |group| group.name));
    dict.insert("pw_name", accounts::user_by_id(meta.uid()).map_or_else(String::new, |user| user.name));
    for (key, bit) in [
        ("wusr", 0o200),
        ("rusr", 0o400),
        ("xusr", 0o100),
        ("wgrp", 0o020),
        ("rgrp", 0o040),
        ("xgrp", 0o010),
        ("woth", 0o002),
        ("roth", 0o004),
        ("xoth", 0o001),
        ("isuid", 0o4000),
        ("isgid", 0o2000),
    ] {
        dict.insert(key, bits & bit != 0);
    }
    dict
}

#[cfg(test)]
mod tests {
    use super::normal;
    use crate::modules::testing::outcome;
    use crate::value::Value;

    #[track_caller]
    fn finds(args: &str, want: &[&str]) {
        let dir = tempfile::tempdir().expect("dir");
        for (name, text) in [("a.txt", "one\ntwo\n"), ("b.log", "three"), ("d/c.txt", "x"), (".h", ""), ("d/e/f", "")] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("mkdir");
            std::fs::write(path, text).expect("write");
        }
        let out = outcome("find", &format!(r#"{{"paths": "{}", {args}}}"#, dir.path().display()));
        let files = out.get("files").and_then(Value::as_list).expect("files");
        let prefix = format!("{}/", dir.path().display());
        let mut names: Vec<String> =
            files.iter().filter_map(|file| Some(file.get("path")?.to_text().replace(&prefix, ""))).collect();
        names.sort();
        assert_eq!(names, want, "{args}: {:?}", out.result);
    }

    #[test]
    fn filters() {
        finds(r#""recurse": false"#, &["a.txt", "b.log"]);
        finds(r#""hidden": true"#, &[".h", "a.txt", "b.log"]);
        finds(r#""recurse": true, "patterns": "*.txt""#, &["a.txt", "d/c.txt"]);
        finds(r#""recurse": true, "patterns": "*.txt", "excludes": "c*""#, &["a.txt"]);
        finds(r#""recurse": true, "depth": 2"#, &["a.txt", "b.log", "d/c.txt"]);
        finds(r#""patterns": "^[ab]", "use_regex": true"#, &["a.txt", "b.log"]);
        finds(r#""file_type": "directory", "recurse": true"#, &["d", "d/e"]);
        finds(r#""contains": "tw.$""#, &["a.txt"]);
        finds(r#""contains": "ne""#, &[]);
        finds(r#""contains": "ne\ntw", "read_whole_file": true"#, &["a.txt"]);
        finds(r#""size": "6""#, &["a.txt"]);
        finds(r#""size": "-5""#, &["b.log"]);
        finds(r#""age": "1d""#, &[]);
        finds(r#""age": "-1d""#, &["a.txt", "b.log"]);
        finds(r#""mode": "u+x", "exact_mode": false"#, &[]);
    }

    #[test]
    fn paths_are_normal() {
        for (path, want) in [("/a//b/../c/.", "/a/c"), ("a/..", "."), ("../a", "../a"), ("/..", "/"), ("//a", "//a")] {
            assert_eq!(normal(path), want);
        }
    }
}
