//! The loop around modules on the managed host.
//!
//! An agent lives as long as its connection: it reads requests from standard input, runs each
//! in a thread of its own, and answers on standard output. It never changes its own working
//! directory, umask, environment or user. When the controller is lost, what is under way ends
//! and staged files go; a daemon that a task left behind lives on. Needs neither libc's name
//! service nor a shell: it runs in an empty root.

mod job;
mod panic;
mod python;
mod run;
mod serve;
mod stage;
mod stamp;
mod surroundings;

use crate::modules::ModuleDef;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::process::ExitCode;

pub use run::run_module;
pub use serve::serve;

/// The whole of an agent's `main`, with the modules that it runs, sorted by name.
///
/// `MARKER` makes it serve, `--check HASH` says whether its file is whole, `--version` what it is. An agent
/// starts itself with `--job` for a task in the background.
pub fn main(modules: &'static [&'static ModuleDef]) -> ExitCode {
    let args: Vec<String> = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--version"] => say(&format!("rplay-agent {}\n", env!("CARGO_PKG_VERSION"))),
        ["--check", hash] => match own_hash() {
            Ok(own) if own == hash => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        },
        [job::LEAVE] => job::leave(),
        [job::WORK] => job::work(modules),
        [marker] if !marker.starts_with('-') => {
            panic::remember_places();
            leave_terminal();
            if say(&format!("{marker}+\n")) == ExitCode::FAILURE {
                return ExitCode::FAILURE;
            }
            match serve(modules, std::io::stdin(), std::io::stdout()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => complain(&error.to_string()),
            }
        }
        _ => complain("rplay starts this on hosts that it manages; it is of no use by itself"),
    }
}

/// On a terminal, a lost connection would be a SIGHUP: leaves its session, so that it is an end of input.
fn leave_terminal() {
    if rustix::termios::isatty(std::io::stdin()) {
        // It fails where the agent leads its session already.
        let _ = rustix::process::setsid();
    }
}

fn say(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn complain(text: &str) -> ExitCode {
    // Nobody is left to be told when standard error is closed.
    let _ = writeln!(std::io::stderr(), "rplay-agent: {text}");
    ExitCode::FAILURE
}

fn own_hash() -> std::io::Result<String> {
    let bytes = std::fs::read(std::env::current_exe()?)?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}
