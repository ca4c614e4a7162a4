//! `community.general.archive`: files and trees of the host, compressed or in an archive there.
//!
//! The archive is written beside its place and renamed, so that one that was there before stays whole until
//! then; it is never packed into itself. A new one counts as a change where names or checksums in it differ:
//! for tar those of the headers, which hold owner, mode and time too.

mod entries;
mod sums;
mod tar;
mod zip;

use super::attributes::FileArgs;
use super::{Call, ModuleDef, Support, edit};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::replace::temp_beside;
use crate::host::{Replace, Unwritten, errors, glob};
use crate::proto::Outcome;
use crate::value::Value;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "archive",
    doc: "Creates a compressed archive of one or more files or trees.",
    spec: &Spec {
        file_common: true,
        ..Spec::new(&[
            Arg::new("path", Kind::List).elements(Kind::Path).required(),
            Arg::new("format", Kind::Str).default(Default::Str("gz")).choices(&["bz2", "gz", "tar", "xz", "zip"]),
            Arg::new("dest", Kind::Path),
            Arg::new("exclude_path", Kind::List).elements(Kind::Path).default(Default::List(&[])),
            Arg::new("exclusion_patterns", Kind::List).elements(Kind::Path),
            Arg::new("force_archive", Kind::Bool).default(Default::Bool(false)),
            Arg::new("remove", Kind::Bool).default(Default::Bool(false)),
        ])
    },
    check: Support::Full,
    diff: Support::None,
    run,
};

/// How an archive is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Bz2,
    Gz,
    Tar,
    Xz,
    Zip,
}

/// What is to be archived, and where.
struct Job {
    format: Format,
    dest: String,
    /// Whether an archive is made, and not one file compressed.
    archive: bool,
    /// The folder that the names in the archive are relative to; ends with a slash.
    root: String,
    paths: Vec<String>,
    /// The patterns of names that stay out.
    patterns: Vec<String>,
    expanded: Vec<String>,
    excluded: Vec<String>,
}

/// What was done.
#[derive(Default)]
struct Done {
    archived: Vec<String>,
    state: &'static str,
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let call = &*call;
    let job = job(call)?;
    if call.args.bool("remove") {
        job.is_safe_to_remove()?;
    }
    let (missing, targets): (Vec<String>, Vec<String>) =
        job.paths.iter().cloned().partition(|path| fs::symlink_metadata(path).is_err());
    let mut done = Done { state: "absent", ..Done::default() };
    let mut changed = false;
    if targets.is_empty() {
        if Path::new(&job.dest).exists() {
            done.state = if is_archive(&job.dest) { "archive" } else { "compress" };
        }
    } else if call.check() {
        changed = job.archive || !Path::new(&job.dest).exists();
    } else {
        let before = sums::of(&job)?;
        done = if job.archive { job.pack(call, &targets)? } else { job.single(call)? };
        if job.archive && !missing.is_empty() {
            done.state = "incomplete";
        }
        changed = before.is_none() || before != sums::of(&job)?;
        if call.args.bool("remove") {
            if job.archive {
                job.remove(&done)?
            } else {
                job.remove_single()?
            };
        }
    }
    if Path::new(&job.dest).exists() {
        changed = FileArgs::of(call, &job.dest).apply(call, changed, None)?;
    }
    let mut out = Outcome::changed(changed).with("dest", job.dest.as_str()).with("dest_state", done.state);
    out.set("arcroot", job.root.as_str());
    for (key, list) in [
        ("archived", &done.archived),
        ("missing", &missing),
        ("expanded_paths", &job.expanded),
        ("expanded_exclude_paths", &job.excluded),
    ] {
        out.set(key, texts(list));
    }
    Ok(out)
}

fn texts(list: &[String]) -> Value {
    Value::list(list.iter().map(|text| text.as_str().into()))
}

/// The paths with their patterns expanded; says whether there was a pattern.
fn expand(paths: &[String]) -> (Vec<String>, bool) {
    let mut all = Vec::new();
    let mut any = false;
    for path in paths {
        if path.contains(['*', '?']) {
            any = true;
            all.extend(glob::glob(path, None).iter().map(|found| found.to_string_lossy().into_owned()));
        } else {
            all.push(path.clone());
        }
    }
    (all, any)
}

