//! Methods of dictionaries, and of mappings that are read item by item.
//!
//! `keys()`, `values()` and `items()` are lists, as ansible-core makes of Python's views.

use super::{Result, Table, exact};
use crate::template::{CallArgs, Class, Cx, DictCell, Obj, Raise};
use std::rc::Rc;

pub(super) const METHODS: Table = &[
    ("clear", clear),
    ("copy", copy),
    ("fromkeys", fromkeys),
    ("get", get),
    ("items", items),
    ("keys", keys),
    ("pop", pop),
    ("popitem", popitem),
    ("setdefault", setdefault),
    ("update", update),
    ("values", values),
];

/// The names, for a quick look before an item is sought.
pub(in super::super) const NAMES: &[&str] =
    &["clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"];

fn dict(obj: &Obj) -> Result<&DictCell> {
    match obj {
        Obj::Dict(dict) => Ok(dict),
        other => Err(Raise::type_error(format!("'{}' object does not support item assignment", other.type_name()))),
    }
}

fn clear(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "dict.clear", 0)?;
    dict(obj)?.borrow_mut().clear();
    Ok(Obj::None)
}

fn copy(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "dict.copy", 0)?;
    match obj {
        Obj::Dict(dict) => Ok(Obj::Dict(Rc::new(dict.borrow().clone().into())).within(obj)),
        other => Ok(Obj::dict(cx.items(other)?)),
    }
}

fn fromkeys(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [names, value] = exact(args, "dict.fromkeys", 1)?;
    if obj.is_lazy() {
        // A mapping of a variable makes one of its own class, which ansible-core cannot.
        let words = "_AnsibleLazyTemplateDict.__init__() missing 1 required positional argument: 'contents'";
        return Err(Raise::type_error(words));
    }
    let names = cx.iter(&names.unwrap_or_default())?;
    names.iter().try_for_each(Obj::check_hashable)?;
    let value = value.unwrap_or_default();
    Ok(Obj::dict(names.into_iter().map(|name| (name, value.clone()))))
}

fn get(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [key, default] = exact(args, "dict.get", 1)?;
    let key = key.unwrap_or_default();
    key.check_hashable()?;
    let found = match &key {
        Obj::Str(name) => cx.dict_get(obj, name.as_str())?,
        other => {
            let found = match obj {
                Obj::Dict(dict) => dict.borrow().get(other).cloned(),
                _ => None,
            };
            found.map(|value| cx.force(value))
        }
    };
    Ok(found.or(default).unwrap_or_default())
}

/// The items for a list of them, for which those of a variable must be defined.
fn whole(cx: &mut Cx<'_>, obj: &Obj) -> Result<Vec<(Obj, Obj)>> {
    let items = cx.items(obj)?;
    if let Obj::Dict(dict) = obj {
        let failed = dict.borrow().values().position(|value| matches!(value, Obj::Pending(_)));
        if let Some((_, value)) = failed.and_then(|at| items.get(at)) {
            value.clone().defined()?;
        }
    }
    Ok(items)
}

fn items(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "dict.items", 0)?;
    Ok(Obj::list(whole(cx, obj)?.into_iter().map(|(k, v)| Obj::tuple([k, v])).collect::<Vec<_>>()))
}

fn keys(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "dict.keys", 0)?;
    Ok(Obj::list(cx.iter(obj)?))
}

fn values(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "dict.values", 0)?;
    Ok(Obj::list(whole(cx, obj)?.into_iter().map(|(_, v)| v)))
}

fn pop(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [key, default] = exact(args, "dict.pop", 1)?;
    let key = key.unwrap_or_default();
    key.check_hashable()?;
    let removed = dict(obj)?.borrow_mut().shift_remove(&key);
    match removed.or(default) {
        Some(value) => Ok(cx.force(value)),
        None => Err(Raise::python(Class::Key, cx.repr(&key)?)),
    }
}

fn popitem(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "dict.popitem", 0)?;
    let last = dict(obj)?.borrow_mut().pop();
    match last {
        Some((key, value)) => Ok(Obj::tuple([key, cx.force(value)])),
        None => Err(Raise::python(Class::Key, "'popitem(): dictionary is empty'")),
    }
}

fn setdefault(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [key, default] = exact(args, "dict.setdefault", 1)?;
    let key = key.unwrap_or_default();
    key.check_hashable()?;
    let value = dict(obj)?.borrow_mut().entry(key).or_insert_with(|| default.unwrap_or_default()).clone();
    Ok(cx.force(value))
}

fn update(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let CallArgs { positional, named } = args;
    if positional.len() > 1 {
        return Err(Raise::type_error(format!("update expected at most 1 argument, got {}", positional.len())));
    }
    // What came before a pair that is none stays.
    let mut added = Vec::new();
    let outcome = positional.first().map_or(Ok(()), |other| read_pairs(cx, other, &mut added));
    if outcome.is_ok() {
        added.extend(named.into_iter().map(|(name, value)| (Obj::from(name), value)));
    }
    dict(obj)?.borrow_mut().extend(added.into_iter().map(|(key, value)| (key, value.wrapped())));
    outcome.map(|()| Obj::None)
}

/// The items of a mapping or of a list of pairs, as `dict(x)` and `update(x)` read them.
pub(in super::super) fn pairs(cx: &mut Cx<'_>, obj: &Obj) -> Result<Vec<(Obj, Obj)>> {
    let mut out = Vec::new();
    read_pairs(cx, obj, &mut out)?;
    Ok(out)
}

fn read_pairs(cx: &mut Cx<'_>, obj: &Obj, out: &mut Vec<(Obj, Obj)>) -> Result<()> {
    if let Obj::Undefined(u) = obj.clone().defined()? {
        return Err(u.used());
    }
    if matches!(obj, Obj::Dict(_) | Obj::Map(_)) {
        for (key, value) in cx.items(obj)? {
            out.push((key, value.defined()?));
        }
        return Ok(());
    }
    for (i, item) in cx.iter_lenient(obj)?.into_iter().enumerate() {
        let item = item.defined()?;
        let pair = cx.at_once(&item).map_err(|raise| match raise {
            Raise::Python(..) => {
                Raise::type_error(format!("cannot convert dictionary update sequence element #{i} to a sequence"))
            }
            other => other,
        })?;
        let [key, value]: [Obj; 2] = pair.try_into().map_err(|pair: Vec<Obj>| {
            Raise::value_error(format!(
                "dictionary update sequence element #{i} has length {}; 2 is required",
                pair.len()
            ))
        })?;
        super::super::filters::support::hashable(&key)?;
        out.push((key, value));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_table() {
        assert!(METHODS.iter().map(|m| m.0).eq(NAMES.iter().copied()));
    }
}
