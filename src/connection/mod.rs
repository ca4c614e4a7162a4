//! local, ssh and become: argv and bytes only.
//!
//! A [`Pool`] keeps one ssh master (or more, where sessions run out) for each distinct ssh
//! target, and one agent for each target and become identity. [`Pool::connect`] costs nothing:
//! a [`Connection`] logs in and starts its agent when it is first used, and again after a loss.
//! Passwords are in no argv, log, error or `{:?}`.

mod agents;
mod error;
mod escalate;
mod keeper;
mod lane;
mod link;
mod local;
mod machine;
mod marker;
mod methods;
mod pipe;
mod plain;
mod private;
mod raw;
mod room;
mod script;
mod settings;
mod ssh;
mod target;

use crate::proto::{Bytes, Content, FileKind, FileModule, Hello, Outcome, Request};
use link::Link;
use machine::Machine;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};

pub use error::ConnectionError;
pub use lane::Lane;
pub use methods::{METHODS, Method};
pub use raw::{Raw, RawOutput};
pub use room::most_forks;
pub use settings::{AgentBinary, Settings, Verbose};
pub use target::{Become, Secret, Ssh, Target, Transport};

/// Content up to this size goes along with its request; more is staged before.
const MOST_INLINE: u64 = 256 << 10;

/// All connections of a run.
#[derive(Clone, Debug)]
pub struct Pool {
    shared: Arc<machine::Shared>,
    machines: Arc<Mutex<Machines>>,
}

/// By what tells them apart: the way in, `remote_tmp`, and where children start.
type Machines = HashMap<(Transport, Option<String>, Option<PathBuf>), Arc<Machine>>;

/// File content for a module.
#[derive(Clone, Debug)]
pub enum Upload {
    /// Bytes in memory.
    Bytes(Vec<u8>),
    /// A file of the controller.
    File(PathBuf),
}

impl Pool {
    /// A pool without connections.
    pub fn new(settings: Settings) -> Self {
        let machines: Arc<Mutex<Machines>> = Arc::default();
        Self { shared: Arc::new(machine::Shared::new(settings, Arc::downgrade(&machines))), machines }
    }

    /// The connection to a target; nothing happens before it is used.
    pub fn connect(&self, target: &Target) -> Connection {
        let mut machines = self.machines.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (target.transport.clone(), target.remote_tmp.clone(), target.cwd.clone());
        let machine = machines.entry(key).or_insert_with(|| Arc::new(Machine::new(Arc::clone(&self.shared), target)));
        let (machine, escalation) = (Arc::clone(machine), target.escalation.clone());
        // Verbose lines name the address, as ansible-core's do.
        let name = match &target.transport {
            Transport::Ssh(ssh) => ssh.host.as_str(),
            Transport::Local => target.name.as_str(),
        };
        Connection { machine, name: name.into(), escalation }
    }

    /// Ends the idle agents of other become users on a target's machine, and waits until they are gone.
    ///
    /// With Ansible, no process of a become user's is left once its task is over; some modules count on that.
    pub async fn retire_others(&self, target: &Target) {
        let same = |other: &Transport| match (other, &target.transport) {
            (Transport::Local, Transport::Local) => true,
            (Transport::Ssh(a), Transport::Ssh(b)) => a.host == b.host,
            _ => false,
        };
        let machines: Vec<Arc<Machine>> = {
            let machines = self.machines.lock().unwrap_or_else(PoisonError::into_inner);
            machines.iter().filter(|((other, ..), _)| same(other)).map(|(_, machine)| Arc::clone(machine)).collect()
        };
        for machine in machines {
            machine.retire_others(target.escalation.as_ref()).await;
        }
    }

    /// Ends all connections: agents, masters, sockets.
    pub async fn close(&self) {
        let machines = std::mem::take(&mut *self.machines.lock().unwrap_or_else(PoisonError::into_inner));
        let mut closing = tokio::task::JoinSet::new();
        for machine in machines.into_values() {
            closing.spawn(async move { machine.close().await });
        }
        while closing.join_next().await.is_some() {}
    }
}

/// A host as one identity. Cheap to clone; used by many tasks at once.
#[derive(Clone, Debug)]
pub struct Connection {
    machine: Arc<Machine>,
    name: Arc<str>,
    escalation: Option<Become>,
}

impl Connection {
    /// Runs a module. A future that is dropped ends the module on the host.
    pub async fn run(&self, request: Request, upload: Option<Upload>) -> Result<Outcome, ConnectionError> {
        let link = self.link().await?;
        let content = match upload {
            None => None,
            Some(upload) => Some(content(&link, upload).await?),
        };
        link.run(request, content).await
    }

