//! What a pool of connections is told once, as plain data.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The settings of a [`Pool`](super::Pool).
#[derive(Clone, Debug)]
pub struct Settings {
    /// `forks`: never more logins are under way than this.
    pub forks: usize,
    /// `RPLAY_AGENT`: an agent to use instead of the embedded one.
    pub agent: Option<PathBuf>,
    /// Agents that an embedder brings, before the embedded one.
    pub agents: Vec<AgentBinary>,
    /// Where the private folder for sockets is made; short, since a socket's path is at most 108 bytes.
    pub temp_dir: PathBuf,
    /// The environment of local children, ssh among them; None passes this process's own on.
    pub environment: Option<Vec<(OsString, OsString)>>,
    /// The working directory of local children; None is this process's own.
    pub cwd: Option<PathBuf>,
    /// How many files local children may have open; None is what this process may.
    pub open_files: Option<u64>,
    /// Hears what `-v` shows.
    pub verbose: Verbose,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            forks: 5,
            agent: None,
            agents: Vec::new(),
            temp_dir: "/tmp".into(),
            environment: None,
            cwd: None,
            open_files: None,
            verbose: Verbose::default(),
        }
    }
}

/// An agent for hosts of one kind.
#[derive(Clone)]
pub struct AgentBinary {
    /// The machine as `uname -m` says it: `x86_64`.
    pub machine: String,
    /// The static executable.
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for AgentBinary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agent for {} ({} bytes)", self.machine, self.bytes.len())
    }
}

type Listener = dyn Fn(u8, &str, &str) + Send + Sync;

/// Hears messages with the least verbosity that shows them, and the host they are about.
#[derive(Clone, Default)]
pub struct Verbose(Option<Arc<Listener>>);

impl Verbose {
    /// Calls a function with level, host and text.
    pub fn new(listener: impl Fn(u8, &str, &str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Says something; the text is made only where somebody listens.
    pub(super) fn say(&self, level: u8, host: &str, text: impl FnOnce() -> String) {
        if let Some(listener) = &self.0 {
            listener(level, host, &text());
        }
    }
}

impl fmt::Debug for Verbose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Verbose(..)" } else { "Verbose(none)" })
    }
}
