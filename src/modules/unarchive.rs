//! `unarchive`: unpacks an archive that is on the host, with the host's own `tar` and `unzip`.
//!
//! The controller's half has put the archive there, where it was the controller's. What is unpacked already
//! is found out by `tar --diff`, or for zip files by comparing what `zipinfo` tells with the tree; so a run
//! that was cut off is repaired by the next one.

mod tar;
mod zip;

use super::attributes::{FileArgs, absolute};
use super::edit::normal;
use super::{Call, ModuleDef, Support, command, selinux, web};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Output, errors};
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use std::fs;
use std::path::Path;

const FALSE: Default = Default::Bool(false);
const TRUE: Default = Default::Bool(true);

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "unarchive",
    doc: "Unpacks an archive after (optionally) copying it from the local machine.",
    spec: &Spec {
        file_common: true,
        mutually_exclusive: &[&["include", "exclude"]],
        ..Spec::new(&[
            Arg::new("src", Kind::Path).required(),
            Arg::new("dest", Kind::Path).required(),
            Arg::new("remote_src", Kind::Bool).default(FALSE),
            Arg::new("creates", Kind::Path),
            Arg::new("list_files", Kind::Bool).default(FALSE),
            Arg::new("keep_newer", Kind::Bool).default(FALSE),
            Arg::new("exclude", Kind::List).elements(Kind::Str).default(Default::List(&[])),
            Arg::new("include", Kind::List).elements(Kind::Str).default(Default::List(&[])),
            Arg::new("extra_opts", Kind::List).elements(Kind::Str).default(Default::List(&[])),
            Arg::new("validate_certs", Kind::Bool).default(TRUE),
            Arg::new("io_buffer_size", Kind::Int).default(Default::Int(64 * 1024)),
            Arg::new("copy", Kind::Bool).default(TRUE),
            Arg::new("decrypt", Kind::Bool).default(TRUE),
        ])
    },
    check: Support::Partial,
    diff: Support::Partial,
    run,
};

/// An archive and where it goes.
struct Job {
    /// The archive's absolute path.
    src: String,
    /// The folder's absolute path.
    dest: String,
    opts: Vec<String>,
    /// What is left out; one that `keep_newer` keeps joins it.
    exclude: Vec<String>,
    include: Vec<String>,
    keep_newer: bool,
    /// What unpacked files are to be like.
    file: FileArgs,
}

/// What can unpack an archive.
enum Handler {
    Tar(tar::Tar),
    Zip(zip::Zip),
}

/// Whether an archive is unpacked already.
#[derive(Debug, Default)]
struct State {
    unarchived: bool,
    /// The itemized differences of a zip file.
    diff: String,
}

/// Why a handler cannot take an archive.
enum Refusal {
    /// The next handler may.
    Reason(String),
    /// None can: this is the module's result.
    End(Outcome),
}

impl From<Outcome> for Refusal {
    fn from(outcome: Outcome) -> Self {
        Self::End(outcome)
    }
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let src = call.args.str("src").to_owned();
    let dest = call.args.str("dest").to_owned();
    if !dest.starts_with('/') {
        let text =
            format!("Relative destination path '{dest}' was resolved to absolute path '{}'.", normal(&absolute(&dest)));
        call.warn(text);
    }
    let file = FileArgs::of(call, &dest);
    let downloaded = download(call, &src)?;
    let src = source(call, &downloaded.as_ref().map_or(src, web::Temp::shown))?;
    if !Path::new(&dest).is_dir() {
        return Err(Outcome::failed(format!("Destination '{dest}' is not a directory")));
    }
    let list = |name| call.args.opt_list(name).unwrap_or_default();
    let mut job = Job {
        src,
        dest: normal(&absolute(&dest)),
        opts: list("extra_opts"),
        exclude: list("exclude"),
        include: list("include"),
        keep_newer: call.args.bool("keep_newer"),
        file,
    };
    let mut handler = pick(call, &job)?;
    let state = match &mut handler {
        Handler::Tar(tar) => tar.state(call, &job)?,
        Handler::Zip(zip) => {
            let state = zip.state(call, &mut job)?;
            // The arguments are shown as they are at the end.
            call.args.set("exclude", Value::list(job.exclude.iter().map(|path| path.as_str().into())));
            state
        }
    };
    unpack(call, &job, &mut handler, &state, &dest)
}

/// The archive that an address names, in a temporary file that goes with the run.
fn download(call: &Call<'_>, src: &str) -> Result<Option<web::Temp>, Outcome> {
    if call.args.bool("remote_src") && src.contains("://") && !Path::new(src).exists() {
        return web::download(call, src).map(Some);
    }
    Ok(None)
}

/// The archive's absolute path, once it is there, readable and not empty.
fn source(call: &Call<'_>, src: &str) -> Result<String, Outcome> {
    if !Path::new(src).exists() {
        return Err(Outcome::failed(if call.args.bool("remote_src") {
            format!("Source '{src}' does not exist")
        } else {
            format!("Source '{src}' failed to transfer")
        }));
    }
    if rustix::fs::access(src, rustix::fs::Access::READ_OK).is_err() {
        return Err(Outcome::failed(format!("Source '{src}' not readable")));
    }
    let src = normal(&absolute(src));
    match fs::metadata(&src) {
        Ok(meta) if meta.len() == 0 => Err(Outcome::failed(format!("Invalid archive '{src}', the file is 0 bytes"))),
        Ok(_) => Ok(src),
        Err(error) => {
            let error = errors::os_error(&error, &src);
            Err(Outcome::failed(format!("Source '{src}' not readable, {error}")))
        }
    }
}

