//! `gather_facts`: what a play begins with; runs `setup` on the host.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::Result;
use crate::value::{Dict, Value};

/// `ansible.builtin.gather_facts`.
pub static ACTION: ActionDef = ActionDef {
    name: "gather_facts",
    fqcn: "ansible.builtin.gather_facts",
    doc: "Gathers facts about remote hosts.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move {
        let mut args = Dict::new();
        for (name, value) in &call.args {
            // `parallel` is about several facts modules, of which there is one.
            if name.as_str() != Some("parallel") && !value.is_null() {
                args.insert(name.clone(), value.clone());
            }
        }
        let mut outcome = call.module("setup", args, None).await?;
        if outcome.is_failed() {
            let said = outcome.get("msg").map(Value::to_text).unwrap_or_default();
            outcome.set("msg", format!("The following modules failed to execute: ansible.legacy.setup\n{said}"));
            return Ok(outcome.into());
        }
        outcome.set("_ansible_verbose_override", true);
        Ok(outcome.into())
    })
}
