//! The `rplay` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    rplay::cli::main()
}
