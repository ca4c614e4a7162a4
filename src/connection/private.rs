//! Folders of one pool that go with it: one for sockets and secrets, one for the local agent.

use super::error::ConnectionError;
use super::keeper::Keeper;
use super::settings::Settings;
use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::TempDir;

/// The folders, made when they are first used.
#[derive(Debug, Default)]
pub(super) struct Folders {
    private: Mutex<Option<TempDir>>,
    shared: Mutex<Option<TempDir>>,
    /// Removes them where the controller cannot.
    pub keeper: Keeper,
}

impl Folders {
    /// The folder that only we can look into (0700).
    pub fn private(&self, settings: &Settings) -> Result<PathBuf, ConnectionError> {
        let mut folder = self.private.lock().unwrap_or_else(PoisonError::into_inner);
        self.make(&mut folder, settings, 'd', |_| Ok(()))
    }

    /// The local agent as a file that every user may execute.
    pub fn agent(&self, settings: &Settings, bytes: &[u8]) -> Result<PathBuf, ConnectionError> {
        let mut folder = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let put = |folder: &Path| {
            let path = folder.join(AGENT);
            write(&path, 0o755, bytes)?;
            // A folder may be mounted so that nothing in it can be run.
            rustix::fs::access(&path, rustix::fs::Access::EXEC_OK).map_err(io::Error::from)
        };
        Ok(self.make(&mut folder, settings, 'e', put)?.join(AGENT))
    }

    /// Makes a folder in the first place that takes it and what is put into it.
    fn make(
        &self,
        folder: &mut Option<TempDir>,
        settings: &Settings,
        sign: char,
        put: impl Fn(&Path) -> io::Result<()>,
    ) -> Result<PathBuf, ConnectionError> {
        if let Some(folder) = folder {
            return Ok(folder.path().to_owned());
        }
        let mode = if sign == 'd' { 0o700 } else { 0o755 };
        let mut first = None;
        for place in [&*settings.temp_dir, "/var/tmp".as_ref(), "/dev/shm".as_ref()] {
            match make_in(place, mode).and_then(|made| put(made.path()).map(|()| made)) {
                Ok(made) => {
                    let path = made.path().to_owned();
                    self.keeper.folder(settings, sign, &path);
                    *folder = Some(made);
                    return Ok(path);
                }
                Err(error) => drop(first.get_or_insert_with(|| trouble(place, &error))),
            }
        }
        Err(first.unwrap_or_else(|| ConnectionError::failed("there is no folder for temporary files")))
    }
}

/// The name of the local agent's file.
const AGENT: &str = "rplay-agent";

fn make_in(place: &Path, mode: u32) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    let made = builder.prefix("rplay-").permissions(Permissions::from_mode(mode)).tempdir_in(place)?;
    // The umask may have taken bits away.
    std::fs::set_permissions(made.path(), Permissions::from_mode(mode))?;
    Ok(made)
}

/// Writes a new file with a mode, whatever the umask is.
pub(super) fn write(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.set_permissions(Permissions::from_mode(mode))
}

fn trouble(path: &Path, error: &io::Error) -> ConnectionError {
    ConnectionError::failed(format!("{}: {error}", path.display()))
}
