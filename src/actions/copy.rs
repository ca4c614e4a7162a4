//! `copy`: files and folders of the controller's, or content, onto the host.
//!
//! A file is one round trip where it is small: the host compares and decides. A large one is sent only
//! after the host has said that its checksum differs.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::connection::Upload;
use crate::diag::{Error, Result};
use crate::modules::deliver;
use crate::proto::{Outcome, Request};
use crate::value::{Dict, JsonStyle, Value, write_json};
use sha1::{Digest, Sha1};
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
    let refused = |text: &str| Err(Error::action(text));
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
            put(call, args, &dest, &name_of(&dest), Value::Null, Content::Bytes(bytes)).await.map(finished)
        }
        (Some(_), None) if call.flag("remote_src", false) => call.module("copy", call.args.clone(), None).await,
        (Some(source), None) => from_controller(call, &source, &dest).await,
    }
}

async fn from_controller(call: &ActionCall<'_>, source: &str, dest: &str) -> Result<Outcome> {
    let found = call.find_file("files", source)?;
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
    let inside = source.ends_with('/');
    let tree = Tree::walk(&found, inside, call.flag("local_follow", true))
        .map_err(|error| Error::action(format!("{}: {error}", found.display())))?;
    put_tree(call, &tree, &format!("{}/", dest.trim_end_matches('/')), source, &found).await
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
    args.insert("_original_basename", basename);
    args.insert("_label", label);
    if let (Content::File(path), Some("preserve")) = (&content, args.get("mode").and_then(Value::as_str)) {
        let mode = std::fs::metadata(path).map(|meta| meta.permissions().mode() & 0o7777);
        let mode = mode.map_err(|error| Error::action(format!("{}: {error}", path.display())))?;
        args.insert("mode", format!("0{mode:03o}"));
    }
    let checksum = checksum(&content)?;
    args.set_default("checksum", checksum.as_str());
    let size = match &content {
        Content::Bytes(bytes) => bytes.len() as u64,
        Content::File(path) => std::fs::metadata(path).map_or(0, |meta| meta.len()),
    };
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
    call.remote.run(request, Some(upload)).await
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

fn checksum(content: &Content) -> Result<String> {
    let mut hasher = Sha1::new();
    match content {
        Content::Bytes(bytes) => hasher.update(bytes),
        Content::File(path) => {
            let unreadable =
                |error: std::io::Error| Error::action(format!("could not read {}: {error}", path.display()));
            let mut file = std::fs::File::open(path).map_err(unreadable)?;
            let mut buffer = vec![0; 1 << 16];
            loop {
                match file.read(&mut buffer).map_err(unreadable)? {
                    0 => break,
                    n => hasher.update(&buffer[..n]),
                }
            }
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
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
    let plain = call.scope.world().vault.decrypt(&bytes);
    plain.map(Content::Bytes).map_err(|error| error.context(format!("could not find src={}", path.display())))
}

/// Takes away what only the controller looks at.
fn finished(mut outcome: Outcome) -> Outcome {
    outcome.result.remove("_ansible_kept");
    outcome
}

async fn put_tree(call: &ActionCall<'_>, tree: &Tree, dest: &str, source: &str, found: &Path) -> Result<Outcome> {
    let mut changed = false;
    let mut diffs = Vec::new();
    let mut last = Outcome::default();
    let mut args = remote_args(call);
    args.insert("follow", false);
    for (path, relative) in &tree.files {
        let label = Value::str(path.to_string_lossy().as_ref());
        let file = read(call, path)?;
        // Where the destination ends with a slash, the host makes the folders between.
        let outcome = put(call, args.clone(), dest, relative, label, file).await?;
        if outcome.is_failed() {
            return Ok(finished(outcome));
        }
        changed |= outcome.is_changed();
        diffs.extend(outcome.get("diff").and_then(Value::as_list).unwrap_or_default().iter().cloned());
        last = outcome;
    }
    let folders = tree.folders.iter().map(|relative| {
        let mut asked = attributes(call);
        asked.insert("path", format!("{dest}{relative}"));
        asked.insert("state", "directory");
        asked.insert("mode", call.args.get("directory_mode").cloned().unwrap_or_default());
        asked.insert("recurse", false);
        asked
    });
    let links = tree.links.iter().map(|(target, relative)| {
        let mut asked = attributes(call);
        asked.insert("path", format!("{dest}{relative}"));
        asked.insert("src", target.as_str());
        asked.insert("state", "link");
        asked.insert("force", true);
        asked.insert("follow", false);
        if asked.get("mode").and_then(Value::as_str) == Some("preserve") {
            asked.remove("mode");
        }
        asked
    });
    for asked in folders.chain(links) {
        let outcome = call.module("file", asked, None).await?;
        if outcome.is_failed() {
            return Ok(outcome);
        }
        changed |= outcome.is_changed();
    }
    let outcome = if tree.files.len() == 1 {
        finished(last).with("changed", changed)
    } else {
        let inside = source.ends_with('/');
        let shown = if inside { format!("{}/", found.display()) } else { found.display().to_string() };
        Outcome::changed(changed).with("dest", dest).with("src", shown)
    };
    Ok(if diffs.is_empty() { outcome } else { outcome.with("diff", diffs) })
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

/// What a folder of the controller's holds, by paths relative to where it is copied.
#[derive(Debug, Default)]
struct Tree {
    files: Vec<(PathBuf, String)>,
    folders: Vec<String>,
    links: Vec<(String, String)>,
}

impl Tree {
    /// Walks a folder, its own name before all paths unless only what is inside is copied.
    fn walk(top: &Path, inside: bool, follow: bool) -> std::io::Result<Self> {
        let mut tree = Self::default();
        let prefix = if inside { String::new() } else { file_name(top) };
        if !inside {
            tree.folders.push(prefix.clone());
        }
        tree.folder(top, &prefix, follow, &mut vec![top.canonicalize()?])?;
        Ok(tree)
    }

    /// Folders that are open already are not entered again, so that a circle of links ends.
    fn folder(&mut self, folder: &Path, prefix: &str, follow: bool, open: &mut Vec<PathBuf>) -> std::io::Result<()> {
        let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<std::io::Result<_>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let relative = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            let is_link = entry.file_type()?.is_symlink();
            if is_link && !follow {
                self.links.push((std::fs::read_link(&path)?.to_string_lossy().into_owned(), relative));
            } else if path.is_dir() {
                let real = path.canonicalize()?;
                if open.contains(&real) {
                    continue;
                }
                self.folders.push(relative.clone());
                open.push(real);
                self.folder(&path, &relative, follow, open)?;
                open.pop();
            } else {
                self.files.push((path, relative));
            }
        }
        Ok(())
    }
}
