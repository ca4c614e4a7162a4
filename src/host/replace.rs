//! Replaces a file whole: written beside it, given mode and owner, then renamed.
//!
//! At no moment is there a half-written file or one with wider permissions than the final ones. Only
//! with `unsafe_writes`, and only where the folder or a mount forbids the rename, it is written in place.

use super::errors::{named, plain};
use super::{Env, mode};
use std::fs::{self, File, FileTimes, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};

/// How a file is replaced.
#[derive(Clone, Copy, Debug)]
pub struct Replace<'a> {
    /// The file.
    pub dest: &'a Path,
    /// Whether owner, mode and extended attributes of an existing file are kept; else they are the source's.
    pub keep: bool,
    /// Whether it may be written in place where nothing else works.
    pub unsafe_writes: bool,
    /// A mode that a new file is never wider than.
    pub mode: Option<u32>,
}

/// Why a file was not replaced, in Ansible's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritten {
    /// What was to be done, without a full stop.
    pub what: String,
    /// What the system said of it.
    pub cause: String,
    /// The temporary file that could not be made, where it was that.
    pub temp: Option<PathBuf>,
}

impl Unwritten {
    /// The cause with the file that it is about, as `str(OSError)` has it.
    pub fn full_cause(&self) -> String {
        self.temp.as_ref().map_or_else(|| self.cause.clone(), |path| named(&self.cause, path))
    }
}

impl std::fmt::Display for Unwritten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.what, self.full_cause())
    }
}

impl std::error::Error for Unwritten {}

impl<'a> Replace<'a> {
    /// Replaces a file and keeps its attributes.
    pub fn new(dest: &'a Path) -> Self {
        Self { dest, keep: true, unsafe_writes: false, mode: None }
    }

    /// Writes bytes.
    pub fn bytes(&self, content: &[u8]) -> Result<(), Unwritten> {
        self.through_temp(|file| file.write_all(content), || fs::write(self.dest, content), None)
    }

    /// Copies a file.
    pub fn copy_of(&self, src: &Path) -> Result<(), Unwritten> {
        let copy = |file: &mut File| io::copy(&mut File::open(src)?, file).map(drop);
        let in_place = || io::copy(&mut File::open(src)?, &mut File::create(self.dest)?).map(drop);
        let source = if self.keep { None } else { fs::metadata(src).ok() };
        self.through_temp(copy, in_place, source.as_ref())
    }

    /// Moves a file that is not needed afterwards: a rename where that is possible, else a copy.
    pub fn move_of(&self, src: &Path) -> Result<(), Unwritten> {
        if self.prepare(src, None).is_ok() {
            match fs::rename(src, self.dest) {
                Ok(()) => return Ok(()),
                Err(error) if !may_be_copied(&error) => {
                    return Err(Unwritten {
                        what: format!("Could not replace '{}' with '{}'", self.dest.display(), src.display()),
                        cause: plain(&error),
                        temp: None,
                    });
                }
                Err(_) => {}
            }
        }
        self.copy_of(src)?;
        // Left behind it is only litter in a temporary folder.
        drop(fs::remove_file(src));
        Ok(())
    }

    fn through_temp(
        &self,
        write: impl FnOnce(&mut File) -> io::Result<()>,
        in_place: impl Fn() -> io::Result<()>,
        source: Option<&Metadata>,
    ) -> Result<(), Unwritten> {
        let in_place = || {
            in_place().map_err(|e| Unwritten {
                what: format!("Could not write data to file '{}'", self.dest.display()),
                cause: plain(&e),
                temp: None,
            })
        };
        let (mut file, temp) = match beside(self.dest) {
            Ok(made) => made,
            Err(_) if self.unsafe_writes => return in_place(),
            Err((e, temp)) => {
                let folder = parent(self.dest);
                let folder = folder.display();
                return Err(Unwritten {
                    what: format!("The destination directory '{folder}' is not writable by the current user"),
                    cause: plain(&e),
                    temp: Some(temp),
                });
            }
        };
        let result = write(&mut file).and_then(|()| self.prepare(&temp, source));
        drop(file);
        let result = result.and_then(|()| fs::rename(&temp, self.dest));
        if result.is_err() {
            drop(fs::remove_file(&temp));
        }
        match result {
            // A file that is a mount point of its own, as containers have for /etc/hosts.
            Err(e) if self.unsafe_writes && e.kind() == io::ErrorKind::ResourceBusy => in_place(),
            other => other.map_err(|e| Unwritten {
                what: format!("Failed to replace '{}'", self.dest.display()),
                cause: plain(&e),
                temp: None,
            }),
        }
    }

