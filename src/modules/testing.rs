//! Runs a module in a test, as a request would.

use super::{Blob, run::run};
use crate::proto::{Outcome, Request};
use crate::value::{Dict, Value, parse_json};
use std::sync::atomic::AtomicBool;

/// Arguments from JSON.
#[track_caller]
pub fn args(json: &str) -> Dict {
    match parse_json(json) {
        Ok(Value::Dict(dict)) => dict,
        other => panic!("no arguments: {other:?}"),
    }
}

/// A request for a module.
#[track_caller]
pub fn request(module: &str, json: &str) -> Request {
    Request { module: module.into(), args: args(json), ..Request::default() }
}

/// The outcome of a request.
pub fn outcome_of(request: &Request, blob: Option<Blob>) -> Outcome {
    run(request, blob, &AtomicBool::new(false))
}

/// The outcome of a module with arguments.
#[track_caller]
pub fn outcome(module: &str, json: &str) -> Outcome {
    outcome_of(&request(module, json), None)
}

/// The outcome in check mode, with diff.
#[track_caller]
pub fn checked(module: &str, json: &str) -> Outcome {
    let mut request = request(module, json);
    request.context.check = true;
    request.context.diff = true;
    outcome_of(&request, None)
}

/// Compares one value of a result by its `repr`.
#[track_caller]
pub fn has(outcome: &Outcome, key: &str, want: &str) {
    let got = outcome.get(key).map_or_else(|| "(absent)".to_owned(), crate::value::repr);
    assert_eq!(got, want, "{key} in {:?}", outcome.result);
}

/// Edits a file that holds `before`, in check mode and for real: check mode must change nothing, what stands there after
/// must be `after`, and both must say `msg`. `args` are JSON without its braces.
#[track_caller]
pub fn edits(module: &str, before: &str, args: &str, after: &str, msg: &str) {
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("f");
    std::fs::write(&path, before).expect("write");
    let json = format!(r#"{{"path": "{}", {args}}}"#, path.display());
    let dry = checked(module, &json);
    assert_eq!(std::fs::read_to_string(&path).expect("read"), before, "check mode");
    let out = outcome(module, &json);
    assert_eq!(std::fs::read_to_string(&path).expect("read"), after, "{args}");
    for out in [dry, out] {
        has(&out, "msg", &format!("'{msg}'"));
        has(&out, "changed", if before == after { "False" } else { "True" });
    }
}
