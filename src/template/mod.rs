//! Templates: minijinja's parser in front, our own evaluator behind.
//!
//! A text is parsed once (`cache`), lowered to a form of our own (`ir`) and run over [`Obj`],
//! Python's objects as far as a template can tell; a result is a [`Value`](crate::value::Value) again.
//! jinja2 3.1 as ansible-core 2.19 uses it is the law. Nothing here names a layer above: the
//! variables come through [`Scope`].

mod access;
mod args;
#[cfg(test)]
mod baseline;
mod bounds;
mod cache;
mod compare;
mod conditional;
mod cx;
pub mod dates;
mod depth;
mod escapes;
mod eval;
mod exec;
pub mod filters;
mod format;
mod globals;
mod grammar;
mod held;
mod import;
mod ir;
mod iterate;
mod loads;
pub mod lookups;
mod loops;
mod lower;
mod macros;
mod methods;
mod object;
mod ops;
mod overrides;
mod plugins;
mod pylib;
pub(crate) use pylib::pretty;
mod raise;
pub mod refused;
mod repair;
mod scope;
mod sorting;
mod strings;
mod templar;
pub mod tests;
mod text;

pub use args::{Arg, CallArgs, Sig};
pub use cx::Cx;
pub(crate) use filters::hashes::hash_password;
pub use held::{Fixed, Shared};
pub use object::{Delta, DictCell, IterCell, LazyMap, List, Obj, Range, SetCell, Special, Stream};
pub use overrides::Overrides;
pub use plugins::{Filter, FilterFn, Lookup, LookupFn, Plugins, Route, Routes, Test, TestFn, short_name};
pub use raise::{Class, Missing, Raise, Undefined};
pub use scope::{Scope, Var, VarMap, Vars, World};
pub use templar::{Templar, Untrusted};

/// The bytes of a text in an encoding, by Python's name for it; the error is in Python's words.
pub fn encode(text: &str, encoding: &str) -> Result<Vec<u8>, String> {
    pylib::codec::encode(text, encoding).map_err(|raise| raise.text())
}
