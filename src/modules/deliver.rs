//! The host's whole part of the `copy` and `template` actions, in one round trip.
//!
//! Ansible's action asks for the file's checksum, then either has `copy` put new content in place or `file`
//! set its attributes. Here the controller sends content and checksum at once and the host decides; the
//! results are those of the same two modules. Not a module that a task can name.

use super::Blob;
use crate::host::digest;
use crate::proto::{Outcome, Request};
use crate::value::{Dict, Value};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The name by which the controller asks for it.
pub const NAME: &str = "deliver";

/// The name by which it asks which files differ.
pub const DIFFERING: &str = "differing";

/// The arguments of `copy` that `file` takes too.
pub const FILE_ARGS: &[&str] = &[
    "attr",
    "attributes",
    "force",
    "group",
    "mode",
    "owner",
    "selevel",
    "serole",
    "setype",
    "seuser",
    "unsafe_writes",
];

/// How large a file may be of which a difference is shown, where the setting `MAX_FILE_SIZE_FOR_DIFF` does not say.
pub const DIFF_LIMIT: i64 = 104_448;

/// Puts content in its place, or sets the attributes of the file that has it already.
///
/// The arguments are `copy`'s; beside them `checksum` is the content's, `_label` is what the header of a
/// difference says, `_diff_limit` how large a file may be of which one is shown, and `_always` leaves it to `copy`
/// to see that there is nothing to do, as `assemble` does.
pub fn run(request: &Request, blob: Option<Blob>, cancelled: &AtomicBool) -> Outcome {
    let mut delivery = Delivery::new(request);
    let label = delivery.args.remove("_label").unwrap_or_default();
    let checksum = delivery.args.get("checksum").map(Value::to_text).unwrap_or_default();
    let follow = delivery.flag("follow", false);
    let force = delivery.flag("force", true);
    match delivery.place() {
        Ok(dest) => delivery.dest = dest,
        Err(failed) => return failed,
    }
    if delivery.always {
        return delivery.copied(blob, &label, cancelled);
    }
    if let Err(error) = fs::symlink_metadata(&delivery.dest)
        && matches!(error.kind(), ErrorKind::NotADirectory | ErrorKind::PermissionDenied)
    {
        let text = format!(
            "Failed to get information on remote file ({}): {}",
            delivery.dest.display(),
            crate::host::errors::words(&error)
        );
        return Outcome::failed(format!("Task failed: {text}"));
    }
    let there = if follow { fs::metadata(&delivery.dest) } else { fs::symlink_metadata(&delivery.dest) }.is_ok();
    if there && !force {
        return Outcome::changed(false).with("_ansible_kept", true);
    }
    let same = has(&delivery.dest, &checksum, follow);
    let mut outcome =
        if same { delivery.attributes(follow, cancelled) } else { delivery.content(blob, &label, cancelled) };
    if outcome.get("diff").is_none() {
        outcome.set("diff", Value::list([]));
    }
    // Check mode says no more than that something would change.
    let told = same || !request.context.check;
    if told && outcome.get("checksum").is_none_or(|sum| !sum.truthy()) {
        outcome.set("checksum", checksum);
    }
    super::order::lead(&mut outcome, &["diff"]);
    // Where nothing was copied, the action adds these.
    for key in ["checksum", "dest"] {
        if same && let Some(value) = outcome.result.remove(key) {
            outcome.set(key, value);
        }
    }
    outcome
}

/// Says which files do not have their content yet: `dest` is the folder, `files` are pairs of a path in it and
/// a checksum, and `differing` has the places of those to send.
pub fn differing(request: &Request) -> Outcome {
    let delivery = Delivery::new(request);
    let folder = match delivery.place() {
        Ok(folder) => folder,
        Err(failed) => return failed,
    };
    let files = request.args.get("files").and_then(Value::as_list).unwrap_or_default();
    let there = files.iter().enumerate().filter(|(_, file)| match file.as_list() {
        Some([path, sum]) => !has(&folder.join(path.to_text()), &sum.to_text(), false),
        _ => false,
    });
    Outcome::default().with("differing", Value::list(there.map(|(place, _)| Value::from(place))))
}

/// Whether a file has this content already; a link counts only where it is followed.
fn has(path: &Path, checksum: &str, follow: bool) -> bool {
    let is_file = fs::metadata(path).is_ok_and(|meta| meta.is_file());
    let is_link = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
    is_file && (follow || !is_link) && digest::sha1_file(path).is_ok_and(|sum| sum == checksum)
}

struct Delivery<'a> {
    request: &'a Request,
    args: Dict,
    /// The file itself, where `dest` names its folder.
    dest: PathBuf,
    /// How large a file may be of which a difference is shown; without bound where it is not above 0.
    limit: i64,
    /// Whether `copy` runs even where the content is there.
    always: bool,
}

impl<'a> Delivery<'a> {
    fn new(request: &'a Request) -> Self {
        let mut args = request.args.clone();
        let limit = args.remove("_diff_limit").and_then(|limit| limit.as_int()).unwrap_or(DIFF_LIMIT);
        let always = args.remove("_always").is_some();
        Self { request, args, dest: PathBuf::new(), limit, always }
    }

