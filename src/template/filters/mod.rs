//! The filters: one sorted table.

use super::args::CallArgs;
use super::cx::Cx;
use super::object::Obj;
use super::raise::Raise;

/// A filter: `{{ input | name(args) }}`.
pub struct FilterDef {
    /// The short name; `ansible.builtin.` before it is the same.
    pub name: &'static str,
    /// Computes the result.
    pub run: fn(&mut Cx<'_>, Obj, CallArgs) -> Result<Obj, Raise>,
    /// Whether it takes an undefined input or argument itself (`default`, `mandatory`); for all others
    /// an undefined one is the result at once.
    pub undefined: bool,
}

/// All filters, sorted by name.
pub static FILTERS: &[FilterDef] = &[];
