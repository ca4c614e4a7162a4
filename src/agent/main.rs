//! The `rplay-agent` command: runs modules on a managed host.

fn main() {}
