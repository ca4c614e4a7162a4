//! A command on a pseudo-terminal of its own, for programs that ask their questions of nothing else.
//!
//! It is the leader of a new session, whose terminal this is. When the session is dropped before the command
//! has ended, the command's process group is killed.

use super::Env;
use pty_process::blocking::{Command, Pty, open};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

/// A command and the terminal that it runs on.
pub struct Session {
    child: Child,
    pty: Option<Pty>,
    ended: bool,
}

/// What came of listening.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// The command printed this.
    Bytes(Vec<u8>),
    /// It was silent all the time.
    Nothing,
    /// Nobody has the terminal open any more.
    End,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("pid", &self.child.id()).finish_non_exhaustive()
    }
}

/// How the terminal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// What is typed is printed too, as people have it.
    On,
    /// It is not.
    Off,
}

impl Session {
    /// Starts a command with 24 lines of 80 columns.
    pub fn spawn(
        env: &Env,
        argv: &[String],
        cwd: Option<&Path>,
        vars: &[(String, String)],
        echo: Echo,
    ) -> io::Result<Self> {
        let (program, args) = argv.split_first().ok_or_else(|| io::Error::other("no command"))?;
        let (pty, pts) = open().map_err(plain)?;
        pty.resize(pty_process::Size::new(24, 80)).map_err(plain)?;
        let mut modes = tcgetattr(&pty)?;
        modes.local_modes.set(LocalModes::ECHO, echo == Echo::On);
        tcsetattr(&pty, OptionalActions::Now, &modes)?;
        let mut command = std::process::Command::new(program);
        command.args(args).envs(env.over()).envs(vars.iter().map(|(name, value)| (name, value)));
        if let Some(cwd) = cwd.or(env.folder()) {
            command.current_dir(cwd);
        }
        let child = Command::from(command).spawn(pts).map_err(plain)?;
        Ok(Self { child, pty: Some(pty), ended: false })
    }

    /// Listens for a while.
    pub fn read(&mut self, patience: Duration) -> io::Result<Heard> {
        let Some(pty) = &mut self.pty else { return Ok(Heard::End) };
        let wait = Timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: patience.subsec_nanos().into(),
        };
        let mut fds = [PollFd::new(&*pty, PollFlags::IN)];
        match poll(&mut fds, Some(&wait)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(Heard::Nothing),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut buffer = vec![0; 4096];
        match pty.read(&mut buffer) {
            Ok(0) => Ok(Heard::End),
            Ok(length) => {
                buffer.truncate(length);
                Ok(Heard::Bytes(buffer))
            }
            // What Linux says once the last user of the terminal is gone.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => Ok(Heard::End),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Heard::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Types something.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pty.as_mut().map_or(Ok(()), |pty| pty.write_all(bytes))
    }

    /// Waits for the command's end: its exit status, or the negative number of the signal that ended it; None
    /// where it goes on.
    pub fn wait(&mut self, patience: Duration) -> io::Result<Option<i32>> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.ended = true;
                return Ok(Some(status.code().unwrap_or_else(|| -status.signal().unwrap_or(0))));
            }
            if started.elapsed() > patience {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Hangs up, and ends the command by ever ruder signals if it goes on; the same answer as of `wait`.
    pub fn hang_up(&mut self) -> io::Result<i32> {
        self.pty = None;
        for signal in [None, Some(Signal::HUP), Some(Signal::CONT), Some(Signal::INT), Some(Signal::KILL)] {
            if let (Some(signal), Some(pid)) = (signal, self.pid()) {
                // It may have ended by itself meanwhile.
                let _ = kill_process(pid, signal);
            }
            if let Some(rc) = self.wait(Duration::from_millis(100))? {
                return Ok(rc);
            }
        }
        let status = self.child.wait()?;
        self.ended = true;
        Ok(status.code().unwrap_or_else(|| -status.signal().unwrap_or(0)))
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.ended || matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        if let Some(pid) = self.pid() {
            // It may have ended by itself meanwhile.
            let _ = kill_process_group(pid, Signal::KILL);
        }
        drop(self.child.wait());
    }
}

fn plain(error: pty_process::Error) -> io::Error {
    match error {
        pty_process::Error::Io(error) => error,
        pty_process::Error::Rustix(error) => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(session: &mut Session) -> String {
        let mut text = Vec::new();
        loop {
            match session.read(Duration::from_secs(10)).expect("heard") {
                Heard::Bytes(bytes) => text.extend(bytes),
                Heard::Nothing => panic!("silent after {text:?}"),
                Heard::End => return String::from_utf8(text).expect("text"),
            }
        }
    }

    fn sh(text: &str) -> Session {
        let argv = ["/bin/sh", "-c", text].map(str::to_owned);
        Session::spawn(&Env::default(), &argv, None, &[("A".into(), "1".into())], Echo::Off).expect("starts")
    }

    #[test]
    fn a_terminal_of_its_own() {
        let mut session = sh("read x </dev/tty; echo $A$x >/dev/tty; exit 3");
        session.write(b"2\r").expect("typed");
        assert_eq!(all(&mut session), "12\r\n");
        assert_eq!(session.wait(Duration::from_secs(5)).expect("waited"), Some(3));
    }

    #[test]
    fn hanging_up_ends_it() {
        // A busy machine may need a ruder signal than the first.
        let rc = sh("sleep 60").hang_up().expect("ended");
        assert!(matches!(rc, -1 | -2 | -9), "{rc}");
    }

    #[test]
    fn silence_is_told_apart_from_the_end() {
        let mut session = sh("sleep 60");
        assert_eq!(session.read(Duration::from_millis(10)).expect("heard"), Heard::Nothing);
        let started = Instant::now();
        drop(session);
        assert!(started.elapsed() < Duration::from_secs(30));
    }
}
