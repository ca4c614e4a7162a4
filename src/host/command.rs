//! Runs a command as a process group of its own and collects what it prints.
//!
//! It is over when the child has exited and both pipes are at EOF, or silent for a second: a daemon that
//! the command left behind may hold them open. At a normal end nothing is signalled, so that daemon lives
//! on; when the task is cancelled or its time is up, the whole group is killed.

use super::Env;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How long both pipes must be silent after the child's end.
const SILENCE: Duration = Duration::from_secs(1);

/// How often a cancellation is looked for.
const TICK: Duration = Duration::from_millis(100);

/// How long a child waits for open files and processes, where they run short.
const PATIENCE: Duration = Duration::from_secs(20);

/// Held shared while a child is made. Between its fork and its exec, the child holds whatever is open here.
static MAKING: RwLock<()> = RwLock::new(());

/// Starts a child. Where open files or processes run short, it waits for those that other tasks give back.
pub fn spawn(command: &mut std::process::Command) -> io::Result<Child> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let made = {
            let _making = MAKING.read().unwrap_or_else(PoisonError::into_inner);
            command.spawn()
        };
        match made {
            Err(error) if is_shortage(&error) && Instant::now() < deadline => std::thread::sleep(TICK),
            made => return made,
        }
    }
}

/// Whether something failed because a limit is reached that others may leave again.
fn is_shortage(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::AGAIN))
}

/// Waits until no child that is being made can hold open a file that was just closed: a program that is open for
/// writing anywhere cannot be run ("Text file busy").
pub fn settle() {
    drop(MAKING.write().unwrap_or_else(PoisonError::into_inner));
}

/// A command to run.
#[derive(Debug)]
pub struct Command<'a> {
    env: &'a Env,
    argv: Vec<OsString>,
    /// Its working directory; the agent's where None.
    pub cwd: Option<PathBuf>,
    /// Variables of its environment beside the task's.
    pub vars: Vec<(String, String)>,
    /// Whether its environment is `vars` and nothing else.
    pub bare: bool,
    /// What it reads from standard input; nothing where None.
    pub stdin: Option<Vec<u8>>,
    /// Its umask; set by a shell, since the agent's own is shared.
    pub umask: Option<u32>,
    /// Set when it is to be killed.
    pub cancelled: Option<&'a AtomicBool>,
    /// After how long it is killed.
    pub timeout: Option<Duration>,
}

/// What came of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The exit status; the negative signal number where a signal ended it.
    pub rc: i32,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it printed to standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Standard output as text.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

impl<'a> Command<'a> {
    /// A command by its words.
    pub fn new<S: AsRef<OsStr>>(env: &'a Env, argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            env,
            argv: argv.into_iter().map(|word| word.as_ref().to_owned()).collect(),
            cwd: None,
            vars: Vec::new(),
            bare: false,
            stdin: None,
            umask: None,
            cancelled: None,
            timeout: None,
        }
    }

    /// Sets the working directory.
    #[must_use]
    pub fn cwd(mut self, path: Option<PathBuf>) -> Self {
        self.cwd = path;
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn var(mut self, name: &str, value: impl Into<String>) -> Self {
        self.vars.push((name.to_owned(), value.into()));
        self
    }

    /// Sets what it reads.
    #[must_use]
    pub fn stdin(mut self, bytes: Option<Vec<u8>>) -> Self {
        self.stdin = bytes;
        self
    }

    /// Its first word.
    pub fn program(&self) -> &OsStr {
        self.argv.first().map_or(OsStr::new(""), OsString::as_os_str)
    }

    /// Runs it. An error means that it could not be started (`Interrupted`: it was cancelled; `TimedOut`).
    pub fn run(&self) -> io::Result<Output> {
        let mut child = self.spawn()?;
        if let (Some(bytes), Some(mut pipe)) = (self.stdin.clone(), child.stdin.take()) {
            // On a thread of its own, which ends with the pipe: a child that prints before it reads would
            // otherwise block with us. That nobody reads is no error.
            std::thread::spawn(move || drop(pipe.write_all(&bytes)));
        }
        let result = self.collect(&mut child);
        if result.is_err() {
            kill_group(&child);
            // Reaps the child; it is dead.
            drop(child.wait());
        }
        result
    }

    fn spawn(&self) -> io::Result<Child> {
        let (program, args) = self.argv.split_first().ok_or_else(|| io::Error::other("no command"))?;
        let before = self.before(program);
        let mut command = match before.as_str() {
            "" => std::process::Command::new(program),
            before => {
                let mut shell = std::process::Command::new("/bin/sh");
                shell.arg("-c").arg(format!("{before}exec \"$0\" \"$@\"")).arg(program);
                shell
            }
        };
        if self.bare {
            command.env_clear();
        } else {
            command.envs(self.env.over());
        }
        command.args(args).envs(self.vars.iter().map(|(k, v)| (k, v))).process_group(0);
        if let Some(cwd) = self.cwd.as_deref().or(self.env.folder()) {
            command.current_dir(cwd);
        }
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// What a shell does before it becomes the program: what would change the agent as well, if that did it.
    fn before(&self, program: &OsStr) -> String {
        let mut before = self.umask.map(|mask| format!("umask {mask:04o} && ")).unwrap_or_default();
        // Why a program cannot be started is told better without a shell.
        let name = program.to_string_lossy();
        let starts = || match (name.contains('/'), self.cwd.as_deref().or(self.env.folder())) {
            (true, Some(cwd)) => super::env::executable(&cwd.join(program)),
            _ => self.env.find_program(&name).is_some(),
        };
        if let Some(most) = self.env.nofile().filter(|_| starts()) {
            before.push_str(&format!("ulimit -S -n {most} && "));
        }
        before
    }

    fn collect(&self, child: &mut Child) -> io::Result<Output> {
        let mut output = Output::default();
        let mut pipes = (child.stdout.take(), child.stderr.take());
        let started = Instant::now();
        let mut heard = started;
        let mut buffer = vec![0; 64 * 1024];
        while pipes.0.is_some() || pipes.1.is_some() {
            self.check(started)?;
            let (out, err) = ready(&pipes)?;
            if out || err {
                heard = Instant::now();
            } else if heard.elapsed() >= SILENCE && child.try_wait()?.is_some() {
                break;
            }
            if out {
                read(&mut pipes.0, &mut output.stdout, &mut buffer)?;
            }
            if err {
                read(&mut pipes.1, &mut output.stderr, &mut buffer)?;
            }
        }
        let mut pause = Duration::from_micros(200);
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            self.check(started)?;
            // A child that closed its pipes mostly ends at once.
            std::thread::sleep(pause);
            pause = (pause * 2).min(TICK);
        };
        output.rc = status.code().unwrap_or_else(|| -status.signal().unwrap_or(0));
        Ok(output)
    }

    fn check(&self, started: Instant) -> io::Result<()> {
        if self.cancelled.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.timeout.is_some_and(|limit| started.elapsed() >= limit) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }
}

