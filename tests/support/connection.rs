//! Pools and requests for tests of connections.

use rplay::connection::{Pool, Settings, Verbose};
use rplay::proto::{Outcome, Request};
use rplay::value::Value;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What a pool said at -vvv.
#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<String>>);

impl Heard {
    /// All of it.
    pub fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

/// A pool with the agent that cargo built, and what it says.
pub fn pool() -> (Pool, Heard) {
    pool_with(PathBuf::from(env!("CARGO_BIN_EXE_rplay-agent")))
}

/// A file that looks like an agent for a processor that is nowhere: with it, no host of the tests has one.
pub fn foreign_agent(folder: &Path) -> PathBuf {
    let path = folder.join("foreign-agent");
    let mut elf = vec![0u8; 64];
    elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
    elf[18] = 22;
    std::fs::write(&path, elf).unwrap();
    path
}

/// A pool with this agent, and what it says.
pub fn pool_with(agent: PathBuf) -> (Pool, Heard) {
    let heard = Heard::default();
    let lines = heard.clone();
    let verbose = Verbose::new(move |level, host, text| {
        lines.0.lock().unwrap().push_str(&format!("{level} <{host}> {text}\n"));
    });
    (Pool::new(Settings { agent: Some(agent), verbose, forks: 20, ..Settings::default() }), heard)
}

/// A request for a module that no agent has: its answer shows that the agent is there.
pub fn nonsense() -> Request {
    Request { module: "no_such_module".into(), ..Request::default() }
}

/// Whether an answer is an agent's to [`nonsense`].
#[track_caller]
pub fn is_answered(outcome: &Outcome) {
    let msg = outcome.get("msg").and_then(Value::as_str);
    assert_eq!(msg, Some("The module no_such_module is not supported by this rplay-agent"));
}

/// Runs a future on a runtime of its own.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap().block_on(future)
}

/// A request for the module `command` that runs a shell script.
pub fn shell(script: &str) -> Request {
    let mut request = Request { module: "shell".into(), ..Request::default() };
    request.args.insert("_raw_params", script);
    request.args.insert("_uses_shell", true);
    request
}
