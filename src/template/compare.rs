//! Python's comparisons: equality, order, membership.

use super::cx::Cx;
use super::filters::support::hashable;
use super::methods::time::clock;
use super::object::{Obj, SetCell};
use super::raise::{Class, Raise};
use std::cmp::Ordering;

/// Whether both are one object.
fn same(a: &Obj, b: &Obj) -> bool {
    match (a, b) {
        (Obj::List(a), Obj::List(b)) => std::rc::Rc::ptr_eq(a, b),
        (Obj::Tuple(a), Obj::Tuple(b)) => std::rc::Rc::ptr_eq(a, b),
        _ => false,
    }
}

fn is_group(obj: &Obj) -> bool {
    matches!(obj, Obj::Tuple(items) if items.is_group())
}

/// An integer, also one that is written as a float.
fn whole(obj: &Obj) -> Option<i64> {
    match obj {
        Obj::Float(f) if f.fract() == 0.0 && f.abs() < 9e18 => Some(*f as i64),
        other => other.as_int(),
    }
}

impl Cx<'_> {
    /// Python's `a == b`; fails where one is undefined or holds something undefined.
    pub fn equals(&mut self, a: &Obj, b: &Obj) -> Result<bool, Raise> {
        match (a, b) {
            (Obj::Undefined(_) | Obj::Failed(_), _) => {
                let (a, b) = (a.clone().defined()?, b.clone().defined()?);
                Ok(a == b)
            }
            (_, Obj::Undefined(_) | Obj::Failed(_)) => b.clone().defined().map(|_| false),
            (Obj::Pending(_), _) => {
                let a = self.force(a.clone());
                self.equals(&a, b)
            }
            (_, Obj::Pending(_)) => {
                let b = self.force(b.clone());
                self.equals(a, &b)
            }
            (Obj::List(_), Obj::List(_)) | (Obj::Tuple(_), Obj::Tuple(_)) => {
                if same(a, b) {
                    return Ok(true);
                }
                self.read_whole(a)?;
                self.read_whole(b)?;
                let same_length = self.len(a)? == self.len(b)?;
                // Tuples of different lengths differ as well, but Python looks at their items first.
                if !same_length && matches!(a, Obj::List(_)) {
                    return Ok(false);
                }
                let (left, right) = (self.iter_lenient(a)?, self.iter_lenient(b)?);
                self.deeper(|cx| {
                    for (x, y) in left.iter().zip(&right) {
                        if !cx.equals(x, y)? {
                            return Ok(false);
                        }
                    }
                    Ok(same_length)
                })
            }
            (Obj::Dict(_) | Obj::Map(_), Obj::Dict(_) | Obj::Map(_)) => self.equal_dicts(a, b),
            (Obj::List(_) | Obj::Dict(_), _) | (_, Obj::List(_) | Obj::Dict(_)) => {
                self.read_whole(a)?;
                self.read_whole(b)?;
                Ok(a == b)
            }
            (Obj::Set(x), Obj::Set(y)) => Ok(subset(x, y) && subset(y, x)),
            (Obj::Special(x), Obj::Special(y)) if clock(x).is_some() => Ok(clock(x) == clock(y)),
            _ => Ok(a == b),
        }
    }

    /// Renders the items of one of ansible-core's own lists or dictionaries: those are read whole to be compared,
    /// whatever with. Fails where one is undefined: to a plugin any, else what a variable's template gives.
    fn read_whole(&mut self, obj: &Obj) -> Result<(), Raise> {
        let in_plugin = self.in_plugin;
        let read = |item: &Obj| matches!(item, Obj::Pending(_)) || in_plugin && item.is_marker();
        let found: Vec<bool> = match obj {
            Obj::List(list) if list.is_lazy() && list.borrow().iter().any(read) => {
                list.borrow().iter().map(read).collect()
            }
            Obj::Dict(dict) if dict.is_lazy() && dict.borrow().values().any(read) => {
                dict.borrow().values().map(read).collect()
            }
            _ => return Ok(()),
        };
        let items = match obj {
            Obj::List(_) => self.iter_lenient(obj)?,
            _ => self.items(obj)?.into_iter().map(|(_, value)| value).collect(),
        };
        items.into_iter().zip(found).filter(|(_, read)| *read).try_for_each(|(item, _)| item.defined().map(drop))
    }

    fn equal_dicts(&mut self, a: &Obj, b: &Obj) -> Result<bool, Raise> {
        if a == b {
            return Ok(true);
        }
        self.read_whole(a)?;
        self.read_whole(b)?;
        if self.len(a)? != self.len(b)? {
            return Ok(false);
        }
        let (left, right) = (self.items(a)?, self.items(b)?);
        let right: indexmap::IndexMap<Obj, Obj> = right.into_iter().collect();
        self.deeper(|cx| {
            for (key, x) in &left {
                match right.get(key) {
                    Some(y) if cx.equals(x, y)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        })
    }

    /// How two objects are ordered; None where they are not, as NaN or sets that only overlap.
    ///
    /// `symbol` is the operator in Python's words for types that have no order.
    pub fn order(&mut self, a: &Obj, b: &Obj, symbol: &str) -> Result<Option<Ordering>, Raise> {
        let (a, b) = (self.force(a.clone()).defined()?, self.force(b.clone()).defined()?);
        for side in [&a, &b] {
            if let Obj::Undefined(u) = side {
                return Err(u.used());
            }
        }
        Ok(match (&a, &b) {
            (Obj::Int(x), Obj::Int(y)) => Some(x.cmp(y)),
            (Obj::Str(x), Obj::Str(y)) => Some(x.as_str().cmp(y.as_str())),
            (Obj::Bytes(x), Obj::Bytes(y)) => Some(x.cmp(y)),
            (Obj::Date(x), Obj::Date(y)) => Some(x.cmp(y)),
            (Obj::DateTime(x), Obj::DateTime(y)) => match (x.offset, y.offset) {
                (None, None) => Some(x.cmp(y)),
                (Some(_), Some(_)) => Some(super::dates::micros(x).cmp(&super::dates::micros(y))),
                _ => return Err(Raise::type_error("can't compare offset-naive and offset-aware datetimes")),
            },
            (Obj::Delta(x), Obj::Delta(y)) => Some(x.cmp(y)),
            (Obj::Special(x), Obj::Special(y)) if clock(x).is_some() && clock(y).is_some() => {
                Some(clock(x).cmp(&clock(y)))
            }
            (Obj::Set(x), Obj::Set(y)) => match (subset(x, y), subset(y, x)) {
                (true, true) => Some(Ordering::Equal),
                (true, false) => Some(Ordering::Less),
                (false, true) => Some(Ordering::Greater),
                (false, false) => None,
            },
            // A class's own comparison is asked before that of the class that it is made of.
            (Obj::List(_), Obj::List(_)) | (Obj::Tuple(_), Obj::Tuple(_))
                if b.is_lazy() && !a.is_lazy() && !is_group(&a) =>
            {
                let (left, right) = (self.iter_lenient(&b)?, self.iter_lenient(&a)?);
                let order = self.deeper(|cx| cx.order_sequences(&left, &right, turned(symbol)))?;
                return Ok(order.map(Ordering::reverse));
            }
            (Obj::List(_), Obj::List(_)) | (Obj::Tuple(_), Obj::Tuple(_)) => {
                let (left, right) = (self.iter_lenient(&a)?, self.iter_lenient(&b)?);
                return self.deeper(|cx| cx.order_sequences(&left, &right, symbol));
            }
            _ => match (a.as_big(), b.as_big()) {
                (Some(x), Some(y)) => Some(x.cmp(&y)),
                _ => match (a.as_number(), b.as_number()) {
                    (Some(x), Some(y)) => x.partial_cmp(&y),
                    _ => {
                        for side in [&a, &b] {
                            if matches!(side, Obj::List(_)) {
                                self.read_whole(side)?;
                            }
                        }
                        return Err(unordered(&a, &b, symbol));
                    }
                },
            },
        })
    }

    fn order_sequences(&mut self, a: &[Obj], b: &[Obj], symbol: &str) -> Result<Option<Ordering>, Raise> {
        for (x, y) in a.iter().zip(b) {
            if !self.equals(x, y)? {
                return self.order(x, y, symbol);
            }
        }
        Ok(Some(a.len().cmp(&b.len())))
    }

    /// Python's `a < b`, as `sort`, `min` and `max` use it.
    pub fn less(&mut self, a: &Obj, b: &Obj) -> Result<bool, Raise> {
        Ok(self.order(a, b, "<")? == Some(Ordering::Less))
    }

    /// Sorts as Python does: stable, by `<` alone, with an error for types that have no order.
    pub fn sort<T>(&mut self, items: Vec<T>, key: impl Fn(&T) -> Obj) -> Result<Vec<T>, Raise> {
        let items: Vec<(Obj, T)> = items.into_iter().map(|item| (key(&item), item)).collect();
        let items = super::sorting::sorted(items, |(a, _), (b, _)| self.less(a, b))?;
        Ok(items.into_iter().map(|(_, item)| item).collect())
    }

    /// Python's `item in container`.
    pub fn contains(&mut self, container: &Obj, item: &Obj) -> Result<bool, Raise> {
        // What is undefined raises where it is compared or hashed, which not every container does.
        let compares = match container {
            Obj::Dict(_) | Obj::Set(_) | Obj::Map(_) => true,
            Obj::Range(range) => !range.is_empty(),
            _ => false,
        };
        if compares && item.is_marker() {
            item.clone().defined()?;
        }
        match container {
            Obj::Str(text) => match item {
                Obj::Str(part) => Ok(text.as_str().contains(part.as_str())),
                other => Err(Raise::type_error(format!(
                    "'in <string>' requires string as left operand, not {}",
                    super::ops::slot_type(other)
                ))),
            },
            Obj::Dict(dict) => {
                if self.in_plugin {
                    hashable(item)?
                } else {
                    item.check_hashable()?
                }
                Ok(dict.borrow().contains_key(item))
            }
            Obj::Set(set) => {
                item.check_hashable()?;
                Ok(set.borrow().contains(item))
            }
            Obj::Map(lazy) => match item.as_str() {
                Some(key) => Ok(lazy.map.get(key)?.is_some()),
                None => Ok(false),
            },
            Obj::Bytes(bytes) => match item {
                Obj::Bytes(part) => Ok(part.is_empty() || bytes.windows(part.len()).any(|window| window == &part[..])),
                other => match other.as_big() {
                    Some(byte) => match u8::try_from(&byte) {
                        Ok(byte) => Ok(bytes.contains(&byte)),
                        Err(_) => Err(Raise::value_error("byte must be in range(0, 256)")),
                    },
                    None => {
                        let kind = other.type_name();
                        Err(Raise::type_error(format!("a bytes-like object is required, not '{kind}'")))
                    }
                },
            },
            Obj::Range(range) => Ok(match whole(item) {
                Some(i) => {
                    let offset = i128::from(i) - i128::from(range.start);
                    let step = i128::from(range.step);
                    offset % step == 0 && offset / step >= 0 && offset / step < range.len() as i128
                }
                None => false,
            }),
            Obj::List(_) | Obj::Tuple(_) | Obj::Iter(_) | Obj::Special(_) => {
                for candidate in self.iter_lenient(container).map_err(|raise| match raise {
                    Raise::Python(Class::Type, _) => not_a_container(container),
                    other => other,
                })? {
                    if self.equals(&candidate, item)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Obj::Undefined(_) | Obj::Failed(_) => container.clone().defined().map(|_| false),
            Obj::Pending(_) => {
                let forced = self.force(container.clone());
                self.contains(&forced, item)
            }
            other => Err(not_a_container(other)),
        }
    }
}

fn not_a_container(obj: &Obj) -> Raise {
    Raise::type_error(format!("argument of type '{}' is not iterable", obj.full_name()))
}

fn unordered(a: &Obj, b: &Obj, symbol: &str) -> Raise {
    Raise::type_error(format!(
        "'{symbol}' not supported between instances of '{}' and '{}'",
        a.full_name(),
        b.full_name()
    ))
}

fn subset(a: &SetCell, b: &SetCell) -> bool {
    let b = b.borrow();
    a.borrow().iter().all(|item| b.contains(item))
}

/// The operator that says the same with the sides changed.
fn turned(symbol: &str) -> &str {
    match symbol {
        "<" => ">",
        ">" => "<",
        "<=" => ">=",
        ">=" => "<=",
        other => other,
    }
}
