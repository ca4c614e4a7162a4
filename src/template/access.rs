//! Attributes, items and slices.
//!
//! `d.items` is the method, and an item where no attribute has the name; `d['items']` is the item, and
//! an attribute where no item has the key. What is missing is undefined.

use super::cx::Cx;
use super::methods;
use super::object::{Obj, Range};
use super::raise::{Class, Missing, Raise, Undefined};
use crate::value::str_repr;
use std::rc::Rc;

type Result<T> = std::result::Result<T, Raise>;

/// The part of a range that a slice picks, as a range.
fn slice_range(range: &Range, bounds: [Option<i64>; 3]) -> Result<Range> {
    let (first, count, step) = slice_span(range.len(), bounds)?;
    let by = range.step.saturating_mul(step);
    if count == 0 {
        return Ok(Range { start: range.start, stop: range.start, step: by });
    }
    let start = range.at(usize::try_from(first).unwrap_or(0));
    Ok(Range { start, stop: start.saturating_add(by.saturating_mul(count as i64)), step: by })
}

/// A type in jinja2's words: `str object`.
fn jinja_type(obj: &Obj) -> String {
    match obj {
        Obj::None => "None".into(),
        Obj::Date(_) | Obj::DateTime(_) | Obj::Delta(_) => format!("datetime.{} object", obj.type_name()),
        other => format!("{} object", other.type_name()),
    }
}

fn is_scalar(obj: &Obj) -> bool {
    matches!(obj, Obj::None | Obj::Bool(_) | Obj::Int(_) | Obj::Big(_) | Obj::Float(_))
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
            "__len__" | "__iter__" | "__contains__" | "__getitem__" => !is_scalar(obj),
            "__setitem__" | "__delitem__" => matches!(obj, Obj::List(_) | Obj::Dict(_) | Obj::Map(_)),
            "__add__" | "__mul__" => !matches!(obj, Obj::None | Obj::Dict(_) | Obj::Map(_) | Obj::Set(_)),
            "__dict__" | "__module__" | "__globals__" | "__code__" => matches!(obj, Obj::Special(_)),
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
            Obj::Undefined(u) if matches!(u.what, Missing::Else(_)) => {
                Err(Raise::python(Class::Runtime, u.to_string()))
            }
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
            return Ok(self.missing(obj, str_repr(name.as_str())));
        }
        if let Some(value) = self.keyed(obj, key)? {
            return Ok(value);
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
        let what = own.map_or_else(|| Missing::Attribute { of: obj.type_name().to_owned(), name }, Missing::Hint);
        Obj::Undefined(Rc::new(Undefined { what, origin: self.origin.clone() }))
    }

    /// An item by a string key, of what has such items.
    fn own_item(&mut self, obj: &Obj, name: &str) -> Result<Option<Obj>> {
        match obj {
            Obj::Dict(_) | Obj::Map(_) => self.dict_get(obj, name),
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
            Obj::Str(text) => text.as_str().chars().nth(at).map(|c| Obj::str(c.to_string())),
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
            Obj::Dict(_) | Obj::Map(_) => return Err(Raise::type_error("unhashable type: 'slice'")),
            Obj::Undefined(_) => return self.marker_attr(obj),
            other => {
                return Err(Raise::type_error(format!("'{}' object is not subscriptable", other.type_name())));
            }
        };
        let picked = slice_indices(len, numbers)?;
        Ok(match obj {
            Obj::List(list) => {
                let items = list.borrow();
                Obj::list(picked.filter_map(|i| items.get(i).cloned()).collect::<Vec<_>>())
            }
            Obj::Tuple(items) => Obj::tuple(picked.filter_map(|i| items.get(i).cloned())),
            Obj::Str(text) if text.as_str().is_ascii() => {
                let bytes = text.as_str().as_bytes();
                Obj::from(picked.filter_map(|i| bytes.get(i).map(|b| char::from(*b))).collect::<String>())
            }
            Obj::Str(text) => {
                let chars: Vec<char> = text.as_str().chars().collect();
                Obj::from(picked.filter_map(|i| chars.get(i)).collect::<String>())
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
fn slice_span(len: usize, [start, stop, step]: [Option<i64>; 3]) -> Result<(i64, usize, i64)> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Raise::value_error("slice step cannot be zero"));
    }
    let clamp = |at: i64, low: i64, high: i64| {
        let at = if at < 0 { at.saturating_add(len) } else { at };
        at.clamp(low, high)
    };
    let (first, span) = if step > 0 {
        let (first, last) = (start.map_or(0, |s| clamp(s, 0, len)), stop.map_or(len, |s| clamp(s, 0, len)));
        (first, last.saturating_sub(first))
    } else {
        let (first, last) =
            (start.map_or(len - 1, |s| clamp(s, -1, len - 1)), stop.map_or(-1, |s| clamp(s, -1, len - 1)));
        (first, first.saturating_sub(last))
    };
    let count = u64::try_from(span).unwrap_or(0).div_ceil(step.unsigned_abs());
    Ok((first, usize::try_from(count).unwrap_or(usize::MAX), step))
}

/// A method bound to its object.
pub(super) struct Bound {
    pub(super) object: Obj,
    pub(super) name: &'static str,
    pub(super) run: methods::Method,
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
        // ansible-core's own dictionaries have some methods in Python.
        if self.name == "items" { "method" } else { "builtin_function_or_method" }
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, cx: &mut Cx<'_>, args: super::CallArgs) -> Result<Obj> {
        (self.run)(cx, &self.object, args)
    }

    fn text(&self) -> String {
        format!("<built-in method {} of {} object>", self.name, self.object.type_name())
    }
}
