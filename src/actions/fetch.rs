//! `fetch`: files of hosts into a tree of the controller's.
//!
//! A file arrives beside its place and is renamed: a lost connection leaves the old one.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::{Error, Kind, Result};
use crate::host::{digest, errors};
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};
use tempfile::NamedTempFile;

/// `ansible.builtin.fetch`.
pub static ACTION: ActionDef = ActionDef {
    name: "fetch",
    fqcn: "ansible.builtin.fetch",
    doc: "Fetch files from remote nodes.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { fetch(call).await.map(Into::into) })
}

async fn fetch(call: &ActionCall<'_>) -> Result<Outcome> {
    if call.context.check {
        let skipped = Outcome::default().with("skipped", true);
        return Ok(skipped.with("msg", "check mode not (yet) supported for this module"));
    }
    let (source, dest) = asked(call)?;
    let missing_fails = call.flag("fail_on_missing", true);
    let remote = match look(call, &source).await? {
        Remote::File { path, checksum } => (path, checksum),
        Remote::Folder => {
            let msg = "remote file is a directory, fetch cannot work on directories";
            if missing_fails {
                return Ok(Outcome::failed(msg));
            }
            return Ok(Outcome::default().with("msg", format!("{msg}, not transferring, ignored")));
        }
        Remote::Hidden(failed) if missing_fails => return Ok(failed),
        Remote::Hidden(failed) => {
            let msg = failed.get("msg").map(Value::to_text).unwrap_or_default();
            return Ok(Outcome::changed(false).with("file", source).with("msg", format!("{msg}, ignored")));
        }
        Remote::Slurped(slurped) if slurped.get("content").is_none() => {
            return Ok(missing(slurped, &source, missing_fails));
        }
        Remote::Slurped(slurped) => return special(call, &slurped, &source, &dest),
    };
    let (source, checksum) = remote;
    let local = place(call, &source, &dest)?;
    let shown = local.to_string_lossy().into_owned();
    if digest::sha1_file(&local).is_ok_and(|sum| sum == checksum) {
        let outcome = Outcome::changed(false).with("md5sum", md5(&local)).with("file", source);
        return Ok(outcome.with("dest", shown).with("checksum", checksum));
    }
    bring(call, &source, &local).await?;
    let sum = digest::sha1_file(&local).map_err(|error| Error::action(format!("{shown}: {error}")))?;
    let mismatch = call.flag("validate_checksum", true) && sum != checksum;
    let outcome = if mismatch {
        Outcome::default().with("failed", true).with("msg", "checksum mismatch").with("file", source)
    } else {
        Outcome::changed(true)
    };
    let outcome = outcome.with("md5sum", md5(&local)).with("dest", shown).with("remote_md5sum", Value::Null);
    Ok(outcome.with("checksum", sum).with("remote_checksum", checksum))
}

fn asked(call: &ActionCall<'_>) -> Result<(String, String)> {
    let text = |name: &str| call.args.get(name).filter(|value| !value.is_null());
    let (Some(source), Some(dest)) = (text("src"), text("dest")) else {
        return Err(Error::action("src and dest are required"));
    };
    let wrong = |name: &str| Error::action(format!("Invalid type supplied for {name} option, it must be a string"));
    let dest = dest.as_str().ok_or_else(|| wrong("dest"))?;
    let source = source.as_str().ok_or_else(|| wrong("source"))?;
    Ok((source.to_owned(), dest.to_owned()))
}

enum Remote {
    File {
        path: String,
        checksum: String,
    },
    Folder,
    /// The failure where nobody may look.
    Hidden(Outcome),
    /// What `slurp` says of something without a checksum.
    Slurped(Outcome),
}

/// What is at a path of the host's, links followed.
async fn look(call: &ActionCall<'_>, source: &str) -> Result<Remote> {
    let mut args = Dict::from([("path", Value::from(source)), ("follow", true.into())]);
    args.insert("get_mime", false);
    args.insert("get_attributes", false);
    let outcome = call.module("stat", args, None).await?;
    if outcome.is_failed() && call.remote.target().escalation.is_none() {
        let why = outcome.get("msg").map(Value::to_text).unwrap_or_default();
        let msg = format!("Failed to get information on remote file ({source}): {why}");
        return Ok(Remote::Hidden(Outcome::failed(msg).with("file", source)));
    }
    let stat = outcome.get("stat").cloned().unwrap_or_default();
    if stat.get("isdir").is_some_and(Value::truthy) {
        return Ok(Remote::Folder);
    }
    if let Some(checksum) = stat.get("checksum").and_then(Value::as_str) {
        let expanded = stat.get("path").filter(|_| source.starts_with('~')).map(Value::to_text);
        return Ok(Remote::File { path: expanded.unwrap_or_else(|| source.to_owned()), checksum: checksum.to_owned() });
    }
    call.module("slurp", Dict::from([("src", source)]), None).await.map(Remote::Slurped)
}

fn missing(slurped: Outcome, source: &str, fails: bool) -> Outcome {
    let told = slurped.get("msg").map(Value::to_text).unwrap_or_default();
    let mut outcome = if fails { slurped } else { Outcome::changed(false).with("file", source) };
    if told.contains("not found") {
        outcome.set("msg", "the remote file does not exist, not transferring, ignored");
        outcome.set(Outcome::BY_MODULE, true);
    }
    outcome
}

