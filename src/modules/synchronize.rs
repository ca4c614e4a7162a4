//! `ansible.posix.synchronize`: runs rsync between the machine it runs on and another.
//!
//! The controller's half has turned `src` and `dest` into what rsync takes, and chosen where this runs,
//! mostly the controller itself.

use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::words::{self, quote};
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// What rsync prints before each thing that it changes.
const MARKER: &str = "<<CHANGED>>";

const FALSE: Default = Default::Bool(false);
const TRUE: Default = Default::Bool(true);

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "synchronize",
    doc: "A wrapper around rsync to make common tasks in your playbooks quick and easy.",
    spec: &Spec::new(&[
        Arg::new("src", Kind::Path).required(),
        Arg::new("dest", Kind::Path).required(),
        Arg::new("dest_port", Kind::Int),
        Arg::new("delete", Kind::Bool).default(FALSE),
        Arg::new("private_key", Kind::Path),
        Arg::new("rsync_path", Kind::Str),
        Arg::new("_local_rsync_path", Kind::Path).default(Default::Str("rsync")),
        Arg::new("_local_rsync_password", Kind::Str).no_log(),
        Arg::new("_substitute_controller", Kind::Bool).default(FALSE),
        Arg::new("archive", Kind::Bool).default(TRUE),
        Arg::new("checksum", Kind::Bool).default(FALSE),
        Arg::new("compress", Kind::Bool).default(TRUE),
        Arg::new("existing_only", Kind::Bool).default(FALSE),
        Arg::new("dirs", Kind::Bool).default(FALSE),
        Arg::new("recursive", Kind::Bool),
        Arg::new("links", Kind::Bool),
        Arg::new("copy_links", Kind::Bool).default(FALSE),
        Arg::new("perms", Kind::Bool),
        Arg::new("times", Kind::Bool),
        Arg::new("owner", Kind::Bool),
        Arg::new("group", Kind::Bool),
        Arg::new("set_remote_user", Kind::Bool).default(TRUE),
        Arg::new("rsync_timeout", Kind::Int).default(Default::Int(0)),
        Arg::new("rsync_opts", Kind::List).elements(Kind::Str).default(Default::List(&[])),
        Arg::new("_ssh_args", Kind::Str),
        Arg::new("use_ssh_args", Kind::Bool).default(FALSE),
        Arg::new("ssh_connection_multiplexing", Kind::Bool).default(FALSE),
        Arg::new("partial", Kind::Bool).default(FALSE),
        Arg::new("verify_host", Kind::Bool).default(FALSE),
        Arg::new("delay_updates", Kind::Bool).default(TRUE),
        Arg::new("mode", Kind::Str).default(Default::Str("push")).choices(&["pull", "push"]),
        Arg::new("link_dest", Kind::List).elements(Kind::Path),
    ]),
    check: Support::Full,
    diff: Support::Full,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let line = line(call)?;
    let words = words::split(&line).map_err(Outcome::crashed)?;
    let argv: Vec<String> = words.iter().map(|word| call.env.expand(word)).collect();
    // On its standard input: the only descriptor that a child surely gets.
    let password = call.args.opt_str("_local_rsync_password").filter(|text| !text.is_empty());
    let stdin = password.map(|text| format!("{text}\n").into_bytes());
    let output = call.command(&argv).stdin(stdin).run().map_err(|e| command::not_started(&argv, &e))?;
    if output.rc != 0 {
        return Err(Outcome::failed(output.err()).with("rc", output.rc).with("cmd", line));
    }
    let out = output.out();
    let changed = match call.args.value("link_dest").truthy() {
        // Here unchanged things are printed too, with a leading period.
        true => !out.contains(&format!("{MARKER}.")),
        false => out.contains(MARKER),
    };
    let text = out.replace(MARKER, "");
    let lines = text.split('\n').filter(|line| !line.is_empty()).map(Value::from);
    let mut outcome = Outcome::changed(changed).with("msg", text.as_str()).with("rc", 0).with("cmd", line);
    outcome.set("stdout_lines", Value::list(lines));
    if call.context.diff {
        outcome.set("diff", Dict::from([("prepared", text.as_str())]));
    }
    Ok(outcome)
}