    fn read_for_diff(&self, path: &Path) -> Shown {
        match fs::metadata(path) {
            Ok(meta) if is_too_large(meta.len(), self.limit) => Shown::TooLarge,
            _ => Shown::of(&fs::read(path).unwrap_or_default(), self.limit),
        }
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        self.args.get(name).and_then(crate::argspec::boolean).unwrap_or(default)
    }

    /// The file that is meant: in `dest` under its own name, where that is a folder.
    fn place(&self) -> Result<PathBuf, Outcome> {
        let env = crate::host::Env::new(&self.request.context.environment);
        let variable = |name: &str| env.get(name);
        let home = |user: &str| env.home(user);
        let host = crate::argspec::Host { env: &variable, home: &home };
        let dest = self.args.get("dest").map(Value::to_text).unwrap_or_default();
        let expanded = crate::argspec::expand_path(&dest, host);
        let name = self.args.get("_original_basename").map(Value::to_text).unwrap_or_default();
        let path = if dest.ends_with('/') {
            Path::new(expanded.trim_end_matches('/')).join(&name)
        } else {
            PathBuf::from(&expanded)
        };
        if path.is_dir() && self.args.get("_content").is_some() {
            let failed = Outcome::default().with("failed", true).with("diff", Value::list([]));
            return Err(failed.with("msg", "can not use content with a dir as dest"));
        }
        Ok(if path.is_dir() { path.join(name) } else { path })
    }

    fn ask(&self, module: &str, args: Dict, blob: Option<Blob>, cancelled: &AtomicBool) -> Outcome {
        let shown = format!("ansible.legacy.{module}");
        let request = Request { module: module.into(), shown, args, context: self.request.context.clone() };
        super::run::run(&request, blob, cancelled)
    }

    /// The content is there already: `file` sets what else is asked for.
    fn attributes(&self, follow: bool, cancelled: &AtomicBool) -> Outcome {
        let mut args: Dict = FILE_ARGS
            .iter()
            .filter_map(|name| self.args.get(name).map(|value| (Value::str(*name), value.clone())))
            .collect();
        let linked = follow.then(|| fs::canonicalize(&self.dest).ok()).flatten();
        let dest = linked.as_deref().unwrap_or(&self.dest);
        args.insert("path", dest.to_string_lossy().as_ref());
        args.insert("_original_basename", self.args.get("_original_basename").cloned().unwrap_or_default());
        args.insert("recurse", false);
        args.insert("state", "file");
        let outcome = self.ask("file", args, None, cancelled);
        let mut outcome = outcome;
        // The action hands on its own `dest` too.
        if let Some(Value::Dict(invocation)) = outcome.result.get_mut("invocation")
            && let Some(Value::Dict(shown)) = invocation.get_mut("module_args")
        {
            shown.insert("dest", self.args.get("dest").cloned().unwrap_or_default());
        }
        match outcome.get("path").cloned() {
            Some(path) if outcome.get("dest").is_none() && !outcome.is_failed() => outcome.with("dest", path),
            _ => outcome,
        }
    }

    /// New content: `copy` puts it in place; check mode only says so.
    fn content(&mut self, blob: Option<Blob>, label: &Value, cancelled: &AtomicBool) -> Outcome {
        let context = &self.request.context;
        let diff = context.diff.then(|| self.difference(blob.as_ref(), label));
        let outcome = if context.check {
            Outcome::changed(true)
        } else {
            self.args.remove("_content");
            let outcome = self.ask("copy", self.args.clone(), blob, cancelled);
            if outcome.is_failed() { outcome } else { outcome.with("src", self.source()) }
        };
        match diff {
            Some(diff) => outcome.with("diff", vec![Value::Dict(diff)]),
            None => outcome,
        }
    }

    /// `copy` as it is, in check mode too.
    fn copied(&mut self, blob: Option<Blob>, label: &Value, cancelled: &AtomicBool) -> Outcome {
        let diff = self.request.context.diff.then(|| self.difference(blob.as_ref(), label));
        self.args.remove("_content");
        self.args.remove("checksum");
        let outcome = self.ask("copy", self.args.clone(), blob, cancelled);
        let outcome = if outcome.is_failed() { outcome } else { outcome.with("src", self.source()) };
        match diff {
            Some(diff) => outcome.with("diff", diff),
            None => outcome,
        }
    }

    /// The name of the content's own file: where Ansible would have put it for the time of the task.
    fn source(&self) -> String {
        let env = crate::host::Env::new(&self.request.context.environment);
        let folder = self.request.context.remote_tmp.as_deref().unwrap_or("~/.ansible/tmp");
        let folder = match folder.strip_prefix('~') {
            Some(rest) => env.home("").unwrap_or_default() + rest,
            None => folder.to_owned(),
        };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let suffix = self.dest.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
        let (seconds, id) = (now.as_secs_f64(), std::process::id());
        format!("{folder}/ansible-tmp-{seconds}-{id}-{}/.source{suffix}", now.subsec_nanos())
    }

