//! `copy`: the host's half. Puts content that came with the request, or a file or folder of the host, in
//! its place.
//!
//! The controller has compared checksums before and sends content only where they differ; this half
//! compares again, and is the whole module with `remote_src`.

#[cfg(test)]
mod tests;
mod tree;

use super::attributes::{FileArgs, is_link, mode_text, real_path};
use super::{Blob, Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Replace, Unwritten, digest, errors, replace, words};
use crate::proto::Outcome;
use crate::value::Value;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "copy",
    doc: "Copy files to remote locations.",
    spec: &Spec {
        file_common: true,
        ..Spec::new(&[
            Arg::new("src", Kind::Path),
            Arg::new("_original_basename", Kind::Str),
            Arg::new("content", Kind::Str).no_log(),
            Arg::new("dest", Kind::Path).required(),
            Arg::new("backup", Kind::Bool).default(Default::Bool(false)),
            Arg::new("force", Kind::Bool).default(Default::Bool(true)),
            Arg::new("validate", Kind::Str),
            Arg::new("directory_mode", Kind::Raw),
            Arg::new("remote_src", Kind::Bool).default(Default::Bool(false)),
            Arg::new("local_follow", Kind::Bool),
            Arg::new("checksum", Kind::Str),
            Arg::new("follow", Kind::Bool).default(Default::Bool(false)),
        ])
    },
    check: Support::Full,
    diff: Support::Full,
    run,
};

/// What is copied.
#[derive(Clone)]
enum Source {
    /// Content that came with the request.
    Bytes(Vec<u8>),
    /// A file, or with `remote_src` a folder.
    Path(PathBuf),
}

/// The sums of a source; none for a folder.
#[derive(Default)]
struct Sums {
    sha1: Option<String>,
    md5: Option<String>,
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let source = Source::of(call)?;
    if call.args.value("mode").as_str() == Some("preserve")
        && let Source::Path(path) = &source
    {
        let mode = fs::metadata(path).map(|meta| mode_text(meta.mode()));
        call.args.set("mode", mode.map_err(|e| Outcome::crashed(errors::os_error_bytes(&e, path)))?);
    }
    let sums = source.sums(call)?;
    let mut dest = call.args.str("dest").to_owned();
    if !dest.contains('/') {
        dest = format!("./{dest}");
    }
    let mut changed = match make_folders(call, &mut dest)? {
        Step::Done(outcome) => return Ok(outcome),
        Step::Changed(changed) => changed,
    };
    let src_text = source.shown(call);
    if Path::new(&dest).is_dir() {
        let given = call.args.opt_str("_original_basename").filter(|name| !name.is_empty());
        let name = given.unwrap_or_else(|| src_text.rsplit('/').next().unwrap_or(""));
        dest = format!("{}/{name}", dest.trim_end_matches('/'));
    }
    let before = match existing(call, &mut dest)? {
        Existing::Kept => {
            let kept = Outcome::changed(false).with("msg", "file already exists");
            return Ok(kept.with("src", src_text).with("dest", dest));
        }
        Existing::Sum(sum) => sum,
    };
    let mut backup = None;
    if sums.sha1 != before || is_link(&dest) {
        if !call.check() {
            backup = put(call, &source, &dest)?;
        }
        changed = true;
    }
    if sums.sha1.is_none()
        && before.is_none()
        && call.args.bool("remote_src")
        && let Source::Path(src) = &source
    {
        changed |= tree::copy(call, src)?;
    }
    let args = FileArgs::of(call, &dest);
    let changed = args.apply(call, changed, None)?;
    let mut outcome = Outcome::changed(changed).with("dest", dest).with("src", src_text);
    outcome.set("md5sum", sums.md5);
    outcome.set("checksum", sums.sha1);
    if let Some(backup) = backup {
        outcome.set("backup_file", backup.to_string_lossy().into_owned());
    }
    Ok(outcome)
}

impl Source {
    fn of(call: &Call<'_>) -> Result<Self, Outcome> {
        let path = match &call.blob {
            Some(Blob::Inline(bytes)) => return Ok(Self::Bytes(bytes.clone())),
            Some(Blob::Staged(path)) => path.clone(),
            None => PathBuf::from(call.args.str("src")),
        };
        let shown = path.display();
        if !path.exists() {
            return Err(Outcome::failed(format!("Source {shown} not found")));
        }
        if rustix::fs::access(&path, rustix::fs::Access::READ_OK).is_err() {
            return Err(Outcome::failed(format!("Source {shown} not readable")));
        }
        Ok(Self::Path(path))
    }

