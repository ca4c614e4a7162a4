//! `async_status`: asks a host about a job in the background.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::diag::Result;
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// `ansible.builtin.async_status`.
pub static ACTION: ActionDef = ActionDef {
    name: "async_status",
    fqcn: "ansible.builtin.async_status",
    doc: "Obtain status of asynchronous task.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

static SPEC: Spec = Spec::new(&[
    Arg::new("jid", Kind::Str).required(),
    Arg::new("mode", Kind::Str).default(Default::Str("status")).choices(&["status", "cleanup"]),
]);

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move {
        let checked = call.check(&SPEC)?;
        let mode = checked.str("mode");
        status(call, checked.str("jid"), mode).await.map(Acted::from)
    })
}

/// The state of a job, or what came of removing its file (`cleanup`).
pub async fn status(call: &ActionCall<'_>, id: &str, mode: &str) -> Result<Outcome> {
    let folder = call.context.async_dir.as_deref().unwrap_or("~/.ansible_async");
    let args = Dict::from([("jid", Value::from(id)), ("mode", mode.into()), ("_async_dir", folder.into())]);
    let told = call.module("async_status", args, None).await?;
    let mut outcome = Outcome::default().with("started", mode == "status").with("finished", false);
    for (text, lines) in [("stdout", "stdout_lines"), ("stderr", "stderr_lines")] {
        outcome.set(text, "");
        if !told.result.contains(text) {
            outcome.set(lines, Value::list([]));
        }
    }
    outcome.result.update(&told.result);
    for key in ["started", "finished"] {
        let state = outcome.get(key).is_some_and(Value::truthy);
        outcome.set(key, state);
    }
    Ok(outcome)
}
