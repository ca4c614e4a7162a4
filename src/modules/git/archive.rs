//! An archive of the version, replaced only where it differs.

use super::Git;
use crate::host::{Replace, errors, replace};
use crate::modules::edit;
use crate::proto::Outcome;
use std::fs::{self, DirBuilder, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// A folder that goes when this is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind it is only litter in a temporary folder.
        drop(fs::remove_dir_all(&self.0));
    }
}

impl Git<'_, '_> {
    /// Makes the archive; says whether it is new or another one than before.
    pub(super) fn make_archive(&self, archive: &str) -> Result<bool, Outcome> {
        let format = match edit::basename(archive).trim_start_matches('.').rsplit_once('.') {
            Some((_, "zip")) => "zip",
            Some((_, "gz")) => "tar.gz",
            Some((_, "tar")) => "tar",
            Some((_, "tgz")) => "tgz",
            _ => {
                let msg = format!("Unable to get file extension from archive file name : {archive}");
                return Err(Outcome::failed(msg).with(
                    "details",
                    "Please specify archive as filename with extension. File extension can be one of ['tar', \
                     'tar.gz', 'zip', 'tgz']",
                ));
            }
        };
        if !Path::new(archive).exists() {
            self.pack(archive, format)?;
            return Ok(true);
        }
        let folder = self.folder_for_new().map_err(|e| Outcome::crashed(errors::plain(&e)))?;
        let name = edit::basename(&self.repo).replace(".git", "");
        let new = folder.0.join(format!("{name}.{format}"));
        self.pack(&new.to_string_lossy(), format)?;
        let same =
            same_content(&new, Path::new(archive)).map_err(|e| Outcome::crashed(errors::os_error(&e, archive)))?;
        if same {
            return Ok(false);
        }
        let replace = Replace { keep: false, ..Replace::new(Path::new(archive)) };
        replace.move_of(&new).map_err(|why| {
            let failed = Outcome::failed(format!("Failed to move {} to {archive}", new.display()));
            failed.with("details", format!("Error occurred while moving : {why}"))
        })?;
        Ok(true)
    }

    fn folder_for_new(&self) -> io::Result<Folder> {
        let path = self.call.env.temp_dir().join(format!("tmp{}", replace::random_name()?));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Folder(path))
    }

    fn pack(&self, to: &str, format: &str) -> Result<(), Outcome> {
        let mut args = vec!["archive", "--format", format, "--output", to];
        if let Some(prefix) = self.call.args.opt_str("archive_prefix") {
            args.extend(["--prefix", prefix]);
        }
        args.push(&self.version);
        let output = self.git(&args, self.dest.as_deref())?;
        if output.rc == 0 {
            return Ok(());
        }
        let dest = self.dest.as_deref().unwrap_or("None");
        let err = output.err();
        Err(Outcome::failed("Failed to perform archive operation").with(
            "details",
            format!("Git archive command failed to create archive {to} using {dest} directory.Error: {err}"),
        ))
    }
}

/// Whether two files hold the same.
fn same_content(one: &Path, two: &Path) -> io::Result<bool> {
    if fs::metadata(one)?.len() != fs::metadata(two)?.len() {
        return Ok(false);
    }
    let (mut one, mut two) = (BufReader::new(File::open(one)?), BufReader::new(File::open(two)?));
    let (mut left, mut right) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        let read = one.read(&mut left)?;
        if read == 0 {
            return Ok(true);
        }
        let Some(part) = right.get_mut(..read) else { return Ok(false) };
        match two.read_exact(part) {
            Ok(()) if left.get(..read) == Some(&*part) => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}
