//! Owner, group, mode and attributes of a path: the arguments that all file modules share.
//!
//! Each is compared first and set only where it differs. In check mode the first difference ends the
//! comparison with `changed`, and a path that does not exist yet counts as changed, as in Ansible.

use super::{Call, selinux};
use crate::host::{accounts, errors, flags, mode};
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::Path;

/// What a path is to be like.
#[derive(Clone, Debug, Default)]
pub struct FileArgs {
    /// The path.
    pub path: String,
    /// The mode: a number, octal text or symbolic text; null leaves it.
    pub mode: Value,
    /// The owner's name or number.
    pub owner: Option<String>,
    /// The group's name or number.
    pub group: Option<String>,
    /// Letters for `chattr`, perhaps after `+`, `-` or `=`.
    pub attributes: Option<String>,
}

impl FileArgs {
    /// From a call's arguments; with `follow`, a link's target is meant (`load_file_common_arguments`).
    pub fn of(call: &Call<'_>, path: &str) -> Self {
        let mut path = path.to_owned();
        if call.args.bool("follow") && is_link(&path) {
            path = real_path(&path);
        }
        let text = |name| call.args.opt_str(name).map(str::to_owned);
        Self {
            path,
            mode: call.args.value("mode").clone(),
            owner: text("owner"),
            group: text("group"),
            attributes: text("attributes"),
        }
    }

    /// The same for another path.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }

    /// The mode where it is given as plain octal or a number: what a new file may be created with.
    pub fn plain_mode(&self) -> Option<u32> {
        match &self.mode {
            Value::Int(i) => u32::try_from(*i).ok(),
            Value::Str(text) => mode::octal(text.as_str()),
            _ => None,
        }
    }

    /// Sets what differs; says whether something did, or `changed` where nothing did.
    pub fn apply(&self, call: &Call<'_>, changed: bool, mut diff: Option<&mut Dict>) -> Result<bool, Outcome> {
        let mut changed = selinux::apply(call, &self.path, changed, diff.as_deref_mut())?;
        changed = self.set_owner(call, changed, diff.as_deref_mut())?;
        changed = self.set_group(call, changed, diff.as_deref_mut())?;
        changed = self.set_mode(call, changed, diff.as_deref_mut())?;
        self.set_attributes(call, changed, diff)
    }

    fn absent_in_check(&self, call: &Call<'_>) -> bool {
        call.check() && !Path::new(&self.path).exists()
    }

    fn failed(&self, msg: impl Into<String>) -> Outcome {
        Outcome::failed(msg).with("path", self.path.as_str())
    }

    fn lstat(&self) -> Result<fs::Metadata, Outcome> {
        fs::symlink_metadata(&self.path).map_err(|e| Outcome::crashed(errors::os_error_bytes(&e, &self.path)))
    }

    /// Sets the owner alone.
    pub fn set_owner(&self, call: &Call<'_>, changed: bool, diff: Option<&mut Dict>) -> Result<bool, Outcome> {
        let Some(owner) = &self.owner else { return Ok(changed) };
        if self.absent_in_check(call) {
            return Ok(true);
        }
        let old = self.lstat()?.uid();
        let uid = number(owner).or_else(|| accounts::user_by_name(owner).map(|user| user.uid));
        let uid = uid.ok_or_else(|| self.failed(format!("chown failed: failed to look up user {owner}")))?;
        if uid == old {
            return Ok(changed);
        }
        note(diff, "owner", old, uid);
        if !call.check() {
            let done = lchown(&self.path, Some(uid), None);
            done.map_err(|e| self.failed("chown failed").caused_by(errors::os_error_bytes(&e, &self.path)))?;
        }
        Ok(true)
    }

    /// Sets the group alone.
    pub fn set_group(&self, call: &Call<'_>, changed: bool, diff: Option<&mut Dict>) -> Result<bool, Outcome> {
        let Some(group) = &self.group else { return Ok(changed) };
        if self.absent_in_check(call) {
            return Ok(true);
        }
        let old = self.lstat()?.gid();
        let gid = number(group).or_else(|| accounts::group_by_name(group).map(|group| group.gid));
        let gid = gid.ok_or_else(|| self.failed(format!("chgrp failed: failed to look up group {group}")))?;
        if gid == old {
            return Ok(changed);
        }
        note(diff, "group", old, gid);
        if !call.check() {
            lchown(&self.path, None, Some(gid)).map_err(|_| self.failed("chgrp failed"))?;
        }
        Ok(true)
    }

    /// Sets the mode alone.
    pub fn set_mode(&self, call: &Call<'_>, changed: bool, diff: Option<&mut Dict>) -> Result<bool, Outcome> {
        if self.mode.is_null() {
            return Ok(changed);
        }
        if self.absent_in_check(call) {
            return Ok(true);
        }
        let meta = self.lstat()?;
        let wanted = self.wanted_mode(&meta)?;
        let old = meta.mode() & mode::BITS;
        if wanted == old {
            return Ok(changed);
        }
        note(diff, "mode", mode_text(old), mode_text(wanted));
        if call.check() {
            return Ok(true);
        }
        // Linux has no modes of links; Ansible's detour through the target changes nothing in the end.
        if meta.is_symlink() {
            return Ok(changed);
        }
        fs::set_permissions(&self.path, Permissions::from_mode(wanted))
            .map_err(|e| Outcome::crashed(errors::os_error_bytes(&e, &self.path)))?;
        Ok(changed || self.lstat()?.mode() & mode::BITS != old)
    }

