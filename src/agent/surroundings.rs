//! Who and where the agent is, read once and never changed.

use crate::proto::{Hello, PROTOCOL};

/// A variable of the environment that the login gave to the agent.
#[expect(clippy::disallowed_methods, reason = "this is the managed host's environment, not the controller's")]
fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The home of the agent's user, where `HOME` has the first word.
fn home() -> Option<String> {
    env("HOME").filter(|home| !home.is_empty()).or_else(|| {
        let uid = rustix::process::getuid().as_raw().to_string();
        passwd(|fields| fields.get(2) == Some(&uid.as_str()), 5)
    })
}

/// The first message.
pub(super) fn hello() -> Hello {
    let uid = rustix::process::getuid().as_raw();
    let system = rustix::system::uname();
    let id = uid.to_string();
    Hello {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        uid,
        user: passwd(|fields| fields.get(2) == Some(&id.as_str()), 0).unwrap_or_default(),
        home: home().unwrap_or_default(),
        system: system.sysname().to_string_lossy().into_owned(),
        machine: system.machine().to_string_lossy().into_owned(),
    }
}

fn passwd(wanted: impl Fn(&[&str]) -> bool, field: usize) -> Option<String> {
    let text = std::fs::read("/etc/passwd").ok()?;
    let text = String::from_utf8_lossy(&text);
    let mut entries = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    entries.find(|fields| wanted(fields))?.get(field).map(|value| (*value).to_owned())
}
