//! The context of a running template: what filters, tests, lookups and methods may ask of it.
//!
//! One [`Session`] lasts from a call of [`Templar`](super::Templar) to its return and holds the scopes
//! it touched; a [`Cx`] is one rendering in it. Each rendering sees every variable as one object of its
//! own: changes to it show until that rendering ends, as in ansible-core.

use super::args::CallArgs;
use super::held::with_stack;
use super::import::Blocks;
use super::ir::{Const, Expr, Template};
use super::object::{LazyMap, Obj, Pending, Special};
use super::raise::{Class, Raise, Undefined};
use super::scope::{Scope, Var, World};
use super::templar::Templar;
use crate::diag::{Error, Origin, Remark};
use crate::value::{Text, Value};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// How deep templates, calls and containers may nest before it is a loop.
pub(super) const DEPTH: usize = 200;

/// A call or a container within another is more work than a statement.
const STEPS_OF_CALL: usize = 4;

type SharedScope = Arc<dyn Scope + Send + Sync>;

/// All that one call of the templar shares.
pub(super) struct Session<'a> {
    pub(super) templar: &'a Templar,
    base: &'a dyn Scope,
    others: RefCell<Vec<SharedScope>>,
    depth: Cell<usize>,
    pub(super) steps: Cell<u64>,
    /// How many bytes of texts and items of lists were made, as `bounds` counts them.
    pub(super) made: Cell<usize>,
    /// What is being rendered, to detect loops: scope and address of the text.
    pub(super) rendering: RefCell<Vec<(usize, *const u8)>>,
    /// Variables that a macro holds and that hold the macro: emptied at the end, or they would leak.
    pub(super) captured: RefCell<Vec<Rc<Frame>>>,
    /// Inline vaulted texts that could not be decrypted, with the put-off error that stands for each.
    undecryptable: RefCell<Vec<(Rc<Error>, Text)>>,
    /// The errors that words of the result stand for, where that is wanted rather than a failure.
    pub(super) replaced: Option<RefCell<Vec<Error>>>,
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        for frame in self.captured.take() {
            frame.vars.take();
        }
    }
}

impl<'a> Session<'a> {
    pub(super) fn new(templar: &'a Templar, base: &'a dyn Scope) -> Self {
        Self {
            templar,
            base,
            others: RefCell::default(),
            depth: Cell::new(0),
            steps: Cell::new(0),
            made: Cell::new(0),
            rendering: RefCell::default(),
            captured: RefCell::default(),
            undecryptable: RefCell::default(),
            replaced: None,
        }
    }

    /// One whose errors become words of the result.
    pub(super) fn replacing(mut self) -> Self {
        self.replaced = Some(RefCell::default());
        self
    }

    /// The number of a scope, which stays the same for the session.
    fn number(&self, scope: SharedScope) -> usize {
        let mut others = self.others.borrow_mut();
        let at = others.iter().position(|s| Arc::ptr_eq(s, &scope)).unwrap_or_else(|| {
            others.push(scope);
            others.len() - 1
        });
        at + 1
    }

    fn with<T>(&self, number: usize, ask: impl FnOnce(&dyn Scope) -> T) -> T {
        let other = number.checked_sub(1).and_then(|i| self.others.borrow().get(i).cloned());
        match other {
            Some(scope) => ask(&*scope),
            None => ask(self.base),
        }
    }
}

/// Variables that a template sets, innermost first.
pub(super) struct Frame {
    pub(super) vars: RefCell<Vec<(Arc<str>, Obj)>>,
    pub(super) parent: Option<Rc<Frame>>,
}

impl Frame {
    pub(super) fn new(parent: Option<Rc<Frame>>) -> Rc<Self> {
        Rc::new(Self { vars: RefCell::default(), parent })
    }

    /// The variable of a name in this frame or one around it.
    pub(super) fn get(&self, name: &str) -> Option<Obj> {
        let mut frame = self;
        loop {
            if let Some((_, value)) = frame.vars.borrow().iter().find(|(n, _)| &**n == name) {
                return Some(value.clone());
            }
            frame = frame.parent.as_deref()?;
        }
    }

