//! The functions and names that every template has.

use super::args::{CallArgs, Sig};
use super::cx::Cx;
use super::dates;
use super::held::with_stack;
use super::methods::dict;
use super::object::{Obj, Range, Special, place};
use super::raise::{Class, Raise};
use crate::diag::{Error, Remark};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

type Result<T> = std::result::Result<T, Raise>;
type Run = fn(&mut Cx<'_>, CallArgs) -> Result<Obj>;

struct Global {
    name: &'static str,
    /// Python's type of it, which only an error shows.
    kind: &'static str,
    /// Whether it reads undefined arguments itself.
    undefined: bool,
    run: Run,
}

static GLOBALS: &[Global] = &[
    Global { name: "cycler", kind: "type", undefined: false, run: cycler },
    Global { name: "dict", kind: "type", undefined: false, run: make_dict },
    Global { name: "joiner", kind: "type", undefined: false, run: joiner },
    Global { name: "lipsum", kind: "function", undefined: false, run: lipsum },
    Global { name: "lookup", kind: "function", undefined: true, run: |cx, args| lookup(cx, args, false) },
    Global { name: "namespace", kind: "type", undefined: false, run: namespace },
    Global { name: "now", kind: "function", undefined: false, run: now },
    Global { name: "q", kind: "function", undefined: true, run: |cx, args| lookup(cx, args, true) },
    Global { name: "query", kind: "function", undefined: true, run: |cx, args| lookup(cx, args, true) },
    Global { name: "range", kind: "type", undefined: false, run: range },
    Global { name: "undef", kind: "function", undefined: true, run: undef },
];

/// The names of all functions.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    GLOBALS.iter().map(|global| global.name)
}

/// A global by its name.
pub(super) fn global(name: &str) -> Option<Obj> {
    if name == "omit" {
        return Some(Obj::Omit);
    }
    let at = GLOBALS.binary_search_by(|g| g.name.cmp(name)).ok()?;
    GLOBALS.get(at).map(|g| Obj::Special(Rc::new(Function(g))))
}

