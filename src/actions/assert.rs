//! `assert`: fails where one of its conditions does not hold.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::diag::Result;
use crate::proto::Outcome;
use crate::value::{Text, Value};

/// `ansible.builtin.assert`.
pub static ACTION: ActionDef = ActionDef {
    name: "assert",
    fqcn: "ansible.builtin.assert",
    doc: "Asserts that expressions are true.",
    // The conditions are expressions, not templates: rendered only where one template gives all of them.
    raw_args: &["that"],
    connects: false,
    run: Run::Host(run),
};

static SPEC: Spec = Spec {
    args: &[
        Arg::new("fail_msg", Kind::Raw).aliases(&["msg"]).default(Default::Str("Assertion failed")),
        Arg::new("success_msg", Kind::Raw).default(Default::Str("All assertions passed")),
        Arg::new("quiet", Kind::Bool).default(Default::Bool(false)),
        Arg::new("that", Kind::Raw).required(),
    ],
    ..Spec::EMPTY
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { check(call).map(Into::into) })
}

fn check(call: &ActionCall<'_>) -> Result<Outcome> {
    let args = call.check(&SPEC)?;
    let mut outcome = Outcome::changed(false);
    if !args.bool("quiet") {
        outcome.set("_ansible_verbose_always", true);
    }
    for that in conditions(call, args.value("that")) {
        if !call.condition(&that)? {
            // A failure tells of changes last.
            outcome.result.remove("changed");
            return Ok(outcome
                .with("failed", true)
                .with("evaluated_to", false)
                .with("assertion", that)
                .with("msg", args.value("fail_msg").clone()));
        }
    }
    Ok(outcome.with("msg", args.value("success_msg").clone()))
}

/// The conditions: a list, or one, or what a template that is all of the text gives as a list.
fn conditions(call: &ActionCall<'_>, that: &Value) -> Vec<Value> {
    match that {
        Value::List(items) => items.to_vec(),
        Value::Str(text) if text.as_str().trim_start().starts_with("{{") => {
            let items = inner(text).and_then(|expression| call.templar.listed(&expression, call.scope).ok().flatten());
            items.unwrap_or_else(|| vec![that.clone()])
        }
        other => vec![other.clone()],
    }
}

/// The expression of a text that is one template and nothing else.
fn inner(text: &Text) -> Option<Text> {
    let expression = text.as_str().trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!expression.contains("}}")).then(|| text.with_text(expression))
}
