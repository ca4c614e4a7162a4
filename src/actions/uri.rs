//! `uri`: files of the controller's, `src` and those of a multipart form, go to the host before.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::{Error, Result};
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// `ansible.builtin.uri`.
pub static ACTION: ActionDef = ActionDef {
    name: "uri",
    fqcn: "ansible.builtin.uri",
    doc: "Interacts with webservices.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { uri(call).await.map(Into::into) })
}

async fn uri(call: &ActionCall<'_>) -> Result<Outcome> {
    if call.context.check {
        let skipped = Outcome::default().with("skipped", true);
        return Ok(skipped.with("msg", format!("This action ({}) does not support check mode.", call.name)));
    }
    if call.flag("remote_src", false) {
        return call.module("uri", call.args.clone(), None).await;
    }
    let mut staged = Vec::new();
    let outcome = match with_files(call, &mut staged).await {
        Ok(args) => call.module("uri", args, None).await,
        Err(error) => Err(error),
    };
    for path in staged {
        call.remote.unstage(&path).await;
    }
    outcome
}

/// The arguments, with the paths that the files have on the host.
async fn with_files(call: &ActionCall<'_>, staged: &mut Vec<String>) -> Result<Dict> {
    let mut args = call.args.clone();
    if let Some(src) = call.text("src").filter(|src| !src.is_empty()) {
        args.insert("src", put(call, &src, staged).await?);
        return Ok(args);
    }
    if call.text("body_format").as_deref() != Some("form-multipart") {
        return Ok(args);
    }
    let Some(Value::Dict(body)) = call.args.get("body") else {
        let kind = call.args.get("body").map_or("NoneType", class_of);
        return Err(Error::action(format!("body must be mapping, cannot be type {kind}")));
    };
    let mut packed = Dict::new();
    for (name, value) in body {
        let mut value = value.clone();
        if let Value::Dict(field) = &mut value {
            let said = |key: &str| field.get(key).filter(|value| value.truthy()).map(Value::to_text);
            if let (Some(filename), None) = (said("filename"), said("content")) {
                let path = put(call, &filename, staged).await?;
                field.insert("filename", path);
            }
        }
        packed.insert(name.clone(), value);
    }
    args.insert("body", packed);
    Ok(args)
}

/// The class of an argument, as Ansible keeps it: what a file says comes with its place there.
fn class_of(value: &Value) -> &'static str {
    match value {
        Value::Str(_) => "_AnsibleTaggedStr",
        Value::List(_) => "_AnsibleTaggedList",
        Value::Int(_) | Value::BigInt(_) => "_AnsibleTaggedInt",
        Value::Float(_) => "_AnsibleTaggedFloat",
        Value::Null => "NoneType",
        other => other.type_name(),
    }
}

/// Puts a file of the controller's on the host.
async fn put(call: &ActionCall<'_>, name: &str, staged: &mut Vec<String>) -> Result<String> {
    // Not caught by the real one's action, and so told with its way up.
    let found = call.find_file("files", name).map_err(|error| Error::user(error.line()))?;
    let path = call.remote.put(&found, false).await?;
    staged.push(path.clone());
    Ok(path)
}
