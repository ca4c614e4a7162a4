//! `group_by`: puts the host into a group named after something that is known of it.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Effect, Run};
use crate::diag::Result;
use crate::proto::Outcome;
use crate::value::Value;

/// `ansible.builtin.group_by`.
pub static ACTION: ActionDef = ActionDef {
    name: "group_by",
    fqcn: "ansible.builtin.group_by",
    doc: "Creates groups based on facts.",
    raw_args: &[],
    connects: false,
    run: Run::Host(run),
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move {
        call.only(&["key", "parents"])?;
        let Some(key) = call.text("key") else {
            return Ok(Outcome::failed("the 'key' param is required when using group_by").into());
        };
        let parents = match call.args.get("parents") {
            Some(Value::List(items)) => items.iter().map(|p| group_name(&p.to_text())).collect(),
            Some(one) => vec![group_name(&one.to_text())],
            None => vec!["all".to_owned()],
        };
        let name = group_name(&key);
        let outcome = Outcome::changed(false)
            .with("add_group", name.as_str())
            .with("parent_groups", Value::list(parents.iter().map(|p| Value::str(p.as_str()))));
        Ok(Acted { outcome, effects: vec![Effect::AddGroup { name, parents }] })
    })
}

fn group_name(key: &str) -> String {
    key.replace(' ', "-")
}
