//! Several requests in one round trip, one after another until one fails.
//!
//! What `copy` does with a folder is thousands of small requests, each of which must see what those before
//! it did. Not a module that a task can name.

use super::Blob;
use crate::proto::{Context, Outcome, Request};
use crate::value::{Dict, Value};
use std::sync::atomic::{AtomicBool, Ordering};

/// The name by which the controller asks for it.
pub const NAME: &str = "many";

/// One of the requests.
#[derive(Clone, Debug)]
pub struct Step {
    /// The module's name without its collection.
    pub module: &'static str,
    /// Its arguments.
    pub args: Dict,
    /// File content that comes along.
    pub content: Option<Vec<u8>>,
}

/// Makes one request of many, all in the same surroundings.
pub fn pack(steps: Vec<Step>, context: Context) -> Request {
    let steps = steps.into_iter().map(|step| {
        let content = step.content.map_or(Value::Null, |bytes| Value::Bytes(bytes.into()));
        Value::list([step.module.into(), step.args.into(), content])
    });
    let args = Dict::from([("steps", Value::list(steps))]);
    Request { module: NAME.into(), shown: NAME.into(), args, context }
}

/// The outcomes of what [`pack`] made: one for each step, up to the first that failed.
pub fn unpack(outcome: Outcome) -> Vec<Outcome> {
    match outcome.get("outcomes") {
        Some(Value::List(outcomes)) => {
            outcomes.iter().filter_map(|one| one.as_dict().map(|result| Outcome { result: result.clone() })).collect()
        }
        // It did not run at all, which says why.
        _ => vec![outcome],
    }
}

/// Runs the requests.
pub fn run(request: &Request, cancelled: &AtomicBool) -> Outcome {
    let mut outcomes = Vec::new();
    for step in request.args.get("steps").and_then(Value::as_list).unwrap_or_default() {
        let Some([module, Value::Dict(args), content]) = step.as_list() else {
            return Outcome::failed("a step is not understood");
        };
        let module = module.to_text();
        let shown = format!("ansible.legacy.{module}");
        let one = Request { module, shown, args: args.clone(), context: request.context.clone() };
        let blob = match content {
            Value::Bytes(bytes) => Some(Blob::Inline(bytes.to_vec())),
            _ => None,
        };
        let outcome = super::run::run(&one, blob, cancelled);
        let failed = outcome.is_failed();
        outcomes.push(Value::Dict(outcome.result));
        if failed || cancelled.load(Ordering::Relaxed) {
            break;
        }
    }
    Outcome::default().with("outcomes", outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let file = |name: &str, state: &str| Step {
            module: "file",
            args: Dict::from([("path", Value::from(path(name))), ("state", state.into())]),
            content: None,
        };
        let steps = vec![file("a", "touch"), file("b", "file"), file("c", "touch")];
        let outcomes = unpack(run(&pack(steps, Context::default()), &AtomicBool::new(false)));
        assert_eq!(outcomes.len(), 2);
        assert!(outcomes[0].is_changed() && outcomes[1].is_failed());
        assert!(folder.path().join("a").exists() && !folder.path().join("c").exists());
    }

    #[test]
    fn content_comes_along() {
        let folder = tempfile::tempdir().unwrap();
        let dest = folder.path().join("x");
        let args = Dict::from([
            ("dest", Value::from(dest.to_string_lossy().into_owned())),
            ("checksum", crate::host::digest::sha1_bytes(b"\xff\x00").into()),
        ]);
        let steps = vec![Step { module: super::super::deliver::NAME, args, content: Some(b"\xff\x00".to_vec()) }];
        let outcomes = unpack(run(&pack(steps, Context::default()), &AtomicBool::new(false)));
        assert!(outcomes[0].is_changed(), "{outcomes:?}");
        assert_eq!(std::fs::read(&dest).unwrap(), b"\xff\x00");
    }
}
