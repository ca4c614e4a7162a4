//! What a login reads, as one number: equal as long as a new login would be the same.
//!
//! Each of Ansible's become tasks is a new login; an agent that goes on would miss a group
//! that was added meanwhile.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::MetadataExt;

const FILES: &[&str] = &[
    "/etc/passwd",
    "/etc/group",
    "/etc/environment",
    "/etc/login.defs",
    "/etc/default/locale",
    "/etc/locale.conf",
    "/etc/nsswitch.conf",
    "/etc/sudoers",
    "/etc/security/limits.conf",
    "/etc/security/pam_env.conf",
];

const FOLDERS: &[&str] = &["/etc/sudoers.d", "/etc/pam.d", "/etc/security/limits.d"];

/// A digest of the files' stats.
pub(super) fn stamp() -> u64 {
    let mut hasher = DefaultHasher::new();
    FILES.iter().for_each(|path| one(path.as_ref(), &mut hasher));
    for folder in FOLDERS {
        one(folder.as_ref(), &mut hasher);
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths.iter().for_each(|path| one(path, &mut hasher));
    }
    hasher.finish()
}

fn one(path: &std::path::Path, hasher: &mut DefaultHasher) {
    let stat = std::fs::metadata(path).ok();
    let seen = stat.map(|s| (s.dev(), s.ino(), s.size(), s.mtime(), s.mtime_nsec(), s.ctime(), s.ctime_nsec()));
    (path, seen).hash(hasher);
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_changed_is_the_same_number() {
        assert_eq!(super::stamp(), super::stamp());
    }
}
