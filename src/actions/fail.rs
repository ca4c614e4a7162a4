//! `fail`: fails with a message.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::Result;
use crate::proto::Outcome;

/// `ansible.builtin.fail`.
pub static ACTION: ActionDef = ActionDef {
    name: "fail",
    fqcn: "ansible.builtin.fail",
    doc: "Fails with a custom message.",
    raw_args: &[],
    connects: false,
    run: Run::Host(run),
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move {
        call.only(&["msg"])?;
        let outcome = Outcome::failed("Failed as requested from task");
        Ok(match call.args.get("msg") {
            Some(message) => outcome.with("msg", message.clone()).into(),
            None => outcome.into(),
        })
    })
}
