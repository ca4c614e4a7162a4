//! `raw`: a command by a plain exec, for hosts where nothing else works.

use super::error::ConnectionError;
use super::local;
use super::machine::{Machine, Way, random};
use super::marker::await_marker;
use super::pipe::{Exit, Process, Said, gather};
use super::ssh::failed;
use super::target::Become;
use tokio::io::AsyncReadExt;

/// A command as the user wrote it.
#[derive(Clone, Debug, Default)]
pub struct Raw {
    /// The text for a shell.
    pub command: String,
    /// The shell; None is the login's own.
    pub executable: Option<String>,
}

/// What a command said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawOutput {
    /// Its exit status.
    pub rc: i32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

pub(super) async fn run(
    machine: &Machine,
    name: &str,
    wanted: Option<&Become>,
    raw: &Raw,
) -> Result<RawOutput, ConnectionError> {
    let command = match raw.executable.as_deref().filter(|exe| !exe.is_empty()) {
        Some(executable) => format!("{executable} -c {}", quote(&raw.command)),
        None => raw.command.clone(),
    };
    let Some(wanted) = wanted else {
        let said = gather(exec(machine, name, &command).await?, None).await;
        return output(machine, said);
    };
    let id = random();
    let escalation = machine.escalation(wanted, &id)?;
    let marker = format!("BECOME-SUCCESS-{id}");
    let line = escalation.before(wanted)? + &escalation.plain_command(wanted, &id, &command);
    let process = exec(machine, name, &line).await?;
    let met = await_marker(process, &marker, Some(escalation), &machine.shared.settings.verbose, name).await?;
    let mut pipe = met.pipe;
    let mut stdout = Vec::new();
    let _ = pipe.stdout.read_to_end(&mut stdout).await;
    let end = pipe.end.await;
    drop(pipe.stdin);
    let exit = end.exit.unwrap_or(Exit::Status(-1));
    output(machine, Said { exit, stdout, stderr: end.stderr.into_bytes() })
}

async fn exec(machine: &Machine, name: &str, command: &str) -> Result<Process, ConnectionError> {
    match &machine.way {
        // With a terminal, as the real one: standard error comes along with standard output.
        Way::Ssh(masters) => masters.exec_on_terminal(&machine.shared, name, command, true).await,
        Way::Local => {
            let settings = &machine.shared.settings;
            settings.verbose.say(3, name, || format!("EXEC {command}"));
            let mut child = machine.local_command("/bin/sh");
            child.arg("-c").arg(command);
            local::spawn_within(child, machine.shared.settings.open_files)
        }
    }
}

fn output(machine: &Machine, said: Said) -> Result<RawOutput, ConnectionError> {
    match said.exit {
        // ssh's own status of failure: ansible-core cannot tell a command's 255 from it either.
        Exit::Status(255) if matches!(machine.way, Way::Ssh(_)) => {
            Err(ConnectionError::Unreachable(failed(&String::from_utf8_lossy(&said.stderr))))
        }
        Exit::Status(rc) => Ok(RawOutput { rc, stdout: said.stdout, stderr: said.stderr }),
        Exit::Lost(words) => Err(ConnectionError::Unreachable(words)),
    }
}

/// Quotes for sh, as Python's `shlex.quote`.
pub(super) fn quote(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !text.is_empty() && text.chars().all(safe) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r#"'"'"'"#))
}
