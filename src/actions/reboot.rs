//! `reboot`: restarts a host and waits until it is back.
//!
//! What says that it is another boot is the kernel's boot id. Commands run by a plain exec, since a host that
//! is going down, or just coming up, may not take an agent. Every look is a new login: a connection to a host
//! that went away without a word would hang.

use super::system::{System, found, part, status};
use super::wait_for_connection::seconds;
use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::{Error, Kind, Result};
use crate::proto::Outcome;
use crate::value::Value;
use std::time::{Duration, Instant};

/// `ansible.builtin.reboot`.
pub static ACTION: ActionDef = ActionDef {
    name: "reboot",
    fqcn: "ansible.builtin.reboot",
    doc: "Reboot a machine.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

const ARGS: &[&str] = &[
    "boot_time_command",
    "connect_timeout",
    "msg",
    "post_reboot_delay",
    "pre_reboot_delay",
    "reboot_command",
    "reboot_timeout",
    "search_paths",
    "test_command",
];

/// The longest pause between two looks, in milliseconds.
const MOST: u64 = 12_000;

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { reboot(call).await.map(Acted::from) })
}

async fn reboot(call: &ActionCall<'_>) -> Result<Outcome> {
    let state = |rebooted: bool| Outcome::changed(rebooted).with("elapsed", 0).with("rebooted", rebooted);
    if call.remote.is_local() {
        let text = format!("Running {} with local connection would reboot the control node.", call.name);
        return Ok(state(false).with("failed", true).with("msg", text));
    }
    if call.context.check {
        return Ok(state(true));
    }
    call.only(ARGS)?;
    let system = System::of(call).await?;
    let before = match boot_time(call, &system).await {
        Ok(before) => before,
        Err(error) => {
            let failed = Outcome::default().with("failed", true).with("reboot", false);
            return Ok(failed.with("msg", error.line()));
        }
    };
    let command = reboot_command(call, &system).await?;
    call.person.verbose(3, &format!("{}: rebooting server...", call.name));
    let told = call.remote.raw(&command, None).await;
    let begun = Instant::now();
    match told {
        // The connection may be closed before the command has answered.
        Err(error) if error.kind == Kind::Unreachable => {}
        Err(error) => return Err(error),
        Ok(said) if status(&said) != 0 => {
            let text =
                format!("Reboot command failed. Error was: '{}, {}'", part(&said, "stdout"), part(&said, "stderr"));
            let failed = Outcome::default().with("failed", true).with("rebooted", false).with("msg", text);
            return Ok(failed.with("elapsed", elapsed(begun)));
        }
        Ok(_) => {}
    }
    let delay = seconds(call, "post_reboot_delay", 0)?;
    if delay > 0 {
        call.person.verbose(3, &format!("{}: waiting an additional {delay} seconds", call.name));
        tokio::time::sleep(Duration::from_secs(delay)).await;
    }
    call.person.verbose(3, &format!("{}: validating reboot", call.name));
    let outcome = match back(call, &system, &before).await? {
        None => Outcome::changed(true).with("rebooted", true),
        Some(text) => Outcome::default().with("failed", true).with("rebooted", true).with("msg", text),
    };
    Ok(outcome.with("elapsed", elapsed(begun)))
}

fn elapsed(since: Instant) -> i64 {
    i64::try_from(since.elapsed().as_secs()).unwrap_or(i64::MAX)
}

impl System {
    /// The command whose output differs from boot to boot.
    fn boot_time(&self) -> &'static str {
        let table = [
            ("aix", "who -b"),
            ("freebsd", "/sbin/sysctl kern.boottime"),
            ("macosx", "who -b"),
            ("openbsd", "/sbin/sysctl kern.boottime"),
            ("solaris", "who -b"),
            ("sunos", "who -b"),
            ("vmkernel", "grep booted /var/log/vmksummary.log | tail -n 1"),
        ];
        self.choose(&table, "cat /proc/sys/kernel/random/boot_id")
    }

    fn shutdown(&self) -> &'static str {
        self.choose(&[("alpine", "reboot"), ("vmkernel", "reboot")], "shutdown")
    }

    fn shutdown_args(&self, delay: u64, message: &str) -> String {
        let minutes = delay / 60;
        let plus = format!("-r +{minutes} \"{message}\"");
        let wait = format!("-y -g {delay} -i 6 \"{message}\"");
        let freebsd = format!("-r +{delay}s \"{message}\"");
        let vmkernel = format!("-d {delay}");
        let table = [
            ("aix", "-Fr"),
            ("alpine", ""),
            ("freebsd", &freebsd),
            ("macosx", &plus),
            ("openbsd", &plus),
            ("solaris", &wait),
            ("sunos", &wait),
            ("vmkernel", &vmkernel),
            ("void", &plus),
        ];
        self.choose(&table, &format!("-r {minutes} \"{message}\"")).to_owned()
    }

    fn test(&self) -> &'static str {
        self.choose(&[("solaris", "who"), ("vmkernel", "who")], "whoami")
    }
}

/// An argument that must be text.
fn words<'a>(call: &'a ActionCall<'_>, name: &str) -> Result<Option<&'a str>> {
    match call.args.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Str(text)) => Ok(Some(text.as_str())),
        Some(other) => {
            let text = format!("'{}' is not a string and conversion is not allowed", other.to_text());
            Err(Error::user(format!("Invalid value given for '{name}': {text}.")))
        }
    }
}