struct Function(&'static Global);

impl Special for Function {
    fn type_name(&self) -> &str {
        self.0.kind
    }

    fn callable(&self) -> bool {
        true
    }

    fn takes_undefined(&self) -> bool {
        self.0.undefined
    }

    fn call(&self, cx: &mut Cx<'_>, args: CallArgs) -> Result<Obj> {
        (self.0.run)(cx, args)
    }

    fn text(&self) -> String {
        match self.0.name {
            "dict" | "range" => format!("<class '{}'>", self.0.name),
            "cycler" => "<class 'jinja2.utils.Cycler'>".into(),
            "joiner" => "<class 'jinja2.utils.Joiner'>".into(),
            "namespace" => "<class 'jinja2.utils.Namespace'>".into(),
            "lipsum" => format!("<function generate_lorem_ipsum at {}>", place(self.0)),
            "q" => format!("<function _query at {}>", place(self.0)),
            name => format!("<function _{name} at {}>", place(self.0)),
        }
    }
}

fn lipsum(_: &mut Cx<'_>, _: CallArgs) -> Result<Obj> {
    Err(Raise::unsupported("the template function 'lipsum' is not supported"))
}

fn range(_: &mut Cx<'_>, args: CallArgs) -> Result<Obj> {
    if !args.named.is_empty() {
        return Err(Raise::type_error("range() takes no keyword arguments"));
    }
    let mut numbers = Vec::new();
    for arg in &args.positional {
        numbers.push(arg.as_int().ok_or_else(|| {
            Raise::type_error(format!("'{}' object cannot be interpreted as an integer", arg.type_name()))
        })?);
    }
    let (start, stop, step) = match numbers.as_slice() {
        [stop] => (0, *stop, 1),
        [start, stop] => (*start, *stop, 1),
        [start, stop, step] => (*start, *stop, *step),
        [] => return Err(Raise::type_error("range expected at least 1 argument, got 0")),
        more => return Err(Raise::type_error(format!("range expected at most 3 arguments, got {}", more.len()))),
    };
    if step == 0 {
        return Err(Raise::value_error("range() arg 3 must not be zero"));
    }
    Ok(Obj::Range(Range { start, stop, step }))
}

fn make_dict(cx: &mut Cx<'_>, args: CallArgs) -> Result<Obj> {
    if args.positional.len() > 1 {
        return Err(Raise::type_error(format!("dict expected at most 1 argument, got {}", args.positional.len())));
    }
    let mut items = match args.positional.first() {
        Some(from) => dict::pairs(cx, from)?,
        None => Vec::new(),
    };
    items.extend(args.named.into_iter().map(|(name, value)| (Obj::from(name), value)));
    items.iter().try_for_each(|(key, _)| key.check_hashable())?;
    Ok(Obj::dict(items))
}

/// What an `undef()` without a hint says.
pub(super) const NO_VALUE: &str = "Mandatory variable has not been overridden";

fn undef(_: &mut Cx<'_>, args: CallArgs) -> Result<Obj> {
    let [hint] = args.bind(&Sig { func: "_undef", before: 0, params: ["hint"], required: 0 })?;
    match hint {
        Some(Obj::Str(hint)) if !hint.as_str().is_empty() => Ok(Obj::undefined(hint.as_str().trim())),
        None | Some(Obj::None | Obj::Str(_)) => Ok(Obj::undefined(NO_VALUE)),
        Some(other) => Err(Raise::type_error(format!(
            "The 'hint' argument must be of type 'str' or 'NoneType', not '{}'.",
            other.type_name()
        ))),
    }
}

fn now(cx: &mut Cx<'_>, args: CallArgs) -> Result<Obj> {
    let [utc, format] = args.bind(&Sig { func: "_now", before: 0, params: ["utc", "fmt"], required: 0 })?;
    let utc = utc.map_or(Ok(false), |utc| cx.truthy(&utc))?;
    let now = dates::now(utc);
    match format {
        Some(Obj::Str(format)) if !format.as_str().is_empty() => Ok(Obj::from(dates::strftime(format.as_str(), &now))),
        _ => Ok(Obj::DateTime(now)),
    }
}

/// `lookup(name, terms…)`: one result is itself, several strings are joined by commas.
fn lookup(cx: &mut Cx<'_>, mut args: CallArgs, query: bool) -> Result<Obj> {
    if args.positional.is_empty() {
        let func = if query { "_query" } else { "_lookup" };
        return Err(super::args::lacks(func, &["plugin_name"]));
    }
    let name = args.positional.remove(0).defined()?;
    let Some(name) = name.as_str() else {
        let text = cx.text(&name)?;
        return Err(cx.no_lookup(&text));
    };
    let wantlist = args.take("wantlist").map_or(Ok(false), |w| cx.truthy(&w))? || query;
    let errors = args.take("errors");
    let errors = errors.as_ref().and_then(Obj::as_str).unwrap_or("strict");
    if cx.templar().find_lookup(name).map_err(Error::user)?.is_none() {
        return Err(cx.no_lookup(name));
    }
    let found = match cx.run_lookup(name, args) {
        Ok(found) => found,
        Err(Raise::Failed(error)) if matches!(errors, "warn" | "ignore") => {
            if errors == "warn" {
                let text = format!("An error occurred while running the lookup plugin '{name}'.");
                let cause = error.cause.as_deref().cloned().unwrap_or_else(|| (*error).clone());
                cx.remark(Remark::warning(cause.context(text)));
            }
            return Ok(if wantlist { Obj::list([]) } else { Obj::None });
        }
        Err(raise) => return Err(raise),
    };
    if wantlist || found.is_empty() {
        return Ok(Obj::list(found).result());
    }
    if let [one] = found.as_slice() {
        return cx.given(one.clone());
    }
    let texts: Option<Vec<&str>> = found.iter().map(Obj::as_str).collect();
    Ok(match texts {
        Some(texts) => Obj::from(texts.join(",")),
        None => Obj::list(found).result(),
    })
}

struct Namespace(RefCell<indexmap::IndexMap<Arc<str>, Obj>>);

impl Drop for Namespace {
    /// A namespace may hold the one before it, and so on.
    fn drop(&mut self) {
        let names = self.0.take();
        with_stack(move || drop(names));
    }
}

fn namespace(cx: &mut Cx<'_>, args: CallArgs) -> Result<Obj> {
    let args = args.wrapped();
    let mut names = indexmap::IndexMap::new();
    if let Some(from) = args.positional.first() {
        for (key, value) in dict::pairs(cx, from)? {
            names.insert(Arc::from(cx.text(&key)?), value.wrapped());
        }
    }
    names.extend(args.named);
    Ok(Obj::Special(Rc::new(Namespace(RefCell::new(names)))))
}

impl Special for Namespace {
    fn type_name(&self) -> &str {
        "Namespace"
    }

    fn attr(&self, _: &mut Cx<'_>, name: &str) -> Result<Option<Obj>> {
        Ok(self.0.borrow().get(name).cloned())
    }

    fn set_attr(&self, name: &str, value: Obj) -> bool {
        self.0.borrow_mut().insert(Arc::from(name), value);
        true
    }

    fn shown(&self) -> Option<Obj> {
        let items = self.0.borrow();
        Some(Obj::dict(items.iter().map(|(name, value)| (Obj::from(&**name), value.clone()))))
    }
}

struct Cycler {
    items: Vec<Obj>,
    at: Cell<usize>,
}

impl Cycler {
    fn text(&self) -> String {
        format!("<jinja2.utils.Cycler object at {}>", place(self))
    }
}

struct CyclerHandle(Rc<Cycler>);

fn cycler(_: &mut Cx<'_>, args: CallArgs) -> Result<Obj> {
    if args.positional.is_empty() {
        return Err(Raise::python(Class::Runtime, "at least one item has to be provided"));
    }
    let items = args.wrapped().positional;
    Ok(Obj::Special(Rc::new(CyclerHandle(Rc::new(Cycler { items, at: Cell::new(0) })))))
}

impl Special for CyclerHandle {
    fn type_name(&self) -> &str {
        "Cycler"
    }

    fn attr(&self, _: &mut Cx<'_>, name: &str) -> Result<Option<Obj>> {
        let current = || self.0.items.get(self.0.at.get()).cloned().unwrap_or_default();
        Ok(match name {
            "current" => Some(current()),
            "pos" => Some(Obj::from(self.0.at.get())),
            "items" => Some(Obj::tuple(self.0.items.iter().cloned())),
            "next" => Some(Obj::Special(Rc::new(Turn(Rc::clone(&self.0), true)))),
            "reset" => Some(Obj::Special(Rc::new(Turn(Rc::clone(&self.0), false)))),
            _ => None,
        })
    }

    fn text(&self) -> String {
        self.0.text()
    }
}

/// `cycler.next` and `cycler.reset`
struct Turn(Rc<Cycler>, bool);

impl Special for Turn {
    fn type_name(&self) -> &str {
        "method"
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, _: &mut Cx<'_>, _: CallArgs) -> Result<Obj> {
        let at = self.0.at.get();
        if !self.1 {
            self.0.at.set(0);
            return Ok(Obj::None);
        }
        self.0.at.set((at + 1) % self.0.items.len().max(1));
        Ok(self.0.items.get(at).cloned().unwrap_or_default())
    }

    fn text(&self) -> String {
        format!("<bound method Cycler.{} of {}>", if self.1 { "next" } else { "reset" }, self.0.text())
    }
}

struct Joiner {
    by: Obj,
    used: Cell<bool>,
}

fn joiner(_: &mut Cx<'_>, args: CallArgs) -> Result<Obj> {
    let [by] = args.bind(&Sig { func: "Joiner.__init__", before: 1, params: ["sep"], required: 0 })?;
    Ok(Obj::Special(Rc::new(Joiner { by: by.unwrap_or_else(|| Obj::str(", ")), used: Cell::new(false) })))
}

impl Special for Joiner {
    fn type_name(&self) -> &str {
        "Joiner"
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, _: &mut Cx<'_>, _: CallArgs) -> Result<Obj> {
        Ok(if self.used.replace(true) { self.by.clone() } else { Obj::str("") })
    }

    fn text(&self) -> String {
        format!("<jinja2.utils.Joiner object at {}>", place(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(GLOBALS.windows(2).all(|w| w[0].name < w[1].name));
    }
}
