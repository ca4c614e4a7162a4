//! What goes into an archive: the targets, and all below those that are folders.

use crate::modules::Call;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The paths in the order in which they are archived: a folder's subfolders, its files, then what is below.
pub(super) struct Entries<'a, 'b> {
    call: &'a Call<'b>,
    targets: &'a [String],
    /// The archive itself, which is not archived.
    own: &'a [Option<(u64, u64)>],
}

impl<'a, 'b> Entries<'a, 'b> {
    pub(super) fn new(call: &'a Call<'b>, targets: &'a [String], own: &'a [Option<(u64, u64)>]) -> Self {
        Self { call, targets, own }
    }

    /// Calls a function for each path.
    pub(super) fn each(&self, add: &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        for target in self.targets {
            if Path::new(target).is_dir() {
                self.folder(target, add)?;
            } else {
                self.one(target, add)?;
            }
        }
        Ok(())
    }

    fn one(&self, path: &str, add: &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        if self.call.is_cancelled() {
            return Err(io::Error::other("the task was ended"));
        }
        let meta = fs::symlink_metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
        if meta.is_some() && self.own.contains(&meta) { Ok(()) } else { add(path) }
    }

    /// Folders that cannot be read are left out, as Python's `os.walk` does.
    fn folder(&self, folder: &str, add: &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
        let (mut folders, mut files) = (Vec::new(), Vec::new());
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            let is_dir = path.is_dir();
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            let Ok(path) = path.into_os_string().into_string() else {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("a name in {folder} is not UTF-8: {}", entry.file_name().to_string_lossy()),
                ));
            };
            if is_dir { folders.push((path, is_link)) } else { files.push(path) }
        }
        for path in folders.iter().map(|(path, _)| path).chain(&files) {
            self.one(path, add)?;
        }
        for (path, _) in folders.iter().filter(|(_, is_link)| !is_link) {
            self.folder(path, add)?;
        }
        Ok(())
    }
}
