//! A process on a host as three byte pipes and an end.

use super::error::ConnectionError;
use std::future::Future;
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

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