    /// `src` in the result.
    fn shown(&self, call: &Call<'_>) -> String {
        match (call.args.opt_str("src"), self) {
            (Some(src), _) => src.to_owned(),
            (None, Self::Path(path)) => path.to_string_lossy().into_owned(),
            (None, Self::Bytes(_)) => String::new(),
        }
    }

    fn sums(&self, call: &mut Call<'_>) -> Result<Sums, Outcome> {
        let sums = match self {
            Self::Bytes(bytes) => Sums { sha1: Some(digest::sha1_bytes(bytes)), md5: Some(digest::md5_bytes(bytes)) },
            Self::Path(path) if path.is_file() => match digest::sha1_file(path) {
                Ok(sha1) => Sums { sha1: Some(sha1), md5: digest::of_file(path, "md5").ok().flatten() },
                Err(e) => {
                    let why = errors::os_error(&e, path);
                    call.warn(format!("Unable to calculate src checksum, assuming change: {why}"));
                    Sums::default()
                }
            },
            Self::Path(path) if call.args.bool("remote_src") && !path.is_dir() => {
                let path = path.display();
                return Err(Outcome::failed(format!("Cannot copy invalid source '{path}': not a file")));
            }
            Self::Path(_) => Sums::default(),
        };
        let wanted = call.args.opt_str("checksum").filter(|sum| !sum.is_empty());
        if wanted.is_some() && sums.sha1.as_deref() != wanted {
            let failed = Outcome::failed("Copied file does not match the expected checksum. Transfer failed.");
            return Err(failed.with("checksum", sums.sha1).with("expected_checksum", wanted));
        }
        Ok(sums)
    }
}

enum Step {
    Done(Outcome),
    Changed(bool),
}

/// For a `dest` that ends with a slash: puts the name behind it and makes the folders above.
fn make_folders(call: &mut Call<'_>, dest: &mut String) -> Result<Step, Outcome> {
    if !dest.ends_with('/') {
        return Ok(Step::Changed(false));
    }
    if let Some(name) = call.args.opt_str("_original_basename").filter(|name| !name.is_empty()) {
        dest.push_str(name);
    }
    let folder = dest.rsplit_once('/').map_or("", |(folder, _)| folder).trim_end_matches('/').to_owned();
    if folder.is_empty() || Path::new(&folder).exists() {
        return Ok(Step::Changed(false));
    }
    if call.check() {
        let outcome = Outcome::changed(true).with("msg", format!("dest directory {folder} would be created"));
        return Ok(Step::Done(outcome.with("src", call.args.value("src").clone())));
    }
    let new: Vec<&Path> =
        Path::new(&folder).ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    fs::create_dir_all(&folder)
        .map_err(|e| Outcome::crashed(errors::os_error_bytes(&e, errors::first_missing(&folder))))?;
    let mut args = FileArgs::of(call, dest);
    args.mode = call.args.value("directory_mode").clone();
    for path in new.into_iter().rev() {
        args.at(&path.to_string_lossy()).apply(call, true, None)?;
    }
    Ok(Step::Changed(true))
}

enum Existing {
    /// It exists, and `force` is off.
    Kept,
    /// Its sum, where it is a file that can be read.
    Sum(Option<String>),
}

/// Looks at what is there; with `follow` a link's target becomes the destination.
fn existing(call: &Call<'_>, dest: &mut String) -> Result<Existing, Outcome> {
    let folder = parent(dest);
    let mut sum = None;
    if Path::new(dest.as_str()).exists() {
        if is_link(dest.as_str()) && call.args.bool("follow") {
            *dest = real_path(dest);
        }
        if !call.args.bool("force") {
            return Ok(Existing::Kept);
        }
        let path = Path::new(dest.as_str());
        if path.is_file() {
            // One that cannot be read is taken as different.
            sum = digest::sha1_file(path).ok();
        }
    } else if let Err(e) = fs::metadata(&folder) {
        let what =
            if e.kind() == std::io::ErrorKind::PermissionDenied { "is not accessible" } else { "does not exist" };
        return Err(Outcome::failed(format!("Destination directory {folder} {what}")));
    }
    let folder = parent(dest);
    let writable = rustix::fs::access(folder.as_str(), rustix::fs::Access::WRITE_OK).is_ok();
    if !writable && !call.args.bool("unsafe_writes") {
        return Err(Outcome::failed(format!("Destination {folder} not writable")));
    }
    Ok(Existing::Sum(sum))
}

