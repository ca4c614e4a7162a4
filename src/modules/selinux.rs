//! SELinux labels of files: `seuser`, `serole`, `setype`, `selevel`. Nothing to do where SELinux is off.
//!
//! Labels are the kernel's extended attribute; the policy's default for a path (`_default`) would need
//! libselinux and is refused by name.

use super::Call;
use super::attributes::note;
use crate::host::errors;
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use rustix::fs::{XattrFlags, lgetxattr, lsetxattr};
use std::path::Path;

const NAME: &str = "security.selinux";
const ARGS: [&str; 4] = ["seuser", "serole", "setype", "selevel"];

/// Whether the kernel enforces or checks labels.
pub fn enabled() -> bool {
    Path::new("/sys/fs/selinux/enforce").exists()
}

/// The label of a path, a link's own; None where there is none.
pub fn label(path: &str) -> Option<String> {
    let mut buffer = vec![0u8; 4096];
    let length = lgetxattr(path, NAME, buffer.as_mut_slice()).ok()?;
    buffer.truncate(length);
    Some(String::from_utf8_lossy(&buffer).trim_end_matches('\0').to_owned())
}

/// Sets the parts of a label that differ from what is asked for; says whether something did.
pub fn apply(call: &Call<'_>, path: &str, changed: bool, diff: Option<&mut Dict>) -> Result<bool, Outcome> {
    let wanted = ARGS.map(|name| call.args.opt_str(name));
    if wanted.iter().all(Option::is_none) || !enabled() {
        return Ok(changed);
    }
    if call.check() && !Path::new(path).exists() {
        return Ok(true);
    }
    if let Some(at) = wanted.iter().position(|part| *part == Some("_default")) {
        let name = ARGS[at];
        return Err(Outcome::failed(format!("The value _default of '{name}' is not supported by rplay yet.")));
    }
    let old = label(path).ok_or_else(|| Outcome::failed("Failed to retrieve selinux context.").with("path", path))?;
    let new = merged(&old, wanted);
    if new == old {
        return Ok(changed);
    }
    let parts = |label: &str| Value::list(label.splitn(4, ':').map(Value::from));
    note(diff, "secontext", parts(&old), parts(&new));
    if !call.check() {
        lsetxattr(path, NAME, new.as_bytes(), XattrFlags::empty()).map_err(|e| {
            let why = errors::os_error(&e.into(), path);
            let failed = Outcome::failed(format!("invalid selinux context: {why}")).with("path", path);
            failed.with("new_context", parts(&new)).with("cur_context", parts(&old))
        })?;
    }
    Ok(true)
}

/// Gives a new path the policy's own label, where SELinux is on and its tools are there.
pub fn restore(call: &Call<'_>, path: &str) {
    if !enabled() {
        return;
    }
    if let Some(program) = call.env.find_program("restorecon") {
        // Where it fails the path has the label of its folder, as without it.
        drop(call.command([program.as_os_str(), "-F".as_ref(), path.as_ref()]).run());
    }
}

/// A label with some parts replaced; the level only where the label has one.
fn merged(old: &str, wanted: [Option<&str>; 4]) -> String {
    let parts = old.splitn(4, ':').zip(wanted);
    parts.map(|(old, new)| new.unwrap_or(old)).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::merged;

    #[test]
    fn parts_are_replaced() {
        let old = "system_u:object_r:etc_t:s0:c1,c2";
        assert_eq!(merged(old, [None, None, Some("tmp_t"), None]), "system_u:object_r:tmp_t:s0:c1,c2");
        assert_eq!(merged(old, [Some("u"), None, None, Some("s0")]), "u:object_r:etc_t:s0");
        assert_eq!(merged("u:r:t", [None, None, None, Some("s0")]), "u:r:t");
    }
}
