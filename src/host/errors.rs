//! Errors of the operating system in Python's words: `[Errno 2] No such file or directory: b'x'`.

use crate::value::{Value, repr, str_repr};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The words alone, without number and path: `No such file or directory`.
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// `str(OSError)` without a path.
pub fn plain(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(code) => format!("[Errno {code}] {}", words(error)),
        None => error.to_string(),
    }
}

/// `str(OSError)` for a path that Python was given as text.
pub fn os_error(error: &io::Error, path: impl AsRef<Path>) -> String {
    format!("{}: {}", plain(error), str_repr(&path.as_ref().to_string_lossy()))
}

/// `str(OSError)` for a path that Python was given as bytes.
pub fn os_error_bytes(error: &io::Error, path: impl AsRef<Path>) -> String {
    named(&plain(error), path)
}

/// What the system said, with a path that Python was given as bytes.
pub fn named(cause: &str, path: impl AsRef<Path>) -> String {
    let bytes = Value::Bytes(path.as_ref().as_os_str().as_bytes().into());
    format!("{cause}: {}", repr(&bytes))
}

/// The folder that Python would have been making when it could not make this one.
pub fn first_missing(folder: &(impl AsRef<Path> + ?Sized)) -> &Path {
    let folder = folder.as_ref();
    let missing = folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists());
    missing.last().unwrap_or(folder)
}

/// `str(OSError)` for a call with two paths, such as a rename or a link.
pub fn os_error_two(error: &io::Error, from: &Path, to: &Path) -> String {
    let bytes = Value::Bytes(to.as_os_str().as_bytes().into());
    format!("{} -> {}", os_error_bytes(error, from), repr(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_an_error() {
        let error = io::Error::from_raw_os_error(28);
        assert_eq!(plain(&error), "[Errno 28] No space left on device");
        assert_eq!(os_error(&error, "/x"), "[Errno 28] No space left on device: '/x'");
        assert_eq!(os_error_bytes(&error, "/x"), "[Errno 28] No space left on device: b'/x'");
    }

    #[test]
    fn the_first_folder_that_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        assert_eq!(first_missing(&at("a/b/c")), at("a"));
        assert_eq!(first_missing(folder.path()), folder.path());
    }
}
