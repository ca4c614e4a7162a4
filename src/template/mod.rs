//! Templates: minijinja's parser in front, our own evaluator behind.

pub mod regex;
mod scope;

pub use scope::{Scope, Var, VarMap, World};