    fn wanted_mode(&self, meta: &fs::Metadata) -> Result<u32, Outcome> {
        match &self.mode {
            Value::Int(_) | Value::Bool(_) => {
                let number = self.plain_mode().or_else(|| self.mode.as_bool().map(u32::from));
                number.ok_or_else(|| self.failed("chmod failed").with("details", "mode out of range"))
            }
            Value::Str(text) => {
                let text = text.as_str();
                if let Some(mode) = mode::octal(text) {
                    return Ok(mode);
                }
                mode::symbolic(text, meta.mode(), meta.is_dir(), mode::umask()).map_err(|why| self.no_mode(why))
            }
            other => Err(self.no_mode(format!("'{}' object has no attribute 'split'", other.type_name()))),
        }
    }

    fn no_mode(&self, details: String) -> Outcome {
        self.failed("mode must be in octal or symbolic form").with("details", details)
    }

    fn set_attributes(&self, call: &Call<'_>, changed: bool, diff: Option<&mut Dict>) -> Result<bool, Outcome> {
        let Some(wanted) = &self.attributes else { return Ok(changed) };
        if self.absent_in_check(call) {
            return Ok(true);
        }
        let path = Path::new(&self.path);
        let old = flags::letters(&call.env, path);
        let (sign, letters) = match wanted.chars().next() {
            Some(sign @ ('+' | '-')) => (sign, &wanted[1..]),
            _ => ('=', wanted.as_str()),
        };
        if letters.is_empty() || (old.as_deref().unwrap_or("") == letters && sign != '-') {
            return Ok(changed);
        }
        call.need_program("chattr")?;
        let change = format!("{sign}{letters}");
        note(diff, "attributes", old, change.as_str());
        if !call.check() {
            flags::set(&call.env, path, &change).map_err(|why| self.failed("chattr failed").with("details", why))?;
        }
        Ok(true)
    }
}

/// Python's `int(text)` for an account's number.
fn number(text: &str) -> Option<u32> {
    text.trim().parse().ok()
}

/// Notes a difference in a diff's `before` and `after`.
pub fn note(diff: Option<&mut Dict>, key: &str, before: impl Into<Value>, after: impl Into<Value>) {
    let Some(diff) = diff else { return };
    for (side, value) in [("before", before.into()), ("after", after.into())] {
        let mut dict = diff.get(side).and_then(Value::as_dict).cloned().unwrap_or_default();
        dict.insert(key, value);
        diff.insert(side, dict);
    }
}

/// A mode as results show it: `0644`.
pub fn mode_text(mode: u32) -> String {
    format!("0{:03o}", mode & mode::BITS)
}

/// Whether a path is a symbolic link.
pub fn is_link(path: impl AsRef<Path>) -> bool {
    path.as_ref().is_symlink()
}

/// Python's `realpath`: links resolved as far as the path exists.
pub fn real_path(path: &str) -> String {
    let path = absolute(path);
    if let Ok(real) = fs::canonicalize(&path) {
        return real.to_string_lossy().into_owned();
    }
    resolve(Path::new(&path), 40).to_string_lossy().into_owned()
}

fn resolve(path: &Path, links: u32) -> std::path::PathBuf {
    let mut out = std::path::PathBuf::from("/");
    for part in path.components() {
        match part {
            std::path::Component::Normal(name) => {
                let next = out.join(name);
                out = match fs::read_link(&next) {
                    Ok(target) if links > 0 => resolve(&out.join(target), links - 1),
                    _ => next,
                };
            }
            std::path::Component::ParentDir => drop(out.pop()),
            _ => {}
        }
    }
    out
}

/// A path that starts at the root; a relative one starts where the agent runs.
pub fn absolute(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.to_string_lossy().into_owned())
}

/// Adds owner, group, mode, size and state of the result's `path` or `dest`, where it exists.
pub fn add_path_info(outcome: &mut Outcome) {
    let path = outcome.get("path").or_else(|| outcome.get("dest")).and_then(Value::as_str).map(str::to_owned);
    let Some(path) = path else { return };
    let (Ok(target), Ok(meta)) = (fs::metadata(&path), fs::symlink_metadata(&path)) else { return };
    outcome.set("uid", meta.uid());
    outcome.set("gid", meta.gid());
    outcome.set("owner", accounts::user_by_id(meta.uid()).map_or_else(|| meta.uid().to_string(), |user| user.name));
    outcome.set("group", accounts::group_by_id(meta.gid()).map_or_else(|| meta.gid().to_string(), |group| group.name));
    outcome.set("mode", mode_text(meta.mode()));
    let state = if meta.is_symlink() {
        "link"
    } else if meta.is_dir() {
        "directory"
    } else if target.nlink() > 1 {
        "hard"
    } else {
        "file"
    };
    outcome.set("state", state);
    if let Some(label) = selinux::label(&path).filter(|_| selinux::enabled()) {
        outcome.set("secontext", label);
    }
    outcome.set("size", meta.size());
}
