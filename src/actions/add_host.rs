//! `add_host`: adds a host, and groups it is in, to the inventory of this run.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Effect, Run};
use crate::diag::{Error, Result};
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// `ansible.builtin.add_host`.
pub static ACTION: ActionDef = ActionDef {
    name: "add_host",
    fqcn: "ansible.builtin.add_host",
    doc: "Adds a host (and alternatively a group) to the ansible-playbook in-memory inventory.",
    raw_args: &[],
    connects: false,
    run: Run::Once(run),
};

const NAMES: [&str; 3] = ["name", "hostname", "host"];
const GROUPS: [&str; 4] = ["groupname", "groups", "group", "group_name"];

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { add_host(call) })
}

fn add_host(call: &ActionCall<'_>) -> Result<Acted> {
    let mut args = call.args.clone();
    match args.remove("_raw_params") {
        Some(Value::Dict(mut more)) => {
            more.update(&args);
            args = more;
        }
        None => {}
        Some(other) => {
            let class = format!("<class '{}'>", other.type_name());
            let text = format!("Invalid raw parameters passed, requires a dictionary/mapping got a  {class}");
            return Err(Error::action(text));
        }
    }
    let first = |names: &[&str]| names.iter().find_map(|name| args.get(name)).filter(|v| v.truthy()).cloned();
    let Some(name) = first(&NAMES).map(|name| name.to_text()) else {
        return Err(Error::action("name, host or hostname needs to be provided"));
    };
    let (name, port) = match name.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => {
            (host.to_owned(), port.parse::<i64>().ok())
        }
        _ => (name, None),
    };
    let groups: Vec<String> = match first(&GROUPS) {
        Some(Value::List(items)) => items.iter().map(Value::to_text).collect(),
        Some(text) => text.to_text().split(',').map(|g| g.trim().to_owned()).collect(),
        None => Vec::new(),
    };
    let groups: Vec<String> = groups.into_iter().filter(|g| !g.is_empty() && g != "all").collect();
    let mut vars = Dict::new();
    if let Some(port) = port {
        vars.insert("ansible_ssh_port", port);
    }
    for (key, value) in &args {
        // The real one takes `host` and `group` for variables too.
        if !matches!(key.as_str(), Some("name" | "hostname" | "groupname" | "groups")) {
            vars.insert(key.clone(), value.clone());
        }
    }
    let told = Dict::from([
        ("host_name", Value::str(name.as_str())),
        ("groups", Value::list(groups.iter().map(|g| Value::str(g.as_str())))),
        ("host_vars", vars.clone().into()),
    ]);
    let outcome = Outcome::changed(false).with("add_host", told);
    Ok(Acted { outcome, effects: vec![Effect::AddHost { name, groups, vars }] })
}
