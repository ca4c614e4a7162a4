//! One distinct target: its way in, and an agent for each identity there.

use super::agents::{Agent, Agents};
use super::error::ConnectionError;
use super::escalate::Escalation;
use super::link::Link;
use super::marker::{Met, NotMet, await_marker};
use super::pipe::{Exit, Future_, Process, gather};
use super::private::Folders;
use super::room::{Place, Room};
use super::settings::Settings;
use super::ssh::{Gate, Masters};
use super::target::{Become, Target, Transport};
use super::{local, script};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::process::Command;
use tokio::sync::OnceCell;

/// What all machines of a pool share.
pub(super) struct Shared {
    pub settings: Settings,
    pub folders: Folders,
    pub gate: Gate,
    agents: OnceCell<Arc<Agents>>,
    room: Room,
    machines: Weak<Mutex<super::Machines>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Shared {
    pub fn new(settings: Settings, machines: Weak<Mutex<super::Machines>>) -> Self {
        let (gate, room) = (Gate::new(settings.forks), Room::new(settings.forks));
        Self { settings, folders: Folders::default(), gate, agents: OnceCell::new(), room, machines }
    }

    /// A place for one more login; a machine that no task uses is closed where there is none.
    pub async fn place(&self) -> Option<Place> {
        let free = || -> Future_<bool> {
            let Some(machine) = self.take_idle() else { return Box::pin(async { false }) };
            Box::pin(async move {
                machine.close().await;
                true
            })
        };
        self.room.place(free).await
    }

    /// Takes one of the machines out of the pool that are logged in and that nobody holds.
    fn take_idle(&self) -> Option<Arc<Machine>> {
        let machines = self.machines.upgrade()?;
        let mut machines = machines.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever wants one gets it under this lock: what only the pool holds now, nobody uses.
        let idle = |machine: &Arc<Machine>| Arc::strong_count(machine) == 1 && machine.is_logged_in();
        let idle: Vec<_> = machines.iter().filter(|(_, machine)| idle(machine)).map(|(key, _)| key.clone()).collect();
        // Any of them: whichever order the hosts come in, some are still there when they are needed again.
        let mut byte = [0; 2];
        let _ = getrandom::fill(&mut byte);
        let key = idle.get(usize::from(u16::from_ne_bytes(byte)) % idle.len().max(1))?;
        machines.remove(key)
    }

    async fn agents(&self) -> Result<Arc<Agents>, ConnectionError> {
        let load = || async {
            let settings = self.settings.clone();
            let loaded = tokio::task::spawn_blocking(move || Agents::load(&settings)).await;
            let agents = loaded.map_err(|error| ConnectionError::failed(error.to_string()))?;
            agents.map(Arc::new).map_err(ConnectionError::Failed)
        };
        self.agents.get_or_try_init(load).await.cloned()
    }
}

/// An agent and what its login had read when it started.
type Slot = tokio::sync::Mutex<Option<(Arc<Link>, u64)>>;

/// A target with its agents.
#[derive(Debug)]
pub(super) struct Machine {
    pub shared: Arc<Shared>,
    pub way: Way,
    pub remote_tmp: Option<String>,
    cwd: Option<PathBuf>,
    /// Why no agent runs there, once the host has said what it is.
    agentless: Mutex<Option<String>>,
    /// Whether one has run there.
    met: AtomicBool,
    /// How many requests nobody waited for to the end.
    given_up: Arc<AtomicU64>,
    slots: Mutex<HashMap<Option<Become>, Arc<Slot>>>,
}

/// How a machine is reached.
#[derive(Debug)]
pub(super) enum Way {
    Local,
    Ssh(Arc<Masters>),
}

impl Machine {
    pub fn new(shared: Arc<Shared>, target: &Target) -> Self {
        let way = match &target.transport {
            Transport::Local => Way::Local,
            Transport::Ssh(ssh) => Way::Ssh(Arc::new(Masters::new((**ssh).clone()))),
        };
        let (remote_tmp, cwd) = (target.remote_tmp.clone(), target.cwd.clone());
        Self {
            shared,
            way,
            remote_tmp,
            cwd,
            agentless: Mutex::default(),
            met: AtomicBool::new(false),
            given_up: Arc::default(),
            slots: Mutex::default(),
        }
    }

