//! Expressions.

use super::args::CallArgs;
use super::bounds::text_fits;
use super::cx::Cx;
use super::ir::{Args, Const, Expr, FilterCall, Op, Relation, TestCall};
use super::object::Obj;
use super::raise::{Class, Missing, Raise, Undefined};
use crate::diag::{Error, Remark};
use crate::value::{Text, Value};
use std::cmp::Ordering;
use std::rc::Rc;
use std::sync::Arc;

type Result<T> = std::result::Result<T, Raise>;

impl Cx<'_> {
    /// An expression's value. What is undefined is a value; using it is the error.
    pub(super) fn eval(&mut self, expr: &Expr) -> Result<Obj> {
        match expr {
            Expr::Const(c) => self.constant(c),
            Expr::Name(name) => self.name(name),
            Expr::Attr(of, name) => {
                if let Some(plain) = self.plain_path(expr)? {
                    return Ok(self.used(plain));
                }
                let of = self.eval(of)?;
                let found = self.get_attr(&of, name)?;
                let found = self.used(found);
                if self.strict { found.defined() } else { Ok(found) }
            }
            Expr::Item(of, key) => {
                if let Some(plain) = self.plain_path(expr)? {
                    return Ok(self.used(plain));
                }
                let of = self.eval(of)?;
                let key = self.eval(key)?;
                let found = self.get_item(&of, &key)?;
                let found = self.used(found);
                if self.strict { found.defined() } else { Ok(found) }
            }
            Expr::Slice(slice) => {
                let of = self.eval(&slice.value)?;
                let mut bounds = [Obj::None, Obj::None, Obj::None];
                for (slot, bound) in bounds.iter_mut().zip([&slice.start, &slice.stop, &slice.step]) {
                    if let Some(bound) = bound {
                        *slot = self.eval(bound)?;
                    }
                }
                self.slice(&of, [&bounds[0], &bounds[1], &bounds[2]])
            }
            Expr::List(items) => Ok(Obj::list(self.eval_all(items)?)),
            Expr::Tuple(items) => Ok(Obj::tuple(self.eval_all(items)?)),
            Expr::Dict(items) => self.dict(items),
            Expr::Filter(call) => self.apply_filter(call, None),
            Expr::Test(call) => self.apply_test(call),
            Expr::Call(callee, args) => self.eval_call(callee, args),
            other => self.operation(other),
        }
    }

    /// Says of a value that a module marked as deprecated that it was used.
    pub(super) fn used(&self, obj: Obj) -> Obj {
        if let Obj::Str(text) = &obj
            && let Some(mark) = text.mark()
        {
            self.remark(Remark::marked(mark, self.origin.as_ref()));
        }
        obj
    }

    /// The same for all that is within a result: itself it was used before, or is a template's own.
    pub(super) fn all_used(&self, value: &Value) {
        let each = |item: &Value| match item {
            Value::Str(text) => {
                if let Some(mark) = text.mark() {
                    self.remark(Remark::marked(mark, self.origin.as_ref()));
                }
            }
            other => self.all_used(other),
        };
        match value {
            Value::List(items) => items.iter().for_each(each),
            Value::Dict(dict) => dict.values().for_each(each),
            _ => {}
        }
    }

    fn operation(&mut self, expr: &Expr) -> Result<Obj> {
        match expr {
            Expr::Not(inner) => {
                let inner = self.eval(inner)?;
                Ok(Obj::Bool(!self.truthy(&inner)?))
            }
            Expr::Neg(inner) => {
                let inner = self.eval(inner)?;
                self.negate(&inner)
            }
            Expr::Binary(op, left, right) => {
                let left = self.eval(left)?;
                let right = self.eval(right)?;
                let made = self.binary(*op, &left, &right)?;
                self.made(&made)?;
                Ok(made)
            }
            Expr::And(left, right) => {
                let left = self.eval(left)?;
                if self.truthy(&left)? { self.eval(right) } else { Ok(left) }
            }
            Expr::Or(left, right) => {
                let left = self.eval(left)?;
                if self.truthy(&left)? { Ok(left) } else { self.eval(right) }
            }
            Expr::Compare(first, rest) => {
                let mut left = self.eval(first)?;
                for (relation, right) in rest {
                    let right = self.eval(right)?;
                    if !self.relation(*relation, &left, &right)? {
                        return Ok(Obj::Bool(false));
                    }
                    left = right;
                }
                Ok(Obj::Bool(true))
            }
            Expr::Concat(parts) => {
                let parts = self.eval_all(parts)?;
                let mut out = String::new();
                for part in &parts {
                    out.push_str(&self.text(part)?);
                    text_fits(out.len())?;
                }
                let made = Obj::from(out);
                self.made(&made)?;
                Ok(made)
            }
            Expr::If(choice) => {
                let test = self.eval(&choice.test)?;
                if self.truthy(&test)? {
                    return self.eval(&choice.then);
                }
                match &choice.otherwise {
                    Some(otherwise) => self.eval(otherwise),
                    None => Ok(Obj::Undefined(Rc::new(Undefined {
                        what: Missing::Else(choice.line),
                        origin: self.origin.clone(),
                    }))),
                }
            }
            _ => Ok(Obj::None),
        }
    }

    fn eval_all(&mut self, items: &[Expr]) -> Result<Vec<Obj>> {
        items.iter().map(|item| self.eval(item)).collect()
    }

    fn constant(&mut self, c: &Const) -> Result<Obj> {
        Ok(match c {
            Const::None => Obj::None,
            Const::Bool(b) => Obj::Bool(*b),
            Const::Int(i) => Obj::Int(*i),
            Const::Big(b) => Obj::Big(Arc::clone(b)),
            Const::Float(f) if f.is_infinite() => {
                return Err(Raise::python(Class::Runtime, "name 'inf' is not defined"));
            }
            Const::Float(f) => Obj::Float(*f),
            Const::Str(text) => Obj::Str(Text::data(Arc::clone(text))),
            Const::Embedded(text) => Obj::Str(Text::embedded(Arc::clone(text)).place(self.origin.as_ref())),
            Const::Template(text) => {
                let text = Text::trusted(Arc::clone(text), self.origin.clone());
                self.embedded(&text, "`when: \"{{ a_var }}\" == 42` becomes `when: a_var == 42`")
            }
        })
    }

    /// Renders a constant that is a template itself, with a warning that shows how it is better written.
    fn embedded(&mut self, text: &Text, example: &str) -> Obj {
        let warning = Error::user(
            "Jinja constant strings should not contain embedded templates. This feature will be disabled by default in \
             ansible-core 2.23.",
        );
        let help = format!("Use inline expressions, for example: {example}");
        self.remark(Remark::warning(warning.at(text.origin()).help(help)));
        self.render_in(text, self.scope)
    }

    /// A term of a lookup, with the constants rendered that are templates: itself, or in a list, tuple or dictionary that
    /// a template wrote. What plugins and variables gave is as it is.
    pub(super) fn rendered_term(&mut self, term: Obj) -> Result<Obj> {
        match &term {
            Obj::Str(text) if text.is_embedded() => {
                let example =
                    "`msg: \"{{ lookup('env', '{{ a_var }}') }}\"` becomes `msg: \"{{ lookup('env', a_var) }}\"`";
                Ok(self.embedded(&Text::trusted(text.shared(), text.origin().cloned()), example))
            }
            Obj::List(list) if !list.is_lazy() => {
                let items = list.borrow().clone();
                self.deeper(|cx| {
                    Ok(Obj::list(items.into_iter().map(|item| cx.rendered_term(item)).collect::<Result<Vec<_>>>()?))
                })
            }
            Obj::Tuple(items) if !items.is_lazy() && !items.is_group() => {
                let items = items.to_vec();
                self.deeper(|cx| {
                    Ok(Obj::tuple(items.into_iter().map(|item| cx.rendered_term(item)).collect::<Result<Vec<_>>>()?))
                })
            }
            Obj::Dict(dict) if !dict.is_lazy() => {
                let items: Vec<(Obj, Obj)> = dict.borrow().iter().map(|(k, v)| (k.clone(), v.clone())).collect();
                self.deeper(|cx| {
                    let items = items.into_iter().map(|(key, value)| Ok((key, cx.rendered_term(value)?)));
                    Ok(Obj::dict(items.collect::<Result<Vec<_>>>()?))
                })
            }
            _ => Ok(term),
        }
    }

    /// A name: what the template set, the variables, the globals.
    fn name(&mut self, name: &Arc<str>) -> Result<Obj> {
        if let Some(value) = self.frame.as_ref().and_then(|f| f.get(name)) {
            return Ok(value);
        }
        // jinja2's own `self` comes before a variable of that name.
        if &**name == "self" {
            return Ok(self.self_blocks());
        }
        if !self.hidden
            && let Some(value) = self.scope_variable(name)?
        {
            return if self.strict { value.defined() } else { Ok(value) };
        }
        match super::globals::global(name) {
            Some(global) => Ok(global),
            None => Ok(self.undefined_name(name)),
        }
    }

    fn dict(&mut self, items: &[(Expr, Expr)]) -> Result<Obj> {
        let mut out = indexmap::IndexMap::with_capacity(items.len());
        for (key, value) in items {
            let key = self.eval(key)?;
            key.check_hashable()?;
            let value = self.eval(value)?;
            out.insert(key, value);
        }
        Ok(Obj::dict(out))
    }

    fn relation(&mut self, relation: Relation, a: &Obj, b: &Obj) -> Result<bool> {
        let (symbol, test): (&str, fn(Ordering) -> bool) = match relation {
            Relation::Eq => return self.equals(a, b),
            Relation::Ne => return Ok(!self.equals(a, b)?),
            Relation::In => return self.contains(b, a),
            Relation::NotIn => return Ok(!self.contains(b, a)?),
            Relation::Lt => ("<", Ordering::is_lt),
            Relation::Le => ("<=", Ordering::is_le),
            Relation::Gt => (">", Ordering::is_gt),
            Relation::Ge => (">=", Ordering::is_ge),
        };
        Ok(self.order(a, b, symbol)?.is_some_and(test))
    }

    /// The arguments of a call.
    pub(super) fn arguments(&mut self, args: &Args) -> Result<CallArgs> {
        let mut out = CallArgs { positional: self.eval_all(&args.positional)?, named: Vec::new() };
        for (name, value) in &args.named {
            out.named.push((Arc::clone(name), self.eval(value)?));
        }
        if let Some(star) = &args.star {
            let star = self.eval(star)?;
            let items = self.iter_lenient(&star).map_err(|raise| match raise {
                Raise::Python(..) => {
                    Raise::type_error(format!("Value after * must be an iterable, not {}", star.type_name()))
                }
                other => other,
            })?;
            out.positional.extend(items);
        }
        if let Some(stars) = &args.star_star {
            let stars = self.eval(stars)?;
            let items = match &stars {
                Obj::Dict(_) | Obj::Map(_) => self.items(&stars)?,
                other => {
                    if let Obj::Undefined(u) = other.clone().defined()? {
                        return Err(u.used());
                    }
                    return Err(Raise::type_error(format!(
                        "argument after ** must be a mapping, not {}",
                        other.type_name()
                    )));
                }
            };
            for (name, value) in items {
                let Some(name) = name.as_str().map(Arc::from) else {
                    return Err(Raise::type_error("keywords must be strings"));
                };
                if out.named.iter().any(|(n, _)| *n == name) {
                    return Err(Raise::type_error(format!("got multiple values for keyword argument '{name}'")));
                }
                out.named.push((name, value));
            }
        }
        Ok(out)
    }

    fn eval_call(&mut self, callee: &Expr, args: &Args) -> Result<Obj> {
        let callee = self.eval(callee)?;
        let args = self.arguments(args)?;
        let result = match self.call(&callee, args) {
            Ok(iterator @ Obj::Iter(_)) => self.iter_lenient(&iterator).map(Obj::list),
            Ok(made) => self.made(&made).map(|()| made),
            other => other,
        };
        // As in ansible-core, a call that fails is a value that fails when it is used.
        Ok(result.unwrap_or_else(|raise| self.put_off(raise)))
    }

    /// Applies a filter; `body` is the input of a filter block's innermost one.
    pub(super) fn apply_filter(&mut self, call: &FilterCall, body: Option<&Obj>) -> Result<Obj> {
        let input = match &call.input {
            Some(Expr::Filter(inner)) => self.apply_filter(inner, body)?,
            Some(input) => self.eval(input)?,
            None => body.cloned().unwrap_or_default(),
        };
        let args = self.arguments(&call.args)?;
        match &call.filter {
            Some(filter) => self.run_filter(filter, input, args),
            None => Err(Raise::python(Class::Template, format!("No filter named '{}' found.", call.name))),
        }
    }

    fn apply_test(&mut self, call: &TestCall) -> Result<Obj> {
        let input = self.eval(&call.input)?;
        let args = self.arguments(&call.args)?;
        match &call.test {
            Some(test) => self.run_test(test, input, args),
            None => Err(Raise::python(Class::Template, format!("No test named '{}' found.", call.name))),
        }
    }

    /// Python's `a + b`, as `sum` adds.
    pub fn add_objects(&mut self, a: &Obj, b: &Obj) -> Result<Obj> {
        self.binary(Op::Add, a, b)
    }
}
