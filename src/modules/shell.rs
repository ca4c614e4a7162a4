//! `shell`: the same as `command`, through a shell.

use super::{Call, ModuleDef, Support, command};
use crate::proto::Outcome;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "shell",
    doc: "Execute shell commands on targets.",
    spec: command::DEF.spec,
    check: Support::Partial,
    diff: Support::None,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    call.args.set("_uses_shell", true);
    command::run(call)
}
