//! `copy`: files and folders of the controller's, or content, onto the host.
//!
//! A file is one round trip where it is small: the host compares and decides. A large one is sent only
//! after the host has said that its checksum differs.

mod tree;

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::connection::Upload;
use crate::diag::{Error, Result};
use crate::host::digest;
use crate::modules::deliver;
use crate::proto::{Outcome, Request};
use crate::value::{Dict, JsonStyle, Value, write_json};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// `ansible.builtin.copy`.
pub static ACTION: ActionDef = ActionDef {
    name: "copy",
    fqcn: "ansible.builtin.copy",
    doc: "Copies files to remote locations.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

/// Files up to this size are sent along without asking first.
const SMALL: u64 = 256 << 10;

/// Arguments that the controller deals with alone.
const OWN: [&str; 3] = ["content", "decrypt", "src"];

/// What is put on the host.
pub(super) enum Content {
    Bytes(Vec<u8>),
    File(PathBuf),
}

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { copy(call).await.map(Into::into) })
}

async fn copy(call: &ActionCall<'_>) -> Result<Outcome> {
    for internal in ["_original_basename", "_diff_peek"] {
        if call.args.get(internal).is_some_and(|value| !value.is_null()) {
            return Err(Error::action(format!("Invalid parameter specified: \"{internal}\"")));
        }
    }
    let source = call.text("src").filter(|src| !src.is_empty());
    let content = call.args.get("content").filter(|content| !content.is_null());
    let dest = call.text("dest").filter(|dest| !dest.is_empty());
    let refused = |text: &str| Ok(Outcome::failed(text));
    let Some(dest) = dest else {
        return refused(if source.is_none() && content.is_none() {
            "src (or content) is required"
        } else {
            "dest is required"
        });
    };
    match (source, content) {
        (None, None) => refused("src (or content) is required"),
        (Some(_), Some(_)) => refused("src and content are mutually exclusive"),
        (None, Some(_)) if dest.ends_with('/') => refused("can not use content with a dir as dest"),
        (None, Some(content)) => {
            let bytes = match content {
                Value::Dict(_) | Value::List(_) => write_json(content, JsonStyle::default()).into_bytes(),
                Value::Bytes(bytes) => bytes.to_vec(),
                other => other.to_text().into_bytes(),
            };
            let mut args = remote_args(call);
            args.insert("_content", true);
            let outcome = put(call, args, &dest, &name_of(&dest), Value::Null, Content::Bytes(bytes)).await?;
            if outcome.get("_ansible_kept").is_none() {
                return Ok(outcome);
            }
            // The file that would have held the content: Ansible's is gone by now as well.
            let source = call.temporary_name("");
            Ok(Outcome::changed(false).with("dest", dest).with("src", source))
        }
        (Some(_), None) if call.flag("remote_src", false) => call.module("copy", call.args.clone(), None).await,
        (Some(source), None) => from_controller(call, &source, &dest).await,
    }
}

async fn from_controller(call: &ActionCall<'_>, source: &str, dest: &str) -> Result<Outcome> {
    let found = call.find_file("files", source).map_err(|error| {
        // The real one's own words for what it did not expect to be raised there.
        Error::action(format!("Unexpected AnsibleActionFail error: {}", error.line()))
    })?;
    if !found.is_dir() {
        let label = Value::str(found.to_string_lossy().as_ref());
        let content = read(call, &found)?;
        let outcome = put(call, remote_args(call), dest, &file_name(&found), label, content).await?;
        return Ok(if outcome.get("_ansible_kept").is_some() {
            Outcome::changed(false).with("dest", dest).with("src", found.to_string_lossy().as_ref())
        } else {
            finished(outcome)
        });
    }
    tree::put(call, &format!("{}/", dest.trim_end_matches('/')), source, &found).await
}

