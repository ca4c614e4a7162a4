//! What stands below a folder: kinds, modes, owners, contents, links.

use crate::support::normal::{Normal, name};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The contents that are shown; longer ones are told by their hash.
const SHOWN: usize = 400;

/// What there is, by path from the top.
pub type Entries = BTreeMap<String, Entry>;

/// One file, folder or link.
#[derive(PartialEq)]
pub struct Entry {
    mode: u32,
    owner: (u32, u32),
    kind: Kind,
}

#[derive(PartialEq)]
enum Kind {
    Folder,
    Link(String),
    File(Vec<u8>),
}

/// All below a folder that is not there already, just so.
pub fn of(folder: &Path, given: &Entries) -> Entries {
    let mut entries = Entries::new();
    walk(folder, "", &mut entries);
    for path in given.keys().filter(|path| !entries.contains_key(*path)).cloned().collect::<Vec<_>>() {
        entries.insert(path, Entry { mode: 0, owner: (0, 0), kind: Kind::Link("(removed)".into()) });
    }
    entries.retain(|path, entry| given.get(path) != Some(entry));
    entries
}

fn walk(folder: &Path, prefix: &str, entries: &mut Entries) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let metadata = entry.metadata().unwrap();
        let kind = if metadata.is_symlink() {
            Kind::Link(fs::read_link(&path).unwrap().display().to_string())
        } else if metadata.is_dir() {
            walk(&path, &format!("{name}/"), entries);
            Kind::Folder
        } else {
            Kind::File(if metadata.is_file() { fs::read(&path).unwrap_or_default() } else { vec![] })
        };
        let owner = (metadata.uid(), metadata.gid());
        entries.insert(name, Entry { mode: metadata.mode() & 0o7777, owner, kind });
    }
}

/// A line for each, with the current user's own not named.
pub fn text(entries: &Entries, normal: &Normal) -> String {
    let own = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let mut text = String::new();
    for (path, entry) in entries {
        let owner = match entry.owner {
            (uid, gid) if (uid, gid) == own => String::new(),
            (uid, gid) => format!(" {}:{}", name("/etc/passwd", uid), name("/etc/group", gid)),
        };
        text.push_str(&match &entry.kind {
            Kind::Folder => format!("{:04o}{owner} {path}/\n", entry.mode),
            Kind::Link(target) if target == "(removed)" => format!("removed {path}\n"),
            Kind::Link(target) => format!("link{owner} {path} -> {}\n", normal.text(target)),
            Kind::File(bytes) => format!("{:04o}{owner} {path} {}\n", entry.mode, contents(bytes, normal)),
        });
    }
    text
}

fn contents(bytes: &[u8], normal: &Normal) -> String {
    match std::str::from_utf8(bytes).map(|text| normal.text(text)) {
        Ok(text) if text.len() <= SHOWN => format!("{text:?}"),
        Ok(text) => hash(text.as_bytes()),
        Err(_) => hash(bytes),
    }
}

fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    format!("sha256 {}", digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}
