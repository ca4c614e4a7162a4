//! Lookups that run commands on the controller: `pipe`, `lines`.

use super::support::{Found, base_folder, term};
use crate::template::{CallArgs, Cx, Obj, Raise};
use std::process::{Command, Stdio};

/// A command's output; the command stands in the message of its failure.
fn output(cx: &mut Cx<'_>, command: &str, name: &str) -> Result<String, Raise> {
    let run = Command::new("/bin/sh")
        .arg("-c")
        .arg(command)
        .current_dir(base_folder(cx))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| {
            Raise::python(crate::template::raise::Class::Os, format!("[Errno {}] {e}", e.raw_os_error().unwrap_or(0)))
        })?;
    if !run.status.success() {
        use std::os::unix::process::ExitStatusExt;
        let code = run.status.code().unwrap_or_else(|| -run.status.signal().unwrap_or(0));
        return Err(Raise::ansible(format!("lookup_plugin.{name}({command}) returned {code}")));
    }
    Ok(String::from_utf8_lossy(&run.stdout).into_owned())
}

pub(super) fn pipe(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let mut out = Vec::new();
    for command in &args.positional {
        let command = term(cx, command)?;
        out.push(output(cx, &command, "pipe")?.trim_end().into());
    }
    Ok(out)
}

pub(super) fn lines(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let mut out = Vec::new();
    for command in &args.positional {
        let command = term(cx, command)?;
        let text = output(cx, &command, "lines")?;
        out.extend(crate::template::pylib::text::lines(&text).into_iter().map(Obj::from));
    }
    Ok(out)
}
