//! Templates: minijinja's parser in front, our own evaluator behind.

mod args;
mod compare;
mod cx;
pub mod dates;
pub mod filters;
mod iterate;
pub mod lookups;
mod object;
mod plugins;
mod raise;
mod pylib;
pub mod regex;
mod scope;
mod templar;
pub mod tests;
mod text;

pub use args::{Arg, CallArgs, Sig};
pub use cx::Cx;
pub use object::{Delta, DictCell, IterCell, LazyMap, List, Obj, Range, SetCell, Special, Stream};
pub use plugins::{Filter, FilterFn, Lookup, LookupFn, Plugins, Test, TestFn, short_name};
pub use raise::{Class, Missing, Raise, Undefined};
pub use scope::{Scope, Var, VarMap, World};
pub use templar::Templar;
