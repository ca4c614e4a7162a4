//! `shell`: a command line for a shell; on the host it is `command`.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::{Error, Result};
use crate::proto::Request;

/// `ansible.builtin.shell`.
pub static ACTION: ActionDef = ActionDef {
    name: "shell",
    fqcn: "ansible.builtin.shell",
    doc: "Execute shell commands on targets.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move {
        // The shell does that itself.
        if call.args.contains("expand_argument_vars") {
            let name = call.task.action.as_str();
            let text = format!("Unsupported parameters for ({name}) module: expand_argument_vars");
            return Err(Error::action(text));
        }
        let (args, context) = (call.args.clone(), call.context.clone());
        let request = Request { module: "shell".into(), shown: "ansible.legacy.command".into(), args, context };
        call.remote.run(request, None).await.map(Acted::from)
    })
}
