//! The `rplay-agent` command: runs modules on a managed host.

fn main() -> std::process::ExitCode {
    rplay::agent::main(rplay::modules::MODULES)
}
