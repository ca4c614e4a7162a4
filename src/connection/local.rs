//! `local`: children of the controller, with its environment, in the working directory of the settings or of the target.

use super::error::ConnectionError;
use super::pipe::{Exit, Process, Writer};
use super::settings::Settings;
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use tokio::process::{Child, Command};

/// A command with the environment and the working directory that the settings give.
pub(super) fn command(settings: &Settings, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    if let Some(environment) = &settings.environment {
        command.env_clear().envs(environment.iter().map(|(key, value)| (key, value)));
    }
    if let Some(cwd) = &settings.cwd {
        command.current_dir(cwd);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts a child in a process group of its own: the terminal's Ctrl-C is for the controller, which ends it.
pub(super) fn spawn(command: Command) -> Result<Process, ConnectionError> {
    spawn_within(command, None)
}

/// The same with its own limit of open files.
pub(super) fn spawn_within(mut command: Command, open_files: Option<u64>) -> Result<Process, ConnectionError> {
    command.process_group(0);
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().map_err(|error| ConnectionError::failed(format!("{program}: {error}")))?;
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let (Some(pid), Some(open_files)) = (pid, open_files) {
        // It has not been asked anything yet. One that is another user's by now keeps what it has.
        let maximum = getrlimit(Resource::Nofile).maximum;
        let _ = prlimit(Some(pid), Resource::Nofile, Rlimit { current: Some(open_files), maximum });
    }
    let stdin = child.stdin.take().ok_or_else(no_pipes)?;
    process(child, Box::new(stdin))
}

/// A child's pipes and its end.
fn process(mut child: Child, stdin: Writer) -> Result<Process, ConnectionError> {
    let stdout = child.stdout.take().ok_or_else(no_pipes)?;
    let stderr = child.stderr.take().ok_or_else(no_pipes)?;
    let exit = Box::pin(async move {
        match child.wait().await {
            Ok(status) => Exit::Status(status_code(status)),
            Err(error) => Exit::Lost(error.to_string()),
        }
    });
    Ok(Process { stdin, stdout: Box::new(stdout), stderr: Box::new(stderr), exit })
}

fn no_pipes() -> ConnectionError {
    ConnectionError::failed("a child without pipes")
}

/// The same with a fresh terminal as standard input.
pub(super) fn spawn_on_terminal(mut command: Command) -> Result<Process, ConnectionError> {
    let (ours, theirs) = terminal().map_err(|error| ConnectionError::failed(format!("a terminal: {error}")))?;
    command.stdin(theirs).process_group(0);
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let child = command.spawn().map_err(|error| ConnectionError::failed(format!("{program}: {error}")))?;
    process(child, Box::new(tokio::fs::File::from_std(ours)))
}

/// Both ends of a terminal that controls nobody.
fn terminal() -> std::io::Result<(File, File)> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let theirs = rustix::fs::open(name.as_c_str(), flags, Mode::empty())?;
    Ok((File::from(ours), File::from(theirs)))
}

/// The status; for a signal its number, negative, as Python's subprocess has it.
pub(super) fn status_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(0))
}
