//! Templates: minijinja's parser in front, our own evaluator behind.

mod scope;

pub use scope::{Scope, Var, VarMap, World};
