//! Attributes, items and slices.
//!
//! `d.items` is the method, and an item where no attribute has the name; `d['items']` is the item, and
//! an attribute where no item has the key. What is missing is undefined.

use super::args::{lacks, takes};
use super::cx::Cx;
use super::methods;
use super::object::{Obj, Range, place};
use super::raise::{Missing, Raise, Undefined};
use crate::value::str_repr;
use std::rc::Rc;

type Result<T> = std::result::Result<T, Raise>;

/// The part of a range that a slice picks, as a range.
fn slice_range(range: &Range, bounds: [Option<i64>; 3]) -> Result<Range> {
    let (first, last, step) = slice_ends(range.len(), bounds)?;
    // The places before the first and behind the last one count as well: an empty range shows them.
    let at = |place: i64| range.start.saturating_add(range.step.saturating_mul(place));
    Ok(Range { start: at(first), stop: at(last), step: range.step.saturating_mul(step) })
}

/// A type in jinja2's words: `str object`.
fn jinja_type(obj: &Obj) -> String {
    match obj {
        Obj::None => "None".into(),
        Obj::Date(_) | Obj::DateTime(_) | Obj::Delta(_) => format!("datetime.{} object", obj.type_name()),
        Obj::Str(text) if text.is_markup() => "markupsafe.Markup object".into(),
        Obj::Omit => "ansible._internal._templating._utils._OmitType object".into(),
        other if other.is_namespace() => "jinja2.utils.Namespace object".into(),
        other => match other.type_name() {
            name if name.starts_with("_AnsibleLazy") => format!("{LAZY}{name} object"),
            name if name.starts_with("_AnsibleTagged") => {
                format!("ansible.module_utils._internal._datatag.{name} object")
            }
            name => format!("{name} object"),
        },
    }
}

/// Where ansible-core's own containers are, which jinja2 names in full.
const LAZY: &str = "ansible._internal._templating._lazy_containers.";

fn is_scalar(obj: &Obj) -> bool {
    matches!(obj, Obj::None | Obj::Bool(_) | Obj::Int(_) | Obj::Big(_) | Obj::Float(_) | Obj::Omit)
}

