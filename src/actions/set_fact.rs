//! `set_fact`: sets variables of a host, and its facts too where they are `cacheable`.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Effect, Run};
use crate::argspec;
use crate::diag::{Error, Result};
use crate::playbook::check_variable_name;
use crate::proto::Outcome;
use crate::value::{Dict, Text, Value};

/// `ansible.builtin.set_fact`.
pub static ACTION: ActionDef = ActionDef {
    name: "set_fact",
    fqcn: "ansible.builtin.set_fact",
    doc: "Sets host variables and facts.",
    raw_args: &[],
    connects: false,
    run: Run::Host(run),
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { set_fact(call) })
}

fn set_fact(call: &ActionCall<'_>) -> Result<Acted> {
    let mut facts = Dict::new();
    for (key, value) in &call.args {
        if key.as_str() == Some("cacheable") {
            continue;
        }
        // Names may be templates, unlike any other key.
        let name = match key {
            Value::Str(text) => call.templar.render(text, call.scope)?,
            other => other.clone(),
        };
        let origin = match key {
            Value::Str(text) => text.origin(),
            _ => None,
        };
        check_variable_name(&name, origin)?;
        // Who warns of a name tells where it is written.
        facts.insert(Value::Str(Text::placed(name.to_text(), origin.cloned())), value.clone());
    }
    if facts.is_empty() {
        let text = "No key/value pairs provided, at least one is required for this action to succeed";
        return Err(Error::action(text));
    }
    let cacheable = call.args.get("cacheable").and_then(argspec::boolean).unwrap_or(false);
    let outcome = Outcome::default().with("ansible_facts", facts.clone()).with("_ansible_facts_cacheable", cacheable);
    let mut effects = vec![Effect::Vars(facts.clone())];
    if cacheable {
        effects.push(Effect::Facts(facts));
    }
    Ok(Acted { outcome, effects })
}
