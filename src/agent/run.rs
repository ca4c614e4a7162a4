//! One module run: arguments checked, the module called, the result made whole.
//!
//! As `AnsibleModule` does: `invocation` shows the coerced arguments, values of `no_log`
//! arguments are masked everywhere in the result, and a module without check mode is skipped in it.

use super::surroundings;
use crate::argspec::{Checked, Host, check};
use crate::modules::{Blob, Call, ModuleDef, Support};
use crate::proto::{Outcome, Request};
use crate::value::{Dict, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;

/// Runs the module that a request names; whatever happens, there is a result.
pub fn run_module(
    modules: &'static [&'static ModuleDef],
    request: &Request,
    blob: Option<Blob>,
    cancelled: &AtomicBool,
) -> Outcome {
    let Ok(at) = modules.binary_search_by(|module| module.name.cmp(request.module.as_str())) else {
        return Outcome::failed(format!("The module {} is not supported by this rplay-agent", request.module));
    };
    let module = modules[at];
    let environment = &request.context.environment;
    let env = |name: &str| {
        let set = environment.iter().rev().find(|(key, _)| key == name);
        set.map(|(_, value)| value.clone()).or_else(|| surroundings::env(name))
    };
    let checked = check(module.spec, module.name, &request.args, Host { env: &env, home: &surroundings::home });
    let outcome = match &checked.error {
        Some(error) => Outcome::default().with("failed", true).with("msg", error.as_str()),
        None if request.context.check && module.check == Support::None => Outcome::default()
            .with("skipped", true)
            .with("msg", format!("remote module ({}) does not support check mode", module.name)),
        None => call(module, request, &checked, blob, cancelled),
    };
    complete(outcome, &checked)
}

fn call(
    module: &'static ModuleDef,
    request: &Request,
    checked: &Checked,
    blob: Option<Blob>,
    cancelled: &AtomicBool,
) -> Outcome {
    let mut call = Call { args: checked.args.clone(), context: &request.context, blob, cancelled };
    // A module that panics has a fault of its own; the agent and its other tasks go on.
    match catch_unwind(AssertUnwindSafe(|| (module.run)(&mut call))) {
        Ok(Ok(outcome) | Err(outcome)) => outcome,
        Err(panic) => {
            let words = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Outcome::failed(format!("The module {} failed within rplay itself: {words}", module.name))
        }
    }
}

fn complete(mut outcome: Outcome, checked: &Checked) -> Outcome {
    if outcome.get("invocation").is_none() {
        let mut invocation = Dict::new();
        invocation.insert("module_args", checked.args.0.clone());
        outcome.set("invocation", invocation);
    }
    checked.warnings.iter().for_each(|text| outcome.warn(text.as_str()));
    if !checked.deprecations.is_empty() {
        let mut all = outcome.get("deprecations").and_then(Value::as_list).map(<[_]>::to_vec).unwrap_or_default();
        all.extend(checked.deprecations.iter().map(|deprecation| {
            let mut entry = Dict::new();
            entry.insert("msg", deprecation.msg.as_str());
            entry.insert("version", deprecation.version);
            entry.insert("collection_name", deprecation.collection);
            Value::from(entry)
        }));
        outcome.set("deprecations", all);
    }
    Outcome { result: checked.secrets.mask_dict(&outcome.result) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::argspec::{Arg, Kind, Spec};

    static SPEC: Spec = Spec {
        args: &[Arg::new("do", Kind::Str).required(), Arg::new("secret", Kind::Str).no_log()],
        ..Spec::EMPTY
    };
    static TEST: ModuleDef =
        ModuleDef { name: "test", doc: "", spec: &SPEC, check: Support::None, diff: Support::None, run };

    fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
        match call.args.str("do") {
            "panic" => panic!("oh no"),
            "tell" => Ok(Outcome::changed(false).with("told", call.args.str("secret"))),
            other => Err(Outcome::failed(other)),
        }
    }

    fn outcome(args: &[(&str, &str)], check: bool) -> Outcome {
        let mut request = Request { module: "test".into(), ..Request::default() };
        args.iter().for_each(|(name, value)| drop(request.args.insert(*name, *value)));
        request.context.check = check;
        run_module(&[&TEST], &request, None, &AtomicBool::new(false))
    }

    #[track_caller]
    fn msg(outcome: &Outcome, text: &str) {
        assert_eq!(outcome.get("msg").and_then(Value::as_str), Some(text));
    }

    #[test]
    fn secrets_are_masked_everywhere() {
        let outcome = outcome(&[("do", "tell"), ("secret", "s3cret")], false);
        assert_eq!(outcome.get("told").and_then(Value::as_str), Some("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"));
        assert!(!crate::value::repr(&outcome.result.into()).contains("s3cret"));
    }

    #[test]
    fn every_end_is_a_result() {
        msg(&outcome(&[("do", "panic")], false), "The module test failed within rplay itself: oh no");
        msg(&outcome(&[("do", "no")], false), "no");
        msg(&outcome(&[], false), "missing required arguments: do");
        let skipped = outcome(&[("do", "no")], true);
        msg(&skipped, "remote module (test) does not support check mode");
        assert!(skipped.is_skipped());
    }
}