    /// A child of the controller's, where the target's children start.
    pub fn local_command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = local::command(&self.shared.settings, program);
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        command
    }

    fn is_logged_in(&self) -> bool {
        match &self.way {
            Way::Local => false,
            Way::Ssh(masters) => masters.is_logged_in(),
        }
    }

    /// An escalation on this machine.
    pub fn escalation(&self, wanted: &Become, id: &str) -> Result<Escalation, ConnectionError> {
        let timeout = match &self.way {
            Way::Local => None,
            Way::Ssh(masters) => Some(masters.timeout()),
        };
        Escalation::new(wanted, id, timeout)
    }

    fn slot(&self, escalation: Option<&Become>) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(escalation.cloned()).or_default())
    }

    /// The agent of an identity, where it runs.
    pub async fn running(&self, escalation: Option<&Become>) -> Option<Arc<Link>> {
        let slot = self.slot(escalation);
        let slot = slot.lock().await;
        slot.as_ref().filter(|(link, _)| link.is_alive()).map(|(link, _)| Arc::clone(link))
    }

    /// Whether the host is known to be one where an agent runs.
    pub fn has_agent(&self) -> bool {
        self.met.load(Ordering::Relaxed)
    }

    /// Whether the host is known to be one where no agent runs.
    pub fn lacks_agent(&self) -> bool {
        self.agentless.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The running agent of an identity, started where there is none.
    ///
    /// Another identity's agent retires once what its login has read has changed; the login's own stays.
    pub async fn link(&self, name: &str, escalation: Option<&Become>) -> Result<Arc<Link>, ConnectionError> {
        if let Some(why) = &*self.agentless.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(ConnectionError::NoAgent(why.clone()));
        }
        let stamp = match escalation {
            None => 0,
            Some(_) => Box::pin(self.link(name, None)).await?.probe().await?,
        };
        let slot = self.slot(escalation);
        let mut slot = slot.lock().await;
        if let Some((link, at)) = &*slot
            && *at == stamp
            && link.is_alive()
        {
            if link.answers().await {
                return Ok(Arc::clone(link));
            }
            if let Way::Ssh(masters) = &self.way {
                masters.give_up().await;
            }
        }
        // The old one goes first, so that its session is free again.
        *slot = None;
        let started = self.start(name, escalation).await;
        if let Err(ConnectionError::NoAgent(why)) = &started {
            *self.agentless.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
        }
        let link = Arc::new(started?);
        self.met.store(true, Ordering::Relaxed);
        *slot = Some((Arc::clone(&link), stamp));
        Ok(link)
    }

    /// Ends the agents of users other than root and this one, as far as nothing runs in them.
    pub async fn retire_others(&self, kept: Option<&Become>) {
        let slots: Vec<Arc<Slot>> = {
            let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            let other = |user: &Option<Become>| user.as_ref().is_some_and(|u| u.user != "root" && Some(u) != kept);
            slots.iter().filter(|(user, _)| other(user)).map(|(_, slot)| Arc::clone(slot)).collect()
        };
        for slot in slots {
            // One that is just being started or asked is at work.
            let Ok(mut slot) = slot.try_lock() else { continue };
            if let Some((link, _)) = slot.take_if(|(link, _)| Arc::strong_count(link) == 1) {
                link.leave().await;
            }
        }
    }

    async fn start(&self, name: &str, escalation: Option<&Become>) -> Result<Link, ConnectionError> {
        let agents = self.shared.agents().await?;
        let met = match &self.way {
            Way::Local => self.start_local(name, escalation, agents.own()?).await?,
            Way::Ssh(masters) => self.start_remote(name, masters, escalation, &agents).await?,
        };
        if met.word != "+" {
            return Err(ConnectionError::failed(format!("the agent does not start: {}", met.word)));
        }
        Link::open(met.pipe, &self.given_up).await
    }

    async fn start_local(
        &self,
        name: &str,
        escalation: Option<&Become>,
        agent: &Agent,
    ) -> Result<Met, ConnectionError> {
        let Shared { settings, folders, .. } = &*self.shared;
        let marker = random();
        let Some(wanted) = escalation else {
            let path = match &agent.path {
                Some(path) => path.clone(),
                None => folders.agent(settings, agent.bytes())?,
            };
            settings.verbose.say(3, name, || format!("EXEC {}", path.display()));
            let mut command = self.local_command(path);
            command.arg(&marker);
            return Ok(await_marker(
                local::spawn_within(command, settings.open_files)?,
                &marker,
                None,
                &settings.verbose,
                name,
            )
            .await?);
        };
        let path = folders.agent(settings, agent.bytes())?;
        let id = random();
        let escalation = self.escalation(wanted, &id)?;
        let line = escalation.command(wanted, &id, &format!("exec {} {marker}", plain(&path)?));
        settings.verbose.say(3, name, || format!("EXEC {line}"));
        let mut command = self.local_command("/bin/sh");
        let (missing, before) = (escalation.missing(wanted), escalation.before(wanted)?);
        command.arg("-c").arg(format!("{missing}{before}exec {line}"));
        let process = local::spawn_within(command, settings.open_files)?;
        Ok(await_marker(process, &marker, Some(escalation), &settings.verbose, name).await?)
    }

    /// Starts the agent that lies in the host's cache, after an upload where it does not.
    async fn start_remote(
        &self,
        name: &str,
        masters: &Arc<Masters>,
        wanted: Option<&Become>,
        agents: &Agents,
    ) -> Result<Met, ConnectionError> {
        let other_user = wanted.is_some_and(|wanted| wanted.user != "root");
        let folders = script::folders(self.remote_tmp.as_deref(), other_user);
        let mut agent = agents.first()?;
        let mut uploaded = false;
        loop {
            let (marker, id) = (random(), random());
            let escalation = wanted.map(|wanted| self.escalation(wanted, &id)).transpose()?;
            let command = match (wanted, &escalation) {
                (Some(wanted), Some(escalation)) => escalation.command(wanted, &id, &format!("exec $p {marker}")),
                _ => format!("$p {marker}"),
            };
            let before = match (wanted, &escalation) {
                (Some(wanted), Some(escalation)) => escalation.missing(wanted) + &escalation.before(wanted)?,
                _ => String::new(),
            };
            let script = before + &script::start(&folders, agent.hash(), &marker, &command);
            let asks_there = escalation.as_ref().is_some_and(Escalation::asks_on_terminal);
            let on_terminal = asks_there || wanted.is_some() && masters.needs_terminal();
            let process = if on_terminal {
                let line = script::for_login_shell(&script::on_terminal(&script))?;
                masters.exec_on_terminal(&self.shared, name, &line, false).await?
            } else {
                masters.exec(&self.shared, name, &script::for_login_shell(&script)?).await?
            };
            let met = match await_marker(process, &marker, escalation, &self.shared.settings.verbose, name).await {
                Err(NotMet::Terminal(_)) if !on_terminal => {
                    masters.give_terminal();
                    continue;
                }
                met => met?,
            };
            let Some(system) = met.word.strip_prefix('-') else { return Ok(met) };
            if uploaded {
                return Err(ConnectionError::failed("the agent was stored on the host, but is not found there"));
            }
            let (system, machine) = system.split_once(' ').unwrap_or((system, ""));
            let fitting = agents.pick(system, machine)?;
            if fitting.hash() == agent.hash() {
                self.upload(name, masters, &folders, agent).await?;
                uploaded = true;
            }
            agent = fitting;
        }
    }

    /// Stores the agent on the host, in the first folder that takes it whole.
    async fn upload(
        &self,
        name: &str,
        masters: &Arc<Masters>,
        folders: &str,
        agent: &Agent,
    ) -> Result<(), ConnectionError> {
        let (mut left, mut first) = (folders, None);
        loop {
            let said = self.upload_to(name, masters, left, agent).await?;
            if said == "+" {
                return Ok(());
            }
            let full = said.starts_with(script::NOT_WHOLE);
            let said = first.get_or_insert(said);
            // Its disk is full: another folder may be on another one.
            match left.split_once(' ') {
                Some((_, rest)) if full => left = rest,
                _ => return Err(ConnectionError::no_place("the upload of rplay-agent", 1, "", said)),
            }
        }
    }

    /// Stores the agent packed, unless the host cannot unpack it; `+`, or what went wrong.
    async fn upload_to(
        &self,
        name: &str,
        masters: &Arc<Masters>,
        folders: &str,
        agent: &Agent,
    ) -> Result<String, ConnectionError> {
        let mut said = match agent.packed() {
            Some(packed) => {
                self.store(name, masters, |marker| script::upload(folders, agent.hash(), marker, true), packed).await?
            }
            None => script::NO_GZIP.into(),
        };
        if said == script::NO_GZIP {
            let script = |marker: &str| script::upload(folders, agent.hash(), marker, false);
            said = self.store(name, masters, script, agent.bytes()).await?;
        }
        Ok(said)
    }

    /// Runs a script that stores its input; `+`, or what went wrong.
    async fn store(
        &self,
        name: &str,
        masters: &Arc<Masters>,
        script: impl Fn(&str) -> String,
        bytes: &[u8],
    ) -> Result<String, ConnectionError> {
        let verbose = &self.shared.settings.verbose;
        verbose.say(3, name, || format!("PUT rplay-agent ({} bytes)", bytes.len()));
        let marker = random();
        let line = script::for_login_shell(&script(&marker))?;
        let process: Process = masters.exec(&self.shared, name, &line).await?;
        let said = gather(process, Some(bytes)).await;
        if let Exit::Lost(words) = said.exit {
            return Err(ConnectionError::Unreachable(words));
        }
        let (stdout, stderr) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        Ok(match stdout.split_once(&marker).map(|(_, word)| word.trim()) {
            Some("+") => "+".to_owned(),
            Some(word) if word.trim_start_matches('-') == script::NO_GZIP => script::NO_GZIP.to_owned(),
            word => {
                let why = word.map_or(stdout.trim(), |word| word.trim_start_matches('-'));
                format!("{why} {}", stderr.trim()).trim_end().to_owned()
            }
        })
    }

    /// Ends agents and masters.
    pub async fn close(&self) {
        // The next login may be another system's.
        *self.agentless.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.met.store(false, Ordering::Relaxed);
        let slots = std::mem::take(&mut *self.slots.lock().unwrap_or_else(PoisonError::into_inner));
        for slot in slots.into_values() {
            // A start that is still under way holds it; what it starts goes with its slot.
            if let Ok(mut slot) = slot.try_lock() {
                slot.take();
            }
        }
        if let Way::Ssh(masters) = &self.way {
            masters.close().await;
        }
    }
}

/// A path that needs no quotes in any shell.
fn plain(path: &Path) -> Result<String, ConnectionError> {
    let text = path.to_string_lossy().into_owned();
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "/._+-@".contains(c)) {
        Ok(text)
    } else {
        Err(ConnectionError::failed(format!("{text}: the folder for temporary files needs a plainer name")))
    }
}

/// Random hexadecimal digits, enough to be met nowhere else.
pub(super) fn random() -> String {
    let mut bytes = [0u8; 16];
    // Without a source of randomness nothing below would work either: ssh needs it too.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