impl Cx<'_> {
    /// `obj.name`
    pub fn get_attr(&mut self, obj: &Obj, name: &str) -> Result<Obj> {
        match obj {
            Obj::Undefined(_) | Obj::Failed(_) => return self.marker_attr(obj),
            // The common case: no method of dict has the name.
            Obj::Dict(_) if !methods::dict::NAMES.contains(&name) => {}
            _ => {
                if let Some(value) = self.attribute(obj, name)? {
                    return Ok(value);
                }
            }
        }
        match self.own_item(obj, name)? {
            Some(value) => Ok(value),
            None => Ok(match self.hidden_attribute(obj, name) {
                Some(hidden) => hidden,
                None => self.missing(obj, str_repr(name)),
            }),
        }
    }

    /// What an attribute is that Python's objects have and the sandbox hides.
    pub(super) fn hidden_attribute(&self, obj: &Obj, name: &str) -> Option<Obj> {
        let has = match name {
            "__len__" | "__iter__" | "__contains__" | "__getitem__" if matches!(obj, Obj::Special(_)) => {
                obj.type_name() == "type"
            }
            "__len__" | "__iter__" | "__contains__" | "__getitem__" => !is_scalar(obj),
            "__setitem__" | "__delitem__" => matches!(obj, Obj::List(_) | Obj::Dict(_) | Obj::Map(_)),
            "__add__" | "__mul__" => !matches!(obj, Obj::None | Obj::Dict(_) | Obj::Map(_) | Obj::Set(_) | Obj::Omit),
            "__dict__" | "__module__" | "__globals__" | "__code__" => {
                matches!(obj, Obj::Special(_)) && obj.type_name() != "Namespace"
            }
            "__subclasses__" | "__mro__" | "__bases__" => false,
            _ => true,
        };
        (has && name.starts_with("__") && name.ends_with("__") && DUNDER.contains(&name)).then(|| {
            let (name, kind) = (str_repr(name), str_repr(obj.type_name()));
            Obj::undefined(format!("access to attribute {name} of {kind} object is unsafe."))
        })
    }

    fn marker_attr(&mut self, obj: &Obj) -> Result<Obj> {
        match obj {
            Obj::Undefined(u) if matches!(u.what, Missing::Else(_)) => Err(u.used()),
            _ => Ok(obj.clone()),
        }
    }

    /// `obj[key]`
    pub fn get_item(&mut self, obj: &Obj, key: &Obj) -> Result<Obj> {
        if matches!(obj, Obj::Undefined(_) | Obj::Failed(_)) {
            return self.marker_attr(obj);
        }
        if key.is_marker() {
            key.clone().defined()?;
        }
        if let Obj::Str(name) = key {
            if let Some(value) = self.own_item(obj, name.as_str())? {
                return Ok(value);
            }
            if let Some(value) = self.attribute(obj, name.as_str())? {
                return Ok(value);
            }
            if name.as_str().is_empty() {
                return Ok(Obj::undefined(format!("'{}' has no attribute ''", jinja_type(obj))));
            }
            let name = self.repr(key)?;
            return Ok(self.missing(obj, name));
        }
        if let Some(value) = self.keyed(obj, key)? {
            return Ok(value.within(obj));
        }
        let name = self.repr(key)?;
        // ansible-core leaves the words for an empty key to jinja2.
        if !self.truthy(key)? {
            return Ok(Obj::undefined(format!("{} has no element {name}", jinja_type(obj))));
        }
        Ok(self.missing(obj, name))
    }

    fn missing(&self, obj: &Obj, name: String) -> Obj {
        let own = match obj {
            Obj::Map(lazy) => lazy.map.lacks(&name),
            _ => None,
        };
        let of = match obj {
            Obj::Tuple(items) if items.is_group() => obj.type_name(),
            other => other.native_name(),
        };
        let what = own.map_or_else(|| Missing::Attribute { of: of.to_owned(), name }, Missing::Hint);
        Obj::Undefined(Rc::new(Undefined { what, origin: self.origin.clone() }))
    }

    /// An item by a string key, of what has such items.
    fn own_item(&mut self, obj: &Obj, name: &str) -> Result<Option<Obj>> {
        match obj {
            Obj::Dict(_) | Obj::Map(_) => Ok(self.dict_get(obj, name)?.map(|item| item.within(obj))),
            Obj::Special(special) => {
                let special = Rc::clone(special);
                special.item(self, &Obj::str(name))
            }
            _ => Ok(None),
        }
    }

    /// An item by a key that is no string.
    fn keyed(&mut self, obj: &Obj, key: &Obj) -> Result<Option<Obj>> {
        match obj {
            Obj::Dict(dict) => {
                if key.check_hashable().is_err() {
                    return Ok(None);
                }
                let found = dict.borrow().get(key).cloned();
                let Some(found) = found else { return Ok(None) };
                if !matches!(found, Obj::Pending(_)) {
                    return Ok(Some(found));
                }
                let forced = self.force(found);
                super::iterate::keep(dict.borrow_mut().get_mut(key), &forced);
                Ok(Some(forced))
            }
            Obj::Special(special) => {
                let special = Rc::clone(special);
                special.item(self, key)
            }
            _ => match key.as_int() {
                Some(index) => self.indexed(obj, index),
                None => Ok(None),
            },
        }
    }

    fn indexed(&mut self, obj: &Obj, index: i64) -> Result<Option<Obj>> {
        let len = match obj {
            Obj::List(_) | Obj::Tuple(_) | Obj::Str(_) | Obj::Bytes(_) | Obj::Range(_) => self.len(obj)?,
            _ => return Ok(None),
        };
        let at = if index < 0 { index + len as i64 } else { index };
        let Some(at) = usize::try_from(at).ok().filter(|at| *at < len) else { return Ok(None) };
        Ok(match obj {
            Obj::List(list) => {
                let found = list.borrow().get(at).cloned();
                list.note_read(Some(at));
                match found {
                    Some(pending @ Obj::Pending(_)) => {
                        let forced = self.force(pending);
                        if let Some(slot) = list.borrow_mut().get_mut(at) {
                            *slot = forced.clone();
                        }
                        Some(forced)
                    }
                    other => other,
                }
            }
            Obj::Tuple(items) => items.get(at).cloned().map(|item| self.force(item)),
            Obj::Str(text) => text.as_str().chars().nth(at).map(|c| Obj::str(c.to_string()).like(text)),
            Obj::Bytes(bytes) => bytes.get(at).map(|b| Obj::Int(i64::from(*b))),
            Obj::Range(range) => Some(Obj::Int(range.at(at))),
            _ => None,
        })
    }

    /// `obj[start:stop:step]`
    pub fn slice(&mut self, obj: &Obj, bounds: [&Obj; 3]) -> Result<Obj> {
        if obj.is_marker() {
            return Ok(obj.clone());
        }
        if let Obj::Undefined(u) = obj {
            return Err(u.used());
        }
        if let Obj::None | Obj::Bool(_) | Obj::Int(_) | Obj::Big(_) | Obj::Float(_) = obj {
            return Err(Raise::type_error(format!("'{}' object is not subscriptable", obj.full_name())));
        }
        if let Obj::Dict(_) | Obj::Map(_) = obj {
            return Err(Raise::type_error("unhashable type: 'slice'"));
        }
        let mut numbers = [None; 3];
        for (number, bound) in numbers.iter_mut().zip(bounds) {
            *number = match bound {
                Obj::None => None,
                Obj::Big(b) => Some(if b.sign() == num_bigint::Sign::Minus { i64::MIN } else { i64::MAX }),
                other if other.is_marker() => return Ok(other.clone()),
                other => Some(other.as_int().ok_or_else(|| {
                    Raise::type_error("slice indices must be integers or None or have an __index__ method")
                })?),
            };
        }
        let len = match obj {
            Obj::List(_) | Obj::Tuple(_) | Obj::Str(_) | Obj::Bytes(_) | Obj::Range(_) => self.len(obj)?,
            Obj::Undefined(_) => return self.marker_attr(obj),
            other => {
                return Err(Raise::type_error(format!("'{}' object is not subscriptable", other.full_name())));
            }
        };
        let picked = slice_indices(len, numbers)?;
        Ok(match obj {
            Obj::List(list) => {
                let items = list.borrow();
                let part = Obj::list(picked.filter_map(|i| items.get(i).cloned()).collect::<Vec<_>>());
                part.within(obj)
            }
            Obj::Tuple(items) => {
                let part = Obj::tuple(picked.filter_map(|i| items.get(i).cloned()));
                part.within(obj)
            }
            Obj::Str(text) if text.as_str().is_ascii() => {
                let bytes = text.as_str().as_bytes();
                Obj::from(picked.filter_map(|i| bytes.get(i).map(|b| char::from(*b))).collect::<String>()).like(text)
            }
            Obj::Str(text) => {
                let chars: Vec<char> = text.as_str().chars().collect();
                Obj::from(picked.filter_map(|i| chars.get(i)).collect::<String>()).like(text)
            }
            Obj::Bytes(bytes) => Obj::Bytes(picked.filter_map(|i| bytes.get(i).copied()).collect()),
            Obj::Range(range) => Obj::Range(slice_range(range, numbers)?),
            _ => Obj::None,
        })
    }

    /// An attribute: a method, or a field of a date and the like.
    pub(super) fn attribute(&mut self, obj: &Obj, name: &str) -> Result<Option<Obj>> {
        match obj {
            Obj::Special(special) => {
                let special = Rc::clone(special);
                special.attr(self, name)
            }
            // The groups of `groupby` are named tuples; no other pair's attributes have these names.
            Obj::Tuple(pair) if pair.len() == 2 && matches!(name, "grouper" | "list") => {
                Ok(pair.get(usize::from(name == "list")).cloned())
            }
            _ => Ok(methods::attribute(obj, name)),
        }
    }
}

