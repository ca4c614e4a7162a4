//! Reads and writes the files of `ansible-vault`, and runs editor and pager.
//!
//! Files are replaced whole by a rename and are 0600 unless they keep the mode and owner they had, as
//! ansible-core's; plain text that is replaced is overwritten first.

use crate::diag::{Error, Result};
use std::fs::{self, Metadata};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

/// A path under the working directory.
pub(super) fn joined(cwd: &str, name: &str) -> String {
    crate::config::normalize(&Path::new(cwd).join(name))
}

/// A path with links followed, where it exists.
pub(super) fn real(path: &str) -> String {
    fs::canonicalize(path).map_or_else(|_| path.to_owned(), |p| p.to_string_lossy().into_owned())
}

/// An error of the system as Python words it.
pub(super) fn words(error: &std::io::Error, path: &str) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    format!("[Errno {}] {text}: '{path}'", error.raw_os_error().unwrap_or(0))
}

/// Reads a file, or standard input for `-`.
pub(super) fn read(path: &str, shown: &str) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    let done = if path == "-" {
        std::io::stdin().read_to_end(&mut data)
    } else {
        fs::File::open(path).and_then(|mut file| file.read_to_end(&mut data))
    };
    match done {
        Ok(_) => Ok(data),
        Err(e) => Err(Error::user(format!("Unable to read source file ({shown}): {}", words(&e, path)))),
    }
}

/// What a file's mode and owner are.
pub(super) fn owner(path: &str) -> Option<Metadata> {
    fs::metadata(path).ok()
}

/// Writes a file, or standard output for `-`.
pub(super) fn write(path: &str, data: &[u8], keep: Option<Metadata>, shred: bool) -> Result<()> {
    let fail = |e: std::io::Error| Error::user(format!("Unable to write to temporary vault file: {}", words(&e, path)));
    if path == "-" {
        let mut out = std::io::stdout().lock();
        return out.write_all(data).and_then(|()| out.flush()).map_err(fail);
    }
    let folder = Path::new(path).parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::Builder::new()
        .prefix(".vault-")
        .tempfile_in(folder)
        .map_err(|_| Error::user(format!("Destination '{}' not writable", folder.display())))?;
    file.write_all(data).map_err(fail)?;
    if let Some(meta) = keep {
        file.as_file().set_permissions(fs::Permissions::from_mode(meta.mode() & 0o7777)).map_err(fail)?;
        // Only root may give files away; for others the owner is the same already.
        let _ = std::os::unix::fs::fchown(file.as_file(), Some(meta.uid()), Some(meta.gid()));
    }
    file.as_file().sync_all().map_err(fail)?;
    if shred {
        overwrite(Path::new(path));
    }
    file.persist(path).map(|_| ()).map_err(|e| fail(e.error))
}

/// Overwrites plain text on the disk; that it cannot always reach the old blocks is the nature of file systems.
fn overwrite(path: &Path) {
    let Ok(mut file) = fs::OpenOptions::new().write(true).open(path) else { return };
    let Ok(meta) = file.metadata() else { return };
    if !meta.is_file() {
        return;
    }
    let mut noise = [0; 4096];
    let mut left = meta.len();
    let _ = file.rewind();
    while left > 0 && getrandom::fill(&mut noise).is_ok() {
        let count = left.min(noise.len() as u64);
        if file.write_all(&noise[..count as usize]).is_err() {
            return;
        }
        left -= count;
    }
    let _ = file.sync_all();
}

/// Lets the user edit data in a temporary file of a name like `like`; gives what was saved.
pub(super) fn edit(editor: &str, folder: &str, like: &str, old: Option<&[u8]>) -> Result<Vec<u8>> {
    let fail = |e: std::io::Error| Error::user(words(&e, folder));
    fs::create_dir_all(folder).map_err(fail)?;
    let suffix = Path::new(like).extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
    let mut file = tempfile::Builder::new().prefix("tmp").suffix(&suffix).tempfile_in(folder).map_err(fail)?;
    file.write_all(old.unwrap_or_default()).map_err(fail)?;
    file.flush().map_err(fail)?;
    let path = file.path().to_string_lossy().into_owned();
    let mut argv = shlex::split(editor).unwrap_or_default();
    argv.push(path.clone());
    let run = argv.split_first().map(|(program, args)| Command::new(program).args(args).status());
    if let Some(Err(e)) = run {
        let program = argv.first().cloned().unwrap_or_default();
        return Err(Error::user(format!(
            "Unable to execute the command \"{}\": {}",
            argv.join(" "),
            words(&e, &program)
        )));
    }
    // Editors may replace the file, so it is read by its name.
    let new = fs::read(&path).map_err(fail);
    overwrite(Path::new(&path));
    new
}

/// Shows text, through a pager where one is given.
pub(super) fn show(text: &[u8], pager: Option<&str>) -> Result<()> {
    if let Some(pager) = pager {
        let child = Command::new("/bin/sh").args(["-c", pager]).env("LESS", "FRSX").stdin(Stdio::piped()).spawn();
        if let Ok(mut child) = child {
            // The user may leave the pager before the end.
            let _ = child.stdin.take().map(|mut stdin| stdin.write_all(text));
            let _ = child.wait();
            return Ok(());
        }
    }
    let mut out = std::io::stdout().lock();
    out.write_all(text).and_then(|()| out.flush()).map_err(|e| Error::user(e.to_string()))
}
