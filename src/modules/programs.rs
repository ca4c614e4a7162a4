//! Where programs are on the host: how the controller finds a Python interpreter without a shell.
//!
//! Not a module that a task can name.

use crate::host::Env;
use crate::proto::{Outcome, Request};
use crate::value::{Dict, Value};

/// The name by which the controller asks for it.
pub const NAME: &str = "programs";

/// The request for these names.
pub fn asking(names: &[String]) -> Request {
    let names = names.iter().map(|name| Value::from(name.as_str()));
    let args = Dict::from([("names", Value::list(names))]);
    Request { module: NAME.into(), args, ..Request::default() }
}

/// Says the paths of those that there are, in the order of the names: `found`.
pub fn run(request: &Request) -> Outcome {
    let env = Env::new(&request.context.environment);
    let names = request.args.get("names").and_then(Value::as_list).unwrap_or_default();
    let found = names.iter().filter_map(|name| env.find_program(&name.to_text()));
    Outcome::default().with("found", Value::list(found.map(|path| Value::from(path.to_string_lossy().as_ref()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_the_order_of_their_names() {
        let outcome = run(&asking(&["no-such-program".into(), "sh".into(), "/bin/sh".into()]));
        let found: Vec<String> =
            outcome.get("found").and_then(Value::as_list).unwrap_or_default().iter().map(Value::to_text).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].ends_with("/sh") && found[1] == "/bin/sh");
    }
}
