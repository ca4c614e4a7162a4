//! `dnf`: the module for the host's release of dnf.

use super::package::{asked, fact, without};
use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::{Error, Result};
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// `ansible.builtin.dnf`.
pub static ACTION: ActionDef = ActionDef {
    name: "dnf",
    fqcn: "ansible.builtin.dnf",
    doc: "Manages packages with the dnf package manager.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

/// What a release of dnf may be called.
const BACKENDS: [&str; 5] = ["yum", "yum4", "dnf", "dnf4", "dnf5"];

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { dnf(call).await.map(Into::into) })
}

async fn dnf(call: &ActionCall<'_>) -> Result<Outcome> {
    if call.args.contains("use") && call.args.contains("use_backend") {
        return Err(Error::action("parameters are mutually exclusive: ('use', 'use_backend')"));
    }
    let mut module = call.text("use").or_else(|| call.text("use_backend")).unwrap_or_else(|| "auto".into());
    if module == "yum" || module == "auto" {
        module = fact(call, "pkg_mgr").unwrap_or(module);
    }
    let mut learned = None;
    if !BACKENDS.contains(&module.as_str()) {
        module = asked(call, "ansible_pkg_mgr", "dnf").await?.unwrap_or_else(|| "auto".into());
        learned = Some(module.clone()).filter(|found| found != "auto" && call.delegated.is_none());
    }
    let facts = learned.map(|found| Dict::from([("pkg_mgr", Value::from(found))]));
    if !BACKENDS.contains(&module.as_str()) {
        let texts = [
            "Could not detect which major revision of dnf is in use, which is required to determine module backend.",
            "You should manually specify use_backend to tell the module whether to use the dnf4 or dnf5 backend})",
        ];
        let mut failed = Outcome::failed("").with("msg", Value::list(texts.map(Value::from)));
        if let Some(facts) = facts {
            failed.set("ansible_facts", facts);
        }
        return Ok(failed);
    }
    let module = if matches!(module.as_str(), "yum4" | "dnf4") { "dnf".to_owned() } else { module };
    let name = format!("ansible.legacy.{module}");
    if !call.remote.has_module(&name) {
        return Ok(Outcome::failed(format!("Could not find a dnf module backend for {name}.")));
    }
    let args = without(&call.args, &["use", "use_backend"]);
    let mut outcome = call.remote.named(&name, args, call.context.clone()).await?;
    if let (Some(facts), None) = (facts, outcome.get("ansible_facts")) {
        outcome.set("ansible_facts", facts);
    }
    Ok(outcome)
}
