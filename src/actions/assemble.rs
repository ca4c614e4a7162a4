//! `assemble`: with `remote_src: false`, the fragments are the controller's.

use super::copy::{self, Content};
use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::{Error, Result};
use crate::modules::assemble::Fragments;
use crate::proto::Outcome;
use crate::re::{Flags, Pattern};

/// `ansible.builtin.assemble`.
pub static ACTION: ActionDef = ActionDef {
    name: "assemble",
    fqcn: "ansible.builtin.assemble",
    doc: "Assemble configuration files from fragments.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

/// Arguments that the controller deals with alone.
const OWN: [&str; 5] = ["remote_src", "regexp", "delimiter", "ignore_hidden", "decrypt"];

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { assemble(call).await.map(Into::into) })
}

async fn assemble(call: &ActionCall<'_>) -> Result<Outcome> {
    let (Some(source), Some(dest)) = (call.text("src"), call.text("dest")) else {
        return Err(Error::action("src and dest are required"));
    };
    if call.flag("remote_src", true) {
        let mut args = call.args.clone();
        args.remove("decrypt");
        return call.module("assemble", args, None).await;
    }
    let found = call.find_file("files", &source).map_err(|error| Error::user(error.line()))?;
    if !found.is_dir() {
        return Err(Error::action(format!("Source ({}) is not a directory", found.display())));
    }
    let pattern = call.text("regexp").map(|text| Pattern::new(&text, Flags::default())).transpose();
    let pattern = pattern.map_err(|error| Error::action(error.to_string()))?;
    let delimiter = call.text("delimiter");
    let fragments = Fragments {
        delimiter: delimiter.as_deref(),
        pattern: pattern.as_ref(),
        ignore_hidden: call.flag("ignore_hidden", false),
        // The action, unlike the module, does not see that a delimiter ends its line itself.
        always_ends_line: true,
    };
    let decrypt = call.flag("decrypt", true);
    let content = fragments.joined(&found, &mut |path| {
        let bytes = std::fs::read(path)?;
        if !(decrypt && bytes.starts_with(b"$ANSIBLE_VAULT")) {
            return Ok(bytes);
        }
        call.decrypt(path, &bytes).map_err(|error| std::io::Error::other(error.to_string()))
    });
    let content = content.map_err(Error::action)?;
    let mut args = copy::remote_args(call);
    for name in OWN {
        args.remove(name);
    }
    args.insert("_always", true);
    // The real one copies a file of this name.
    copy::put(call, args, &dest, "src", call.temporary_name("").into(), Content::Bytes(content)).await
}
