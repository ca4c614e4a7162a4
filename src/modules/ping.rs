//! `ping`: says pong.

use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::proto::Outcome;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "ping",
    doc: "Try to connect to host, verify that a task can run and return pong on success.",
    spec: &Spec::new(&[Arg::new("data", Kind::Str).default(Default::Str("pong"))]),
    check: Support::Full,
    diff: Support::None,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    match call.args.str("data") {
        "crash" => Err(Outcome::crashed("boom")),
        data => Ok(Outcome::default().with("ping", data)),
    }
}