/// Waits a tick for either pipe; says which has something, its end included.
fn ready<A: AsFd, B: AsFd>(pipes: &(Option<A>, Option<B>)) -> io::Result<(bool, bool)> {
    let mut fds = Vec::with_capacity(2);
    fds.extend(pipes.0.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
    fds.extend(pipes.1.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
    let tick = Timespec { tv_sec: 0, tv_nsec: TICK.subsec_nanos().into() };
    match poll(&mut fds, Some(&tick)) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok((false, false)),
        Err(e) => return Err(e.into()),
    }
    let mut states = fds.iter().map(|fd| !fd.revents().is_empty());
    let out = pipes.0.is_some() && states.next().unwrap_or(false);
    let err = pipes.1.is_some() && states.next().unwrap_or(false);
    Ok((out, err))
}

fn read<R: Read>(pipe: &mut Option<R>, into: &mut Vec<u8>, buffer: &mut [u8]) -> io::Result<()> {
    let Some(reader) = pipe else { return Ok(()) };
    match reader.read(buffer) {
        Ok(0) => *pipe = None,
        Ok(n) => into.extend_from_slice(&buffer[..n]),
        Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
        Err(e) => return Err(e),
    }
    Ok(())
}

fn kill_group(child: &Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended by itself meanwhile.
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(text: &str) -> Output {
        Command::new(&Env::default(), ["/bin/sh", "-c", text]).run().expect("runs")
    }

    #[test]
    fn collects_both_pipes_and_the_status() {
        let output = sh("echo out; echo err >&2; exit 3");
        assert_eq!((output.rc, output.out().as_str(), output.err().as_str()), (3, "out\n", "err\n"));
        assert_eq!(sh("kill -9 $$").rc, -9);
    }

    #[test]
    fn does_not_wait_for_what_it_left_behind() {
        let started = Instant::now();
        assert_eq!(sh("(sleep 5; echo late) & echo now").out(), "now\n");
        assert!(started.elapsed() < Duration::from_secs(3));
    }

    #[test]
    fn feeds_more_than_a_pipe_holds() {
        let env = Env::default();
        let bytes = vec![b'x'; 1 << 20];
        let output = Command::new(&env, ["cat"]).stdin(Some(bytes.clone())).run().expect("runs");
        assert_eq!(output.stdout, bytes);
    }

    #[test]
    fn a_cancelled_one_is_killed() {
        let env = Env::default();
        let flag = AtomicBool::new(true);
        let mut command = Command::new(&env, ["sleep", "60"]);
        command.cancelled = Some(&flag);
        assert_eq!(command.run().expect_err("cancelled").kind(), io::ErrorKind::Interrupted);
    }

    #[test]
    fn sets_umask_and_variables() {
        let env = Env::default().with("A", "1");
        let mut command = Command::new(&env, ["sh", "-c", "umask; echo $A$B"]).var("B", "2");
        command.umask = Some(0o077);
        assert_eq!(command.run().expect("runs").out(), "0077\n12\n");
    }
}