    /// Gives a new file the attributes of the one it replaces, or those of a new one.
    fn prepare(&self, path: &Path, source: Option<&Metadata>) -> io::Result<()> {
        match fs::metadata(self.dest) {
            Ok(old) if self.keep => {
                may_be_forbidden(lchown(path, Some(old.uid()), Some(old.gid())))?;
                copy_xattrs(self.dest, path);
                may_be_forbidden(fs::set_permissions(path, Permissions::from_mode(old.mode() & mode::BITS)))
            }
            Ok(_) => match source {
                Some(source) => {
                    may_be_forbidden(fs::set_permissions(path, Permissions::from_mode(source.mode() & mode::BITS)))?;
                    copy_times(source, path)
                }
                None => Ok(()),
            },
            Err(_) => {
                if let Some(source) = source {
                    copy_times(source, path)?;
                }
                let bits = 0o666 & !mode::umask() & self.mode.unwrap_or(0o666);
                fs::set_permissions(path, Permissions::from_mode(bits))
            }
        }
    }
}

/// Whether what cannot be renamed can still be copied: to another filesystem, onto a mount point, with
/// another right.
fn may_be_copied(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, ExecutableFileBusy, PermissionDenied, ResourceBusy};
    matches!(error.kind(), PermissionDenied | CrossesDevices | ExecutableFileBusy | ResourceBusy)
}

/// Not being allowed to keep an owner must not keep a user from writing a file.
fn may_be_forbidden(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

/// The folder of a path; `.` for a bare name.
pub fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) => ".".into(),
        None => "/".into(),
    }
}

/// A new file of a random name beside another, for its user alone.
pub fn temp_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    beside(path).map_err(|(error, _)| error)
}

/// A new file of a random name in a folder, for its user alone.
pub fn temp_in(folder: &Path, prefix: &str, suffix: &str) -> io::Result<(File, PathBuf)> {
    new_in(folder, prefix, suffix).map_err(|(error, _)| error)
}

fn beside(path: &Path) -> Result<(File, PathBuf), (io::Error, PathBuf)> {
    let end = path.file_name().map(OsStrExt::as_bytes).unwrap_or_default();
    new_in(&parent(path), ".ansible_tmp", &String::from_utf8_lossy(end))
}

/// A new file, or the error and the name that it would have had.
fn new_in(folder: &Path, prefix: &str, suffix: &str) -> Result<(File, PathBuf), (io::Error, PathBuf)> {
    // A name has at most 255 bytes.
    let suffix: String = suffix.chars().rev().take(50).collect::<Vec<_>>().into_iter().rev().collect();
    let mut path = folder.to_owned();
    for _ in 0..100 {
        let name = random_name().map_err(|error| (error, folder.to_owned()))?;
        path = folder.join(format!("{prefix}{name}{suffix}"));
        match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err((e, path)),
            Ok(file) => return Ok((file, path)),
        }
    }
    Err((io::ErrorKind::AlreadyExists.into(), path))
}

/// Eight random letters and digits.
pub fn random_name() -> io::Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).map_err(|e| io::Error::other(e.to_string()))?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}

/// Copies a file to a dated name beside it, with owner, mode, times and attributes; gives that name.
pub fn backup(env: &Env, path: &Path) -> io::Result<PathBuf> {
    let name = backup_name(env, path);
    let meta = fs::metadata(path)?;
    let mut target = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&name)?;
    let mut copy = || {
        io::copy(&mut File::open(path)?, &mut target)?;
        may_be_forbidden(lchown(&name, Some(meta.uid()), Some(meta.gid())))?;
        copy_xattrs(path, &name);
        fs::set_permissions(&name, Permissions::from_mode(meta.mode() & mode::BITS))?;
        copy_times(&meta, &name)
    };
    if let Err(error) = copy() {
        // Half a backup is none.
        drop(fs::remove_file(&name));
        return Err(error);
    }
    Ok(name)
}