/// The first handler that can take the archive.
fn pick(call: &Call<'_>, job: &Job) -> Result<Handler, Outcome> {
    let mut reasons: Vec<String> = Vec::new();
    let mut note = |refusal| match refusal {
        Refusal::End(outcome) => Err(outcome),
        Refusal::Reason(reason) => {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
            Ok(())
        }
    };
    for own_flag in [false, true] {
        match zip::Zip::new(call, job, own_flag) {
            Ok(zip) => return Ok(Handler::Zip(zip)),
            Err(refusal) => note(refusal)?,
        }
    }
    for kind in tar::KINDS {
        match tar::Tar::new(call, job, kind) {
            Ok(tar) => return Ok(Handler::Tar(tar)),
            Err(refusal) => note(refusal)?,
        }
    }
    Err(Outcome::failed(format!(
        "Failed to find handler for \"{}\". Make sure the required command to extract the file is installed.\n{}",
        job.src,
        reasons.join("\n")
    )))
}

fn unpack(call: &Call<'_>, job: &Job, handler: &mut Handler, state: &State, dest: &str) -> Result<Outcome, Outcome> {
    let name = match handler {
        Handler::Tar(tar) => tar.name(),
        Handler::Zip(zip) => zip.name(),
    };
    let mut out = Outcome::default().with("handler", name).with("dest", dest).with("src", job.src.as_str());
    let mut changed = !state.unarchived;
    if changed && !call.check() {
        let cmd = match handler {
            Handler::Tar(tar) => tar.extract(job),
            Handler::Zip(zip) => zip.extract(job),
        };
        let (locale, cwd) = match handler {
            Handler::Tar(_) => (true, Some(job.dest.as_str())),
            Handler::Zip(_) => (false, None),
        };
        let output = execute(call, &cmd, locale, cwd)?;
        let results = Dict::from([
            ("cmd", Value::list(cmd.iter().map(|word| word.as_str().into()))),
            ("rc", output.rc.into()),
            ("out", output.out().into()),
            ("err", output.err().into()),
        ]);
        out.set("extract_results", results);
        if output.rc != 0 {
            let msg = format!("failed to unpack {} to {dest}", job.src);
            return Err(out.with("failed", true).with("msg", msg).with("changed", false));
        }
    }
    if !state.diff.is_empty() {
        out.set("diff", Dict::from([("prepared", state.diff.as_str())]));
    }
    let wants_files = call.args.bool("list_files");
    let files = if call.check() && !wants_files {
        &[][..]
    } else {
        match handler {
            Handler::Tar(tar) => tar.files(),
            Handler::Zip(zip) => zip.files(job)?,
        }
    };
    out.set("changed", changed);
    if !call.check() {
        changed = set_attributes(call, job, files, changed, dest).map_err(|failed| merged(&out, failed))?;
        out.set("changed", changed);
    }
    if wants_files {
        out.set("files", Value::list(files.iter().map(|file| file.as_str().into())));
    }
    Ok(out)
}

/// A failure with what is known of the run beside it.
fn merged(known: &Outcome, failed: Outcome) -> Outcome {
    if failed.get("path").is_some() || failed.get(Outcome::CRASHED).is_some() {
        return failed;
    }
    let mut out = known.clone();
    for (key, value) in failed.result.iter().filter(|(key, _)| key.as_str() != Some("changed")) {
        out.result.insert(key.clone(), value.clone());
    }
    out
}

/// Sets owner, group and mode of what was unpacked, and of the folders that hold it at the top.
fn set_attributes(
    call: &Call<'_>,
    job: &Job,
    files: &[String],
    mut changed: bool,
    dest: &str,
) -> Result<bool, Outcome> {
    let file = &job.file;
    let nothing = file.owner.is_none() && file.group.is_none() && file.mode.is_null() && file.attributes.is_none();
    if nothing && !selinux::enabled() {
        return Ok(changed);
    }
    let mut tops: Vec<&str> = Vec::new();
    for name in files {
        let path = Path::new(&job.dest).join(name);
        changed = set_one(call, file, &path.to_string_lossy(), changed)?;
        if let Some((top, _)) = name.split_once('/')
            && !tops.contains(&top)
        {
            tops.push(top);
        }
    }
    for top in tops {
        changed = set_one(call, file, &format!("{dest}/{top}"), changed)?;
    }
    Ok(changed)
}

fn set_one(call: &Call<'_>, file: &FileArgs, path: &str, changed: bool) -> Result<bool, Outcome> {
    if let Err(error) = fs::symlink_metadata(path) {
        let failed = Outcome::failed("Unexpected error when accessing exploded file.");
        return Err(failed.caused_by(errors::os_error_bytes(&error, path)));
    }
    file.at(path).apply(call, changed, None)
}

/// Runs a command of the module's; with `locale` its messages can be read.
fn execute(call: &Call<'_>, cmd: &[String], locale: bool, cwd: Option<&str>) -> Result<Output, Outcome> {
    let argv: Vec<String> = cmd.iter().map(|word| call.env.expand(word)).collect();
    let mut command = call.command(&argv).cwd(cwd.map(Into::into));
    if locale {
        let locale = crate::host::locale::parsable(&call.env);
        for name in ["LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE"] {
            command = command.var(name, locale);
        }
    }
    command.run().map_err(|error| command::not_started(&argv, &error))
}

#[cfg(test)]
mod tests;
