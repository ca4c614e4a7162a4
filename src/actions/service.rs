//! `service`: the module of the host's service manager.

use super::package::{asked, fact, without};
use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::Result;
use crate::proto::Outcome;
use crate::value::Value;

/// `ansible.builtin.service`.
pub static ACTION: ActionDef = ActionDef {
    name: "service",
    fqcn: "ansible.builtin.service",
    doc: "Manage services.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

/// The modules of service managers that are ansible-core's own, or once were.
const MANAGERS: [&str; 4] = ["openwrt_init", "service", "systemd", "sysvinit"];

/// What the module `systemd` has no use for.
const UNUSED: [&str; 5] = ["pattern", "runlevel", "sleep", "arguments", "args"];

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { service(call).await.map(Into::into) })
}

async fn service(call: &ActionCall<'_>) -> Result<Outcome> {
    let wanted = call.text("use").map_or_else(|| "auto".to_owned(), |text| text.to_lowercase());
    let mut module = if wanted == "auto" { fact(call, "service_mgr").unwrap_or(wanted) } else { wanted };
    if module == "auto" {
        module = asked(call, "ansible_service_mgr", "service").await.ok().flatten().unwrap_or_else(|| "auto".into());
    }
    if module.is_empty() || module == "auto" || !call.remote.has_module(&module) {
        module = "ansible.legacy.service".into();
    }
    let mut args = without(&call.args, &["use"]);
    let mut ignored = Vec::new();
    if module == "systemd" {
        for name in UNUSED {
            if args.remove(name).is_some() {
                ignored.push(format!("Ignoring \"{name}\" as it is not used in \"{module}\""));
            }
        }
    }
    let name = if MANAGERS.contains(&module.as_str()) { format!("ansible.legacy.{module}") } else { module };
    let mut outcome = call.remote.named(&name, args, call.context.clone()).await?;
    if !ignored.is_empty() {
        let own = outcome.get("warnings").and_then(Value::as_list).unwrap_or_default();
        let all: Vec<Value> = ignored.into_iter().map(Value::from).chain(own.iter().cloned()).collect();
        outcome.set("warnings", all);
    }
    Ok(outcome)
}
