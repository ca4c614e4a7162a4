//! The result of a task on a host, under Ansible's own keys.

use crate::value::{Dict, Value};
use serde::{Deserialize, Serialize};

/// A result dictionary, with names for the keys that every module shares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Outcome {
    /// The keys and values that `register` gives.
    pub result: Dict,
}

impl Outcome {
    /// A result that changed something, or did not.
    pub fn changed(changed: bool) -> Self {
        Self::default().with("changed", changed)
    }

    /// A failure with its message; `changed` is false.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::default().with("failed", true).with("msg", message.into()).with("changed", false)
    }

    /// What a module gives whose own code failed: no `invocation`, and the engine's words around the text.
    pub fn crashed(text: impl std::fmt::Display) -> Self {
        Self::failed(format!("Task failed: Module failed: {text}")).with(Self::CRASHED, true)
    }

    /// Says what the failure comes from: shown after the message as `msg: cause`, but not in `msg`.
    #[must_use]
    pub fn caused_by(self, cause: impl Into<String>) -> Self {
        self.with(Self::CAUSE, cause.into())
    }

    /// What a failed result has as `exception`, in the place of where it came from.
    pub const NO_TRACE: &'static str = "(traceback unavailable)";

    /// The key of the cause; the controller takes it out before the result is registered.
    pub const CAUSE: &'static str = "_ansible_cause";

    /// The key that marks a module's failure which an action tells in other words; taken out likewise.
    pub const BY_MODULE: &'static str = "_ansible_by_module";

    /// The key that marks a result to which nothing is added: a crash, or another module's result. It is
    /// taken out where the module has ended.
    pub const CRASHED: &'static str = "_ansible_crashed";

    /// Adds a value, or replaces it.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.set(key, value);
        self
    }

    /// Adds a value, or replaces it.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.result.insert(key, value);
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.result.get(key)
    }

    /// Adds a warning, shown once as `[WARNING]`.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.append("warnings", Value::from(text.into()));
    }

    /// Adds a diff with its texts before and after.
    pub fn diff(&mut self, diff: impl Into<Value>) {
        self.append("diff", diff.into());
    }

    fn append(&mut self, key: &str, value: Value) {
        let mut items = self.get(key).and_then(Value::as_list).map(<[_]>::to_vec).unwrap_or_default();
        items.push(value);
        self.set(key, items);
    }

    /// Whether the task failed: what its `failed_when` said counts more than the result.
    pub fn is_failed(&self) -> bool {
        let has = |dict: &Dict, key: &str| dict.get(key).is_some_and(Value::truthy);
        const JUDGED: &str = "failed_when_result";
        if !has(&self.result, "failed") {
            return false;
        }
        if self.result.contains(JUDGED) {
            return has(&self.result, JUDGED);
        }
        let items = self.get("results").and_then(Value::as_list).unwrap_or_default();
        let mut judged = items.iter().filter_map(Value::as_dict).filter(|item| item.contains(JUDGED)).peekable();
        judged.peek().is_none() || judged.any(|item| has(item, JUDGED))
    }

    /// Whether something changed.
    pub fn is_changed(&self) -> bool {
        self.get("changed").is_some_and(Value::truthy)
    }

    /// Whether nothing was run.
    pub fn is_skipped(&self) -> bool {
        self.get("skipped").is_some_and(Value::truthy)
    }

    /// Whether the host did not answer.
    pub fn is_unreachable(&self) -> bool {
        self.get("unreachable").is_some_and(Value::truthy)
    }
}
