//! The tests: one sorted table.

use super::args::CallArgs;
use super::cx::Cx;
use super::object::Obj;
use super::raise::Raise;

/// A test: `{{ input is name(args) }}`.
pub struct TestDef {
    /// The short name; `ansible.builtin.` before it is the same.
    pub name: &'static str,
    /// Decides.
    pub run: fn(&mut Cx<'_>, Obj, CallArgs) -> Result<bool, Raise>,
    /// Whether it takes an undefined input or argument itself (`defined`, `undefined`).
    pub undefined: bool,
}

/// All tests, sorted by name.
pub static TESTS: &[TestDef] = &[];
