//! How git's own ssh is told of keys and host keys.

use super::Git;
use crate::host::replace;
use crate::modules::Call;
use crate::proto::Outcome;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// The options for ssh that follow from the arguments.
pub(super) fn options(call: &mut Call<'_>) -> Result<Option<String>, Outcome> {
    let mut options = call.args.opt_str("ssh_opts").map(str::to_owned);
    let mut accept = |word: &str| {
        let option = format!("-o StrictHostKeyChecking={word}");
        options = Some(match options.take() {
            None => option,
            Some(given) if has_policy(&given) => given,
            Some(given) => format!("{given} {option}"),
        });
    };
    if call.args.bool("accept_hostkey") {
        accept("no");
    }
    if call.args.bool("accept_newhostkey") {
        if knows_accept_new(call)? {
            accept("accept-new");
        } else {
            call.warn("Your ssh client does not support accept_newhostkey option, therefore it cannot be used.");
        }
    }
    Ok(options)
}

fn has_policy(options: &str) -> bool {
    ["no", "accept-new"].iter().any(|word| options.contains(&format!("-o StrictHostKeyChecking={word}")))
}

fn knows_accept_new(call: &Call<'_>) -> Result<bool, Outcome> {
    let Some(ssh) = call.env.find_program("ssh") else {
        let lacking = call.need_program("ssh").err().and_then(|failed| failed.get("msg").cloned()).unwrap_or_default();
        let msg = "Remote host is missing ssh command, so you cannot use acceptnewhostkey option.";
        return Err(Outcome::failed(msg).with("details", lacking));
    };
    let argv =
        [ssh.to_string_lossy().into_owned(), "-o".into(), "StrictHostKeyChecking=accept-new".into(), "-V".into()];
    let output = call.command(&argv).run().map_err(|e| crate::modules::command::not_started(&argv, &e))?;
    Ok(output.rc == 0)
}

/// A script that stands in for ssh; removed when this is dropped.
pub(super) struct Wrapper(PathBuf);

impl Drop for Wrapper {
    fn drop(&mut self) {
        // Left behind it is only litter in a temporary folder.
        drop(fs::remove_file(&self.0));
    }
}

/// Sets git's environment; gits before 2.3 take no options and need a script.
pub(super) fn prepare(git: &mut Git<'_, '_>, options: Option<&str>) -> Result<Option<Wrapper>, Outcome> {
    let env = |name: &str| git.call.env.get(name);
    let mut all = env("GIT_SSH_OPTS").unwrap_or_default();
    if let Some(options) = options {
        all = format!("{all} {options}");
    }
    let mut add = |mark: &str, text: String| {
        if !all.contains(mark) {
            all.push_str(&text);
        }
    };
    if git.call.args.bool("accept_hostkey") {
        add("StrictHostKeyChecking=no", " -o StrictHostKeyChecking=no".into());
    }
    add("BatchMode=yes", " -o BatchMode=yes".into());
    if let Some(key) = git.call.args.opt_str("key_file").filter(|path| !path.is_empty()) {
        let option = format!("-i {key}");
        add(&option, format!("  {option}"));
        add("IdentitiesOnly=yes", " -o IdentitiesOnly=yes".into());
    }
    let ssh = env("GIT_SSH").or_else(|| env("GIT_SSH_COMMAND")).unwrap_or_else(|| "ssh".into());
    if git.is_older(&[2, 3, 0]) != Some(true) {
        git.vars.push(("GIT_SSH_COMMAND", format!("{ssh} {all}")));
        return Ok(None);
    }
    let wrapper = wrapper(git, &ssh).map_err(|e| Outcome::crashed(crate::host::errors::plain(&e)))?;
    git.vars.push(("GIT_SSH_OPTS", all));
    git.vars.push(("GIT_SSH", wrapper.0.to_string_lossy().into_owned()));
    Ok(Some(wrapper))
}

fn wrapper(git: &Git<'_, '_>, ssh: &str) -> std::io::Result<Wrapper> {
    let (mut file, path) = replace::temp_in(&git.call.env.temp_dir(), "tmp", "")?;
    let wrapper = Wrapper(path);
    file.write_all(format!("#!/bin/sh\n{ssh} $GIT_SSH_OPTS \"$@\"\n").as_bytes())?;
    fs::set_permissions(&wrapper.0, Permissions::from_mode(0o700))?;
    Ok(wrapper)
}