/// The command as one line, as the result shows it.
fn line(call: &mut Call<'_>) -> Result<String, Outcome> {
    let (src, dest) = ends(call)?;
    let mut cmd = vec![rsync(call)?];
    if !call.args.str("_local_rsync_password").is_empty() {
        if call.env.find_program("sshpass").is_none() {
            return Err(Outcome::failed(
                "to use rsync connection with passwords, you must install the sshpass program",
            ));
        }
        cmd.splice(0..0, ["sshpass".to_owned(), "-d0".to_owned()]);
    }
    plain_options(call, &mut cmd);
    if src.starts_with("rsync://") && dest.starts_with("rsync://") {
        return Err(Outcome::failed("either src or dest must be a localhost").with("rc", 1));
    }
    let options = call.args.opt_list("rsync_opts").unwrap_or_default();
    let daemon = src.starts_with("rsync://") || dest.starts_with("rsync://");
    if !daemon && (src.contains(':') || dest.contains(':')) && !options.iter().any(|option| option.contains("--rsh")) {
        cmd.push(format!("--rsh={}", quote(&shell(call)?)));
    }
    if let Some(path) = call.args.opt_str("rsync_path").filter(|path| !path.is_empty()) {
        cmd.push(format!("--rsync-path={}", quote(path)));
    }
    if options.iter().any(String::is_empty) {
        call.warn(
            "The empty string is present in rsync_opts which will cause rsync to transfer the current working \
             directory. If this is intended, use \".\" instead to get rid of this warning. If this is unintended, \
             check for problems in your playbook leading to empty string in rsync_opts.",
        );
    }
    cmd.extend(options);
    if call.args.bool("partial") {
        cmd.push("--partial".into());
    }
    link_dest(call, &dest, &mut cmd)?;
    cmd.push(format!("--out-format={}", quote(&format!("{MARKER}%i %n%L"))));
    cmd.extend([quote(&src), quote(&dest)]);
    Ok(cmd.join(" "))
}

fn rsync(call: &Call<'_>) -> Result<String, Outcome> {
    let name = call.args.str("_local_rsync_path");
    if name.contains('/') {
        return Ok(name.to_owned());
    }
    Ok(call.need_program(name)?.to_string_lossy().into_owned())
}

/// Source and destination; `localhost:` becomes the controller's address where that is asked for.
fn ends(call: &Call<'_>) -> Result<(String, String), Outcome> {
    let (src, dest) = (call.args.str("src").to_owned(), call.args.str("dest").to_owned());
    if !call.args.bool("_substitute_controller") {
        return Ok((src, dest));
    }
    let known = call.env.get("SSH_CLIENT").or_else(|| call.env.get("SSH_CONNECTION"));
    let address = known.as_deref().and_then(|text| text.split_whitespace().next()).map(str::to_owned);
    let Some(address) = address else {
        return Err(Outcome::failed("Could not determine controller hostname for rsync to send to"));
    };
    let with_address = |path: String| match path.strip_prefix("localhost:") {
        Some(rest) => format!("{address}:{rest}"),
        None => path,
    };
    Ok((with_address(src), with_address(dest)))
}

fn plain_options(call: &Call<'_>, cmd: &mut Vec<String>) {
    let args = &call.args;
    let mut add = |wanted: bool, option: &str| {
        if wanted {
            cmd.push(option.to_owned());
        }
    };
    add(args.bool("delay_updates"), "--delay-updates");
    add(args.bool("delay_updates"), "-F");
    add(args.bool("compress"), "--compress");
    let timeout = args.int("rsync_timeout");
    add(timeout != 0, &format!("--timeout={timeout}"));
    add(call.check(), "--dry-run");
    add(args.bool("delete"), "--delete-after");
    add(args.bool("existing_only"), "--existing");
    add(args.bool("checksum"), "--checksum");
    add(args.bool("copy_links"), "--copy-links");
    add(args.bool("archive"), "--archive");
    for name in ["recursive", "links", "perms", "times", "owner", "group"] {
        match (args.bool("archive"), args.opt_bool(name)) {
            (true, Some(false)) => add(true, &format!("--no-{name}")),
            (false, Some(true)) => add(true, &format!("--{name}")),
            _ => {}
        }
    }
    add(args.bool("dirs"), "--dirs");
}

