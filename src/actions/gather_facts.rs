//! `gather_facts`: what a play begins with; runs the modules that gather facts on the host.
//!
//! They are `setup`, or what `ansible_facts_modules` and the setting `facts_modules` name. `parallel` changes
//! nothing that can be seen: they run one after the other.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::Result;
use crate::proto::Outcome;
use crate::value::{Dict, Value, repr};

/// `ansible.builtin.gather_facts`.
pub static ACTION: ActionDef = ActionDef {
    name: "gather_facts",
    fqcn: "ansible.builtin.gather_facts",
    doc: "Gathers facts about remote hosts.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

/// The names of the module that the others add to.
const SETUP: [&str; 3] = ["ansible.builtin.setup", "ansible.legacy.setup", "setup"];

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { gather(call).await.map(Acted::from) })
}

async fn gather(call: &ActionCall<'_>) -> Result<Outcome> {
    let modules = modules(call);
    let mut facts = Dict::new();
    let (mut failed, mut skipped) = (Dict::new(), Dict::new());
    let mut outcome = Outcome::default();
    let mut messages = Vec::new();
    for name in &modules {
        let args = args(call, name)?;
        let told = if SETUP.contains(&name.as_str()) {
            call.module("setup", args, None).await?
        } else {
            call.remote.named(name, args, call.context.clone()).await?
        };
        if told.is_failed() {
            failed.insert(name.as_str(), told.result);
        } else if told.is_skipped() {
            skipped.insert(name.as_str(), told.result);
        } else {
            if let Some(Value::Dict(found)) = told.get("ansible_facts") {
                merge(&mut facts, found);
            }
            messages.push(told);
        }
    }
    for told in messages {
        for key in ["warnings", "deprecations"] {
            if let Some(Value::List(items)) = told.get(key) {
                let mut all = outcome.get(key).and_then(Value::as_list).map(<[_]>::to_vec).unwrap_or_default();
                all.extend(items.iter().cloned());
                outcome.set(key, all);
            }
        }
    }
    let names = |dict: &Dict| dict.keys().map(Value::to_text).collect::<Vec<_>>().join(", ");
    outcome.set("ansible_facts", facts);
    if !skipped.is_empty() {
        outcome.set("msg", format!("The following modules were skipped: {}.", names(&skipped)));
        if skipped.len() == modules.len() {
            outcome.set("skipped", true);
        }
        outcome.set("skipped_modules", skipped);
    }
    if !failed.is_empty() {
        outcome.set("msg", format!("The following modules failed to execute: {}.", names(&failed)));
        outcome.set("failed", true);
        outcome.set("failed_modules", failed);
    }
    Ok(outcome.with("_ansible_verbose_override", true))
}

/// The modules that gather facts; `smart` stands for `setup` where that is not named.
fn modules(call: &ActionCall<'_>) -> Vec<String> {
    let set = || call.scope.world().settings.get("FACTS_MODULES").map(|(value, _)| value.clone());
    let names: Vec<String> = match call.variable("ansible_facts_modules").or_else(set) {
        Some(Value::List(items)) => items.iter().map(Value::to_text).collect(),
        Some(value) if value.truthy() => value.to_text().split(',').map(|name| name.trim().to_owned()).collect(),
        _ => vec!["smart".into()],
    };
    let smart = names.iter().any(|name| name == "smart");
    let mut modules: Vec<String> = names.into_iter().filter(|name| name != "smart").collect();
    if smart && !modules.iter().any(|name| SETUP.contains(&name.as_str())) {
        modules.push("ansible.legacy.setup".into());
    }
    modules
}

/// The arguments of a module: the task's own, those of `setup` alone for `setup`, above its `module_defaults`.
fn args(call: &ActionCall<'_>, module: &str) -> Result<Dict> {
    let setup = SETUP.contains(&module);
    let mut args = Dict::new();
    // Other modules get theirs where they are run by name.
    for defaults in call.task.module_defaults().into_iter().filter(|_| setup) {
        let Some(value) = defaults.get("ansible.builtin.setup") else { continue };
        if let Some(Value::Dict(dict)) = call.templar.render_value(value, call.scope)? {
            args.update(&dict);
        }
    }
    for (name, value) in &call.args {
        let key = name.as_str().unwrap_or_default();
        if key == "parallel" || value.is_null() {
            continue;
        }
        let word = match key {
            "gather_subset" => "subset",
            "gather_timeout" => "timeout",
            "filter" => "filter",
            _ => "",
        };
        if setup || word.is_empty() {
            args.insert(name.clone(), value.clone());
            continue;
        }
        let all = matches!(value.to_text().as_str(), "all" | "['all']");
        if !(key == "gather_subset" && all) {
            let shown = if value.as_str().is_some() { value.to_text() } else { repr(value) };
            call.person.warn(&format!("Not passing {word}({shown}) to {module}"));
        }
    }
    Ok(args)
}

/// Adds facts to those there are, dictionaries item by item, lists one after the other.
fn merge(into: &mut Dict, more: &Dict) {
    for (name, value) in more {
        let merged = match (into.get_value(name), value) {
            (Some(Value::Dict(before)), Value::Dict(new)) => {
                let mut both = before.clone();
                merge(&mut both, new);
                both.into()
            }
            (Some(Value::List(before)), Value::List(new)) => {
                let kept = before.iter().filter(|item| !new.contains(item)).chain(new.iter());
                Value::list(kept.cloned())
            }
            _ => value.clone(),
        };
        into.insert(name.clone(), merged);
    }
}
