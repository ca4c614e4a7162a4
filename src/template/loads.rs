//! The variables that a body looks up before it runs.
//!
//! jinja2 looks up all names of a body that has variables of its own when it enters it, also those that the body
//! does not come to. That shows only where looking up raises: in what `super()`, `self.name()` and `loop()` run.

use super::cx::Cx;
use super::ir::{Args, Expr, Stmt, Target};
use super::raise::Raise;
use std::rc::Rc;
use std::sync::Arc;

/// The names that a body loads, in order, and those that it has set before.
#[derive(Default)]
struct Loads {
    loaded: Vec<Arc<str>>,
    stored: Vec<Arc<str>>,
}

impl Cx<'_> {
    /// Looks up what `body` will, where that raises what a variable's template has put off.
    ///
    /// `set` are the names that the body gets set, such as a loop's target.
    pub(super) fn enter(&mut self, body: &[Stmt], set: Option<&Target>) -> Result<(), Raise> {
        if !self.strict {
            return Ok(());
        }
        let mut loads = Loads::default();
        if let Some(target) = set {
            loads.store(target);
        }
        loads.body(body);
        // What the template itself has set is there already.
        loads.loaded.retain(|name| !self.has_set(name));
        self.all_defined(&loads.loaded)
    }

    /// The same for a template that is included: to it, all variables come from elsewhere.
    pub(super) fn enter_included(&mut self, body: &[Stmt]) -> Result<(), Raise> {
        if !self.strict {
            return Ok(());
        }
        let mut loads = Loads::default();
        loads.body(body);
        self.all_defined(&loads.loaded)
    }

    fn all_defined(&mut self, names: &[Arc<str>]) -> Result<(), Raise> {
        for name in names {
            if let Some(value) = self.variable(name)? {
                value.defined()?;
            }
        }
        Ok(())
    }

    /// Whether the template itself has set a variable, rather than one that includes it.
    fn has_set(&self, name: &str) -> bool {
        let mut frame = self.frame.as_ref();
        while let Some(inner) = frame {
            if inner.vars.borrow().iter().any(|(known, _)| &**known == name) {
                return true;
            }
            let root = self.root.as_ref().is_some_and(|root| Rc::ptr_eq(root, inner));
            frame = if root { None } else { inner.parent.as_ref() };
        }
        false
    }
}

impl Loads {
    fn load(&mut self, name: &Arc<str>) {
        if !self.stored.contains(name) && !self.loaded.contains(name) {
            self.loaded.push(Arc::clone(name));
        }
    }

    fn store(&mut self, target: &Target) {
        match target {
            Target::Name(name) => self.stored.push(Arc::clone(name)),
            Target::Attr(object, _) => self.load(object),
            Target::List(targets) => targets.iter().for_each(|target| self.store(target)),
        }
    }

    fn body(&mut self, body: &[Stmt]) {
        body.iter().for_each(|stmt| self.stmt(stmt));
    }

    /// What a statement loads itself: bodies with variables of their own are entered later.
    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Text(_) | Stmt::Block(_) | Stmt::Scoped(_) | Stmt::Break | Stmt::Continue => {}
            Stmt::Emit(expr) | Stmt::Do(expr) | Stmt::Extends(expr) | Stmt::FilterBlock(expr, _) => self.expr(expr),
            Stmt::CallBlock(call, _) => self.expr(call),
            Stmt::Print(exprs) => self.exprs(exprs),
            Stmt::If(test, then, otherwise) => {
                self.expr(test);
                self.branches(then, otherwise);
            }
            Stmt::For(f) => self.expr(&f.iter),
            Stmt::With(bindings, _) => bindings.iter().for_each(|(_, value)| self.expr(value)),
            Stmt::Set(target, value) => {
                self.expr(value);
                self.store(target);
            }
            Stmt::SetBlock(target, ..) => self.store(target),
            Stmt::Macro(def) => self.stored.push(Arc::clone(&def.name)),
            Stmt::Include { name, .. } => self.expr(name),
            Stmt::Import { name, target, .. } => {
                self.expr(name);
                self.stored.push(Arc::clone(target));
            }
            Stmt::FromImport { name, names, .. } => {
                self.expr(name);
                self.stored.extend(names.iter().map(|(_, alias)| Arc::clone(alias)));
            }
        }
    }

    /// A name that a branch sets may be that of the variable after it.
    fn branches(&mut self, then: &[Stmt], otherwise: &[Stmt]) {
        let before = self.stored.len();
        self.body(then);
        let first = self.stored.split_off(before);
        self.body(otherwise);
        let set = [first, self.stored.split_off(before)].concat();
        set.iter().for_each(|name| self.load(name));
        self.stored.extend(set);
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    fn args(&mut self, args: &Args) {
        self.exprs(&args.positional);
        self.exprs(args.named.iter().map(|(_, value)| value));
        self.exprs(args.star.iter().chain(&args.star_star));
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Const(_) => {}
            Expr::Name(name) => self.load(name),
            Expr::Attr(of, _) | Expr::Not(of) | Expr::Neg(of) => self.expr(of),
            Expr::Item(a, b) | Expr::Binary(_, a, b) | Expr::And(a, b) | Expr::Or(a, b) => self.exprs([&**a, &**b]),
            Expr::Slice(slice) => {
                self.expr(&slice.value);
                self.exprs([&slice.start, &slice.stop, &slice.step].into_iter().flatten());
            }
            Expr::List(items) | Expr::Tuple(items) | Expr::Concat(items) => self.exprs(items),
            Expr::Dict(items) => items.iter().for_each(|(key, value)| self.exprs([key, value])),
            Expr::Compare(first, rest) => {
                self.expr(first);
                self.exprs(rest.iter().map(|(_, value)| value));
            }
            Expr::If(choice) => {
                self.exprs([&choice.test, &choice.then]);
                self.exprs(&choice.otherwise);
            }
            Expr::Filter(call) => {
                self.exprs(&call.input);
                self.args(&call.args);
            }
            Expr::Test(call) => {
                self.expr(&call.input);
                self.args(&call.args);
            }
            Expr::Call(callee, args) => {
                self.expr(callee);
                self.args(args);
            }
        }
    }
}