fn job(call: &Call<'_>) -> Result<Job, Outcome> {
    let list = |name: &str| call.args.opt_list(name).unwrap_or_default();
    let given = list("path");
    let (expanded, has_patterns) = expand(&given);
    let (excluded, _) = expand(&list("exclude_path"));
    let mut paths: Vec<String> = expanded.iter().filter(|path| !excluded.contains(path)).cloned().collect();
    paths.sort_unstable();
    paths.dedup();
    let Some(first) = paths.first() else {
        return Err(Outcome::failed("Error, no source paths were found")
            .with("path", given.join(", "))
            .with("expanded_paths", expanded.join(", "))
            .with("expanded_exclude_paths", excluded.join(", ")));
    };
    let archive = call.args.bool("force_archive") || has_patterns || Path::new(first).is_dir() || paths.len() > 1;
    let word = call.args.str("format");
    let dest = match call.args.opt_str("dest").filter(|dest| !dest.is_empty()) {
        Some(dest) => dest.to_owned(),
        None if archive => {
            let msg = "Error, must specify \"dest\" when archiving multiple files or trees";
            return Err(Outcome::failed(msg).with("dest", "None").with("path", given.join(", ")));
        }
        None => format!("{first}.{word}"),
    };
    let format = match word {
        "bz2" => Format::Bz2,
        "xz" => Format::Xz,
        "tar" => Format::Tar,
        "zip" => Format::Zip,
        _ => Format::Gz,
    };
    let (root, patterns) = (common_root(&paths), list("exclusion_patterns"));
    Ok(Job { format, dest, archive, root, paths, patterns, expanded, excluded })
}

/// The deepest folder that holds all paths, with a slash at its end; empty where there is none.
fn common_root(paths: &[String]) -> String {
    let folder = |path: &str| {
        let folder = edit::dirname(path);
        if folder.is_empty() || folder.ends_with('/') { folder.to_owned() } else { format!("{folder}/") }
    };
    let mut folders = paths.iter().map(|path| folder(path));
    let mut common = folders.next().unwrap_or_default();
    for other in folders {
        let same = common.char_indices().zip(other.chars()).find(|((_, a), b)| a != b).map(|((at, _), _)| at);
        common.truncate(same.unwrap_or(common.len().min(other.len())));
    }
    folder(&common)
}

/// Whether a name is one that archives have.
fn is_archive(path: &str) -> bool {
    let name = edit::basename(path).to_lowercase();
    [".tar", ".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz2", ".zip"].iter().any(|end| name.ends_with(end))
}