    /// All variables that are seen here, as they are now.
    pub(super) fn snapshot(&self) -> Rc<Self> {
        let seen = Self::new(None);
        let mut frame = Some(self);
        while let Some(inner) = frame {
            let mut vars = seen.vars.borrow_mut();
            for (name, value) in inner.vars.borrow().iter() {
                if !vars.iter().any(|(known, _)| known == name) {
                    vars.push((Arc::clone(name), value.clone()));
                }
            }
            frame = inner.parent.as_deref();
        }
        seen
    }

    /// Hides the functions that run lookups: using one is this error.
    pub(super) fn forbid_lookups(&self, error: &Rc<Error>) {
        for name in ["lookup", "query", "q"] {
            self.set(&Arc::from(name), Obj::Failed(Rc::clone(error)));
        }
    }

    /// Sets a variable in this frame.
    pub(super) fn set(&self, name: &Arc<str>, value: Obj) {
        let mut vars = self.vars.borrow_mut();
        match vars.iter_mut().find(|(n, _)| n == name) {
            Some(slot) => slot.1 = value,
            None => vars.push((name.clone(), value)),
        }
    }
}

/// One rendering of a template.
pub struct Cx<'a> {
    pub(super) session: &'a Session<'a>,
    /// The number of the scope whose variables it sees.
    pub(super) scope: usize,
    /// Variables used so far, rendered.
    pub(super) seen: Vec<(Arc<str>, Obj)>,
    /// What the template set itself.
    pub(super) frame: Option<Rc<Frame>>,
    /// The template's text, for error places.
    pub(super) origin: Option<Origin>,
    /// Whether the running lookup was written as `with_name:`.
    pub(super) with_loop: bool,
    /// Whether it is a bare expression, which error texts tell from a template.
    pub(super) expression: bool,
    /// Whether the variables of the scope cannot be seen: in what was imported without context.
    pub(super) hidden: bool,
    /// Whether the origin is the template's own file, beside which included ones are.
    pub(super) from_file: bool,
    /// Whether what is undefined fails where it is looked up: in a block that is called, and in a loop that calls
    /// itself, which to ansible-core are functions like any other.
    pub(super) strict: bool,
    /// Whether a filter, test or lookup runs: containers that it gets fail where an undefined item is looked at.
    pub(super) in_plugin: bool,
    /// The template that runs, for the syntax of those it includes.
    pub(super) template: Option<Arc<Template>>,
    /// The variables that its blocks see.
    pub(super) root: Option<Rc<Frame>>,
    /// The template that it extends, once it said so.
    pub(super) parent: Option<Arc<Template>>,
    /// The blocks of it and of those it extends.
    pub(super) blocks: Blocks,
}

/// A constant place in a list; negative ones count from its end.
fn place_of(key: &Expr) -> Option<i64> {
    match key {
        Expr::Const(Const::Int(place)) => Some(*place),
        Expr::Neg(place) => place_of(place).and_then(i64::checked_neg),
        _ => None,
    }
}

fn listed(value: &Value, place: i64) -> Option<Value> {
    let items = value.as_list()?;
    let from_start = if place < 0 { i64::try_from(items.len()).ok()?.checked_add(place)? } else { place };
    items.get(usize::try_from(from_start).ok()?).cloned()
}

impl<'a> Cx<'a> {
    pub(super) fn new(session: &'a Session<'a>, scope: usize) -> Self {
        Self {
            session,
            scope,
            seen: Vec::new(),
            frame: None,
            origin: None,
            with_loop: false,
            expression: false,
            hidden: false,
            from_file: false,
            strict: false,
            in_plugin: false,
            template: None,
            root: None,
            parent: None,
            blocks: Vec::new(),
        }
    }

