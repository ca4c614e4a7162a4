//! One warm interpreter: started with a socket as its standard input, it forks for each call.

use super::Printed;
use super::gather::Pipes;
use crate::host::Env;
use crate::value::{Dict, JsonStyle, Value, write_json};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::pipe::{PipeFlags, pipe_with};
use std::collections::BTreeMap;
use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// What the interpreter runs: written here, not on the host.
const PROGRAM: &str = include_str!("warm.py");

/// A running interpreter; it ends when this is dropped, its forks do not.
#[derive(Debug)]
pub(super) struct Warm {
    socket: Mutex<UnixStream>,
    child: Mutex<Child>,
}

/// One call.
pub(super) struct Call<'a> {
    pub import: &'a str,
    pub file: &'a str,
    pub pack: &'a Path,
    pub profile: &'a str,
    /// JSON.
    pub extensions: &'a str,
    /// The parameters as JSON; they go through the socket alone.
    pub params: String,
    pub env: BTreeMap<String, String>,
    pub nofile: u64,
}

/// What went wrong with a call.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The interpreter is not there any more, and the module was not run.
    Gone(io::Error),
    /// The run itself.
    Module(io::Error),
}

impl Warm {
    /// Starts one that imports out of a pack; where that fails, what it printed.
    pub fn start(
        words: &[String],
        env: &Env,
        pack: &Path,
        cancelled: &AtomicBool,
    ) -> io::Result<Result<Self, Printed>> {
        let (program, args) = words.split_first().ok_or_else(|| io::Error::other("no interpreter"))?;
        let program = env.expand(program);
        // What is not there is told with its arguments.
        let line = std::iter::once(&program).chain(args).map(String::as_str).collect::<Vec<_>>().join(" ");
        let (mut ours, theirs) = UnixStream::pair()?;
        ours.write_all(PROGRAM.as_bytes())?;
        let pack = super::text(pack);
        ours.write_all(&length(pack.len())?)?;
        ours.write_all(pack.as_bytes())?;
        let loader = format!("import os;exec(os.read(0,{}))", PROGRAM.len());
        let mut command = Command::new(&program);
        command.args(args).arg("-c").arg(loader).envs(env.over()).process_group(0);
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = match crate::host::command::spawn(&mut command) {
            Ok(child) => child,
            Err(error) => return Ok(Err(not_started(&line, &error)?)),
        };
        // The command holds the other end of the socket as well.
        drop(command);
        match await_ready(&mut ours, cancelled) {
            Ok(true) => {}
            Ok(false) => return Ok(Err(last_words(&mut child)?)),
            Err(error) => {
                end(&mut child);
                return Err(error);
            }
        }
        drop((child.stdout.take(), child.stderr.take()));
        Ok(Ok(Self { socket: Mutex::new(ours), child: Mutex::new(child) }))
    }

    /// Runs a module in a fork.
    pub fn run(&self, call: &Call<'_>, cancelled: &AtomicBool) -> Result<Printed, Trouble> {
        let pipe = || pipe_with(PipeFlags::CLOEXEC).map_err(|error| Trouble::Module(error.into()));
        let ((out, their_out), (err, their_err), (state, their_state)) = (pipe()?, pipe()?, pipe()?);
        self.send(call, [their_out.as_fd(), their_err.as_fd(), their_state.as_fd()]).map_err(Trouble::Gone)?;
        drop((their_out, their_err, their_state));
        match Pipes::new(out, err, state).gather(cancelled) {
            Ok(Some(printed)) => Ok(printed),
            Ok(None) => Err(Trouble::Gone(io::Error::other("the interpreter has ended"))),
            Err(error) => Err(Trouble::Module(error)),
        }
    }

    fn send(&self, call: &Call<'_>, fds: [BorrowedFd<'_>; 3]) -> io::Result<()> {
        let env: Dict =
            call.env.iter().map(|(name, value)| (Value::from(name.as_str()), Value::from(value.as_str()))).collect();
        let body = Dict::from([
            ("import", Value::from(call.import)),
            ("file", Value::from(call.file)),
            ("pack", Value::from(super::text(call.pack))),
            ("params", Value::from(call.params.as_str())),
            ("profile", Value::from(call.profile)),
            ("extensions", Value::from(call.extensions)),
            ("env", env.into()),
            ("nofile", Value::Int(i64::try_from(call.nofile).unwrap_or_default())),
        ]);
        let body = write_json(&body.into(), JsonStyle::default());
        let head = length(body.len())?;
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&fds));
        // Rust's start code ignores SIGPIPE: an interpreter that is gone is an error here.
        let sent = sendmsg(&*socket, &[IoSlice::new(&head)], &mut ancillary, SendFlags::NOSIGNAL)?;
        socket.write_all(&head[sent..])?;
        socket.write_all(body.as_bytes())
    }
}

impl Drop for Warm {
    fn drop(&mut self) {
        // It ends with its socket; nobody waits for it longer than that takes.
        let socket = self.socket.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = socket.shutdown(std::net::Shutdown::Both);
        end(self.child.get_mut().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Ends an interpreter, not its forks: they lead sessions of their own.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn length(size: usize) -> io::Result<[u8; 4]> {
    u32::try_from(size).map(u32::to_be_bytes).map_err(|_| io::Error::other("the arguments are too long"))
}

/// Waits until the interpreter has imported what it needs; false where it has ended instead.
fn await_ready(socket: &mut UnixStream, cancelled: &AtomicBool) -> io::Result<bool> {
    loop {
        if cancelled.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let tick = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        let mut fds = [PollFd::new(&*socket, PollFlags::IN)];
        match poll(&mut fds, Some(&tick)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut byte = [0];
        return match socket.read(&mut byte) {
            Ok(count) => Ok(count == 1),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // Its end with words of ours unread is a reset.
            Err(_) => Ok(false),
        };
    }
}

/// What an interpreter printed that did not come up.
fn last_words(child: &mut Child) -> io::Result<Printed> {
    let mut printed = Printed::default();
    // Few words each, which the pipes hold.
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_end(&mut printed.stdout)?;
    }
    if let Some(mut pipe) = child.stderr.take() {
        pipe.read_to_end(&mut printed.stderr)?;
    }
    let status = child.wait()?;
    printed.rc = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    Ok(printed)
}

/// What the shell says of a program that cannot be started.
pub(super) fn not_started(program: &str, error: &io::Error) -> io::Result<Printed> {
    let (rc, words) = match error.kind() {
        io::ErrorKind::NotFound => (127, "not found"),
        io::ErrorKind::PermissionDenied => (126, "Permission denied"),
        _ => return Err(io::Error::other(format!("{program}: {error}"))),
    };
    Ok(Printed { rc, stdout: Vec::new(), stderr: format!("/bin/sh: 1: {program}: {words}\n").into_bytes() })
}
