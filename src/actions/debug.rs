//! `debug`: shows a message or an expression's value.
//!
//! An undefined variable is no error here: a placeholder stands for it, and a warning says why.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::diag::{self, Result};
use crate::proto::Outcome;
use crate::value::Value;

/// `ansible.builtin.debug`.
pub static ACTION: ActionDef = ActionDef {
    name: "debug",
    fqcn: "ansible.builtin.debug",
    doc: "Prints a message or the value of an expression.",
    raw_args: &[],
    connects: false,
    run: Run::Host(run),
};

static SPEC: Spec = Spec {
    args: &[
        Arg::new("msg", Kind::Raw).default(Default::Str("Hello world!")),
        Arg::new("var", Kind::Str),
        Arg::new("verbosity", Kind::Int).default(Default::Int(0)),
    ],
    mutually_exclusive: &[&["msg", "var"]],
    ..Spec::EMPTY
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { debug(call).map(Into::into) })
}

fn debug(call: &ActionCall<'_>) -> Result<Outcome> {
    let args = call.check(&SPEC)?;
    let mut outcome = Outcome::changed(false);
    if args.int("verbosity") > call.verbosity() {
        return Ok(outcome.with("skipped", true).with("skipped_reason", "Verbosity threshold not met."));
    }
    match args.value("var") {
        Value::Str(expression) if !expression.as_str().is_empty() => {
            let value = match call.evaluate(expression) {
                Ok(value) => value,
                Err(error) if error.kind == diag::Kind::Undefined => {
                    outcome.warn(format!("Encountered 1 template error.\nerror 1 - {error}"));
                    Value::str(format!("<< error 1 - {} >>", error.line()))
                }
                Err(error) => {
                    let error = error.context("Error while resolving `var` expression.");
                    return Err(error.at(expression.origin()));
                }
            };
            outcome.set(expression.as_str(), value);
        }
        _ => outcome.set("msg", args.value("msg").clone()),
    }
    Ok(outcome.with("_ansible_verbose_always", true))
}
