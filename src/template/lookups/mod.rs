//! The lookups: one sorted table.

use super::args::CallArgs;
use super::cx::Cx;
use super::object::Obj;
use super::raise::Raise;

/// A lookup: `lookup('name', terms…, option=…)`, `query(…)` and `with_name:`.
pub struct LookupDef {
    /// The short name; `ansible.builtin.` before it is the same.
    pub name: &'static str,
    /// Finds the results. The positional arguments are the terms; `wantlist` and `errors` are not among
    /// the keyword ones.
    pub run: fn(&mut Cx<'_>, CallArgs) -> Result<Vec<Obj>, Raise>,
    /// Whether it takes undefined terms itself (`first_found`, `varnames`).
    pub undefined: bool,
}

/// All lookups, sorted by name.
pub static LOOKUPS: &[LookupDef] = &[];
