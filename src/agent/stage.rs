//! Files put on the host before they are used, in a folder that is the agent's user's alone.

use crate::host::command;
use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The staged files; the folder and all in it go when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Stage {
    folder: Option<PathBuf>,
    coming: HashMap<u64, Coming>,
    count: u64,
}

#[derive(Debug)]
struct Coming {
    path: PathBuf,
    file: File,
}

impl Stage {
    /// Begins a file.
    pub fn begin(&mut self, id: u64, name: &str, executable: bool) -> io::Result<()> {
        self.count += 1;
        let count = self.count.to_string();
        let own = self.folder()?.join(count);
        DirBuilder::new().mode(0o700).create(&own)?;
        // The name alone: what a peer sends must not lead out of the folder.
        let name = Path::new(name).file_name().unwrap_or("file".as_ref());
        let path = own.join(name);
        let mode = if executable { 0o700 } else { 0o600 };
        let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
        self.coming.insert(id, Coming { path, file });
        Ok(())
    }

    /// Adds to a file; its path once an empty chunk has ended it, nothing for a file that is not coming.
    pub fn add(&mut self, id: u64, data: &[u8]) -> io::Result<Option<PathBuf>> {
        let Some(coming) = self.coming.get_mut(&id) else { return Ok(None) };
        if data.is_empty() {
            let Some(Coming { path, file }) = self.coming.remove(&id) else { return Ok(None) };
            drop(file);
            // It may be a program, which is run next.
            command::settle();
            return Ok(Some(path));
        }
        let written = coming.file.write_all(data);
        if written.is_err() {
            self.cancel(id);
        }
        written.map(|()| None)
    }

    /// Forgets a file that is coming.
    pub fn cancel(&mut self, id: u64) {
        if let Some(coming) = self.coming.remove(&id) {
            self.remove(&coming.path);
        }
    }

    /// Removes a staged file, and never another one. A module may have moved it away.
    pub fn remove(&self, path: &Path) {
        if let (Some(folder), Some(own)) = (&self.folder, path.parent())
            && own.parent() == Some(folder)
        {
            let _ = std::fs::remove_dir_all(own);
        }
    }

    fn folder(&mut self) -> io::Result<&Path> {
        if self.folder.is_none() {
            self.folder = Some(make_folder()?);
        }
        self.folder.as_deref().ok_or_else(|| io::Error::other("no folder"))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// A fresh folder in the first place that takes one.
fn make_folder() -> io::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    let name = format!("rplay-{:016x}", u64::from_ne_bytes(random));
    let mut trouble = io::Error::other("no folder for temporary files");
    for place in ["/var/tmp", "/tmp", "/dev/shm", "/"] {
        let folder = Path::new(place).join(&name);
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) => trouble = error,
        }
    }
    Err(trouble)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_and_goes() {
        let mut stage = Stage::default();
        stage.begin(1, "../../etc/x.sh", true).unwrap();
        assert_eq!(stage.add(1, b"ab").unwrap(), None);
        assert_eq!(stage.add(2, b"other").unwrap(), None);
        let path = stage.add(1, b"").unwrap().unwrap();
        assert_eq!(path.file_name().unwrap(), "x.sh");
        assert_eq!(std::fs::read(&path).unwrap(), b"ab");
        stage.remove(Path::new("/etc/passwd"));
        stage.remove(&path);
        assert!(!path.exists());
        let folder = stage.folder.clone().unwrap();
        drop(stage);
        assert!(!folder.exists());
    }
}
