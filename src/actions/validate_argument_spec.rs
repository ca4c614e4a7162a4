//! `validate_argument_spec`: checks arguments against a spec, as a role's `meta/argument_specs.yml` has it.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::argspec::{Host, check_written};
use crate::diag::{Error, Result};
use crate::proto::Outcome;
use crate::template::Var;
use crate::value::{Dict, Value};

/// `ansible.builtin.validate_argument_spec`.
pub static ACTION: ActionDef = ActionDef {
    name: "validate_argument_spec",
    fqcn: "ansible.builtin.validate_argument_spec",
    doc: "Validate role argument specs.",
    raw_args: &[],
    connects: false,
    run: Run::Host(run),
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { validate(call).map(Acted::from) })
}

fn validate(call: &ActionCall<'_>) -> Result<Outcome> {
    let args = &call.args;
    let Some(spec) = args.get("argument_spec") else {
        let shown = Value::Dict(args.clone()).to_text();
        return Err(Error::user(format!("\"argument_spec\" arg is required in args: {shown}")));
    };
    let dict = |name: &str, value: &Value| match value {
        Value::Dict(dict) => Ok(dict.clone()),
        other => {
            let class = match other {
                // Text that has a place is of a class of its own in Ansible.
                Value::Str(text) if text.origin().is_some() => {
                    "ansible.module_utils._internal._datatag._AnsibleTaggedStr"
                }
                other => other.type_name(),
            };
            Err(Error::user(format!("Incorrect type for {name}, expected dict and got <class '{class}'>")))
        }
    };
    let options = dict("argument_spec", spec)?;
    let provided = args.get("provided_arguments").map_or(Ok(Dict::new()), |v| dict("provided_arguments", v))?;
    let mut given = from_variables(call, &options)?;
    given.update(&provided);
    let world = call.scope.world();
    let env = |name: &str| world.environment.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let home = |user: &str| user.is_empty().then(|| world.home.clone());
    let errors = check_written(&options, &given, Host { env: &env, home: &home }).errors;
    let context = args.get("validate_args_context").cloned().unwrap_or_else(|| Dict::new().into());
    if errors.is_empty() {
        let passed = Outcome::changed(false).with("msg", "The arg spec validation passed");
        return Ok(passed.with("validate_args_context", context));
    }
    Ok(Outcome::default()
        .with("failed", true)
        .with("msg", format!("Validation of arguments failed:\n{}", errors.join("\n")))
        .with("argument_spec_data", spec.clone())
        .with("argument_errors", Value::list(errors.into_iter().map(Value::from)))
        .with("validate_args_context", context))
}

/// The variables of the host that have the names of arguments, rendered.
fn from_variables(call: &ActionCall<'_>, options: &Dict) -> Result<Dict> {
    let mut given = Dict::new();
    for name in options.keys() {
        if let Some(Var::Value(value)) = call.scope.get(&name.to_text())?
            && let Some(value) = call.templar.render_value(&value, call.scope)?
        {
            given.insert(name.clone(), value);
        }
    }
    Ok(given)
}
