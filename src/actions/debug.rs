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
    let mut outcome = Outcome::default();
    if let Some(var) = call.args.get("var").filter(|var| !matches!(var, Value::Str(_) | Value::Null)) {
        let text = format!(
            "argument 'var' is of type {} and we were unable to convert to _check_type_str_no_conversion: '{}' is not a string and conversion is not allowed",
            var.type_name(),
            var.to_text()
        );
        return Err(diag::Error::new(diag::Kind::Arguments, text));
    }
    if args.int("verbosity") > call.verbosity() {
        return Ok(outcome.with("skipped", true).with("skipped_reason", "Verbosity threshold not met."));
    }
    match args.value("var") {
        Value::Str(expression) if !expression.as_str().is_empty() => {
            let value = match call.templar.evaluate_or_omit(expression, call.scope) {
                Ok(Some(value)) => value,
                Ok(None) => {
                    let text =
                        "The result of the `var` expression could not be omitted; a placeholder was used instead.";
                    let warning = diag::Error::user(text).at(expression.origin());
                    call.remark(diag::Remark::warning(warning));
                    Value::str("<<Omit>>")
                }
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
