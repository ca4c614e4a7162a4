//! Who and where the agent is.

use crate::host::{Env, accounts};
use crate::proto::{Hello, PROTOCOL};

/// The first message.
pub(super) fn hello() -> Hello {
    let uid = rustix::process::getuid().as_raw();
    let system = rustix::system::uname();
    Hello {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        uid,
        user: accounts::user_by_id(uid).map(|user| user.name).unwrap_or_default(),
        home: Env::new(&[]).home("").unwrap_or_default(),
        system: system.sysname().to_string_lossy().into_owned(),
        machine: system.machine().to_string_lossy().into_owned(),
    }
}