/// The name that a backup gets: `path.pid.2024-01-02@03:04:05~`.
pub fn backup_name(env: &Env, path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.{}", std::process::id(), super::time::backup_suffix(env)));
    name.into()
}

/// Gives a file another one's times.
pub fn copy_times(from: &Metadata, to: &Path) -> io::Result<()> {
    let times = FileTimes::new().set_accessed(from.accessed()?).set_modified(from.modified()?);
    File::open(to)?.set_times(times)
}

/// Copies what extended attributes can be copied: access lists, labels, the user's own.
pub fn copy_xattrs(from: &Path, to: &Path) {
    let mut names = vec![0u8; 64 * 1024];
    let Ok(length) = rustix::fs::listxattr(from, names.as_mut_slice()) else { return };
    names.truncate(length);
    let mut value = vec![0u8; 64 * 1024];
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if let Ok(length) = rustix::fs::getxattr(from, name, value.as_mut_slice()) {
            // A filesystem or kernel may refuse some, which Python's copystat overlooks too.
            let _ = rustix::fs::setxattr(to, name, &value[..length], rustix::fs::XattrFlags::empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(path: &Path) -> u32 {
        fs::metadata(path).expect("exists").mode() & 0o7777
    }

    #[test]
    fn keeps_the_mode_of_an_existing_file() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("f");
        fs::write(&path, "old").expect("write");
        fs::set_permissions(&path, Permissions::from_mode(0o751)).expect("chmod");
        Replace::new(&path).bytes(b"new").expect("replaced");
        assert_eq!((fs::read(&path).expect("read"), mode_of(&path)), (b"new".to_vec(), 0o751));
        assert_eq!(fs::read_dir(dir.path()).expect("dir").count(), 1);
    }

    #[test]
    fn a_new_file_is_no_wider_than_its_mode() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("f");
        Replace { mode: Some(0o600), ..Replace::new(&path) }.bytes(b"x").expect("written");
        assert_eq!(mode_of(&path), 0o600);
        let copy = dir.path().join("g");
        Replace::new(&copy).move_of(&path).expect("moved");
        assert_eq!(mode_of(&copy), 0o666 & !mode::umask());
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_is_not_replaced_by_a_file() {
        let dir = tempfile::tempdir().expect("dir");
        let (file, folder) = (dir.path().join("f"), dir.path().join("d"));
        fs::write(&file, "x").expect("written");
        fs::create_dir(&folder).expect("made");
        let error = Replace::new(&folder).move_of(&file).expect_err("a folder");
        assert_eq!(error.what, format!("Could not replace '{}' with '{}'", folder.display(), file.display()));
        assert_eq!(error.cause, "[Errno 21] Is a directory");
        assert!(file.exists() && fs::read_dir(dir.path()).expect("dir").count() == 2);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named_with_the_file() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = dir.path().join("none");
        let error = Replace::new(&folder.join("f")).bytes(b"x").expect_err("no folder");
        let folder = folder.display();
        assert_eq!(error.what, format!("The destination directory '{folder}' is not writable by the current user"));
        assert_eq!(error.cause, "[Errno 2] No such file or directory");
        let start = format!("[Errno 2] No such file or directory: b'{folder}/.ansible_tmp");
        let full = error.full_cause();
        assert!(full.starts_with(&start) && full.ends_with("f'"), "{full}");
        assert_eq!(error.to_string(), format!("{}: {full}", error.what));
    }

    #[test]
    fn a_backup_has_the_same_attributes() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("f");
        fs::write(&path, "old").expect("write");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("chmod");
        let name = backup(&Env::default(), &path).expect("copied");
        assert_eq!((fs::read(&name).expect("read"), mode_of(&name)), (b"old".to_vec(), 0o640));
    }
}