/// The arguments of the task that the host gets.
pub(super) fn remote_args(call: &ActionCall<'_>) -> Dict {
    let kept = call.args.iter().filter(|(name, _)| !name.as_str().is_some_and(|name| OWN.contains(&name)));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Puts one file or content on the host.
pub(super) async fn put(
    call: &ActionCall<'_>,
    mut args: Dict,
    dest: &str,
    basename: &str,
    label: Value,
    content: Content,
) -> Result<Outcome> {
    args.insert("dest", dest);
    let checksum = content.checksum()?;
    describe(&mut args, basename, label, &content, &checksum)?;
    limit_diff(call, &mut args);
    let size = content.size();
    let request = Request {
        module: deliver::NAME.into(),
        shown: "ansible.legacy.copy".into(),
        args: args.clone(),
        context: call.context.clone(),
    };
    // A large file that is there already need not travel; the host says so without it.
    if size > SMALL && is_there(call, &args, &checksum).await? {
        return call.remote.run(request, None).await;
    }
    let upload = match content {
        Content::Bytes(bytes) => Upload::Bytes(bytes),
        Content::File(path) => Upload::File(path),
    };
    if size <= SMALL {
        call.remote.run_only(request, Some(upload)).await
    } else {
        call.remote.run(request, Some(upload)).await
    }
}

/// Says how large a file may be of which a difference is shown, where the settings do.
pub(super) fn limit_diff(call: &ActionCall<'_>, args: &mut Dict) {
    let set = call.scope.world().settings.get("MAX_FILE_SIZE_FOR_DIFF").and_then(|(value, _)| value.as_int());
    if let Some(limit) = set.filter(|limit| *limit != deliver::DIFF_LIMIT) {
        args.insert("_diff_limit", limit);
    }
}

/// Says of a file what its delivery needs beside its destination.
fn describe(args: &mut Dict, basename: &str, label: Value, content: &Content, checksum: &str) -> Result<()> {
    args.insert("_original_basename", basename);
    args.insert("_label", label);
    if args.get("mode").and_then(Value::as_str) == Some("preserve") {
        let mode = match content {
            Content::File(path) => std::fs::metadata(path)
                .map(|meta| meta.permissions().mode() & 0o7777)
                .map_err(|error| Error::action(format!("{}: {error}", path.display())))?,
            // The real one has put it into a temporary file of this mode.
            Content::Bytes(_) => 0o600,
        };
        args.insert("mode", format!("0{mode:03o}"));
    }
    args.set_default("checksum", checksum);
    Ok(())
}

async fn is_there(call: &ActionCall<'_>, args: &Dict, checksum: &str) -> Result<bool> {
    let dest = args.get("dest").map(Value::to_text).unwrap_or_default();
    let name = args.get("_original_basename").map(Value::to_text).unwrap_or_default();
    let within = format!("{}/{name}", dest.trim_end_matches('/'));
    for path in [if dest.ends_with('/') { within.clone() } else { dest }, within] {
        let follow = args.get("follow").cloned().unwrap_or(Value::Bool(false));
        let asked = Dict::from([
            ("path", Value::str(path.as_str())),
            ("follow", follow),
            ("get_mime", false.into()),
            ("get_attributes", false.into()),
        ]);
        let outcome = call.module("stat", asked, None).await?;
        let stat = outcome.get("stat").cloned().unwrap_or_default();
        if stat.get("isdir").is_some_and(Value::truthy) {
            continue;
        }
        return Ok(stat.get("checksum").is_some_and(|sum| sum.as_str() == Some(checksum)));
    }
    Ok(false)
}

impl Content {
    fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(path) => std::fs::metadata(path).map_or(0, |meta| meta.len()),
        }
    }

    fn checksum(&self) -> Result<String> {
        match self {
            Self::Bytes(bytes) => Ok(digest::sha1_bytes(bytes)),
            Self::File(path) => digest::sha1_file(path).map_err(|error| unreadable(path, &error)),
        }
    }

    fn bytes(self) -> Result<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::File(path) => std::fs::read(&path).map_err(|error| unreadable(&path, &error)),
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::action(format!("could not read {}: {error}", path.display()))
}

/// A file's content: decrypted, where it is vaulted and the task does not say otherwise.
fn read(call: &ActionCall<'_>, path: &Path) -> Result<Content> {
    if !call.flag("decrypt", true) {
        return Ok(Content::File(path.to_owned()));
    }
    let mut head = [0; 14];
    let is_vault =
        std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && &head == b"$ANSIBLE_VAULT";
    if !is_vault {
        return Ok(Content::File(path.to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|error| Error::action(format!("{}: {error}", path.display())))?;
    let plain = call.decrypt(path, &bytes);
    plain
        .map(Content::Bytes)
        .map_err(|error| Error::action(format!("could not find src={}, {}", path.display(), error.line())))
}

/// Takes away what only the controller looks at.
fn finished(mut outcome: Outcome) -> Outcome {
    outcome.result.remove("_ansible_kept");
    outcome
}

/// The arguments of the task that `file` takes too.
fn attributes(call: &ActionCall<'_>) -> Dict {
    let names =
        ["attributes", "attr", "group", "mode", "owner", "selevel", "serole", "setype", "seuser", "unsafe_writes"];
    names.iter().filter_map(|name| call.args.get(name).map(|value| (Value::str(*name), value.clone()))).collect()
}

fn name_of(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
