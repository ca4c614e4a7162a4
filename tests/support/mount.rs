//! A file system of a given size, for what a full disk does.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system on a folder; gone when this is dropped.
pub struct Mount(pub PathBuf);

impl Mount {
    /// None, and a word about it, where this user may not have one.
    pub fn new(folder: &Path, size: &str) -> Option<Self> {
        let size = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder).output();
        let mount = mounted.is_ok_and(|output| output.status.success()).then(|| Self(folder.to_owned()));
        if mount.is_none() {
            eprintln!("no file system can be mounted here: this proves nothing");
        }
        mount
    }

    /// Gives it another size.
    pub fn resize(&self, size: &str) {
        let size = format!("remount,size={size}");
        assert!(Command::new("mount").args(["-o", &size]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(&self.0).status());
    }
}
