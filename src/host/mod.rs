//! What modules do on the managed host: run commands, write files whole, look up users, set modes.
//!
//! Nothing here changes the agent's own working directory, umask, environment or user: those are
//! shared by all tasks under way. Works in an empty root too, with no libc files, shell or tools.

pub mod accounts;
pub mod chroot;
pub mod command;
pub mod digest;
pub mod env;
pub mod errors;
pub mod flags;
pub mod glob;
pub mod locale;
pub mod mode;
pub mod pty;
pub mod replace;
pub mod time;
pub mod words;
mod zone;

pub use command::{Command, Output};
pub use env::Env;
pub use errors::os_error;
pub use replace::{Replace, Unwritten};
