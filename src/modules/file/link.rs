//! Symbolic and hard links, replaced in one step where they point elsewhere.

use super::times::Times;
use super::{first_diff, join, state_of};
use crate::host::{errors, replace};
use crate::modules::Call;
use crate::modules::attributes::{FileArgs, is_link, note};
use crate::proto::Outcome;
use crate::value::Value;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

pub(super) fn symbolic(call: &mut Call<'_>, path: &str) -> Result<Outcome, Outcome> {
    let before = state_of(path);
    let times = Times::of(call, "link")?;
    let (follow, force) = (call.args.bool("follow"), call.args.bool("force"));
    let mut src = call.args.opt_str("src").map(str::to_owned);
    if src.is_none() && follow && before == "link" && Path::new(path).exists() {
        src = fs::read_link(path).ok().map(|target| target.to_string_lossy().into_owned());
    }
    let failed = |text: String| Outcome::failed(text).with("path", path);
    if let Some(src) = src.as_deref().filter(|_| !force) {
        let folder = if before == "directory" { path } else { path.rsplit_once('/').map_or("", |(folder, _)| folder) };
        let folder = if folder.is_empty() && path.starts_with('/') { "/" } else { folder };
        let target = join(folder, src);
        if !Path::new(&target).exists() {
            let text =
                format!("src file does not exist, use 'force=yes' if you really want to create the link: {target}");
            return Err(failed(text).with("src", src));
        }
    }
    let filled = before == "directory" && fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
    match before {
        "directory" | "file" | "hard" if !force => {
            return Err(failed(format!("refusing to convert from {before} to symlink for {path}")));
        }
        "directory" if filled => {
            return Err(failed(format!("the directory {path} is not empty, refusing to convert it")));
        }
        _ => {}
    }
    let mut diff = first_diff(path, "link", before);
    let mut changed = before != "link";
    if changed && src.is_none() {
        return Err(Outcome::failed("src is required for creating new symlinks"));
    }
    if let (false, Some(src)) = (changed, &src) {
        let old = fs::read_link(path).unwrap_or_default();
        if old.as_os_str() != src.as_str() {
            note(Some(&mut diff), "src", old.to_string_lossy().into_owned(), src.as_str());
            changed = true;
        }
    }
    if let (true, false, Some(src)) = (changed, call.check(), &src) {
        make(path, src, before, |at| symlink(src, at))?;
    }
    finish(call, path, src, changed, diff, &times, true)
}

pub(super) fn hard(call: &mut Call<'_>, path: &str) -> Result<Outcome, Outcome> {
    let before = state_of(path);
    let times = Times::of(call, "hard")?;
    let force = call.args.bool("force");
    let src = call.args.opt_str("src").map(str::to_owned);
    if before != "hard" && src.is_none() {
        return Err(Outcome::failed("src is required for creating new hardlinks"));
    }
    let failed = |text: &str| Outcome::failed(text).with("dest", path).with("src", src.clone());
    if src.as_deref().is_some_and(|src| !Path::new(src).exists()) {
        return Err(failed("src does not exist"));
    }
    let mut diff = first_diff(path, "hard", before);
    let same = || match (&src, fs::metadata(path)) {
        (Some(src), Ok(meta)) => fs::metadata(src).is_ok_and(|other| other.ino() == meta.ino()),
        _ => false,
    };
    let changed = match before {
        "absent" => true,
        "link" => {
            let old = fs::read_link(path).unwrap_or_default();
            let differs = src.as_deref().is_some_and(|src| old.as_os_str() != src);
            if differs {
                note(Some(&mut diff), "src", old.to_string_lossy().into_owned(), src.clone());
            }
            differs
        }
        "hard" => {
            let differs = src.is_some() && !same();
            if differs && !force {
                return Err(failed("Cannot link, different hard link exists at destination"));
            }
            differs
        }
        "file" if !force => return Err(failed("Cannot link, file exists at destination")),
        "directory" if same() => return Ok(Outcome::changed(false).with("path", path)),
        "directory" if !force => return Err(failed("Cannot link: different hard link exists at destination")),
        _ => true,
    };
    if let (true, false, Some(src)) = (changed, call.check(), &src) {
        let mut from = PathBuf::from(src);
        if before == "absent" && call.args.bool("follow") && is_link(src) {
            from = fs::read_link(src).unwrap_or(from);
        }
        make(path, src, before, |at| fs::hard_link(&from, at))?;
    }
    finish(call, path, src, changed, diff, &times, false)
}

/// Makes a link; one that is there is replaced by a rename, so that there always is one.
fn make(path: &str, src: &str, before: &str, link: impl Fn(&Path) -> io::Result<()>) -> Result<(), Outcome> {
    let failed = |word: &str, e: &io::Error, from: &Path, to: &Path| {
        let why = errors::os_error_two(e, from, to);
        Outcome::failed(format!("Error while {word}: {why}")).with("path", path)
    };
    let dest = Path::new(path);
    if before == "absent" {
        return link(dest).map_err(|e| failed("linking", &e, Path::new(src), dest));
    }
    let name = replace::random_name().map_err(|e| failed("replacing", &e, Path::new(src), dest))?;
    let temp = replace::parent(dest).join(format!(".{}.{name}.tmp", std::process::id()));
    link(&temp).map_err(|e| failed("replacing", &e, Path::new(src), &temp))?;
    let emptied = if before == "directory" { fs::remove_dir(dest) } else { Ok(()) };
    emptied.and_then(|()| fs::rename(&temp, dest)).map_err(|e| {
        drop(fs::remove_file(&temp));
        failed("replacing", &e, &temp, dest)
    })
}

/// Sets the attributes, of the target where links are followed, and gives the result.
fn finish(
    call: &mut Call<'_>,
    path: &str,
    src: Option<String>,
    changed: bool,
    mut diff: crate::value::Dict,
    times: &Times,
    symbolic: bool,
) -> Result<Outcome, Outcome> {
    let mut changed = changed;
    let args = FileArgs::of(call, path);
    let in_vain = call.check() && !Path::new(path).exists();
    if !in_vain {
        if symbolic && call.args.bool("follow") && is_link(path) && !Path::new(&args.path).exists() {
            call.warn(
                "Cannot set fs attributes on a non-existent symlink target. follow should be set to False to avoid this.",
            );
        } else {
            changed = args.apply(call, changed, Some(&mut diff))?;
            changed |= times.apply(call, &args.path, Some(&mut diff))?;
        }
    }
    let src = src.map_or(Value::Null, Value::from);
    Ok(Outcome::changed(changed).with("dest", path).with("src", src).with("diff", diff))
}