impl Job {
    /// A path as the archive names it.
    fn name_of<'a>(&self, path: &'a str) -> &'a str {
        path.strip_prefix(self.root.as_str()).unwrap_or(path)
    }

    fn matches(&self, name: &str) -> bool {
        self.patterns.iter().any(|pattern| glob::matches(pattern, name))
    }

    fn word(&self) -> &'static str {
        match self.format {
            Format::Bz2 => "tar.bz2",
            Format::Gz => "tar.gz",
            Format::Tar => "tar",
            Format::Xz => "tar.xz",
            Format::Zip => "zip",
        }
    }

    /// Writes the archive.
    fn pack(&self, call: &Call<'_>, targets: &[String]) -> Result<Done, Outcome> {
        let dest = Path::new(&self.dest);
        let (file, temp) = temp_beside(dest).map_err(|e| Outcome::crashed(errors::os_error(&e, dest)))?;
        let temp = Temp(temp);
        let own = [identity(&temp.0), identity(dest)];
        let entries = entries::Entries::new(call, targets, &own);
        let (done, refused) = match self.format {
            Format::Zip => zip::write(self, call, entries, file),
            _ => tar::write(self, entries, file),
        }
        .map_err(|e| {
            let (format, dest) = (self.word(), &self.dest);
            Outcome::failed(format!("Error when writing {format} archive at {dest}: {}", errors::plain(&e)))
        })?;
        if !refused.is_empty() {
            let msg = format!("Errors when writing archive at {}: {}", self.dest, refused.join("; "));
            return Err(Outcome::failed(msg));
        }
        self.put(&temp).map_err(|why| {
            Outcome::failed(format!("Error when writing {} archive at {}: {why}", self.word(), self.dest))
        })?;
        Ok(Done { archived: done, state: "archive" })
    }

    /// Compresses the one file; formats that only archives have make one of it.
    fn single(&self, call: &Call<'_>) -> Result<Done, Outcome> {
        let path = self.paths.first().cloned().unwrap_or_default();
        if matches!(self.format, Format::Zip | Format::Tar) {
            return self.pack(call, &[path]);
        }
        let failed = |why: String| {
            let failed = Outcome::failed(format!("Unable to write to compressed file: {why}"));
            failed.with("path", path.as_str()).with("dest", self.dest.as_str())
        };
        let mut source = File::open(&path).map_err(|e| failed(errors::os_error_bytes(&e, &path)))?;
        let dest = Path::new(&self.dest);
        let (file, temp) = temp_beside(dest).map_err(|e| failed(errors::os_error(&e, dest)))?;
        let temp = Temp(temp);
        let written = tar::Compressed::new(self.format, file, edit::basename(&self.dest)).and_then(|mut writer| {
            io::copy(&mut source, &mut writer)?;
            writer.finish().map(drop)
        });
        written.map_err(|e| failed(errors::plain(&e)))?;
        self.put(&temp).map_err(|why| failed(why.to_string()))?;
        Ok(Done { archived: vec![path.clone()], state: "compress" })
    }

    /// Renames what was written to its place.
    fn put(&self, temp: &Temp) -> Result<(), Unwritten> {
        let dest = Path::new(&self.dest);
        // A link stays one, as where Python writes through it.
        let real = fs::canonicalize(dest).unwrap_or_else(|_| dest.to_owned());
        Replace::new(&real).move_of(&temp.0)
    }

    fn is_safe_to_remove(&self) -> Result<(), Outcome> {
        let holds = |path: &String| {
            Path::new(path).is_dir() && self.dest.starts_with(&format!("{}/", path.strip_suffix('/').unwrap_or(path)))
        };
        if !self.paths.iter().any(holds) {
            return Ok(());
        }
        let msg = "Error, created archive can not be contained in source paths when remove=true";
        Err(Outcome::failed(msg).with("path", self.paths.join(", ")))
    }

    /// Removes what was archived, and the trees that held it.
    fn remove(&self, done: &Done) -> Result<(), Outcome> {
        let mut left: Vec<String> = Vec::new();
        for path in done.archived.iter().filter(|path| Path::new(path).exists()) {
            let removed = if Path::new(path).is_dir() { remove_tree(path) } else { fs::remove_file(path) };
            if removed.is_err() {
                left.push(path.clone());
            }
        }
        for path in self.paths.iter().filter(|path| Path::new(path).is_dir()) {
            if remove_tree(path).is_err() {
                left.push(path.clone());
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        let failed = Outcome::failed("Error deleting some source files: ");
        Err(failed.with("dest", self.dest.as_str()).with("files", texts(&left)))
    }

    fn remove_single(&self) -> Result<(), Outcome> {
        let path = self.paths.first().map(String::as_str).unwrap_or_default();
        fs::remove_file(path).map_err(|e| {
            let why = errors::os_error_bytes(&e, path);
            Outcome::failed(format!("Unable to remove source file: {why}")).with("path", path)
        })
    }
}

/// Removes a folder with all in it; never what a link leads to.
fn remove_tree(path: &str) -> io::Result<()> {
    if Path::new(path).is_symlink() {
        return Err(io::Error::other("Cannot call rmtree on a symbolic link"));
    }
    fs::remove_dir_all(path)
}

/// The device and inode of a file, by which the archive knows itself.
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

/// A file that goes when this is dropped, unless it was renamed.
struct Temp(PathBuf);

impl Drop for Temp {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

#[cfg(test)]
mod tests;
