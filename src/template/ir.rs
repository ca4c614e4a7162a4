//! A parsed template in our own form: owned, shared by all renderings.
//!
//! Names and texts are shared strings; filters and tests are resolved once, when lowered.

use super::plugins::{Filter, Test};
use num_bigint::BigInt;
use std::sync::Arc;

/// A template.
#[derive(Default)]
pub(super) struct Template {
    pub(super) body: Vec<Stmt>,
    /// The blocks by name.
    pub(super) blocks: Vec<(Arc<str>, Arc<Block>)>,
    /// The syntax that it, and what it includes, is written in.
    pub(super) syntax: Arc<super::Overrides>,
}

/// A `{% block %}`.
pub(super) struct Block {
    pub(super) name: Arc<str>,
    pub(super) required: bool,
    pub(super) scoped: bool,
    /// Whether it has a `super` of its own; if not, neither has what it includes.
    pub(super) uses_super: bool,
    pub(super) body: Vec<Stmt>,
}

/// A statement.
pub(super) enum Stmt {
    Text(Arc<str>),
    Emit(Expr),
    /// `{% print a, b %}`
    Print(Vec<Expr>),
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    For(Arc<For>),
    With(Vec<(Target, Expr)>, Vec<Stmt>),
    Set(Target, Expr),
    /// The filter's innermost input is the body's text.
    SetBlock(Target, Option<Expr>, Vec<Stmt>),
    FilterBlock(Expr, Vec<Stmt>),
    Macro(Arc<Macro>),
    /// The call, and the macro that it gets as `caller`.
    CallBlock(Expr, Arc<Macro>),
    Block(Arc<Block>),
    Extends(Expr),
    Include {
        name: Expr,
        ignore_missing: bool,
        with_context: bool,
    },
    Import {
        name: Expr,
        target: Arc<str>,
        with_context: bool,
    },
    FromImport {
        name: Expr,
        names: Vec<(Arc<str>, Arc<str>)>,
        with_context: bool,
        line: u32,
    },
    /// A body with variables of its own: `{% autoescape %}`.
    Scoped(Vec<Stmt>),
    Do(Expr),
    Break,
    Continue,
}

/// A `{% for %}`.
pub(super) struct For {
    pub(super) target: Target,
    pub(super) iter: Expr,
    pub(super) test: Option<Expr>,
    pub(super) recursive: bool,
    /// Whether it has a `loop`; if not, neither has what it includes.
    pub(super) uses_loop: bool,
    pub(super) body: Vec<Stmt>,
    pub(super) otherwise: Vec<Stmt>,
}

/// A `{% macro %}` or the body of a `{% call %}`.
pub(super) struct Macro {
    pub(super) name: Arc<str>,
    pub(super) params: Vec<Arc<str>>,
    /// The defaults of the last parameters.
    pub(super) defaults: Vec<Expr>,
    pub(super) body: Vec<Stmt>,
    pub(super) uses_varargs: bool,
    pub(super) uses_kwargs: bool,
    pub(super) uses_caller: bool,
}

/// What an assignment assigns to.
pub(super) enum Target {
    Name(Arc<str>),
    /// `ns.name`
    Attr(Arc<str>, Arc<str>),
    List(Vec<Target>),
}

/// An expression.
pub(super) enum Expr {
    Const(Const),
    Name(Arc<str>),
    Attr(Box<Expr>, Arc<str>),
    Item(Box<Expr>, Box<Expr>),
    Slice(Box<Slice>),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Not(Box<Expr>),
    Neg(Box<Expr>),
    Binary(Op, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Compare(Box<Expr>, Vec<(Relation, Expr)>),
    Concat(Vec<Expr>),
    If(Box<Choice>),
    Filter(Box<FilterCall>),
    Test(Box<TestCall>),
    Call(Box<Expr>, Box<Args>),
}

/// `value[start:stop:step]`
pub(super) struct Slice {
    pub(super) value: Expr,
    pub(super) start: Option<Expr>,
    pub(super) stop: Option<Expr>,
    pub(super) step: Option<Expr>,
}

/// `then if test else otherwise`
pub(super) struct Choice {
    pub(super) test: Expr,
    pub(super) then: Expr,
    pub(super) otherwise: Option<Expr>,
    pub(super) line: u32,
}

/// A filter's application. Without an input it stands in a filter or set block.
pub(super) struct FilterCall {
    pub(super) name: Arc<str>,
    /// None where there is no such filter, which is an error once it runs.
    pub(super) filter: Option<Filter>,
    pub(super) input: Option<Expr>,
    pub(super) args: Args,
}

/// A test's application.
pub(super) struct TestCall {
    pub(super) name: Arc<str>,
    pub(super) test: Option<Test>,
    pub(super) input: Expr,
    pub(super) args: Args,
}

/// The arguments of a call.
#[derive(Default)]
pub(super) struct Args {
    pub(super) positional: Vec<Expr>,
    pub(super) named: Vec<(Arc<str>, Expr)>,
    pub(super) star: Option<Expr>,
    pub(super) star_star: Option<Expr>,
}

/// A literal.
pub(super) enum Const {
    None,
    Bool(bool),
    Int(i64),
    Big(Arc<BigInt>),
    Float(f64),
    Str(Arc<str>),
    /// A string that looks like a template, which lookups render.
    Embedded(Arc<str>),
    /// A string of a conditional that looks like a template, which is rendered where it stands.
    Template(Arc<str>),
}

/// An arithmetic operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Op {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
}

/// A comparing operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Relation {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
}
