//! Small files and folders, read as the fact collectors do: stripped text, or nothing.

use std::fs;
use std::path::Path;

/// A file's text without the space around it; None where it is unreadable, not UTF-8 or empty.
pub fn text(path: impl AsRef<Path>) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A file's lines; none where there is no text.
pub fn lines(path: impl AsRef<Path>) -> Vec<String> {
    text(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// The names in a folder, in the folder's own order.
pub fn names(path: impl AsRef<Path>) -> Vec<String> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Whether there is something at a path.
pub fn exists(path: impl AsRef<Path>) -> bool {
    path.as_ref().exists()
}

/// The last part of what a link points to.
pub fn link_name(path: impl AsRef<Path>) -> Option<String> {
    Some(fs::read_link(path).ok()?.file_name()?.to_string_lossy().into_owned())
}
