//! `set_stats`: values that are shown, or used by a caller, when the run is over.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Effect, Run};
use crate::diag::{Error, Result};
use crate::playbook::is_variable_name;
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
    let per_host = call.flag("per_host", false);
    let aggregate = call.flag("aggregate", true);
    let mut data = Dict::new();
    match call.args.get("data") {
        Some(Value::Dict(given)) => {
            for (name, value) in given {
                if !name.as_str().is_some_and(is_variable_name) {
                    return Err(Error::action(format!(
                        "The variable name '{}' is not valid. Variables must start with a letter or underscore character, and contain only letters, numbers and underscores.",
                        name.to_text()
                    )));
                }
                data.insert(name.clone(), value.clone());
            }
        }
        None | Some(Value::Null) => {}
        Some(_) => return Err(Error::action("The 'data' option needs to be a dictionary/hash")),
    }
    let stats = Dict::from([
        ("data", Value::Dict(data.clone())),
        ("per_host", per_host.into()),
        ("aggregate", aggregate.into()),
    ]);
    let outcome = Outcome::changed(false).with("ansible_stats", stats);
    Ok(Acted { outcome, effects: vec![Effect::Stats { data, per_host, aggregate }] })
}
