//! One module run that cannot take the agent down.
//!
//! What a run is stands in `modules::run`; here are only the choice of the module and the guard against
//! its panics.

use super::panic;
use crate::modules::{Blob, ModuleDef, internal, run_def};
use crate::proto::{Outcome, Request};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;

/// Runs the module that a request names; whatever happens, there is a result.
pub fn run_module(
    modules: &'static [&'static ModuleDef],
    request: &Request,
    blob: Option<Blob>,
    cancelled: &AtomicBool,
) -> Outcome {
    let run = || match modules.binary_search_by(|module| module.name.cmp(request.module.as_str())) {
        Ok(at) => run_def(modules[at], request, blob, cancelled),
        Err(_) => match internal(&request.module) {
            Some(run) => run(request, blob, cancelled),
            None => Outcome::failed(format!("The module {} is not supported by this rplay-agent", request.module)),
        },
    };
    // A module that panics has a fault of its own; the agent and its other tasks go on.
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(outcome) => outcome,
        Err(payload) => {
            let words = panic::words(payload.as_ref());
            Outcome::failed(format!("The module {} failed within rplay itself: {words}", request.module))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::argspec::{Arg, Kind, Spec};
    use crate::modules::{Call, Support};
    use crate::value::Value;

    static SPEC: Spec =
        Spec { args: &[Arg::new("do", Kind::Str).required(), Arg::new("secret", Kind::Str).no_log()], ..Spec::EMPTY };
    static TEST: ModuleDef =
        ModuleDef { name: "test", doc: "", spec: &SPEC, check: Support::None, diff: Support::None, run };

    static TABLE: &[&ModuleDef] = &[&TEST];

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
        run_module(TABLE, &request, None, &AtomicBool::new(false))
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