/// Fetches what has no checksum but can be read, such as a device.
fn special(call: &ActionCall<'_>, slurped: &Outcome, source: &str, dest: &str) -> Result<Outcome> {
    let failed = |text: String| Error::action(format!("Failed to fetch the file.: {text}"));
    let content = slurped.get("content").map(Value::to_text).unwrap_or_default();
    let data = STANDARD.decode(content).map_err(|error| failed(error.to_string()))?;
    let sum = digest::sha1_bytes(&data);
    let local = place(call, source, dest)?;
    let outcome = Outcome::default().with("md5sum", digest::md5_bytes(&data));
    let outcome = outcome.with("dest", local.to_string_lossy().as_ref()).with("checksum", sum.as_str());
    if digest::sha1_file(&local).is_ok_and(|own| own == sum) {
        return Ok(outcome.with("changed", false).with("file", source));
    }
    let temp = beside(&local).map_err(|why| untaken(call, &local, why))?;
    std::fs::write(temp.path(), data).map_err(|error| told(call, &local, errors::plain(&error)))?;
    settle(temp, &local).map_err(|why| untaken(call, &local, why))?;
    let outcome = outcome.with("changed", true).with("remote_md5sum", Value::Null);
    Ok(outcome.with("remote_checksum", sum))
}

/// Where the file goes on the controller.
fn place(call: &ActionCall<'_>, source: &str, dest: &str) -> Result<PathBuf> {
    let flat = call.flag("flat", false);
    let base = expanded(call, dest);
    if !flat {
        let host = call.variable("inventory_hostname").map_or_else(|| call.host.to_owned(), |name| name.to_text());
        return Ok(normal(&PathBuf::from(format!("{}/{host}/{source}", base.display()))));
    }
    let mut path = PathBuf::from(dest);
    if path.is_dir() && !dest.ends_with('/') {
        return Err(Error::action(
            "dest is an existing directory, use a trailing slash if you want to fetch src into that directory",
        ));
    }
    if dest.ends_with('/') {
        path.push(source.rsplit('/').next().unwrap_or_default());
        if path.is_dir() {
            return Err(Error::action(format!(
                "calculated dest '{}' is an existing directory, use another path that does not point to an existing directory",
                path.display()
            )));
        }
    }
    Ok(normal(&expanded(call, &path.to_string_lossy())))
}

/// A path of the controller's: relative ones start where the playbook is.
fn expanded(call: &ActionCall<'_>, path: &str) -> PathBuf {
    let home = &call.scope.world().home;
    let path = match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{home}{rest}"),
        _ => path.to_owned(),
    };
    let base = call.variable("playbook_dir").map_or_else(|| call.scope.world().cwd.clone(), |path| path.to_text());
    Path::new(&base).join(path)
}

/// Without `.`, `..` and doubled slashes.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

async fn bring(call: &ActionCall<'_>, source: &str, local: &Path) -> Result<()> {
    let temp = beside(local).map_err(|why| untaken(call, local, why))?;
    let got = call.remote.get(source, temp.path()).await;
    got.map_err(|error| match error.kind {
        Kind::User if error.message.starts_with("[Errno ") => told(call, local, error.message),
        _ => error,
    })?;
    settle(temp, local).map_err(|why| untaken(call, local, why))
}

/// What the controller's disk does not take.
enum Untaken {
    Folder(std::io::Error),
    File(std::io::Error),
}

/// The failure in ansible-core's words, which differ with the way by which it brings a file.
fn untaken(call: &ActionCall<'_>, local: &Path, why: Untaken) -> Error {
    match why {
        Untaken::Folder(error) => {
            let folder = local.parent().unwrap_or(Path::new("/"));
            let why = errors::os_error_bytes(&error, errors::first_missing(folder));
            Error::user(format!("Unable to create local directories '{}': {why}", folder.display()))
        }
        // Only a file that cannot be made has its name told, not one that cannot be filled.
        Untaken::File(error) => told(call, local, errors::os_error_bytes(&error, local)),
    }
}

fn told(call: &ActionCall<'_>, local: &Path, why: String) -> Error {
    if call.remote.target().escalation.is_some() {
        return Error::action(format!("Failed to fetch the file: {why}"));
    }
    match call.remote.is_local() {
        true => Error::user(format!("Failed to transfer file to '{}': {why}", local.display())),
        false => Error::user(why),
    }
}

/// A new file beside a place, with the folders above it.
fn beside(local: &Path) -> std::result::Result<NamedTempFile<File>, Untaken> {
    let folder = local.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder).map_err(Untaken::Folder)?;
    // Not `tempfile_in`, whose errors have lost the system's number.
    let open = |path: &Path| OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path);
    let temp = tempfile::Builder::new().prefix(".ansible_tmp").make_in(folder, open);
    temp.map_err(Untaken::File)
}

/// Puts it into its place.
fn settle(temp: NamedTempFile, local: &Path) -> std::result::Result<(), Untaken> {
    // As wide as a file that was opened anew would be.
    let mode = std::fs::metadata(local).map_or_else(
        |_| std::os::unix::fs::PermissionsExt::from_mode(0o666 & !crate::host::mode::umask()),
        |old| old.permissions(),
    );
    std::fs::set_permissions(temp.path(), mode).map_err(Untaken::File)?;
    temp.persist(local).map(drop).map_err(|error| Untaken::File(error.error))
}

fn md5(path: &Path) -> Option<String> {
    digest::of_file(path, "md5").ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normal() {
        for (path, want) in [("/a/./b/../c", "/a/c"), ("/a//b/", "/a/b"), ("/../a", "/a")] {
            assert_eq!(normal(Path::new(path)), Path::new(want));
        }
    }

    #[test]
    fn what_is_missing() {
        let slurped = Outcome::failed("File not found: /x");
        let outcome = missing(slurped.clone(), "/x", true);
        assert!(outcome.is_failed());
        assert_eq!(
            outcome.get("msg").and_then(Value::as_str),
            Some("the remote file does not exist, not transferring, ignored")
        );
        assert!(!missing(slurped, "/x", false).is_failed());
    }
}
