//! Gathers what a fork of a warm interpreter prints, until it is over.
//!
//! As with commands: it is over when it has ended and both pipes are at EOF, or silent for a second, since a
//! daemon that it left behind may hold them open.

use super::Printed;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SILENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// The pipes of one fork.
pub(super) struct Pipes {
    out: Option<File>,
    err: Option<File>,
    /// Where the interpreter says the fork's process id, and then how it ended.
    state: Option<File>,
    said: Vec<u8>,
}

impl Pipes {
    pub fn new(out: OwnedFd, err: OwnedFd, state: OwnedFd) -> Self {
        Self { out: Some(out.into()), err: Some(err.into()), state: Some(state.into()), said: Vec::new() }
    }

    /// Waits for the end. None where the interpreter was gone before it had forked.
    pub fn gather(mut self, cancelled: &AtomicBool) -> io::Result<Option<Printed>> {
        let mut printed = Printed::default();
        let mut heard = Instant::now();
        let mut buffer = vec![0; 64 * 1024];
        while self.out.is_some() || self.err.is_some() || self.state.is_some() {
            if cancelled.load(Ordering::Relaxed) {
                self.kill();
                return Err(io::ErrorKind::Interrupted.into());
            }
            let [out, err, state] = self.ready()?;
            if out || err || state {
                heard = Instant::now();
            } else if self.state.is_none() && heard.elapsed() >= SILENCE {
                break;
            }
            if state {
                read(&mut self.state, &mut self.said, &mut buffer)?;
                if self.state.is_none() && self.pid().is_none() {
                    return Ok(None);
                }
            }
            if out {
                read(&mut self.out, &mut printed.stdout, &mut buffer)?;
            }
            if err {
                read(&mut self.err, &mut printed.stderr, &mut buffer)?;
            }
        }
        self.end(&mut printed);
        Ok(Some(printed))
    }

    fn ready(&self) -> io::Result<[bool; 3]> {
        let files = [&self.out, &self.err, &self.state];
        let mut fds: Vec<PollFd<'_>> =
            files.iter().filter_map(|f| f.as_ref()).map(|f| PollFd::new(f, PollFlags::IN)).collect();
        let tick = Timespec { tv_sec: 0, tv_nsec: TICK.subsec_nanos().into() };
        match poll(&mut fds, Some(&tick)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok([false; 3]),
            Err(error) => return Err(error.into()),
        }
        let mut seen = fds.iter().map(|fd| !fd.revents().is_empty());
        Ok(files.map(|file| file.is_some() && seen.next().unwrap_or(false)))
    }

    fn lines(&self) -> impl Iterator<Item = i32> {
        let text = String::from_utf8_lossy(&self.said).into_owned();
        text.lines().map_while(|line| line.parse().ok()).collect::<Vec<_>>().into_iter()
    }

    fn pid(&self) -> Option<Pid> {
        self.lines().next().and_then(Pid::from_raw)
    }

    /// How it ended; an interpreter that was killed meanwhile has taken the status along.
    fn end(&self, printed: &mut Printed) {
        match self.lines().nth(1) {
            Some(status) if status & 0x7f == 0 => printed.rc = (status >> 8) & 0xff,
            Some(status) => printed.ended_by(status & 0x7f, status & 0x80 != 0),
            None => printed.ended_by(9, false),
        }
    }

    fn kill(&self) {
        if let Some(pid) = self.pid() {
            // It leads a session of its own, if it has come that far.
            if kill_process_group(pid, Signal::KILL).is_err() {
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
        }
    }
}

fn read(pipe: &mut Option<File>, into: &mut Vec<u8>, buffer: &mut [u8]) -> io::Result<()> {
    let Some(file) = pipe else { return Ok(()) };
    match file.read(buffer) {
        Ok(0) => *pipe = None,
        Ok(n) => into.extend_from_slice(&buffer[..n]),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(error) => return Err(error),
    }
    Ok(())
}
