//! Reading containers: iteration, items, and making values of objects.

use super::bounds::MOST_ITEMS;
use super::cx::Cx;
use super::filters::internal::vault_value;
use super::object::{Obj, Special};
use super::raise::{Class, Raise};
use crate::value::{Dict, Value};
use std::rc::Rc;
use std::sync::Arc;

impl Cx<'_> {
    /// The items that Python's `iter(x)` gives, rendered; one that is undefined is an error.
    pub fn iter(&mut self, obj: &Obj) -> Result<Vec<Obj>, Raise> {
        let items = self.iter_lenient(obj)?;
        // Python's own tuples hand out what is in them, whatever it is.
        if matches!(obj, Obj::Tuple(_)) {
            return Ok(items);
        }
        match items.iter().find(|item| item.is_marker()) {
            Some(marker) => Err(marker.clone().defined().err().unwrap_or_else(|| Raise::value_error(""))),
            None => Ok(items),
        }
    }

    /// The same for what looks at one item after the other: one that is undefined is an error at its turn.
    pub(super) fn each(&mut self, obj: &Obj) -> Result<impl Iterator<Item = Result<Obj, Raise>> + use<>, Raise> {
        let items = self.iter_lenient(obj)?;
        let tuple = matches!(obj, Obj::Tuple(_));
        Ok(items.into_iter().map(move |item| if tuple { Ok(item) } else { item.defined() }))
    }

    /// The items that Python takes at once, to unpack them: of a list, which is ansible-core's own, an undefined one
    /// fails; those of a tuple stay what they are.
    pub(super) fn at_once(&mut self, obj: &Obj) -> Result<Vec<Obj>, Raise> {
        if let Obj::List(_) = obj { self.iter(obj) } else { self.iter_lenient(obj) }
    }

    /// The items that Python's `iter(x)` gives, rendered; undefined ones stay what they are.
    pub fn iter_lenient(&mut self, obj: &Obj) -> Result<Vec<Obj>, Raise> {
        Ok(match obj {
            Obj::List(list) => {
                let mut items = list.borrow().clone();
                list.note_read(None);
                for (i, item) in items.iter_mut().enumerate() {
                    let written = list.is_lazy() && matches!(item, Obj::List(_) | Obj::Dict(_)) && !item.is_lazy();
                    if !written && !matches!(item, Obj::Pending(_)) {
                        continue;
                    }
                    *item = self.force(std::mem::take(item));
                    if let Some(lazy) = list.lazy() {
                        *item = std::mem::take(item).copied(lazy);
                    }
                    if let Some(slot) = list.borrow_mut().get_mut(i) {
                        *slot = item.clone();
                    }
                }
                match list.lazy() {
                    Some(lazy) => items.into_iter().map(|item| item.copied(lazy)).collect(),
                    None => items,
                }
            }
            Obj::Tuple(items) => items.iter().map(|item| self.force(item.clone()).within(obj)).collect(),
            Obj::Dict(dict) => dict.borrow().keys().cloned().collect(),
            Obj::Set(set) => set.borrow().iter().cloned().collect(),
            Obj::Str(text) => text.as_str().chars().map(|c| Obj::str(c.to_string())).collect(),
            Obj::Bytes(bytes) => bytes.iter().map(|b| Obj::Int(i64::from(*b))).collect(),
            Obj::Range(range) if range.len() <= MOST_ITEMS => (0..range.len()).map(|i| Obj::Int(range.at(i))).collect(),
            Obj::Range(_) => {
                return Err(Raise::python(Class::Overflow, "Python int too large to convert to C ssize_t"));
            }
            Obj::Iter(stream) => {
                let stream = Rc::clone(stream);
                let mut items = Vec::new();
                loop {
                    let next = stream
                        .try_borrow_mut()
                        .map_err(|_| Raise::value_error("generator already executing"))?
                        .next(self)?;
                    match next {
                        Some(item) => items.push(item),
                        None => break items,
                    }
                }
            }
            Obj::Map(lazy) => lazy.map.keys().into_iter().map(Obj::from).collect(),
            Obj::Special(special) => {
                let special: Rc<dyn Special> = Rc::clone(special);
                match special.iter(self) {
                    Some(items) => return self.iter_lenient(&items?),
                    None => return Err(not_iterable(obj)),
                }
            }
            Obj::Pending(_) => {
                let forced = self.force(obj.clone());
                return self.iter_lenient(&forced);
            }
            Obj::Undefined(_) | Obj::Failed(_) => return obj.clone().defined().map(|_| Vec::new()),
            _ => return Err(not_iterable(obj)),
        })
    }

    /// The items of a mapping, rendered; undefined values stay what they are.
    ///
    /// Fails with Python's words for what has no `items()`.
    pub fn items(&mut self, obj: &Obj) -> Result<Vec<(Obj, Obj)>, Raise> {
        match obj {
            Obj::Dict(dict) => {
                let mut items: Vec<(Obj, Obj)> = dict.borrow().iter().map(|(k, v)| (k.clone(), v.clone())).collect();
                for (key, value) in &mut items {
                    if matches!(value, Obj::Pending(_)) {
                        *value = self.force(std::mem::take(value));
                        keep(dict.borrow_mut().get_mut(&*key), value);
                    }
                }
                Ok(items)
            }
            Obj::Map(lazy) => {
                let lazy = Rc::clone(lazy);
                let mut items = Vec::new();
                for key in lazy.map.keys() {
                    if let Some(value) = self.map_item(&lazy, &key)? {
                        items.push((Obj::from(key), value));
                    }
                }
                Ok(items)
            }
            Obj::Undefined(_) | Obj::Failed(_) => obj.clone().defined().map(|_| Vec::new()),
            other => {
                Err(Raise::python(Class::Attribute, format!("'{}' object has no attribute 'items'", other.type_name())))
            }
        }
    }

    /// The same where all of them are read: fails at the first that is undefined.
    pub(super) fn defined_items(&mut self, obj: &Obj) -> Result<Vec<(Obj, Obj)>, Raise> {
        self.items(obj)?.into_iter().map(|(key, value)| Ok((key, value.defined()?))).collect()
    }

    /// The item of a dictionary by a string key, rendered; None where it is missing or no dictionary.
    pub fn dict_get(&mut self, obj: &Obj, key: &str) -> Result<Option<Obj>, Raise> {
        match obj {
            Obj::Dict(dict) => {
                let found = dict.borrow().get(key).cloned();
                let Some(found) = found else { return Ok(None) };
                if !matches!(found, Obj::Pending(_)) {
                    return Ok(Some(found));
                }
                let forced = self.force(found);
                keep(dict.borrow_mut().get_mut(key), &forced);
                Ok(Some(forced))
            }
            Obj::Map(lazy) => self.map_item(&Rc::clone(lazy), key),
            _ => Ok(None),
        }
    }

    /// The object as a value, all templates in it rendered, as a result is stored in a variable.
    ///
    /// Tuples and iterators become lists, `omit` drops out of containers; fails where something is
    /// undefined or of a type that no variable can have.
    pub fn value(&mut self, obj: &Obj) -> Result<Value, Raise> {
        Ok(match obj {
            Obj::None => Value::Null,
            Obj::Bool(b) => Value::Bool(*b),
            Obj::Int(i) => Value::Int(*i),
            Obj::Big(b) => Value::BigInt(Arc::clone(b)),
            Obj::Float(f) => Value::Float(*f),
            // What a result holds is no template's constant any more.
            Obj::Str(text) if text.is_embedded() => Value::Str(text.with_text(text.shared())),
            Obj::Str(text) => Value::Str(text.clone()),
            Obj::Bytes(bytes) => Value::Bytes(Arc::clone(bytes)),
            Obj::Date(d) => Value::Date(*d),
            Obj::DateTime(t) => Value::DateTime(*t),
            Obj::List(_) | Obj::Tuple(_) | Obj::Set(_) | Obj::Iter(_) | Obj::Dict(_) | Obj::Map(_) => {
                return self.deeper(|cx| cx.container_value(obj));
            }
            Obj::Pending(_) => {
                let forced = self.force(obj.clone());
                return self.value(&forced);
            }
            Obj::Undefined(u) if matches!(u.what, super::raise::Missing::Else(_)) => {
                return Err(unstorable("Undefined"));
            }
            Obj::Undefined(_) | Obj::Failed(_) => return obj.clone().defined().map(|_| Value::Null),
            Obj::Special(special) => match vault_value(special) {
                Some(value) => value,
                None => match super::methods::time::clock(special) {
                    Some(time) => Value::Time(time),
                    None => return Err(unstorable(special.type_name())),
                },
            },
            Obj::Delta(_) | Obj::Range(_) | Obj::Omit => return Err(unstorable(obj.type_name())),
        })
    }

    fn container_value(&mut self, obj: &Obj) -> Result<Value, Raise> {
        if matches!(obj, Obj::Dict(_) | Obj::Map(_)) {
            let mut dict = Dict::new();
            for (key, value) in self.items(obj)? {
                if !matches!(value, Obj::Omit) {
                    if !self.in_plugin && matches!(key, Obj::Tuple(_)) {
                        return Err(Raise::type_error("unhashable type: 'list'"));
                    }
                    let key = self.value(&key)?;
                    let value = self.value(&value)?;
                    dict.insert(key, value);
                }
            }
            return Ok(Value::Dict(dict));
        }
        if matches!(obj, Obj::Set(_) | Obj::Iter(_)) {
            self.warn(format!("Type '{}' is unsupported in variable storage, converting to 'list'.", obj.type_name()));
        }
        let found = self.iter_lenient(obj)?;
        // What is shared is not when it is a value: it may grow as a tree does.
        self.steps(3 + found.len())?;
        let mut items = Vec::with_capacity(found.len());
        for item in found {
            if !matches!(item, Obj::Omit) {
                items.push(self.value(&item)?);
            }
        }
        Ok(Value::from(items))
    }
}

/// Keeps what a template gave in its place, unless it is an error: `items()` tells those from a literal's.
pub(super) fn keep(slot: Option<&mut Obj>, forced: &Obj) {
    if let Some(slot) = slot.filter(|_| !forced.is_marker()) {
        *slot = forced.clone();
    }
}

/// The complaint about what no variable can have.
pub(super) fn unstorable(kind: &str) -> Raise {
    Raise::type_error(format!("Type '{kind}' is unsupported for variable storage."))
}

fn not_iterable(obj: &Obj) -> Raise {
    Raise::type_error(format!("'{}' object is not iterable", obj.full_name()))
}
