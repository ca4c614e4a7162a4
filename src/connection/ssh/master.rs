//! One ssh master: OpenSSH's own process, logged in, on whose socket sessions are opened.

use super::args;
use super::askpass::Askpass;
use crate::connection::error::ConnectionError;
use crate::connection::local;
use crate::connection::machine::{Shared, random};
use crate::connection::raw::quote;
use crate::connection::room::Place;
use crate::connection::target::Ssh;
use openssh::Session;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::{Semaphore, oneshot, watch};

/// A default sshd allows 10 sessions on a connection; two are left for the user's own needs.
const MOST_SESSIONS: usize = 8;

/// How often it is looked whether a login has succeeded: one stat each time.
const LOOK: Duration = Duration::from_millis(3);

/// A master that is logged in.
#[derive(Debug)]
pub(super) struct Master {
    pub session: Arc<Session>,
    pub sessions: Arc<Semaphore>,
    ended: watch::Receiver<Option<String>>,
    /// Its place among the logins.
    _place: Option<Place>,
    /// Dropped, it ends the process.
    _stop: oneshot::Sender<()>,
}

/// Why a login came to nothing.
#[derive(Debug)]
pub(super) enum LoginError {
    /// Closed before authentication: a busy server, worth another try.
    Busy(String),
    /// An ssh that does not know `ForkAfterAuthentication`.
    OldSsh,
    /// ssh's own words.
    Words(String),
    /// Something of ours.
    Other(ConnectionError),
}

impl Master {
    /// Logs in once.
    pub async fn login(
        shared: &Arc<Shared>,
        ssh: &Ssh,
        name: &str,
        fork_option: bool,
        place: Option<Place>,
    ) -> Result<Self, LoginError> {
        let folder = shared.folders.private(&shared.settings).map_err(LoginError::Other)?;
        let socket = folder.join(&random()[..8]);
        let args = args::master(ssh, &socket, fork_option).map_err(LoginError::Other)?;
        let verbose = &shared.settings.verbose;
        verbose
            .say(3, name, || format!("ESTABLISH SSH CONNECTION FOR USER: {}", ssh.user.as_deref().unwrap_or("None")));
        verbose.say(3, name, || {
            let words: Vec<String> = args.iter().map(|word| quote(word)).collect();
            format!("SSH: EXEC {} {}", ssh.executable, words.join(" "))
        });
        let mut command = local::command(&shared.settings, &ssh.executable);
        command.args(&args).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let askpass = match &ssh.password {
            Some(password) => Some(Askpass::prepare(shared, password, &mut command).map_err(LoginError::Other)?),
            None => None,
        };
        let master = Self::spawn(shared, command, &ssh.executable, &socket, place).await;
        drop(askpass);
        master
    }

    async fn spawn(
        shared: &Arc<Shared>,
        mut command: Command,
        executable: &str,
        socket: &Path,
        place: Option<Place>,
    ) -> Result<Self, LoginError> {
        let mut child = command.spawn().map_err(|error| {
            LoginError::Other(ConnectionError::failed(format!("{executable} cannot be run: {error}")))
        })?;
        let kept = Kept::new(shared, child.id());
        let words = Arc::new(Mutex::new(Vec::new()));
        let listening = child.stderr.take().map(|stderr| tokio::spawn(listen(stderr, Arc::clone(&words))));
        let said = || String::from_utf8_lossy(&words.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
        loop {
            // The socket appears once the login has succeeded.
            if socket.exists() {
                let session = Session::resume_mux(socket.into(), None);
                if session.check().await.is_ok() {
                    let (stop, stopped) = oneshot::channel();
                    let (tell, ended) = watch::channel(None);
                    tokio::spawn(supervise(child, kept, stopped, words, tell, socket.to_owned()));
                    let sessions = Arc::new(Semaphore::new(MOST_SESSIONS));
                    return Ok(Self { session: Arc::new(session), sessions, ended, _place: place, _stop: stop });
                }
            }
            if let Ok(Some(_)) = child.try_wait() {
                if let Some(listening) = listening {
                    let _ = tokio::time::timeout(Duration::from_millis(500), listening).await;
                }
                return Err(why(&said()));
            }
            tokio::select! {
                _ = child.wait() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Whether the process runs.
    pub fn is_alive(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// Hears of its end.
    pub fn ended(&self) -> watch::Receiver<Option<String>> {
        self.ended.clone()
    }

    /// What ssh said at its end; waits a moment for it, since sessions end first.
    pub async fn last_words(&self) -> Option<String> {
        let mut ended = self.ended.clone();
        let end = tokio::time::timeout(Duration::from_millis(500), ended.wait_for(Option::is_some)).await;
        end.ok()?.ok().and_then(|words| words.clone())
    }
}

/// A process that the keeper ends, should the controller be killed, for as long as this lives.
struct Kept(Arc<Shared>, Option<u32>);

impl Kept {
    fn new(shared: &Arc<Shared>, pid: Option<u32>) -> Self {
        if let Some(pid) = pid {
            shared.folders.keeper.process(&shared.settings, pid);
        }
        Self(Arc::clone(shared), pid)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(pid) = self.1 {
            self.0.folders.keeper.gone(pid);
        }
    }
}

async fn listen(mut stderr: ChildStderr, words: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 4096];
    while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
        words.extend_from_slice(&buffer[..count]);
        let surplus = words.len().saturating_sub(64 << 10);
        words.drain(..surplus);
    }
}

/// Waits for the end of a master, or brings it about once nobody needs it.
async fn supervise(
    mut child: Child,
    kept: Kept,
    stopped: oneshot::Receiver<()>,
    words: Arc<Mutex<Vec<u8>>>,
    tell: watch::Sender<Option<String>>,
    socket: PathBuf,
) {
    let wanted = tokio::select! {
        _ = child.wait() => false,
        _ = stopped => {
            // ssh tells the server and removes its socket on a SIGTERM.
            if let Some(pid) = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            }
            if tokio::time::timeout(Duration::from_secs(2), child.wait()).await.is_err() {
                let _ = child.kill().await;
            }
            true
        }
    };
    drop(kept);
    let _ = std::fs::remove_file(socket);
    if !wanted {
        // Its last words may still be on their way through the pipe.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let said = String::from_utf8_lossy(&words.lock().unwrap_or_else(PoisonError::into_inner)).trim_end().to_owned();
    let _ = tell.send(Some(said));
}

/// Sorts a failed login by ssh's words.
fn why(words: &str) -> LoginError {
    let lower = words.to_ascii_lowercase();
    if lower.contains("bad configuration option: forkafterauthentication") {
        return LoginError::OldSsh;
    }
    // Whatever answered there is no ssh server.
    if lower.contains("invalid characters") || lower.contains("invalid format") {
        return LoginError::Words(words.to_owned());
    }
    let closed = ["kex_exchange_identification:", "ssh_exchange_identification:", "banner exchange:"];
    if closed.iter().any(|sign| lower.contains(sign)) {
        return LoginError::Busy(words.to_owned());
    }
    LoginError::Words(words.to_owned())
}
