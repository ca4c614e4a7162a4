//! Whether the agent's root is another one than that of the host's first process.

use super::Env;
use std::fs;
use std::os::unix::fs::MetadataExt;

/// Whether it is, or `debian_chroot` says so.
pub fn is_chroot(env: &Env) -> bool {
    let named = env.get("debian_chroot").is_some_and(|name| !name.is_empty());
    let id = |path| fs::metadata(path).map(|meta| (meta.dev(), meta.ino())).ok();
    let other = match (id("/"), id("/proc/1/root/.")) {
        (Some(own), Some(first)) => own != first,
        // The root of most file systems has this number.
        (Some((_, inode)), None) => inode != root_inode(),
        _ => false,
    };
    named || other
}

fn root_inode() -> u64 {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let kind = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).rfind(|words| words.get(1) == Some(&"/"));
    match kind.as_ref().and_then(|words| words.get(2)).copied() {
        Some("btrfs") => 256,
        Some("xfs") => 128,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debians_variable_counts() {
        assert!(is_chroot(&Env::default().with("debian_chroot", "sid")));
    }
}
