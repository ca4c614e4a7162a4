//! `gather_facts`: what a play begins with; runs `setup` on the host, or the modules that the settings name.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::Result;
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// `ansible.builtin.gather_facts`.
pub static ACTION: ActionDef = ActionDef {
    name: "gather_facts",
    fqcn: "ansible.builtin.gather_facts",
    doc: "Gathers facts about remote hosts.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

/// The names under which `setup` may stand among the modules.
const SETUP: [&str; 3] = ["ansible.builtin.setup", "ansible.legacy.setup", "setup"];

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { gather(call).await.map(Into::into) })
}

async fn gather(call: &ActionCall<'_>) -> Result<Outcome> {
    let modules = modules(call);
    let mut warnings = Vec::new();
    let (mut failed, mut skipped) = (Dict::new(), Dict::new());
    let mut sum = Dict::from([("ansible_facts", Dict::new())]);
    let (mut said, mut traces) = (Vec::new(), Vec::new());
    for module in &modules {
        let args = arguments(call, module, &mut warnings);
        let mut outcome = call.remote.named(module, args, call.context.clone()).await?;
        if outcome.is_failed() {
            said.push(outcome.get("msg").map(Value::to_text).unwrap_or_default());
            outcome.result.set_default("exception", Outcome::NO_TRACE);
            traces.push(outcome.get("exception").map(Value::to_text).unwrap_or_default());
            // A module that fails says nothing of changes.
            outcome.result.remove("changed");
            failed.insert(module.as_str(), Value::Dict(outcome.result));
        } else if outcome.is_skipped() {
            skipped.insert(module.as_str(), Value::Dict(outcome.result));
        } else {
            for key in ["ansible_facts", "warnings", "deprecations"] {
                if let Some(value) = outcome.get(key) {
                    let merged = sum.get(key).map_or_else(|| value.clone(), |old| merged(old, value));
                    sum.insert(key, merged);
                }
            }
        }
    }
    let mut outcome = Outcome { result: sum };
    if !warnings.is_empty() {
        let own = outcome.get("warnings").and_then(Value::as_list).unwrap_or_default();
        let all: Vec<Value> = warnings.into_iter().map(Value::from).chain(own.iter().cloned()).collect();
        outcome.set("warnings", all);
    }
    let names = |modules: &Dict| modules.keys().map(Value::to_text).collect::<Vec<_>>().join(", ");
    if !skipped.is_empty() {
        outcome.set("msg", format!("The following modules were skipped: {}.", names(&skipped)));
        if skipped.len() == modules.len() {
            outcome.set("skipped", true);
        }
        outcome.set("skipped_modules", skipped);
    }
    outcome.set("_ansible_verbose_override", true);
    if failed.is_empty() {
        return Ok(outcome);
    }
    outcome.set("failed", true);
    let msg = format!("The following modules failed to execute: {}.", names(&failed));
    if traces.iter().any(|trace| trace != Outcome::NO_TRACE) {
        outcome.set("exception", format!("{OWN_TRACE}\nMessage: {msg}\n\n{}\n", apart("Traceback", &traces)));
    }
    outcome.set("msg", msg);
    outcome.set("failed_modules", failed);
    Ok(outcome.caused_by(apart("Event", &said)))
}

/// What stands for that of the action: the modules' own come after it.
const OWN_TRACE: &str =
    "Traceback (of the modules alone; that of ansible-core's plugins/action/gather_facts.py has no like in rplay):";

/// What several failed modules said or traced, as ansible-core sets it apart.
fn apart(kind: &str, said: &[String]) -> String {
    let mut text = String::new();
    for (at, words) in said.iter().enumerate() {
        text.push_str(&format!("+--[ Sub-{kind} {} of {} ]---\n| \n", at + 1, said.len()));
        words.lines().for_each(|line| text.push_str(&format!("| {line}\n")));
        text.push_str("| \n");
    }
    text + &format!("+--[ End Sub-{kind} ]---")
}

/// The modules to run: `smart` stands for `setup`, unless that is among them already.
fn modules(call: &ActionCall<'_>) -> Vec<String> {
    let set = call.scope.world().settings.get("FACTS_MODULES").map(|(value, _)| value.clone());
    let named = call.variable("ansible_facts_modules").or(set);
    let mut modules: Vec<String> = match named {
        Some(Value::List(items)) => items.iter().map(Value::to_text).collect(),
        Some(Value::Str(text)) => text.as_str().split(',').map(|name| name.trim().to_owned()).collect(),
        _ => vec!["smart".into()],
    };
    if let Some(at) = modules.iter().position(|name| name == "smart") {
        modules.remove(at);
        if !modules.iter().any(|name| SETUP.contains(&name.as_str())) {
            modules.push("ansible.legacy.setup".into());
        }
    }
    modules
}

/// A module's arguments: those that are about `setup` alone are not for others.
fn arguments(call: &ActionCall<'_>, module: &str, warnings: &mut Vec<String>) -> Dict {
    let mut args = Dict::new();
    for (name, value) in &call.args {
        // `parallel` is the action's own: modules run one after the other, whose results are the same.
        if name.as_str() != Some("parallel") && !value.is_null() {
            args.insert(name.clone(), value.clone());
        }
    }
    if SETUP.contains(&module) {
        return args;
    }
    for (name, shown) in [("gather_subset", "subset"), ("gather_timeout", "timeout"), ("filter", "filter")] {
        let Some(value) = args.remove(name) else { continue };
        let all = |value: &Value| value.as_str() == Some("all");
        let is_all = all(&value) || value.as_list().is_some_and(|items| matches!(items, [one] if all(one)));
        if name != "gather_subset" || !is_all {
            warnings.push(format!("Not passing {shown}({}) to {module}", value.to_text()));
        }
    }
    args
}

/// Two results' values as one: dictionaries are merged deeply, what is new in a list follows what is not in it.
fn merged(old: &Value, new: &Value) -> Value {
    match (old, new) {
        (Value::Dict(old), Value::Dict(new)) => {
            let mut all = old.clone();
            for (key, value) in new {
                let value = all.get_value(key).map_or_else(|| value.clone(), |old| merged(old, value));
                all.insert(key.clone(), value);
            }
            all.into()
        }
        (Value::List(old), Value::List(new)) => {
            let kept = old.iter().filter(|item| !new.contains(item));
            Value::list(kept.chain(new.iter()).cloned())
        }
        _ => new.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_modules_said_is_set_apart() {
        let said = ["one\ntwo".to_owned(), Outcome::NO_TRACE.to_owned()];
        let want = "+--[ Sub-Event 1 of 2 ]---\n| \n| one\n| two\n| \n+--[ Sub-Event 2 of 2 ]---\n| \n\
                    | (traceback unavailable)\n| \n+--[ End Sub-Event ]---";
        assert_eq!(apart("Event", &said), want);
    }
    use crate::value::parse_json;

    #[test]
    fn facts_of_several_modules_become_one() {
        let value = |text: &str| parse_json(text).unwrap();
        let old = value(r#"{"one": {"a": 1, "l": [1, 2]}, "x": 1}"#);
        let new = value(r#"{"one": {"b": 2, "l": [2, 3]}, "x": 2}"#);
        assert_eq!(merged(&old, &new), value(r#"{"one": {"a": 1, "b": 2, "l": [1, 2, 3]}, "x": 2}"#));
    }
}
