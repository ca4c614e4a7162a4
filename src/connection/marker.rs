//! The wait for the agent in a process that was just started.
//!
//! What comes before our marker is skipped: banners, noise of a shell's rc files. Prompts of
//! sudo and su are answered here; a password goes out only after a prompt was seen, and no text
//! that leaves here shows it.

use super::error::ConnectionError;
use super::escalate::{Escalation, Seen};
use super::pipe::{Ending, Exit, Future_, Pipe, Process, Reader, Writer};
use super::settings::Verbose;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// How much noise before the marker is borne.
const MOST_NOISE: u64 = 64 << 20;
/// How much of it is kept.
const MOST_KEPT: usize = 64 << 10;
/// How much of standard error is kept.
const MOST_STDERR: usize = 64 << 10;

/// A process that has said the marker.
pub(super) struct Met {
    /// What stood behind the marker in its line: `+` from an agent.
    pub word: String,
    pub pipe: Pipe,
}

/// Why no marker came.
pub(super) enum NotMet {
    /// sudo or its like demands a terminal, in these words.
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
    escalation: Option<Escalation>,
    verbose: &Verbose,
    host: &str,
) -> Result<Met, NotMet> {
    let Process { stdin, mut stdout, stderr, exit } = process;
    let tail = Arc::new(Tail::default());
    let filling = tokio::spawn({
        let tail = Arc::clone(&tail);
        async move { tail.fill(stderr).await }
    });
    let mut start = Start { stdin, exit, tail, filling, escalation, said: Vec::new(), heard: 0 };
    let mut buffer = vec![0; 4096];
    loop {
        if let Some((noise, word, rest)) = split_marker(&start.said, marker) {
            if !noise.is_empty() {
                verbose.say(3, host, || format!("before the agent's start: {}", start.masked(&noise)));
            }
            if start.escalation.is_some() {
                verbose.say(3, host, || "Escalation succeeded".to_owned());
            }
            return Ok(start.met(word, rest, stdout));
        }
        start.escalate().await?;
        let silence = start.escalation.as_ref().map(Escalation::patience);
        tokio::select! {
            count = stdout.read(&mut buffer) => match count {
                Ok(0) | Err(_) => return Err(start.ended().await),
                Ok(count) => start.hear(&buffer[..count])?,
            },
            () = start.tail.more.notified() => {}
            () = wait(silence) => return Err(start.timed_out().into()),
        }
    }
}

/// A process before its marker.
struct Start {
    stdin: Writer,
    exit: Future_<Exit>,
    tail: Arc<Tail>,
    filling: JoinHandle<()>,
    escalation: Option<Escalation>,
    /// The last of what was said.
    said: Vec<u8>,
    /// How much was said.
    heard: u64,
}

impl Start {
    /// Takes what was said, as much of it as is borne.
    fn hear(&mut self, words: &[u8]) -> Result<(), ConnectionError> {
        self.heard += words.len() as u64;
        if self.heard > MOST_NOISE {
            return Err(ConnectionError::failed("the host says too much before the agent starts"));
        }
        self.said.extend_from_slice(words);
        if self.said.len() > MOST_KEPT {
            let surplus = self.said.len() - MOST_KEPT / 2;
            self.said.drain(..surplus);
        }
        Ok(())
    }

    /// Answers a prompt, once there is one.
    async fn escalate(&mut self) -> Result<(), NotMet> {
        let Some(escalation) = &mut self.escalation else { return Ok(()) };
        match escalation.look(&String::from_utf8_lossy(&self.said), &self.tail.text())? {
            Seen::Nothing => Ok(()),
            Seen::Terminal(words) => Err(NotMet::Terminal(words)),
            Seen::Prompt(password) => {
                // A process that is gone says why at its end.
                let _ = self.stdin.write_all(password.as_bytes()).await;
                let _ = self.stdin.flush().await;
                Ok(())
            }
        }
    }

    fn met(self, word: String, rest: Vec<u8>, stdout: Reader) -> Met {
        let Self { stdin, exit, tail, filling, escalation, .. } = self;
        let stdout = Box::new(std::io::Cursor::new(rest).chain(stdout));
        let end = Box::pin(async move {
            let exit = exit.await;
            let _ = tokio::time::timeout(Duration::from_millis(200), filling).await;
            let stderr = escalation.as_ref().map_or_else(|| tail.text(), |said| said.beside_prompt(&tail.text()));
            Ending { exit: Some(exit), stdout: String::new(), stderr }
        });
        Met { word, pipe: Pipe { stdin, stdout, end } }
    }

    /// Why the process has ended without the marker.
    async fn ended(mut self) -> NotMet {
        let exit = (&mut self.exit).await;
        let _ = tokio::time::timeout(Duration::from_millis(200), &mut self.filling).await;
        if let Err(reason) = self.escalate().await {
            return reason;
        }
        let (stdout, stderr) = self.words();
        let told = self.escalation.as_ref().and_then(|escalation| escalation.ended(&stdout, &stderr));
        let error = match (told, exit) {
            (Some(told), _) => told,
            (None, Exit::Status(rc)) if self.escalation.is_none() => {
                ConnectionError::no_place("the start of rplay-agent", rc, &stdout, &stderr)
            }
            (None, exit) => Ending { exit: Some(exit), stdout, stderr }.into_error(),
        };
        error.into()
    }

    /// That nothing came for too long.
    fn timed_out(&self) -> ConnectionError {
        let (stdout, stderr) = self.words();
        match &self.escalation {
            Some(escalation) => escalation.timed_out(&stdout, &stderr),
            None => ConnectionError::unreachable(stdout),
        }
    }

    /// What was said so far, without the password.
    fn words(&self) -> (String, String) {
        (self.masked(&self.said), self.masked(self.tail.text().as_bytes()))
    }

    fn masked(&self, bytes: &[u8]) -> String {
        masked(self.escalation.as_ref(), bytes)
    }
}

fn masked(escalation: Option<&Escalation>, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    escalation.map_or_else(|| text.to_string(), |escalation| escalation.mask(&text))
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