/// The ssh command for `--rsh`.
fn shell(call: &Call<'_>) -> Result<String, Outcome> {
    let mut ssh = vec![call.need_program("ssh")?.to_string_lossy().into_owned()];
    if !call.args.bool("ssh_connection_multiplexing") {
        ssh.extend(["-S".into(), "none".into()]);
    }
    if let Some(key) = call.args.opt_str("private_key") {
        ssh.extend(["-i".into(), key.to_owned()]);
    }
    if let Some(port) = call.args.opt_int("dest_port") {
        ssh.extend(["-o".into(), format!("Port={port}")]);
    }
    if !call.args.bool("verify_host") {
        ssh.extend(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"].map(str::to_owned));
    }
    let mut line = words::join(&ssh);
    if let Some(more) = call.args.opt_str("_ssh_args").filter(|text| !text.is_empty()) {
        line.push(' ');
        line.push_str(more);
    }
    Ok(line)
}

fn link_dest(call: &Call<'_>, dest: &str, cmd: &mut Vec<String>) -> Result<(), Outcome> {
    let paths = call.args.opt_list("link_dest").unwrap_or_default();
    if paths.is_empty() {
        return Ok(());
    }
    // Verbose, since rsync takes a new hard link for no change.
    cmd.extend(["-H".into(), "-vv".into()]);
    let folder = dest.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = super::attributes::absolute(if folder.is_empty() { "." } else { folder });
    for path in paths {
        let path = super::attributes::absolute(&path);
        let path = Some(path.trim_end_matches('/')).filter(|path| !path.is_empty()).unwrap_or("/");
        if folder.starts_with(path) {
            return Err(Outcome::failed(format!(
                "Hardlinking into a subdirectory of the source would cause recursion. {folder} and {dest}"
            )));
        }
        cmd.push(format!("--link-dest={path}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::modules::testing::{has, outcome, outcome_of, request};
    use std::fs;

    #[test]
    fn synchronizes_folders() {
        if crate::host::Env::default().find_program("rsync").is_none() {
            return;
        }
        let dir = tempfile::tempdir().expect("dir");
        fs::create_dir(dir.path().join("a")).expect("mkdir");
        fs::write(dir.path().join("a/x"), "x").expect("write");
        let args =
            r#"{"src": "ROOT/a/", "dest": "ROOT/b", "delete": true, "owner": false, "rsync_opts": ["--exclude=no"]}"#;
        let args = args.replace("ROOT", dir.path().to_str().expect("text"));
        let mut first = request("synchronize", &args);
        first.context.diff = true;
        let out = outcome_of(&first, None);
        has(&out, "changed", "True");
        let cmd = out.get("cmd").map(crate::value::Value::to_text).unwrap_or_default();
        let want = "--delay-updates -F --compress --delete-after --archive --no-owner --exclude=no \
                    --out-format='<<CHANGED>>%i %n%L' ";
        assert!(cmd.contains(want), "{cmd}");
        assert!(dir.path().join("b/x").exists());
        has(&outcome("synchronize", &args), "changed", "False");
    }

    #[test]
    fn daemons_on_both_ends_are_refused() {
        let out =
            outcome("synchronize", r#"{"src": "rsync://a/b", "dest": "rsync://c/d", "_local_rsync_path": "/x/rsync"}"#);
        has(&out, "msg", "'either src or dest must be a localhost'");
        has(&out, "rc", "1");
    }
}
