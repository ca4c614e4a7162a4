//! Copies a folder of the host (`remote_src`): what differs, what is missing, then owners.
//!
//! Links: with `local_follow` their targets are copied, with `local_follow: false` the links; where it is
//! not given, links of a folder that already exists are left out, as in Ansible. Names that Python's
//! `filecmp` ignores (`.git`, `CVS` …) are left out there too.

use super::{copy_mode, said};
use crate::host::{Replace, errors, replace};
use crate::modules::Call;
use crate::modules::attributes::{FileArgs, is_link, real_path};
use crate::proto::Outcome;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

const IGNORED: [&str; 8] = ["RCS", "CVS", "tags", ".git", ".hg", ".bzr", "_darcs", "__pycache__"];

/// Copies the call's source folder; says whether something changed.
pub(super) fn copy(call: &Call<'_>, src: &Path) -> Result<bool, Outcome> {
    let dest = Path::new(call.args.str("dest"));
    if !src.is_dir() || (dest.exists() && !dest.is_dir()) {
        return Ok(false);
    }
    let dest = match src.file_name() {
        Some(name) if !call.args.str("src").ends_with('/') => dest.join(name),
        _ => dest.to_owned(),
    };
    let follow = call.args.opt_bool("local_follow");
    if !dest.exists() {
        if !call.check() {
            run(copy_tree(src, &dest, follow != Some(true)))?;
            own_all(call, &dest)?;
        }
        return Ok(true);
    }
    let changed = merge(call, src, &dest, follow)?;
    Ok(own_all(call, &dest)? || changed)
}

fn run<T>(result: Result<T, (io::Error, PathBuf)>) -> Result<T, Outcome> {
    result.map_err(|(e, path)| Outcome::crashed(errors::os_error_bytes(&e, path)))
}

fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, (io::Error, PathBuf)> {
    result.map_err(|e| (e, path.to_owned()))
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    names.retain(|name| !IGNORED.iter().any(|ignored| name == ignored));
    names.sort();
    names
}

/// Copies into an existing folder what differs or is missing, and so on in the folders that both have.
fn merge(call: &Call<'_>, src: &Path, dest: &Path, follow: Option<bool>) -> Result<bool, Outcome> {
    let mut changed = false;
    for name in names(src) {
        if call.is_cancelled() {
            return Err(Outcome::failed("The task was ended before it had finished."));
        }
        let (from, to) = (src.join(&name), dest.join(&name));
        if to.symlink_metadata().is_err() {
            changed = true;
            if !call.check() {
                run(add(call, &from, &to, follow))?;
            }
        } else if from.is_dir() && to.is_dir() {
            changed |= merge(call, &from, &to, follow)?;
        } else if from.is_file() && to.is_file() && run(at(&from, differ(&from, &to)))? {
            changed = true;
            if !call.check() {
                run(renew(&from, &to, follow))?;
                own(call, &to)?;
            }
        }
    }
    Ok(changed)
}

/// Python's shallow `filecmp`: the same size and time is the same file, else the content decides.
fn differ(a: &Path, b: &Path) -> io::Result<bool> {
    let (one, two) = (fs::metadata(a)?, fs::metadata(b)?);
    let time = |meta: &fs::Metadata| (meta.mtime(), meta.mtime_nsec());
    if one.size() != two.size() {
        return Ok(true);
    }
    if time(&one) == time(&two) {
        return Ok(false);
    }
    let (mut one, mut two) = (File::open(a)?, File::open(b)?);
    let (mut left, mut right) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let n = one.read(&mut left)?;
        if n == 0 {
            return Ok(two.read(&mut right)? != 0);
        }
        if two.read_exact(&mut right[..n]).is_err() || left[..n] != right[..n] {
            return Ok(true);
        }
    }
}

fn renew(from: &Path, to: &Path, follow: Option<bool>) -> Result<(), (io::Error, PathBuf)> {
    if is_link(from) && follow == Some(false) {
        return at(to, fs::read_link(from).and_then(|target| symlink(target, to)));
    }
    copy_file(from, to)?;
    at(to, fs::metadata(from).and_then(|meta| copy_mode(&meta, to)))
}

fn copy_file(from: &Path, to: &Path) -> Result<(), (io::Error, PathBuf)> {
    // A link in the destination stays, and its target is written.
    let real = if is_link(to) { PathBuf::from(real_path(&to.to_string_lossy())) } else { to.to_owned() };
    Replace::new(&real).copy_of(from).map_err(|why| (io::Error::other(why), to.to_owned()))
}

fn add(call: &Call<'_>, from: &Path, to: &Path, follow: Option<bool>) -> Result<(), (io::Error, PathBuf)> {
    let owned =
        |path: &Path| own_all(call, path).map(drop).map_err(|_| (io::Error::other("chown failed"), path.to_owned()));
    match (is_link(from), follow) {
        (true, Some(false)) => at(to, fs::read_link(from).and_then(|target| symlink(target, to))),
        (true, None) => Ok(()),
        (true, Some(true)) if from.is_file() => {
            copy_file(from, to)?;
            owned(to)
        }
        _ if from.is_dir() => {
            copy_tree(from, to, follow != Some(true))?;
            owned(to)
        }
        (false, _) if from.is_file() => {
            copy_file(from, to)?;
            at(to, fs::metadata(from).and_then(|meta| copy_mode(&meta, to)))?;
            owned(to)
        }
        _ => Ok(()),
    }
}

/// Python's `copytree`: modes and times too; links as links, or their targets.
fn copy_tree(from: &Path, to: &Path, links: bool) -> Result<(), (io::Error, PathBuf)> {
    at(to, fs::create_dir_all(to))?;
    for entry in at(from, fs::read_dir(from))?.flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if is_link(&path) && links {
            at(&target, fs::read_link(&path).and_then(|link| symlink(link, &target)))?;
        } else if path.is_dir() {
            copy_tree(&path, &target, links)?;
        } else {
            let replace = Replace { keep: false, ..Replace::new(&target) };
            replace.copy_of(&path).map_err(|why| (io::Error::other(why), target.clone()))?;
            at(&target, fs::metadata(&path).and_then(|meta| copy_mode(&meta, &target)))?;
        }
    }
    let meta = at(from, fs::metadata(from))?;
    at(to, copy_mode(&meta, to).and_then(|()| replace::copy_times(&meta, to)))
}

/// Owner and group of one path.
fn own(call: &Call<'_>, path: &Path) -> Result<bool, Outcome> {
    let args = FileArgs::of(call, "").at(&path.to_string_lossy());
    let changed = args.set_owner(call, false, None)?;
    args.set_group(call, changed, None)
}

/// Owner and group of a path and all below it.
fn own_all(call: &Call<'_>, path: &Path) -> Result<bool, Outcome> {
    if !said(call.args.value("owner")) && !said(call.args.value("group")) {
        return Ok(false);
    }
    let mut changed = own(call, path)?;
    if path.is_dir() && !is_link(path) {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            changed |= own_all(call, &entry.path())?;
        }
    }
    Ok(changed)
}
