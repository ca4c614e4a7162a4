//! What `lineinfile`, `blockinfile` and `replace` share: writing back a file that was edited.
//!
//! The new content is validated in a temporary file, then put in place whole; a link's target is what
//! changes, never the link.

use super::Call;
use super::attributes::{FileArgs, mode_text, note, real_path};
use crate::host::{Replace, Unwritten, errors, mode, replace};
use crate::proto::Outcome;
use crate::re::PatternError;
use crate::value::{Dict, Value};
use std::fs;
use std::io::Write;
use std::path::Path;

/// A file that cannot be written ends the module, as an exception that has a cause.
impl From<Unwritten> for Outcome {
    fn from(error: Unwritten) -> Self {
        Self::crashed(&error).caused_by(error.full_cause())
    }
}

/// Backs up a file that is there, where that is asked for; gives the backup's name.
pub(super) fn backup(call: &Call<'_>, path: &str) -> Result<Option<String>, Outcome> {
    if !call.args.bool("backup") || !Path::new(path).exists() {
        return Ok(None);
    }
    let made = replace::backup(&call.env, Path::new(path)).map_err(|e| {
        Outcome::failed(format!("Could not make backup of '{path}'.")).caused_by(errors::os_error(&e, path))
    })?;
    Ok(Some(made.to_string_lossy().into_owned()))
}

/// Backs up where that is asked for, validates and writes; gives the backup's name.
pub(super) fn write(call: &Call<'_>, path: &str, content: &[u8]) -> Result<Option<String>, Outcome> {
    let backup = backup(call, path)?;
    if let Some(command) = call.args.opt_str("validate").filter(|text| !text.is_empty()) {
        validate(call, command, content)?;
    }
    let real = real_path(path);
    let args = FileArgs::of(call, path);
    let replace = Replace {
        unsafe_writes: call.args.bool("unsafe_writes"),
        mode: args.plain_mode(),
        ..Replace::new(Path::new(&real))
    };
    replace.bytes(content)?;
    Ok(backup)
}

fn validate(call: &Call<'_>, command: &str, content: &[u8]) -> Result<(), Outcome> {
    if !command.contains("%s") {
        return Err(Outcome::failed(format!("validate must contain %s: {command}")));
    }
    let folder = call.env.temp_dir();
    let made = replace::temp_in(&folder, "tmp", "");
    let written = made.and_then(|(mut file, path)| file.write_all(content).map(|()| path));
    let temp = written.map_err(|e| Outcome::crashed(errors::os_error(&e, &folder)))?;
    let line = command.replace("%s", &temp.to_string_lossy()).replace("%%", "%");
    let result = run(call, &line);
    // Only litter in a temporary folder, where it cannot be removed.
    drop(fs::remove_file(&temp));
    result
}

fn run(call: &Call<'_>, line: &str) -> Result<(), Outcome> {
    let output = call.run_line(line, &[])?;
    if output.rc == 0 {
        return Ok(());
    }
    Err(Outcome::failed(format!("failed to validate: rc:{} error:{}", output.rc, output.err())))
}

/// Sets owner, mode and the like; says so in the message, and whether anything changed at all.
pub(super) fn attributes(
    call: &Call<'_>,
    path: &str,
    changed: bool,
    message: String,
    mut diff: Option<&mut Dict>,
    new: bool,
) -> Result<(String, bool), Outcome> {
    let args = FileArgs::of(call, path);
    let mut other = args.apply(call, false, diff.as_deref_mut())?;
    // A new file is never wider than its mode; the real one makes it so afterwards, and says that.
    let default = 0o666 & !mode::umask();
    if let Some(wanted) = args.plain_mode().filter(|wanted| new && *wanted != default) {
        note(diff, "mode", mode_text(default), mode_text(wanted));
        other = true;
    }
    if !other {
        return Ok((message, changed));
    }
    let and = if changed { " and " } else { "" };
    Ok((format!("{message}{and}ownership, perms or SE linux context changed"), true))
}

/// A difference with its headers; the texts are empty unless differences are asked for.
pub(super) fn diff(call: &Call<'_>, path: &str, before: &[u8], after: &[u8]) -> Dict {
    let text =
        |bytes: &[u8]| if call.context.diff { String::from_utf8_lossy(bytes).into_owned() } else { String::new() };
    let mut dict = Dict::from([("before", text(before)), ("after", text(after))]);
    headers(&mut dict, &format!("{path} (content)"));
    dict
}

/// Sets both headers of a difference.
pub(super) fn headers(diff: &mut Dict, text: &str) {
    diff.insert("before_header", text);
    diff.insert("after_header", text);
}

/// The result where Python's `re` refuses a pattern.
pub(super) fn bad_pattern(error: PatternError) -> Outcome {
    Outcome::crashed(error)
}

/// The result where the path is a folder.
pub(super) fn refuse_folder(path: &str) -> Result<(), Outcome> {
    if !Path::new(path).is_dir() {
        return Ok(());
    }
    Err(Outcome::failed(format!("Path {path} is a directory !")).with("rc", 256))
}

/// The content of a file.
pub(super) fn read(path: &str) -> Result<Vec<u8>, Outcome> {
    fs::read(path).map_err(|e| Outcome::crashed(errors::os_error_bytes(&e, path)))
}

/// The folder part of a path, as Python's `dirname` gives it.
pub(super) fn dirname(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((folder, _)) if folder.bytes().all(|byte| byte == b'/') => &path[..=folder.len()],
        Some((folder, _)) => folder.trim_end_matches('/'),
        None => "",
    }
}

/// The last part of a path, as Python's `basename` gives it.
pub(super) fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or("")
}

/// Python's `normpath` of an absolute path.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    // Exactly two slashes at the start are kept, as POSIX lets a system do.
    let start = if path.starts_with("//") && !path.starts_with("///") { "//" } else { "/" };
    format!("{start}{}", parts.join("/"))
}

/// Both differences of a result: the content's and the attributes'.
pub(super) fn both(content: Dict, attributes: Dict) -> Value {
    Value::list([content.into(), attributes.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_paths() {
        for (path, folder, name) in
            [("/a/b", "/a", "b"), ("/a", "/", "a"), ("a", "", "a"), ("a//b", "a", "b"), ("//a", "//", "a")]
        {
            assert_eq!((dirname(path), basename(path)), (folder, name));
        }
        for (path, want) in [("/a/./b/../c//", "/a/c"), ("/..", "/"), ("//a", "//a"), ("///a", "/a")] {
            assert_eq!(normal(path), want);
        }
    }
}
