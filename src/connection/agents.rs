//! Which agent fits a host: an embedder's, the one that `RPLAY_AGENT` names, or the embedded one.

use super::error::ConnectionError;
use super::settings::Settings;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

#[cfg(embedded_agent)]
static EMBEDDED: Option<&[u8]> = Some(include_bytes!(concat!(env!("OUT_DIR"), "/rplay-agent")));
#[cfg(not(embedded_agent))]
static EMBEDDED: Option<&[u8]> = None;

/// The same as gzip packs it: what goes to a host.
#[cfg(embedded_agent)]
static PACKED: Option<&[u8]> = Some(include_bytes!(concat!(env!("OUT_DIR"), "/rplay-agent.gz")));
#[cfg(not(embedded_agent))]
static PACKED: Option<&[u8]> = None;

/// An agent's executable.
pub(super) struct Agent {
    machine: String,
    bytes: Bytes,
    hash: OnceLock<String>,
    /// Where it lies as a file already.
    pub path: Option<PathBuf>,
}

/// The embedded agent stays where it is: a copy of it would be a fifth of rplay's memory.
enum Bytes {
    Embedded(&'static [u8]),
    Shared(Arc<[u8]>),
}

impl Agent {
    fn new(machine: String, bytes: Bytes, path: Option<PathBuf>) -> Self {
        Self { machine, bytes, hash: OnceLock::new(), path }
    }

    /// The executable's content.
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Embedded(bytes) => bytes,
            Bytes::Shared(bytes) => bytes,
        }
    }

    /// The same packed by gzip, where it comes so.
    pub fn packed(&self) -> Option<&[u8]> {
        match self.bytes {
            Bytes::Embedded(_) => PACKED,
            Bytes::Shared(_) => None,
        }
    }

    /// Its SHA-256, which a local connection has no use for.
    pub fn hash(&self) -> &str {
        self.hash.get_or_init(|| Sha256::digest(self.bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// The agents that there are, the preferred ones first.
pub(super) struct Agents(Vec<Agent>);

impl Agents {
    /// Reads those that are files; slow enough to be done once.
    pub fn load(settings: &Settings) -> Result<Self, String> {
        let given = settings.agents.iter();
        let given = given.map(|a| Agent::new(a.machine.clone(), Bytes::Shared(Arc::clone(&a.bytes)), None));
        let mut all: Vec<Agent> = given.collect();
        if let Some(path) = settings.agent.clone().or_else(beside_executable) {
            let bytes = std::fs::read(&path).map_err(|error| format!("the agent {}: {error}", path.display()))?;
            let machine = elf_machine(&bytes).unwrap_or_default().to_owned();
            all.push(Agent::new(machine, Bytes::Shared(bytes.into()), Some(path)));
        }
        if let Some(bytes) = EMBEDDED {
            let machine = elf_machine(bytes).unwrap_or_default().to_owned();
            all.push(Agent::new(machine, Bytes::Embedded(bytes), None));
        }
        Ok(Self(all))
    }

    /// The agent for a host, by what `uname -s` and `uname -m` say there.
    pub fn pick(&self, system: &str, machine: &str) -> Result<&Agent, ConnectionError> {
        let family = family(machine);
        if self.0.is_empty() {
            let text = "This rplay has no agent embedded: RPLAY_AGENT must name one";
            return Err(ConnectionError::failed(text));
        }
        let found = self.0.iter().find(|agent| system == "Linux" && family == self::family(&agent.machine));
        found.ok_or_else(|| {
            let text =
                format!("rplay has no agent for {system} on {machine}, where modules run as their Python files do");
            ConnectionError::NoAgent(text)
        })
    }

    /// The controller's own.
    pub fn own(&self) -> Result<&Agent, ConnectionError> {
        self.pick("Linux", std::env::consts::ARCH)
    }

    /// The agent that is tried before a host has said what it is.
    pub fn first(&self) -> Result<&Agent, ConnectionError> {
        self.own().or_else(|error| self.0.first().ok_or(error))
    }
}

/// One name for machines that run the same binaries.
fn family(machine: &str) -> &str {
    match machine {
        "i386" | "i486" | "i586" | "i686" | "x86" => "i386",
        "arm64" | "aarch64" => "aarch64",
        other if other.starts_with("armv") => "arm",
        other => other,
    }
}

/// The machine that an ELF file is for, as `uname -m` says it.
fn elf_machine(bytes: &[u8]) -> Option<&'static str> {
    let head = bytes.get(..20).filter(|head| head.starts_with(b"\x7fELF"))?;
    let little = head[5] == 1;
    let number = [head[18], head[19]];
    let number = if little { u16::from_le_bytes(number) } else { u16::from_be_bytes(number) };
    Some(match (number, little) {
        (3, _) => "i386",
        (20, true) | (21, true) => "ppc64le",
        (21, false) => "ppc64",
        (22, _) => "s390x",
        (40, _) => "arm",
        (62, _) => "x86_64",
        (183, _) => "aarch64",
        (243, _) => "riscv64",
        _ => return None,
    })
}

/// A debug build embeds nothing: cargo has put the agent beside what runs, or beside its folder of tests.
fn beside_executable() -> Option<PathBuf> {
    if !cfg!(debug_assertions) {
        return None;
    }
    let own = std::env::current_exe().ok()?;
    own.ancestors().skip(1).take(2).map(|folder| folder.join("rplay-agent")).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::AgentBinary;

    #[test]
    fn an_agent_is_picked_by_machine() {
        let binary = |machine: &str| AgentBinary { machine: machine.into(), bytes: machine.as_bytes().into() };
        let settings = Settings { agents: vec![binary("aarch64"), binary("i386")], ..Settings::default() };
        let agents = Agents::load(&settings).unwrap();
        assert_eq!(agents.pick("Linux", "arm64").unwrap().bytes(), b"aarch64");
        assert_eq!(agents.pick("Linux", "i686").unwrap().bytes(), b"i386");
        assert!(matches!(agents.pick("FreeBSD", "aarch64"), Err(ConnectionError::NoAgent(_))));
    }
}
