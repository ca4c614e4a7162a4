//! `ssh`: our own OpenSSH masters, attached to with the `openssh` crate.
//!
//! All of the user's configuration holds, since it is the user's ssh that logs in: ssh_config,
//! agents, known_hosts, jump hosts. Errors are ssh's own words, as ansible-core shows them.

mod args;
mod askpass;
mod gate;
mod master;

use super::error::ConnectionError;
use super::local::{self, status_code};
use super::machine::Shared;
use super::pipe::{Exit, Process};
use super::target::Ssh;
use master::{LoginError, Master};
use openssh::{Session, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedSemaphorePermit};

pub(super) use gate::Gate;

/// How long a login may keep others from beginning: who is not through by then waits for a silent host.
const SILENT: Duration = Duration::from_millis(1500);

/// How often a login is tried again that a busy server has closed.
const MOST_BUSY: u32 = 6;

/// The masters of one target.
#[derive(Debug)]
pub(super) struct Masters {
    ssh: Ssh,
    list: Mutex<Vec<Arc<Master>>>,
    /// Set once sudo or su there has demanded a terminal.
    terminal: AtomicBool,
    /// Set once ssh has said that it does not know `ForkAfterAuthentication`.
    old_ssh: AtomicBool,
    /// Set while all that the server does is close connections: it is not busy, it does not want us.
    closes: AtomicBool,
}

impl Masters {
    pub fn new(ssh: Ssh) -> Self {
        Self {
            ssh,
            list: Mutex::default(),
            terminal: AtomicBool::new(false),
            old_ssh: AtomicBool::new(false),
            closes: AtomicBool::new(false),
        }
    }

    /// Whether there is a master, as far as nobody is just looking for one.
    pub fn is_logged_in(&self) -> bool {
        self.list.try_lock().is_ok_and(|list| !list.is_empty())
    }

    /// The connection's timeout, in seconds.
    pub fn timeout(&self) -> u64 {
        self.ssh.timeout
    }

    /// Starts a command on the host, after a login where there is none.
    pub async fn exec(&self, shared: &Arc<Shared>, name: &str, command: &str) -> Result<Process, ConnectionError> {
        shared.settings.verbose.say(3, name, || format!("EXEC {command}"));
        let mut tries = 0;
        loop {
            let (master, permit) = self.lease(shared, name).await?;
            let error = match open(&master, permit, command).await {
                Ok(process) => return Ok(process),
                Err(error) => error,
            };
            tries += 1;
            let refused = format!("{error:?}").contains("RequestFailure");
            if refused && master.is_alive() && tries < 4 {
                // MaxSessions is lower than we took it for: this master takes no more.
                master.sessions.forget_permits(usize::MAX >> 3);
                continue;
            }
            if !refused && tries < 2 {
                // It went away unnoticed, for instance with the network: a new one says more.
                self.list.lock().await.retain(|other| !Arc::ptr_eq(other, &master));
                continue;
            }
            let words = master.last_words().await.unwrap_or_else(|| error.to_string());
            return Err(ConnectionError::Unreachable(failed(&words)));
        }
    }

    /// Starts a command with a terminal, as `ssh -tt`.
    ///
    /// ssh takes the terminal's modes from its own standard input where that is one too (`cooked`:
    /// lines end in `\r\n`, as ansible-core's `raw` shows them).
    pub async fn exec_on_terminal(
        &self,
        shared: &Arc<Shared>,
        name: &str,
        command: &str,
        cooked: bool,
    ) -> Result<Process, ConnectionError> {
        shared.settings.verbose.say(3, name, || format!("EXEC (-tt) {command}"));
        let (master, permit) = self.lease(shared, name).await?;
        let mut child = local::command(&shared.settings, &self.ssh.executable);
        child.args(args::session(&self.ssh, master.session.control_socket(), command)?);
        let process = if cooked { local::spawn_on_terminal(child)? } else { local::spawn(child)? };
        let exit = Box::pin(async move {
            let exit = process.exit.await;
            drop(permit);
            match exit {
                Exit::Status(255) if !master.is_alive() => {
                    Exit::Lost(failed(&master.last_words().await.unwrap_or_default()))
                }
                exit => exit,
            }
        });
        Ok(Process { exit, ..process })
    }

    /// Whether escalation on this host needs a terminal.
    pub fn needs_terminal(&self) -> bool {
        self.terminal.load(Ordering::Relaxed)
    }

    /// Remembers that escalation on this host needs a terminal.
    pub fn give_terminal(&self) {
        self.terminal.store(true, Ordering::Relaxed);
    }

    /// A master with room for one more session.
    async fn lease(
        &self,
        shared: &Arc<Shared>,
        name: &str,
    ) -> Result<(Arc<Master>, OwnedSemaphorePermit), ConnectionError> {
        let mut list = self.list.lock().await;
        list.retain(|master| master.is_alive());
        for master in list.iter() {
            if let Ok(permit) = Arc::clone(&master.sessions).try_acquire_owned() {
                return Ok((Arc::clone(master), permit));
            }
        }
        let master = Arc::new(self.login(shared, name).await?);
        let permit = Arc::clone(&master.sessions).acquire_owned().await;
        list.push(Arc::clone(&master));
        permit.map(|permit| (master, permit)).map_err(|error| ConnectionError::failed(error.to_string()))
    }

