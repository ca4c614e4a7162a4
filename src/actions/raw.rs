//! `raw`: a command line by a plain exec, for hosts where nothing else works.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::Result;
use crate::proto::Outcome;
use crate::value::Value;

/// `ansible.builtin.raw`.
pub static ACTION: ActionDef = ActionDef {
    name: "raw",
    fqcn: "ansible.builtin.raw",
    doc: "Executes a low-down and dirty command.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move {
        if call.context.check {
            return Ok(Outcome::default().with("skipped", true).into());
        }
        let mut command = call.text("_raw_params").unwrap_or_default();
        if !call.context.environment.is_empty() {
            let set: Vec<String> =
                call.context.environment.iter().map(|(name, value)| format!("{name}={}", quote(value))).collect();
            command = format!("{} {command}", set.join(" "));
        }
        let outcome = call.remote.raw(&command, call.text("executable").as_deref()).await?;
        let failed = outcome.get("rc").is_some_and(|rc| *rc != Value::Int(0));
        let outcome = outcome.with("changed", true);
        Ok(if failed { outcome.with("failed", true).with("msg", "non-zero return code") } else { outcome }.into())
    })
}

fn quote(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| String::new(), |quoted| quoted.into_owned())
}