/// What Python's objects have and the sandbox hides.
const DUNDER: &[&str] = &[
    "__class__",
    "__dict__",
    "__doc__",
    "__init__",
    "__module__",
    "__subclasses__",
    "__mro__",
    "__bases__",
    "__globals__",
    "__code__",
    "__getattribute__",
    "__reduce__",
    "__new__",
    "__len__",
    "__iter__",
    "__contains__",
    "__getitem__",
    "__setitem__",
    "__delitem__",
    "__eq__",
    "__hash__",
    "__str__",
    "__repr__",
    "__add__",
    "__mul__",
];

/// The places that a slice picks out of so many, as Python counts.
pub(super) fn slice_indices(len: usize, bounds: [Option<i64>; 3]) -> Result<impl Iterator<Item = usize>> {
    let (first, count, step) = slice_span(len, bounds)?;
    Ok((0..count as i64).map(move |turn| first.saturating_add(step.saturating_mul(turn)) as usize))
}

/// The first place that a slice picks, how many there are, and how far apart.
fn slice_span(len: usize, bounds: [Option<i64>; 3]) -> Result<(i64, usize, i64)> {
    let (first, last, step) = slice_ends(len, bounds)?;
    let span = if step > 0 { last.saturating_sub(first) } else { first.saturating_sub(last) };
    let count = u64::try_from(span).unwrap_or(0).div_ceil(step.unsigned_abs());
    Ok((first, usize::try_from(count).unwrap_or(usize::MAX), step))
}

