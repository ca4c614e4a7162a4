//! `env`: the environment of the task.

use super::Host;
use crate::value::{Dict, Value};

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    let env: Dict = host.env.all().into_iter().map(|(name, value)| (Value::from(name), Value::from(value))).collect();
    Dict::from([("env", env)])
}
