//! `unarchive`: finds the archive on the controller, where it is the controller's, and puts it on the host.
//!
//! It streams there, whatever its size; the module of the same name unpacks it.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::argspec;
use crate::diag::{Error, Result};
use crate::http::url;
use crate::proto::{Outcome, Request};
use crate::value::{Dict, Value};
use std::io::{Read, Write};
use std::path::Path;

/// `ansible.builtin.unarchive`.
pub static ACTION: ActionDef = ActionDef {
    name: "unarchive",
    fqcn: "ansible.builtin.unarchive",
    doc: "Unpacks an archive after (optionally) copying it from the local machine.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { unarchive(call).await.map(Into::into) })
}

async fn unarchive(call: &ActionCall<'_>) -> Result<Outcome> {
    let mut args = call.args.clone();
    let mut remote_src = call.flag("remote_src", false);
    if let Some(copy) = args.get("copy").cloned() {
        if args.contains("remote_src") {
            return Err(Error::action("parameters are mutually exclusive: ('copy', 'remote_src')"));
        }
        args.remove("copy");
        remote_src = !argspec::boolean(&copy).unwrap_or(false);
        args.insert("remote_src", remote_src);
    }
    let (Some(source), Some(dest)) = (call.text("src"), call.text("dest")) else {
        return Err(Error::action("src (or content) and dest are required"));
    };
    if let Some(creates) = call.text("creates").filter(|path| !path.is_empty())
        && stat(call, &creates, false).await?.get("exists").is_some_and(Value::truthy)
    {
        let msg = format!("skipped, since {creates} exists");
        return Ok(Outcome::default().with("skipped", true).with("msg", msg));
    }
    args.remove("decrypt");
    if remote_src {
        into_folder(call, &dest).await?;
        return call.module("unarchive", args, None).await;
    }
    if source.contains("://") {
        let shown = url::mask(&source);
        return Err(Error::action(format!(
            "Unsupported option, an URI src ({shown}) is only supported when remote_src is True"
        )));
    }
    let found = call.find_file("files", &source).map_err(|error| Error::user(error.line()))?;
    let plain = decrypted(call, &found)?;
    into_folder(call, &dest).await?;
    let file = plain.as_ref().map_or(found.as_path(), tempfile::NamedTempFile::path);
    let request = Request {
        module: "unarchive".into(),
        shown: "ansible.legacy.unarchive".into(),
        args,
        context: call.context.clone(),
    };
    call.run_with_file(request, file, "source").await
}

/// What the host's `stat` tells of a path.
async fn stat(call: &ActionCall<'_>, path: &str, follow: bool) -> Result<Value> {
    let mut asked = Dict::from([("path", Value::from(path)), ("follow", follow.into())]);
    for name in ["get_checksum", "get_mime", "get_attributes"] {
        asked.insert(name, false);
    }
    let outcome = call.module("stat", asked, None).await?;
    Ok(outcome.get("stat").cloned().unwrap_or_default())
}

/// Refuses a destination that is not a folder.
async fn into_folder(call: &ActionCall<'_>, dest: &str) -> Result<()> {
    let stat = stat(call, dest, true).await?;
    if stat.get("exists").is_some_and(Value::truthy) && stat.get("isdir").is_some_and(Value::truthy) {
        return Ok(());
    }
    Err(Error::action(format!("dest '{dest}' must be an existing dir")))
}

/// A decrypted copy, where the archive is vaulted and the task does not say otherwise.
fn decrypted(call: &ActionCall<'_>, found: &Path) -> Result<Option<tempfile::NamedTempFile>> {
    let failed = |error: std::io::Error| Error::action(format!("{}: {error}", found.display()));
    let mut head = [0; 14];
    let mut file = std::fs::File::open(found).map_err(failed)?;
    let is_vault = file.read_exact(&mut head).is_ok() && &head == b"$ANSIBLE_VAULT";
    // The real one does not coerce this argument.
    if !is_vault || !call.args.get("decrypt").is_none_or(Value::truthy) {
        return Ok(None);
    }
    let bytes = std::fs::read(found).map_err(failed)?;
    let plain = call.decrypt(found, &bytes)?;
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    file.write_all(&plain).map_err(failed)?;
    Ok(Some(file))
}
