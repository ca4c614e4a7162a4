//! `set_stats`: values that are shown, or used by a caller, when the run is over.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Effect, Run};
use crate::argspec;
use crate::diag::Result;
use crate::playbook::check_variable_name;
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// `ansible.builtin.set_stats`.
pub static ACTION: ActionDef = ActionDef {
    name: "set_stats",
    fqcn: "ansible.builtin.set_stats",
    doc: "Defines and displays stats for the current Ansible run.",
    raw_args: &[],
    connects: false,
    run: Run::Host(run),
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { set_stats(call) })
}

fn set_stats(call: &ActionCall<'_>) -> Result<Acted> {
    call.only(&["aggregate", "data", "per_host"])?;
    // Whatever is no clear yes is a no, once it is given.
    let flag = |name: &str, default: bool| match call.args.get(name) {
        None | Some(Value::Null) => default,
        Some(value) => argspec::boolean(value).unwrap_or(false),
    };
    let (per_host, aggregate) = (flag("per_host", false), flag("aggregate", true));
    let mut data = Dict::new();
    match call.args.get("data") {
        Some(Value::Dict(given)) => {
            for (key, value) in given {
                let name = match key {
                    // Names may be templates here.
                    Value::Str(text) => call.templar.render(text, call.scope)?,
                    other => other.clone(),
                };
                let origin = match key {
                    Value::Str(text) => text.origin(),
                    _ => None,
                };
                check_variable_name(&name, origin)?;
                data.insert(name, value.clone());
            }
        }
        None | Some(Value::Null) => {}
        Some(_) => {
            let text = "The 'data' option needs to be a dictionary/hash";
            return Ok(Outcome::default().with("failed", true).with("msg", text).into());
        }
    }
    let stats = Dict::from([
        ("data", Value::Dict(data.clone())),
        ("per_host", per_host.into()),
        ("aggregate", aggregate.into()),
    ]);
    let outcome = Outcome::changed(false).with("ansible_stats", stats);
    Ok(Acted { outcome, effects: vec![Effect::Stats { data, per_host, aggregate }] })
}