    /// Logs in, again where the server was busy, and as often as `ssh_retries` says.
    async fn login(&self, shared: &Arc<Shared>, name: &str) -> Result<Master, ConnectionError> {
        let jump = args::jump(&self.ssh);
        let (mut busy, mut failures) = (0, 0);
        loop {
            let fork_option = !self.old_ssh.load(Ordering::Relaxed);
            let place = shared.place().await;
            let mut pass = shared.gate.enter(jump.as_deref()).await;
            let mut login = std::pin::pin!(Master::login(shared, &self.ssh, name, fork_option, place));
            let login = match tokio::time::timeout(SILENT, &mut login).await {
                Ok(login) => login,
                Err(_) => {
                    pass.give_back();
                    login.await
                }
            };
            drop(pass);
            let words = match login {
                Ok(master) => {
                    self.closes.store(false, Ordering::Relaxed);
                    return Ok(master);
                }
                Err(LoginError::Other(error)) => return Err(error),
                Err(LoginError::OldSsh) if fork_option => {
                    self.old_ssh.store(true, Ordering::Relaxed);
                    continue;
                }
                Err(LoginError::OldSsh) => "ssh does not know the options that rplay needs".into(),
                Err(LoginError::Busy(_)) if busy < self.most_busy() => {
                    busy += 1;
                    tokio::time::sleep(Duration::from_millis(100 << busy) + jitter()).await;
                    continue;
                }
                Err(LoginError::Busy(words)) => {
                    self.closes.store(true, Ordering::Relaxed);
                    words
                }
                Err(LoginError::Words(words)) => words,
            };
            if failures >= self.ssh.retries {
                return Err(self.refusal(&words));
            }
            // ansible-core waits 0, 1, 3, 7 … seconds, never more than 30.
            let pause = (1u64 << failures.min(5)).saturating_sub(1).min(30);
            failures += 1;
            let verbose = &shared.settings.verbose;
            verbose.say(2, name, || {
                let ssh = &self.ssh.executable;
                format!("ssh_retry: attempt: {failures}, ssh return code is 255. cmd ({ssh}...), pausing for {pause} seconds")
            });
            tokio::time::sleep(Duration::from_secs(pause)).await;
        }
    }

    fn most_busy(&self) -> u32 {
        if self.closes.load(Ordering::Relaxed) { 1 } else { MOST_BUSY }
    }

    fn refusal(&self, words: &str) -> ConnectionError {
        let key =
            words.contains("read_passphrase: can't open /dev/tty") || words.contains("Host key verification failed");
        if self.ssh.password.is_some() && self.ssh.host_key_checking && key {
            return ConnectionError::failed(
                "Using a SSH password instead of a key is not possible because Host Key checking is enabled. \
                 Please add this host's fingerprint to your known_hosts file to manage this host.",
            );
        }
        ConnectionError::Unreachable(failed(words))
    }

    /// Leaves masters that say nothing more to the sessions that still have them: who comes next logs in anew.
    pub async fn give_up(&self) {
        self.list.lock().await.clear();
    }

    /// Ends all masters.
    pub async fn close(&self) {
        // A login that is still under way holds it; its master goes with its futures.
        let Ok(mut list) = tokio::time::timeout(Duration::from_millis(100), self.list.lock()).await else { return };
        let masters = std::mem::take(&mut *list);
        drop(list);
        for master in masters {
            let mut ended = master.ended();
            drop(master);
            // A session that is still open holds its master; it ends with that.
            let _ = tokio::time::timeout(Duration::from_secs(3), ended.wait_for(Option::is_some)).await;
        }
    }
}

/// ssh's words as ansible-core shows them.
pub(super) fn failed(words: &str) -> String {
    format!("Failed to connect to the host via ssh: {words}").trim_end().to_owned()
}

/// Keeps hosts that were refused together from coming back together.
fn jitter() -> Duration {
    let mut byte = [0];
    let _ = getrandom::fill(&mut byte);
    Duration::from_millis(u64::from(byte[0]))
}

async fn open(master: &Arc<Master>, permit: OwnedSemaphorePermit, command: &str) -> Result<Process, openssh::Error> {
    let mut command = Session::to_raw_command(Arc::clone(&master.session), command);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().await?;
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin().take(), child.stdout().take(), child.stderr().take())
    else {
        return Err(openssh::Error::Disconnected);
    };
    let master = Arc::clone(master);
    let exit = Box::pin(async move {
        let end = child.wait().await;
        let exit = match end {
            Ok(status) => Exit::Status(status_code(status)),
            // openssh reports the status 127 as an error of its own.
            Err(openssh::Error::Remote(_)) => Exit::Status(127),
            Err(error) => match master.last_words().await {
                Some(words) => Exit::Lost(failed(&words)),
                None if master.session.check().await.is_ok() => Exit::Status(137),
                None => Exit::Lost(failed(&error.to_string())),
            },
        };
        drop(permit);
        exit
    });
    Ok(Process { stdin: Box::new(stdin), stdout: Box::new(stdout), stderr: Box::new(stderr), exit })
}
