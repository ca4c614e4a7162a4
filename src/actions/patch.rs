//! `patch`: puts the controller's patch file on the host, where the module of the same name applies it.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::Result;
use crate::proto::{Outcome, Request};

/// `ansible.posix.patch`.
pub static ACTION: ActionDef = ActionDef {
    name: "patch",
    fqcn: "ansible.posix.patch",
    doc: "Apply patch files using the GNU patch tool.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { patch(call).await.map(Into::into) })
}

async fn patch(call: &ActionCall<'_>) -> Result<Outcome> {
    // Such failures are results of the action's own there.
    let failed = |msg: String| Ok(Outcome::default().with("failed", true).with("msg", msg));
    let Some(source) = call.text("src") else { return failed("src is required".into()) };
    let request = Request {
        module: "patch".into(),
        shown: ACTION.fqcn.into(),
        args: call.args.clone(),
        context: call.context.clone(),
    };
    if call.flag("remote_src", false) {
        return call.remote.run(request, None).await;
    }
    let found = match call.find_file("files", &source) {
        Ok(found) => found,
        Err(error) => return failed(error.line()),
    };
    let name = found.file_name().unwrap_or_default().to_string_lossy().into_owned();
    call.run_with_file(request, &found, &name).await
}
