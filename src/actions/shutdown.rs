//! `shutdown`: puts a host down, and does not wait.
//!
//! The command runs by a plain exec, as with `reboot`: the host may be gone before anything has answered.

use super::system::{System, found, part, status};
use super::wait_for_connection::seconds;
use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::{Error, Kind, Result};
use crate::proto::Outcome;
use crate::value::Value;

/// `community.general.shutdown`.
pub static ACTION: ActionDef = ActionDef {
    name: "community.general.shutdown",
    fqcn: "community.general.shutdown",
    doc: "Shut down a machine.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

const ARGS: &[&str] = &["delay", "msg", "search_paths"];

/// Where `systemctl` is looked for, where there is no command of its own.
const OTHER_PATHS: [&str; 2] = ["/bin", "/usr/bin"];

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { shutdown(call).await.map(Acted::from) })
}

async fn shutdown(call: &ActionCall<'_>) -> Result<Outcome> {
    if call.remote.is_local() && !call.context.check {
        let text = format!("Running {} with local connection would shutdown the control node.", call.name);
        let down = Outcome::changed(false).with("elapsed", 0).with("shutdown", false);
        return Ok(down.with("failed", true).with("msg", text));
    }
    call.only(ARGS)?;
    let system = System::of(call).await?;
    let command = command(call, &system).await?;
    call.person.verbose(3, &format!("{}: shutting down server...", call.name));
    if !call.context.check {
        match call.remote.raw(&command, None).await {
            // The host may close the connection before the command has answered.
            Err(error) if error.kind == Kind::Unreachable => {}
            Err(error) => return Err(error),
            Ok(said) if status(&said) != 0 => {
                let (out, err) = (part(&said, "stdout"), part(&said, "stderr"));
                let failed = Outcome::default().with("failed", true).with("shutdown", false);
                return Ok(failed.with("msg", format!("Shutdown command failed. Error was {out}, {err}")));
            }
            Ok(_) => {}
        }
    }
    Ok(Outcome::changed(true).with("shutdown", true).with("shutdown_command", command))
}

/// The command that puts the host down, its program with its path.
async fn command(call: &ActionCall<'_>, system: &System) -> Result<String> {
    let program = system.choose(&[("alpine", "poweroff"), ("vmkernel", "halt")], "shutdown");
    let paths = match call.args.get("search_paths") {
        None => Value::list(["/sbin", "/usr/sbin", "/usr/local/sbin"].map(Value::from)),
        Some(Value::Str(text)) => Value::list([Value::Str(text.clone())]),
        Some(Value::List(items)) if items.iter().all(|item| item.as_str().is_some()) => Value::List(items.clone()),
        Some(other) => {
            let text = format!("'search_paths' must be a string or flat list of strings, got {}", other.to_text());
            return Err(Error::user(text));
        }
    };
    if let Some(path) = found(call, program, &paths).await? {
        let delay = seconds(call, "delay", 0)?;
        let message = call.text("msg").unwrap_or_else(|| "Shut down initiated by Ansible".into());
        return Ok(format!("{path} {}", arguments(system, delay, &message)));
    }
    let paths = paths.to_text();
    call.person.verbose(
        3,
        &format!(
            "Unable to find command \"{program}\" in search paths: {paths}, will attempt a shutdown using systemd directly."
        ),
    );
    let others = Value::list(OTHER_PATHS.map(Value::from));
    match found(call, "systemctl", &others).await? {
        // It takes neither a delay nor a message.
        Some(path) => Ok(format!("{path} poweroff")),
        None => Err(Error::user(format!(
            "Could not find command \"{program}\" in search paths: {paths} or systemctl command in search paths: {}, \
             unable to shutdown.",
            others.to_text()
        ))),
    }
}

fn arguments(system: &System, delay: u64, message: &str) -> String {
    let minutes = delay / 60;
    let plus = format!("-h +{minutes} \"{message}\"");
    let wait = format!("-y -g {delay} -i 5 \"{message}\"");
    let freebsd = format!("-p +{delay}s \"{message}\"");
    let vmkernel = format!("-d {delay}");
    let table = [
        ("aix", "-Fh"),
        ("alpine", ""),
        ("freebsd", &freebsd),
        ("macosx", &plus),
        ("openbsd", &plus),
        ("solaris", &wait),
        ("sunos", &wait),
        ("vmkernel", &vmkernel),
        ("void", &plus),
    ];
    system.choose(&table, &format!("-h {minutes} \"{message}\"")).to_owned()
}
