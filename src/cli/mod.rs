//! The command line tools, one file each, and what they share: screen, terminal, secrets, signals.
//!
//! Alone writes to the real standard output and standard error, and sets the exit status.

mod callbacks;
mod keys;
mod listing;
mod options;
mod playbook;
mod screen;
mod secrets;
mod signals;
mod terminal;
mod usage;
mod vault;
mod version;

use crate::config::Surroundings;
use crate::diag::{Error, Kind};
use std::process::ExitCode;

/// Runs the tool that the program's own name means: `ansible-playbook` (or `rplay`), `ansible-vault`.
pub fn main() -> ExitCode {
    let mut args = Surroundings::args();
    let name = args.first().map_or("rplay", |path| path.rsplit('/').next().unwrap_or(path)).to_owned();
    args.drain(..args.len().min(1));
    let status = match name.as_str() {
        "ansible-vault" => vault::run(&args),
        "rplay" if args.first().is_some_and(|arg| arg == "vault") => vault::run(&args[1..]),
        _ => playbook::run(&name, &args),
    };
    ExitCode::from(status)
}

/// The exit status of an error, as ansible-core's tools have it.
fn exit_status(error: &Error) -> u8 {
    match error.kind {
        Kind::Parser => 4,
        Kind::Options => 5,
        Kind::Internal => 250,
        _ => 1,
    }
}
