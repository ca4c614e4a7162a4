//! A process on a host as three byte pipes and an end, and the wait for the agent in it.
//!
//! What comes before our marker is skipped: banners, noise of a shell's rc files. Prompts of
//! sudo and su are answered here; a password goes out only after a prompt was seen.

use super::error::ConnectionError;
use super::escalate::{Escalation, Seen};
use super::settings::Verbose;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;

/// How much noise before the marker is borne.
const MOST_NOISE: usize = 1 << 20;
/// How much of standard error is kept.
const MOST_STDERR: usize = 64 << 10;

pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;
pub(super) type Future_<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A process that was just started.
pub(super) struct Process {
    pub stdin: Writer,
    pub stdout: Reader,
    pub stderr: Reader,
    pub exit: Future_<Exit>,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// With a status; a signal's is 128 and its number.
    Status(i32),
    /// With its connection, for the reason that ssh gave.
    Lost(String),
}

/// The pipe to an agent that has said its marker.
pub(super) struct Pipe {
    pub stdin: Writer,
    pub stdout: Reader,
    pub end: Future_<Ending>,
}

/// Why an agent is gone.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending {
    pub exit: Option<Exit>,
    pub stdout: String,
    pub stderr: String,
}

impl Ending {
    pub fn into_error(self) -> ConnectionError {
        match self.exit {
            Some(Exit::Lost(words)) => ConnectionError::Unreachable(words),
            Some(Exit::Status(rc)) => ConnectionError::Module { rc, stdout: self.stdout, stderr: self.stderr },
            None => ConnectionError::failed("the agent was lost"),
        }
    }
}

/// A process that has said the marker.
pub(super) struct Met {
    /// What stood behind the marker in its line: `+` from an agent.
    pub word: String,
    pub pipe: Pipe,
}

/// Why no marker came.
pub(super) enum NotMet {
    /// sudo or su demands a terminal, in these words.
    Terminal(String),
    /// Anything else.
    Error(ConnectionError),
}

impl From<ConnectionError> for NotMet {
    fn from(error: ConnectionError) -> Self {
        Self::Error(error)
    }
}

impl From<NotMet> for ConnectionError {
    fn from(reason: NotMet) -> Self {
        match reason {
            NotMet::Terminal(words) => Self::Unsupported(format!("become demands a terminal here: {words}")),
            NotMet::Error(error) => error,
        }
    }
}

/// Standard error as it comes, the last of it.
#[derive(Default)]
struct Tail {
    text: Mutex<Vec<u8>>,
    more: Notify,
}

impl Tail {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    async fn fill(&self, mut stderr: Reader) {
        let mut buffer = vec![0; 4096];
        while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
            let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
            text.extend_from_slice(&buffer[..count]);
            let surplus = text.len().saturating_sub(MOST_STDERR);
            text.drain(..surplus);
            drop(text);
            self.more.notify_one();
        }
    }
}

