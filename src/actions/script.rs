//! `script`: a file of the controller's, run on the host.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::argspec::{Arg, Args, Kind, Spec};
use crate::diag::{Error, Result};
use crate::host::words;
use crate::proto::{Outcome, Request};
use crate::value::{Dict, Value};
use std::io::Write;
use std::path::Path;

/// `ansible.builtin.script`.
pub static ACTION: ActionDef = ActionDef {
    name: "script",
    fqcn: "ansible.builtin.script",
    doc: "Runs a local script on a remote node after transferring it.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

static SPEC: Spec = Spec {
    required_one_of: &[&["_raw_params", "cmd"]],
    mutually_exclusive: &[&["_raw_params", "cmd"]],
    ..Spec::new(&[
        Arg::new("_raw_params", Kind::Str),
        Arg::new("cmd", Kind::Str),
        Arg::new("creates", Kind::Str),
        Arg::new("removes", Kind::Str),
        Arg::new("chdir", Kind::Str),
        Arg::new("executable", Kind::Str),
    ])
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { script(call).await.map(Into::into) })
}

async fn script(call: &ActionCall<'_>) -> Result<Outcome> {
    let args = call.check(&SPEC)?;
    let given = |name| args.opt_str(name).filter(|text| !text.is_empty());
    if let Some(skipped) = needless(call, &args).await? {
        return Ok(skipped);
    }
    if let Some(chdir) = given("chdir").filter(|path| !path.starts_with('/')) {
        return Err(Error::action(format!("chdir {chdir} must be an absolute path for a Unix-aware remote node")));
    }
    let line = given("_raw_params").or(given("cmd")).unwrap_or_default().trim();
    let parts = words::split(line).map_err(Error::action)?;
    let name = parts.first().ok_or_else(|| Error::action("list index out of range"))?;
    let found = call.find_file("files", name).map_err(Error::apart)?;
    let plain = decrypted(call, &found)?;
    if call.context.check {
        if given("creates").is_some() || given("removes").is_some() {
            return Ok(Outcome::changed(true));
        }
        let skipped = Outcome::changed(false).with("skipped", true);
        return Ok(skipped.with("msg", "Check mode is not supported for this task."));
    }
    let file = plain.as_ref().map_or(found.as_path(), tempfile::NamedTempFile::path);
    let staged = call.remote.put(file, true).await?;
    let mut target = line.replace(name.as_str(), &staged);
    if let Some(executable) = given("executable") {
        target = format!("{executable} {target}");
    }
    if let Some(chdir) = given("chdir") {
        target = format!("cd {} && {target}", words::quote(chdir));
    }
    let outcome = execute(call, &target).await;
    call.remote.unstage(&staged).await;
    outcome
}

/// The result where `creates` or `removes` say that nothing is to be done.
async fn needless(call: &ActionCall<'_>, args: &Args) -> Result<Option<Outcome>> {
    for (name, unwanted, words) in [("creates", true, "exists"), ("removes", false, "does not exist")] {
        let Some(path) = args.opt_str(name).filter(|path| !path.is_empty()) else { continue };
        let mut asked = Dict::from([("path", Value::from(path)), ("follow", true.into())]);
        for name in ["get_checksum", "get_mime", "get_attributes"] {
            asked.insert(name, false);
        }
        let outcome = call.module("stat", asked, None).await?;
        let exists = outcome.get("stat").and_then(|stat| stat.get("exists")).is_some_and(Value::truthy);
        if exists == unwanted {
            let msg = format!("{path} {words}, matching {name} option");
            return Ok(Some(Outcome::default().with("skipped", true).with("msg", msg)));
        }
    }
    Ok(None)
}

/// A decrypted copy, where the file is vaulted and the task does not say otherwise.
fn decrypted(call: &ActionCall<'_>, found: &Path) -> Result<Option<tempfile::NamedTempFile>> {
    let failed = |error: std::io::Error| Error::action(format!("{}: {error}", found.display()));
    let bytes = std::fs::read(found).map_err(failed)?;
    if !bytes.starts_with(b"$ANSIBLE_VAULT") || !call.flag("decrypt", true) {
        return Ok(None);
    }
    let plain = call.decrypt(found, &bytes)?;
    let suffix = format!("-{}", found.file_name().unwrap_or_default().to_string_lossy());
    let mut file = tempfile::Builder::new().suffix(&suffix).tempfile().map_err(failed)?;
    file.write_all(&plain).map_err(failed)?;
    Ok(Some(file))
}

async fn execute(call: &ActionCall<'_>, line: &str) -> Result<Outcome> {
    let mut args = Dict::from([("_raw_params", Value::from(line)), ("_uses_shell", true.into())]);
    args.insert("strip_empty_ends", false);
    let mut context = call.context.clone();
    context.check = false;
    // No module runs the script with ansible-core, only the shell does.
    context.nofile = Some(0);
    let request = Request { module: "command".into(), shown: "ansible.legacy.command".into(), args, context };
    let ran = call.remote.run(request, None).await?;
    call.remote.forgive();
    let mut outcome = Outcome::changed(true);
    for key in ["rc", "stdout", "stderr"] {
        outcome.set(key, ran.get(key).cloned().unwrap_or_default());
    }
    for (key, lines) in [("stdout", "stdout_lines"), ("stderr", "stderr_lines")] {
        let text = outcome.get(key).map(Value::to_text).unwrap_or_default();
        outcome.set(lines, Value::list(text.lines().map(Value::from)));
    }
    if outcome.get("rc") != Some(&Value::Int(0)) {
        outcome = outcome.with("failed", true).with("msg", "non-zero return code");
    }
    Ok(outcome)
}