    /// The templar.
    pub fn templar(&self) -> &'a Templar {
        self.session.templar
    }

    /// Asks the scope whose variables this rendering sees.
    pub fn with_scope<T>(&self, ask: impl FnOnce(&dyn Scope) -> T) -> T {
        self.session.with(self.scope, ask)
    }

    /// Asks for plain facts about the run.
    pub fn with_world<T>(&self, ask: impl FnOnce(&World) -> T) -> T {
        self.with_scope(|scope| ask(scope.world()))
    }

    /// Where relative paths are searched.
    pub fn search_paths(&self) -> Vec<String> {
        self.with_scope(|scope| scope.search_paths())
    }

    /// Whether the running lookup was written as `with_name:` instead of being called.
    pub fn is_with_loop(&self) -> bool {
        self.with_loop
    }

    /// Says something to the user beside the result.
    pub fn warn(&self, message: impl Into<String>) {
        self.remark(Remark::warning(Error::user(message)));
    }

    /// Says that something will go away in a version of ansible-core, and what to use instead.
    pub fn deprecate(&self, message: &str, version: &str, help: &str) {
        let error = Error::user(message);
        let error = if help.is_empty() { error } else { error.help(help) };
        self.remark(Remark::deprecation(error, version));
    }

    /// Says something to the user, whichever scope this rendering sees.
    pub(super) fn remark(&self, remark: Remark) {
        self.session.templar.remark(self.session.base, remark);
    }

    /// A variable by its name: those the template set, then the scope's.
    ///
    /// None where there is none; a put-off error where its text cannot be rendered.
    pub fn variable(&mut self, name: &str) -> Result<Option<Obj>, Raise> {
        if let Some(value) = self.frame.as_ref().and_then(|f| f.get(name)) {
            return Ok(Some(value));
        }
        if self.hidden { Ok(None) } else { self.scope_variable(name) }
    }

    /// A variable of the scope, whatever the template set.
    pub(super) fn scope_variable(&mut self, name: &str) -> Result<Option<Obj>, Raise> {
        if let Some((_, value)) = self.seen.iter().find(|(n, _)| &**n == name) {
            return Ok(Some(value.clone()));
        }
        let Some(var) = self.with_scope(|scope| scope.get(name))? else { return Ok(None) };
        if name == "play_hosts" {
            let error = Error::user("The `play_hosts` magic variable is deprecated.");
            let error = error.help("Use `ansible_play_batch` instead.").at(self.origin.as_ref());
            self.remark(Remark::deprecation(error, "2.23"));
        }
        let scalar = matches!(&var, Var::Value(value) if self.is_plain(value));
        let value = self.var(var, self.scope)?;
        if scalar {
            return Ok(Some(self.used(value)));
        }
        self.seen.push((Arc::from(name), value.clone()));
        Ok(Some(value))
    }

    /// Whether a value is neither a container nor to be rendered or decrypted.
    fn is_plain(&self, value: &Value) -> bool {
        match value {
            Value::List(_) | Value::Dict(_) | Value::Vault(_) => false,
            Value::Str(text) => self.templar().is_data(text),
            _ => true,
        }
    }

    /// The value of `name`, `name.attribute`, `name['item']` and so on, where all on the way is plain data.
    ///
    /// It spares the making of an object of each container for one item of it. None where anything is out of the
    /// common: what was read before, which may have changed since, methods, templates, what is missing.
    pub(super) fn plain_path(&mut self, path: &Expr) -> Result<Option<Obj>, Raise> {
        match self.plain_value(path)? {
            Some(value) if self.is_plain(&value) => Ok(Obj::scalar(&value)),
            _ => Ok(None),
        }
    }

    fn plain_value(&mut self, path: &Expr) -> Result<Option<Value>, Raise> {
        let (of, name) = match path {
            Expr::Name(name) => {
                let changed = self.hidden
                    || matches!(&**name, "play_hosts" | "self")
                    || self.seen.iter().any(|(seen, _)| seen == name)
                    || self.frame.as_ref().is_some_and(|frame| frame.get(name).is_some());
                if changed {
                    return Ok(None);
                }
                return Ok(match self.with_scope(|scope| scope.get(name))? {
                    Some(Var::Value(value)) => Some(value),
                    _ => None,
                });
            }
            Expr::Attr(of, name) if !super::methods::dict::NAMES.contains(&&**name) => (of, name),
            Expr::Item(of, key) => match &**key {
                Expr::Const(Const::Str(name)) => (of, name),
                key => {
                    let Some(place) = place_of(key) else { return Ok(None) };
                    return Ok(self.plain_value(of)?.and_then(|value| listed(&value, place)));
                }
            },
            _ => return Ok(None),
        };
        Ok(self.plain_value(of)?.and_then(|value| value.get(name).cloned()))
    }

    /// The names of all variables of the scope.
    pub fn variable_names(&self) -> Vec<Arc<str>> {
        self.with_scope(|scope| scope.names())
    }

    pub(super) fn var(&mut self, var: Var, scope: usize) -> Result<Obj, Raise> {
        match var {
            Var::Value(value) => self.lift(&value, scope),
            Var::Map(map) => {
                let scope = map.scope().map_or(scope, |s| self.session.number(s));
                Ok(Obj::Map(Rc::new(LazyMap { map, scope })))
            }
        }
    }

    /// A value of a variable as an object: its templates rendered, one level deep.
    pub(super) fn lift(&mut self, value: &Value, scope: usize) -> Result<Obj, Raise> {
        match value {
            Value::Str(text) if !self.templar().is_data(text) => Ok(self.render_in(text, scope)),
            Value::Vault(text) => Ok(self.decrypted(text)),
            Value::List(items) => Ok(Obj::list(items.iter().map(|item| self.item(item, scope))).lazy()),
            Value::Dict(dict) => {
                let items = dict.iter().map(|(k, v)| (Obj::scalar(k).unwrap_or_default(), self.item(v, scope)));
                Ok(Obj::dict(items).lazy())
            }
            scalar => Ok(Obj::scalar(scalar).unwrap_or_default()),
        }
    }

    fn item(&self, value: &Value, scope: usize) -> Obj {
        let plain = match value {
            Value::Str(text) => self.templar().is_data(text),
            Value::Vault(_) => false,
            _ => true,
        };
        match Obj::scalar(value) {
            Some(scalar) if plain => scalar,
            _ => Obj::Pending(Rc::new(Pending { value: value.clone(), scope })),
        }
    }

    fn decrypted(&mut self, text: &Text) -> Obj {
        match self.with_world(|world| super::templar::decrypt(text, world)) {
            Ok(plain) => Obj::Str(plain),
            Err(error) => {
                let kind = if self.expression { "expression" } else { "template" };
                let failed = Rc::new(error.context(format!("Error rendering {kind}.")).at(self.origin.as_ref()));
                self.session.undecryptable.borrow_mut().push((failed.clone(), text.clone()));
                Obj::Failed(failed)
            }
        }
    }

    /// The encrypted text of an inline vaulted value, decrypted or not.
    pub(super) fn cipher(&self, obj: &Obj) -> Option<Arc<str>> {
        match obj {
            Obj::Str(text) => text.cipher(),
            Obj::Failed(error) => {
                let known = self.session.undecryptable.borrow();
                known.iter().find(|(failed, _)| Rc::ptr_eq(failed, error)).map(|(_, text)| text.shared())
            }
            Obj::Special(special) => super::filters::internal::encrypted(special).map(Text::shared),
            _ => None,
        }
    }

    /// An object whose templates are rendered, one level deep; undefined and errors stay put off.
    pub(super) fn force(&mut self, obj: Obj) -> Obj {
        match obj {
            Obj::Pending(pending) => match self.lift(&pending.value, pending.scope) {
                Ok(value) => value,
                Err(raise) => self.put_off(raise),
            },
            other => other,
        }
    }

    /// An exception as a value that raises it where it is used.
    pub fn put_off(&self, raise: Raise) -> Obj {
        match raise {
            Raise::Undefined(u) => Obj::Undefined(u),
            Raise::Failed(error) => Obj::Failed(error),
            Raise::Error(error) => Obj::Failed(Rc::new(*error)),
            other => Obj::Failed(Rc::new(self.complete(other))),
        }
    }

    /// The complete error of an exception: with the words ansible-core puts before it.
    pub(super) fn complete(&self, raise: Raise) -> Error {
        match raise {
            Raise::Undefined(u) => u.error().at(self.origin.as_ref()),
            Raise::Failed(error) => (*error).clone(),
            Raise::Error(error) => *error,
            Raise::Python(class, text) => {
                let kind = if self.expression { "expression" } else { "template" };
                let words = match class {
                    Class::Recursion => format!("Recursive loop detected in {kind}."),
                    Class::Syntax => format!("Syntax error in {kind}."),
                    _ => format!("Error rendering {kind}."),
                };
                let error = Error::user(text.into_string());
                // How deep it went is told apart.
                let error = if class == Class::Recursion { error.apart() } else { error };
                error.context(words).at(self.origin.as_ref())
            }
        }
    }

    /// An undefined variable.
    pub(super) fn undefined_name(&self, name: &Arc<str>) -> Obj {
        Obj::Undefined(Rc::new(Undefined { origin: self.origin.clone(), ..Undefined::name(name.clone()) }))
    }

    /// Goes one level deeper, unless that is too deep.
    pub(super) fn deeper<T>(&mut self, what: impl FnOnce(&mut Self) -> Result<T, Raise>) -> Result<T, Raise> {
        self.steps(STEPS_OF_CALL)?;
        let depth = &self.session.depth;
        if depth.get() >= DEPTH {
            return Err(Raise::python(Class::Recursion, "maximum recursion depth exceeded"));
        }
        depth.set(depth.get() + 1);
        let result = with_stack(|| what(self));
        depth.set(depth.get() - 1);
        result
    }

    /// Goes one level deeper, as what a filter, test or lookup does.
    pub(super) fn as_plugin<T>(&mut self, what: impl FnOnce(&mut Self) -> Result<T, Raise>) -> Result<T, Raise> {
        let before = std::mem::replace(&mut self.in_plugin, true);
        let result = self.deeper(what);
        self.in_plugin = before;
        result
    }

    /// Renders a trusted text as a template in this rendering's scope; untrusted text comes back as it is.
    pub fn render(&mut self, text: &Text) -> Result<Obj, Raise> {
        if !text.is_trusted() {
            return Ok(Obj::Str(text.clone()));
        }
        self.render_in(text, self.scope).defined()
    }

    /// Calls an object.
    pub fn call(&mut self, callee: &Obj, args: CallArgs) -> Result<Obj, Raise> {
        match callee {
            Obj::Special(special) => {
                if !special.takes_undefined()
                    && let Some(marker) = args.first_marker()
                {
                    return Ok(marker.clone());
                }
                let special: Rc<dyn Special> = special.clone();
                let direct = special.takes_undefined();
                let args = if direct { args } else { args.wrapped() };
                let result = self.deeper(|cx| special.call(cx, args))?;
                // Only the function `range`, which is a class, gives a range.
                match result {
                    range @ Obj::Range(_) if special.type_name() != "type" => self.given(range),
                    result => Ok(if direct { result } else { result.result() }),
                }
            }
            Obj::Undefined(u) if !callee.is_marker() => Err(u.used()),
            Obj::Undefined(_) | Obj::Failed(_) => callee.clone().defined(),
            other => match args.first_marker() {
                Some(marker) => Ok(marker.clone()),
                None => Err(Raise::type_error(format!("'{}' object is not callable", other.full_name()))),
            },
        }
    }

    /// What a plugin or a function gave: containers are ansible-core's own, iterators and ranges are lists.
    pub(super) fn given(&mut self, result: Obj) -> Result<Obj, Raise> {
        match result {
            Obj::Iter(_) | Obj::Range(_) => Ok(Obj::list(self.iter_lenient(&result)?).result()),
            other => Ok(other.result()),
        }
    }

    /// Applies a filter by its name, as `map` and `select` do; unknown ones raise
    /// "No filter named 'x'.".
    pub fn filter(&mut self, name: &str, input: Obj, args: CallArgs) -> Result<Obj, Raise> {
        match self.templar().filter(name) {
            Some(filter) => self.run_filter(&filter, input, args),
            None => Err(Raise::python(Class::Template, format!("No filter named '{name}'."))),
        }
    }

    /// Applies a test by its name, as `select` and `reject` do.
    pub fn test(&mut self, name: &str, input: Obj, args: CallArgs) -> Result<bool, Raise> {
        let Some(test) = self.templar().test(name) else {
            return Err(Raise::python(Class::Template, format!("No test named '{name}'.")));
        };
        let result = self.run_test(&test, input, args)?.defined()?;
        self.truthy(&result)
    }

    /// Runs a lookup by its name, as `first_found` or an action does.
    pub fn lookup(&mut self, name: &str, args: CallArgs) -> Result<Vec<Obj>, Raise> {
        self.run_lookup(name, args)
    }

    /// A lazy mapping's item; each access is a fresh copy.
    pub(super) fn map_item(&mut self, lazy: &LazyMap, key: &str) -> Result<Option<Obj>, Raise> {
        match lazy.map.get(key)? {
            Some(var) => self.var(var, lazy.scope).map(Some),
            None => Ok(None),
        }
    }
}