fn parent(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
        None => ".".to_owned(),
    }
}

/// Backs up, validates and puts the source in its place; gives the backup's name.
fn put(call: &Call<'_>, source: &Source, dest: &str) -> Result<Option<PathBuf>, Outcome> {
    let path = Path::new(dest);
    let mut backup = None;
    if call.args.bool("backup") && path.exists() {
        let made = replace::backup(&call.env, path);
        backup = Some(made.map_err(|e| {
            let name = replace::backup_name(&call.env, path);
            let why = errors::os_error(&e, &name);
            Outcome::crashed(format!("Could not make backup of '{dest}' to '{}': {why}", name.display()))
        })?);
    }
    let mut source = source.clone();
    let mut temp = None;
    if let Some(command) = call.args.opt_str("validate").filter(|text| !text.is_empty()) {
        if let Source::Bytes(bytes) = &source {
            let made = temporary(call, bytes, dest)?;
            source = Source::Path(made.clone());
            temp = Some(made);
        }
        if let Source::Path(src) = &source {
            validate(call, command, src).inspect_err(|_| remove(temp.as_deref()))?;
        }
    }
    if is_link(dest) {
        fs::remove_file(path).map_err(|e| Outcome::crashed(errors::os_error_bytes(&e, dest)))?;
    }
    let args = FileArgs::of(call, dest);
    let remote = call.args.bool("remote_src");
    let replace =
        Replace { dest: path, keep: !remote, unsafe_writes: call.args.bool("unsafe_writes"), mode: args.plain_mode() };
    let done = match &source {
        Source::Bytes(bytes) => replace.bytes(bytes),
        Source::Path(src) if remote && src.is_dir() => {
            let why = errors::os_error_two(&rustix::io::Errno::NOTDIR.into(), src, path);
            let what = format!("Could not replace '{dest}' with b'{}'", src.display());
            Err(Unwritten { what, cause: why, temp: None })
        }
        Source::Path(src) if remote => replace.copy_of(src),
        Source::Path(src) => replace.move_of(src),
    };
    remove(temp.as_deref());
    done?;
    Ok(backup)
}

fn remove(temp: Option<&Path>) {
    if let Some(path) = temp {
        // Mostly it was moved away.
        drop(fs::remove_file(path));
    }
}

/// The content in a temporary file, with the destination's suffix, for a validating program.
fn temporary(call: &Call<'_>, bytes: &[u8], dest: &str) -> Result<PathBuf, Outcome> {
    let named = call.context.remote_tmp.as_deref().map(|path| PathBuf::from(call.env.expand(path)));
    let folder = named.filter(|path| path.is_dir()).unwrap_or_else(|| call.env.temp_dir());
    let suffix = Path::new(dest).extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
    let made = replace::temp_in(&folder, ".source-", &suffix);
    let written = made.and_then(|(mut file, path)| file.write_all(bytes).map(|()| path));
    written.map_err(|e| Outcome::crashed(errors::os_error(&e, &folder)))
}

/// Runs the validating command over a file, which first gets mode and owner: some programs look at them.
pub(super) fn validate(call: &Call<'_>, command: &str, path: &Path) -> Result<(), Outcome> {
    let text = path.to_string_lossy();
    let args = FileArgs::of(call, &text).at(&text);
    args.set_mode(call, false, None)?;
    args.set_owner(call, false, None)?;
    args.set_group(call, false, None)?;
    if !command.contains("%s") {
        return Err(Outcome::failed(format!("validate must contain %s: {command}")));
    }
    let words = words::split(&command.replace("%s", &text)).map_err(Outcome::crashed)?;
    let argv: Vec<String> = words.iter().map(|word| call.env.expand(word)).collect();
    let output = call.command(&argv).run().map_err(|e| super::command::not_started(&argv, &e))?;
    if output.rc != 0 {
        let failed = Outcome::failed("failed to validate").with("exit_status", output.rc);
        return Err(failed.with("stdout", output.out()).with("stderr", output.err()));
    }
    Ok(())
}

/// Sets a file's permissions to another one's.
fn copy_mode(from: &fs::Metadata, to: &Path) -> std::io::Result<()> {
    fs::set_permissions(to, fs::Permissions::from_mode(from.mode() & 0o7777))
}

/// Whether an argument says something: null and empty text do not.
fn said(value: &Value) -> bool {
    value.truthy()
}