/// Where a slice begins and ends, and how far apart the places are that it picks.
fn slice_ends(len: usize, [start, stop, step]: [Option<i64>; 3]) -> Result<(i64, i64, i64)> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Raise::value_error("slice step cannot be zero"));
    }
    let clamp = |at: i64, low: i64, high: i64| {
        let at = if at < 0 { at.saturating_add(len) } else { at };
        at.clamp(low, high)
    };
    let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let (first, last) = if step > 0 { (low, high) } else { (high, low) };
    Ok((start.map_or(first, |at| clamp(at, low, high)), stop.map_or(last, |at| clamp(at, low, high)), step))
}

/// The methods of ansible-core's own lists that are written in Python.
const LIST: [&str; 5] = ["copy", "index", "pop", "remove", "sort"];
/// Those of its dictionaries.
const DICT: [&str; 7] = ["copy", "get", "items", "pop", "popitem", "setdefault", "values"];

/// The methods of markupsafe's texts that are written in Python.
const MARKUP: [&str; 27] = [
    "capitalize",
    "casefold",
    "center",
    "escape",
    "expandtabs",
    "format",
    "format_map",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

/// What Python says of the arguments of a method that is written in Python.
fn python_args(class: &str, name: &str, args: &super::CallArgs) -> Result<()> {
    // With the object itself; where it may take any, the method that it calls says what is wrong.
    let (least, most) = match name {
        "get" | "setdefault" => (2, 3),
        "pop" if class.ends_with("Dict") => (2, 3),
        "pop" => (1, 2),
        "copy" | "items" | "popitem" | "values" => (1, 1),
        _ => return Ok(()),
    };
    let given = args.positional.len() + 1;
    if !args.named.is_empty() || (least..=most).contains(&given) {
        return Ok(());
    }
    let class = if name == "copy" { class.replace("LazyTemplate", "Tagged") } else { class.to_owned() };
    let func = format!("{class}.{name}");
    Err(if given < least { lacks(&func, &["key"]) } else { takes(&func, least, most, given) })
}

/// Whether the methods of HTML, which are Python's own functions, get as many arguments as they want.
fn html_arity(name: &str, args: &super::CallArgs) -> Result<()> {
    let (wanted, most): (&[&str], usize) = match name {
        "capitalize" | "casefold" | "lower" | "swapcase" | "title" | "upper" => (&[], 0),
        "lstrip" | "rstrip" | "strip" | "expandtabs" | "splitlines" => (&[], 1),
        "split" | "rsplit" => (&[], 2),
        "center" | "ljust" | "rjust" => (&["width"], 2),
        "partition" | "rpartition" => (&["sep"], 1),
        "removeprefix" => (&["prefix"], 1),
        "removesuffix" => (&["suffix"], 1),
        "join" => (&["iterable"], 1),
        "replace" => (&["old", "new"], 3),
        "zfill" => (&["width"], 1),
        _ => return Ok(()),
    };
    let given = args.positional.len();
    let func = format!("Markup.{name}");
    match wanted.get(given..) {
        _ if !args.named.is_empty() => Ok(()),
        Some(missing) if !missing.is_empty() => Err(lacks(&func, missing)),
        _ if given > most => Err(takes(&func, wanted.len() + 1, most + 1, given + 1)),
        _ => Ok(()),
    }
}

/// The arguments of a method of HTML, as HTML where the method joins them to it.
fn html_args(cx: &mut Cx<'_>, name: &str, args: super::CallArgs) -> Result<super::CallArgs> {
    html_arity(name, &args)?;
    // `join` does it item by item.
    if matches!(
        name,
        "join" | "split" | "rsplit" | "splitlines" | "count" | "find" | "index" | "startswith" | "endswith"
    ) {
        return Ok(args);
    }
    let mut positional = Vec::new();
    for arg in &args.positional {
        positional.push(cx.html(arg)?);
    }
    let mut named = Vec::new();
    for (key, arg) in &args.named {
        named.push((key.clone(), cx.html(arg)?));
    }
    Ok(super::CallArgs { positional, named })
}

/// What a method of HTML gives: HTML where it is text.
fn html_result(result: Obj, of: &crate::value::Text) -> Obj {
    match &result {
        Obj::List(items) => Obj::list(items.borrow().iter().map(|item| item.clone().like(of))),
        Obj::Tuple(items) => Obj::tuple(items.iter().map(|item| item.clone().like(of))),
        _ => result.like(of),
    }
}

/// A method bound to its object.
pub(super) struct Bound {
    pub(super) object: Obj,
    pub(super) name: &'static str,
    pub(super) run: methods::Method,
}

/// The name and the object of a method that is written in Python in ansible-core's own containers.
pub(super) fn written_in_python(special: &Rc<dyn super::Special>) -> Option<(&'static str, Obj)> {
    let any: &dyn std::any::Any = &**special;
    let bound = any.downcast_ref::<Bound>().filter(|bound| super::Special::type_name(*bound) == "method")?;
    Some((bound.name, bound.object.clone()))
}

impl Drop for Bound {
    /// A list may hold a method of a list, and so on.
    fn drop(&mut self) {
        let object = std::mem::take(&mut self.object);
        super::held::with_stack(move || drop(object));
    }
}

impl super::Special for Bound {
    fn type_name(&self) -> &str {
        // ansible-core's own containers have some methods in Python.
        match &self.object {
            Obj::List(list) if list.is_lazy() && LIST.contains(&self.name) => "method",
            Obj::Dict(dict) if dict.is_lazy() && DICT.contains(&self.name) => "method",
            Obj::Map(_) => "method",
            Obj::Str(text) if text.is_markup() && MARKUP.contains(&self.name) => "method",
            _ => "builtin_function_or_method",
        }
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, cx: &mut Cx<'_>, args: super::CallArgs) -> Result<Obj> {
        let class = self.object.type_name();
        if self.type_name() == "method" {
            python_args(class, self.name, &args)?;
        }
        let args = match &self.object {
            Obj::Str(text) if text.is_markup() => html_args(cx, self.name, args)?,
            _ => args,
        };
        let result = (self.run)(cx, &self.object, args).map(|result| match &self.object {
            Obj::Str(text) if text.is_markup() => html_result(result, text),
            _ => result,
        });
        result.map_err(|raise| match raise {
            // Python names the class of the object, where the method may be of the one it is made of.
            Raise::Python(kind, text) if class != self.object.native_name() => {
                match text.strip_prefix(self.object.native_name()).filter(|rest| rest.starts_with('.')) {
                    Some(rest) if rest.contains("() takes") => Raise::python(kind, format!("{class}{rest}")),
                    _ => Raise::Python(kind, text),
                }
            }
            other => other,
        })
    }

    fn text(&self) -> String {
        format!("<built-in method {} of {} object at {}>", self.name, self.object.full_name(), place(self))
    }
}
