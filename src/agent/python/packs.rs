//! What is packed, kept under its hash in a folder that is the agent's user's alone.

use crate::modules::Blob;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

/// How long something is kept that nobody uses.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 3600);

/// The folder of packs.
#[derive(Debug, Default)]
pub(super) struct Packs(OnceLock<Option<PathBuf>>);

impl Packs {
    /// The file of a hash, where it is kept.
    pub fn find(&self, hash: &str) -> Option<PathBuf> {
        let path = self.path(hash)?;
        let file = File::open(&path).ok()?;
        // Its age says when it was used last; once a day is enough.
        let age = file.metadata().ok()?.modified().ok().and_then(|at| at.elapsed().ok()).unwrap_or_default();
        if age > UNUSED / 30 {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(path)
    }

    /// Stores what came for a hash; racing runs each win.
    pub fn store(&self, hash: &str, blob: &Blob) -> io::Result<PathBuf> {
        let path = self.path(hash).ok_or_else(|| io::Error::other("no folder takes what is packed"))?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let coming = folder.join(format!(".pack-{:016x}", u64::from_ne_bytes(random)));
        let written = (|| {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&coming)?;
            match blob {
                Blob::Inline(bytes) => file.write_all(bytes)?,
                Blob::Staged(staged) => drop(io::copy(&mut File::open(staged)?, &mut file)?),
            }
            std::fs::rename(&coming, &path)
        })();
        if written.is_err() {
            let _ = std::fs::remove_file(&coming);
        }
        written?;
        forget_unused(folder);
        Ok(path)
    }

    fn path(&self, hash: &str) -> Option<PathBuf> {
        // The hash names a file: what a peer sends must not lead out of the folder.
        if hash.is_empty() || !hash.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        let folder = self.0.get_or_init(folder).as_ref()?;
        Some(folder.join(format!("pack-{hash}.zip")))
    }
}

/// The first folder that takes files: where the agent itself is kept, or else one like it.
fn folder() -> Option<PathBuf> {
    let uid = rustix::process::getuid().as_raw();
    let name = format!(".rplay-{uid}");
    let own = std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_path_buf));
    let own = own.filter(|folder| folder.ends_with(&name));
    let others = ["/var/tmp", "/dev/shm", "/tmp"].iter().map(|base| Path::new(base).join(&name));
    own.into_iter().chain(others).find(|folder| {
        // Not ours, a link, or open to others: another place.
        let _ = DirBuilder::new().mode(0o755).create(folder);
        let Ok(meta) = folder.symlink_metadata() else { return false };
        meta.is_dir()
            && meta.uid() == uid
            && meta.permissions().mode() & 0o022 == 0
            && rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
    })
}

fn forget_unused(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with("pack-") || name.starts_with(".pack-"));
        let age = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
        if ours && age.is_some_and(|age| age > UNUSED) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
