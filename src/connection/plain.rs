//! A shell script without an agent, as the login or another user: for hosts where no agent runs.

use super::error::ConnectionError;
use super::local;
use super::machine::{Machine, Way, random};
use super::marker::await_marker;
use super::pipe::Exit;
use super::raw::RawOutput;
use super::script::for_login_shell;
use super::target::Become;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Runs a script, which goes through standard input.
pub(super) async fn run(
    machine: &Machine,
    name: &str,
    wanted: Option<&Become>,
    script: &str,
) -> Result<RawOutput, ConnectionError> {
    let (marker, id) = (random(), random());
    let escalation = wanted.map(|wanted| machine.escalation(wanted, &id)).transpose()?;
    let shell = format!("echo {marker}+; exec /bin/sh");
    let line = match (wanted, &escalation) {
        (Some(wanted), Some(escalation)) => escalation.before(wanted)? + &escalation.command(wanted, &id, &shell),
        _ => shell,
    };
    let verbose = &machine.shared.settings.verbose;
    let process = match &machine.way {
        Way::Ssh(masters) => masters.exec(&machine.shared, name, &for_login_shell(&line)?).await?,
        Way::Local => {
            verbose.say(3, name, || format!("EXEC {line}"));
            let mut child = local::command(&machine.shared.settings, "/bin/sh");
            child.arg("-c").arg(line);
            local::spawn(child)?
        }
    };
    let mut pipe = await_marker(process, &marker, escalation, verbose, name).await?.pipe;
    let mut stdout = Vec::new();
    let mut stdin = pipe.stdin;
    let feed = async move {
        // A shell that ends before it has read all says so by its status.
        let _ = stdin.write_all(script.as_bytes()).await;
        let _ = stdin.shutdown().await;
    };
    let (_, read) = tokio::join!(feed, pipe.stdout.read_to_end(&mut stdout));
    read.map_err(|error| ConnectionError::failed(error.to_string()))?;
    let end = pipe.end.await;
    match end.exit {
        Some(Exit::Status(rc)) => Ok(RawOutput { rc, stdout, stderr: end.stderr.into_bytes() }),
        Some(Exit::Lost(words)) => Err(ConnectionError::Unreachable(words)),
        None => Err(ConnectionError::failed("the shell was lost")),
    }
}