/// Waits until the agent, or the script in its place, has said the marker.
pub(super) async fn await_marker(
    process: Process,
    marker: &str,
    mut escalation: Option<Escalation>,
    verbose: &Verbose,
    host: &str,
) -> Result<Met, NotMet> {
    let Process { mut stdin, mut stdout, stderr, exit } = process;
    let tail = Arc::new(Tail::default());
    let filling = tokio::spawn({
        let tail = Arc::clone(&tail);
        async move { tail.fill(stderr).await }
    });
    let mut said = Vec::new();
    let mut buffer = vec![0; 4096];
    loop {
        if let Some((noise, word, rest)) = split_marker(&said, marker) {
            if !noise.is_empty() {
                verbose.say(3, host, || format!("before the agent's start: {}", String::from_utf8_lossy(&noise)));
            }
            let stdout = Box::new(std::io::Cursor::new(rest).chain(stdout));
            let end = Box::pin(async move {
                let exit = exit.await;
                let _ = tokio::time::timeout(Duration::from_millis(200), filling).await;
                Ending { exit: Some(exit), stdout: String::new(), stderr: tail.text() }
            });
            return Ok(Met { word, pipe: Pipe { stdin, stdout, end } });
        }
        if said.len() > MOST_NOISE {
            return Err(ConnectionError::failed("the host says too much before the agent starts").into());
        }
        if let Some(escalation) = &mut escalation {
            match escalation.look(&String::from_utf8_lossy(&said), &tail.text())? {
                Seen::Nothing => {}
                Seen::Terminal(words) => return Err(NotMet::Terminal(words)),
                Seen::Prompt(password) => {
                    // A process that is gone says why at its end.
                    let _ = stdin.write_all(password.as_bytes()).await;
                    let _ = stdin.flush().await;
                }
            }
        }
        let silence = escalation.as_ref().map(Escalation::patience);
        tokio::select! {
            count = stdout.read(&mut buffer) => match count {
                Ok(0) | Err(_) => {
                    let exit = exit.await;
                    let _ = tokio::time::timeout(Duration::from_millis(200), filling).await;
                    let stdout = String::from_utf8_lossy(&said).into_owned();
                    if let Some(escalation) = &mut escalation
                        && let Seen::Terminal(words) = escalation.look(&stdout, &tail.text())?
                    {
                        return Err(NotMet::Terminal(words));
                    }
                    return Err(Ending { exit: Some(exit), stdout, stderr: tail.text() }.into_error().into());
                }
                Ok(count) => said.extend_from_slice(&buffer[..count]),
            },
            () = tail.more.notified() => {}
            () = wait(silence) => {
                let seconds = silence.map_or(0, |s| s.as_secs());
                let said = String::from_utf8_lossy(&said);
                let text = format!("Timeout ({seconds}s) waiting for privilege escalation prompt: {said}");
                return Err(ConnectionError::Unreachable(text).into());
            }
        }
    }
}

async fn wait(silence: Option<Duration>) {
    match silence {
        Some(silence) => tokio::time::sleep(silence).await,
        None => std::future::pending().await,
    }
}

/// The noise before the marker, the rest of its line, and what follows that line.
fn split_marker(said: &[u8], marker: &str) -> Option<(Vec<u8>, String, Vec<u8>)> {
    let at = said.windows(marker.len()).position(|window| window == marker.as_bytes())?;
    let after = &said[at + marker.len()..];
    let end = after.iter().position(|&byte| byte == b'\n')?;
    let word = String::from_utf8_lossy(&after[..end]).trim_end().to_owned();
    Some((said[..at].to_vec(), word, after[end + 1..].to_vec()))
}

/// All that a process says, with its end.
pub(super) struct Said {
    pub exit: Exit,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// Gives a process its input and then the end of it, and gathers what it says until it ends.
///
/// Without input, standard input stays open: its end would hang up a terminal.
pub(super) async fn gather(process: Process, input: Option<&[u8]>) -> Said {
    let Process { stdin, mut stdout, mut stderr, exit } = process;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let feed = async move {
        let Some(input) = input else { return Some(stdin) };
        // Dropping it is what ends the input.
        let mut stdin = stdin;
        let _ = stdin.write_all(input).await;
        let _ = stdin.shutdown().await;
        None
    };
    let (_kept_open, _, _) = tokio::join!(feed, stdout.read_to_end(&mut out), stderr.read_to_end(&mut err));
    Said { exit: exit.await, stdout: out, stderr: err }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_is_found_in_noise() {
        assert_eq!(split_marker(b"hi\nabc", "abc"), None);
        assert_eq!(split_marker(b"hi\nabc+\nXY", "abc"), Some((b"hi\n".to_vec(), "+".into(), b"XY".to_vec())));
        assert_eq!(split_marker(b"abc-Linux x\r\n", "abc"), Some((vec![], "-Linux x".into(), vec![])));
    }
}