async fn boot_time(call: &ActionCall<'_>, system: &System) -> Result<String> {
    let command = words(call, "boot_time_command")?.filter(|text| !text.is_empty());
    let said = call.remote.raw(command.unwrap_or_else(|| system.boot_time()), None).await?;
    if status(&said) == 0 {
        return Ok(part(&said, "stdout"));
    }
    let raw = |key: &str| said.get(key).map(Value::to_text).unwrap_or_default();
    Err(Error::user(format!(
        "{}: failed to get host boot time info, rc: {}, stdout: {}, stderr: {}",
        call.name,
        status(&said),
        raw("stdout"),
        raw("stderr")
    )))
}

/// The command that restarts the host, its program with its path.
async fn reboot_command(call: &ActionCall<'_>, system: &System) -> Result<String> {
    let delay = seconds(call, "pre_reboot_delay", 0)?;
    let message = call.text("msg").unwrap_or_else(|| "Reboot initiated by Ansible".into());
    let (program, args) = match words(call, "reboot_command")? {
        Some(own) => {
            let (program, args) = own.split_once(' ').unwrap_or((own, ""));
            (program.to_owned(), args.to_owned())
        }
        None => (system.shutdown().to_owned(), system.shutdown_args(delay, &message)),
    };
    if program.starts_with('/') {
        return Ok(format!("{program} {args}"));
    }
    let paths = match call.args.get("search_paths") {
        None | Some(Value::Null) => {
            Value::list(["/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin"].map(Value::from))
        }
        Some(Value::List(items)) => Value::List(items.clone()),
        Some(Value::Str(text)) => Value::list(text.as_str().split(',').map(Value::from)),
        Some(other) => {
            let text = format!("'search_paths' must be a string or flat list of strings, got {}", other.to_text());
            return Err(Error::user(text));
        }
    };
    match found(call, &program, &paths).await? {
        Some(path) => Ok(format!("{path} {args}")),
        None => Err(Error::user(format!("Unable to find command \"{program}\" in search paths: {}", paths.to_text()))),
    }
}

/// Waits until it is another boot, and until the test command runs; the text where the time is over.
async fn back(call: &ActionCall<'_>, system: &System, before: &str) -> Result<Option<String>> {
    let timeout = Duration::from_secs(seconds(call, "reboot_timeout", 600)?);
    let limit = seconds(call, "connect_timeout", 0)?;
    call.remote.connect_timeout(Some(limit).filter(|limit| *limit > 0));
    // What was the connection may be one to a host that is gone.
    call.remote.reset().await?;
    let booted = Look::Boot { system, before };
    let mut missed = repeat(call, timeout, "last boot time check", &booted).await;
    call.remote.connect_timeout(None);
    if missed.is_none() {
        let command = words(call, "test_command")?.unwrap_or_else(|| system.test());
        missed = repeat(call, timeout, "post-reboot test command", &Look::Test { command }).await;
    }
    if missed.is_none() {
        call.person.verbose(3, &format!("{}: system successfully rebooted", call.name));
    }
    Ok(missed)
}

/// What must hold of a host that is back.
enum Look<'a> {
    /// It is another boot than before.
    Boot { system: &'a System, before: &'a str },
    /// A command runs.
    Test { command: &'a str },
}

impl Look<'_> {
    async fn holds(&self, call: &ActionCall<'_>) -> Result<()> {
        match self {
            Self::Boot { system, before } => {
                call.person.verbose(3, &format!("{}: attempting to get system boot time", call.name));
                let now = boot_time(call, system).await?;
                if now.is_empty() || now == *before { Err(Error::user("boot time has not changed")) } else { Ok(()) }
            }
            Self::Test { command } => {
                call.person.verbose(3, &format!("{}: attempting post-reboot test command", call.name));
                let said = call.remote.raw(command, None).await?;
                if status(&said) == 0 {
                    return Ok(());
                }
                let raw = |key: &str| said.get(key).map(Value::to_text).unwrap_or_default();
                Err(Error::user(format!("Test command failed: {} {}", raw("stderr"), raw("stdout"))))
            }
        }
    }
}

/// Looks until it holds, each time a little later; the text where the time is over.
async fn repeat(call: &ActionCall<'_>, timeout: Duration, what: &str, look: &Look<'_>) -> Option<String> {
    let begun = Instant::now();
    let mut pause = 1000;
    while begun.elapsed() < timeout {
        let Err(error) = look.holds(call).await else { return None };
        let line = error.line();
        let last = line.lines().last().unwrap_or_default();
        let wait = pause + random_below(1000);
        let name = call.name;
        let shown = wait as f64 / 1000.0;
        call.person.verbose(3, &format!("{name}: {what} fail '{last}', retrying in {shown:.4} seconds..."));
        // That nothing can be closed is no matter: the next one is new.
        let _ = call.remote.reset().await;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        pause = (pause * 2).min(MOST);
    }
    Some(format!("Timed out waiting for {what} (timeout={})", timeout.as_secs()))
}

/// So that hosts which were restarted together do not all come at once.
fn random_below(limit: u64) -> u64 {
    let mut bytes = [0u8; 8];
    // Without randomness they do.
    if getrandom::fill(&mut bytes).is_err() {
        return 0;
    }
    u64::from_ne_bytes(bytes) % limit
}

#[cfg(test)]
#[path = "reboot_tests.rs"]
mod tests;
