//! `local`: children of the controller, with its environment and working directory.

use super::error::ConnectionError;
use super::pipe::{Exit, Process};
use super::settings::Settings;
use std::ffi::OsStr;
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
pub(super) fn spawn(mut command: Command) -> Result<Process, ConnectionError> {
    command.process_group(0);
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let child = command.spawn().map_err(|error| ConnectionError::failed(format!("{program}: {error}")))?;
    process(child)
}

/// A child's pipes and its end.
pub(super) fn process(mut child: Child) -> Result<Process, ConnectionError> {
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(ConnectionError::failed("a child without pipes"));
    };
    let exit = Box::pin(async move {
        match child.wait().await {
            Ok(status) => Exit::Status(status_code(status)),
            Err(error) => Exit::Lost(error.to_string()),
        }
    });
    Ok(Process { stdin: Box::new(stdin), stdout: Box::new(stdout), stderr: Box::new(stderr), exit })
}

/// The status; for a signal its number, negative, as Python's subprocess has it.
pub(super) fn status_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(0))
}
