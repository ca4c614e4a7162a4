//! What is mounted: the kernel's table, in which bind mounts are seen too.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Sources by mount point; of a bind mount, the folder that is shown again.
#[derive(Debug, Default)]
pub(super) struct Mounts(HashMap<String, String>);

/// A line of the table.
struct Entry<'a> {
    id: u64,
    parent: u64,
    root: &'a str,
    place: &'a str,
    source: &'a str,
}

impl Mounts {
    /// The table of this process; None where the kernel shows none.
    pub(super) fn read() -> Option<Self> {
        fs::read("/proc/self/mountinfo").ok().map(|bytes| Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    fn parse(text: &str) -> Self {
        let entries: Vec<Entry<'_>> = text.lines().filter_map(entry).collect();
        let source = |entry: &Entry<'_>| {
            let parent = entries.iter().find(|other| other.id == entry.parent).filter(|_| entry.parent != 1);
            let Some(parent) = parent else { return entry.source.to_owned() };
            // Seen from the parent's own root, which may be a folder of its filesystem.
            let inside =
                entry.root.strip_prefix(parent.root).filter(|rest| parent.root.len() > 1 && rest.starts_with('/'));
            let root = inside.unwrap_or(entry.root);
            if parent.place == "/" { root.to_owned() } else { format!("{}{root}", parent.place) }
        };
        Self(entries.iter().map(|entry| (entry.place.to_owned(), source(entry))).collect())
    }

    /// What is mounted at a place.
    pub(super) fn source(&self, place: &str) -> Option<&str> {
        self.0.get(place).map(String::as_str)
    }
}

fn entry(line: &str) -> Option<Entry<'_>> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [id, parent, _, root, place, .., _, source, _] = fields.as_slice() else { return None };
    Some(Entry { id: id.parse().ok()?, parent: parent.parse().ok()?, root, place, source })
}

/// Whether a path is a mount point of another filesystem, or the root.
pub(super) fn is_mount(path: &str) -> bool {
    let Ok(own) = fs::symlink_metadata(path) else { return false };
    let parent = crate::modules::attributes::real_path(&format!("{path}/.."));
    let Ok(parent) = fs::symlink_metadata(Path::new(&parent)) else { return false };
    !own.is_symlink() && (own.dev() != parent.dev() || own.ino() == parent.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bind_mounts_show_their_folder() {
        let table = Mounts::parse(
            "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
             42 20 0:35 / /tmp rw shared:1 - tmpfs tmpfs rw\n\
             78 42 0:35 /aaa /tmp/bbb rw - tmpfs tmpfs rw\n\
             140 136 253:2 /rootfs /r rw - ext4 /dev/sdb2 rw\n\
             141 140 253:2 /rootfs/tmp/aaa /r/bbb rw - ext4 /dev/sdb2 rw\n",
        );
        assert_eq!(table.source("/"), Some("/dev/sda1"));
        assert_eq!(table.source("/tmp"), Some("/"));
        assert_eq!(table.source("/tmp/bbb"), Some("/tmp/aaa"));
        assert_eq!(table.source("/r/bbb"), Some("/r/tmp/aaa"));
        assert_eq!(table.source("/nosuch"), None);
        assert!(is_mount("/") && !is_mount("/nosuch"));
    }
}