    /// The texts before and after, or why they are not shown.
    fn difference(&self, blob: Option<&Blob>, label: &Value) -> Dict {
        let there = fs::metadata(&self.dest).is_ok_and(|meta| !meta.is_dir());
        let after = match blob {
            Some(Blob::Inline(bytes)) => Shown::of(bytes, self.limit),
            Some(Blob::Staged(path)) => self.read_for_diff(path),
            None => Shown::Text(String::new()),
        };
        let shown = Difference { before: there.then(|| self.read_for_diff(&self.dest)), after, limit: self.limit };
        shown.told(&self.dest.to_string_lossy(), label, self.request.context.no_log)
    }
}

/// A file as a difference shows it.
#[derive(Debug)]
pub enum Shown {
    /// Its text.
    Text(String),
    /// That it is binary.
    Binary,
    /// That it is larger than the settings allow.
    TooLarge,
}

impl Shown {
    /// What is shown of content; `limit` as for [`is_too_large`].
    pub fn of(bytes: &[u8], limit: i64) -> Self {
        if is_too_large(bytes.len() as u64, limit) {
            Self::TooLarge
        } else if bytes.contains(&0) {
            Self::Binary
        } else {
            Self::Text(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

/// Whether a file of so many bytes is above the limit, which is none where it is not above 0.
pub fn is_too_large(size: u64, limit: i64) -> bool {
    u64::try_from(limit).is_ok_and(|limit| limit > 0 && size > limit)
}

/// A file before and after.
#[derive(Debug)]
pub struct Difference {
    /// None where nothing was there.
    pub before: Option<Shown>,
    /// The new content.
    pub after: Shown,
    /// How large a file may be.
    pub limit: i64,
}

impl Difference {
    /// Under the keys of a result: `label` is the new content's name, the file's own where it is null.
    pub fn told(self, dest: &str, label: &Value, no_log: bool) -> Dict {
        let mut diff = Dict::new();
        match self.before {
            None => drop(diff.insert("before", "")),
            Some(Shown::Binary) => drop(diff.insert("dst_binary", 1)),
            Some(Shown::TooLarge) => drop(diff.insert("dst_larger", self.limit)),
            Some(Shown::Text(text)) => {
                diff.insert("before_header", dest);
                diff.insert("before", text);
            }
        }
        match self.after {
            Shown::Binary => drop(diff.insert("src_binary", 1)),
            Shown::TooLarge => drop(diff.insert("src_larger", self.limit)),
            Shown::Text(text) => {
                let header = if label.is_null() { Value::str(dest) } else { label.clone() };
                diff.insert("after_header", header);
                diff.insert("after", text);
            }
        }
        if no_log {
            if diff.contains("before") {
                diff.insert("before", "");
            }
            let hidden = " [[ Diff output has been hidden because 'no_log: true' was specified for this result ]]\n";
            if diff.contains("after") {
                diff.insert("after", hidden);
            }
        }
        diff
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{has, outcome_of, request};

    fn deliver(dest: &Path, content: &[u8], extra: &str) -> Outcome {
        let sum = digest::sha1_bytes(content);
        let json =
            format!(r#"{{"dest": "{}", "checksum": "{sum}", "_original_basename": "a.txt"{extra}}}"#, dest.display());
        outcome_of(&request(NAME, &json), Some(Blob::Inline(content.to_vec())))
    }

    #[test]
    fn new_content_is_copied_and_old_content_kept() {
        let folder = tempfile::tempdir().unwrap();
        let dest = folder.path().join("x");
        has(&deliver(&dest, b"one", ""), "changed", "True");
        let again = deliver(&dest, b"one", "");
        has(&again, "changed", "False");
        assert!(again.get("dest").is_some() && again.get("checksum").is_some());
        let mode = deliver(&dest, b"one", r#", "mode": "0600""#);
        has(&mode, "changed", "True");
        assert_eq!(fs::read(&dest).unwrap(), b"one");
    }

    #[test]
    fn a_folder_takes_the_file_under_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        has(&deliver(folder.path(), b"one", ""), "changed", "True");
        assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"one");
    }

    #[test]
    fn files_that_differ_are_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("same"), "one").unwrap();
        fs::write(folder.path().join("other"), "two").unwrap();
        let sum = digest::sha1_bytes(b"one");
        let json = format!(
            r#"{{"dest": "{}/", "files": [["same", "{sum}"], ["other", "{sum}"], ["none", "{sum}"]]}}"#,
            folder.path().display()
        );
        assert_eq!(differing(&request(DIFFERING, &json)).get("differing"), Some(&Value::list([1.into(), 2.into()])));
    }

    #[test]
    fn without_force_what_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let dest = folder.path().join("x");
        fs::write(&dest, "old").unwrap();
        has(&deliver(&dest, b"new", r#", "force": false"#), "changed", "False");
        assert_eq!(fs::read(&dest).unwrap(), b"old");
    }
}