    /// Runs a module that is a file, and gives what it printed: `rc`, `stdout` and `stderr`. What is packed is
    /// sent only where the host lacks it.
    pub async fn run_file(
        &self,
        request: Request,
        file: FileModule,
        upload: impl FnOnce() -> Upload,
    ) -> Result<Outcome, ConnectionError> {
        let link = self.link().await?;
        if file.kind == FileKind::Packed {
            let outcome = link.run_file(request.clone(), file.clone(), None).await?;
            if outcome.get(FileModule::MISSING).is_none() {
                return Ok(outcome);
            }
        }
        let content = content(&link, upload()).await?;
        link.run_file(request, file, Some(content)).await
    }

    /// Runs a module once the last request of its lane has ended; `sent` is called as soon as the request has left.
    pub async fn run_in_lane(
        &self,
        request: Request,
        upload: Option<Upload>,
        lane: &Lane,
        sent: impl FnOnce(),
    ) -> Result<Outcome, ConnectionError> {
        let link = self.link().await?;
        let content = match upload {
            None => None,
            Some(upload) => Some(content(&link, upload).await?),
        };
        link.run_in_lane(request, content, lane, sent).await
    }

    /// Runs a command by a plain exec, without the agent: for `raw`.
    pub async fn raw(&self, raw: &Raw) -> Result<RawOutput, ConnectionError> {
        raw::run(&self.machine, &self.name, self.escalation.as_ref(), raw).await
    }

    /// Runs a shell script without the agent; it goes through standard input.
    pub async fn script(&self, script: &str) -> Result<RawOutput, ConnectionError> {
        self.plain().script(script).await
    }

    /// Puts a file into a private folder of the host, by its name there, and says its path.
    ///
    /// It lives until [`Connection::unstage`] or the agent's end. Where no agent runs, a shell stores it.
    pub async fn put(
        &self,
        name: &str,
        executable: bool,
        reader: &mut (impl AsyncRead + Unpin + ?Sized),
    ) -> Result<String, ConnectionError> {
        match self.link().await {
            Ok(link) => link.put(name, executable, reader).await,
            Err(ConnectionError::NoAgent(_)) => self.plain().put(name, executable, reader).await,
            Err(error) => Err(error),
        }
    }

    /// Removes a file that was put; nobody waits for an agent to do it. One that is gone has removed it itself.
    pub async fn unstage(&self, path: &str) {
        if self.machine.lacks_agent() {
            self.plain().remove(path).await;
        } else if let Some(link) = self.machine.running(self.escalation.as_ref()).await {
            link.unstage(path);
        }
    }

    /// Copies a file of the host into a writer, and says its size.
    pub async fn get(
        &self,
        path: &str,
        writer: &mut (impl AsyncWrite + Unpin + ?Sized),
    ) -> Result<u64, ConnectionError> {
        match self.link().await {
            Ok(link) => link.get(path, writer).await,
            Err(ConnectionError::NoAgent(_)) => self.plain().get(path, writer).await,
            Err(error) => Err(error),
        }
    }

    /// Why the host can have no agent, if it cannot; it is asked only where nobody knows yet.
    pub async fn agentless(&self) -> Result<Option<String>, ConnectionError> {
        if self.machine.has_agent() {
            return Ok(None);
        }
        match self.link().await {
            Ok(_) => Ok(None),
            Err(ConnectionError::NoAgent(why)) => Ok(Some(why)),
            Err(error) => Err(error),
        }
    }

    /// Who the agent is on the host.
    pub async fn hello(&self) -> Result<Hello, ConnectionError> {
        Ok(self.link().await?.hello.clone())
    }

    /// `meta: reset_connection`: the next task logs in anew.
    pub async fn reset(&self) {
        self.machine.close().await;
    }

    fn plain(&self) -> plain::Plain<'_> {
        plain::Plain { machine: &self.machine, name: &self.name, wanted: self.escalation.as_ref() }
    }

    async fn link(&self) -> Result<Arc<Link>, ConnectionError> {
        self.machine.link(&self.name, self.escalation.as_ref()).await
    }
}

async fn content(link: &Link, upload: Upload) -> Result<Content, ConnectionError> {
    match upload {
        Upload::Bytes(bytes) if bytes.len() as u64 <= MOST_INLINE => Ok(Content::Inline(Bytes(bytes))),
        Upload::Bytes(bytes) => Ok(Content::Staged(link.put("content", false, &mut &bytes[..]).await?)),
        Upload::File(path) => {
            let trouble = |error: std::io::Error| ConnectionError::failed(format!("{}: {error}", path.display()));
            let mut file = tokio::fs::File::open(&path).await.map_err(trouble)?;
            let size = file.metadata().await.map_err(trouble)?.len();
            if size <= MOST_INLINE {
                return Ok(Content::Inline(Bytes(tokio::fs::read(&path).await.map_err(trouble)?)));
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            Ok(Content::Staged(link.put(&name, false, &mut file).await?))
        }
    }
}
